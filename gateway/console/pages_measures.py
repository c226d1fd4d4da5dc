"""The pages of the measures, their exports, and what a team notes in the charts."""

from __future__ import annotations

import json
from datetime import date
from secrets import token_hex
from typing import cast, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.api.measures import reports_bundle
from gateway.console.actions import why_of
from gateway.console.door import Door, form_of
from gateway.console.measures import asked_of, chart, measures, wanted_of
from gateway.console.needs import needs
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import Refusal
from gateway.measures.runchart import STAGES, Effect
from gateway.measures.table import table
from gateway.operations.measuring import NewAnnotation
from gateway.services import GatewayServices

LONGEST_NOTE = 120


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    @router.get("/measures")
    @needs("measures")
    def measures_page(request: Request) -> Response:
        view = measures(services, viewer_of(request), texts_of(request))
        return pages.page(request, "measures.html", here="measures", measures=view)

    @router.get("/measures/{measure}")
    @needs("measures")
    def measure_page(request: Request, measure: str, wrong: str = "") -> Response:
        viewer, texts = viewer_of(request), texts_of(request)
        try:
            view = chart(services, viewer, measure, asked_of(request.query_params), texts)
        except Refusal:
            return pages.problem(request, 404)
        return pages.page(
            request,
            "measure.html",
            here="measures",
            view=view,
            key=token_hex(16),
            wrong=texts("measure.note.wrong") if wrong else "",
        )

    @router.get("/measures/{measure}/export.{form}")
    @needs("measures")
    def export(request: Request, measure: str, form: str) -> Response:
        viewer, asked = viewer_of(request), asked_of(request.query_params)
        wanted = wanted_of(services, viewer, asked.length, asked.by)
        headers = {"content-disposition": f'attachment; filename="{measure}.{form}"'}
        try:
            if form == "csv":
                text = table(services.measures.report(measure, wanted))
                return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
            if form == "json":
                bundle = reports_bundle(services.measures, measure, wanted)
                text = json.dumps(bundle, ensure_ascii=False)
                return Response(text, media_type="application/fhir+json", headers=headers)
        except (Refusal, KeyError):
            pass
        return pages.problem(request, 404)

    @router.post("/measures/{measure}/note")
    @needs("act")
    async def annotate(request: Request, measure: str) -> Response:
        viewer, form = viewer_of(request), await form_of(request)
        text, stage, effect = why_of({"why": form.get("text", "")}), form.get("stage"), form.get("effect")
        day = _day(str(form.get("day", "")))
        try:
            services.measures.measure(measure)
        except Refusal:
            return pages.problem(request, 404)
        fits = text is not None and len(text) <= LONGEST_NOTE and day is not None
        if not fits or stage not in STAGES or effect not in get_args(Effect):
            return RedirectResponse(f"/console/measures/{measure}?wrong=1#note", 303)
        only = services.measures.side_of(viewer.her_ids) if viewer.her_ids is not None else None
        note = NewAnnotation(
            day=cast(date, day),
            stage=stage,
            text=cast(str, text),
            effect=cast(Effect, effect),
            measure=measure,
            municipality=only[1] if only and only[0] == "municipality" else None,
            by=viewer.name or "konsollen",
        )
        key = str(form.get("key", ""))[:80] or None
        try:
            await services.measures.annotate(note, key=key)
        except Refusal:  # the key was used for another note: the page is an old one
            return RedirectResponse(f"/console/measures/{measure}?wrong=1#note", 303)
        return RedirectResponse(f"/console/measures/{measure}", 303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
