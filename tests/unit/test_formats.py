"""Which messages stay in memory after they were read?"""

from __future__ import annotations

import gc

import pytest

from gateway.bench.letters import Letters, Receipts
from gateway.emessage.read import EMessage, read
from gateway.formats import MOST_REMEMBERED, Formats


@pytest.fixture
def letters() -> Letters:
    """Messages that differ in their id and patient."""
    return Letters(acknowledgement="N", seed=20261122)


def _held() -> int:
    gc.collect()
    return sum(1 for each in gc.get_objects() if isinstance(each, EMessage))


def _parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is parsed from now on."""
    parsed: list[bytes] = []

    def parse(data: bytes) -> EMessage:
        parsed.append(data)
        return read(data)

    monkeypatch.setattr("gateway.formats.xml_reading.read", parse)
    return parsed


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


def test_where_more_wait_than_are_held_those_that_came_first_are_held(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.formats.MOST_REMEMBERED", 3)
    monkeypatch.setattr("gateway.formats.LONGEST_REMEMBERED", 4)
    formats, before = Formats(), _held()
    other, *bodies = [letters.next().body for _ in range(6)]
    parsed = _parsed(monkeypatch)
    formats.convert(other, "xml", "fhir-r4")
    for body in bodies[:4]:
        formats.convert(other, "xml", "fhir-r4")  # messages are being translated all the while
        formats.read(body, "xml")
    assert _held() == before + 3
    parsed.clear()
    formats.convert(bodies[0], "xml", "fhir-r4")
    formats.convert(bodies[3], "xml", "fhir-r4")
    assert parsed == [bodies[3]]


def test_what_is_held_for_long_makes_way(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.formats.MOST_REMEMBERED", 3)
    monkeypatch.setattr("gateway.formats.LONGEST_REMEMBERED", 4)
    formats, before = Formats(), _held()
    other, *bodies = [letters.next().body for _ in range(7)]
    parsed = _parsed(monkeypatch)
    for body in bodies:
        formats.convert(other, "xml", "fhir-r4")
        formats.read(body, "xml")
    assert _held() == before + 3
    parsed.clear()
    for body in bodies:
        formats.convert(body, "xml", "fhir-r4")
    assert parsed == [bodies[0], bodies[3], bodies[4]]  # the first has made way for the last


def test_a_receipt_is_not_held(letters: Letters) -> None:
    formats, before = Formats(), _held()
    formats.convert(letters.next().body, "xml", "fhir-r4")
    formats.read(Receipts().of(b"1f6b6f5e-0d3c-4c86-9a3e-3d1d8f3f2c11"), "xml")
    assert _held() == before
