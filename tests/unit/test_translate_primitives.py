"""Does every text come back as it was, and does FHIR get the right native value, or none?"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import EXACT, PRESENT
from gateway.fhir.json_place import of_depth
from gateway.fhir.primitives import CHECKS
from gateway.fhir.problem import Walk
from gateway.translate.primitives import primitive, uri_text

Json = dict[str, Any]
MANY = 200_000

PAIRS = (
    *(("string", "string"), ("markdown", "string"), ("code", "token"), ("id", "string"), ("uri", "anyURI")),
    *(("boolean", "boolean"), ("integer", "integer"), ("decimal", "decimal"), ("decimal", "double")),
    *(("date", "date"), ("date", "gYear"), ("dateTime", "PointInTime"), ("dateTime", "dateTime")),
    *(("instant", "dateTime"), ("base64Binary", "base64Binary")),
)
"""FHIR type and source type of every pair the mappings use."""

SAME = [
    ("string", "string", "Går på tå", "Går på tå"),
    ("string", "string", " rom rundt ", " rom rundt "),
    ("markdown", "string", "linje\nto", "linje\nto"),
    ("code", "token", "ukjent kode", "ukjent kode"),
    ("uri", "anyURI", "tel:+4773555555", "tel:+4773555555"),
    ("uri", "anyURI", "urn:oid:2.16.578", "urn:oid:2.16.578"),
    ("id", "string", "9d1b3c1e-0000-4000-8000-000000000001", "9d1b3c1e-0000-4000-8000-000000000001"),
    ("boolean", "boolean", "true", True),
    ("boolean", "boolean", "false", False),
    ("integer", "integer", "-5", -5),
    ("decimal", "decimal", "2.5", Decimal("2.5")),
    ("decimal", "double", "0", Decimal("0")),
    ("date", "date", "2026-02-28", "2026-02-28"),
    ("date", "gYear", "2014", "2014"),
    ("dateTime", "PointInTime", "2026-11-21", "2026-11-21"),
    ("dateTime", "PointInTime", "2026-11", "2026-11"),
    ("dateTime", "PointInTime", "2026-11-21T10:00:00+01:00", "2026-11-21T10:00:00+01:00"),
    ("dateTime", "PointInTime", "2026-11-21T10:00:00.123456Z", "2026-11-21T10:00:00.123456Z"),
    ("base64Binary", "base64Binary", "QUJD\nREVG", "QUJD\nREVG"),
]
"""FHIR type, source type, text, native value: the value alone gives the text again."""

WITH_EXACT = [
    ("code", "token", " LE ", "LE"),
    ("boolean", "boolean", "1", True),
    ("boolean", "boolean", " false ", False),
    ("integer", "integer", "+7", 7),
    ("integer", "integer", "007", 7),
    ("decimal", "decimal", "2.50", Decimal("2.50")),
    ("decimal", "decimal", ".5", Decimal("0.5")),
    ("decimal", "decimal", "5.", Decimal("5")),
    ("decimal", "double", "1e5", Decimal("1e5")),
    ("decimal", "double", "-0", Decimal("-0")),
    ("decimal", "decimal", "123456789.123456789123", Decimal("123456789.123456789123")),
    ("date", "date", "2026-10-25+02:00", "2026-10-25"),
    ("date", "gYear", "2014Z", "2014"),
    ("dateTime", "PointInTime", "2026-11-21Z", "2026-11-21"),
    ("dateTime", "PointInTime", "2026-11-21T10:00:00", "2026-11-21T10:00:00+01:00"),
    ("dateTime", "PointInTime", "2026-07-21T10:00:00", "2026-07-21T10:00:00+02:00"),
    # the hour that comes twice means its first time, the hour that never comes keeps winter time
    ("dateTime", "PointInTime", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
    ("dateTime", "PointInTime", "2026-03-29T02:30:00", "2026-03-29T02:30:00+01:00"),
    ("dateTime", "PointInTime", "2026-11-21T24:00:00", "2026-11-22T00:00:00+01:00"),
    ("dateTime", "PointInTime", "2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"),
    ("dateTime", "dateTime", " 2026-11-21T10:00:00Z ", "2026-11-21T10:00:00Z"),
    ("instant", "dateTime", "2026-11-21T10:00:00.5", "2026-11-21T10:00:00.5+01:00"),
]
"""The value means what the text means, but does not give its letters again: `exact` keeps them."""

ONLY_EXACT = [
    ("string", "string", "   \n"),
    ("code", "token", " \t "),
    ("id", "string", "x" * 65),
    ("id", "string", "ikke en id"),
    ("uri", "anyURI", "tel: 73 55"),
    ("uri", "anyURI", "urn:uuid:vedlegg-1"),
    ("uri", "anyURI", "urn:oid:01.2"),
    ("integer", "integer", "99999999999"),
    ("decimal", "double", "INF"),
    ("decimal", "double", "-INF"),
    ("decimal", "double", "NaN"),
    ("date", "date", "2026-02-30"),
    ("date", "date", "0000-01-01"),
    ("dateTime", "PointInTime", "12:30:00"),
    ("dateTime", "PointInTime", "2026-13-01T00:00:00"),
    ("instant", "dateTime", "2026-11-21"),
    ("base64Binary", "base64Binary", "A=="),
    ("boolean", "boolean", "ja"),
]
"""No legal native value exists."""


def written(fhir: str, source: str, text: str) -> Json:
    """The object with the text written under `x`."""
    holder: Json = {}
    native = primitive(fhir, source).write(text, holder, "x")
    assert native == ("x" in holder)
    return holder


def read(fhir: str, source: str, holder: Json) -> str | None:
    return primitive(fhir, source).read(holder, "x")


def exact(text: str) -> Json:
    return {"extension": [{"url": EXACT, "valueString": text}]}


@pytest.mark.parametrize(("fhir", "source", "text", "native"), SAME)
def test_a_value_that_gives_its_text_again_stands_alone(
    fhir: str, source: str, text: str, native: Any
) -> None:
    holder = written(fhir, source, text)
    assert holder == {"x": native}
    assert isinstance(holder["x"], type(native))
    assert read(fhir, source, holder) == text


@pytest.mark.parametrize(("fhir", "source", "text", "native"), WITH_EXACT)
def test_a_value_that_loses_letters_has_them_beside_it(
    fhir: str, source: str, text: str, native: Any
) -> None:
    holder = written(fhir, source, text)
    assert holder == {"x": native, "_x": exact(text)}
    assert str(holder["x"]) == str(native)  # Decimal("2.5") equals Decimal("2.50"): the digits count here
    assert read(fhir, source, holder) == text


@pytest.mark.parametrize(("fhir", "source", "text"), ONLY_EXACT)
def test_a_text_without_legal_value_stands_only_as_it_is(fhir: str, source: str, text: str) -> None:
    holder = written(fhir, source, text)
    assert holder == {"_x": exact(text)}
    assert read(fhir, source, holder) == text


def test_base64_with_a_space_inside_its_last_group_takes_no_time() -> None:
    text = "QUJD\n" * 22 + "QQ ==\n"  # each line more doubled the time
    begin = process_time()
    holder = written("base64Binary", "base64Binary", text)
    assert process_time() - begin < 0.1
    assert holder == {"_x": exact(text)}


@pytest.mark.parametrize("address", ["urn:x:\x01", "//\x0b/", "\uffff", "http://[a]"])
def test_an_address_that_no_message_can_hold_gives_no_text(address: str) -> None:
    assert read("uri", "anyURI", {"x": address}) is None


def test_a_second_with_many_zeros_before_its_last_digit_takes_no_time() -> None:
    text = f"2026-11-21T10:00:00.{'0' * 20_000}1"
    holder = written("instant", "dateTime", text)
    begin = process_time()
    assert read("instant", "dateTime", holder) == text
    assert process_time() - begin < 0.1


@pytest.mark.parametrize(
    "look",
    [
        lambda: uri_text("http://gate.example/" + "a" * MANY),
        lambda: uri_text("tel:" + "%20" * MANY),
        lambda: CHECKS["code"]("a " * MANY + "a", Walk()),
        lambda: CHECKS["uri"]("urn:oid:2" + ".1" * MANY, Walk()),
        lambda: of_depth(b'{"a":"' + b"a" * MANY + b'"}', 9),
    ],
)
def test_a_long_text_takes_no_more_than_a_few_times_its_length(look: Callable[[], object]) -> None:
    look()
    tracemalloc.start()
    look()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * MANY


@pytest.mark.parametrize(("fhir", "source"), PAIRS)
def test_an_empty_element_is_present(fhir: str, source: str) -> None:
    holder = written(fhir, source, "")
    assert holder == {"_x": {"extension": [{"url": PRESENT, "valueBoolean": True}]}}
    assert read(fhir, source, holder) == ""


@pytest.mark.parametrize(("fhir", "source"), PAIRS)
def test_nothing_is_nothing(fhir: str, source: str) -> None:
    assert read(fhir, source, {}) is None
    assert (
        read(fhir, source, {"_x": {"extension": [{"url": "http://example.org", "valueString": "1"}]}}) is None
    )
    assert read(fhir, source, {"_x": None}) is None


@pytest.mark.parametrize(
    ("fhir", "source", "holder", "text"),
    [
        # edited: the native value wins
        ("decimal", "decimal", {"x": Decimal("3"), "_x": exact("2.50")}, "3"),
        ("boolean", "boolean", {"x": False, "_x": exact("1")}, "false"),
        ("string", "string", {"x": "nytt", "_x": exact("  ")}, "nytt"),
        ("decimal", "double", {"x": 5, "_x": exact("INF")}, "5"),
        (
            "dateTime",
            "PointInTime",
            {"x": "2026-10-25T02:30:00+01:00", "_x": exact("2026-10-25T02:30:00")},
            None,
        ),
        ("date", "date", {"x": "2026-10-26", "_x": exact("2026-10-25Z")}, "2026-10-26"),
        ("integer", "integer", {"x": 8, "_x": exact("007")}, "8"),
        # still the same value: the text as it was
        ("decimal", "decimal", {"x": Decimal("2.5"), "_x": exact("2.50")}, "2.50"),
        ("decimal", "decimal", {"x": 2.5, "_x": exact("2.50")}, "2.50"),
        ("decimal", "decimal", {"x": 123456789.12345679, "_x": exact("123456789.123456789123")}, None),
        ("boolean", "boolean", {"x": True, "_x": exact("1")}, "1"),
        # taken away: no value, so `exact` says nothing any more (unless it never had one)
        ("decimal", "decimal", {"_x": exact("2.50")}, None),
        ("boolean", "boolean", {"_x": exact("1")}, None),
        ("decimal", "double", {"_x": exact("INF")}, "INF"),
        # what the e-message cannot hold
        ("integer", "integer", {"x": True, "_x": exact("1")}, None),
        ("integer", "integer", {"x": Decimal("1.5")}, None),
        ("boolean", "boolean", {"x": "true"}, None),
        ("date", "date", {"x": "2026"}, None),
        ("dateTime", "dateTime", {"x": "2026-11-21"}, None),
        ("date", "gYear", {"x": "2026-11-21"}, "2026"),
    ],
)
def test_an_edit_in_fhir_wins(fhir: str, source: str, holder: Json, text: str | None) -> None:
    expected = text
    if text is None and "x" in holder and isinstance(holder["x"], str) and "T" in holder["x"]:
        expected = holder["x"]
    if isinstance(holder.get("x"), float) and text is None:
        expected = (
            "123456789.123456789123"  # what software leaves that reads numbers as binary floating point
        )
    assert read(fhir, source, holder) == expected


def test_a_value_that_must_not_stand_is_withdrawn_and_comes_back() -> None:
    kind = primitive("dateTime", "PointInTime")
    holder = written("dateTime", "PointInTime", "2026-11-21")
    kind.withdraw(holder, "x")
    assert "x" not in holder
    assert kind.read(holder, "x") == "2026-11-21"


XML_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\t\n\r", exclude_characters="￾￿"
    )
)
NUMBERS = st.from_regex(r"[+-]?[0-9]{0,12}\.?[0-9]{0,12}([eE][+-]?[0-9]{1,3})?", fullmatch=True)
TIMES = st.from_regex(
    r"[ ]?[0-9]{4}(-[0-9]{2}){0,2}(T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-1][0-9]:[0-5][0-9])?",
    fullmatch=True,
)


@given(pair=st.sampled_from(PAIRS), text=st.one_of(XML_TEXT, NUMBERS, TIMES))
@example(pair=("decimal", "double"), text="1e999")
@example(pair=("decimal", "double"), text="0e-400")
@example(pair=("dateTime", "PointInTime"), text="9999-12-31T24:00:00")
@example(pair=("dateTime", "PointInTime"), text="0001-01-01T00:00:00")
def test_any_text_comes_back_and_what_stands_there_is_legal(pair: tuple[str, str], text: str) -> None:
    holder = written(*pair, text)
    assert read(*pair, fhir_json.read(fhir_json.write(holder))) == text
    if "x" in holder:
        assert CHECKS[pair[0]](holder["x"], Walk()) is None


@given(pair=st.sampled_from(PAIRS), text=st.one_of(XML_TEXT, NUMBERS, TIMES))
def test_without_exact_the_text_means_the_same(pair: tuple[str, str], text: str) -> None:
    kind, holder = primitive(*pair), written(*pair, text)
    if "x" in holder and not (pair[1] == "gYear" and len(holder["x"]) > 4):  # no text of a gYear
        again = kind.read({"x": holder["x"]}, "x")
        if again is not None:
            assert kind.native(again) == holder["x"]


@given(text=st.from_regex(r"[0-9]{1,17}(\.[0-9]{1,9})?", fullmatch=True))
@example(text="9007199254740993")
@example(text="12345678.1234567")
def test_a_number_without_exact_is_the_text_itself_and_survives_binary(text: str) -> None:
    holder = written("decimal", "double", text)
    if "_x" not in holder:
        assert format(holder["x"], "f") == text
        assert Decimal(repr(float(holder["x"]))) == holder["x"]


URI = etree.XMLSchema(
    etree.fromstring(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="u" type="xs:anyURI"/></xs:schema>'
    )
)


@given(
    begin=st.sampled_from(("", "tel:", "mailto:", "http://", "https://a.no", "//", "a/")),
    rest=st.text(alphabet='aF4 :/#%?[]@.+-é<>"\\\n'),
)
@example(begin="tel:", rest="73 55 [kl. 9]")
@example(begin="http://", rest="a.no:")
def test_an_address_is_written_only_where_it_is_one_to_libxml2(begin: str, rest: str) -> None:
    text = primitive("string", "anyURI").text(begin + rest)
    element = etree.Element("u")
    element.text = text or ""
    assert URI.validate(element)


@pytest.mark.parametrize(
    "address",
    [
        "tel:73 55 55 55",
        "tel:+47",
        "mailto:kari@example.org?subject=a%20b",
        "https://x.no:80/å#1",
        "uten",
        "tel:",
    ],
)
def test_an_ordinary_address_is_written_as_it_is(address: str) -> None:
    assert primitive("string", "anyURI").text(address) == address
