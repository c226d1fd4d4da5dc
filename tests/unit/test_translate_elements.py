"""Is an element that is written at once the one that the codec's values make, and is the same said to be read?"""

from __future__ import annotations

import copy
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from gateway.emessage.grammar import structure
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate.codec import Codec
from gateway.translate.compiler import mapping
from gateway.translate.datatypes import codec
from gateway.translate.elements import element_of
from gateway.translate.following import Scene, value_of
from gateway.translate.paths import Path
from gateway.translate.reading import Reading
from gateway.translate.source import Source
from gateway.translate.wording import element, text

Json = dict[str, Any]
SET = code_system("9033")
SYSTEMS = (SET, code_system("9104"), "urn:oid:", "urn:oid:1.2", "http://snomed.info/sct", "x", "", None, 1)
CODES = ("1", "a b", "<&>", "", None, 1)
DISPLAYS = ("Går «på» tå", 'si "hei"', "linje\nto", "", None, True)
MARKS = {"extension": [{"url": extension_url("exact"), "valueString": "2026-03-09T10:15:30"}]}
PLACES = {"a": lambda value: {"a": value}, "a[0]": lambda value: {"a": [value, value]}}


def codings() -> list[Json]:
    found = []
    for system, code, display in product(SYSTEMS, CODES, DISPLAYS):
        made = {"system": system, "code": code, "display": display}
        found.append({key: value for key, value in made.items() if value is not None})
    further = {"system": SET, "code": "1", "display": "x"}
    return [
        *found,
        {**further, "version": "2"},
        {**further, "_code": {"id": "x"}},
        further | {"display": ["x"]},
    ]


def written(path: str, how: Codec, holder: Json, *, at_once: bool) -> tuple[list[str], set[Any]]:
    """The elements that a generated function writes for what stands at a path, and what it says to have read."""
    reading = Reading({"entry": []}, ("", ""), born_in_fhir=False)
    out = Source(dict(mapping("plo-1.6")._reading) | {"__known__": {}})
    with out.block("def found(holder, reading)"):
        out.line("put, read = reading.out.append, reading.read")
        scene = Scene(out, structure("plo-1.6"))
        if at_once:
            with element_of(scene, Path(path, how.value_key), how, "po:X") as made:
                out.line(f"put({made})")
        else:
            with value_of(scene, Path(path, how.value_key), how) as value:
                out.line(f"put(element('po:X', {value}))")
        out.line("return read")
    out.function("found")(holder, reading)
    return reading.out, reading.seen


def same(path: str, how: Codec, holder: Json) -> list[str]:
    quick, read = written(path, how, holder, at_once=True)
    assert (quick, read) == written(path, how, holder, at_once=False), holder
    return quick


@pytest.mark.parametrize("source", ["CV", "CS"])
@pytest.mark.parametrize("path", PLACES)
def test_a_code_is_written_as_its_codec_reads_it(path: str, source: str) -> None:
    elements = []
    for coding in codings():
        elements += same(path, codec("coding 9033", source), PLACES[path](coding))
        for concept in (
            {"coding": [coding]},
            {"coding": [coding], "text": "ord"},
            {"coding": [coding, coding]},
        ):
            elements += same(path, codec("concept 9033", source), PLACES[path](concept))
    assert len(set(elements)) > 20
    for strange in (
        None,
        "x",
        {},
        [],
        [None],
        {"coding": []},
        {"coding": "x"},
        {"coding": [None]},
        {"coding": {}},
    ):
        same(path, codec("concept 9033", source), PLACES[path](strange))


@pytest.mark.parametrize("path", PLACES)
def test_a_quantity_is_written_as_its_codec_reads_it(path: str) -> None:
    elements = []
    for value, unit in product((Decimal("1.50"), 2, 0.5, True, "1", None), ("mg", '"', "", None, 1)):
        made = {key: one for key, one in (("value", value), ("unit", unit)) if one is not None}
        for further in ({}, {"_value": MARKS}, {"code": "mg"}):
            elements += same(path, codec("quantity", "PQ"), PLACES[path]({**made, **further}))
    assert len(set(elements)) > 8


def test_a_code_of_a_set_is_found_among_others() -> None:
    other = {"coding": [{"system": code_system("9104"), "code": "2", "display": "x"}]}
    wanted = {"coding": [{"system": SET, "code": "1", "display": "y"}]}
    how = codec("concept 9033", "CS")
    assert same("a[9033]", how, {"a": [other, wanted]}) == ['<po:X V="1" DN="y"/>']
    assert same("a[9033]", how, {"a": [other]}) == []


@pytest.mark.parametrize("path", ["a", "b.a", "a[0]", "a[]", "ext(note)"])
@pytest.mark.parametrize(
    "how", [codec("string", "string"), codec("dateTime", "TS"), codec("date", "date"), codec("uri", "URL")]
)
def test_a_text_or_a_date_is_written_as_its_codec_reads_it(path: str, how: Codec) -> None:
    elements = []
    for value, beside in product(
        ("2026-03-09T10:15:30+01:00", 'si "hei" & <ha det>', "", None, 1), (None, MARKS)
    ):
        plain = {key: one for key, one in (("a", value), ("_a", beside)) if one is not None}
        listed = {key: [one] for key, one in plain.items()}
        inside = {key.replace("a", how.value_key): one for key, one in plain.items()}
        holders = {
            "b.a": {"b": plain},
            "a": plain,
            "ext(note)": {"extension": [{"url": extension_url("note"), **inside}]},
        }
        elements += same(path, how, copy.deepcopy(holders.get(path, listed)))
    assert len(set(elements)) > 1


def test_what_is_written_at_once_is_escaped() -> None:
    tricky = 'a & <b> "c"'
    assert same("a", codec("string", "string"), {"a": tricky}) == [f"<po:X>{text(tricky)}</po:X>"]
    coding = {"system": "urn:oid:1.2", "code": tricky, "display": tricky}
    attributes = {"V": tricky, "DN": tricky, "S": "1.2"}
    assert same("a", codec("coding", "CV"), {"a": coding}) == [element("po:X", attributes)]
