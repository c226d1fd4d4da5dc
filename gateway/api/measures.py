"""What may an operator ask about measures over HTTP: figures as JSON, CSV and FHIR, charts, and annotations?

Only figures leave, under the rule for small numbers; nothing here names a patient or a stay.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api.operations import ANSWERS
from gateway.api.operators import (
    ActBody,
    Her,
    Line,
    Moment,
    Said,
    asked,
    body_of,
    expect_operator,
    key_of,
    number_of,
    parameters_of,
    told,
)
from gateway.api.problems import FHIR_JSON
from gateway.fhir import json as fhir_json
from gateway.measures.definitions import MEASURES, VERSION
from gateway.measures.figures import FEW, Figure
from gateway.measures.periods import Length, last_of, name_of, start_of
from gateway.measures.reports import Dimension, Report, Wanted
from gateway.measures.resources import measure_report, measure_resource, title_of
from gateway.measures.runchart import Annotation, Effect, RunChart, Stage
from gateway.measures.svg import description, svg
from gateway.measures.table import table
from gateway.operations.measuring import LOOK_AHEAD, LOOK_BACK, Measures, NewAnnotation
from gateway.pathway.calendar import day_of
from gateway.services import GatewayServices

SVG: Final = "image/svg+xml"
AsOf = Annotated[Moment, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class AskedMeasure(Said):
    """Which figures are meant."""

    period: Length = "week"
    by: Dimension | None = None
    """Broken down by this dimension."""
    stratum: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+-]{1,60}$")] | None = None
    """Of a chart: which stratum of `by`."""
    municipality: Her | None = None
    """Only this municipality."""
    asOf: (
        Annotated[Moment, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]
        | None
    ) = None
    """What is due and not done by then is not done; default: now."""
    since: Day | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """Broken down or restricted, not both: small groups could be told apart."""
        if self.by and self.municipality:
            raise ValueError
        return self

    def wanted(self, measures: Measures) -> Wanted:
        """As the measures ask. A day far off is a sender's slip: without `since` and `until` it is left out."""
        now = self.asOf or measures.now()
        return Wanted(
            now=now,
            length=self.period,
            by=self.by,
            only=("municipality", self.municipality) if self.municipality else None,
            since=self.since or start_of(day_of(now) - LOOK_BACK, self.period),
            until=self.until or day_of(now) + LOOK_AHEAD,
        )


class AnnotationBody(Said):
    """What a team changed. No patient data."""

    by: Annotated[Line, Field(max_length=80)]
    day: date
    stage: Stage
    text: Annotated[Line, Field(max_length=120)]
    effect: Effect = "note"
    """freeze: the median up to this day holds on; new-phase: a new median begins on it."""
    measure: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")] | None = None
    municipality: Her | None = None


def measures_router(services: GatewayServices) -> APIRouter:
    """The routes for measures."""
    router = APIRouter(prefix="/ops/measures", tags=["measures"], responses=ANSWERS)
    _figures(router, services)
    _annotations(router, services)
    return router


def _of(request: Request, services: GatewayServices) -> Measures:
    expect_operator(request, services.settings)
    return services.measures


def _figures(router: APIRouter, services: GatewayServices) -> None:
    async def report_of(request: Request, id: str) -> Report:
        measures = _of(request, services)
        return await asyncio.to_thread(measures.report, id, asked(request, AskedMeasure).wanted(measures))

    @router.get("")
    async def listed(request: Request) -> Response:
        """Every measure."""
        _of(request, services)
        return JSONResponse({"measures": [_measure(id) for id in MEASURES]})

    @router.get("/annotations")
    async def annotations(request: Request) -> Response:
        """What stands in the charts."""
        found = await asyncio.to_thread(_of(request, services).annotations)
        return JSONResponse({"annotations": [_annotation(each) for each in found]})

    @router.get("/{id}", openapi_extra=parameters_of(AskedMeasure))
    async def figures(request: Request, id: str) -> Response:
        """The figures of a measure, in all and by period."""
        found = await report_of(request, id)
        return JSONResponse(_report(found, services.measures))

    @router.get("/{id}/table", openapi_extra=parameters_of(AskedMeasure))
    async def as_table(request: Request, id: str) -> Response:
        """The figures as CSV."""
        found = await report_of(request, id)
        headers = {"content-disposition": f'attachment; filename="{id}.csv"'}
        return Response(table(found), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/{id}/fhir", openapi_extra=parameters_of(AskedMeasure))
    async def as_fhir(request: Request, id: str) -> Response:
        """The figures as a Bundle of MeasureReports, one a period."""
        measures = _of(request, services)
        wanted = asked(request, AskedMeasure).wanted(measures)
        bundle = await asyncio.to_thread(reports_bundle, measures, id, wanted)
        return Response(fhir_json.write(bundle), media_type=FHIR_JSON)

    @router.get("/{id}/chart", openapi_extra=parameters_of(AskedMeasure))
    async def chart(request: Request, id: str) -> Response:
        """The run chart as SVG; with `Accept: application/json` what the rules say about it."""
        measures = _of(request, services)
        said = asked(request, AskedMeasure)
        found = await asyncio.to_thread(measures.chart, id, said.wanted(measures), said.stratum)
        if "json" in request.headers.get("accept", ""):
            return JSONResponse(_chart(found))
        of = measures.name_of(said.by, said.stratum) if said.stratum else None
        if said.municipality:
            of = measures.name_of("municipality", said.municipality)
        return Response(svg(found, title_of(id), stratum=of, alone=True), media_type=SVG)


def _annotations(router: APIRouter, services: GatewayServices) -> None:
    @router.post("/publish", openapi_extra=body_of(ActBody))
    async def publish(request: Request) -> Response:
        """Keep the weekly and monthly MeasureReports, for all of the helsefellesskap to read under /fhir."""
        measures = _of(request, services)
        await told(request, ActBody)
        return JSONResponse({"published": await measures.publish()})

    @router.post("/annotations", status_code=201, openapi_extra=body_of(AnnotationBody))
    async def annotate(request: Request) -> Response:
        """Note in the charts what was changed."""
        measures = _of(request, services)
        body = await told(request, AnnotationBody)
        said = body.model_dump()
        number = await measures.annotate(NewAnnotation(**said), key=key_of(request))
        return JSONResponse({"annotation": number}, status_code=201)

    @router.post("/annotations/{id}/remove", openapi_extra=body_of(ActBody))
    async def remove(request: Request, id: str) -> Response:
        """Take an annotation out of the charts; it is kept, marked."""
        measures = _of(request, services)
        body = await told(request, ActBody)
        number = number_of(id)
        await measures.take_back(number, body.by, key=key_of(request))
        return JSONResponse({"annotation": number})


def reports_bundle(measures: Measures, id: str, wanted: Wanted) -> dict[str, Any]:
    """A collection of the MeasureReports of a measure, one for each period."""
    total = measures.report(id, replace(wanted, by=None))
    parts = measures.report(id, wanted) if wanted.by else None
    starts = [start for line in total.lines for start, _ in line.periods]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": wanted.now.isoformat(),
        "entry": [{"resource": measure_report(total, start, parts)} for start in starts],
    }


def _measure(id: str) -> dict[str, Any]:
    measure, resource = MEASURES[id], measure_resource(id)
    return {
        "id": id,
        "title": resource["title"],
        "description": resource["description"],
        "kind": measure.kind,
        "unit": measure.unit,
        "better": measure.better,
        "version": VERSION,
    }


def _report(found: Report, measures: Measures) -> dict[str, Any]:
    wanted = found.wanted
    return {
        **_measure(found.measure.id),
        "asOf": wanted.now.isoformat(),
        "period": wanted.length,
        "by": wanted.by,
        "strata": [
            {
                "stratum": line.stratum,
                "name": measures.name_of(wanted.by, line.stratum) if line.stratum else None,
                "total": _figure(line.total),
                "periods": [
                    {
                        "period": name_of(start, wanted.length),
                        "first": start.isoformat(),
                        "last": last_of(start, wanted.length).isoformat(),
                        **_figure(figure),
                    }
                    for start, figure in line.periods
                ],
            }
            for line in found.lines
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "hidden": figure.hidden,
        "notYetDue": _count(figure.not_yet_due),
        "excluded": {reason: _count(number) for reason, number in figure.excluded.items()},
        "missing": {reason: _count(number) for reason, number in figure.missing.items()},
        "noted": {reason: _count(number) for reason, number in figure.noted.items()},
    }


def _count(number: int) -> int | Literal["1-4"]:
    return "1-4" if number == FEW else number


def _chart(chart: RunChart) -> dict[str, Any]:
    return {
        "measure": chart.measure.id,
        "stratum": chart.stratum,
        "version": chart.version,
        "signal": chart.signal,
        "said": description(chart),
        "phases": [
            {
                "from": chart.points[phase.first].start.isoformat() if chart.points else None,
                "points": phase.end - phase.first,
                "median": phase.median,
                "frozen": phase.frozen is not None,
                "preliminary": phase.preliminary,
                "useful": phase.runs.useful,
                "longestRun": phase.runs.longest,
                "longestRunLimit": phase.runs.longest_limit,
                "crossings": phase.runs.crossings,
                "crossingsLimit": phase.runs.crossings_limit,
                "signal": phase.runs.signal,
            }
            for phase in chart.phases
        ],
        "annotations": [_annotation(each) for each in chart.annotations],
    }


def _annotation(each: Annotation) -> dict[str, Any]:
    return {
        "annotation": each.id,
        "day": each.day.isoformat(),
        "stage": each.stage,
        "text": each.text,
        "effect": each.effect,
        "measure": each.measure,
        "municipality": each.municipality,
    }
