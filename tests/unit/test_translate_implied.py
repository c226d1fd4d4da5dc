"""What of a Bundle born in FHIR is implied by the e-message, what is lost, how grave is that, and what is said once?"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.errors import CATALOGUE, NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import LossReport, Translation, convert, roundtrip
from gateway.translate.born.body import BODY_OF_TYPE
from tests.support import born_bundles as by_hand
from tests.support.born import PATIENT, SENDER, message

Json = dict[str, Any]
GOAL = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Gå i trapp"},
    **by_hand.ABOUT,
}


def to_plo(*resources: Json, kind: str = "INNLEGGELSESRAPPORT") -> Translation:
    return convert(message(kind, resources), "plo-1.6")


def report(*resources: Json, kind: str = "INNLEGGELSESRAPPORT") -> LossReport:
    return to_plo(*resources, kind=kind).loss


def entry(found: LossReport, source: str) -> tuple[str, str]:
    (one,) = [each for each in found.entries if each.source == source]
    return one.kind, one.severity


def notes(made: Translation) -> list[str]:
    return [text for text in etree.fromstring(made.data).itertext() if text.strip()]


def composition(*sections: Json, **more: Any) -> Json:
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": by_hand.coded(by_hand.LOINC, "34133-9", "Summarization of episode note"),
        **by_hand.ABOUT,
        "date": "2026-03-09T10:00:00+01:00",
        "author": [{"reference": SENDER}],
        "title": "Rapport",
        "section": list(sections),
        **more,
    }


# implied


def test_what_the_message_says_by_having_the_element_is_not_lost() -> None:
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", **by_hand.ABOUT}
    found = report(plan | {"goal": [{"reference": "Goal/g"}]}, {**GOAL, "id": "g"})
    assert found.lost == ()
    assert entry(found, "Goal[1].lifecycleStatus") == ("implied", "information")
    assert entry(found, "MessageHeader[1].source.endpoint") == ("implied", "information")


@pytest.mark.parametrize("name", ["admitted_least", "ready_with_observation", "question", "services_offered"])
def test_a_bundle_of_which_nothing_is_lost_is_equivalent(name: str) -> None:
    found = roundtrip(fhir_json.write(by_hand.BUNDLES[name]()))
    assert found.verdict == "equivalent"
    assert {loss.kind for loss in found.losses} <= {"implied", "rendered"}


def test_a_bundle_of_which_something_is_lost_is_lossy() -> None:
    assert roundtrip(fhir_json.write(by_hand.BUNDLES["discharged_to_nursing_home"]())).verdict == "lossy"


def test_another_value_is_said() -> None:
    made = to_plo({**GOAL, "lifecycleStatus": "proposed"})
    assert entry(made.loss, "Goal[1].lifecycleStatus")[0] == "rendered"
    assert any("Status: foreslått" in text for text in notes(made))


def test_nothing_is_implied_of_what_does_not_stand() -> None:
    """A message on services has no goals."""
    found = report(by_hand.service("Hjemmesykepleie"), GOAL, kind="ORIENTERING_TJENESTETILBUD")
    assert entry(found, "Goal[1].lifecycleStatus")[0] == "lost"


def test_the_code_system_that_is_the_only_one_is_implied() -> None:
    sure = by_hand.coded(f"{by_hand.HL7}/condition-ver-status", "confirmed", "Confirmed")
    other = by_hand.coded(by_hand.SNOMED, "386661006", "Fever")
    found = report({"resourceType": "Condition", "verificationStatus": sure, "code": other, **by_hand.ABOUT})
    for key in ("system", "code", "display"):
        assert entry(found, f"Condition[1].verificationStatus.coding[0].{key}")[0] == "implied"


# severity: what can matter, what is a copy, what is technical


@pytest.mark.parametrize(
    ("resource", "place", "severity"),
    [
        ({**GOAL, "subject": {"reference": PATIENT, "display": "Solveig"}}, "subject.display", "information"),
        (
            {"resourceType": "CareTeam", **by_hand.ABOUT, "telecom": [{"system": "phone", "value": "22"}]},
            "telecom[0].value",
            "warning",
        ),
        ({**GOAL, "identifier": [{"value": "m-1"}]}, "identifier[0].value", "information"),
        ({**GOAL, "target": [{"detailString": "ti trinn"}]}, "target[0].detailString", "warning"),
        (
            {**GOAL, "extension": [{"url": "https://x.example/e", "valueString": "kun med sønnen"}]},
            "extension[0].valueString",
            "warning",
        ),
        ({**GOAL, "language": "se"}, "language", "warning"),
        ({**GOAL, "meta": {"security": [{"code": "R"}]}}, "meta.security[0].code", "warning"),
        (
            {
                "resourceType": "MedicationStatement",
                "status": "active",
                **by_hand.ABOUT,
                "medicationReference": {"reference": "https://elsewhere.example/Medication/1"},
            },
            "medicationReference.reference",
            "error",
        ),
    ],
)
def test_how_grave_it_is(resource: Json, place: str, severity: str) -> None:
    """In a message of an admission, which has room for none of it."""
    found = report(by_hand.stay(), resource, kind="LOG_INNLAGT")
    assert entry(found, f"{resource['resourceType']}[1].{place}") == ("lost", severity)


def test_that_somebody_needs_an_interpreter_can_matter() -> None:
    bundle = message("LOG_INNLAGT", [by_hand.stay()])
    languages = [{"language": {"text": "norsk"}}, {"language": {"text": "nordsamisk"}}]
    bundle["entry"][1]["resource"]["communication"] = languages
    found = convert(bundle, "plo-1.6").loss
    assert entry(found, "Patient[1].communication[1].language.text") == ("lost", "warning")


# security, language


def test_who_may_see_it_is_told_of() -> None:
    bundle = message("INNLEGGELSESRAPPORT", [{**GOAL, "language": "nb"}])
    bundle["meta"] = {"security": [{"system": f"{by_hand.HL7}/v3-Confidentiality", "code": "V"}]}
    bundle["signature"] = {"data": "YQ=="}
    found = convert(bundle, "plo-1.6").loss
    assert entry(found, "Bundle.meta.security[0].code") == ("lost", "warning")
    assert entry(found, "Bundle.signature.data") == ("lost", "information")
    assert entry(found, "Goal[1].language") == ("implied", "information")
    bundle["meta"]["security"][0]["code"] = "N"
    assert entry(convert(bundle, "plo-1.6").loss, "Bundle.meta.security[0].code")[1] == "information"


# once


def test_a_section_that_only_groups_is_no_note() -> None:
    at = {"reference": "urn:uuid:3f0c0b1e-0000-4000-8001-000000000001"}
    made = to_plo(composition({"title": "Mål", "entry": [at]}), GOAL)
    assert [text for text in notes(made) if "Mål" in text or "Dokument" in text or "Summar" in text] == []
    assert entry(made.loss, "Composition[1].section[0].title") == ("lost", "information")
    assert sum("Gå i trapp" in text for text in notes(made)) == 1


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"title": "Allergier", "emptyReason": {"text": "Ingen kjente"}}, ("Allergier", "Ingen kjente")),
        ({"title": "Allergier", "entry": [{"display": "Bjørkepollen"}]}, ("Allergier", "Bjørkepollen")),
        (
            {
                "title": "Vurdering",
                "entry": [{"reference": "urn:uuid:3f0c0b1e-0000-4000-8001-000000000001"}],
                "text": {
                    "status": "additional",
                    "div": '<div xmlns="http://www.w3.org/1999/xhtml">Blek</div>',
                },
            },
            ("Vurdering", "Blek"),
        ),
    ],
)
def test_a_section_that_says_something_is_a_note(section: Json, told: tuple[str, ...]) -> None:
    made = to_plo(composition(section), GOAL)
    assert any(all(word in text for word in told) for text in notes(made))


@pytest.mark.parametrize("display", ["Hoftebrudd", "hoftebrudd ", "Hoftebrudd "])
def test_the_same_words_twice_in_a_concept_stand_once(display: str) -> None:
    concept = by_hand.coded(by_hand.SNOMED, "5913000", display, "Hoftebrudd")
    for resource in (
        {"resourceType": "Procedure", "status": "completed", "code": concept, **by_hand.ABOUT},
        {"resourceType": "Goal", "lifecycleStatus": "active", "description": concept, **by_hand.ABOUT},
    ):
        made = to_plo(resource)
        # the name of a code that stands as a code (DN) belongs to the code
        words = "".join(notes(made))
        assert words.casefold().count("hoftebrudd") == 1, resource["resourceType"]
        assert not [e for e in made.loss.lost if e.source.endswith((".text", ".display"))]


def test_a_note_does_not_repeat_what_it_is_about() -> None:
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "description": "Laget sammen",
        **by_hand.ABOUT,
        "goal": [{"reference": "Goal/g"}],
    }
    made = to_plo(plan, {**GOAL, "id": "g"})
    assert sum(text.count("Laget sammen") for text in notes(made)) == 1


# refusals


@pytest.mark.parametrize(
    "event",
    [
        {"system": code_system("8279"), "code": "EPIKRISE_FRA_FASTLEGE"},
        {"system": "https://x.example", "code": "patient-admit"},
        None,
    ],
)
def test_an_unknown_message_type_is_said_to_be_unknown(event: Json | None) -> None:
    for resources in ([GOAL], [composition(), GOAL]):
        bundle = message("INNLEGGELSESRAPPORT", resources)
        header = bundle["entry"][0]["resource"]
        del header["eventCoding"]
        header |= {"eventCoding": event} if event else {"eventUri": "https://x.example/admit"}
        with pytest.raises(NotTranslatable) as refused:
            convert(bundle, "plo-1.6")
        assert (refused.value.code, refused.value.path) == (
            "translate.unknown-message-type",
            "MessageHeader.eventCoding",
        )


def test_the_message_types_that_are_taken_are_named() -> None:
    told = CATALOGUE["translate.unknown-message-type"]
    for sentence in (told.no, told.en):
        assert set(sentence.rstrip(".").partition(": ")[2].split(", ")) == set(BODY_OF_TYPE)
    assert code_system("8279") in told.next_step_no
    assert code_system("8279") in told.next_step_en


def test_a_time_that_is_missing_is_asked_for_where_the_sender_would_write_it() -> None:
    ready = f"Encounter.extension('{extension_url('discharge-ready')}').valueDateTime"
    told = "Observation.where(code.coding.exists(system = '{}' and code = '{}')).effectiveDateTime"
    without_time = {k: v for k, v in by_hand.event("3", "").items() if k != "effectiveDateTime"}
    for kind, resources, path in (
        ("LOG_UTSKRIVNINGSKLAR", [by_hand.stay()], ready),
        ("LOG_UTSKRIVNINGSKLAR", [by_hand.stay(), without_time], told.format(code_system("9121"), "3")),
        (
            "LOG_AVMELDING",
            [by_hand.stay(), by_hand.event("3", "2026-03-09")],
            told.format(code_system("9121"), "4"),
        ),
    ):
        with pytest.raises(NotTranslatable) as refused:
            to_plo(*resources, kind=kind)
        assert refused.value.path == path


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"type": "collection"}, "fhir.not-a-message-bundle", "Bundle.type"),
        ({"resourceType": "Goal"}, "fhir.not-a-bundle", "resourceType"),
    ],
)
def test_what_is_no_message_is_refused_as_that(change: Json, code: str, path: str) -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(message("INNLEGGELSESRAPPORT", [GOAL]) | change, "plo-1.6")
    assert (refused.value.code, refused.value.path) == (code, path)


def test_an_operation_on_data_that_says_the_status_is_carried() -> None:
    bundle = message("LOG_INNLAGT", [by_hand.stay()])
    update = by_hand.coded(f"{by_hand.HL7}/v3-DataOperation", "UPDATE")
    provenance = by_hand.parent("revision") | {"activity": update}
    bundle["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
    )
    made = convert(bundle, "plo-1.6")
    status = etree.fromstring(made.data).find(".//{*}Forsendelsesstatus")
    assert status is not None
    assert status.get("V") == "M"
    assert [loss.source for loss in made.loss.lost] == []
