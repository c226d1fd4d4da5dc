"""Small resources and datatypes that tests of the FHIR validator put together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.fhir_bundle import HL7, narrative

Resource = dict[str, Any]
OTHER_EXTENSION = "http://example.org/fhir/StructureDefinition/any"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/1"}


def basic(value: Resource) -> Resource:
    """A resource that holds a datatype in an extension."""
    return {
        "resourceType": "Basic",
        "code": {"text": "x"},
        "extension": [{"url": OTHER_EXTENSION, **value}],
    }


def quantity(**members: Any) -> Resource:
    """A kilogram quantity, changed by `members`."""
    return {"value": Decimal("1.5"), "system": UCUM, "code": "kg", **members}


def timing(**repeat: Any) -> Resource:
    """A Timing with this repeat."""
    return basic({"valueTiming": {"repeat": repeat}})


def allergy(verification: str, **members: Any) -> Resource:
    """An AllergyIntolerance with this verification status."""
    status = {"coding": [{"system": HL7 + "allergyintolerance-verification", "code": verification}]}
    return {"resourceType": "AllergyIntolerance", "patient": SUBJECT, "verificationStatus": status, **members}


def clinical(list_name: str, code: str) -> Resource:
    """A status of one of HL7's small lists."""
    return {"coding": [{"system": HL7 + list_name, "code": code}]}


def condition(**members: Any) -> Resource:
    """A Condition with these elements."""
    return {"resourceType": "Condition", "subject": SUBJECT, **members}


def appointment(status: str = "booked", **members: Any) -> Resource:
    """A valid Appointment, changed by `members`."""
    times = {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z"}
    participant = [{"actor": SUBJECT, "status": "accepted"}]
    return {"resourceType": "Appointment", "status": status, "participant": participant, **times, **members}


def observation(**members: Any) -> Resource:
    """A valid Observation, changed by `members`."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": UCUM, "code": "a"}]},
        **members,
    }


def composition(**section: Any) -> Resource:
    """A Composition with one section."""
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026",
        "author": [SUBJECT],
        "title": "x",
        "section": [section],
    }


def list_of(mode: str = "snapshot", **members: Any) -> Resource:
    """A List of that mode."""
    return {"resourceType": "List", "status": "current", "mode": mode, **members}


def bundle(kind: str = "collection", **members: Any) -> Resource:
    """A Bundle of that type with one resource."""
    entry = [{"resource": {"resourceType": "Basic", "code": {"text": "x"}}}]
    return {"resourceType": "Bundle", "type": kind, "entry": entry, **members}


def document(**members: Any) -> Resource:
    """A valid document Bundle, changed by `members`."""
    first = {
        "fullUrl": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11",
        "resource": composition(text=narrative("x")),
    }
    first["resource"]["author"] = [{"display": "x"}]
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"}
    return (
        bundle("document", entry=[first], identifier=identifier, timestamp="2026-01-01T10:00:00Z") | members
    )


def container(inner: Resource, subject: str = "#a") -> Resource:
    """A resource that contains another and refers to it."""
    return {
        "resourceType": "Basic",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        "contained": [inner],
    }


PATIENT = {"resourceType": "Patient", "id": "a"}
LOW, HIGH = quantity(value=1), quantity(value=2)
CODED = {"text": "x"}
