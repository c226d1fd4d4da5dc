"""How does a page leave the console: rendered, in the reader's language, with the headers that keep it safe?

Every answer of the console, pages and files alike, goes through `ConsoleRoute`: it lets in only this machine's own
browser (there is no sign-in yet, DESIGN §4.13), adds the security headers, and turns a failure into our own page. The
host name is checked too, so that a foreign web page cannot reach the console through a name that resolves to this
machine.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.console.icons import ICONS
from gateway.console.texts import ENGLISH, NORWEGIAN, Texts
from gateway.console.times import shown
from gateway.settings import is_loopback

LANGUAGE_COOKIE = "somlos_language"
CHOICES = frozenset({"partner", "type", "state", "receipts", "before"})
"""Parameters of an address by which a reader chooses what a page shows."""
LANGUAGE_SECONDS = 365 * 24 * 3600

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

_log = structlog.get_logger(__name__)


class ConsoleRoute(APIRoute):
    """A route of the console: only from this machine, with security headers, failures shown as our own page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with ours around it."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await answer(request) if _from_here(request) else Pages().problem(request, 403)
            except (
                Exception
            ) as error:  # the last line of defence: a person sees our page, the log sees no content
                _log.error(
                    "console.failed", route=self.path, error=type(error).__name__, place=place_of(error)
                )
                response = Pages().problem(request, 500)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return handle


def place_of(error: Exception) -> str:
    """Where it failed: file and line of the innermost frame; never a message, which could hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _from_here(request: Request) -> bool:
    """Whether a browser of this machine asks, by a name of this machine."""
    return (
        request.client is not None
        and is_loopback(request.client.host)
        and is_loopback(request.url.hostname or "")
    )


def texts_of(request: Request) -> Texts:
    """The reader's language: as asked in the address, else as chosen before, else bokmål."""
    wanted = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return ENGLISH if wanted == "en" else NORWEGIAN


def _assets() -> dict[str, tuple[bytes, str, str]]:
    """Our own files: name → content, media type, and a fingerprint that changes with the content."""
    folder = resources.files("gateway.console") / "static"
    found = {}
    for file in folder.iterdir():
        media = _MEDIA.get(file.name.rpartition(".")[2])
        if media:
            content = file.read_bytes()
            found[file.name] = (content, media, hashlib.sha256(content).hexdigest()[:12])
    return found


ASSETS = _assets()


def asset_address(name: str) -> str:
    """The address of one of our files; it changes when the file does, so that a browser may keep it."""
    return f"/console/static/{name}?v={ASSETS[name][2]}"


def breakable(path: str) -> Markup:
    """A path that may be broken after its slashes and dots when it is too long for its line."""
    return Markup("<wbr>").join(re.split(r"(?<=[/.])(?=.)", path))


_PAGES = Environment(
    loader=PackageLoader("gateway.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters.update(breakable=breakable)
_PAGES.globals.update(icons=ICONS, asset=asset_address)


class Pages:
    """Renders the pages of one console. `demo`: all patients are synthetic, and every page says so."""

    def __init__(self, *, demo: bool = False) -> None:
        self.demo = demo

    def page(
        self, request: Request, template: str, /, *, status: int = 200, here: str = "", **values: object
    ) -> HTMLResponse:
        """A rendered page. `here` names the menu entry the page belongs to."""
        texts = texts_of(request)
        now = datetime.now(UTC)
        html = _PAGES.get_template(template).render(
            t=texts,
            here=here,
            demo=self.demo,
            loaded=shown(now, now, texts),
            language_link=language_link(request, texts),
            **values,
        )
        response = HTMLResponse(html, status_code=status)
        if "lang" in request.query_params:
            response.set_cookie(
                LANGUAGE_COOKIE,
                texts.language,
                max_age=LANGUAGE_SECONDS,
                httponly=True,
                samesite="lax",
                path="/console",
            )
        return response

    def problem(self, request: Request, status: int) -> HTMLResponse:
        """Our own page for an address that leads nowhere (404), is closed (403), or for a failure of ours (500)."""
        return self.page(request, "problem.html", status=status, problem=f"page.{status}")


def language_link(request: Request, texts: Texts) -> str:
    """This page in the other language, with what was chosen on it; nothing else of the address is repeated."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key in CHOICES]
    return f"?{urlencode([*kept, ('lang', texts.other)])}"


def asset(name: str, version: str | None) -> Response | None:
    """One of our own files, or nothing. With the right fingerprint in the address a browser may keep it for a year."""
    if name not in ASSETS:
        return None
    content, media, fingerprint = ASSETS[name]
    keep = "public, max-age=31536000, immutable" if version == fingerprint else "no-cache"
    return Response(content, media_type=media, headers={"cache-control": keep})
