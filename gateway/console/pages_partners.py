"""The pages about partners: how an endpoint is paused, drained and taken into use again; the check against the address
register."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from gateway.console.actions import seen_of, why_of
from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.pages_actions import said
from gateway.console.partners import CHANGES, MODES, endpoint_for, partners
from gateway.console.register import register_view
from gateway.console.times import shown
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import Refusal
from gateway.ledger.audit import Act as Audited
from gateway.operations.actions import Act
from gateway.operations.address_register import LARGEST_FILE
from gateway.operations.endpoints import EndpointState, mark_of
from gateway.services import GatewayServices

FORM_OVERHEAD = 8 * 1024
_AUDITED: dict[str, Audited] = {
    "pause": "endpoint-paused",
    "drain": "endpoint-drained",
    "resume": "endpoint-resumed",
}


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    def asked(request: Request, state: EndpointState, change: str, wrong: str = "") -> Response:
        return pages.page(
            request,
            "endpoint.html",
            status=422 if wrong else 200,
            here="partners",
            endpoint=state,
            change=change,
            held_since=shown(state.hold.since, datetime.now(UTC), texts_of(request)) if state.hold else None,
            seen=mark_of(state.hold),
            key=token_hex(16),
            wrong=wrong,
        )

    @router.get("/partners")
    @needs("partners")
    def partners_page(request: Request) -> Response:
        version = services.ledger.version
        view = partners(services, viewer_of(request), datetime.now(UTC), texts_of(request))
        return pages.page(request, "partners.html", here="partners", partners=view, version=version)

    @router.get("/partners/register")
    @needs("endpoints")
    def register_page(request: Request) -> Response:
        return pages.page(request, "register.html", here="partners", view=None, wrong="")

    @router.post("/partners/register")
    @needs("endpoints", most_bytes=LARGEST_FILE + FORM_OVERHEAD)
    async def check_register(request: Request) -> Response:
        texts, file = texts_of(request), (await form_of(request)).get("file")
        data = await file.read() if isinstance(file, UploadFile) else b""
        try:
            view = await asyncio.to_thread(
                register_view, services, viewer_of(request), data, datetime.now(UTC), texts
            )
        except Refusal as refusal:
            wrong = said(refusal.code, texts)
            return pages.page(request, "register.html", status=422, here="partners", view=None, wrong=wrong)
        return pages.page(request, "register.html", here="partners", view=view, wrong="")

    @router.get("/partners/{her}/{change}")
    @needs("endpoints")
    def change_page(request: Request, her: str, change: str) -> Response:
        state = endpoint_for(services, viewer_of(request), her)
        if state is None or change not in CHANGES:
            return pages.problem(request, 404)
        return asked(request, state, change)

    @router.post("/partners/{her}/{change}")
    @needs("endpoints")
    async def change_endpoint(request: Request, her: str, change: str) -> Response:
        viewer, texts = viewer_of(request), texts_of(request)
        state = endpoint_for(services, viewer, her)
        if state is None or change not in CHANGES:
            return pages.problem(request, 404)
        form = await form_of(request)
        why, key, seen = why_of(form), str(form.get("key", ""))[:80] or None, seen_of(form)
        if why is None:
            return asked(request, state, change, texts("action.why.missing"))
        act = Act(viewer.name or "konsollen", why)
        try:
            if change == "resume":
                await services.operations.resume(state.id, act, key=key, seen=seen)
            else:
                await services.operations.hold(state.id, MODES[change], act, key=key, seen=seen)
        except Refusal as refusal:
            now = endpoint_for(services, viewer, her) or state
            return asked(request, now, change, said(refusal.code, texts))
        await services.accounts.note(viewer, _AUDITED[change], endpoint=state.id, why=why)
        return RedirectResponse(f"/console/partners#e-{state.id}", 303)
