"""What may an operator ask of the gateway over HTTP?

Everything that changes something is a POST; what it did is durable when it is answered, and stands in the trail with
who and why. With an Idempotency-Key a request that was sent twice is done once and answered alike.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api import operations_json as said
from gateway.api.operators import (
    ActBody,
    ForwardBody,
    Listed,
    Paged,
    PreviewBody,
    RedirectBody,
    ReplayBody,
    ResendBody,
    TrialBody,
    asked,
    body_of,
    expect_operator,
    key_of,
    number_of,
    parameters_of,
    told,
)
from gateway.errors import Refusal
from gateway.ledger.audit import Who
from gateway.ledger.operations import HoldMode, Selection
from gateway.operations import retention
from gateway.operations.actions import Act
from gateway.operations.metrics import MEDIA_TYPE
from gateway.operations.service import Operations
from gateway.routing.quarantine import HELD
from gateway.services import GatewayServices

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "A parameter is not understood; nothing was changed."},
    401: {"description": "Not from here without the operator's secret."},
    404: {"description": "There is no such thing."},
    409: {"description": "Its state does not allow it; nothing was changed."},
    422: {"description": "Understood, and not possible; nothing was changed."},
}
_ACT: Final = body_of(ActBody)


def operations_router(services: GatewayServices) -> APIRouter:
    """The routes for operators."""
    router = APIRouter(prefix="/ops", tags=["operations"], responses=ANSWERS)
    _endpoints(router, services)
    _deliveries(router, services)
    _actions(router, services)
    _quarantine(router, services)
    _replays(router, services)
    _upkeep(router, services)
    return router


def metrics_router(services: GatewayServices) -> APIRouter:
    """The route for Prometheus; it shows the operator's secret, or asks from this machine."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Figures in the text format of Prometheus."""
        text = await asyncio.to_thread(_of(request, services).metrics)
        return Response(text, media_type=MEDIA_TYPE)

    return router


def _of(request: Request, services: GatewayServices) -> Operations:
    expect_operator(request, services.settings)
    return services.operations


def _endpoints(router: APIRouter, services: GatewayServices) -> None:
    @router.get("/partners")
    async def partners(request: Request) -> Response:
        """Every partner with its endpoints: whether they answer, what waits, what is overdue."""
        operations = _of(request, services)
        states = await asyncio.to_thread(operations.endpoints)
        return JSONResponse({"partners": said.partners(services.settings, states)})

    @router.get("/certificates")
    async def certificates(request: Request) -> Response:
        """The certificates that endpoints depend on, the one that ends first before the others, and what it affects."""
        operations = _of(request, services)
        states = await asyncio.to_thread(operations.endpoints)
        return JSONResponse({"certificates": said.certificates(services.settings, states, datetime.now(UTC))})

    @router.get("/endpoints/{her_id}")
    async def endpoint(request: Request, her_id: str) -> Response:
        """The endpoint that reaches this HER-id."""
        operations = _of(request, services)
        return JSONResponse(said.endpoint(await asyncio.to_thread(operations.endpoint, her_id)))

    async def hold(request: Request, her_id: str, mode: HoldMode) -> Response:
        operations = _of(request, services)
        body = await told(request, ActBody)
        await operations.hold(her_id, mode, body.act, key=key_of(request))
        return JSONResponse(said.endpoint(operations.endpoint(her_id)))

    @router.post("/endpoints/{her_id}/pause", openapi_extra=_ACT)
    async def pause(request: Request, her_id: str) -> Response:
        """Send nothing to it; messages for it come in and wait."""
        return await hold(request, her_id, "paused")

    @router.post("/endpoints/{her_id}/drain", openapi_extra=_ACT)
    async def drain(request: Request, her_id: str) -> Response:
        """Send what waits now; what comes later waits."""
        return await hold(request, her_id, "draining")

    @router.post("/endpoints/{her_id}/resume", openapi_extra=_ACT)
    async def resume(request: Request, her_id: str) -> Response:
        """Send to it again, and try at once; one that is down is tried before its pause is over."""
        operations = _of(request, services)
        body = await told(request, ActBody)
        await operations.resume(her_id, body.act, key=key_of(request))
        return JSONResponse(said.endpoint(operations.endpoint(her_id)))

    @router.post("/endpoints/{her_id}/test", openapi_extra=body_of(TrialBody))
    async def test(request: Request, her_id: str) -> Response:
        """Try whether it can be reached, which hands nothing over; or, at an endpoint marked as test, send a test
        message the whole way: its trail stands at `href`."""
        _of(request, services)
        body = await told(request, TrialBody)
        who, trials = Who(body.by), services.trials
        if body.how == "message":
            id = await trials.send(her_id, body.act, who, key=key_of(request))
            return JSONResponse({"endpoint": her_id, "message": id, "href": f"/console/messages/{id}"}, 202)
        tried = await trials.reach(her_id, body.act, who, key=key_of(request))
        return JSONResponse({"endpoint": her_id} | said.tried(tried))


def _deliveries(router: APIRouter, services: GatewayServices) -> None:
    async def listed(request: Request, *, dead: bool) -> Response:
        operations = _of(request, services)
        wanted = asked(request, Listed)
        chosen = wanted.selection
        chosen = Selection(
            **{
                **{name: getattr(chosen, name) for name in chosen.__dataclass_fields__},
                "dead": dead,
                "open": not dead,
            }
        )
        found = await asyncio.to_thread(
            operations.reader.items, chosen, before=wanted.before, limit=wanted.limit
        )
        name = "deadLetters" if dead else "queue"
        following = found[-1].id if len(found) == wanted.limit else None
        return JSONResponse({name: [said.item(each) for each in found], "before": following})

    @router.get("/queue", openapi_extra=parameters_of(Listed))
    async def queue(request: Request) -> Response:
        """Deliveries that are not over, newest first."""
        return await listed(request, dead=False)

    @router.get("/dead-letters", openapi_extra=parameters_of(Listed))
    async def dead_letters(request: Request) -> Response:
        """Deliveries that wait for a person, newest first: why, whose move it is, what can be done."""
        return await listed(request, dead=True)

    @router.get("/deliveries/{id}")
    async def delivery(request: Request, id: str) -> Response:
        """One delivery, and what can be done with it."""
        operations = _of(request, services)
        return JSONResponse(said.item(operations.item(number_of(id))))


def _actions(router: APIRouter, services: GatewayServices) -> None:
    @router.post("/deliveries/{id}/resend", openapi_extra=body_of(ResendBody))
    async def resend(request: Request, id: str) -> Response:
        """Queue it once more: same id, same bytes; `again`: also when the receiver has it."""
        operations = _of(request, services)
        body = await told(request, ResendBody)
        done = await operations.act(number_of(id), "resend", body.act, again=body.again, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))

    @router.post("/deliveries/{id}/redirect", openapi_extra=body_of(RedirectBody))
    async def redirect(request: Request, id: str) -> Response:
        """Send it to another configured receiver; answers with the new delivery."""
        operations = _of(request, services)
        body = await told(request, RedirectBody)
        done = await operations.act(number_of(id), "redirect", body.act, to=body.to, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))

    @router.post("/deliveries/{id}/cancel", openapi_extra=_ACT)
    async def cancel(request: Request, id: str) -> Response:
        """Give it up; whoever waits behind it goes on."""
        operations = _of(request, services)
        body = await told(request, ActBody)
        done = await operations.act(number_of(id), "cancel", body.act, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))

    @router.post("/deliveries/{id}/hand-over", openapi_extra=_ACT)
    async def hand_over(request: Request, id: str) -> Response:
        """Keep that a person has taken care of it in another way."""
        operations = _of(request, services)
        body = await told(request, ActBody)
        done = await operations.act(number_of(id), "hand-over", body.act, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))


def _quarantine(router: APIRouter, services: GatewayServices) -> None:
    @router.get("/quarantine", openapi_extra=parameters_of(Listed))
    async def held(request: Request) -> Response:
        """What is held for a person's decision, newest first."""
        operations = _of(request, services)
        wanted = asked(request, Listed)
        chosen = replace(wanted.selection, reason=HELD, dead=True, open=False)
        found = await asyncio.to_thread(
            operations.reader.items, chosen, before=wanted.before, limit=wanted.limit
        )
        following = found[-1].id if len(found) == wanted.limit else None
        return JSONResponse({"quarantine": [said.item(each) for each in found], "before": following})

    @router.post("/deliveries/{id}/release", openapi_extra=_ACT)
    async def release(request: Request, id: str) -> Response:
        """Send what is held, as it is."""
        operations = _of(request, services)
        body = await told(request, ActBody)
        done = await operations.act(number_of(id), "release", body.act, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))

    @router.post("/deliveries/{id}/forward", openapi_extra=body_of(ForwardBody))
    async def forward(request: Request, id: str) -> Response:
        """Send what is held, with a note for its receiver in it."""
        operations = _of(request, services)
        body = await told(request, ForwardBody)
        done = await operations.act(number_of(id), "forward", body.act, note=body.note, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))

    @router.post("/deliveries/{id}/refuse", openapi_extra=_ACT)
    async def refuse(request: Request, id: str) -> Response:
        """Never send what is held. No receipt goes to the sender: whoever refuses tells the sender."""
        operations = _of(request, services)
        body = await told(request, ActBody)
        done = await operations.act(number_of(id), "refuse", body.act, key=key_of(request))
        return JSONResponse(said.item(operations.item(done["delivery"])))


def _replays(router: APIRouter, services: GatewayServices) -> None:
    @router.post("/replays/preview", openapi_extra=body_of(PreviewBody))
    async def preview(request: Request) -> Response:
        """What would be sent again, to whom, and whether they have it; changes nothing."""
        operations = _of(request, services)
        body = await told(request, PreviewBody)
        shown = await asyncio.to_thread(
            operations.preview, body.selection.selection, per_second=body.perSecond, again=body.again
        )
        return JSONResponse(shown.as_json(services.partners))

    @router.post("/replays", status_code=202, openapi_extra=body_of(ReplayBody))
    async def begin(request: Request) -> Response:
        """Send again what the preview with this mark has shown."""
        operations = _of(request, services)
        body = await told(request, ReplayBody)
        done = await operations.begin_replay(
            body.selection.selection,
            body.preview,
            Act(body.by, body.why),
            per_second=body.perSecond,
            again=body.again,
            key=key_of(request),
        )
        return JSONResponse(_replay(operations, done["replay"]), status_code=202)

    @router.get("/replays", openapi_extra=parameters_of(Paged))
    async def replays(request: Request) -> Response:
        """Replays, newest first."""
        operations = _of(request, services)
        wanted = asked(request, Paged)
        found = await asyncio.to_thread(operations.reader.replays, before=wanted.before, limit=wanted.limit)
        following = found[-1].id if len(found) == wanted.limit else None
        return JSONResponse({"replays": [said.replay(each) for each in found], "before": following})

    @router.get("/replays/{id}")
    async def replay(request: Request, id: str) -> Response:
        """How far a replay is, and what came of each delivery."""
        operations = _of(request, services)
        number = number_of(id)
        items = await asyncio.to_thread(operations.reader.replay_items, number)
        return JSONResponse(_replay(operations, number) | {"deliveries": items})

    @router.post("/replays/{id}/stop", openapi_extra=_ACT)
    async def stop(request: Request, id: str) -> Response:
        """Let it end here."""
        operations = _of(request, services)
        await told(request, ActBody)
        done = await operations.stop_replay(number_of(id), key=key_of(request))
        return JSONResponse(_replay(operations, done["replay"]))


def _replay(operations: Operations, id: int) -> dict[str, Any]:
    found = operations.reader.replay(id)
    if found is None:
        raise Refusal("api.not-found")
    return said.replay(found)


def _upkeep(router: APIRouter, services: GatewayServices) -> None:
    @router.get("/alarms", openapi_extra=parameters_of(Paged))
    async def alarms(request: Request) -> Response:
        """The open alarms, newest first; `all`: the closed ones, too."""
        operations = _of(request, services)
        wanted = asked(request, Paged)
        found = await asyncio.to_thread(
            operations.reader.alarms, all=wanted.all, before=wanted.before, limit=wanted.limit
        )
        following = found[-1].id if len(found) == wanted.limit else None
        return JSONResponse({"alarms": [said.alarm(each) for each in found], "before": following})

    @router.get("/alarms/{id}")
    async def alarm(request: Request, id: str) -> Response:
        """One alarm."""
        found = _of(request, services).reader.alarm(number_of(id))
        if found is None:
            raise Refusal("api.not-found")
        return JSONResponse(said.alarm(found))

    @router.get("/retention")
    async def retention_due(request: Request) -> Response:
        """How much has been kept for long enough."""
        operations = _of(request, services)
        due = await asyncio.to_thread(operations.to_remove)
        return JSONResponse(retention.as_json(services.settings.retention, due))

    @router.post("/retention/run", openapi_extra=_ACT)
    async def retention_run(request: Request) -> Response:
        """Remove what has been kept for long enough."""
        operations = _of(request, services)
        await told(request, ActBody)
        return JSONResponse(retention.as_json(services.settings.retention, await operations.remove()))

    @router.get("/check")
    async def check(request: Request) -> Response:
        """Whether each message has one legal state, nothing is lost, and the order was kept; reads the whole ledger."""
        operations = _of(request, services)
        return JSONResponse((await asyncio.to_thread(operations.check)).as_json())
