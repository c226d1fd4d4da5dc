"""The page on which a partner's endpoint is tried out: what would happen, doing it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.accounts.service import who_of
from gateway.console.actions import why_of
from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.pages_actions import said
from gateway.console.partners import endpoint_for
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import Refusal
from gateway.operations.actions import Act
from gateway.operations.endpoints import EndpointState
from gateway.operations.trials import Tried
from gateway.services import GatewayServices


@dataclass(frozen=True)
class Outcome:
    """What came of trying to reach an endpoint."""

    state: State
    says: str
    status: int | None
    took_ms: int
    certificate: str
    ends: Shown | None


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add it."""

    def asked(
        request: Request, state: EndpointState, wrong: str = "", outcome: Outcome | None = None
    ) -> Response:
        texts = texts_of(request)
        code = services.trials.obstacle(state.id)
        return pages.page(
            request,
            "trial.html",
            status=422 if wrong else 200,
            here="partners",
            endpoint=state,
            obstacle=said(code, texts) if code else "",
            outcome=outcome,
            key=token_hex(16),
            wrong=wrong,
        )

    @router.get("/partners/{her}/test")
    @needs("endpoints")
    def trial_page(request: Request, her: str) -> Response:
        state = endpoint_for(services, viewer_of(request), her)
        return pages.problem(request, 404) if state is None else asked(request, state)

    @router.post("/partners/{her}/test")
    @needs("endpoints")
    async def try_it(request: Request, her: str) -> Response:
        viewer, texts = viewer_of(request), texts_of(request)
        state = endpoint_for(services, viewer, her)
        if state is None:
            return pages.problem(request, 404)
        form = await form_of(request)
        why, how = why_of(form), form.get("how")
        if why is None:
            return asked(request, state, texts("action.why.missing"))
        act, who = Act(viewer.name or "konsollen", why), who_of(viewer)
        try:
            if how == "message":
                key = str(form.get("key", ""))[:80] or None
                message = await services.trials.send(state.id, act, who, key=key)
                return RedirectResponse(f"/console/messages/{message}?done=trial", 303)
            tried = await services.trials.reach(state.id, act, who)
        except Refusal as refusal:
            return asked(request, state, said(refusal.code, texts))
        return asked(request, state, outcome=_outcome(tried, datetime.now(UTC), texts))


def _outcome(tried: Tried, now: datetime, texts: Texts) -> Outcome:
    word = texts("trial.reached" if tried.is_reached else "trial.not-reached")
    look = ("ok", "check") if tried.is_reached else ("bad", "warning")
    certificate = tried.certificate
    return Outcome(
        state=State("tried", word, *look),
        says=texts("trial.reached.says") if tried.reason is None else said(tried.reason, texts),
        status=tried.status,
        took_ms=tried.took_ms,
        certificate=(certificate.subject or texts("certificate.nobody")) if certificate else "",
        ends=shown(certificate.valid_to, now, texts) if certificate else None,
    )
