"""The pages by which a person acts on a message: what would come of it, doing it, and the report of a deviation."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from secrets import token_hex

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.accounts.roles import Viewer
from gateway.console.actions import action_of, do, is_action, preview, why_of
from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.pages_messages import message_for
from gateway.console.texts import Texts
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import CATALOGUE, Refusal
from gateway.ledger.operations import Item
from gateway.operations import deviation
from gateway.services import GatewayServices


def item_for(services: GatewayServices, viewer: Viewer, number: str) -> Item | None:
    """The delivery of this number, if this person may see its message."""
    if not re.fullmatch(r"[0-9]{1,18}", number):
        return None
    item = services.operations.reader.item(int(number))
    return item if item is not None and message_for(services, viewer, item.message) is not None else None


def said(code: str, texts: Texts) -> str:
    """What the catalogue says of a code, with the next step."""
    entry = CATALOGUE[code]
    return (
        f"{entry.en} {entry.next_step_en}" if texts.language == "en" else f"{entry.no} {entry.next_step_no}"
    )


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    def asked(request: Request, item: Item, action: str, wrong: str = "") -> Response:
        view = preview(services, item, action_of(action), texts_of(request))
        return pages.page(
            request,
            "action.html",
            status=422 if wrong else 200,
            here="flow",
            view=view,
            key=token_hex(16),
            seen=item.state,
            wrong=wrong,
        )

    @router.get("/deliveries/{delivery}/{action}")
    @needs("act")
    def action_page(request: Request, delivery: str, action: str) -> Response:
        item = item_for(services, viewer_of(request), delivery)
        if item is None or not is_action(action):
            return pages.problem(request, 404)
        return asked(request, item, action)

    @router.post("/deliveries/{delivery}/{action}")
    @needs("act")
    async def act(request: Request, delivery: str, action: str) -> Response:
        viewer, texts = viewer_of(request), texts_of(request)
        item = item_for(services, viewer, delivery)
        if item is None or not is_action(action):
            return pages.problem(request, 404)
        form = await form_of(request)
        why = why_of(form)
        if why is None:
            return asked(request, item, action, texts("action.why.missing"))
        try:
            await do(services, viewer, item, action_of(action), form, why)
        except Refusal as refusal:
            now = item_for(services, viewer, delivery) or item
            return asked(request, now, action, said(refusal.code, texts))
        return RedirectResponse(f"/console/messages/{item.message}?done={action}#deliveries", 303)

    @router.get("/messages/{id}/report.{form}")
    @needs("messages")
    def report(request: Request, id: str, form: str) -> Response:
        message = message_for(services, viewer_of(request), id)
        if message is None or form not in ("txt", "json"):
            return pages.problem(request, 404)
        base = services.settings.console.address or services.settings.alarm.base_url
        link = f"{base.rstrip('/') if base else str(request.base_url).rstrip('/')}/console/messages/{id}"
        known = services.operations.certificates()
        content = deviation.report(
            services.reader, services.partners, known, message, link, datetime.now(UTC)
        )
        headers = {"content-disposition": f'attachment; filename="avvikspakke-{id}.{form}"'}
        if form == "json":
            text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
            return Response(text, media_type="application/json", headers=headers)
        return Response(deviation.as_text(content), media_type="text/plain; charset=utf-8", headers=headers)
