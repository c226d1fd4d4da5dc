"""For every invariant: a resource that breaks it and nothing else, and the same put right."""

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


def _timing(**repeat: Any) -> Resource:
    return basic({"valueTiming": {"repeat": repeat}})


def _allergy(verification: str, **members: Any) -> Resource:
    status = {"coding": [{"system": HL7 + "allergyintolerance-verification", "code": verification}]}
    return {"resourceType": "AllergyIntolerance", "patient": SUBJECT, "verificationStatus": status, **members}


def _clinical(list_name: str, code: str) -> Resource:
    return {"coding": [{"system": HL7 + list_name, "code": code}]}


def _condition(**members: Any) -> Resource:
    return {"resourceType": "Condition", "subject": SUBJECT, **members}


def _appointment(status: str = "booked", **members: Any) -> Resource:
    times = {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z"}
    participant = [{"actor": SUBJECT, "status": "accepted"}]
    return {"resourceType": "Appointment", "status": status, "participant": participant, **times, **members}


def _observation(**members: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": UCUM, "code": "a"}]},
        **members,
    }


def _composition(**section: Any) -> Resource:
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026",
        "author": [SUBJECT],
        "title": "x",
        "section": [section],
    }


def _list(mode: str = "snapshot", **members: Any) -> Resource:
    return {"resourceType": "List", "status": "current", "mode": mode, **members}


def _bundle(kind: str = "collection", **members: Any) -> Resource:
    entry = [{"resource": {"resourceType": "Basic", "code": {"text": "x"}}}]
    return {"resourceType": "Bundle", "type": kind, "entry": entry, **members}


def _document(**members: Any) -> Resource:
    first = {
        "fullUrl": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11",
        "resource": _composition(text=narrative("x")),
    }
    first["resource"]["author"] = [{"display": "x"}]
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"}
    return (
        _bundle("document", entry=[first], identifier=identifier, timestamp="2026-01-01T10:00:00Z") | members
    )


def _container(inner: Resource, subject: str = "#a") -> Resource:
    return {
        "resourceType": "Basic",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        "contained": [inner],
    }


PATIENT = {"resourceType": "Patient", "id": "a"}
LOW, HIGH = quantity(value=1), quantity(value=2)
CODED = {"text": "x"}

# id: (a resource that breaks it, the same put right)
CASES: dict[str, tuple[Resource, Resource]] = {
    "ext-1": (
        basic({"valueString": "x", "extension": [{"url": OTHER_EXTENSION, "valueBoolean": True}]}),
        basic({"extension": [{"url": OTHER_EXTENSION, "valueBoolean": True}]}),
    ),
    "per-1": (
        basic({"valuePeriod": {"start": "2026-01-01T12:00:00+02:00", "end": "2026-01-01T09:59:59Z"}}),
        basic({"valuePeriod": {"start": "2026-01-01T12:00:00+02:00", "end": "2026-01-01T10:00:00Z"}}),
    ),
    "qty-3": (
        basic({"valueQuantity": {"code": "kg"}}),
        basic({"valueQuantity": {"code": "kg", "system": UCUM}}),
    ),
    "sqty-1": (
        basic({"valueRange": {"low": quantity(comparator="<")}}),
        basic({"valueRange": {"low": quantity()}}),
    ),
    "age-1": (
        basic({"valueAge": quantity(value=-1, code="a")}),
        basic({"valueAge": quantity(value=1, code="a")}),
    ),
    "dis-1": (basic({"valueDistance": {"value": 1}}), basic({"valueDistance": quantity(code="m")})),
    "drt-1": (
        basic({"valueDuration": {"code": "d", "system": UCUM}}),
        basic({"valueDuration": quantity(code="d")}),
    ),
    "cnt-3": (basic({"valueCount": quantity(code="1")}), basic({"valueCount": quantity(value=2, code="1")})),
    "rng-2": (
        basic({"valueRange": {"low": HIGH, "high": LOW}}),
        basic({"valueRange": {"low": LOW, "high": HIGH}}),
    ),
    "rat-1": (
        basic({"valueRatio": {"numerator": LOW}}),
        basic({"valueRatio": {"numerator": LOW, "denominator": HIGH}}),
    ),
    "att-1": (
        basic({"valueAttachment": {"data": "SGVp"}}),
        basic({"valueAttachment": {"data": "SGVp", "contentType": "text/plain"}}),
    ),
    "cpt-2": (
        basic({"valueContactPoint": {"value": "22000000"}}),
        basic({"valueContactPoint": {"value": "22000000", "system": "phone"}}),
    ),
    "exp-1": (
        basic({"valueExpression": {"language": "text/fhirpath"}}),
        basic({"valueExpression": {"language": "text/fhirpath", "expression": "true"}}),
    ),
    "drq-1": (
        basic(
            {"valueDataRequirement": {"type": "Patient", "codeFilter": [{"valueSet": "http://example.org"}]}}
        ),
        basic({"valueDataRequirement": {"type": "Patient", "codeFilter": [{"path": "code"}]}}),
    ),
    "tim-1": (_timing(duration=1), _timing(duration=1, durationUnit="h")),
    "tim-2": (_timing(period=1), _timing(period=1, periodUnit="d")),
    "tim-4": (_timing(duration=-1, durationUnit="h"), _timing(duration=0, durationUnit="h")),
    "tim-5": (_timing(period=-1, periodUnit="h"), _timing(period=0, periodUnit="h")),
    "tim-6": (_timing(periodMax=2, periodUnit="d"), _timing(periodMax=2, period=1, periodUnit="d")),
    "tim-7": (_timing(durationMax=2, durationUnit="d"), _timing(durationMax=2, duration=1, durationUnit="d")),
    "tim-8": (_timing(countMax=2), _timing(countMax=2, count=1)),
    "tim-9": (_timing(offset=5, when=["C"]), _timing(offset=5, when=["AC"])),
    "tim-10": (_timing(timeOfDay=["10:00:00"], when=["AC"]), _timing(timeOfDay=["10:00:00"])),
    "ait-1": (
        _allergy("confirmed"),
        _allergy("confirmed", clinicalStatus=_clinical("allergyintolerance-clinical", "active")),
    ),
    "ait-2": (
        _allergy("entered-in-error", clinicalStatus=_clinical("allergyintolerance-clinical", "active")),
        _allergy("entered-in-error"),
    ),
    "app-1": (_appointment(participant=[{"status": "accepted"}]), _appointment()),
    "app-2": ({k: v for k, v in _appointment("proposed").items() if k != "end"}, _appointment("proposed")),
    "app-3": (
        {k: v for k, v in _appointment("booked").items() if k not in ("start", "end")},
        {k: v for k, v in _appointment("proposed").items() if k not in ("start", "end")},
    ),
    "app-4": (_appointment(cancelationReason=CODED), _appointment("cancelled", cancelationReason=CODED)),
    "apr-1": (
        {
            "resourceType": "AppointmentResponse",
            "appointment": {"reference": "Appointment/1"},
            "participantStatus": "accepted",
        },
        {
            "resourceType": "AppointmentResponse",
            "appointment": {"reference": "Appointment/1"},
            "participantStatus": "accepted",
            "actor": SUBJECT,
        },
    ),
    "sev-1": (
        {
            "resourceType": "AuditEvent",
            "type": {"code": "rest"},
            "recorded": "2026-01-01T10:00:00Z",
            "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
            "entity": [{"name": "x", "query": "SGVp"}],
        },
        {
            "resourceType": "AuditEvent",
            "type": {"code": "rest"},
            "recorded": "2026-01-01T10:00:00Z",
            "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
            "entity": [{"name": "x"}],
        },
    ),
    "cpl-3": (
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": SUBJECT,
            "activity": [{"detail": {"status": "completed"}, "reference": {"reference": "Task/1"}}],
        },
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": SUBJECT,
            "activity": [{"detail": {"status": "completed"}}],
        },
    ),
    "cmp-1": (_composition(title="x"), _composition(title="x", text=narrative("x"))),
    "cmp-2": (
        _composition(entry=[SUBJECT], emptyReason=_clinical("list-empty-reason", "nilknown")),
        _composition(text=narrative("x"), emptyReason=_clinical("list-empty-reason", "nilknown")),
    ),
    "con-1": (_condition(stage=[{"type": CODED}]), _condition(stage=[{"type": CODED, "summary": CODED}])),
    "con-2": (
        _condition(
            evidence=[{"id": "a", "extension": [{"url": "http://example.org/x", "valueString": "x"}]}]
        ),
        _condition(evidence=[{"code": [CODED]}]),
    ),
    "con-3": (
        _condition(category=[_clinical("condition-category", "problem-list-item")]),
        _condition(category=[_clinical("condition-category", "encounter-diagnosis")]),
    ),
    "con-4": (
        _condition(abatementString="x", clinicalStatus=_clinical("condition-clinical", "active")),
        _condition(abatementString="x", clinicalStatus=_clinical("condition-clinical", "resolved")),
    ),
    "con-5": (
        _condition(
            clinicalStatus=_clinical("condition-clinical", "active"),
            verificationStatus=_clinical("condition-ver-status", "entered-in-error"),
        ),
        _condition(verificationStatus=_clinical("condition-ver-status", "entered-in-error")),
    ),
    "ppc-1": (
        {"resourceType": "Consent", "status": "active", "scope": CODED, "category": [CODED]},
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": CODED,
            "category": [CODED],
            "policyRule": CODED,
        },
    ),
    "fhs-1": (
        {
            "resourceType": "FamilyMemberHistory",
            "status": "completed",
            "patient": SUBJECT,
            "relationship": CODED,
            "ageString": "x",
            "bornString": "x",
        },
        {
            "resourceType": "FamilyMemberHistory",
            "status": "completed",
            "patient": SUBJECT,
            "relationship": CODED,
        },
    ),
    "fhs-2": (
        {
            "resourceType": "FamilyMemberHistory",
            "status": "completed",
            "patient": SUBJECT,
            "relationship": CODED,
            "estimatedAge": True,
        },
        {
            "resourceType": "FamilyMemberHistory",
            "status": "completed",
            "patient": SUBJECT,
            "relationship": CODED,
            "estimatedAge": True,
            "ageString": "x",
        },
    ),
    "gol-1": (
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": CODED,
            "subject": SUBJECT,
            "target": [{"detailString": "x"}],
        },
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": CODED,
            "subject": SUBJECT,
            "target": [{"detailString": "x", "measure": CODED}],
        },
    ),
    "grp-1": (
        {"resourceType": "Group", "type": "person", "actual": False, "member": [{"entity": SUBJECT}]},
        {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": SUBJECT}]},
    ),
    "imm-1": (
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": CODED,
            "patient": SUBJECT,
            "occurrenceString": "x",
            "education": [{"publicationDate": "2026"}],
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": CODED,
            "patient": SUBJECT,
            "occurrenceString": "x",
            "education": [{"documentType": "x"}],
        },
    ),
    "lst-1": (_list(entry=[{"item": SUBJECT}], emptyReason=CODED), _list(emptyReason=CODED)),
    "lst-2": (
        _list(entry=[{"item": SUBJECT, "deleted": True}]),
        _list("changes", entry=[{"item": SUBJECT, "deleted": True}]),
    ),
    "lst-3": (
        _list(entry=[{"item": SUBJECT, "date": "2026"}]),
        _list("working", entry=[{"item": SUBJECT, "date": "2026"}]),
    ),
    "mad-1": (
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationCodeableConcept": CODED,
            "subject": SUBJECT,
            "effectiveDateTime": "2026",
            "dosage": {"text": "x"},
        },
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationCodeableConcept": CODED,
            "subject": SUBJECT,
            "effectiveDateTime": "2026",
            "dosage": {"text": "x", "dose": LOW},
        },
    ),
    "mdd-1": (
        {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "medicationCodeableConcept": CODED,
            "whenPrepared": "2026-02",
            "whenHandedOver": "2026-01-31",
        },
        {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "medicationCodeableConcept": CODED,
            "whenPrepared": "2026-02",
            "whenHandedOver": "2026-02-01",
        },
    ),
    "nor-1": (
        {
            "resourceType": "NutritionOrder",
            "status": "active",
            "intent": "order",
            "patient": SUBJECT,
            "dateTime": "2026",
        },
        {
            "resourceType": "NutritionOrder",
            "status": "active",
            "intent": "order",
            "patient": SUBJECT,
            "dateTime": "2026",
            "oralDiet": {"instruction": "x"},
        },
    ),
    "obs-3": (_observation(referenceRange=[{"type": CODED}]), _observation(referenceRange=[{"text": "x"}])),
    "obs-6": (_observation(dataAbsentReason=CODED, valueString="x"), _observation(dataAbsentReason=CODED)),
    "obs-7": (
        _observation(valueString="x", component=[{"code": {"coding": [{"system": UCUM, "code": "a"}]}}]),
        _observation(valueString="x", component=[{"code": {"coding": [{"system": UCUM, "code": "b"}]}}]),
    ),
    "org-1": (
        {"resourceType": "Organization", "active": True},
        {"resourceType": "Organization", "name": "x"},
    ),
    "org-2": (
        {"resourceType": "Organization", "name": "x", "address": [{"use": "home"}]},
        {"resourceType": "Organization", "name": "x", "address": [{"use": "work"}]},
    ),
    "org-3": (
        {"resourceType": "Organization", "name": "x", "telecom": [{"use": "home"}]},
        {"resourceType": "Organization", "name": "x", "telecom": [{"use": "work"}]},
    ),
    "inv-1-parameters": (
        {"resourceType": "Parameters", "parameter": [{"name": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "x", "valueBoolean": True}]},
    ),
    "inv-1-task": (
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "authoredOn": "2026",
            "lastModified": "2025",
        },
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "authoredOn": "2026",
            "lastModified": "2026",
        },
    ),
    "pat-1": (
        {"resourceType": "Patient", "contact": [{"gender": "male"}]},
        {"resourceType": "Patient", "contact": [{"gender": "male", "name": {"text": "x"}}]},
    ),
    "qrs-1": (
        {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": [{"linkId": "1", "answer": [{"valueBoolean": True}], "item": [{"linkId": "2"}]}],
        },
        {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": [{"linkId": "1", "item": [{"linkId": "2"}]}],
        },
    ),
    "rqg-1": (
        {"resourceType": "RequestGroup", "status": "active", "intent": "order", "action": [{"title": "x"}]},
        {
            "resourceType": "RequestGroup",
            "status": "active",
            "intent": "order",
            "action": [{"resource": {"reference": "Task/1"}}],
        },
    ),
    "prr-1": (
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": SUBJECT,
            "orderDetail": [CODED],
        },
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": SUBJECT,
            "orderDetail": [CODED],
            "code": CODED,
        },
    ),
    "bdl-1": (_bundle(total=1), _bundle("searchset", total=1)),
    "bdl-2": (
        _bundle(entry=[{"resource": PATIENT, "search": {"mode": "match"}}]),
        _bundle("searchset", entry=[{"resource": PATIENT, "search": {"mode": "match"}}]),
    ),
    "bdl-3": (_bundle("batch"), _bundle("batch", entry=[{"request": {"method": "GET", "url": "Patient/1"}}])),
    "bdl-4": (
        _bundle("batch-response"),
        _bundle("batch-response", entry=[{"response": {"status": "200 OK"}}]),
    ),
    "bdl-5": (
        _bundle(entry=[{"fullUrl": "https://example.org/x"}]),
        _bundle(entry=[{"fullUrl": "https://example.org/x", "resource": PATIENT}]),
    ),
    "bdl-8": (
        _bundle(entry=[{"fullUrl": "https://example.org/Patient/a/_history/1", "resource": PATIENT}]),
        _bundle(entry=[{"fullUrl": "https://example.org/Patient/a", "resource": PATIENT}]),
    ),
    "bdl-9": (_document(identifier={"value": "x"}), _document()),
    "bdl-10": ({k: v for k, v in _document().items() if k != "timestamp"}, _document()),
    "bdl-11": (
        _document(entry=[{"fullUrl": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11", "resource": PATIENT}]),
        _document(),
    ),
    "dom-2": (
        _container(
            {
                **PATIENT,
                "contained": [{**PATIENT, "id": "b"}],
                "link": [{"other": {"reference": "#b"}, "type": "refer"}],
            }
        ),
        _container(PATIENT),
    ),
    "dom-3": (
        {"resourceType": "Basic", "code": {"text": "x"}, "contained": [PATIENT]},
        {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "contained": [{**PATIENT, "link": [{"other": {"reference": "#"}, "type": "refer"}]}],
        },
    ),
    "dom-4": (
        _container({**PATIENT, "meta": {"versionId": "1"}}),
        _container({**PATIENT, "meta": {"source": "urn:x"}}),
    ),
    "dom-5": (_container({**PATIENT, "meta": {"security": [{"code": "x"}]}}), _container(PATIENT)),
    "ref-1": (
        {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "#b"}},
        _container({**PATIENT, "id": "b"}, "#b"),
    ),
}
