"""Do the data types of the e-message (CV, CS, PQ, TS, URL) become the right FHIR data types, and themselves again?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.fhir.canonical import EXACT, PRESENT, code_system, extension_url
from gateway.translate import convert
from gateway.translate.codec import Codec
from gateway.translate.datatypes import codec
from gateway.translate.words import WORDS, Word, withdraw
from tests.support.born import message

Json = dict[str, Any]

OID = "2.16.578.1.12.4.1.1"
SCORE = {"V": "2", "S": f"{OID}.9165", "DN": "Middels"}
SCORE_CODING = {"system": f"urn:oid:{OID}.9165", "code": "2", "display": "Middels"}
IS_PRESENT = {"extension": [{"url": PRESENT, "valueBoolean": True}]}


class Notes:
    """What a codec told the translation."""

    def __init__(self, *, born_in_fhir: bool = False) -> None:
        self.born_in_fhir = born_in_fhir
        self.natives: list[bool] = []
        self.read: list[str] = []

    def wrote(self, native: bool) -> None:
        self.natives.append(native)

    def wrote_natively(self, values: int) -> None:
        self.natives += [True] * values

    def used(self, holder: Json, key: str) -> None:
        self.read.append(key)

    def used_coding(self, coding: Json) -> None:
        self.read += coding


def exact(text: str) -> Json:
    return {"extension": [{"url": EXACT, "valueString": text}]}


def element(attributes: dict[str, str], text: str | None = None) -> etree._Element:
    made = etree.Element("x", attributes)
    made.text = text
    return made


def write(chosen: Codec, attributes: dict[str, str]) -> tuple[Json, list[bool]]:
    holder: Json = {}
    notes = Notes()
    chosen.write(element(attributes), holder, "x", notes)
    return holder, notes.natives


def read(chosen: Codec, holder: Json, *, born: bool = False) -> Any:
    return chosen.read(holder, "x", Notes(born_in_fhir=born))


CODES = [
    (SCORE, SCORE_CODING, [True] * 3),
    ({"V": "ukjent kode"}, {"code": "ukjent kode"}, [True]),
    ({"V": " 2 "}, {"code": "2", "_code": exact(" 2 ")}, [True]),
    ({"V": ""}, {"_code": IS_PRESENT}, [False]),
    ({"V": "2", "S": "9"}, {"_system": exact("9"), "code": "2"}, [False, True]),
    ({"V": "2", "S": "1.02"}, {"_system": exact("1.02"), "code": "2"}, [False, True]),
    ({"V": "2", "DN": "  "}, {"code": "2", "_display": exact("  ")}, [True, False]),
    ({"DN": "Bare tekst"}, {"display": "Bare tekst"}, [True]),
]
"""Attributes of a CV, the Coding, what is native of it."""


@pytest.mark.parametrize(("attributes", "coding", "natives"), CODES)
def test_a_code_as_coding(attributes: dict[str, str], coding: Json, natives: list[bool]) -> None:
    chosen = codec("coding", "CV")
    assert write(chosen, attributes) == ({"x": coding}, natives)
    assert read(chosen, {"x": coding}) == attributes


@pytest.mark.parametrize(("attributes", "coding", "natives"), CODES)
def test_a_code_as_concept(attributes: dict[str, str], coding: Json, natives: list[bool]) -> None:
    chosen = codec("concept", "CV")
    assert write(chosen, attributes) == ({"x": {"coding": [coding]}}, natives)
    assert read(chosen, {"x": {"coding": [coding]}}) == attributes


@pytest.mark.parametrize(
    ("how", "attributes", "value"),
    [
        ("concept", {**SCORE, "OT": "sånn passe"}, {"coding": [SCORE_CODING], "text": "sånn passe"}),
        ("concept", {"OT": "sånn passe"}, {"text": "sånn passe"}),
        ("concept", {"OT": ""}, {"_text": IS_PRESENT}),
        ("concept", {}, IS_PRESENT),
        ("coding", {}, IS_PRESENT),
        (
            "coding",
            {"V": "2", "OT": "to"},
            {"code": "2", "extension": [{"url": extension_url("original-text"), "valueString": "to"}]},
        ),
        (
            "coding",
            {"OT": " "},
            {"extension": [{"url": extension_url("original-text"), "_valueString": exact(" ")}]},
        ),
    ],
)
def test_original_text_and_nothing(how: str, attributes: dict[str, str], value: Json) -> None:
    chosen = codec(how, "CV")
    assert write(chosen, attributes)[0] == {"x": value}
    assert read(chosen, {"x": value}) == attributes


@pytest.mark.parametrize("how", ["concept 9033", "coding 9033"])
@pytest.mark.parametrize("attributes", [{"V": "DA", "DN": "Datter"}, {"V": "DA"}, {"DN": "Datter"}, {}])
def test_a_code_whose_set_the_element_implies(how: str, attributes: dict[str, str]) -> None:
    chosen = codec(how, "CS")
    holder, _ = write(chosen, attributes)
    coding = holder["x"] if how.startswith("coding") else holder["x"]["coding"][0]
    assert coding["system"] == code_system(9033)
    assert read(chosen, holder) == attributes


@pytest.mark.parametrize(
    ("system", "number"),
    [
        ("http://helsedir.no/fhir/CodeSystem/no-kodeverk-9111", "9111"),
        ("https://finnkode.helsedirektoratet.no/adm/collections/9111", "9111"),
        (f"urn:oid:{OID}.9111", "9111"),
        ("http://hl7.org/fhir/sid/icpc-2", "7170"),
        ("http://hl7.org/fhir/sid/icd-10-no", "7110"),
    ],
)
def test_other_addresses_of_the_national_sets_are_known(system: str, number: str) -> None:
    found = read(codec("concept", "CV"), {"x": {"coding": [{"system": system, "code": "1"}]}})
    assert found == {"V": "1", "S": f"{OID}.{number}"}


def test_of_several_codings_the_one_of_the_set_counts() -> None:
    codings = [
        {"system": "http://loinc.org", "code": "1-8"},
        {"system": "http://helsedir.no/fhir/CodeSystem/no-kodeverk-9033", "code": "DA", "display": "Datter"},
    ]
    assert read(codec("concept 9033", "CS"), {"x": {"coding": codings}}) == {"V": "DA", "DN": "Datter"}
    assert read(codec("concept", "CV"), {"x": {"coding": codings}})["V"] == "DA"
    assert read(codec("concept", "CV"), {"x": {"coding": codings[:1]}}) == {
        "V": "1-8",
        "S": "2.16.840.1.113883.6.1",
    }


def test_a_code_of_a_set_without_an_oid_is_not_taken_for_one_of_another_set() -> None:
    local = {"coding": [{"system": "http://epj.example.no/koder", "code": "7", "display": "Lokal"}]}
    assert read(codec("concept", "CV"), {"x": local}) == {"DN": "Lokal"}
    assert read(codec("concept 9101", "CS"), {"x": local}) == {"DN": "Lokal"}


@pytest.mark.parametrize("found", [None, {}, {"extension": [{"url": "http://example.org"}]}, "tekst", []])
def test_what_says_nothing_is_no_concept(found: object) -> None:
    assert read(codec("concept", "CV"), {"x": found}) is None


def test_what_was_born_in_fhir_gets_the_displays_of_the_sets() -> None:
    holder = {"x": {"coding": [{"system": code_system(9033), "code": "DA"}]}}
    assert read(codec("concept 9033", "CS"), holder, born=True) == {"V": "DA", "DN": "Datter"}
    assert read(codec("concept 9033", "CS"), holder) == {"V": "DA"}


@pytest.mark.parametrize(
    ("attributes", "quantity"),
    [
        ({"V": "2.5", "U": "mg"}, {"value": Decimal("2.5"), "unit": "mg"}),
        ({"V": "2.50", "U": "mg"}, {"value": Decimal("2.50"), "_value": exact("2.50"), "unit": "mg"}),
        ({"V": "INF"}, {"_value": exact("INF")}),
        ({"U": "mg/ml"}, {"unit": "mg/ml"}),
        ({"V": ""}, {"_value": IS_PRESENT}),
        ({}, IS_PRESENT),
    ],
)
def test_quantities(attributes: dict[str, str], quantity: Json) -> None:
    chosen = codec("quantity", "PQ")
    assert write(chosen, attributes)[0] == {"x": quantity}
    assert read(chosen, {"x": quantity}) == attributes
    assert read(chosen, {}) is None


@pytest.mark.parametrize(
    ("how", "source", "attributes", "holder"),
    [
        ("dateTime", "TS", {"V": "2026-11-21"}, {"x": "2026-11-21"}),
        ("dateTime", "TS", {"V": "12:30:00"}, {"_x": exact("12:30:00")}),
        ("dateTime", "TS", {"V": ""}, {"_x": IS_PRESENT}),
        ("dateTime", "TS", {}, {"_x": {"extension": [{"url": PRESENT, "valueBoolean": False}]}}),
        ("string", "URL", {"V": "tel:1"}, {"x": "tel:1"}),
        ("string", "URL", {}, {"_x": {"extension": [{"url": PRESENT, "valueBoolean": False}]}}),
    ],
)
def test_elements_with_one_attribute(how: str, source: str, attributes: dict[str, str], holder: Json) -> None:
    chosen = codec(how, source)
    assert write(chosen, attributes)[0] == holder
    assert read(chosen, holder) == attributes
    assert read(chosen, {}) is None


def test_an_end_before_its_start_stands_only_as_it_was() -> None:
    chosen = codec("dateTime", "TS")
    period: Json = {"start": "2026-11-21"}
    notes = Notes()
    chosen.write(element({"V": "2026-11-20T10:00:00"}), period, "end", notes)
    assert "end" not in period
    assert notes.natives == [False]
    assert chosen.read(period, "end", Notes()) == {"V": "2026-11-20T10:00:00"}
    chosen.write(element({"V": "2026-11-21T10:00:00"}), period, "end", notes)
    assert period["end"] == "2026-11-21T10:00:00+01:00"


def kept(code: str | None, display: str | None = None) -> Json:
    coding = {key: value for key, value in (("code", code), ("display", display)) if value is not None}
    return {"extension": [{"url": EXACT, "valueCoding": coding}]}


@pytest.mark.parametrize(
    ("code_set", "attributes", "holder", "native"),
    [
        ("3101", {"V": "2", "DN": "Kvinne"}, {"x": "female"}, True),
        ("3101", {"V": "2"}, {"x": "female", "_x": kept("2")}, False),
        ("3101", {"V": "2", "DN": "K"}, {"x": "female", "_x": kept("2", "K")}, False),
        ("3101", {"V": "7", "DN": "?"}, {"_x": kept("7", "?")}, False),
        ("3101", {}, {"_x": {"extension": [{"url": EXACT, "valueCoding": IS_PRESENT}]}}, False),
        ("3401", {"V": "H", "DN": "Bostedsadresse"}, {"x": "home"}, True),
        (
            "3401",
            {"V": "HP", "DN": "Folkeregisteradresse"},
            {"x": "home", "_x": kept("HP", "Folkeregisteradresse")},
            False,
        ),
        ("9061", {"V": "H", "DN": "Hjemme eller ukjent"}, {"_x": kept("H", "Hjemme eller ukjent")}, False),
        ("9061", {"V": "MC", "DN": "Mobiltelefon"}, {"x": "mobile"}, True),
        ("9082", {"V": "1", "DN": "Mandag"}, {"x": "mon"}, True),
        ("8230", {"V": "6", "DN": "Aktiv"}, {"x": "active"}, True),
        ("8230", {"V": "2", "DN": "Bestilt"}, {"x": "active", "_x": kept("2", "Bestilt")}, False),
    ],
)
def test_words_of_fhir(code_set: str, attributes: dict[str, str], holder: Json, native: bool) -> None:
    chosen = codec(f"word {code_set}", "CS")
    assert write(chosen, attributes) == (holder, [native])
    assert read(chosen, holder) == attributes


@pytest.mark.parametrize(
    ("code_set", "holder", "attributes"),
    [
        ("3101", {"x": "male", "_x": kept("2", "K")}, {"V": "1", "DN": "Mann"}),
        ("3401", {"x": "work", "_x": kept("HP")}, {"V": "WP", "DN": "Arbeidsadresse"}),
        ("3401", {"x": "home", "_x": kept("HP")}, {"V": "HP"}),
        ("9061", {"x": "home"}, {"V": "H", "DN": "Hjemme eller ukjent"}),
        ("8230", {"x": "completed"}, None),
        ("3101", {}, None),
    ],
)
def test_an_edited_word_wins(code_set: str, holder: Json, attributes: dict[str, str] | None) -> None:
    assert read(codec(f"word {code_set}", "CS"), holder) == attributes


def test_a_word_that_must_not_stand_is_withdrawn_and_its_code_comes_back() -> None:
    address: Json = {"use": "home"}
    withdraw("3401", address, "use")
    assert "use" not in address
    assert Word("3401").read(address, "use", Notes()) == {"V": "H", "DN": "Bostedsadresse"}


TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))))


@given(
    how=st.sampled_from(
        ["concept", "coding", "concept 9033", "coding 9033", *(f"word {each}" for each in WORDS)]
    ),
    values=st.fixed_dictionaries({"V": TEXTS, "S": TEXTS, "DN": TEXTS, "OT": TEXTS}),
)
def test_any_code_comes_back(how: str, values: dict[str, str | None]) -> None:
    stated = " " not in how
    allowed = ("V", "S", "DN", "OT") if stated else ("V", "DN")
    attributes = {name: text for name, text in values.items() if text is not None and name in allowed}
    chosen = codec(how, "CV" if stated else "CS")
    assert read(chosen, write(chosen, attributes)[0]) == attributes


@pytest.mark.parametrize(
    ("address", "oid"),
    [
        ("http://hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3"),
        ("http://hl7.org/fhir/sid/icd-10-no", "2.16.578.1.12.4.1.1.7110"),
        ("http://hl7.org/fhir/sid/icpc-2", "2.16.578.1.12.4.1.1.7170"),
    ],
)
def test_a_diagnosis_is_carried_with_the_set_that_it_is_of(address: str, oid: str) -> None:
    """The WHO's ICD-10 is not the Norwegian one: its code is carried as its own."""
    coding = {"system": address, "code": "S72.0", "display": "Brudd"}
    made = convert(
        message("INNLEGGELSESRAPPORT", [{"resourceType": "Condition", "code": {"coding": [coding]}}]),
        "plo-1.6",
    )
    found = etree.fromstring(made.data).find(".//{*}Diagnosekode")
    assert found is not None
    assert (found.get("V"), found.get("S")) == ("S72.0", oid)
