"""How are a Goal, a Task and a QuestionnaireResponse made and changed over HTTP?

Each is checked as R4 and as our profiles before anything is kept. The subject is a patient known here whom the
caller may see. A change names the version it builds on (If-Match); a creation may say that nothing like it may
exist (If-None-Exist). The tasks of plans and ready-notices are only changed; a Task of another kind may be made, such
as one with an owner that serves a goal (`focus`).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.access import Viewer, viewer_of
from gateway.api.bodies import JSON_TYPES, Bodies, expect_type
from gateway.api.fhir_answers import answer, headers_of
from gateway.api.fhir_search import Searching
from gateway.api.problems import refusal
from gateway.errors import Issue, Refusal, Unavailable
from gateway.fhir import json as fhir_json
from gateway.fhir import validate as fhir_validation
from gateway.ledger.session import Session
from gateway.projection.definitions import HOME, published
from gateway.projection.desk import Desk
from gateway.projection.inputs import WRITTEN
from gateway.records.resource_reader import ResourceReader, Version, version_of
from gateway.services import GatewayServices

Json = dict[str, Any]
SUBJECT: Final = {"Goal": "subject", "Task": "for", "QuestionnaireResponse": "subject"}
_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,12})"')
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/fhir+json": {"schema": {"type": "object"}}}}
}
CREATED: Final = ("Goal", "QuestionnaireResponse", "Task")


class _Invalid(Exception):
    def __init__(self, issues: tuple[Issue, ...]) -> None:
        self.issues = issues


class _SaidSince(Exception):
    """Something was said since it was asked what is there."""


class Writing:
    """Takes resources in."""

    def __init__(self, services: GatewayServices, reader: ResourceReader, searching: Searching) -> None:
        self._services = services
        self._reader = reader
        self._searching = searching

    def routes(self, router: APIRouter, bodies: Bodies) -> None:
        """Add the routes."""

        @router.post("/PlanDefinition/{id}/$apply", openapi_extra=_BODY)
        async def apply(request: Request, id: str) -> Response:
            """Start the plan for a patient without a discharge: a new user, or the yearly one. Answers the CarePlan."""
            return await self._apply(request, bodies, id)

        for resource_type in CREATED:
            self._add_creation(router, bodies, resource_type)
        for resource_type in WRITTEN:
            self._add_update(router, bodies, resource_type)

    def _add_creation(self, router: APIRouter, bodies: Bodies, resource_type: str) -> None:
        @router.post(
            f"/{resource_type}", status_code=201, name=f"create_{resource_type}", openapi_extra=_BODY
        )
        async def create(request: Request) -> Response:
            """Make one; with If-None-Exist only if none matches."""
            return await self._create(request, bodies, resource_type)

    def _add_update(self, router: APIRouter, bodies: Bodies, resource_type: str) -> None:
        @router.put(f"/{resource_type}/{{id}}", name=f"update_{resource_type}", openapi_extra=_BODY)
        async def update(request: Request, id: str) -> Response:
            """Change one; If-Match names the version it builds on."""
            return await self._update(request, bodies, resource_type, id)

    async def _create(self, request: Request, bodies: Bodies, resource_type: str) -> Response:
        viewer = viewer_of(request, self._services)
        condition = request.headers.get("if-none-exist")
        if condition is not None:
            existing = await self._matching(viewer, resource_type, condition)
            if existing is not None:
                return self._told(request, existing, 200)
        try:
            content = await self._content(request, bodies, resource_type)
        except _Invalid as invalid:
            return refusal(request, invalid.issues[0].code, issues=invalid.issues)
        content["id"] = str(uuid4())
        if condition is None:
            return self._told(request, await self._keep(viewer, content, lambda session: None), 201)
        while True:
            newest = await asyncio.to_thread(self._reader.newest_said)
            existing = await self._matching(viewer, resource_type, condition)
            if existing is not None:
                return self._told(request, existing, 200)
            with contextlib.suppress(_SaidSince):
                version = await self._keep(viewer, content, partial(_expect_nothing_since, newest))
                return self._told(request, version, 201)

    async def _update(self, request: Request, bodies: Bodies, resource_type: str, id: str) -> Response:
        viewer = viewer_of(request, self._services)
        try:
            content = await self._content(request, bodies, resource_type)
        except _Invalid as invalid:
            return refusal(request, invalid.issues[0].code, issues=invalid.issues)
        if content.get("id") != id or not _ID.fullmatch(id):
            raise Refusal("records.other-resource")
        known = await asyncio.to_thread(self._reader.read, resource_type, id, None)
        if known is not None and viewer.her_ids is not None:
            known = await asyncio.to_thread(self._reader.read, resource_type, id, viewer.her_ids)
            if known is None:
                raise Refusal("api.not-found")
        if known is None and resource_type not in CREATED:
            raise Refusal("api.not-found")
        wanted = _version_in(request.headers.get("if-match"))
        if known is not None and wanted is None:
            raise Refusal("records.version-missing")
        if known is None and wanted is not None:
            raise Refusal("records.version-conflict")

        def check(session: Session) -> None:
            row = session.one("resource_now", resource_type=resource_type, id=id)
            if row is None and wanted is None:
                _expect_everything_said(session)
            if (row["version"] if row is not None else None) != wanted:
                raise Refusal("records.version-conflict")

        version = await self._keep(viewer, content, check)
        return self._told(request, version, 200 if known is not None else 201)

    async def _content(self, request: Request, bodies: Bodies, resource_type: str) -> Json:
        expect_type(request, JSON_TYPES)
        async with bodies.of(request) as data:
            content = fhir_json.read(data)
        if content.get("resourceType") != resource_type:
            raise Refusal("records.other-resource")
        issues = await asyncio.to_thread(fhir_validation.validate, content)
        errors = tuple(each for each in issues if each.severity == "error")
        if errors:
            raise _Invalid(errors)
        return content

    async def _keep(self, viewer: Viewer, content: Json, check: Callable[[Session], None]) -> Version:
        patient_key, parties = await self._patient(viewer, content)
        return version_of(await self._desk().write(content, patient_key, parties, viewer.name, check))

    def _desk(self) -> Desk:
        if self._services.desk is None:
            raise Unavailable("us.overloaded")
        return self._services.desk

    async def _patient(self, viewer: Viewer, content: Json) -> tuple[str, frozenset[str]]:
        """The patient's key, and who may see the resource: the caller, and who sees the patient.

        :raises Refusal: records.no-subject
        """
        reference = content.get(SUBJECT[content["resourceType"]])
        named = str(reference.get("reference", "")) if isinstance(reference, dict) else ""
        if not named.startswith("Patient/"):
            raise Refusal("records.no-subject")
        found = await asyncio.to_thread(
            self._reader.read, "Patient", named.removeprefix("Patient/"), viewer.her_ids
        )
        if found is None or found.patient_key is None:
            raise Refusal("records.no-subject")
        parties = await asyncio.to_thread(self._reader.parties, found)
        return found.patient_key, parties | (viewer.her_ids or frozenset())

    async def _matching(self, viewer: Viewer, resource_type: str, condition: str) -> Version | None:
        try:
            pairs = parse_qsl(
                condition.lstrip("?"), keep_blank_values=True, strict_parsing=True, max_num_fields=10
            )
        except ValueError:
            raise Refusal("api.bad-parameter", path="If-None-Exist") from None
        search = self._searching.read(resource_type, pairs, in_body=True)
        found = await asyncio.to_thread(
            self._reader.search, resource_type, search.conditions, viewer.her_ids, before=None, limit=2
        )
        if found.total > 1:
            raise Refusal("records.several-match")
        return found.versions[0] if found.versions else None

    async def _apply(self, request: Request, bodies: Bodies, id: str) -> Response:
        viewer = viewer_of(request, self._services)
        if id != HOME or id not in published("plans"):
            raise Refusal("api.not-found")
        expect_type(request, JSON_TYPES)
        async with bodies.of(request) as data:
            given = _parameters(fhir_json.read(data))
        reason, day = given.get("reason"), given.get("start")
        if reason not in ("new-user", "yearly"):
            raise Refusal("api.bad-parameter", path="Parameters.parameter[reason]")
        desk = self._desk()
        try:
            start = date.fromisoformat(day) if day else desk.today()
        except ValueError:
            raise Refusal("api.bad-parameter", path="Parameters.parameter[start]") from None
        content = {"resourceType": "Goal", "subject": {"reference": given.get("subject", "")}}
        patient_key, _ = await self._patient(viewer, content)
        municipality = given.get("organization", "")
        if not municipality.isdigit() or (viewer.her_ids is not None and municipality not in viewer.her_ids):
            raise Refusal("api.bad-parameter", path="Parameters.parameter[organization]")
        kind: Literal["new-user", "yearly"] = "new-user" if reason == "new-user" else "yearly"
        plan = await desk.start_plan(patient_key, municipality, kind, start, viewer.name)
        return self._told(request, version_of(plan), 200)

    def _told(self, request: Request, version: Version, status: int) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}/fhir"
        location = f"{base}/{version.type}/{version.id}/_history/{version.version}"
        return answer(version.content, status, {**headers_of(version), "location": location})


def _expect_everything_said(session: Session) -> None:
    """What is not there may be there once records have been made anew.

    :raises Unavailable: us.records-anew
    """
    if session.one("said_waits") is not None:
        raise Unavailable("us.records-anew")


def _expect_nothing_since(newest: int, session: Session) -> None:
    """That nothing matched holds still: nothing was said since it was asked.

    :raises Unavailable: us.records-anew
    """
    _expect_everything_said(session)
    row = session.one("newest_said")
    if row is None or row["newest"] != newest:
        raise _SaidSince


def _version_in(header: str | None) -> int | None:
    """The version that If-Match names; None: it names none.

    :raises Refusal: api.bad-parameter
    """
    if header is None:
        return None
    found = _ETAG.fullmatch(header.strip())
    if found is None:
        raise Refusal("api.bad-parameter", path="If-Match")
    return int(found[1])


def _parameters(content: Json) -> dict[str, str]:
    """The simple values of a Parameters resource; a reference by what it names."""
    found: dict[str, str] = {}
    listed = content.get("parameter")
    if content.get("resourceType") != "Parameters" or not isinstance(listed, list):
        raise Refusal("records.other-resource")
    for each in listed:
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            for key, value in each.items():
                if key.startswith("value") and isinstance(value, str):
                    found[each["name"]] = value
                elif (
                    key == "valueReference"
                    and isinstance(value, dict)
                    and isinstance(value.get("reference"), str)
                ):
                    found[each["name"]] = value["reference"]
    return found
