"""What holds for every answer, whatever happens inside?

The guard stands around the whole application. It gives each request an id of ours, adds the security headers,
and turns whatever was not foreseen into one answer of the catalogue. Of the failure only its type, the place
in our code and the request's id are logged: an exception's own words may hold content.
"""

from __future__ import annotations

import traceback
import uuid
from pathlib import PurePath
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import refusal

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}

_HEADERS: Final = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())

log = structlog.get_logger(__name__)


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = message.setdefault("headers", [])
                present = {name for name, _ in headers}
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(each for each in _HEADERS if each[0] not in present)
            await send(message)

        try:
            await self._app(scope, receive, guarded_send)
        except ClientDisconnect:
            log.info("api.client-gone", request=request_id)
        except Exception as error:  # the last line of defence: nothing of the error's own words goes on
            log.error("api.failed", request=request_id, kind=type(error).__name__, at=_place(error))
            if not started:
                await refusal(Request(scope), "us.internal")(scope, receive, guarded_send)


def _place(error: BaseException) -> str:
    """Where in our own code the error came up: file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "gateway" in PurePath(frame.filename).parts] or list(frames)
    return f"{PurePath(own[-1].filename).name}:{own[-1].lineno}" if own else ""
