"""What can be asked of the FHIR API besides handing in a message: what it can do, conversion and validation.

Conversion and validation keep nothing. They need a credential all the same, since they cost work.
"""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.api import capability, reading
from gateway.api.access import known_caller
from gateway.api.bodies import JSON_TYPES, XML_TYPES, Bodies, expect_type
from gateway.api.problems import FHIR_JSON
from gateway.fhir.outcome import operation_outcome
from gateway.services import GatewayServices


def fhir_router(services: GatewayServices, bodies: Bodies) -> APIRouter:
    """The routes under /fhir, except $process-message."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])
    statement = json.dumps(capability.statement(services.settings), ensure_ascii=False)

    @router.get("/metadata")
    async def metadata() -> Response:
        """What this server can do, as a CapabilityStatement."""
        return Response(statement, media_type=FHIR_JSON)

    @router.post("/$convert")
    async def convert(request: Request) -> Response:
        """The message in the body in the other format; `to` names another target.

        The header X-Somlos-Loss says how many of the source's values went into native elements, into extensions, into
        exact texts beside a native element, and how many were lost.
        """
        expect_type(request, XML_TYPES | JSON_TYPES)
        known_caller(request, services)
        target = request.query_params.get("to")
        async with bodies.of(request) as data:
            translation = await reading.worked_on(len(data), reading.converted, data, target)
        loss = translation.loss.as_json()
        counts = "; ".join(
            f"{name}={loss[name]}" for name in ("total", "native", "extension", "exact", "lost")
        )
        media_type = FHIR_JSON if translation.format == "fhir-r4" else "application/xml"
        return Response(translation.data, media_type=media_type, headers={"x-somlos-loss": counts})

    @router.post("/$validate")
    async def validate(request: Request) -> Response:
        """All findings about the message or FHIR resource in the body, as an OperationOutcome."""
        expect_type(request, XML_TYPES | JSON_TYPES)
        known_caller(request, services)
        async with bodies.of(request) as data:
            issues = await reading.worked_on(len(data), reading.findings, data)
        return Response(json.dumps(operation_outcome(issues), ensure_ascii=False), media_type=FHIR_JSON)

    return router
