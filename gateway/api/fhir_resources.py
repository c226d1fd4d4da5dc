"""How are FHIR resources read, searched, made and changed over HTTP?

    GET  /fhir/{type}/{id}                    the present version            ETag, Last-Modified; 410 when removed
    GET  /fhir/{type}/{id}/_history[/{vid}]   every version, or one
    GET  /fhir/{type}?…                       search, for what names no person
    POST /fhir/{type}/_search                 search, with the parameters in the body
    POST /fhir/{type}                         make one (If-None-Exist: only if none matches)
    PUT  /fhir/{type}/{id}                    change one (If-Match: the version it builds on)
    POST /fhir/PlanDefinition/{id}/$apply     start a plan that no discharge started

A partner sees what it sent or received. What it may not see does not exist for it: 404. Each answer with what is a
patient's leaves an audit record. These routes are general: they must stand behind every other address under /fhir.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.access import Viewer, viewer_of
from gateway.api.audit import Audit
from gateway.api.bodies import Bodies, expect_type
from gateway.api.fhir_answers import answer, bundle, headers_of
from gateway.api.fhir_search import Search, Searching
from gateway.api.fhir_writing import Writing
from gateway.errors import Refusal
from gateway.fhir import tables
from gateway.ledger.patient_key import PatientKeys
from gateway.projection.definitions import published
from gateway.records.resource_reader import Found, ResourceReader, Version
from gateway.records.search_parameters import SEARCHED
from gateway.services import GatewayServices

Json = dict[str, Any]
PUBLISHED: Final = {"Measure": "measures", "PlanDefinition": "plans", "Questionnaire": "questionnaires"}
"""Types that are data of `profiles/`: everybody's, in one version."""
FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded"})
MOST_PARAMETERS: Final = 30
_MADE_ONCE: Final = {"request": {"method": "PUT", "url": "/"}, "response": {"status": "201"}}


def resources_router(services: GatewayServices, bodies: Bodies, keys: PatientKeys) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])
    serving = Serving(services, keys)
    _reading(router, serving)
    _searching(router, serving, bodies)
    Writing(services, serving.reader, serving.searching).routes(router, bodies)
    return router


class Serving:
    """What the routes share."""

    def __init__(self, services: GatewayServices, keys: PatientKeys) -> None:
        self.services = services
        self.reader = ResourceReader(services.ledger)
        self.searching = Searching(self.reader, keys)
        self.audit = Audit(services)

    def base(self, request: Request) -> str:
        """The address of the FHIR API, as this caller wrote it."""
        return f"{request.url.scheme}://{request.url.netloc}/fhir"

    async def found(self, viewer: Viewer, resource_type: str, id: str, version: int | None = None) -> Version:
        """A version that may be seen.

        :raises Refusal: api.not-found, records.gone
        """
        found = await asyncio.to_thread(self.reader.read, resource_type, id, viewer.her_ids, version)
        if found is None:
            raise Refusal("api.not-found")
        if found.deleted:
            raise Refusal("records.gone")
        return found

    async def searched(
        self, request: Request, resource_type: str, pairs: list[tuple[str, str]], *, in_body: bool
    ) -> Response:
        """The answer to a search."""
        viewer = viewer_of(request, self.services)
        if len(pairs) > MOST_PARAMETERS:
            raise Refusal("api.bad-parameter")
        search = self.searching.read(resource_type, pairs, in_body=in_body)
        found = await asyncio.to_thread(
            self.reader.search,
            resource_type,
            search.conditions,
            viewer.her_ids,
            before=search.before,
            limit=search.count,
        )
        await self.audit.searched(viewer, resource_type, len(found.versions))
        return answer(self._page(request, resource_type, search, found))

    def _page(self, request: Request, resource_type: str, search: Search, found: Found) -> Json:
        base = self.base(request)
        links = [{"relation": "self", "url": f"{base}/{search.link(resource_type, search.before)}"}]
        if found.following is not None:
            links.append({"relation": "next", "url": f"{base}/{search.link(resource_type, found.following)}"})
        entries = [
            {
                "fullUrl": f"{base}/{each.type}/{each.id}",
                "resource": each.content,
                "search": {"mode": "match"},
            }
            for each in found.versions
        ]
        return bundle("searchset", found.total, links, entries)


def known_type(resource_type: str) -> None:
    """Refuse what is no type of R4.

    :raises Refusal: api.not-found
    """
    if resource_type not in tables.resource_types():
        raise Refusal("api.not-found")


def _reading(router: APIRouter, serving: Serving) -> None:
    @router.get("/{resource_type}/{id}")
    async def read(request: Request, resource_type: str, id: str) -> Response:
        """The present version of a resource."""
        viewer = viewer_of(request, serving.services)
        known_type(resource_type)
        if resource_type in PUBLISHED:
            return answer(_published(resource_type, id))
        found = await serving.found(viewer, resource_type, id)
        headers = headers_of(found)
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        await serving.audit.read(viewer, found)
        return answer(found.content, headers=headers)

    @router.get("/{resource_type}/{id}/_history")
    async def history(request: Request, resource_type: str, id: str) -> Response:
        """Every version of a resource, newest first."""
        viewer = viewer_of(request, serving.services)
        known_type(resource_type)
        search = serving.searching.page(request.query_params.multi_items())
        if resource_type in PUBLISHED:
            only = {
                "fullUrl": f"{serving.base(request)}/{resource_type}/{id}",
                "resource": _published(resource_type, id),
            }
            return answer(bundle("history", 1, [], [{**only, **_MADE_ONCE}]))
        found = await asyncio.to_thread(
            serving.reader.history,
            resource_type,
            id,
            viewer.her_ids,
            before=search.before,
            limit=search.count,
        )
        if found is None:
            raise Refusal("api.not-found")
        for each in found.versions[:1]:
            await serving.audit.read(viewer, each)
        return answer(_history(serving.base(request), resource_type, id, search, found))

    @router.get("/{resource_type}/{id}/_history/{version}")
    async def vread(request: Request, resource_type: str, id: str, version: str) -> Response:
        """One version of a resource."""
        viewer = viewer_of(request, serving.services)
        known_type(resource_type)
        if not version.isascii() or not version.isdigit() or len(version) > 12:
            raise Refusal("api.not-found")
        if resource_type in PUBLISHED and version == "1":
            return answer(_published(resource_type, id))
        found = await serving.found(viewer, resource_type, id, int(version))
        await serving.audit.read(viewer, found)
        return answer(found.content, headers=headers_of(found))


def _published(resource_type: str, id: str) -> Json:
    found = published(PUBLISHED[resource_type]).get(id)
    if found is None:
        raise Refusal("api.not-found")
    return found


def _history(base: str, resource_type: str, id: str, search: Search, found: Found) -> Json:
    address = f"{base}/{resource_type}/{id}"
    links = [{"relation": "self", "url": f"{address}/_history"}]
    if found.following is not None:
        following = f"{address}/_history?_count={search.count}&_before={found.following}"
        links.append({"relation": "next", "url": following})
    entries = []
    for each in found.versions:
        method = "DELETE" if each.deleted else "POST" if each.version == 1 else "PUT"
        url = f"{resource_type}/{id}" if method != "POST" else resource_type
        entry: Json = {
            "fullUrl": address,
            "request": {"method": method, "url": url},
            "response": {
                "status": {"POST": "201", "PUT": "200", "DELETE": "204"}[method],
                "etag": f'W/"{each.version}"',
                "lastModified": each.content["meta"]["lastUpdated"],
            },
        }
        if not each.deleted:
            entry["resource"] = each.content
        entries.append(entry)
    return bundle("history", found.total, links, entries)


def _searching(router: APIRouter, serving: Serving, bodies: Bodies) -> None:
    @router.get("/{resource_type}")
    async def search(request: Request, resource_type: str) -> Response:
        """The resources that meet every condition, newest first; nothing in the address may name a person."""
        return await _asked(request, resource_type, request.query_params.multi_items(), in_body=False)

    @router.post("/{resource_type}/_search")
    async def search_with_body(request: Request, resource_type: str) -> Response:
        """As GET, with the parameters in the body: the only way to search for an identity number."""
        viewer_of(request, serving.services)
        expect_type(request, FORM_TYPES)
        async with bodies.of(request) as data:
            try:
                pairs = parse_qsl(
                    data.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
                )
            except ValueError:
                raise Refusal("api.bad-parameter") from None
        return await _asked(request, resource_type, pairs, in_body=True)

    async def _asked(
        request: Request, resource_type: str, pairs: list[tuple[str, str]], *, in_body: bool
    ) -> Response:
        if resource_type in PUBLISHED:
            viewer_of(request, serving.services)
            return answer(_all_published(serving.base(request), resource_type, pairs))
        if resource_type not in SEARCHED:
            raise Refusal("api.not-found")
        return await serving.searched(request, resource_type, pairs, in_body=in_body)


def _all_published(base: str, resource_type: str, pairs: list[tuple[str, str]]) -> Json:
    found = list(published(PUBLISHED[resource_type]).values())
    for name, value in pairs:
        if name == "_id":
            found = [each for each in found if each["id"] == value]
        elif name in ("url", "status"):
            found = [each for each in found if each[name] == value.partition("|")[0]]
        elif not name.startswith("_"):
            raise Refusal("api.bad-parameter")
    entries = [
        {"fullUrl": f"{base}/{resource_type}/{each['id']}", "resource": each, "search": {"mode": "match"}}
        for each in found
    ]
    return bundle("searchset", len(found), [{"relation": "self", "url": f"{base}/{resource_type}"}], entries)
