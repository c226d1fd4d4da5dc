"""Do the paths of the mappings make what they lead through, and find it again?"""

from __future__ import annotations

from inspect import isfunction
from typing import Any

import pytest
from lxml import etree

from gateway.emessage.grammar import structure
from gateway.fhir.canonical import code_system, component_system, extension_url
from gateway.translate import finding, places
from gateway.translate.codec import Codec
from gateway.translate.datatypes import codec
from gateway.translate.following import Scene, value_of
from gateway.translate.paths import Path, parse
from gateway.translate.reading import Reading
from gateway.translate.source import Source
from gateway.translate.state import State

Json = dict[str, Any]
STRING = codec("string", "string")
CONCEPT = codec("concept 9033", "CS")
OTHER = "http://hl7.no/fhir/StructureDefinition/no-basis-middlename"


def state() -> State:
    return State({"resourceType": "Bundle", "entry": []}, ("88810012", "id"))


def put(path: str, *texts: str, into: Json | None = None, at: State | None = None) -> Json:
    """The object with the texts written at the path, one after the other."""
    holder: Json = {} if into is None else into
    at, compiled = at or state(), Path(path, "valueString")
    at.counted.place = etree.Element("x"), None, path, compiled.in_extension
    names = {**vars(places), "string": STRING, "holder": holder, "state": at, "counted": at.counted}
    for text in texts:
        exec(compiled.written("string", repr(text), "holder"), names)
    return holder


def got(path: str, holder: Json, at: State | None = None, how: Codec = STRING) -> list[Any]:
    """The values that a function generated for the path finds."""
    at = at or state()
    reading = Reading(at.bundle, at.key, born_in_fhir=False)
    reading.singletons |= at.singletons
    out = Source({name: value for name, value in vars(finding).items() if isfunction(value)})
    with out.block("def found(holder, reading)"):
        out.line("values, read = [], reading.read")
        scene = Scene(out, structure("plo-1.6"))
        with value_of(scene, Path(path, "valueString"), how) as value:
            out.line(f"values.append({value})")
        out.line("return values")
    values: list[Any] = out.function("found")(holder, reading)
    return values


@pytest.mark.parametrize(
    ("path", "holder"),
    [
        ("a", {"a": "x"}),
        ("a.b.c", {"a": {"b": {"c": "x"}}}),
        ("a[0].b", {"a": [{"b": "x"}]}),
        ("a[0]", {"a": ["x"]}),
        ("a[]", {"a": ["x"]}),
        ("a[].b", {"a": [{"b": "x"}]}),
        ("ext(note)", {"extension": [{"url": extension_url("note"), "valueString": "x"}]}),
        (f"ext({OTHER})", {"extension": [{"url": OTHER, "valueString": "x"}]}),
        ("a.ext(note)", {"a": {"extension": [{"url": extension_url("note"), "valueString": "x"}]}}),
        (
            "ext(note).ext(inner)",
            {
                "extension": [
                    {
                        "url": extension_url("note"),
                        "extension": [{"url": extension_url("inner"), "valueString": "x"}],
                    }
                ]
            },
        ),
        (
            "a[code=Briller].b",
            {"a": [{"code": {"coding": [{"system": component_system(), "code": "Briller"}]}, "b": "x"}]},
        ),
    ],
)
def test_a_value_stands_where_its_path_says(path: str, holder: Json) -> None:
    assert put(path, "x") == holder
    assert got(path, holder) == ["x"]
    assert got(path, {}) == []


@pytest.mark.parametrize("path", ["a[]", "a[].b", "ext(note)[]", "a[0].b[]"])
def test_a_repeating_step_has_an_item_for_each(path: str) -> None:
    holder = put(path, "en", "to", "tre")
    assert got(path, holder) == ["en", "to", "tre"]


@pytest.mark.parametrize("path", ["a", "a.b", "a[0]", "a[0].b", "ext(note)", "a[code=X].b"])
def test_any_other_step_has_one_place(path: str) -> None:
    assert got(path, put(path, "en", "to")) == ["to"]


def test_texts_of_a_list_that_are_no_values_stand_beside_it() -> None:
    holder = put("a[]", "en", "  ", "tre")
    assert holder["a"] == ["en", None, "tre"]
    assert [each is None for each in holder["_a"]] == [True, False, True]
    assert got("a[]", holder) == ["en", "  ", "tre"]


@pytest.mark.parametrize("texts", [("", "to"), ("en", ""), ("", ""), ("en", "  ", "tre", "fire")])
def test_both_lists_of_a_primitive_are_equally_long(texts: tuple[str, ...]) -> None:
    holder = put("a[]", *texts)
    assert len(holder["a"]) == len(holder["_a"]) == len(texts)
    assert got("a[]", holder) == list(texts)


@pytest.mark.parametrize("path", ["a", "a[0]", "a[1]", "a[]", "a.b[]", "ext(note)", "ext(note)[]"])
@pytest.mark.parametrize(
    "texts", [("en",), ("en", "to"), ("", "to"), ("en", "  ", "tre"), ("  ", "to", "tre")]
)
def test_a_finished_value_stands_as_the_codec_would_have_put_it(path: str, texts: tuple[str, ...]) -> None:
    holder: Json = {}
    names = {**vars(places), "holder": holder, "state": state()}
    for text in texts:
        if text.strip():
            exec(Path(path, "valueString").put(repr(text), "holder"), names)
        else:
            put(path, text, into=holder)
    assert holder == put(path, *texts)


def test_an_item_is_found_by_its_code_set() -> None:
    items = [
        {"text": "ingen kode"},
        {"coding": [{"system": code_system(9050), "code": "1"}]},
        {"coding": [{"system": code_system(9033), "code": "DA"}, {"system": "http://x", "code": "y"}]},
        {"coding": [{"system": code_system(9033), "code": "SO"}]},
    ]
    assert got("a[9033]", {"a": items}, how=CONCEPT) == [{"V": "DA"}]
    assert got("a[9111]", {"a": items}, how=CONCEPT) == []
    assert got("a[9033]", {"a": "ingen liste"}, how=CONCEPT) == []


def test_a_component_is_found_by_its_code_and_made_once() -> None:
    holder = put("a[code=X].b", "en")
    put("a[code=Y].b", "to", into=holder)
    put("a[code=X].c", "tre", into=holder)
    assert [item["code"]["coding"][0]["code"] for item in holder["a"]] == ["X", "Y"]
    assert (got("a[code=X].b", holder), got("a[code=X].c", holder)) == (["en"], ["tre"])


def test_a_reference_is_followed_and_its_resource_made_once() -> None:
    at, holder = state(), {}
    put("m(Medication).code.text", "Paracet", into=holder, at=at)
    put("m(Medication).form.text", "tablett", into=holder, at=at)
    (entry,) = at.bundle["entry"]
    assert entry["resource"] | {"id": ""} == {
        "resourceType": "Medication",
        "id": "",
        "code": {"text": "Paracet"},
        "form": {"text": "tablett"},
    }
    assert holder == {"m": {"reference": entry["fullUrl"]}}
    assert got("m(Medication).form.text", holder, at) == ["tablett"]


def test_a_root_is_the_one_resource_of_its_type() -> None:
    at = state()
    put("Patient.a", "x", at=at)
    put("Patient.b", "y", at=at)
    assert [entry["resource"]["resourceType"] for entry in at.bundle["entry"]] == ["Patient"]
    assert got("Patient.b", {}, at) == ["y"]
    assert got("Encounter.b", {}, at) == []


@pytest.mark.parametrize(
    "holder", [{"a": "text"}, {"a": None}, {"a": []}, {"a": {"b": []}}, {"a": [None, "x"]}]
)
def test_another_shape_is_not_there(holder: Json) -> None:
    assert got("a.b[0].c", holder) == []
    assert got("a[].c", holder) == []
    assert got("a[code=X].c", holder) == []


@pytest.mark.parametrize(("path", "inside"), [("a.b", False), ("a.ext(note)", True), ("ext(note).a", True)])
def test_a_path_knows_whether_it_leads_into_an_extension(path: str, inside: bool) -> None:
    assert Path(path, "valueString").in_extension == inside


@pytest.mark.parametrize("text", ["a b", "a[x]", "a..b", "ext(", ".a", "a[0", "a[]]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
