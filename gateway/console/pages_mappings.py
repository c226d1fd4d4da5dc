"""The pages of the mapping: every element, its place in FHIR, and the rule."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request, Response

from gateway import terminology
from gateway.console.door import Door
from gateway.console.needs import needs
from gateway.console.web import Pages, breakable, texts_of
from gateway.services import GatewayServices
from gateway.translate import mapping_table, sources
from gateway.translate.mapping_table import Page


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""

    @router.get("/mappings")
    @needs("workbench")
    def mappings_page(request: Request) -> Response:
        texts = texts_of(request)
        listed = [_page(code) for code in mapping_table.codes()]
        return pages.page(
            request,
            "mappings.html",
            here="workbench",
            messages=[(each, texts.or_code("type", each.code)) for each in listed if each.code.isupper()],
            tables=[(each, f"{each.code}.map") for each in listed if not each.code.isupper()],
            has_own=sources.folder() is not None,
            version=sources.version(),
        )

    @router.get("/mappings/{code}")
    @needs("workbench")
    def mapping_page(request: Request, code: str) -> Response:
        if code not in mapping_table.codes():
            return pages.problem(request, 404)
        title = texts_of(request).or_code("type", code)
        return pages.page(
            request,
            "mapping.html",
            here="workbench",
            page=_page(code),
            title=_page(code).title if title == code else title,
            code_set=_code_set,
            path=breakable,
        )


@cache
def _page(code: str) -> Page:
    """Definitions do not change while the process runs."""
    return mapping_table.page(code)


def _code_set(number: str) -> str:
    found = terminology.code_set(number)
    return f"{number} {found.title}" if found else number
