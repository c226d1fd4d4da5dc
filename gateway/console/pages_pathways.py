"""The pages about stays: what goes on, one stay as both sides see it, its goals, and settling a missed deadline."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.actions import why_of
from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.pages_actions import said
from gateway.console.pathways import StayPageView, goals_of, pathways, stay_for
from gateway.console.purposes import PURPOSES, stated
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import Refusal
from gateway.services import GatewayServices


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    def seen(request: Request, stay: str) -> StayPageView | None:
        viewer = viewer_of(request)
        if not viewer.may("pathways"):
            return None
        return stay_for(services, viewer, stay, datetime.now(UTC), texts_of(request))

    def asked(request: Request, stay: str, clock: str, wrong: str = "") -> Response:
        view = seen(request, stay)
        found = next((each for each in view.clocks if each.id == clock), None) if view else None
        if view is None or found is None:
            return pages.problem(request, 404)
        if not found.can_settle:  # somebody has done it meanwhile: the page of the stay says so
            return RedirectResponse(f"/console/pathways/{stay}#clocks", 303)
        status = 422 if wrong else 200
        return pages.page(
            request, "settle.html", status=status, here="pathways", view=view, clock=found, wrong=wrong
        )

    @router.get("/pathways")
    @needs("pathways")
    def pathways_page(request: Request) -> Response:
        version = services.ledger.version
        view = pathways(
            services, viewer_of(request), request.query_params, datetime.now(UTC), texts_of(request)
        )
        return pages.page(request, "pathways.html", here="pathways", view=view, version=version)

    @router.get("/pathways/{stay}")
    @needs("pathways")
    def stay_page(request: Request, stay: str) -> Response:
        version = services.ledger.version
        view = stay_for(services, viewer_of(request), stay, datetime.now(UTC), texts_of(request))
        if view is None:
            return pages.problem(request, 404)
        return pages.page(
            request,
            "stay.html",
            here="pathways",
            view=view,
            version=version,
            purposes=PURPOSES,
            refused="purpose" in request.query_params,
            can_settle=services.desk is not None,
        )

    @router.post("/pathways/{stay}/goals")
    @needs("goals")
    async def open_goals(request: Request, stay: str) -> Response:
        viewer = viewer_of(request)
        if not seen(request, stay):
            return pages.problem(request, 404)
        purpose = stated(await form_of(request))
        if purpose is None:
            return RedirectResponse(f"/console/pathways/{stay}?purpose=missing#goals", 303)
        await services.accounts.open(viewer, "goals-opened", goals_of(stay), purpose)
        return RedirectResponse(f"/console/pathways/{stay}#goals", 303)

    @router.get("/pathways/{stay}/clocks/{clock}")
    @needs("act")
    def settle_page(request: Request, stay: str, clock: str) -> Response:
        return asked(request, stay, clock)

    @router.post("/pathways/{stay}/clocks/{clock}")
    @needs("act")
    async def settle(request: Request, stay: str, clock: str) -> Response:
        viewer, texts = viewer_of(request), texts_of(request)
        view = seen(request, stay)
        if view is None or services.desk is None or all(each.id != clock for each in view.clocks):
            return pages.problem(request, 404)
        why = why_of(await form_of(request))
        if why is None:
            return asked(request, stay, clock, texts("action.why.missing"))
        try:
            await services.desk.settle(clock, viewer.name or "konsollen", why)
        except Refusal as refusal:
            return asked(request, stay, clock, said(refusal.code, texts))
        await services.accounts.note(viewer, "clock-settled", why=why)
        return RedirectResponse(f"/console/pathways/{stay}#clocks", 303)
