"""What holds for every page of the console, whatever it shows?

Every answer, pages and files alike, goes through `ConsoleRoute`: it asks at the door, adds the security headers, and
turns a failure into a page of ours. What a person may not see is answered like what does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar
from urllib.parse import urlencode

import structlog
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from gateway.console.door import SAFE, Door, TooLarge, forget_form
from gateway.console.needs import Need, need_of
from gateway.console.web import HEADERS, Pages, place_of
from gateway.errors import Unavailable

SIGN_IN = "/console/sign-in"
OWN_ACCOUNT = "/console/account"

_log = structlog.get_logger(__name__)


class ConsoleRoute(APIRoute):
    """A route of the console. A class of its own for each console, with its door and its pages."""

    door: ClassVar[Door]
    pages: ClassVar[Pages]

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        """As FastAPI's; LookupError when the page does not say which right it needs."""
        self.need: Need = need_of(endpoint)
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with ours around it."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await self._turned_away(request) or await answer(request)
            except TooLarge:
                response = self.pages.problem(request, 413)
            except Unavailable:
                response = self.pages.problem(request, 503)
            except (
                Exception
            ) as error:  # the last line of defence: a person sees our page, the log sees no content
                _log.error(
                    "console.failed", route=self.path, error=type(error).__name__, place=place_of(error)
                )
                response = self.pages.problem(request, 500)
            finally:
                await forget_form(request)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return handle

    async def _turned_away(self, request: Request) -> Response | None:
        """The answer to somebody who may not come in; None: come in."""
        door, right = self.door, self.need.right
        if not door.is_reached(request):
            return self.pages.problem(request, 403)
        viewer = await asyncio.to_thread(door.viewer, request) if door.has_sign_in else door.viewer(request)
        if viewer is not None:
            request.state.viewer = viewer
        if request.method not in SAFE and not door.is_from_our_page(request):
            return self.pages.problem(request, 403, "page.foreign")
        if right is None:
            return None
        if viewer is None:
            return self._sign_in_first(request)
        if viewer.must_change and right != "own":
            return RedirectResponse(OWN_ACCOUNT, 303)
        if not viewer.may(right):
            return self.pages.problem(request, 404)
        if request.method not in SAFE and not await door.carries_token(request, viewer, self.need.most_bytes):
            return self.pages.problem(request, 403, "page.foreign")
        by_itself = request.query_params.get("part") == "live"  # an open page does not keep a session alive
        if viewer.session and door.accounts is not None and not by_itself:
            await door.accounts.seen(viewer)
        return None

    def _sign_in_first(self, request: Request) -> Response:
        """To the sign-in, and back to the page that was asked for; what was sent is not sent again."""
        if request.method not in SAFE:
            return self.pages.problem(request, 403, "page.signed-out")
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        onwards = "" if path == "/console" else "?" + urlencode({"next": path})
        return RedirectResponse(SIGN_IN + onwards, 303)


def is_ours(path: str) -> bool:
    """Whether an address is one of our pages, and cannot lead anywhere else."""
    return path == "/console" or (
        path.startswith(("/console/", "/console?")) and "\\" not in path and path.isprintable()
    )
