"""What does the FHIR API say that it can do? Only what it does."""

from __future__ import annotations

from typing import Any, Final

from gateway import __version__
from gateway.fhir.canonical import BASE
from gateway.settings import Settings

DATE: Final = "2026-11-21"
"""When what this statement says last changed."""
_OPERATION: Final = "http://hl7.org/fhir/OperationDefinition"


def statement(settings: Settings) -> dict[str, Any]:
    """The CapabilityStatement (R4) of this installation."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "gateway",
        "url": f"{BASE}/CapabilityStatement/gateway",
        "version": __version__,
        "name": "SomlosGateway",
        "title": "Sømløs",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Sømløs", "version": __version__},
        "implementation": {"description": settings.gateway.name},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Message Bundles are handed in with $process-message and are answered with 202 when they are "
                    "durable here. Receipts travel as messages of their own, or are fetched at "
                    "/messages/{id}/receipts."
                ),
                "security": {"description": "A bearer secret for each partner, bound to its HER-ids."},
                "operation": [
                    {"name": "process-message", "definition": f"{_OPERATION}/MessageHeader-process-message"},
                    {"name": "convert", "definition": f"{_OPERATION}/Resource-convert"},
                    {"name": "validate", "definition": f"{_OPERATION}/Resource-validate"},
                ],
            }
        ],
    }
