"""Twenty-five message Bundles that no e-message was before, by hand: every message type, from the least to the rich.

Each is what another system might send: other forms of reference, contained resources, codes and displays of other code
systems, and content that PLO has no element for. People, places and numbers are made up, identity numbers synthetic.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from gateway.fhir.canonical import code_system
from tests.support.born import PATIENT, RECEIVER, SENDER, message

Json = dict[str, Any]
HL7 = "http://terminology.hl7.org/CodeSystem"
SNOMED, LOINC, ATC = "http://snomed.info/sct", "http://loinc.org", "http://www.whocc.no/atc"
ABOUT = {"subject": {"reference": PATIENT}}
OF = {"patient": {"reference": PATIENT}}
BUNDLES: dict[str, Callable[[], Json]] = {}
"""Name → the Bundle, made anew at each call."""


def written(make: Callable[[], Json]) -> Callable[[], Json]:
    BUNDLES[make.__name__] = make
    return make


def coded(system: str, code: str, display: str | None = None, text: str | None = None) -> Json:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def national(code_set: str, code: str, display: str | None = None) -> Json:
    return coded(code_system(code_set), code, display)


def stay(status: str = "in-progress", **more: Any) -> Json:
    kind = {"system": f"{HL7}/v3-ActCode", "code": "IMP"}
    found = {"resourceType": "Encounter", "status": status, "class": kind, **ABOUT}
    return {**found, "period": {"start": "2026-03-08T11:40:00+01:00"}, **more}


def event(code: str, when: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": national("9121", code),
        **ABOUT,
        "effectiveDateTime": when,
    }


def service(text: str, **more: Any) -> Json:
    return {"resourceType": "EpisodeOfCare", "status": "active", **OF, "type": [{"text": text}], **more}


def with_id(bundle: Json, kind: str, identity: str) -> Json:
    """The Bundle with an id on its first resource of a type."""
    entry = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    entry["resource"]["id"] = identity
    return entry  # type: ignore[no-any-return]


# logistics


@written
def admitted_least() -> Json:
    """A stay, and nothing else."""
    return message("LOG_INNLAGT", [stay()])


@written
def ready_with_observation() -> Json:
    """When the patient was ready stands in an Observation."""
    return message("LOG_UTSKRIVNINGSKLAR", [stay(), event("3", "2026-03-11T09:15:00+01:00")])


@written
def ready_withdrawn() -> Json:
    """Withdrawn again; the reason is a note."""
    off = event("4", "2026-03-11T15:30:00+01:00") | {"note": [{"text": "Ny feber i natt"}]}
    return message("LOG_AVMELDING", [stay(), event("3", "2026-03-11T09:15:00+01:00"), off])


@written
def discharged_home() -> Json:
    """HL7's code for where to."""
    period = {"start": "2026-03-08T11:40:00+01:00", "end": "2026-03-12T12:00:00+01:00"}
    where = coded(f"{HL7}/discharge-disposition", "home", "Home")
    return message(
        "LOG_UTSKREVET", [stay("finished", period=period, hospitalization={"dischargeDisposition": where})]
    )


@written
def discharged_to_nursing_home() -> Json:
    """The national code, and what PLO has no element for."""
    period = {"start": "2026-03-08", "end": "2026-03-12T12:00:00+01:00"}
    more = {
        "dischargeDisposition": national("8408", "11", "Sykehjem/aldershjem/helsehus"),
        "dietPreference": [{"text": "Glutenfri kost"}],
    }
    return message("LOG_UTSKREVET", [stay("finished", period=period, hospitalization=more)])


@written
def died() -> Json:
    """The time of death stands in the Patient."""
    made = message("LOG_DOD", [stay("finished")])
    made["entry"][1]["resource"]["deceasedDateTime"] = "2026-03-12T04:10:00+01:00"
    return made


@written
def admission_taken_back() -> Json:
    """Entered in error: a cancellation of an earlier message."""
    made = message("LOG_INNLAGT", [stay("entered-in-error")])
    made["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": parent("removal")}
    )
    return made


def parent(role: str) -> Json:
    value = "urn:uuid:3f0c0b1e-0000-4000-8000-00000000babe"
    what = {"identifier": {"system": "urn:ietf:rfc:3986", "value": value}}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": "urn:uuid:3f0c0b1e-0000-4000-8000-000000000004"}],
        "recorded": "2026-03-12T10:00:00+01:00",
        "agent": [{"who": {"reference": SENDER}}],
        "entity": [{"role": role, "what": what}],
    }


# the admission report


@written
def report_goals_and_activities() -> Json:
    """A plan whose activities stand inside it, with goals of the personnel and of the patient."""
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "title": "Tilbake til egen bolig",
        "description": "Planen ble laget sammen med Solveig og søsteren.",
        **ABOUT,
        "goal": [{"reference": "Goal/maal-1"}, {"reference": "Goal/maal-2"}],
        "activity": [
            {
                "detail": {
                    "status": "in-progress",
                    "description": "Trappetrening med fysioterapeut",
                    "scheduledPeriod": {"start": "2026-03-10"},
                    "performer": [{"display": "Fysioterapeut Siv Li"}],
                }
            },
            {
                "progress": [{"text": "Klarer to trinn", "time": "2026-03-11"}],
                "detail": {
                    "status": "on-hold",
                    "code": coded(SNOMED, "229065009", "Exercise therapy"),
                    "doNotPerform": True,
                    "description": "Styrketrening til såret er grodd",
                },
            },
        ],
    }
    of_staff = {
        "resourceType": "Goal",
        "id": "maal-1",
        "lifecycleStatus": "active",
        "description": {"text": "Går sikkert med rullator innendørs"},
        **ABOUT,
        "target": [{"dueDate": "2026-04-01", "measure": coded(LOINC, "55423-8", "Number of steps")}],
        "achievementStatus": coded(f"{HL7}/goal-achievement", "improving", "Improving"),
        "note": [{"text": "Redd for å falle", "authorString": "Sykepleier Per"}],
    }
    own = {
        "resourceType": "Goal",
        "id": "maal-2",
        "lifecycleStatus": "active",
        "description": {"text": "Jeg vil koke kaffe til søsteren min selv."},
        **ABOUT,
        "expressedBy": {"reference": PATIENT},
        "startDate": "2026-03-09",
    }
    return message("INNLEGGELSESRAPPORT", [plan, of_staff, own])


@written
def report_allergies() -> Json:
    """How grave, what happened, refuted, not confirmed, without a text."""
    clinical = f"{HL7}/allergyintolerance-clinical"
    sure = f"{HL7}/allergyintolerance-verification"
    grave = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded(clinical, "active"),
        "verificationStatus": coded(sure, "confirmed"),
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": coded(SNOMED, "91936005", "Allergy to penicillin"),
        **OF,
        "reaction": [
            {
                "manifestation": [coded(SNOMED, "39579001", "Anaphylaxis"), {"text": "Hevelse i halsen"}],
                "severity": "severe",
                "onset": "2019-07-01",
                "description": "Ble lagt på intensivavdelingen",
            }
        ],
        "note": [{"text": "Bærer armbånd"}],
    }
    refuted = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded(clinical, "inactive"),
        "verificationStatus": coded(sure, "refuted"),
        "code": {"text": "Jordnøtt"},
        **OF,
    }
    unsure = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded(clinical, "active"),
        "verificationStatus": coded(sure, "unconfirmed"),
        "code": {"text": "Plaster"},
        **OF,
    }
    return message("INNLEGGELSESRAPPORT", [grave, refuted, unsure])


@written
def report_medications() -> Json:
    """Stopped, on hold, not taken; contained, coded, by prescription; dosage that is not only text."""
    base = {"resourceType": "MedicationStatement", **ABOUT}
    taken = {
        **base,
        "status": "active",
        "contained": [
            {
                "resourceType": "Medication",
                "id": "m",
                "code": coded(ATC, "C07AB02", "metoprolol", "Selo-Zok depottab 50 mg"),
            }
        ],
        "medicationReference": {"reference": "#m"},
        "dosage": [
            {
                "text": "1 tablett morgen",
                "patientInstruction": "Svelges hel",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablett"}}],
            }
        ],
    }
    stopped = {
        **base,
        "status": "stopped",
        "medicationCodeableConcept": coded(ATC, "B01AA03", "warfarin"),
        "statusReason": [{"text": "Blødning"}],
    }
    resting = {**base, "status": "on-hold", "medicationCodeableConcept": {"text": "Metformin 500 mg"}}
    refused = {
        **base,
        "status": "not-taken",
        "medicationCodeableConcept": {"text": "Simvastatin"},
        "reasonCode": [{"text": "Vil ikke ha den"}],
    }
    ordered = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        **ABOUT,
        "medicationCodeableConcept": {"text": "Paracetamol 1 g"},
        "dosageInstruction": [{"text": "Inntil 4 ganger daglig", "asNeededBoolean": True}],
        "requester": {"display": "Lege Nina Berg"},
    }
    return message("INNLEGGELSESRAPPORT", [taken, stopped, resting, refused, ordered])


@written
def report_people() -> Json:
    """Next of kin inside the Patient and beside it; names as text; foreign codes for who is who."""
    made = message(
        "INNLEGGELSESRAPPORT",
        [
            {
                "resourceType": "RelatedPerson",
                "active": False,
                **OF,
                "relationship": [coded(f"{HL7}/v3-RoleCode", "SIS", "sister")],
                "name": [{"text": "Gunn Tuvalind"}],
                "telecom": [{"system": "phone", "value": "+4790000001", "use": "mobile"}],
                "address": [{"line": ["Bakkegata 3", "H0201"], "postalCode": "9900", "city": "Tindevik"}],
            },
            {
                "resourceType": "RelatedPerson",
                **OF,
                "relationship": [national("9033", "PA", "Partner")],
                "name": [{"family": "Prøvesen", "given": ["Odd", "Arne"]}],
            },
        ],
    )
    made["entry"][1]["resource"]["contact"] = [
        {
            "relationship": [{"text": "Nabo"}],
            "name": {"family": "Granli", "given": ["Eva"]},
            "telecom": [{"system": "phone", "value": "+4790000002"}],
        }
    ]
    return made


@written
def report_function_and_findings() -> Json:
    """Function by the national set; findings that PLO has no element for."""
    base = {"resourceType": "Observation", "status": "final", **ABOUT}
    function = {
        **base,
        "code": national("9111", "1"),
        "valueInteger": 3,
        "bodySite": {"text": "venstre side"},
    }
    weight = {
        **base,
        "code": coded(LOINC, "29463-7", "Body weight"),
        "valueQuantity": {"value": 51.4, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "effectiveDateTime": "2026-03-08T12:00:00Z",
        "interpretation": [coded(f"{HL7}/v3-ObservationInterpretation", "L", "Low")],
    }
    pressure = {
        **base,
        "status": "preliminary",
        "code": {"text": "Blodtrykk"},
        "component": [
            {"code": {"text": "Systolisk"}, "valueQuantity": {"value": 92, "unit": "mmHg"}},
            {"code": {"text": "Diastolisk"}, "dataAbsentReason": {"text": "Ikke målt"}},
        ],
    }
    return message("INNLEGGELSESRAPPORT", [function, weight, pressure])


@written
def report_by_a_rest_server() -> Json:
    """Absolute addresses, versioned references, and one to another server."""
    made = message(
        "INNLEGGELSESRAPPORT",
        [
            {
                "resourceType": "Condition",
                "code": coded("http://hl7.org/fhir/sid/icd-10-no", "I50.9", "Hjertesvikt"),
                "clinicalStatus": coded(f"{HL7}/condition-clinical", "resolved"),
                "severity": {"text": "Alvorlig"},
                "subject": {"reference": "Patient/p1/_history/4"},
                "asserter": {"reference": "https://annet.example/fhir/Practitioner/9", "display": "Lege Ida"},
                "onsetDateTime": "2021",
                "note": [{"text": "Kjent fra før"}, {"text": "Sist innlagt i januar"}],
            }
        ],
    )
    for entry, address in zip(
        made["entry"], ("MessageHeader/h", "Patient/p1", "Organization/o1", "Organization/o2"), strict=False
    ):
        entry["fullUrl"] = f"https://epj.example/fhir/{address}"
        entry["resource"]["id"] = address.partition("/")[2]
    header = made["entry"][0]["resource"]
    header["sender"] = {"reference": "Organization/o1"}
    header["destination"][0]["receiver"] = {"reference": "https://epj.example/fhir/Organization/o2"}
    return made


@written
def report_with_narrative() -> Json:
    """A Composition of LOINC sections: some only narrative, some with entries."""
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": coded(LOINC, "34133-9", "Summarization of episode note"),
        **ABOUT,
        "date": "2026-03-09T10:00:00+01:00",
        "author": [{"reference": SENDER}],
        "title": "Innleggelsesrapport",
        "section": [
            {
                "title": "Aktuell problemstilling",
                "text": {
                    "status": "additional",
                    "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Falt i går.</p><p>Smerter i hoften.</p></div>',
                },
            },
            {
                "title": "Tilstander",
                "code": coded(LOINC, "11450-4", "Problem list"),
                "entry": [{"reference": "urn:uuid:3f0c0b1e-0000-4000-8001-000000000001"}],
            },
        ],
    }
    condition = {"resourceType": "Condition", "code": {"text": "Hoftebrudd"}, **ABOUT}
    return message("INNLEGGELSESRAPPORT", [composition, condition])


# the discharge report


@written
def discharge_rich() -> Json:
    """Procedures, vaccination, family, diet, risk: text under their headings; appointments; aids; what was told."""
    people = {"resourceType": "Practitioner", "id": "lege", "name": [{"family": "Berg", "given": ["Nina"]}]}
    return message(
        "UTSKRIVNINGSRAPPORT",
        [
            stay("finished", period={"start": "2026-03-08", "end": "2026-03-12"}),
            people,
            {
                "resourceType": "Procedure",
                "status": "not-done",
                "code": coded(SNOMED, "52734007", "Total replacement of hip"),
                **ABOUT,
                "statusReason": {"text": "Pasienten ombestemte seg"},
            },
            {
                "resourceType": "Immunization",
                "status": "completed",
                "vaccineCode": {"text": "Influensavaksine"},
                **OF,
                "occurrenceDateTime": "2026-03-10",
                "lotNumber": "AB-17",
            },
            {
                "resourceType": "FamilyMemberHistory",
                "status": "completed",
                **OF,
                "relationship": {"text": "Mor"},
                "condition": [{"code": {"text": "Brystkreft"}, "onsetString": "44 år gammel"}],
            },
            {
                "resourceType": "Appointment",
                "status": "booked",
                "description": "Ortopedisk poliklinikk",
                "start": "2026-04-14T10:00:00+02:00",
                "end": "2026-04-14T10:30:00+02:00",
                "participant": [{"actor": {"reference": PATIENT}, "status": "accepted"}],
            },
            {
                "resourceType": "Appointment",
                "status": "cancelled",
                "description": "Røntgen",
                "comment": "Ikke nødvendig likevel",
                "participant": [{"actor": {"reference": PATIENT}, "status": "declined"}],
            },
            {
                "resourceType": "DeviceRequest",
                "status": "active",
                "intent": "order",
                "codeCodeableConcept": {"text": "Rullator"},
                **ABOUT,
                "note": [{"text": "Høyde 82 cm"}],
            },
            {
                "resourceType": "Communication",
                "status": "completed",
                "category": [national("9502", "A", "Annet")],
                **ABOUT,
                "sent": "2026-03-12",
                "payload": [{"contentString": "Fortalt om sårstell"}],
                "recipient": [{"reference": PATIENT}],
                "sender": {"reference": "Practitioner/lege"},
                "medium": [{"text": "Muntlig"}],
            },
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "proposal",
                "code": national("9151", "1"),
                **ABOUT,
                "priority": "urgent",
                "note": [{"text": "Daglig de første to ukene"}],
            },
        ],
    )


@written
def discharge_changed() -> Json:
    """A new version: amended, naming the first."""
    composition = {
        "resourceType": "Composition",
        "status": "amended",
        "type": coded(LOINC, "18842-5", "Discharge summary"),
        **ABOUT,
        "date": "2026-03-12T14:00:00+01:00",
        "author": [{"reference": SENDER}],
        "title": "Utskrivningsrapport",
        "relatesTo": [
            {
                "code": "replaces",
                "targetIdentifier": {
                    "system": "urn:ietf:rfc:3986",
                    "value": "urn:uuid:3f0c0b1e-0000-4000-8000-00000000babe",
                },
            }
        ],
    }
    return message(
        "UTSKRIVNINGSRAPPORT",
        [composition, stay(), {"resourceType": "Condition", "code": {"text": "Lungebetennelse"}, **ABOUT}],
    )


@written
def discharge_consent_and_flags() -> Json:
    """A reservation with what PLO demands, one without, and a flag."""
    whole = {
        "resourceType": "Consent",
        "status": "active",
        "scope": coded(f"{HL7}/consentscope", "patient-privacy"),
        "category": [{"text": "Reservasjon"}],
        **OF,
        "dateTime": "2026-03-09",
        "performer": [{"reference": PATIENT}],
        "policyRule": {"text": "Opplysninger til barna"},
        "provision": {"type": "deny"},
    }
    part = {**copy.deepcopy(whole), "policyRule": {"text": "Forskning"}}
    del part["dateTime"], part["performer"]
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "Fallfare"}, **ABOUT}
    return message("UTSKRIVNINGSRAPPORT", [whole, part, flag])


# notices, answers to doctors, services


@written
def notice_least() -> Json:
    """The 24-hour notice: only when the patient came."""
    return message("HELSEOPPL_SOKNAD", [stay()])


@written
def notice_with_reason() -> Json:
    """What kind of notice it is stands in the header; the patient's status and course as headed notes."""
    base = {"resourceType": "Observation", "status": "final", **ABOUT}
    made = message(
        "HELSEOPPL_SOKNAD",
        [
            stay(),
            {**base, "code": national("9145", "1", "Pasientens status"), "valueString": "Klar og orientert"},
            {**base, "code": national("9145", "2", "Antatt forløp"), "valueString": "Hjem om en uke"},
            {
                "resourceType": "CareTeam",
                "name": "Hoftelaget",
                **ABOUT,
                "participant": [{"member": {"display": "Ergoterapeut Liv"}}],
            },
        ],
    )
    made["entry"][0]["resource"]["reason"] = national("9140", "1", "Varsel om innlagt pasient")
    return made


@written
def doctor_asked() -> Json:
    """To the GP: impression, risk, nutrition."""
    return message(
        "HELSEOPPLYSNINGER_LEGE",
        [
            {
                "resourceType": "ClinicalImpression",
                "status": "completed",
                "description": "Mulig delir",
                **ABOUT,
                "effectiveDateTime": "2026-03-10",
                "summary": "Urolig om natten",
                "finding": [
                    {"itemCodeableConcept": {"text": "Forvirret"}, "basis": "Kjenner ikke igjen søsteren"}
                ],
            },
            {
                "resourceType": "RiskAssessment",
                "status": "final",
                **ABOUT,
                "prediction": [{"outcome": {"text": "Fall"}, "probabilityDecimal": 0.4}],
                "mitigation": "Sengehest",
            },
            {
                "resourceType": "NutritionOrder",
                "status": "active",
                "intent": "order",
                **OF,
                "dateTime": "2026-03-10",
                "oralDiet": {"type": [{"text": "Energirik kost"}], "instruction": "Små måltider"},
                "excludeFoodModifier": [{"text": "Nøtter"}],
            },
        ],
    )


@written
def doctor_reports() -> Json:
    """From the GP: laboratory results with an interpretation, and a medication list as a List."""
    row = {
        "resourceType": "MedicationStatement",
        "id": "rad",
        "status": "active",
        **ABOUT,
        "medicationCodeableConcept": {"text": "Levaxin 50"},
    }
    return message(
        "MEDISINSKE_OPPLYSNINGER",
        [
            {
                "resourceType": "List",
                "status": "current",
                "mode": "snapshot",
                "title": "Legemidler i bruk",
                **ABOUT,
                "entry": [{"item": {"reference": "MedicationStatement/rad"}}],
            },
            row,
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": coded(LOINC, "58410-2", "CBC panel"),
                **ABOUT,
                "conclusion": "Lav blodprosent, 9,1",
                "result": [{"display": "Hemoglobin 9,1 g/dL"}],
            },
        ],
    )


@written
def services_offered() -> Json:
    """To the GP: services in force, ended, and what PLO has no element for; a logical reference to the sender."""
    made = message(
        "ORIENTERING_TJENESTETILBUD",
        [
            service(
                "Hjemmesykepleie", period={"start": "2026-03-13"}, careManager={"display": "Koordinator Tor"}
            ),
            service("Trygghetsalarm", status="finished", period={"start": "2024-01-01", "end": "2026-03-01"}),
            service("Dagsenter", status="waitlist", diagnosis=[{"condition": {"display": "Demens"}}]),
        ],
    )
    header = made["entry"][0]["resource"]
    her = {"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8095678"}
    header["sender"] = {"identifier": her, "display": "Hjemmetjenesten sone øst"}
    made["entry"] = [e for e in made["entry"] if e["fullUrl"] != SENDER]
    return made


# dialogues


@written
def question() -> Json:
    """A question to the hospital, with what a question of PLO has no place for."""
    return message(
        "DIALOG_FORESPORSEL",
        [
            {
                "resourceType": "CommunicationRequest",
                "status": "active",
                "category": [national("9152", "1")],
                **ABOUT,
                "payload": [{"contentString": "Når kan stingene fjernes?"}],
                "requester": {"reference": SENDER},
                "recipient": [{"reference": RECEIVER}],
                "reasonCode": [{"text": "Mangler i rapporten"}],
                "statusReason": {"text": "Haster litt"},
            }
        ],
    )


@written
def answer() -> Json:
    """An answer with a note."""
    return message(
        "DIALOG_SVAR",
        [
            {
                "resourceType": "Communication",
                "status": "completed",
                "topic": {"text": "Sting"},
                **ABOUT,
                "sent": "2026-03-14T08:30:00+01:00",
                "payload": [{"contentString": "Etter 14 dager, hos fastlegen."}],
                "note": [{"text": "Gjelder også venstre side"}],
            }
        ],
    )


@written
def dialogue_between_professionals() -> Json:
    """Helsefaglig dialog: from a nurse, about a document."""
    nurse = {"resourceType": "Practitioner", "id": "per", "name": [{"text": "Per Vik"}]}
    note = {
        "resourceType": "Communication",
        "status": "completed",
        "category": [national("7321", "1")],
        **ABOUT,
        "sent": "2026-03-14T09:00:00+01:00",
        "payload": [{"contentString": "Kan dere se på såret i morgen?"}],
        "sender": {"reference": "Practitioner/per"},
        "reasonCode": [{"text": "Rødme rundt såret"}],
    }
    return message("DIALOG_HELSEFAGLIG", [note, nurse])
