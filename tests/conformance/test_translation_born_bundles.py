"""Does any message that was born in FHIR become a valid message, with nothing silently missing, and stay the same?

Twenty-five Bundles written by hand (`tests/support/born_bundles.py`), Bundles made at random from the shapes of R4, and
Bundles of an e-message that were edited in FHIR.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir import tables
from gateway.fhir.canonical import code_system, extension_url
from gateway.fhir.validate import validate as validate_fhir
from gateway.translate import Translation, convert, facts_of
from tests.support import born_bundles as by_hand
from tests.support.born import (
    BODY_TYPES,
    LISTED,
    LOGISTICS,
    OTHERS,
    PATIENT,
    SENDER,
    Composer,
    Json,
    message,
    untold,
)
from tests.support.official import findings
from tests.support.translation import changes, leaves, to_fhir

NAMES = sorted(by_hand.BUNDLES)


def made(name: str) -> Json:
    return by_hand.BUNDLES[name]()


def texts(translation: Translation) -> list[str]:
    return [value for _, _, value in leaves(translation.data)]


def again(data: bytes, standard: str) -> bytes:
    return convert(to_fhir(data), standard).data


def kinds(translation: Translation) -> dict[str, str]:
    return {entry.source: entry.kind for entry in translation.loss.entries}


# by hand


def test_there_are_twenty_five_and_every_message_type_is_among_them() -> None:
    assert len(NAMES) == 25
    types = {made(name)["entry"][0]["resource"]["eventCoding"]["code"] for name in NAMES}
    assert types >= {*BODY_TYPES, *LOGISTICS, "DIALOG_FORESPORSEL", "DIALOG_SVAR", "DIALOG_HELSEFAGLIG"}


@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_is_sound(name: str) -> None:
    assert [found for found in validate_fhir(made(name)) if found.severity == "error"] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_by_the_official_schema(name: str, standards: Path) -> None:
    found = convert(made(name), "plo-1.6")
    assert findings(standards, found.format, found.data) == []
    assert [issue for issue in validate(read(found.data)) if issue.severity == "error"] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_silently_missing(name: str) -> None:
    bundle = made(name)
    before = copy.deepcopy(bundle)
    assert untold(bundle, convert(bundle, "plo-1.6")) == []
    assert bundle == before


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stable(name: str) -> None:
    found = convert(made(name), "plo-1.6")
    assert convert(made(name), "plo-1.6").data == found.data
    assert again(found.data, found.format) == found.data


@pytest.mark.parametrize("name", NAMES)
def test_message_and_bundle_state_the_same_facts(name: str) -> None:
    bundle = made(name)
    one, other = facts_of(bundle), facts_of(read(convert(bundle, "plo-1.6").data))
    for fact in ("message_id", "message_type", "status", "parent_id", "conversation_id", "patient", "sender"):
        assert getattr(one, fact) == getattr(other, fact), fact
    if one.message_type in LOGISTICS:
        assert [(event.code, event.time) for event in one.events] == [
            (event.code, event.time) for event in other.events
        ]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_grave_is_lost(name: str) -> None:
    found = convert(made(name), "plo-1.6")
    assert [entry for entry in found.loss.entries if entry.severity == "error"] == []


def test_what_changes_the_meaning_of_a_medication_stands_with_it() -> None:
    root = etree.fromstring(convert(made("report_medications"), "plo-1.6").data)
    rows = {
        row.findtext(".//{*}Navn"): (row.findtext(".//{*}Merknad"), row.find(".//{*}StatusTilForskrivningen"))
        for row in root.iter("{*}Legemiddelinfo")
    }
    assert len(rows) == 5  # a row is never dropped
    remark, status = rows["warfarin"]
    assert status is not None
    assert status.get("V") == "2"
    assert remark is not None
    assert "Blødning" in remark
    assert "Status: satt på vent" in (rows["Metformin 500 mg"][0] or "")
    assert "Status: IKKE TATT" in (rows["Simvastatin"][0] or "")
    assert "Instruks til pasienten: Svelges hel" in (rows["Selo-Zok depottab 50 mg"][0] or "")


def test_how_grave_an_allergy_is_stands_with_it() -> None:
    root = etree.fromstring(convert(made("report_allergies"), "plo-1.6").data)
    notes = {
        a.findtext(".//{*}AllergiskMot"): a.findtext(".//{*}Notat") for a in root.iter("{*}Allerginotat")
    }
    assert set(notes) == {"Allergy to penicillin", "Plaster"}
    text = "\n".join(found for found in root.itertext())
    assert "Alvorlighet: HØY RISIKO" in text
    assert "Hevelse i halsen" in text
    assert "Sikkerhet: ikke bekreftet" in text
    assert "AVKREFTET: Overfølsomhet" in text


def test_what_must_not_be_done_says_so() -> None:
    translation = convert(made("report_goals_and_activities"), "plo-1.6")
    beside_the_code, told = sorted(text for text in texts(translation) if "SKAL IKKE UTFØRES" in text)
    assert beside_the_code == "SKAL IKKE UTFØRES"
    assert told.startswith("SKAL IKKE UTFØRES; Status: satt på vent; ")
    assert told.endswith("; Styrketrening til såret er grodd")


def test_the_patients_own_words_stand_once() -> None:
    translation = convert(made("report_goals_and_activities"), "plo-1.6")
    assert sum("Jeg vil koke kaffe" in text for text in texts(translation)) == 1
    note = next(
        element
        for element in etree.fromstring(translation.data).iter("{*}Journaltekst")
        if "koke kaffe" in (element.findtext("{*}Notat") or "")
    )
    assert note.find("{*}Overskriftskode").get("DN") == "Pasientens egne vurderinger"  # type: ignore[union-attr]
    assert kinds(translation)["Goal[2].description.text"] == "rendered"


def test_a_reservation_without_what_plo_demands_is_told_as_text() -> None:
    translation = convert(made("discharge_consent_and_flags"), "plo-1.6")
    root = etree.fromstring(translation.data)
    assert [r.findtext("{*}Gjelder") for r in root.iter("{*}ReservasjonOnske")] == ["Opplysninger til barna"]
    assert any("Forskning" in (note.text or "") for note in root.iter("{*}Notat"))


# refusals


def without(kind: str, path: str) -> Callable[[Json], None]:
    """Takes an element (names from the resource inwards) out of the first resource of a type."""

    def spoil(bundle: Json) -> None:
        holder = (
            bundle
            if kind == "Bundle"
            else next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
        )
        *names, last = path.split(".")
        for name in names:
            holder = holder[name]
        del holder[last]

    return spoil


@pytest.mark.parametrize(
    ("name", "spoil", "path"),
    [
        ("admitted_least", without("Bundle", "timestamp"), "Bundle.timestamp"),
        ("admitted_least", without("Encounter", "period"), "Encounter.period.start"),
        ("discharged_home", without("Encounter", "period.end"), "Encounter.period.end"),
        (
            "discharged_home",
            without("Encounter", "hospitalization"),
            "Encounter.hospitalization.dischargeDisposition",
        ),
        ("ready_with_observation", lambda b: b["entry"].pop(), None),
        ("died", without("Patient", "deceasedDateTime"), "Patient.deceasedDateTime"),
        ("notice_least", without("Encounter", "period"), "Encounter.period.start"),
        ("admitted_least", without("MessageHeader", "eventCoding"), None),
        ("admitted_least", without("MessageHeader", "sender"), None),
    ],
)
def test_what_plo_demands_is_refused_by_its_path(
    name: str, spoil: Callable[[Json], Any], path: str | None
) -> None:
    bundle = made(name)
    spoil(bundle)
    if name == "ready_with_observation":
        bundle["entry"][0]["resource"]["focus"].pop()
        path = f"Encounter.extension('{extension_url('discharge-ready')}').valueDateTime"
    with pytest.raises(NotTranslatable) as refused:
        convert(bundle, "plo-1.6")
    assert refused.value.path is not None
    if path is not None:
        assert (refused.value.code, refused.value.path) == ("translate.missing-content", path)


def test_a_report_on_services_without_a_service_is_refused() -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(message("ORIENTERING_TJENESTETILBUD", [by_hand.stay()]), "plo-1.6")
    assert refused.value.path == "EpisodeOfCare"


# versions


def version(**said: Any) -> Json:
    found: Json = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "Rapport"},
        "subject": {"reference": PATIENT},
        "date": "2026-03-12T14:00:00+01:00",
        "author": [{"reference": SENDER}],
        "title": "Rapport",
        **said,
    }
    return found


EARLIER = {
    "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:3f0c0b1e-0000-4000-8000-00000000babe"}
}


@pytest.mark.parametrize(
    ("composition", "activity", "role", "status"),
    [
        ({}, None, None, "N"),
        ({"status": "amended"}, None, None, "M"),
        ({"status": "entered-in-error"}, None, None, "C"),
        ({}, {"coding": [{"system": code_system("7309"), "code": "A"}]}, "derivation", "A"),
        ({}, {"coding": [{"system": f"{by_hand.HL7}/v3-DataOperation", "code": "UPDATE"}]}, "revision", "M"),
        ({}, {"coding": [{"system": f"{by_hand.HL7}/v3-DataOperation", "code": "NULLIFY"}]}, "removal", "C"),
        ({}, None, "revision", "M"),
        ({}, None, "removal", "C"),
        ({}, None, "source", "N"),
        ({"relatesTo": [{"code": "replaces", "targetIdentifier": EARLIER["identifier"]}]}, None, None, "M"),
        ({"relatesTo": [{"code": "appends", "targetIdentifier": EARLIER["identifier"]}]}, None, None, "A"),
    ],
)
def test_a_version_says_what_it_is(
    composition: Json, activity: Json | None, role: str | None, status: str
) -> None:
    bundle = message("INNLEGGELSESRAPPORT", [version(**composition)])
    if role is not None:
        provenance = by_hand.parent(role) | ({"activity": activity} if activity else {})
        bundle["entry"].append(
            {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
        )
    root = etree.fromstring(convert(bundle, "plo-1.6").data)
    assert root.find(".//{*}Forsendelsesstatus").get("V") == status  # type: ignore[union-attr]
    assert facts_of(bundle).status == status
    if role or "relatesTo" in composition:
        assert root.findtext(".//{*}RefToParent") == "3f0c0b1e-0000-4000-8000-00000000babe"


@pytest.mark.parametrize("status", ["entered-in-error", "revoked"])
def test_a_plan_alone_that_is_taken_back_cancels(status: str) -> None:
    plan = {"resourceType": "CarePlan", "status": status, "intent": "plan", "title": "Plan", **by_hand.ABOUT}
    bundle = message("INNLEGGELSESRAPPORT", [plan])
    root = etree.fromstring(convert(bundle, "plo-1.6").data)
    assert root.find(".//{*}Forsendelsesstatus").get("V") == "C"  # type: ignore[union-attr]
    assert facts_of(bundle).status == "C"


# at random


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(BODY_TYPES), fullness=st.floats(0.1, 0.9))
def test_whatever_is_said_is_in_the_message_or_in_the_report(
    seed: int, kind: str, fullness: float, standards: Path
) -> None:
    bundle = Composer(seed, fullness=fullness).message(kind, LISTED + OTHERS)
    others = [by_hand.stay(), by_hand.service("Hjemmesykepleie")]
    for number, resource in enumerate(others):
        bundle["entry"].append(
            {"fullUrl": f"urn:uuid:3f0c0b1e-0000-4000-8002-{number:012d}", "resource": resource}
        )
    bundle["entry"][0]["resource"]["focus"].append(
        {"reference": "urn:uuid:3f0c0b1e-0000-4000-8002-000000000000"}
    )
    try:
        found = convert(bundle, "plo-1.6")
    except NotTranslatable as refused:
        assert refused.path
        return
    assert findings(standards, "plo-1.6", found.data) == []
    assert untold(bundle, found) == []
    assert again(found.data, "plo-1.6") == found.data


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from((*BODY_TYPES, *LOGISTICS)))
def test_whatever_type_of_resource_stands_there(seed: int, kind: str, standards: Path) -> None:
    """Any resource type of R4 beside what the message demands: valid, told or named, and the same again."""
    bundle = Composer(seed, fullness=0.4).message(kind, sorted(tables.resource_types() - OF_THE_MESSAGE))
    period = {"start": "2026-03-08", "end": "2026-03-09"}
    where = {"dischargeDisposition": {"text": "hjem"}}
    demanded = [
        by_hand.stay("finished", period=period, hospitalization=where),
        by_hand.service("Hjemmesykepleie"),
        by_hand.event("3", "2026-03-08"),
        by_hand.event("4", "2026-03-08"),
    ]
    for number, resource in enumerate(demanded):
        url = f"urn:uuid:3f0c0b1e-0000-4000-8002-{number:012d}"
        bundle["entry"].append({"fullUrl": url, "resource": resource})
    bundle["entry"][0]["resource"]["focus"].insert(
        0, {"reference": "urn:uuid:3f0c0b1e-0000-4000-8002-000000000000"}
    )
    bundle["entry"][1]["resource"]["deceasedDateTime"] = "2026-03-09"
    found = convert(bundle, "plo-1.6")
    assert findings(standards, "plo-1.6", found.data) == []
    assert untold(bundle, found) == []
    assert again(found.data, "plo-1.6") == found.data


OF_THE_MESSAGE = frozenset(
    {"Bundle", "MessageHeader", "Parameters", "Patient", "Organization", "OperationOutcome", "Binary"}
)


# edited


EXAMPLE = "standards/examples/v1.6/Utskrivningsrapport_v1-6_Ny.xml"


@pytest.fixture
def report(standards: Path) -> tuple[bytes, Json]:
    """The official discharge report, and its Bundle."""
    data = (standards / EXAMPLE).read_bytes()
    return convert(read(data), "plo-1.6").data, to_fhir(data)


def of_type(bundle: Json, kind: str) -> list[Json]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def test_a_goal_added_in_fhir_is_there_and_the_rest_is_untouched(report: tuple[bytes, Json]) -> None:
    data, bundle = report
    patient = next(e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Går til postkassen"},
        "subject": {"reference": patient},
    }
    bundle["entry"].append({"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8009-000000000001", "resource": goal})
    after = convert(bundle, "plo-1.6").data
    gone = [one for one, _ in changes(data, after) if one is not None]
    new = [other for _, other in changes(data, after) if other is not None]
    assert gone == []
    assert [value for _, _, value in new if value] == ["Går til postkassen"]


def test_a_medication_stopped_in_fhir_is_stopped_and_the_rest_is_untouched(
    report: tuple[bytes, Json],
) -> None:
    data, bundle = report
    of_type(bundle, "MedicationStatement")[0]["status"] = "stopped"
    found = changes(data, convert(bundle, "plo-1.6").data)
    assert {other[2] for _, other in found if other} - {""} == {"2", "Seponering"}


def test_a_medication_on_hold_in_fhir_says_so_and_the_rest_is_untouched(report: tuple[bytes, Json]) -> None:
    data, bundle = report
    of_type(bundle, "MedicationStatement")[0]["status"] = "on-hold"
    found = changes(data, convert(bundle, "plo-1.6").data)
    assert len(found) == 1
    assert "Status: satt på vent" in found[0][1][2]  # type: ignore[index]


def test_a_service_ended_in_fhir_is_ended_and_the_rest_is_untouched(standards: Path) -> None:
    name = "standards/examples/v1.6/Orientering_om_tjenestetilbud_v1-6_Ny.xml"
    path = next(iter((standards / "standards/examples/v1.6").glob("Orientering*Ny*.xml")), standards / name)
    data = convert(read(path.read_bytes()), "plo-1.6").data
    bundle = to_fhir(data)
    of_type(bundle, "EpisodeOfCare")[0].setdefault("period", {})["end"] = "2026-12-01"
    found = changes(data, convert(bundle, "plo-1.6").data)
    assert [other[2] for _, other in found if other] == ["2026-12-01"]


# versions of PLO


def test_a_statement_that_nobody_made_is_grave(standards: Path) -> None:
    """1.5 demands whether a diagnosis is the main one; 1.6 and FHIR may leave it open."""
    condition = {"resourceType": "Condition", "code": {"text": "Hjertesvikt"}, **by_hand.ABOUT}
    bundle = message("INNLEGGELSESRAPPORT", [condition])
    found = convert(bundle, "plo-1.5")
    assert findings(standards, "plo-1.5", found.data) == []
    assert [(e.target, e.kind, e.severity) for e in found.loss.entries if e.severity == "error"] == [
        ("Hoveddiagnose = false", "assumed", "error")
    ]
    assert convert(bundle, "plo-1.6").loss.gravest != "error"


def test_a_medication_that_a_type_cannot_hold_is_grave() -> None:
    row = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": "Marevan"},
        **by_hand.ABOUT,
    }
    bundle = message("ORIENTERING_TJENESTETILBUD", [by_hand.service("Hjemmesykepleie"), row])
    found = convert(bundle, "plo-1.6")
    assert found.loss.gravest == "error"
    assert kinds(found)["MedicationStatement[1].medicationCodeableConcept.text"] == "lost"


def test_bytes_and_objects_give_the_same(standards: Path) -> None:
    for name in NAMES:
        bundle = made(name)
        assert (
            convert(fhir_json.read(fhir_json.write(bundle)), "plo-1.6").data
            == convert(bundle, "plo-1.6").data
        )


WARFARIN = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B01AA03", "display": "warfarin"}]}


def report_of(*resources: Json) -> Translation:
    about = {"reference": PATIENT}
    owner = {"AllergyIntolerance": "patient"}
    told = [{owner.get(each["resourceType"], "subject"): about, **each} for each in resources]
    return convert(message("UTSKRIVNINGSRAPPORT", told), "plo-1.6")


@pytest.mark.parametrize(
    ("concept", "name", "code"),
    [(WARFARIN, "warfarin", "B01AA03"), ({"text": "Marevan 2,5 mg"}, "Marevan 2,5 mg", None)],
)
def test_a_prescription_is_a_row_with_name_and_code(concept: Json, name: str, code: str | None) -> None:
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept,
    }
    made = report_of(copy.deepcopy(request))
    (row,) = etree.fromstring(made.data).iter("{*}Legemiddelinfo")
    assert row.findtext(".//{*}Navn") == name
    found = row.find(".//{*}Atc")
    assert (found.get("V") if found is not None else None) == code
    assert not [loss for loss in made.loss.entries if loss.kind == "lost" and "medication" in loss.source]


def test_a_medication_that_was_not_given_says_so_beside_its_name() -> None:
    given = [
        {
            "resourceType": "MedicationAdministration",
            "status": status,
            "medicationCodeableConcept": {"text": name},
            "effectiveDateTime": "2026-03-03T08:00:00+01:00",
        }
        for status, name in (("not-done", "Insulin"), ("completed", "Paracet"))
    ]
    notes = [text for text in texts(report_of(*given)) if "Administrering av legemiddel" in text]
    assert ["IKKE UTFØRT" in note for note in notes if "Insulin" in note] == [True]
    assert ["IKKE UTFØRT" in note for note in notes if "Paracet" in note] == [False]


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://snomed.info/sct", "716186003"),
        ("http://snomed.info/sct", "716184000"),
        ("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-allergies"),
    ],
)
def test_no_known_allergy_is_no_allergy(system: str, code: str) -> None:
    said = {"system": system, "code": code, "display": "No known allergy"}
    made = report_of({"resourceType": "AllergyIntolerance", "code": {"coding": [said]}})
    assert not list(etree.fromstring(made.data).iter("{*}AllergiskMot"))
    assert any("No known allergy" in text for text in texts(made))
