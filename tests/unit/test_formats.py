"""Which messages stay in memory after they were read?"""

from __future__ import annotations

import gc

import pytest

from gateway.bench.letters import Letters
from gateway.emessage.read import EMessage
from gateway.formats import MOST_REMEMBERED, Formats


@pytest.fixture
def letters() -> Letters:
    """Messages that differ in their id and patient."""
    return Letters(acknowledgement="N", seed=20261122)


def _held() -> int:
    gc.collect()
    return sum(1 for each in gc.get_objects() if isinstance(each, EMessage))


def test_nothing_is_held_where_nothing_is_translated(letters: Letters) -> None:
    formats, before = Formats(), _held()
    for _ in range(20):
        formats.read(letters.next().body, "xml")
    assert _held() == before


def test_after_a_translation_what_is_read_is_held_until_it_is_translated(letters: Letters) -> None:
    formats, before = Formats(), _held()
    formats.convert(letters.next().body, "xml", "fhir-r4")
    bodies = [letters.next().body for _ in range(3)]
    for body in bodies:
        formats.read(body, "xml")
    assert _held() == before + 3
    first = formats.convert(bodies[0], "xml", "fhir-r4")
    assert _held() == before + 2
    assert formats.convert(bodies[0], "xml", "fhir-r4") == first
    for body in bodies[1:]:
        formats.convert(body, "xml", "fhir-r4")
    assert _held() == before


def test_what_nobody_translates_is_let_go(letters: Letters) -> None:
    formats, before = Formats(), _held()
    formats.convert(letters.next().body, "xml", "fhir-r4")
    for _ in range(MOST_REMEMBERED):
        formats.read(letters.next().body, "xml")
    assert _held() == before
