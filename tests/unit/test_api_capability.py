"""Does the CapabilityStatement say what the routes serve, and nothing else?"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from gateway.api.capability import statement
from gateway.fhir.canonical import BASE
from gateway.fhir.validate import validate
from gateway.settings import Settings


def _paths(*routes: tuple[str, str]) -> dict[str, Any]:
    app = FastAPI()

    async def nothing() -> Response:
        return Response()

    for method, path in routes:
        app.add_api_route(path, nothing, methods=[method])
    paths: dict[str, Any] = app.openapi()["paths"]
    return paths


def test_nothing_is_served() -> None:
    said = statement(Settings(), _paths(("GET", "/fhir/metadata"), ("GET", "/ops/queue")))
    assert "resource" not in said["rest"][0]
    assert said["rest"][0]["operation"] == []


def test_types_interactions_and_operations_are_those_of_the_routes() -> None:
    paths = _paths(
        ("POST", "/fhir/$convert"),
        ("POST", "/fhir/$process-message"),
        ("GET", "/fhir/Task/{id}"),
        ("PUT", "/fhir/Task/{id}"),
        ("POST", "/fhir/Task"),
        ("GET", "/fhir/Task/{id}/_history/{version}"),
        ("GET", "/fhir/{resource_type}/{id}"),
        ("POST", "/fhir/{resource_type}/_search"),
        ("POST", "/fhir/{resource_type}/$validate"),
    )
    said = statement(Settings(), paths, {"Goal": [("status", "token")]})
    assert validate(said) == ()
    goal, task = said["rest"][0]["resource"]
    assert [each["code"] for each in goal["interaction"]] == ["read", "search-type"]
    assert goal["searchParam"] == [{"name": "status", "type": "token"}]
    assert f"{BASE}/StructureDefinition/somlos-patient-goal" in goal["supportedProfile"]
    assert goal["operation"] == [{"name": "validate", "definition": f"{BASE}/OperationDefinition/validate"}]
    assert [each["code"] for each in task["interaction"]] == ["create", "read", "update", "vread"]
    assert "searchParam" not in task
    assert said["rest"][0]["operation"] == [
        {"name": "convert", "definition": f"{BASE}/OperationDefinition/convert"},
        {
            "name": "process-message",
            "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
        },
    ]
