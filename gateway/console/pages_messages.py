"""The pages about messages: the flow, one message, what was not taken in, and the stream of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.accounts.roles import Viewer
from gateway.console.content import content_view
from gateway.console.door import Door, form_of
from gateway.console.flow import before_of, flow, wanted_of
from gateway.console.message import message_view
from gateway.console.needs import needs
from gateway.console.purposes import PURPOSES, stated
from gateway.console.refused import refused
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.ledger.rows import MessageRow
from gateway.operations.actions import ACTIONS
from gateway.services import GatewayServices

BREATH = 0.25
"""Seconds between two notices of change to one page, however fast messages come."""
LONGEST_VERSION = 18
"""Digits; a longer text is no version of ours."""


def message_for(services: GatewayServices, viewer: Viewer, id: str) -> MessageRow | None:
    """The message with our id, if this person may see it; one that is not the person's does not exist."""
    message = services.reader.message(id)
    if message is None or viewer.her_ids is None:
        return message
    concerned = {
        message.sender_her,
        message.sender_organisation_her,
        message.receiver_her,
        message.receiver_organisation_her,
        *(delivery.receiver_her for delivery in services.reader.deliveries(id)),
    }
    return message if viewer.sees(*concerned) else None


def may_read_content(services: GatewayServices, viewer: Viewer, id: str) -> bool:
    """Whether this person may read the content of a message now: synthetic patients, or a stated purpose."""
    if services.settings.gateway.demo:
        return viewer.may("content")
    return viewer.may("content") and services.accounts.is_open(viewer, id)


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    @router.get("/flow")
    @needs("messages")
    def flow_page(request: Request) -> Response:
        texts, version = texts_of(request), services.ledger.version
        view = flow(
            services, wanted_of(request.query_params), datetime.now(UTC), texts, viewer_of(request).her_ids
        )
        return pages.page(request, "flow.html", here="flow", flow=view, version=version)

    @router.get("/messages/{id}")
    @needs("messages")
    def message_page(request: Request, id: str, part: str = "") -> Response:
        texts, version = texts_of(request), services.ledger.version
        message = message_for(services, viewer_of(request), id)
        if message is None:
            return pages.problem(request, 404)
        viewer = viewer_of(request)
        view = message_view(services, message, datetime.now(UTC), texts, viewer)
        may_read = may_read_content(services, viewer, id)
        content = None if part == "live" else content_view(services, message, texts, may_read=may_read)
        return pages.page(
            request,
            "message.html",
            here="flow",
            view=view,
            content=content,
            version=version,
            purposes=PURPOSES,
            refused="purpose" in request.query_params,
            done=done if (done := request.query_params.get("done", "")) in (*ACTIONS, "trial") else "",
        )

    @router.post("/messages/{id}/content")
    @needs("content")
    async def open_content(request: Request, id: str) -> Response:
        viewer = viewer_of(request)
        if message_for(services, viewer, id) is None:
            return pages.problem(request, 404)
        purpose = stated(await form_of(request))
        if purpose is None:
            return RedirectResponse(f"/console/messages/{id}?purpose=missing#content", 303)
        await services.accounts.open(viewer, "content-opened", id, purpose, message=id)
        return RedirectResponse(f"/console/messages/{id}#content", 303)

    @router.get("/refused")
    @needs("messages")
    def refused_page(request: Request) -> Response:
        texts, version = texts_of(request), services.ledger.version
        viewer = viewer_of(request)
        view = refused(services, before_of(request.query_params), datetime.now(UTC), texts, viewer.her_ids)
        return pages.page(request, "refused.html", here="flow", view=view, version=version)

    @router.get("/live", response_class=EventSourceResponse)
    @needs("messages")
    async def live(request: Request, since: str = "") -> AsyncIterator[ServerSentEvent]:
        async for version in _changes(services, _last_seen(request, since)):
            yield ServerSentEvent(event="change", id=str(version), raw_data=str(version))


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
