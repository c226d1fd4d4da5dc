"""The pages about stays: what goes on, and one stay as both sides see it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from gateway.console.door import Door
from gateway.console.needs import needs
from gateway.console.pathways import pathways, stay_for
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.services import GatewayServices


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

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
        return pages.page(request, "stay.html", here="pathways", view=view, version=version)
