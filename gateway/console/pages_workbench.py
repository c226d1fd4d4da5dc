"""The workbench: a vendor or engineer pastes a message and sees what the gateway makes of it. Nothing is stored."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.web import Pages, texts_of
from gateway.console.workbench import result
from gateway.emessage.read import MAX_BYTES
from gateway.services import GatewayServices
from gateway.translate.facts import Party

FORM_OVERHEAD: Final = 64 * 1024
MOST_SHOWN_AGAIN: Final = 400_000
"""Characters of a pasted text that stand in its field again; of a longer one only the result is shown."""


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""
    gateway = services.settings.gateway
    her_id = gateway.her_id
    answering = Party(her_id, her_id, gateway.name, gateway.name) if her_id else None

    @router.get("/workbench")
    @needs("workbench")
    def workbench_page(request: Request) -> Response:
        return pages.page(request, "workbench.html", here="workbench", pasted="", result=None, empty=False)

    @router.post("/workbench")
    @needs("workbench", most_bytes=MAX_BYTES + FORM_OVERHEAD)
    async def try_message(request: Request) -> Response:
        form = await form_of(request)
        text, file = form.get("text"), form.get("file")
        data = await file.read() if isinstance(file, UploadFile) and file.filename else b""
        pasted = text if isinstance(text, str) and not data else ""
        data = data or pasted.encode()
        texts = texts_of(request)
        tried = (
            await asyncio.to_thread(result, data, answering, datetime.now(UTC), texts)
            if data.strip()
            else None
        )
        return pages.page(
            request,
            "workbench.html",
            here="workbench",
            status=200 if tried else 422,
            pasted=pasted if len(pasted) <= MOST_SHOWN_AGAIN else "",
            result=tried,
            empty=tried is None,
        )
