"""Which pages are there? Each kind in a file of its own, put together here.

Reading pages are made in FastAPI's thread pool (reads of the ledger are synchronous); what changes something is a POST.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console import (
    pages_actions,
    pages_audit,
    pages_errors,
    pages_find,
    pages_home,
    pages_mappings,
    pages_measures,
    pages_messages,
    pages_partners,
    pages_pathways,
    pages_plays,
    pages_sign_in,
    pages_trials,
    pages_workbench,
)
from gateway.console.door import Door
from gateway.console.needs import needs
from gateway.console.route import ConsoleRoute
from gateway.console.web import Pages, asset
from gateway.services import GatewayServices

KINDS = (
    pages_home,
    pages_messages,
    pages_actions,
    pages_find,
    pages_pathways,
    pages_measures,
    pages_trials,  # before the other changes of an endpoint, which take any word
    pages_partners,
    pages_workbench,
    pages_plays,
    pages_mappings,
    pages_audit,
    pages_errors,
    pages_sign_in,
)


def create_console(services: GatewayServices) -> APIRouter:
    """The console of a running gateway, to be included in its application."""
    pages = Pages(demo=services.settings.gateway.demo)
    door = Door(services.settings, services.accounts)
    route_class = type("ThisConsolesRoute", (ConsoleRoute,), {"door": door, "pages": pages})
    router = APIRouter(prefix="/console", route_class=route_class, include_in_schema=False)
    for kind in KINDS:
        kind.add(router, pages, services, door)

    @router.get("/static/{name}")
    @needs(None)
    def static_file(request: Request, name: str, v: str | None = None) -> Response:
        return asset(name, v) or pages.problem(request, 404)

    @router.get("/{rest:path}")
    @needs("errors")
    def nowhere(request: Request, rest: str) -> Response:
        return pages.problem(request, 404) if rest else RedirectResponse("/console", 308)

    return router
