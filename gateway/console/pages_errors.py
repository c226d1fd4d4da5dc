"""The pages of the error catalogue."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.console.door import Door
from gateway.console.errors_view import entry_view, sections
from gateway.console.needs import needs
from gateway.console.web import Pages, texts_of
from gateway.services import GatewayServices


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    @router.get("/errors")
    @needs("errors")
    def errors_page(request: Request) -> Response:
        return pages.page(request, "errors.html", here="errors", sections=sections(texts_of(request)))

    @router.get("/errors/{code}")
    @needs("errors")
    def error_page(request: Request, code: str) -> Response:
        entry = entry_view(code, texts_of(request))
        if entry is None:
            return pages.problem(request, 404)
        return pages.page(request, "error.html", here="errors", entry=entry)
