"""How does a page leave the console: rendered, in the reader's language, for the person who asked?"""

from __future__ import annotations

import hashlib
import re
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.accounts.roles import Viewer
from gateway.console.icons import ICONS
from gateway.console.menu import menu
from gateway.console.purposes import NUMBER
from gateway.console.texts import ENGLISH, NORWEGIAN, Texts
from gateway.console.times import shown

LANGUAGE_COOKIE = "somlos_language"
CHOICES = frozenset({"partner", "type", "state", "receipts", "before", "span", "all"}) | frozenset(
    {"id", "since", "until", "missed", "name", "act", "reading", "measure", "stratum", "period", "by"}
)
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

NOBODY = Viewer(None, frozenset())


def viewer_of(request: Request) -> Viewer:
    """Who asks, as the door has found; nobody where it has not looked."""
    viewer: Viewer = getattr(request.state, "viewer", NOBODY)
    return viewer


def place_of(error: Exception) -> str:
    """Where it failed: file and line of the innermost frame; never a message, which could hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


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


@lru_cache(maxsize=8192)  # a page of elements names the same thousand places as the one before it
def breakable(path: str) -> Markup:
    """A path that may be broken after its slashes and dots when it is too long for its line. No content is in it."""
    return Markup("<wbr>").join(re.split(r"(?<=[/.])(?=.)", path))


_PAGES = Environment(
    loader=PackageLoader("gateway.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters.update(breakable=breakable)
_PAGES.globals.update(icons=ICONS, asset=asset_address, menu=menu)


def compile_pages() -> None:
    """Compile every template, which takes half a second in all: whoever asks for a page first need not wait for it."""
    for name in _PAGES.list_templates():
        _PAGES.get_template(name)


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
            viewer=viewer_of(request),
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

    def problem(self, request: Request, status: int, why: str = "") -> HTMLResponse:
        """Our own page for an address that leads nowhere (404), is closed (403), or for a failure of ours (500;
        503: the ledger cannot be asked or written now).

        `why`: the key of its texts, where the status does not say it all.
        """
        return self.page(request, "problem.html", status=status, problem=why or f"page.{status}")


def language_link(request: Request, texts: Texts) -> str:
    """This page in the other language, with what was chosen on it; nothing else of the address is repeated."""
    asked = request.query_params.multi_items()
    kept = [(key, value) for key, value in asked if key in CHOICES and not NUMBER.search(value)]
    return f"?{urlencode([*kept, ('lang', texts.other)])}"


def asset(name: str, version: str | None) -> Response | None:
    """One of our own files, or nothing. With the right fingerprint in the address a browser may keep it for a year."""
    if name not in ASSETS:
        return None
    content, media, fingerprint = ASSETS[name]
    keep = "public, max-age=31536000, immutable" if version == fingerprint else "no-cache"
    return Response(content, media_type=media, headers={"cache-control": keep})
