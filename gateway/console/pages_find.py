"""The page that finds messages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from gateway.console.door import Door, form_of
from gateway.console.find import Results, find, number_of, of_patient, sought_of
from gateway.console.flow import before_of
from gateway.console.needs import needs
from gateway.console.purposes import PURPOSES, stated
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.services import GatewayServices


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add it."""
    audited = door.has_sign_in

    def shown(request: Request, view: Results, status: int = 200) -> Response:
        return pages.page(
            request, "find.html", status=status, here="find", view=view, purposes=PURPOSES, audited=audited
        )

    @router.get("/find")
    @needs("messages")
    def find_page(request: Request) -> Response:
        query = request.query_params
        sought = sought_of(query, before_of(query))
        return shown(
            request, find(services, sought, viewer_of(request), datetime.now(UTC), texts_of(request))
        )

    @router.post("/find/patient")
    @needs("patient")
    async def patient(request: Request) -> Response:
        viewer, texts, now = viewer_of(request), texts_of(request), datetime.now(UTC)
        form = await form_of(request)
        number, purpose = number_of(form), stated(form)
        if number is None or (purpose is None and audited):
            code = "find.number.wrong" if number is None else "purpose.missing"
            nothing = find(services, sought_of({}, None), viewer, now, texts)
            return shown(request, replace(nothing, refused=texts(code)), 422)
        key = services.patient_keys.of(number)
        if audited:
            await services.accounts.note(viewer, "patient-searched", patient_key=key, purpose=purpose)
        return shown(request, await asyncio.to_thread(of_patient, services, key, viewer, now, texts))
