"""What may an operator see and say of pathways over HTTP? Under /ops, as everything operators do.

Nothing here names a patient: a stay is named by its id, a message by ours. What is said is kept with who said it, and
why; it is an input of the ledger, from which everything can be made anew.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api.operations import ANSWERS
from gateway.api.operators import ActBody, Code, Said, asked, body_of, expect_operator, parameters_of, told
from gateway.errors import Refusal
from gateway.ledger import times
from gateway.pathway.payment import ConditionCode, PaymentBasis
from gateway.projection.basis import bases_of
from gateway.projection.desk import Desk
from gateway.projection.projector import Projector
from gateway.records.reader import StayFilter
from gateway.records.rows import ClockRow, StayRow, UnplacedRow
from gateway.services import GatewayServices

OurId = Annotated[str, Field(pattern=r"^[0-9a-zA-Z-]{1,64}$")]


class DecisionBody(ActBody):
    """To which stay a message belongs."""

    message: OurId
    """Our id of the message."""
    belongsWith: OurId | None
    """A message of the stay meant; the message itself: a stay of its own; null: no stay."""


class AnswerBody(ActBody):
    """What a reply to a ready-notice said, as a person read it."""

    message: OurId
    """Our id of the ready-notice."""
    code: Literal["6", "7", "12"]
    """NPR: 6 the municipality cannot receive, 7 it can; 12 ready for transfer."""
    day: date | None = None
    """From which day it holds."""


class ConditionBody(ActBody):
    """Whether a condition for payment is met."""

    condition: ConditionCode
    met: bool


class DimensionBody(ActBody):
    """A coded, dated property of the person of a stay."""

    dimension: Literal["priority-group", "care-level", "admission-urgency"]
    code: Code
    validFrom: date
    validTo: date | None = None


class AskedStays(Said):
    """Which stays."""

    open: bool = False
    missed: bool = False
    trust: Annotated[str, Field(pattern=r"^[0-9]{1,12}$")] | None = None
    municipality: Annotated[str, Field(pattern=r"^[0-9]{1,12}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


def pathways_router(services: GatewayServices) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/ops/pathways", tags=["pathways"], responses=ANSWERS)
    _seen(router, services)
    _said(router, services)
    return router


def _desk(request: Request, services: GatewayServices) -> tuple[Desk, Projector]:
    expect_operator(request, services.settings)
    if services.desk is None or services.projector is None:
        raise Refusal("api.not-found")
    return services.desk, services.projector


def _seen(router: APIRouter, services: GatewayServices) -> None:
    @router.get("")
    async def state(request: Request) -> Response:
        """How far stays and resources are behind what was accepted, and what needs a person."""
        _desk(request, services)
        found = await asyncio.to_thread(services.pathway.state)
        uncertain = await asyncio.to_thread(services.pathway.unplaced)
        return JSONResponse({**found, "messages": [_uncertain(each) for each in uncertain]})

    @router.get("/stays", openapi_extra=parameters_of(AskedStays))
    async def stays(request: Request) -> Response:
        """Stays with their clocks, newest first."""
        _desk(request, services)
        wanted = asked(request, AskedStays)
        chosen = StayFilter(
            open=wanted.open, missed=wanted.missed, trust=wanted.trust, municipality=wanted.municipality
        )
        now = times.moment(services.ledger.clock())
        found = await asyncio.to_thread(services.pathway.stays, chosen, now=now, limit=wanted.limit)
        return JSONResponse({"stays": [_stay(each) for each in found]})

    @router.get("/stays/{id}/basis")
    async def basis(request: Request, id: str) -> Response:
        """The basis for payment for days after ready, condition by condition, with the day rates configured; never a
        bill."""
        _desk(request, services)
        now = times.moment(services.ledger.clock())
        page = await asyncio.to_thread(services.pathway.stay, id, now=now)
        if page is None:
            raise Refusal("api.not-found")
        found = await asyncio.to_thread(
            lambda: list(bases_of(services.pathway, services.settings, id, page.stay.patient_key, now))
        )
        return JSONResponse({"stay": id, "basis": [_basis(each, notice) for notice, each in found]})

    @router.get("/due")
    async def due(request: Request) -> Response:
        """What falls due within three days, or is late: clocks, tasks, and ready-notices without an answer;
        the first hundred of each, and how many there are."""
        _desk(request, services)
        now = times.moment(services.ledger.clock())
        until, since = now + timedelta(days=3), now - timedelta(days=services.settings.pathway.alarm_days)
        reader = services.pathway
        clocks = await asyncio.to_thread(reader.clocks_near, now=now, since=since, until=until)
        tasks = await asyncio.to_thread(reader.tasks_due, until=until)
        notices = await asyncio.to_thread(reader.unanswered_notices)
        total = {
            "clocks": await asyncio.to_thread(reader.count_clocks_near, now=now, since=since, until=until),
            "tasks": await asyncio.to_thread(reader.count_tasks_due, until=until),
            "unanswered": await asyncio.to_thread(reader.count_unanswered),
        }
        return JSONResponse(
            {
                "total": total,
                "clocks": [_clock(each) for each in clocks],
                "tasks": [
                    {
                        "id": each.id,
                        "stay": each.stay_id,
                        "action": each.action,
                        "role": each.role,
                        "municipality": each.municipality_her,
                        "dueAt": each.due_at.isoformat() if each.due_at else None,
                        "late": each.due_at is not None and each.due_at < now,
                    }
                    for each in tasks
                ],
                "unanswered": [
                    {
                        "message": each.message,
                        "stay": each.stay_id,
                        "municipality": each.municipality_her,
                        "sentAt": each.sent_at.isoformat(),
                    }
                    for each in notices
                ],
            }
        )


def _said(router: APIRouter, services: GatewayServices) -> None:
    @router.post("/decisions", openapi_extra=body_of(DecisionBody))
    async def decide(request: Request) -> Response:
        """Settle to which stay a message belongs."""
        desk, _ = _desk(request, services)
        body = await told(request, DecisionBody)
        await desk.decide(body.message, body.belongsWith, body.by, body.why)
        return JSONResponse({"stay": services.pathway.stay_of_message(body.message)})

    @router.post("/answers", openapi_extra=body_of(AnswerBody))
    async def answer(request: Request) -> Response:
        """Code what a municipality answered to a ready-notice."""
        desk, _ = _desk(request, services)
        body = await told(request, AnswerBody)
        await desk.answer(body.message, body.code, body.by, day=body.day, why=body.why)
        return JSONResponse({"stay": services.pathway.stay_of_message(body.message)})

    @router.post("/stays/{id}/conditions", openapi_extra=body_of(ConditionBody))
    async def judge(request: Request, id: str) -> Response:
        """Settle whether a condition for payment is met: of the basis, never a bill."""
        desk, _ = _desk(request, services)
        body = await told(request, ConditionBody)
        await desk.judge(id, body.condition, body.met, body.by, body.why)
        return JSONResponse({"stay": id})

    @router.post("/stays/{id}/dimensions", openapi_extra=body_of(DimensionBody))
    async def dimension(request: Request, id: str) -> Response:
        """Put the person of a stay in a priority group, say which level of service the person has, from a day; or
        whether the admission was planned, on its day."""
        desk, _ = _desk(request, services)
        body = await told(request, DimensionBody)
        await desk.dimension(id, body.dimension, body.code, body.validFrom, body.validTo, body.by, body.why)
        return JSONResponse({"stay": id})

    @router.post("/clocks/{id}/settle", openapi_extra=body_of(ActBody))
    async def settle(request: Request, id: str) -> Response:
        """A person has taken care of a clock; its alarm is over."""
        desk, _ = _desk(request, services)
        body = await told(request, ActBody)
        await desk.settle(id, body.by, body.why)
        return JSONResponse({"clock": id})

    @router.post("/rebuild", openapi_extra=body_of(ActBody))
    async def rebuild(request: Request) -> Response:
        """Make stays, clocks, plans and resources anew from the ledger; it goes on in the background."""
        _, projector = _desk(request, services)
        await told(request, ActBody)
        await projector.rebuild()
        return JSONResponse(await asyncio.to_thread(services.pathway.state))


def _uncertain(row: UnplacedRow) -> dict[str, Any]:
    return {
        "message": row.message,
        "kind": row.kind,
        "reason": row.reason,
        "candidates": list(row.candidates),
        "receivedAt": row.received_at.isoformat(),
    }


def _stay(row: StayRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "trust": row.trust_her,
        "municipality": row.municipality_her,
        "admittedAt": row.admitted.at.isoformat() if row.admitted else None,
        "readyAt": row.ready.at.isoformat() if row.ready else None,
        "endedAt": row.ended.at.isoformat() if row.ended else None,
        "doubts": list(row.doubts),
        "clocks": [_clock(each) for each in row.clocks],
    }


def _basis(basis: PaymentBasis, notice: str) -> dict[str, Any]:
    return {
        "municipality": basis.municipality,
        "notice": notice,
        "fromDay": basis.from_day.isoformat(),
        "readyIsEstimate": basis.ready_is_estimate,
        "ongoing": basis.ongoing,
        "verdict": basis.verdict,
        "conditions": [
            {"code": each.code, "state": each.state, "source": each.source} for each in basis.conditions
        ],
        "days": [
            {
                "day": each.day.isoformat(),
                "state": each.state,
                "rateNok": str(each.rate.nok) if each.rate else None,
                "rateSource": each.rate.source if each.rate else None,
            }
            for each in basis.days
        ],
    }


def _clock(row: ClockRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "stay": row.stay_id,
        "kind": row.kind,
        "owner": row.owner_her,
        "state": row.state,
        "warning": row.warning,
        "settled": row.settled,
        "dueAt": row.due_at.isoformat() if row.due_at else None,
        "source": row.source,
        "notes": list(row.notes),
    }
