"""Are the story's messages what they claim: complete, synthetic, linked, and corrections of what they correct?"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from lxml import etree

from gateway.identifiers import check_digits, organisation_number
from gateway.simulator.cast import PATIENTS, SERVICES
from gateway.simulator.reading import see
from gateway.simulator.steps import root_of, story
from gateway.simulator.template import Clock, Filler, escape_json, escape_xml
from tests.support.story import told

TOLD = told()
KEYS = list(TOLD)


def test_each_way_to_end_is_in_the_story() -> None:
    assert 11 <= len(story()) <= 14
    assert {step.ends for step in story()} == {"acknowledged", "rejected", "cancelled"}
    assert {step.status for step in story()} == {"N", "M", "C"}
    assert sum(step.late for step in story()) == 1
    assert [step.receipt for step in story() if step.ends == "rejected"] == ["2 E35"]


def test_steps_refer_only_to_what_happened_before() -> None:
    seen: set[str] = set()
    for step in story():
        assert step.key not in seen
        assert step.parent is None or step.parent in seen
        seen.add(step.key)
    assert [step.at for step in story()] == sorted(step.at for step in story())


@pytest.mark.parametrize("key", KEYS)
def test_a_message_says_what_its_step_says(key: str) -> None:
    message = TOLD[key]
    step = message.step
    seen = see(message.body)
    assert (seen.id, seen.type, seen.status) == (message.message_id, step.type, step.status)
    assert [unit.her_id for unit in seen.sender] == _her_ids(step.sender)
    assert [unit.her_id for unit in seen.receiver] == _her_ids(step.receiver)
    assert seen.patient == PATIENTS[step.patient].number
    assert "{{" not in message.body.decode()


def _her_ids(service: str) -> list[str]:
    return [SERVICES[service].organisation.her_id, SERVICES[service].her_id]


@pytest.mark.parametrize("key", [step.key for step in story() if step.parent])
def test_a_later_message_names_parent_and_conversation(key: str) -> None:
    step = TOLD[key].step
    root = etree.fromstring(TOLD[key].body)
    assert step.parent
    assert root.findtext(".//{*}RefToParent") == TOLD[step.parent].message_id
    assert root.findtext(".//{*}RefToConversation") == TOLD[root_of(step).key].message_id


def test_the_correction_differs_where_it_corrects_and_nowhere_else() -> None:
    original = _body_lines("utskrivningsrapport")
    corrected = _body_lines("utskrivningsrapport-endret")
    changed = [line[2:].strip() for line in difflib.ndiff(original, corrected) if line.startswith("+ ")]
    assert len(changed) == 3
    assert changed[0] == '<Forsendelsesstatus V="M" DN="Endring"/>'
    assert changed[1].startswith("<Merknad>Endring: ")
    assert changed[2] == "<epj3:DosVeiledEnkel>1 tablett kl 08</epj3:DosVeiledEnkel>"


def _body_lines(key: str) -> list[str]:
    text = TOLD[key].body.decode()
    return text[text.index("<Content>") :].splitlines()


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS.keys())
def test_identity_numbers_are_synthetic_with_right_check_digits(patient: Any) -> None:
    number, born = patient.number, date.fromisoformat(patient.birth_date)
    assert number[:6] == f"{born.day:02}{born.month + 80}{born.year % 100:02}"
    assert check_digits(number[:9]) == number[9:]


@pytest.mark.parametrize("key", KEYS)
def test_nobody_else_has_a_number(key: str) -> None:
    found = set(re.findall(r"(?<![\da-f-])\d{11}(?![\da-f-])", TOLD[key].body.decode()))
    assert found <= {patient.number for patient in PATIENTS.values()}


@pytest.mark.parametrize("key", KEYS)
def test_professional_and_organisation_numbers_are_well_formed(key: str) -> None:
    for number in re.findall(r"(?<!\d)(?:5654|3188)\d{5}(?!\d)", TOLD[key].body.decode()):
        assert organisation_number(number)  # HPR numbers have the same check digit


def test_no_reference_of_the_bundle_dangles() -> None:
    bundle = json.loads(TOLD["innleggelsesrapport"].body)
    present = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(present) == len(bundle["entry"])
    assert set(_references(bundle)) <= present


def test_the_bundle_holds_the_plan_with_a_goal_in_the_patients_words() -> None:
    bundle = json.loads(TOLD["innleggelsesrapport"].body)
    resources = [entry["resource"] for entry in bundle["entry"]]
    goals = [each for each in resources if each["resourceType"] == "Goal"]
    patient = next(each for each in bundle["entry"] if each["resource"]["resourceType"] == "Patient")
    own = [goal for goal in goals if goal["expressedBy"]["reference"] == patient["fullUrl"]]
    assert len(goals) == 2
    assert own[0]["description"]["text"].startswith("Jeg vil")
    kinds = {each["resourceType"] for each in resources}
    assert kinds >= {"CarePlan", "ServiceRequest", "EpisodeOfCare", "MedicationStatement", "Medication"}
    assert kinds >= {"AllergyIntolerance", "Condition", "Observation", "RelatedPerson", "PractitionerRole"}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "reference" and isinstance(each, str):
                yield each
            else:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


CLOCK = Clock(date(2026, 3, 27))


def test_the_clock_knows_summer_time() -> None:
    assert CLOCK.render("day+2") == "2026-03-29"
    assert CLOCK.render("day+1 14:05") == "2026-03-28T14:05:00"
    assert CLOCK.render("instant day+1 14:05") == "2026-03-28T14:05:00+01:00"
    assert CLOCK.render("instant day+2 14:05") == "2026-03-29T14:05:00+02:00"
    assert CLOCK.render("today") is None


def test_values_are_escaped_and_empty_lines_left_out() -> None:
    values = {"name": 'A & <B> "C"', "nothing": None}
    text = "<a>{{name}}</a>\n<b>{{nothing}}</b>"
    assert Filler(values, escape_xml, CLOCK).fill(text) == "<a>A &amp; &lt;B&gt; &quot;C&quot;</a>"
    assert json.loads(Filler(values, escape_json, CLOCK).fill('{"a": "{{name}}"}')) == {"a": values["name"]}
    with pytest.raises(KeyError):
        Filler(values, escape_xml, CLOCK).fill("{{unknown}}")
