"""Does the look at all values together say of each what the look at it alone says?"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.gathered import are_legal
from gateway.fhir.primitives import CHECKS, MAX_TEXT
from gateway.fhir.problem import Walk
from tests.support.fhir_mutations import VALUES

LEGAL = {
    "texts": ("string", "Fjelltun"),
    "codes": ("code", "UTSKRIVNINGSRAPPORT"),
    "ids": ("id", "63496998-1c3c-5b56-9d49-affd4637b19f"),
    "times": ("dateTime", "2026-03-30T10:50:00+02:00"),
    "addresses": ("uri", "urn:oid:2.16.578.1.12.4.1.1.8279"),
    "full_urls": ("uri", "urn:uuid:63496998-1c3c-5b56-9d49-affd4637b19f"),
    "pointers": ("string", "Patient/1"),
}
"""What is gathered → the primitive type, and a value that most are like."""
UUID = "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"
ODD = (
    *(
        "a\x01b",
        "a\tb",
        "a\x85b",
        "\u2028",
        "\ufffe",
        "\uffff",
        "\ud800",
        "æ",
        "a\n",
        "\na",
        "a\nb",
        "\n",
        "a\n\nb",
    ),
    *(" a", "a b", "a  b", "a\tb\nc", "urn:oid:1.2.3", "urn:oid:1.02", "urn:oid:", "urn:x", "x:y?z=1#ø"),
    *(UUID, UUID.upper(), UUID.replace("urn:uuid", "URN:uuid"), UUID.replace("6f1c", "6F1C"), f"{UUID}0"),
    *(
        UUID[:-1],
        UUID.replace("uuid", "uui0"),
        UUID.replace("-", "0"),
        f"{UUID}\n{UUID}",
        UUID.replace("f", "g"),
    ),
    *("a" * 64, "a" * 65, "x" * MAX_TEXT, "x" * (MAX_TEXT + 1), ".", "-", "1.5", 1.5, {"a"}, (), b"x"),
)


@pytest.mark.parametrize("gathered", LEGAL)
def test_each_value_is_judged_as_it_is_alone(gathered: str) -> None:
    type_name, ordinary = LEGAL[gathered]
    answers = set()
    for value in (*VALUES, *ODD):
        alone = CHECKS[type_name](value, Walk()) is None
        answers.add(alone)
        for values in ([value], [ordinary, value], [value, ordinary], [ordinary, value, value]):
            assert are_legal(Walk(**{gathered: values})) == alone, value
    assert answers == {True, False}


def test_what_is_gathered_beside_hides_nothing() -> None:
    walk = all_ordinary()
    assert are_legal(walk)
    for gathered, (type_name, _) in LEGAL.items():
        for value in ("", None, 0, [], {}):
            assert CHECKS[type_name](value, walk) is not None
            getattr(walk, gathered).append(value)
            assert not are_legal(walk), gathered
            getattr(walk, gathered).pop()


def test_a_reference_may_not_have_what_an_address_may() -> None:
    address = "urn:x:\x01"
    assert CHECKS["uri"](address, Walk()) is None
    assert CHECKS["string"](address, Walk()) is not None
    assert are_legal(Walk(full_urls=[address]))
    assert not are_legal(Walk(full_urls=[address], pointers=[address]))


def all_ordinary() -> Walk:
    made: dict[str, list[Any]] = {gathered: [value] for gathered, (_, value) in LEGAL.items()}
    return Walk(**made)
