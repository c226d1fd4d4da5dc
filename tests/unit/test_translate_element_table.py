"""Does the table say of every element where it stands in FHIR, and how it was carried?"""

from __future__ import annotations

from collections import Counter

import pytest

from gateway import translate
from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.fhir import json as fhir_json
from gateway.translate.element_table import ElementRow, element_table, in_full
from tests.support.story import told

TOLD = told()
CARE = [
    key for key, message in TOLD.items() if message.body.startswith(b"<") and message.step.type != "EPIKRISE"
]


def table(xml: bytes) -> tuple[tuple[ElementRow, ...], translate.LossReport]:
    message = read(xml)
    translation = translate.convert(message, "fhir-r4")
    code = translate.facts_of(message).message_type
    return element_table(message.root, code, translation.loss.as_json()["entries"]), translation.loss


@pytest.mark.parametrize("key", CARE)
def test_every_element_has_a_place_or_is_always_the_same(key: str) -> None:
    rows, _ = table(TOLD[key].body)
    assert len(rows) > 40
    assert [row.source for row in rows if not row.target and row.how != "implied"] == []
    assert all(row.target[:1].isupper() for row in rows if row.target), (
        "the whole place, from the resource on"
    )


@pytest.mark.parametrize("key", CARE)
def test_what_the_report_names_stands_in_the_table_as_the_report_says(key: str) -> None:
    rows, report = table(TOLD[key].body)
    shown = {row.source: row.how for row in rows}
    for entry in report.entries:
        place = entry.source if entry.source in shown else entry.source.partition("/@")[0]
        assert shown[place] == entry.kind, entry.source


@pytest.mark.parametrize("key", CARE)
def test_the_whole_place_of_what_a_rule_says_from_where_it_stands(key: str) -> None:
    message = read(TOLD[key].body)
    report = translate.convert(message, "fhir-r4").loss
    full = in_full(report, message.root, translate.facts_of(message).message_type)
    assert [(each.source, each.kind) for each in full.entries] == [
        (each.source, each.kind) for each in report.entries
    ]
    assert [each.target for each in full.entries if not each.target[:1].isupper()] == []


def test_places_values_and_rules() -> None:
    rows, _ = table(TOLD["innleggelsesrapport-arvid"].body)
    found = {row.source.partition("Content/")[2] or row.source: row for row in rows}
    note = found["Innleggelsesrapport/ParorendeForesatt[2]/Merknad"]
    assert (note.target, note.how) == ("RelatedPerson.extension(remark)", "extension")
    name = found["Innleggelsesrapport/ParorendeForesatt[1]/Referanseperson/FamilyName"]
    assert (name.value, name.target, name.how) == ("Nesheim", "RelatedPerson.name[0].family", "native")
    assert name.rule.startswith("person.map:")
    assert name.part.endswith("Innleggelsesrapport/ParorendeForesatt[1]")
    kin = found["Innleggelsesrapport/ParorendeForesatt[1]/Slektskap"]
    assert kin.value == "Ektefelle (EF)"
    assert Counter(row.how for row in rows)["native"] > 100


def test_what_is_lost_says_so() -> None:
    xml = TOLD["innleggelsesrapport-arvid"].body.replace(
        b"<Slektskap ",
        b'<Slektskap xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="false" ',
        1,
    )
    rows, report = table(xml)
    assert report.lost
    lost = {row.source for row in rows if row.how == "lost"}
    assert lost == {each.source.partition("/@")[0] for each in report.lost}


def test_a_bundle_is_shown_beside_the_message_it_becomes() -> None:
    fhir = next(message.body for message in TOLD.values() if not message.body.startswith(b"<"))
    bundle = fhir_json.read(fhir)
    translation = translate.convert(bundle, translate.e_message_format(bundle))
    code = translate.facts_of(bundle).message_type
    rows = element_table(read(translation.data).root, code, translation.loss.as_json()["entries"])
    assert len(rows) > 40
    assert [row.source for row in rows if not row.target and row.how != "implied"] == []


def test_what_another_version_has_no_room_for_is_shown_as_lost() -> None:
    """The places are those of the message, not of the Bundle between its two versions."""
    message = read(RandomMessage("plo-1.6", 1, chance=0.3).text("p3"))
    report = translate.convert(message, "plo-1.5").loss
    rows = element_table(message.root, "", report.as_json()["entries"])
    lost = {each.source.partition("/@")[0] for each in report.lost}
    assert lost
    assert {row.source for row in rows if row.how == "lost"} == lost
    assert report.total == report.native + len(report.lost)
