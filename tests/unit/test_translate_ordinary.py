"""Is an ordinary value what the codec would make of it, and is anything else left to the codec?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from gateway import terminology
from gateway.translate import ordinary
from gateway.translate.codec import Codec
from gateway.translate.datatypes import codec
from gateway.translate.ordinary import ordinary_of
from gateway.translate.words import WORDS

OID = "2.16.578.1.12.4.1.1"
CONCEPT, CODING = codec("concept", "CV"), codec("coding", "CV")
IMPLIED_CONCEPT, IMPLIED_CODING = codec("concept 9033", "CS"), codec("coding 8279", "CS")
CODED = (CONCEPT, CODING, IMPLIED_CONCEPT, IMPLIED_CODING)
TEXT, TRUTH, CODE, QUANTITY = (
    codec(*pair)
    for pair in (("string", "string"), ("boolean", "boolean"), ("code", "token"), ("quantity", "PQ"))
)
DATE, TIME, ADDRESS, WORD = (
    codec(*pair) for pair in (("date", "date"), ("dateTime", "TS"), ("string", "URL"), ("word 3401", "CS"))
)
OF_TEXT, OF_V = (TEXT, TRUTH, CODE, DATE, codec("dateTime", "date")), (TIME, ADDRESS)
LOOKED_AT = (
    codec("concept", "CS"),
    codec("instant", "dateTime"),
    codec("date", "gYear"),
    codec("uri", "anyURI"),
)
TEXTS = (
    *(
        None,
        "",
        " ",
        "\u2003",
        "true",
        "false",
        "1",
        " true ",
        "Går på tå",
        "N",
        "a b",
        "½",
        "2024-02-28",
        "2024-02-30",
    ),
    *("0000-01-01", "2024-13-01", "2024-02-29", "2024-02-28Z", "2024", "2024-02-28T10:00:00", " 2024-02-28"),
)
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
    names = {**vars(ordinary), "element": element, "text": element.text}
    names["value"] = eval(found.found.format(element="element", text="text"), names)
    if not eval(found.test, names):
        return None
    return {"x": eval(found.made, names)}, eval(found.values, names)


@pytest.mark.parametrize("chosen", CODED)
@example(given=PLAIN | {"S": f"{OID}.9165"})
@example(given=PLAIN | {"OT": ""})
@given(given=attributes)
def test_an_ordinary_code_is_what_the_codec_makes_of_it(chosen: Codec, given: dict[str, str]) -> None:
    at, holder, notes = element(given), {}, Notes()  # type: ignore[var-annotated]
    chosen.write(at, holder, "x", notes)
    assert taken(chosen, at) in (None, (holder, len(notes.natives)))
    assert taken(chosen, at) is None or all(notes.natives)


@pytest.mark.parametrize(
    ("chosen", "at"),
    [
        *((chosen, element({}, text)) for chosen in OF_TEXT for text in TEXTS),
        *((chosen, element({} if text is None else {"V": text})) for chosen in OF_V for text in TEXTS),
    ],
)
def test_an_ordinary_text_is_what_the_codec_makes_of_it(chosen: Codec, at: etree._Element) -> None:
    holder, notes = {}, Notes()  # type: ignore[var-annotated]
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
        (CODE, element({}, "N"), ({"x": "N"}, 1)),
        (DATE, element({}, "2024-12-28"), ({"x": "2024-12-28"}, 1)),
        (TIME, element({"V": "2024-02-01"}), ({"x": "2024-02-01"}, 1)),
        (ADDRESS, element({"V": "tel:1"}), ({"x": "tel:1"}, 1)),
        (WORD, element({"V": "H", "DN": "Bostedsadresse"}), ({"x": "home"}, 1)),
        (QUANTITY, element({"V": "2.5", "U": "mg"}), ({"x": {"value": Decimal("2.5"), "unit": "mg"}}, 2)),
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
@pytest.mark.parametrize("chosen", CODED)
def test_any_other_code_needs_a_closer_look(chosen: Codec, given: dict[str, str]) -> None:
    assert taken(chosen, element(given)) is None


@given(
    value=st.sampled_from(("", "2", "02", "2.0", "2.50", "+3", "1e5", "1" * 9)),
    unit=st.sampled_from(("", " ", "mg")),
)
def test_an_ordinary_quantity_is_what_the_codec_makes_of_it(value: str, unit: str) -> None:
    at, holder, notes = element({"V": value, "U": unit}), {}, Notes()  # type: ignore[var-annotated]
    QUANTITY.write(at, holder, "x", notes)
    assert taken(QUANTITY, at) in (None, (holder, 2))
    assert taken(QUANTITY, at) is None or notes.natives == [True] * 2


@pytest.mark.parametrize("code_set", WORDS)
def test_a_word_is_taken_for_a_code_that_it_alone_stands_for(code_set: str) -> None:
    chosen = codec(f"word {code_set}", "CS")
    for code in (*WORDS[code_set], "?"):
        for display in (terminology.display(code_set, code), code, None):
            at = element({"V": code} | ({"DN": display} if display else {}))
            holder, notes = {}, Notes()  # type: ignore[var-annotated]
            chosen.write(at, holder, "x", notes)
            assert taken(chosen, at) == ((holder, 1) if notes.natives == [True] else None)


@pytest.mark.parametrize("chosen", LOOKED_AT)
def test_some_codecs_always_look_closer(chosen: Codec) -> None:
    assert ordinary_of(chosen) is None
