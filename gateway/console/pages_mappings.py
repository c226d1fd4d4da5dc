"""The pages of the mapping: every element, its place in FHIR, and the rule."""

from __future__ import annotations

from functools import cache
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway import terminology
from gateway.console.door import Door
from gateway.console.needs import needs
from gateway.console.texts import Texts
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
            here="mappings",
            messages=[(each, _title(each.code, texts)) for each in listed if each.code.isupper()],
            tables=[(each, _title(each.code, texts)) for each in listed if not each.code.isupper()],
            has_own=sources.folder() is not None,
            version=sources.version(),
        )

    @router.get("/mappings/{code}")
    @needs("workbench")
    def mapping_page(request: Request, code: str) -> Response:
        if code not in mapping_table.codes():
            return pages.problem(request, 404)
        return pages.page(
            request,
            "mapping.html",
            here="mappings",
            page=_page(code),
            title=_title(code, texts_of(request)),
            code_set=_code_set,
            path=breakable,
        )


@cache
def _page(code: str) -> Page:
    """Definitions do not change while the process runs."""
    return mapping_table.page(code)


_TITLES: Final = {
    "MSGHEAD": "mappings.envelope",
    "required": "mappings.required",
    "placement": "mappings.placement",
    "rendering": "mappings.rendering",
}
"""What is no type of message."""


def _title(code: str, texts: Texts) -> str:
    return texts(_TITLES[code]) if code in _TITLES else texts.or_code("type", code)


def _code_set(number: str) -> str:
    found = terminology.code_set(number)
    return f"{number} {found.title}" if found else number
