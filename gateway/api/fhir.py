"""What can be asked of the FHIR API besides handing in a message: what it can do, conversion and validation.

Conversion and validation keep nothing. They need a credential all the same, since they cost work.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.api import capability, parameters, reading
from gateway.api.access import known_caller
from gateway.api.bodies import JSON_TYPES, XML_TYPES, Bodies, expect_type, media_type_of
from gateway.api.problems import FHIR_JSON, headers_of, status_of
from gateway.emessage.read import EMessage
from gateway.errors import Issue, issue
from gateway.fhir import json as fhir_json
from gateway.fhir.outcome import operation_outcome
from gateway.records import search_parameters
from gateway.services import GatewayServices
from gateway.translate import Translation, facts_of
from gateway.translate.element_table import in_full


def fhir_router(services: GatewayServices, bodies: Bodies) -> APIRouter:
    """The routes under /fhir, except $process-message."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])

    @router.get("/metadata")
    async def metadata(request: Request) -> Response:
        """What this server can do, as a CapabilityStatement."""
        routes = request.app.openapi()["paths"]
        return _fhir(capability.statement(services.settings, routes, search_parameters.told()))

    @router.post("/$convert")
    async def convert(request: Request) -> Response:
        """The message in the body in the other format; `to` names another target.

        The header X-Somlos-Loss says how many of the source's values went into native elements, into extensions, into
        exact texts beside a native element, and how many were lost. With `report=true` the answer is Parameters: the
        message, and the report value by value.
        """
        expect_type(request, XML_TYPES | JSON_TYPES)
        known_caller(request, services)
        async with bodies.of(request) as data:
            try:
                return await reading.worked_on(len(data), _convert, request, data)
            except reading.Invalid as error:
                return _invalid(error)

    @router.post("/$validate")
    async def validate(request: Request) -> Response:
        """All findings about the message or FHIR resource in the body, as an OperationOutcome; by the profiles it
        claims, and by each `profile` that is named."""
        return await _validated(request, services, bodies, None)

    @router.post("/{resource_type}/$validate")
    async def validate_type(request: Request, resource_type: str) -> Response:
        """The same for a resource of that type."""
        return await _validated(request, services, bodies, resource_type)

    return router


def _fhir(resource: dict[str, Any]) -> Response:
    return Response(json.dumps(resource, ensure_ascii=False), media_type=FHIR_JSON)


def _stated_json(request: Request) -> bool | None:
    """Whether the caller says that the body is JSON; None: it does not say."""
    stated = media_type_of(request)
    return stated in JSON_TYPES if stated else None


def _convert(request: Request, data: bytes) -> Response:
    content = reading.read(data, _stated_json(request))
    parameters.expect_names((name for name, _ in request.query_params.multi_items()), ("to", "report"))
    targets = request.query_params.getlist("to")
    reported = parameters.is_true(request.query_params, "report")
    if isinstance(content, dict):
        parameters.expect_names(parameters.names_in(content), ("to", "content"))
        targets = targets or parameters.values_in(content, "to")
        inner, wrapped = parameters.resource_in(content, "content")
        reported = reported or wrapped
        content = reading.read(inner) if isinstance(inner, bytes) else inner
    translation = reading.converted(content, targets[0] if targets else None)
    if reported:
        is_fhir = translation.format == "fhir-r4"
        result = fhir_json.read(translation.data) if is_fhir else None
        if is_fhir and isinstance(content, EMessage):
            loss = in_full(translation.loss, content.root, facts_of(content).message_type)
            translation = replace(translation, loss=loss)
        answer = fhir_json.write(parameters.with_report(translation, result))
        return Response(answer, media_type=FHIR_JSON, headers=_counts(translation))
    media_type = FHIR_JSON if translation.format == "fhir-r4" else "application/xml"
    return Response(translation.data, media_type=media_type, headers=_counts(translation))


def _counts(translation: Translation) -> dict[str, str]:
    loss = translation.loss.as_json()
    names = ("total", "native", "extension", "exact", "lost")
    told = [f"{name}={loss[name]}" for name in names]
    if translation.loss.gravest is not None:
        told.append(f"gravest={translation.loss.gravest}")
    return {"x-somlos-loss": "; ".join(told)}


def _invalid(error: reading.Invalid) -> Response:
    """Why nothing was converted: that the source is not valid, and every finding with its place."""
    issues = (issue(error.code, layer="schema"), *error.issues)
    return Response(
        json.dumps(operation_outcome(issues), ensure_ascii=False),
        status_code=status_of(error.code),
        headers=headers_of(error.code),
        media_type=FHIR_JSON,
    )


async def _validated(
    request: Request, services: GatewayServices, bodies: Bodies, resource_type: str | None
) -> Response:
    expect_type(request, XML_TYPES | JSON_TYPES)
    known_caller(request, services)
    async with bodies.of(request) as data:
        issues = await reading.worked_on(len(data), _findings, request, data, resource_type)
    return _fhir(operation_outcome(issues))


def _findings(request: Request, data: bytes, resource_type: str | None) -> tuple[Issue, ...]:
    content = reading.read(data, _stated_json(request))
    profiles = request.query_params.getlist("profile")
    if isinstance(content, dict):
        profiles = profiles + parameters.values_in(content, "profile")
        inner, _ = parameters.resource_in(content, "resource")
        content = reading.read(inner) if isinstance(inner, bytes) else inner
    found = reading.findings(content, profiles)
    stated = content.get("resourceType") if isinstance(content, dict) else None
    if resource_type is not None and stated != resource_type and isinstance(stated, str):
        return (issue("fhir.wrong-type", layer="schema", path="resourceType"), *found)
    return found
