"""What of a checklist is filled in from messages: what they say, with where it stands, and nothing else."""

from __future__ import annotations

from typing import Any

from gateway.fhir.validate import validate
from gateway.projection.prefilled import asks_for, prefilled

Json = dict[str, Any]
BASE = "https://fhir.somlos.no"
FROM = f"{BASE}/StructureDefinition/prefilled-from"
DISCHARGE, WISH, EXTENDED, DOCTOR, NURSE = (
    f"{BASE}/Questionnaire/{id}"
    for id in ("utskrivning", "hva-er-viktig", "utvidet", "fastlege", "sykepleier")
)
AREAS = "urn:oid:2.16.578.1.12.4.1.1.9111"


def goal(id: str, words: str, **more: Any) -> Json:
    return {
        "resourceType": "Goal", "id": id, "lifecycleStatus": "active", "description": {"text": words},
        "expressedBy": {"reference": "Patient/p"}, **more,
    }  # fmt: skip


def score(id: str, variable: str, code: str, day: str = "2026-02-20", **more: Any) -> Json:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": day,
        "code": {"coding": [{"system": AREAS, "code": variable}]},
        "valueCodeableConcept": {"coding": [{"code": code}]}, **more,
    }  # fmt: skip


def answers(response: Json) -> dict[str, tuple[Any, list[str]]]:
    """Value and sources of each answer, by its question."""
    found, left = {}, list(response.get("item", ()))
    while left:
        item = left.pop()
        left += item.get("item", ())
        for answer in item.get("answer", ()):
            value = next(value for name, value in answer.items() if name.startswith("value"))
            assert {each["url"] for each in answer["extension"]} == {FROM}
            sources = [each["valueReference"]["reference"] for each in answer["extension"]]
            found[item["linkId"]] = (value, sources)
    return found


def test_that_the_list_of_medicines_came_is_said_by_the_message_that_brought_it() -> None:
    response = prefilled(DISCHARGE, ["Communication/c"], [goal("g", "Ord")])
    assert answers(response) == {"informasjon.legemiddelliste": (True, ["Communication/c"])}
    assert response["questionnaire"].startswith(f"{DISCHARGE}|")
    assert prefilled(DISCHARGE, [], [goal("g", "Ord")]) == {}


def test_the_persons_own_words_stand_as_they_were_said_and_nobody_is_said_to_have_asked() -> None:
    professional = goal("p", "Unngå fall")
    del professional["expressedBy"]
    known = [
        goal("a", "Hagen. "),
        professional,
        goal("x", "Feil", lifecycleStatus="entered-in-error"),
        goal("b", "Båten"),
    ]
    assert answers(prefilled(WISH, ["Communication/c"], known)) == {
        "ord": ("Hagen. \nBåten", ["Goal/a", "Goal/b"])
    }
    assert prefilled(WISH, [], [professional]) == {}


def test_scores_stand_with_their_day_the_newest_of_each() -> None:
    known = [
        score("old", "13", "4", "2026-01-02"),
        score("new", "13", "2"),
        score("ears", "14", "1"),
        score("mind", "15", "3"),
    ]
    known += [score("wrong", "15", "5", status="entered-in-error"), score("social", "1", "2")]
    assert answers(prefilled(EXTENDED, [], known)) == {
        "funksjon.sanser": (
            "Syn: 2 (2026-02-20)\nHørsel: 1 (2026-02-20)",
            ["Observation/new", "Observation/ears"],
        ),
        "funksjon.kognisjon": ("Hukommelse: 3 (2026-02-20)", ["Observation/mind"]),
    }


def test_the_words_of_the_message_go_before_ours() -> None:
    said = score("s", "13", "2")
    said["code"]["coding"][0]["display"] = "Syn (IPLOS)"
    said["valueCodeableConcept"]["coding"][0]["display"] = "Noe redusert"
    assert (
        answers(prefilled(EXTENDED, [], [said]))["funksjon.sanser"][0]
        == "Syn (IPLOS): Noe redusert (2026-02-20)"
    )


def test_a_score_as_e_messages_have_it_stands_with_its_remark() -> None:
    said = score("s", "5", "2", note=[{"text": "Gikk med stokk inne"}], valueInteger=2)
    for name in ("effectiveDateTime", "valueCodeableConcept"):
        del said[name]
    found = answers(prefilled(EXTENDED, [], [said]))
    assert found["funksjon.fysisk"][0] == "Bevege seg innendørs: 2 – Gikk med stokk inne"
    assert prefilled(EXTENDED, [], [{**said, "valueInteger": 0}]) != {}
    del said["valueInteger"]
    assert prefilled(EXTENDED, [], [said]) == {}


def test_only_what_can_answer_is_read() -> None:
    asked = (DISCHARGE, WISH, EXTENDED, DOCTOR)
    assert [asks_for(each) for each in asked] == [(), ("Goal",), ("Observation",), ()]


def test_what_somebody_must_judge_or_see_is_left_to_them() -> None:
    everything = [goal("g", "Ord"), *(score(f"s{n}", str(n), "2") for n in range(1, 21))]
    assert prefilled(DOCTOR, ["Communication/c"], everything) == {}
    assert prefilled(NURSE, ["Communication/c"], everything) == {}
    assert prefilled(f"{BASE}/Questionnaire/another", ["Communication/c"], everything) == {}


def test_it_is_a_valid_response() -> None:
    response = prefilled(EXTENDED, [], [score("s", "13", "2")])
    whole = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "in-progress", **response}
    assert [each for each in validate(whole) if each.severity == "error"] == []
