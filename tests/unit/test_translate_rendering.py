"""Is what PLO has no element for told in Norwegian, at the clock of Oslo, and is a loss as grave as it should be?"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir import tables
from gateway.translate import convert
from gateway.translate.born.tables import wordlist
from gateway.translate.born.wording import Wording, moment, plain
from tests.support import born_bundles as by_hand
from tests.support.born import LISTED, message

UNTOLD = frozenset({"Resource", "Reference", "Extension", "Identifier", "Attachment", "Signature", "Meta"})


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("2026-03-08", "08.03.2026"),
        ("2026-03-08T12:00:00Z", "08.03.2026 kl. 13:00"),
        ("2026-07-08T23:30:00Z", "09.07.2026 kl. 01:30"),
        ("2026-03-08T12:00:00+01:00", "08.03.2026 kl. 12:00"),
        ("2026-03", "2026-03"),
        ("2026-13-45", "2026-13-45"),
        ("i går", "i går"),
    ],
)
def test_a_time_is_shown_at_the_clock_of_oslo(stated: str, shown: str) -> None:
    assert moment(stated) == shown


def test_a_narrative_is_told_line_by_line() -> None:
    division = '<div xmlns="http://www.w3.org/1999/xhtml"><p>En  <b>to</b></p><ul><li>tre</li></ul>&lt;fire&gt;</div>'
    assert plain(division) == "En to\ntre\n<fire>"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"value": 2, "unit": "mg", "comparator": "<"}, "<2 mg"),
        ({"start": "2026-01-01"}, "fra 01.01.2026"),
        ({"low": {"value": 1}, "high": {"value": 2}}, "1 – 2"),
        (
            {"numerator": {"value": 5, "unit": "mg"}, "denominator": {"value": 1, "unit": "ml"}},
            "5 mg per 1 ml",
        ),
        ({"text": "Rolig", "authorString": "Per", "time": "2026-01-01"}, "Rolig (Per, 01.01.2026)"),
        ({"coding": [{"code": "x", "display": "Pain"}], "text": "Smerte"}, "Smerte, Pain"),
        ({"display": "Lege Ida"}, "Lege Ida"),
        (
            {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}},
            "2 ganger per 1 døgn; Ukedag: mandag",
        ),
    ],
)
def test_a_value_is_told(value: dict[str, Any], told: str) -> None:
    wording = Wording(wordlist(), lambda holder, key, at: True)
    assert wording.sentence({"text": value}, "text", "X") == told


def test_every_element_of_the_listed_types_has_a_norwegian_name() -> None:
    words, missing = wordlist(), set()

    def look(kind: str, seen: frozenset[str]) -> None:
        for element in tables.elements(kind):
            for name, found in element.names().items():
                if words.is_never(name) or name in (
                    "coding",
                    "comparator",
                    "value",
                    "unit",
                    "frequency",
                    "periodUnit",
                ):
                    continue
                if name not in words.labels:
                    missing.add(f"{kind}.{name}")
                if tables.is_declared(found.name) and found.name not in UNTOLD | seen:
                    look(found.name, seen | {found.name})

    for kind in LISTED:
        look(kind, frozenset({kind}))
    assert {
        each for each in missing if not each.startswith(("HumanName", "Ratio", "SampledData", "Coding"))
    } <= KNOWN


KNOWN: set[str] = set()
"""Elements that stand under their English name still."""


@pytest.mark.parametrize(
    ("resource", "gravest"),
    [
        ({"resourceType": "Condition", "code": {"text": "Feber"}, **by_hand.ABOUT}, "warning"),
        ({"resourceType": "AllergyIntolerance", "code": {"text": "Egg"}, **by_hand.OF}, "error"),
        (
            {
                "resourceType": "Immunization",
                "status": "not-done",
                "vaccineCode": {"text": "MMR"},
                **by_hand.OF,
                "occurrenceString": "i fjor",
            },
            "error",
        ),
        (
            {"resourceType": "Device", "deviceName": [{"name": "Rullestol", "type": "other"}], **by_hand.OF},
            "warning",
        ),
    ],
)
def test_a_loss_is_as_grave_as_what_it_could_be_taken_for(resource: dict[str, Any], gravest: str) -> None:
    """In a message on services, which has a place for none of them."""
    made = convert(message("ORIENTERING_TJENESTETILBUD", [by_hand.service("Hjelp"), resource]), "plo-1.6")
    of_it = [
        entry.severity for entry in made.loss.entries if entry.source.startswith(resource["resourceType"])
    ]
    order = ("error", "warning", "information")
    assert min(of_it, key=order.index) == gravest


def test_a_component_that_a_version_does_not_have_is_not_told_by_its_name() -> None:
    """Names of elements say nothing to a reader."""
    stay = by_hand.stay(period={"start": "2026-03-08", "end": "2026-03-12"})
    text = convert(message("HELSEOPPL_SOKNAD", [stay]), "plo-1.5").data.decode()
    assert "08.03.2026" in text
    assert "OpplysningOpphold" not in text
