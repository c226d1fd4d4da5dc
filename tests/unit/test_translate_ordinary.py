"""Is an ordinary value what the codec would make of it, and is anything else left to the codec?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from gateway.translate import ordinary
from gateway.translate.codec import Codec
from gateway.translate.datatypes import codec
from gateway.translate.ordinary import ordinary_of

OID = "2.16.578.1.12.4.1.1"
CONCEPT, CODING = codec("concept", "CV"), codec("coding", "CV")
IMPLIED_CONCEPT, IMPLIED_CODING = codec("concept 9033", "CS"), codec("coding 8279", "CS")
TEXT, TRUTH = codec("string", "string"), codec("boolean", "boolean")
TAKEN = (CONCEPT, CODING, IMPLIED_CONCEPT, IMPLIED_CODING, TEXT, TRUTH)
LOOKED_AT = (codec("concept", "CS"), codec("code", "token"), codec("quantity", "PQ"), codec("dateTime", "TS"))
PLAIN = {"V": "2", "DN": "Middels"}

attributes = st.dictionaries(
    st.sampled_from(("V", "S", "DN", "OT")),
    st.sampled_from(("2", " 2 ", "", " ", "a b", "Middels", "½", "9", "1.02", f"{OID}.9165", f"{OID}.8279")),
)


class Notes:
    """What the codec told the translation."""

    def __init__(self) -> None:
        self.natives: list[bool] = []

    def wrote(self, native: bool) -> None:
        self.natives.append(native)

    def wrote_natively(self, values: int) -> None:
        self.natives += [True] * values


def element(attributes: dict[str, str], text: str | None = None) -> etree._Element:
    made = etree.Element("x", attributes)
    made.text = text
    return made


def taken(chosen: Codec, element: etree._Element) -> tuple[dict[str, Any], int] | None:
    """What generated code takes of the element without a closer look, and how many values it counts."""
    found = ordinary_of(chosen)
    assert found is not None
    names = {**vars(ordinary), "element": element}
    names["value"] = eval(found.found.format("element"), names)
    if not eval(found.test, names):
        return None
    return {"x": eval(found.made, names)}, eval(found.values, names)


@pytest.mark.parametrize("chosen", TAKEN[:4])
@example(given=PLAIN | {"S": f"{OID}.9165"})
@example(given=PLAIN | {"OT": ""})
@given(given=attributes)
def test_an_ordinary_code_is_what_the_codec_makes_of_it(chosen: Codec, given: dict[str, str]) -> None:
    at, holder, notes = element(given), {}, Notes()  # type: ignore[var-annotated]
    chosen.write(at, holder, "x", notes)
    assert taken(chosen, at) in (None, (holder, len(notes.natives)))
    assert taken(chosen, at) is None or all(notes.natives)


@pytest.mark.parametrize("chosen", TAKEN[4:])
@pytest.mark.parametrize("text", [None, "", " ", "\u2003", "true", "false", "1", " true ", "Går på tå"])
def test_an_ordinary_text_is_what_the_codec_makes_of_it(chosen: Codec, text: str | None) -> None:
    at, holder, notes = element({}, text), {}, Notes()  # type: ignore[var-annotated]
    chosen.write(at, holder, "x", notes)
    assert taken(chosen, at) in (None, (holder, 1))
    assert taken(chosen, at) is None or notes.natives == [True]


@pytest.mark.parametrize(
    ("chosen", "at", "expected"),
    [
        (CONCEPT, element(PLAIN), ({"x": {"coding": [{"code": "2", "display": "Middels"}]}}, 2)),
        (
            CODING,
            element(PLAIN | {"S": f"{OID}.9165"}),
            ({"x": {"system": f"urn:oid:{OID}.9165", "code": "2", "display": "Middels"}}, 3),
        ),
        (
            IMPLIED_CODING,
            element(PLAIN),
            ({"x": {"system": f"urn:oid:{OID}.8279", "code": "2", "display": "Middels"}}, 2),
        ),
        (TEXT, element({}, "Går"), ({"x": "Går"}, 1)),
        (TRUTH, element({}, "false"), ({"x": False}, 1)),
    ],
)
def test_the_ordinary_is_taken_without_the_codec(chosen: Codec, at: etree._Element, expected: Any) -> None:
    assert taken(chosen, at) == expected


@pytest.mark.parametrize(
    "given",
    [
        *({}, {"V": "2"}, {"DN": "Middels"}, PLAIN | {"V": " 2"}, PLAIN | {"DN": " "}),
        *(PLAIN | {"OT": ""}, PLAIN | {"S": "9"}),
    ],
)
@pytest.mark.parametrize("chosen", TAKEN[:4])
def test_any_other_code_needs_a_closer_look(chosen: Codec, given: dict[str, str]) -> None:
    assert taken(chosen, element(given)) is None


@pytest.mark.parametrize("chosen", LOOKED_AT)
def test_some_codecs_always_look_closer(chosen: Codec) -> None:
    assert ordinary_of(chosen) is None
