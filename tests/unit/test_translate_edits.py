"""Does an edit in FHIR show in the message, and is what the message cannot hold of it named in the loss report?"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from lxml import etree

from gateway.bench.messages import discharge_report
from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.fhir import json as fhir_json
from gateway.translate import Translation, convert
from gateway.translate.born.open_bundle import concept_section
from tests.support import born_bundles as by_hand
from tests.support.born import message
from tests.support.translation import changes

Json = dict[str, Any]
LOINC = {"system": "http://loinc.org", "code": "34745-0", "display": "Nursing Discharge summary"}
ELSEWHERE = {"url": "http://example.org/fremmed", "valueString": "fremmed"}


@cache
def report() -> bytes:
    return convert(read(discharge_report()), "fhir-r4").data


@pytest.fixture
def bundle() -> Json:
    """A discharge report as a Bundle, to be edited."""
    return fhir_json.read(report())


def of_type(bundle: Json, kind: str) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def edited(bundle: Json) -> tuple[Translation, list[tuple[str, str]]]:
    """The message of an edited Bundle, and what changed in it: values before and after."""
    made = convert(bundle, "plo-1.6")
    found = changes(convert(fhir_json.read(report()), "plo-1.6").data, made.data)
    return made, [(was[2] if was else "", now[2] if now else "") for was, now in found]


def lost(made: Translation) -> list[str]:
    return [each.source for each in made.loss.lost]


@pytest.mark.parametrize("beside", [{"text": "Pleieplan"}, {"extension": [ELSEWHERE]}, {"id": "x"}])
def test_what_stands_beside_the_code_of_a_section_is_named(bundle: Json, beside: Json) -> None:
    section = of_type(bundle, "Composition")[0]["section"][0]
    section["code"] |= beside
    made, changed = edited(bundle)
    assert changed == []
    assert len(lost(made)) == 1
    assert lost(made)[0].startswith("Composition[1].section[0].code.")


@pytest.mark.parametrize("at", [0, 1])
def test_a_further_code_of_a_section_is_named(bundle: Json, at: int) -> None:
    of_type(bundle, "Composition")[0]["section"][0]["code"]["coding"].insert(at, LOINC)
    made, changed = edited(bundle)
    assert changed == []
    assert lost(made) == [f"Composition[1].section[0].code.coding[{at}].{key}" for key in LOINC]


def test_a_section_that_is_coded_twice_stands_once(bundle: Json) -> None:
    for section in of_type(bundle, "Composition")[0]["section"]:
        section["code"]["coding"] *= 2
    made, changed = edited(bundle)
    assert changed == []
    assert all(".code.coding[1]." in place for place in lost(made))


def test_a_text_beside_the_code_of_a_part_is_told(bundle: Json) -> None:
    number, observation = next(
        (number, each) for number, each in enumerate(of_type(bundle, "Observation"), 1) if "component" in each
    )
    observation["component"][0]["code"]["text"] = "med egne ord"
    made, changed = edited(bundle)
    assert any("med egne ord" in now for _, now in changed)
    assert [(each.source, each.kind) for each in made.loss.entries] == [
        (f"Observation[{number}].component[0].code.text", "rendered")
    ]


def test_of_a_time_where_the_message_has_a_day_the_clock_is_named(bundle: Json) -> None:
    responsible = of_type(bundle, "Composition")[0].setdefault("attester", [{"mode": "professional"}])[0]
    responsible["time"] = "2026-03-28T14:30:00+01:00"
    made, changed = edited(bundle)
    assert [now for _, now in changed] == ["2026-03-28"]
    assert [(each.source, each.kind, each.severity) for each in made.loss.entries] == [
        ("Composition[1].attester[0].time", "lost", "information")
    ]


def test_of_a_moved_time_the_clock_is_named_too(bundle: Json) -> None:
    """The same where something else has to be moved, and the rules read a copy."""
    responsible = of_type(bundle, "Composition")[0].setdefault("attester", [{"mode": "professional"}])[0]
    responsible["time"] = "2026-03-28T14:30:00+01:00"
    of_type(bundle, "Patient")[0]["extension"] = [ELSEWHERE]
    made = convert(bundle, "plo-1.6")
    assert lost(made) == ["Composition[1].attester[0].time", "Patient[1].extension[0].valueString"]


@pytest.mark.parametrize("number", ["73 55 [kl. 9]", "100 %", "1#2#3"])
def test_a_telephone_that_no_address_can_hold_is_named_and_holds_nothing_up(
    bundle: Json, number: str
) -> None:
    of_type(bundle, "Patient")[0]["telecom"] = [{"system": "phone", "value": number}]
    made = convert(bundle, "plo-1.6")
    assert number not in made.data.decode()
    assert "Patient[1].telecom[0].value" in lost(made)


def test_a_pager_is_named(bundle: Json) -> None:
    of_type(bundle, "Patient")[0]["telecom"] = [{"system": "pager", "value": "73555555"}]
    made = convert(bundle, "plo-1.6")
    assert next(etree.fromstring(made.data).iter("{*}TeleAddress")).get("V") == "73555555"
    assert lost(made) == ["Patient[1].telecom[0].system"]


@pytest.mark.parametrize(
    ("status", "activity", "sent"),
    [
        ("amended", "M", "M"),
        ("amended", "A", "A"),
        ("amended", "N", "M"),
        ("amended", "X", "M"),
        ("entered-in-error", "C", "C"),
        ("entered-in-error", "A", "C"),
    ],
)
def test_a_status_that_is_overruled_is_named(bundle: Json, status: str, activity: str, sent: str) -> None:
    of_type(bundle, "Composition")[0]["status"] = status
    coding = of_type(bundle, "Provenance")[0]["activity"]["coding"][0]
    coding["code"] = activity
    made = convert(bundle, "plo-1.6")
    (found,) = etree.fromstring(made.data).iter("{*}Forsendelsesstatus")
    assert found.get("V") == sent
    assert ("Provenance[1].activity.coding[0].code" in lost(made)) == (sent != activity)


def test_an_application_of_a_version_without_stay_can_be_edited() -> None:
    """PLO 1.5 has no OpplysningOpphold in it; in 1.6 it must stand there."""
    bundle = fhir_json.read(
        convert(read(RandomMessage("plo-1.5", 3, chance=0.35).text("p5")), "fhir-r4").data
    )
    before = convert(bundle, "plo-1.5")
    of_type(bundle, "Patient")[0].setdefault("extension", []).append(ELSEWHERE)
    made = convert(bundle, "plo-1.5")
    assert made.data == before.data
    assert len(lost(made)) == len(lost(before)) + 1


def test_a_moment_written_with_more_zeros_is_the_same() -> None:
    message = read(discharge_report())
    next(message.root.iter("{*}GenDate")).text = "2026-03-25T12:30:00.5"
    bundle = fhir_json.read(convert(message, "fhir-r4").data)
    bundle["timestamp"] = bundle["timestamp"].replace("00.5", "00.500000")
    again = etree.fromstring(convert(bundle, "plo-1.6").data)
    assert [each.text for each in again.iter("{*}GenDate")] == ["2026-03-25T12:30:00.5"]


def test_a_measure_that_is_carried_out_now_moves_alone(bundle: Json) -> None:
    """The plan of another section keeps what it has: it is not taken for the plan that the measure needs."""
    others = ("CarePlan", "ServiceRequest", "Goal", "Procedure")
    entries = [each for each in bundle["entry"] if each["resource"]["resourceType"] not in others]
    of_type(bundle, "Composition")[0]["section"] = [
        {**concept_section("OpplysningerAndreFaggrupper"), "entry": [{"reference": "urn:uuid:plan"}]}
    ]
    measures = [
        {"resourceType": "ServiceRequest", "status": "active", "intent": intent, "code": {"text": intent}}
        for intent in ("proposal", "order")
    ]
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan"}
    plan["activity"] = [{"reference": {"reference": f"urn:uuid:{each['intent']}"}} for each in measures]
    more = [{"fullUrl": f"urn:uuid:{each['intent']}", "resource": each} for each in (*measures, plan)]
    root = etree.fromstring(convert({**bundle, "entry": entries + more}, "plo-1.6").data)
    assert [
        each.findtext(".//{*}IntervensjonTiltakBeskrivelse") for each in root.iter("{*}IverksatteTiltak")
    ] == ["order"]
    assert [
        each.findtext(".//{*}IntervensjonTiltakBeskrivelse") for each in root.iter("{*}AnbefaltVidereTiltak")
    ] == ["proposal"]


@pytest.mark.parametrize(
    "address", ["Binary/{}/_history/2", "https://epj.example.no/fhir/Binary/{}/_history/2"]
)
def test_an_attachment_is_found_by_an_address_with_its_version(address: str) -> None:
    message = RandomMessage("dialog-1.0", 35, chance=0.35).text("dia")
    bundle = fhir_json.read(convert(read(message), "fhir-r4").data)
    expected = convert(bundle, "dialog-1.0").data
    (entry,) = (each for each in bundle["entry"] if each["resource"]["resourceType"] == "Binary")
    attachment = of_type(bundle, "DocumentReference")[0]["content"][0]["attachment"]
    assert attachment["url"] == entry["fullUrl"]
    attachment["url"] = address.format(entry["resource"]["id"])
    if address.startswith("https:"):
        entry["fullUrl"] = attachment["url"].partition("/_history")[0]
    assert convert(bundle, "dialog-1.0").data == expected


def test_a_notice_without_the_code_of_its_type_may_be_edited() -> None:
    """Its body says what kind it is; it was refused as of no known type."""
    stay = by_hand.stay(period={"start": "2026-03-08"})
    source = convert(message("LOG_INNLAGT", [stay]), "plo-1.6").data.replace(
        b'<Type V="LOG_INNLAGT"', b"<Type", 1
    )
    bundle = fhir_json.read(convert(read(source), "fhir-r4").data)
    assert convert(bundle, "plo-1.6").data == source
    bundle["entry"].append(
        {
            "fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8004-000000000001",
            "resource": {"resourceType": "Condition", "code": {"text": "Hoftebrudd"}},
        }
    )
    made = convert(bundle, "plo-1.6")
    assert (made.data, lost(made)) == (source, ["Condition[1].code.text"])
