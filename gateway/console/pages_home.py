"""The first page, and the alarms."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.alarms import alarms
from gateway.console.door import Door
from gateway.console.flow import before_of
from gateway.console.home import home
from gateway.console.menu import landing
from gateway.console.needs import needs
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.services import GatewayServices


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    @router.get("")
    @needs("errors")
    def home_page(request: Request) -> Response:
        viewer = viewer_of(request)
        if not viewer.may("home"):
            return RedirectResponse(landing(viewer), 303)
        version = services.ledger.version
        view = home(services, viewer, datetime.now(UTC), texts_of(request))
        return pages.page(request, "home.html", here="home", view=view, version=version)

    @router.get("/alarms")
    @needs("home")
    def alarms_page(request: Request) -> Response:
        version, closed = services.ledger.version, request.query_params.get("all") == "1"
        view = alarms(
            services,
            viewer_of(request),
            before_of(request.query_params),
            datetime.now(UTC),
            texts_of(request),
            closed=closed,
        )
        return pages.page(request, "alarms.html", here="home", view=view, version=version)
