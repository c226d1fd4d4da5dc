"""Is the quick answer that all of a Bundle was read only given where the long look finds nothing that was not?"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from gateway.bench.messages import discharge_report
from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import EXACT
from gateway.translate import convert, envelope
from gateway.translate.unread import Unread, is_all_read

Json = dict[str, Any]
PARTS = 4


@cache
def report() -> bytes:
    return convert(read(discharge_report()), "fhir-r4").data


def objects(value: Any) -> Iterator[Json]:
    """Every object of a value, itself included."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def quick_answer(bundle: Json) -> bool:
    """Whether all of a Bundle was read, which the long look must not deny."""
    reading = envelope.from_bundle(bundle, "plo-1.6")
    answer = is_all_read(reading)
    left = [leaf.place for leaf in Unread(reading).leaves()]
    assert not (answer and left), left
    return answer


def test_all_is_read_of_what_the_gateway_made() -> None:
    assert quick_answer(fhir_json.read(report()))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_value_more_in_any_object_is_seen(part: int) -> None:
    bundle = fhir_json.read(report())
    answers = []
    for holder in list(objects([entry["resource"] for entry in bundle["entry"]]))[part::PARTS]:
        if "url" in holder or "div" in holder:
            continue
        before = copy.copy(holder)
        holder["somethingElse"] = "x"
        answers.append(quick_answer(bundle))
        holder.clear()
        holder.update(before)
    assert answers.count(False) > len(answers) / 2


def within(value: Any, around: tuple[Json, ...] = ()) -> Iterator[tuple[Json, ...]]:
    """Every object of a value, with the objects around it."""
    if isinstance(value, dict):
        around = (*around, value)
        yield around
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from within(inner, around)


def test_each_value_that_one_rule_less_would_have_read_is_seen() -> None:
    """Whatever else was read, and however often."""
    reading = envelope.from_bundle(fhir_json.read(report()), "plo-1.6")
    everything, whole = reading.seen, set(reading.whole)
    values = 0
    for around in within([entry["resource"] for entry in reading.bundle["entry"]]):
        own = {id(around[-1]), *((id(around[-1]), key) for key in around[-1])} & everything
        above = {(id(each), None) for each in around}
        reading.whole[:] = whole - {id(each) for each in around}
        for one in own:
            reading.__dict__["seen"] = everything - above - {one}
            left = [leaf.place for leaf in Unread(reading).leaves()]
            assert is_all_read(reading) == (not left), (one, left)
            values += len(left)
    assert values > 400


@pytest.mark.parametrize(
    "further",
    [["x"], [None, "x"], [{"reference": "urn:x"}], [{}, "x"], [["x"]], {"a": {"b": ["x"]}}, 1, False],
)
def test_whatever_is_added_is_seen(further: Any) -> None:
    bundle = fhir_json.read(report())
    for number, entry in enumerate(bundle["entry"]):
        entry["resource"]["further"] = further
        assert not quick_answer(bundle), number
        del entry["resource"]["further"]


def test_many_values_in_a_list_take_no_longer_each() -> None:
    bundle = fhir_json.read(report())
    bundle["entry"][0]["resource"]["further"] = [None] * 20_000
    began = time.perf_counter()
    assert is_all_read(envelope.from_bundle(bundle, "plo-1.6"))
    assert time.perf_counter() - began < 3


def test_a_reference_that_leads_out_of_the_bundle_needs_a_closer_look() -> None:
    bundle = fhir_json.read(report())
    resource = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation")
    resource["encounter"] = {"reference": "https://example.org/Encounter/1"}
    assert not is_all_read(envelope.from_bundle(bundle, "plo-1.6"))


def test_a_value_is_counted_where_it_stands_in_the_bundle() -> None:
    """Not in an object that only holds it while it is read: how many there are depends on which memory is free."""
    reading = envelope.from_bundle(fhir_json.read(report()), "plo-1.6")
    known = {id(holder) for holder in objects(reading.bundle)}
    assert {one if isinstance(one, int) else one[0] for one in reading.seen} <= known


def test_what_only_has_the_text_of_an_e_message_in_a_list_is_lost_where_no_rule_reads_it() -> None:
    bundle = fhir_json.read(report())
    resource = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    address = {"line": [None], "_line": [{"extension": [{"url": EXACT, "valueString": "\n"}]}]}
    resource["contact"] = [{"address": address}]
    assert not quick_answer(bundle)
    assert "Patient[1].contact[0].address.line[0]" in [e.source for e in convert(bundle, "plo-1.6").loss.lost]


def test_what_only_has_the_text_of_an_e_message_is_lost_where_no_rule_reads_it() -> None:
    bundle = fhir_json.read(report())
    resource = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation")
    resource["_issued"] = {"extension": [{"url": EXACT, "valueString": "i går"}]}
    lost = convert(bundle, "plo-1.6").loss.lost
    assert [(entry.source, entry.severity) for entry in lost] == [("Observation[1].issued", "warning")]
