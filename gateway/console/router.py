"""Which pages are there?

Reads only: no page changes anything, so every page is a GET. Pages are made in FastAPI's thread pool (reads of the
ledger are synchronous); only the stream of changes is asynchronous.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.console.content import content_view
from gateway.console.errors_view import entry_view, sections
from gateway.console.flow import before_of, flow, wanted_of
from gateway.console.message import message_view
from gateway.console.refused import refused
from gateway.console.web import ConsoleRoute, Pages, asset, texts_of
from gateway.services import GatewayServices

BREATH = 0.25
"""Seconds between two notices of change to one page, however fast messages come."""
LONGEST_VERSION = 18
"""Digits; a longer text is no version of ours."""


def create_console(services: GatewayServices) -> APIRouter:
    """The console of a running gateway, to be included in its application."""
    pages = Pages(demo=services.settings.gateway.demo)
    router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

    @router.get("")
    def flow_page(request: Request) -> Response:
        texts, version = texts_of(request), services.ledger.version
        view = flow(services, wanted_of(request.query_params), datetime.now(UTC), texts)
        return pages.page(request, "flow.html", here="flow", flow=view, version=version)

    @router.get("/messages/{id}")
    def message_page(request: Request, id: str, part: str = "") -> Response:
        texts, version = texts_of(request), services.ledger.version
        message = services.reader.message(id)
        if message is None:
            return pages.problem(request, 404)
        view = message_view(services, message, datetime.now(UTC), texts)
        content = None if part == "live" else content_view(services, message, texts)
        return pages.page(request, "message.html", here="flow", view=view, content=content, version=version)

    @router.get("/refused")
    def refused_page(request: Request) -> Response:
        texts, version = texts_of(request), services.ledger.version
        view = refused(services, before_of(request.query_params), datetime.now(UTC), texts)
        return pages.page(request, "refused.html", here="refused", view=view, version=version)

    @router.get("/errors")
    def errors_page(request: Request) -> Response:
        return pages.page(request, "errors.html", here="errors", sections=sections(texts_of(request)))

    @router.get("/errors/{code}")
    def error_page(request: Request, code: str) -> Response:
        entry = entry_view(code, texts_of(request))
        if entry is None:
            return pages.problem(request, 404)
        return pages.page(request, "error.html", here="errors", entry=entry)

    @router.get("/live", response_class=EventSourceResponse)
    async def live(request: Request, since: str = "") -> AsyncIterator[ServerSentEvent]:
        async for version in _changes(services, _last_seen(request, since)):
            yield ServerSentEvent(event="change", id=str(version), raw_data=str(version))

    @router.get("/static/{name}")
    def static_file(request: Request, name: str, v: str | None = None) -> Response:
        return asset(name, v) or pages.problem(request, 404)

    @router.get("/{rest:path}")
    def nowhere(request: Request, rest: str) -> Response:
        return pages.problem(request, 404) if rest else RedirectResponse("/console", 308)

    return router


def _last_seen(request: Request, since: str) -> int:
    """The version a page shows: as the browser remembers it, else as the page was rendered; 0: none."""
    for text in (request.headers.get("last-event-id", ""), since):
        if text.isascii() and text.isdigit() and len(text) <= LONGEST_VERSION:
            return int(text)
    return 0


async def _changes(services: GatewayServices, seen: int) -> AsyncIterator[int]:
    """Versions of the ledger after `seen`, until the process stops. A version from before a restart is old."""
    ledger = services.ledger
    if seen > ledger.version:
        seen = ledger.version
        yield seen
    while not ledger.is_ending:
        seen = await ledger.changed(seen)
        yield seen
        await asyncio.sleep(BREATH)
