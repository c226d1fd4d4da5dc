"""Is a message read the same, whichever format it came in: facts, what it says of the pathway, and resources?"""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.fhir import json as fhir_json
from gateway.projection.interpret import interpret
from gateway.projection.resources import Named
from gateway.translate import convert, facts_of
from gateway.translate.facts import Event, Facts
from tests.support.messages import Admission

SEEDS = 120
NAMED = Named("our id", "1000", "the message", "1000|the message", "the patient")
ACCEPTED = datetime(2026, 3, 9, tzinfo=UTC)
ALIKE = ("message_id", "message_type", "generated_at", "status", "parent_id", "conversation_id", "patient")
FURTHER = ("acknowledgement", "processing", "topics", "receipt", "body_known")
OF_A_STAY = ("1", "2", "3", "4", "13")


def events(facts: Facts) -> list[Event]:
    """Those of a stay; what else stands in a random message under 9121 is not told as an event."""
    return [event for event in facts.events if event.code in OF_A_STAY]


@pytest.mark.parametrize("standard", ["plo-1.6", "plo-1.5", "dialog-1.1", "dialog-1.0"])
def test_a_random_message_is_read_alike(standard: str) -> None:
    compared = 0
    for seed in range(SEEDS):
        chance = random.Random(seed).choice((0.2, 0.4, 0.6))
        data = RandomMessage(standard, seed, chance=chance).text()
        facts = facts_of(read(data))
        if not facts.message_id or b'"-0"' in data or b">-0<" in data:
            continue  # the first is never accepted; of the second, FHIR's reader keeps the number and not its sign
        compared += 1
        bundle = convert(read(data), "fhir-r4").data
        told = facts_of(fhir_json.read(bundle))
        for name in (*ALIKE, *FURTHER):
            assert getattr(facts, name) == getattr(told, name), (seed, name)
        for one, other in ((facts.sender, told.sender), (facts.receiver, told.receiver)):
            assert (one.her_id, one.organisation_her_id) == (other.her_id, other.organisation_her_id), seed
        assert events(facts) == events(told), seed
        said, said_too = (interpret(data, "xml", ACCEPTED, NAMED), interpret(bundle, "fhir", ACCEPTED, NAMED))
        assert said.failed == said_too.failed, seed
        assert said.resources == said_too.resources, seed
    assert compared > SEEDS / 2


@pytest.mark.parametrize(
    ("stated", "is_event"),
    [
        (b' S="2.16.578.1.12.4.1.1.9121"', True),
        (b' S="9121"', True),
        (b"", True),
        (b' S="1.2.3"', False),
    ],
)
def test_the_code_of_an_event_is_one_of_its_set_or_of_none_that_is_named(
    stated: bytes, is_event: bool
) -> None:
    """It was an event in XML whatever the set, and in FHIR only with the set."""
    whole = Admission().xml
    data = whole.replace(b' S="2.16.578.1.12.4.1.1.9121"', stated)
    assert (data == whole) is (stated == b' S="2.16.578.1.12.4.1.1.9121"')
    bundle = convert(read(data), "fhir-r4").data
    found = (facts_of(read(data)), facts_of(fhir_json.read(bundle)))
    found += (facts_of(read(convert(fhir_json.read(bundle), "plo-1.6").data)),)
    assert [[event.code for event in facts.events] for facts in found] == [["1"] if is_event else []] * 3


@pytest.mark.parametrize(("kind", "is_known"), [("SEF", True), ("DKF", True), ("PNR", False), ("XXX", False)])
def test_a_number_that_two_patients_may_have_names_nobody(kind: str, is_known: bool) -> None:
    """Two patients of two hospitals with the same number of their own were one in the pathway."""
    data = Admission().xml.replace(b'V="FNR"', f'V="{kind}"'.encode())
    assert b'V="FNR"' not in data
    found = (facts_of(read(data)), facts_of(fhir_json.read(convert(read(data), "fhir-r4").data)))
    assert [facts.patient.kind if facts.patient else None for facts in found] == [
        kind if is_known else None
    ] * 2
