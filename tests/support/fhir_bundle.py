"""A rich message Bundle, composed by hand: what a municipality tells a hospital about a patient who was admitted.

People and organisations are made up; the identity number is synthetic (month + 80). `rich_bundle()` has 30 resources of
many types and returns new objects at every call, so a test may change what it gets.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from gateway.fhir.canonical import EXACT, PRESENT, code_system

Resource = dict[str, Any]

HL7 = "http://terminology.hl7.org/CodeSystem/"
IDENTITY_NUMBER = "15833810178"
_NAMESPACE = uuid.UUID("6f1c2f5e-0d0f-5d6e-9c55-2a7b0c9d1e11")


def full_url(name: str) -> str:
    """The fullUrl of the entry called `name` in the builder."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"


def reference(name: str, display: str | None = None) -> Resource:
    """A reference to the entry called `name`."""
    return {"reference": full_url(name)} | ({"display": display} if display else {})


def concept(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept with one coding and its text."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def national(number: int, code: str, display: str) -> Resource:
    """A CodeableConcept of a national code list."""
    return concept(code_system(number), code, display)


def narrative(*paragraphs: str) -> Resource:
    """A generated narrative."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}


def bundle_of(resources: dict[str, Resource]) -> Resource:
    """A message Bundle with one entry for each named resource."""
    entries = [{"fullUrl": full_url(name), "resource": resource} for name, resource in resources.items()]
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid5(_NAMESPACE, "bundle")),
        "identifier": {"system": "urn:ietf:rfc:3986", "value": full_url("message")},
        "type": "message",
        "timestamp": "2026-03-09T10:15:30+01:00",
        "entry": entries,
    }


def rich_bundle() -> Resource:
    """The Bundle of 30 resources."""
    return bundle_of({**_people(), **_plan(), **_health(), **_function(), **_documents()})


def _people() -> dict[str, Resource]:
    return {
        "header": {
            "resourceType": "MessageHeader",
            "eventCoding": {
                "system": code_system(8279),
                "code": "INNLEGGELSESRAPPORT",
                "display": "Innleggelsesrapport",
            },
            "destination": [
                {
                    "name": "Fjordvik sykehus",
                    "endpoint": "urn:oid:2.16.578.1.12.4.1.2.8091234",
                    "receiver": reference("ward"),
                }
            ],
            "sender": reference("service"),
            "author": reference("nurse-role"),
            "source": {
                "name": "Tindevik omsorgsjournal",
                "software": "Prøve-EPJ",
                "endpoint": "https://epj.tindevik.example",
            },
            "focus": [reference("report")],
        },
        "patient": {
            "resourceType": "Patient",
            "id": "pasient-1",
            "text": narrative("Solveig Prøvesen, født 15. mars 1938"),
            "identifier": [
                {"use": "official", "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": IDENTITY_NUMBER}
            ],
            "name": [{"use": "official", "family": "Prøvesen", "given": ["Solveig", "Mari"]}],
            "telecom": [{"system": "phone", "value": "+47 22 00 00 01", "use": "home"}],
            "gender": "female",
            "birthDate": "1938-03-15",
            "_birthDate": {"extension": [{"url": EXACT, "valueString": "1938-03-15"}]},
            "address": [
                {
                    "use": "home",
                    "line": ["Øvre Åsvei 4 B"],
                    "city": "Tindevik",
                    "postalCode": "9999",
                    "country": "NO",
                }
            ],
            "maritalStatus": concept(HL7 + "v3-MaritalStatus", "W", "Widowed"),
            "communication": [{"language": concept(code_system(3303), "no", "Norsk"), "preferred": True}],
            "generalPractitioner": [
                {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8090001"}}
            ],
        },
        "daughter": {
            "resourceType": "RelatedPerson",
            "patient": reference("patient"),
            "relationship": [national(9033, "BRN", "Barn"), national(9050, "1", "Nærmeste pårørende")],
            "name": [
                {
                    "family": "Prøvesen",
                    "given": ["Tiril", None],
                    "_given": [None, {"extension": [{"url": PRESENT, "valueBoolean": True}]}],
                }
            ],
            "telecom": [{"system": "phone", "value": "+47 90 00 00 02", "rank": 1}],
        },
        "municipality": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999999999"}],
            "name": "Tindevik kommune",
        },
        "service": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8095678"}],
            "name": "Hjemmetjenesten sone øst",
            "partOf": reference("municipality"),
        },
        "hospital": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8091000"}],
            "name": "Fjordvik sykehus",
        },
        "ward": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8091234"}],
            "name": "Medisinsk sengepost",
            "partOf": reference("hospital"),
        },
        "nurse": {
            "resourceType": "Practitioner",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9999991"}],
            "name": [{"family": "Eksempelstad", "given": ["Bård"]}],
        },
        "nurse-role": {
            "resourceType": "PractitionerRole",
            "practitioner": reference("nurse"),
            "organization": reference("service"),
            "code": [national(9034, "1", "Primærkontakt")],
            "telecom": [{"system": "phone", "value": "+47 22 00 00 03", "use": "work"}],
        },
    }


def _plan() -> dict[str, Resource]:
    return {
        "stay": {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"system": HL7 + "v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
            "subject": reference("patient"),
            "period": {"start": "2026-03-08T22:40:00+01:00"},
            "serviceProvider": reference("hospital"),
            "diagnosis": [{"condition": reference("heart-failure"), "rank": 1}],
        },
        "plan": {
            "resourceType": "CarePlan",
            "text": narrative("Tiltaksplan for Solveig", "Målet er å komme hjem &amp; klare seg selv."),
            "status": "active",
            "intent": "plan",
            "title": "Tiltaksplan",
            "subject": reference("patient"),
            "encounter": reference("stay"),
            "period": {"start": "2025-11-01", "end": "2026-06-30"},
            "created": "2025-11-01",
            "author": reference("nurse-role"),
            "addresses": [reference("heart-failure")],
            "goal": [reference("own-goal"), reference("weight-goal")],
            "activity": [
                {"reference": reference("home-nursing")},
                {
                    "detail": {
                        "status": "in-progress",
                        "description": "Daglig vekt før frokost",
                        "scheduledTiming": {
                            "repeat": {
                                "frequency": 1,
                                "period": 1,
                                "periodUnit": "d",
                                "timeOfDay": ["07:30:00"],
                            }
                        },
                    }
                },
            ],
            "note": [{"text": "Ønsker faste personer.", "time": "2026-03-09T09:00:00+01:00"}],
        },
        "own-goal": {
            "resourceType": "Goal",
            "text": narrative("Jeg vil kunne gå i butikken selv."),
            "lifecycleStatus": "active",
            "category": [{"text": "Hva er viktig for deg?"}],
            "description": {
                "text": "Jeg vil kunne gå i butikken selv, og ha kaffe klar når søsteren min kommer."
            },
            "subject": reference("patient"),
            "startDate": "2026-01-15",
            "expressedBy": reference("patient"),
        },
        "weight-goal": {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "category": [concept(HL7 + "goal-category", "nursing", "Nursing")],
            "description": {"text": "Stabil vekt"},
            "subject": reference("patient"),
            "target": [
                {
                    "measure": concept("http://loinc.org", "29463-7", "Body weight"),
                    "detailQuantity": _quantity("72.50", "kg"),
                    "dueDate": "2026-06-30",
                }
            ],
        },
        "home-nursing": {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "proposal",
            "code": national(9151, "15", "Helsetjenester i hjemmet"),
            "orderDetail": [{"text": "To besøk daglig"}],
            "quantityQuantity": {"value": Decimal("3.50"), "unit": "timer/uke"},
            "subject": reference("patient"),
        },
        "home-help": {
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "type": [national(9151, "1", "Praktisk bistand: daglige gjøremål")],
            "patient": reference("patient"),
            "managingOrganization": reference("service"),
            "period": {"start": "2025-02-01"},
        },
        "control": {
            "resourceType": "Appointment",
            "status": "booked",
            "description": "Kontroll ved hjertepoliklinikken",
            "start": "2026-04-02T10:00:00+02:00",
            "end": "2026-04-02T10:30:00+02:00",
            "participant": [{"actor": reference("patient"), "status": "accepted"}],
        },
    }


def _quantity(value: str, unit: str) -> Resource:
    return {"value": Decimal(value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _health() -> dict[str, Resource]:
    return {
        "heart-failure": {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"system": HL7 + "condition-clinical", "code": "active"}]},
            "category": [concept(HL7 + "condition-category", "problem-list-item", "Problem List Item")],
            "code": national(7110, "I50", "Hjertesvikt"),
            "subject": reference("patient"),
            "onsetDateTime": "2019-05",
        },
        "penicillin": {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"system": HL7 + "allergyintolerance-clinical", "code": "active"}]},
            "verificationStatus": {
                "coding": [{"system": HL7 + "allergyintolerance-verification", "code": "confirmed"}]
            },
            "criticality": "high",
            "code": concept("http://www.whocc.no/atc", "J01C", "Penicilliner"),
            "patient": reference("patient"),
            "reaction": [{"manifestation": [{"text": "Anafylaktisk reaksjon"}], "severity": "severe"}],
        },
        "furosemide": {
            "resourceType": "MedicationStatement",
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "medisin",
                    "code": concept("http://www.whocc.no/atc", "C03CA01", "Furosemid"),
                }
            ],
            "status": "active",
            "medicationReference": {"reference": "#medisin"},
            "subject": reference("patient"),
            "effectivePeriod": {"start": "2025-12-01"},
            "dosage": [
                {
                    "text": "1 tablett morgen og kveld",
                    "timing": {"repeat": {"boundsDuration": _quantity("30", "d"), "when": ["MORN", "EVE"]}},
                    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablett"}}],
                }
            ],
        },
        "paracetamol": {
            "resourceType": "MedicationStatement",
            "status": "unknown",
            "medicationCodeableConcept": {"text": "Paracetamol 500 mg"},
            "subject": reference("patient"),
            "dosage": [{"text": "Ved smerter, høyst 4 g i døgnet", "asNeededBoolean": True}],
        },
        "given": {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationCodeableConcept": {"text": "Furosemid 40 mg"},
            "subject": reference("patient"),
            "effectiveDateTime": "2026-03-08T20:00:00+01:00",
            "dosage": {"text": "1 tablett", "dose": _quantity("40", "mg")},
        },
        "no-resuscitation": {
            "resourceType": "Consent",
            "status": "active",
            "scope": concept(HL7 + "consentscope", "adr", "Advanced Care Directive"),
            "category": [{"text": "Reservasjon"}],
            "patient": reference("patient"),
            "policyRule": {"text": "Ønsker ikke gjenoppliving"},
        },
    }


def _function() -> dict[str, Resource]:
    resources: dict[str, Resource] = {}
    for code, name, score in (
        ("5", "Alminnelig husarbeid", "3"),
        ("7", "Personlig hygiene", "2"),
        ("13", "Syn", "1"),
    ):
        resources[f"function-{code}"] = {
            "resourceType": "Observation",
            "status": "final",
            "category": [concept(HL7 + "observation-category", "survey", "Survey")],
            "code": national(9111, code, name),
            "subject": reference("patient"),
            "effectiveDateTime": "2026-02-20",
            "valueCodeableConcept": national(9166 if code == "13" else 9165, score, f"Grad {score}"),
            "note": [{"text": "Vurdert hjemme."}],
        }
    resources["function"] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Funksjonsnivå"},
        "subject": reference("patient"),
        "dataAbsentReason": {"coding": [{"system": HL7 + "data-absent-reason", "code": "not-performed"}]},
        "hasMember": [reference("function-5"), reference("function-7"), reference("function-13")],
    }
    return resources


def _documents() -> dict[str, Resource]:
    return {
        "report": {
            "resourceType": "Composition",
            "status": "final",
            "type": national(9602, "A04-2", "Sykepleiesammenfatning"),
            "subject": reference("patient"),
            "encounter": reference("stay"),
            "date": "2026-03-09T10:00:00+01:00",
            "author": [reference("nurse-role")],
            "title": "Innleggelsesrapport",
            "section": [
                {"title": "Plan", "entry": [reference("plan"), reference("home-help"), reference("control")]},
                {
                    "title": "Legemidler",
                    "entry": [reference("furosemide"), reference("paracetamol"), reference("given")],
                },
                {
                    "title": "Observasjoner",
                    "text": narrative("Hovne ankler siste uke."),
                    "entry": [reference("function")],
                },
                {
                    "title": "Hjelpemidler",
                    "text": narrative("Ingen."),
                    "emptyReason": concept(HL7 + "list-empty-reason", "nilknown", "Nil Known"),
                },
            ],
        },
        "told": {
            "resourceType": "Communication",
            "status": "completed",
            "subject": reference("patient"),
            "sent": "2026-03-09T08:30:00+01:00",
            "recipient": [reference("daughter")],
            "payload": [{"contentString": "Datteren vet om innleggelsen."}],
        },
        "letter": {
            "resourceType": "Binary",
            "contentType": "text/plain",
            "data": "SGVpIGZyYSBoamVtbWV0amVuZXN0ZW4u",
        },
        "provenance": {
            "resourceType": "Provenance",
            "target": [reference("report")],
            "recorded": "2026-03-09T10:15:00.000+01:00",
            "activity": national(7309, "N", "Ny"),
            "agent": [{"who": reference("service")}],
        },
    }
