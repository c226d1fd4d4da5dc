"""Do `validate`, `convert` and `POST /convert` answer a Bundle whose structure is broken with what is wrong with it?

A damaged Bundle is the sender's fault and told as such: never as a fault of ours (us.internal).
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.api import reading
from gateway.commands.examine import examine
from gateway.commands.inputs import Input
from gateway.emessage.read import read
from gateway.errors import Issue, SomlosError
from gateway.examination import convert as to_the_other_format
from gateway.fhir import json as fhir_json
from gateway.formats import Formats
from gateway.translate import convert as translate
from tests.support.fhir_bundle import rich_bundle
from tests.support.fhir_mutations import places
from tests.support.messages import Admission
from tests.support.story import told
from tests.support.two_partners import receipt_for

VALUES: tuple[Any, ...] = (None, "", [], {}, 5)
HEADER = {"resource": {"resourceType": "MessageHeader"}}
EACH_SOURCE = 120


def sources() -> dict[str, dict[str, Any]]:
    """Bundles that can be translated, and one that has too little to be."""
    report, receipt = (
        translate(read(data), "fhir-r4").bundle
        for data in (told()["utskrivningsrapport"].body, receipt_for(Admission(), "2"))
    )
    assert report is not None
    assert receipt is not None
    born = fhir_json.read(told()["innleggelsesrapport"].body)
    return {"report": report, "receipt": receipt, "born in FHIR": born, "too little": rich_bundle()}


def answers(data: bytes, folder: Path) -> list[str]:
    """The codes that the command line, the API and intake answer, whatever else they do."""
    file = folder / "damaged.json"
    file.write_bytes(data)
    examined = examine(Input(str(file), file))
    result = to_the_other_format(examined)
    codes = [each.code for each in examined.issues] + ([result.code] if isinstance(result, Issue) else [])
    assert examined.can_be_translated == (result is not None)
    for ask in (lambda: reading.converted(reading.read(data), None), lambda: Formats().read(data, "fhir")):
        try:
            ask()
        except SomlosError as error:
            codes.append(error.code)
    return codes


@pytest.mark.parametrize("name", ["report", "receipt", "born in FHIR", "too little"])
def test_any_damaged_place_is_told_as_damage(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    sound = sources()[name]
    for _ in range(EACH_SOURCE):
        damaged = copy.deepcopy(sound)
        for _ in range(chance.choice((1, 1, 2))):
            container, key = chance.choice(list(places(damaged)) or [(damaged, "entry")])
            container[key] = copy.deepcopy(chance.choice(VALUES))
        data = fhir_json.write(damaged)
        assert "us.internal" not in answers(data, tmp_path), data


@pytest.mark.parametrize(
    "entry", [None, 1, "x", {}, [], {"resource": None}, {"resource": []}, {"resource": "x"}]
)
@pytest.mark.parametrize("rest", [[], [HEADER]], ids=["alone", "with a header"])
def test_an_entry_that_is_none(entry: object, rest: list[object], tmp_path: Path) -> None:
    data = json.dumps({"resourceType": "Bundle", "type": "message", "entry": [entry, *rest]}).encode()
    found = answers(data, tmp_path)
    assert found
    assert "us.internal" not in found


@pytest.mark.parametrize("member", ["entry", "identifier", "meta", "type", "timestamp", "resourceType"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_bundle_with_a_member_that_is_none(member: str, value: object, tmp_path: Path) -> None:
    data = fhir_json.write({**rich_bundle(), member: value})
    found = answers(data, tmp_path)
    assert found
    assert "us.internal" not in found


@pytest.mark.parametrize("name", ["report", "receipt", "born in FHIR"])
def test_what_is_sound_gets_through(name: str, tmp_path: Path) -> None:
    assert answers(fhir_json.write(sources()[name]), tmp_path) == []
