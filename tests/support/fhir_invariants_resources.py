"""For every invariant of a resource type: a resource that breaks it and nothing else, and the same put right."""

from __future__ import annotations

from typing import Any

from tests.support.fhir_bundle import narrative
from tests.support.fhir_parts import (
    CODED,
    LOW,
    SUBJECT,
    UCUM,
    allergy,
    appointment,
    clinical,
    composition,
    condition,
    list_of,
    observation,
)

Resource = dict[str, Any]

# id: (a resource that breaks it, the same put right)
RESOURCES: dict[str, tuple[Resource, Resource]] = {
    "ait-1": (
        allergy("confirmed"),
        allergy("confirmed", clinicalStatus=clinical("allergyintolerance-clinical", "active")),
    ),
    "ait-2": (
        allergy("entered-in-error", clinicalStatus=clinical("allergyintolerance-clinical", "active")),
        allergy("entered-in-error"),
    ),
    "app-1": (appointment(participant=[{"status": "accepted"}]), appointment()),
    "app-2": ({k: v for k, v in appointment("proposed").items() if k != "end"}, appointment("proposed")),
    "app-3": (
        {k: v for k, v in appointment("booked").items() if k not in ("start", "end")},
        {k: v for k, v in appointment("proposed").items() if k not in ("start", "end")},
    ),
    "app-4": (appointment(cancelationReason=CODED), appointment("cancelled", cancelationReason=CODED)),
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
    "cmp-1": (composition(title="x"), composition(title="x", text=narrative("x"))),
    "cmp-2": (
        composition(entry=[SUBJECT], emptyReason=clinical("list-empty-reason", "nilknown")),
        composition(text=narrative("x"), emptyReason=clinical("list-empty-reason", "nilknown")),
    ),
    "con-1": (condition(stage=[{"type": CODED}]), condition(stage=[{"type": CODED, "summary": CODED}])),
    "con-2": (
        condition(evidence=[{"id": "a", "extension": [{"url": "http://example.org/x", "valueString": "x"}]}]),
        condition(evidence=[{"code": [CODED]}]),
    ),
    "con-3": (
        condition(category=[clinical("condition-category", "problem-list-item")]),
        condition(category=[clinical("condition-category", "encounter-diagnosis")]),
    ),
    "con-4": (
        condition(abatementString="x", clinicalStatus=clinical("condition-clinical", "active")),
        condition(abatementString="x", clinicalStatus=clinical("condition-clinical", "resolved")),
    ),
    "con-5": (
        condition(
            clinicalStatus=clinical("condition-clinical", "active"),
            verificationStatus=clinical("condition-ver-status", "entered-in-error"),
        ),
        condition(verificationStatus=clinical("condition-ver-status", "entered-in-error")),
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
    "lst-1": (list_of(entry=[{"item": SUBJECT}], emptyReason=CODED), list_of(emptyReason=CODED)),
    "lst-2": (
        list_of(entry=[{"item": SUBJECT, "deleted": True}]),
        list_of("changes", entry=[{"item": SUBJECT, "deleted": True}]),
    ),
    "lst-3": (
        list_of(entry=[{"item": SUBJECT, "date": "2026"}]),
        list_of("working", entry=[{"item": SUBJECT, "date": "2026"}]),
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
    "obs-3": (observation(referenceRange=[{"type": CODED}]), observation(referenceRange=[{"text": "x"}])),
    "obs-6": (observation(dataAbsentReason=CODED, valueString="x"), observation(dataAbsentReason=CODED)),
    "obs-7": (
        observation(valueString="x", component=[{"code": {"coding": [{"system": UCUM, "code": "a"}]}}]),
        observation(valueString="x", component=[{"code": {"coding": [{"system": UCUM, "code": "b"}]}}]),
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
}
