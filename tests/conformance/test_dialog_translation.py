"""Do dialogues, receipts, reports on several patients and envelopes with attachments alone come back as they were?

Judged as the care messages are (`test_translation.py`): the official examples, and messages made at random from our own
grammar; edited, shuffled, stripped, in the other version. The long form, with so many seeds a kind:
`SOMLOS_RANDOM_MESSAGES=300 make test ARGS="-k dialog_translation"`.
"""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.emessage.validate import validate_schema
from gateway.fhir import json as fhir_json
from gateway.translate import convert, facts_of, roundtrip
from tests.support.official import findings
from tests.support.translation import (
    TEXT_TYPES,
    back,
    only_exact,
    places,
    shuffled,
    stripped,
    to_fhir,
    values,
    verdict,
)
from tests.support.translation_checks import check_bundle, check_edits, check_losses

SEEDS = int(os.environ.get("SOMLOS_RANDOM_MESSAGES", "12"))
DIALOGUES = "standards/examples/dialog/*.xml"
RECEIPTS = "standards/examples/apprec/*.xml"
OTHER_VERSION = {
    "dialog-1.0": "dialog-1.1",
    "dialog-1.1": "dialog-1.0",
    "apprec-1.0": "apprec-1.1",
    "apprec-1.1": "apprec-1.0",
}


class Kind(NamedTuple):
    """A kind of message made at random."""

    standard: str
    body: str | None = None
    reports: bool = False
    official: str | None = None
    """The official schema that judges, where it is not the standard's own."""


KINDS = {
    "dialog-1.0": Kind("dialog-1.0", "dia"),
    "dialog-1.1": Kind("dialog-1.1", "dia"),
    "apprec-1.0": Kind("apprec-1.0"),
    "apprec-1.1": Kind("apprec-1.1"),
    "dialog-1.1-reports": Kind("dialog-1.1", "dia", True),
    "plo-1.6-reports": Kind("plo-1.6", None, True),
    "plo-1.5-reports": Kind("plo-1.5", None, True),
    "attachments": Kind("msghead", None, False, "plo-1.6"),
    "attachments-reports": Kind("msghead", None, True, "plo-1.6"),
}
FOUND = ("dialog-1.1-reports", 61_061)
"""Whose topics were no facts: a report about somebody who is not named."""

random_messages = pytest.mark.parametrize(
    ("kind", "seed"), [*((kind, seed) for kind in KINDS for seed in range(SEEDS)), FOUND]
)


@cache
def random_message(kind: str, seed: int) -> bytes:
    """A message at random."""
    chosen = KINDS[kind]
    made = RandomMessage(chosen.standard, seed, chance=(0.3, 0.6, 0.9)[seed % 3])
    return made.text(chosen.body, reports=chosen.reports)


def official(kind: str) -> str:
    """The official schema of a kind."""
    return KINDS[kind].official or KINDS[kind].standard


def standard_of(example: Path) -> str:
    """The standard of an official example."""
    return read(example.read_bytes()).standard


# the official examples


@pytest.mark.examples(DIALOGUES)
def test_an_official_dialogue_comes_back_lossless(example: Path, standards: Path) -> None:
    check_example(example, standards)


@pytest.mark.examples(RECEIPTS)
def test_an_official_receipt_comes_back_lossless(example: Path, standards: Path) -> None:
    check_example(example, standards)


def check_example(example: Path, standards: Path) -> None:
    """Lossless, also shuffled; valid to every judge; without our marks nothing is missing (a word of FHIR may get the
    display that its code had not)."""
    source, standard = example.read_bytes(), standard_of(example)
    bundle = to_fhir(source)
    result = back(bundle, standard)
    assert verdict(source, result).verdict == "lossless"
    assert roundtrip(source).verdict == "lossless"
    assert findings(standards, standard, result) == []
    assert back(shuffled(bundle, 1), standard) == result
    check_bundle(fhir_json.write(bundle))
    bare = back(stripped(bundle), standard)
    assert findings(standards, standard, bare) == []
    assert values(source) - values(bare) == {}


@pytest.mark.examples(DIALOGUES)
def test_texts_of_an_official_dialogue_can_be_edited(example: Path) -> None:
    bundle = to_fhir(example.read_bytes())
    texts = list(places(bundle, TEXT_TYPES))
    assert len(texts) >= 20
    check_edits(bundle, standard_of(example), texts)
    for place in texts:
        check_edits(bundle, standard_of(example), [place])


@pytest.mark.examples(DIALOGUES)
def test_nine_tenths_of_an_official_dialogue_are_native(example: Path) -> None:
    loss = convert(read(example.read_bytes()), "fhir-r4").loss
    assert loss.native >= 0.9 * loss.total
    assert loss.lost == ()


@pytest.mark.examples(DIALOGUES)
def test_a_dialogue_asked_for_as_plo_is_the_dialogue(example: Path) -> None:
    source, standard = example.read_bytes(), standard_of(example)
    made = convert(to_fhir(source), "plo-1.6")
    assert made.format == standard
    assert verdict(source, made.data).verdict == "lossless"
    assert made.loss.lost == ()


# messages made at random


@random_messages
def test_it_comes_back_lossless(kind: str, seed: int, standards: Path) -> None:
    source = random_message(kind, seed)
    assert findings(standards, official(kind), source) == []
    assert validate_schema(read(source)) == ()
    bundle = to_fhir(source)
    result = back(bundle, official(kind))
    assert verdict(source, result).losses == ()
    assert findings(standards, official(kind), result) == []
    assert back(shuffled(bundle, seed), official(kind)) == result
    assert [loss.source for loss in convert(bundle, official(kind)).loss.lost] == []


@random_messages
def test_its_bundle_is_valid_to_all(kind: str, seed: int) -> None:
    check_bundle(convert(read(random_message(kind, seed)), "fhir-r4").data)


@random_messages
def test_its_texts_can_be_edited(kind: str, seed: int) -> None:
    bundle = to_fhir(random_message(kind, seed))
    texts = list(places(bundle, TEXT_TYPES))
    check_edits(bundle, official(kind), texts)
    check_edits(bundle, official(kind), random.Random(seed).sample(texts, min(1, len(texts))))


@random_messages
def test_without_our_marks_it_keeps_what_fhir_can_hold(kind: str, seed: int, standards: Path) -> None:
    source = random_message(kind, seed)
    made = convert(read(source), "fhir-r4")
    result = back(stripped(fhir_json.read(made.data)), official(kind))
    assert findings(standards, official(kind), result) == []
    assert values(source) - values(result) - only_exact(source, made.loss) == {}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("kind", OTHER_VERSION)
def test_in_the_other_version_every_loss_is_named(kind: str, seed: int, standards: Path) -> None:
    source = random_message(kind, seed)
    made = convert(read(source), OTHER_VERSION[kind])
    assert findings(standards, OTHER_VERSION[kind], made.data) == []
    check_losses(source, made)


@random_messages
def test_its_facts_are_the_same_in_both_formats(kind: str, seed: int) -> None:
    source = random_message(kind, seed)
    one, other = facts_of(read(source)), facts_of(shuffled(to_fhir(source), seed))
    assert (one.message_type, one.acknowledgement, one.processing) == (
        other.message_type,
        other.acknowledgement,
        other.processing,
    )
    assert (one.parent_id, one.conversation_id) == (other.parent_id, other.conversation_id)
    assert [topic.code for topic in one.topics] == [topic.code for topic in other.topics]
    if one.patient is not None and other.patient is not None:
        assert one.patient.number == other.patient.number
