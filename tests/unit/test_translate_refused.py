"""What of a Bundle cannot be sent as it is: a correction of nothing, one that cannot say so, what breaks R4?"""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from gateway.emessage.read import read
from gateway.errors import NotTranslatable, SomlosError
from gateway.fhir.validate import validate as validate_fhir
from gateway.translate import convert, facts_of, roundtrip
from tests.support import born_bundles as by_hand
from tests.support.born import message
from tests.support.messages import Admission
from tests.unit.test_translate_turns import ABOUT, HL7, MEASURE, kinds

# corrections that name no original


@pytest.mark.parametrize("status", ["amended", "entered-in-error"])
def test_a_correction_without_its_original_is_told_gravely(status: str) -> None:
    said = {
        "resourceType": "Composition",
        "status": status,
        "type": {"text": "Rapport"},
        **ABOUT,
        "date": "2026-03-12",
        "author": [{"display": "Per"}],
        "title": "Rapport",
    }
    made = convert(message("INNLEGGELSESRAPPORT", [said, MEASURE]), "plo-1.6")
    assert "rules.conversation-missing" in made.loss.notes
    assert made.loss.gravest == "error"
    named = convert(by_hand.BUNDLES["discharge_changed"](), "plo-1.6")
    assert facts_of(read(named.data)).status == "M"
    assert "rules.conversation-missing" not in named.loss.notes


@pytest.mark.parametrize("operation", ["UPDATE", "NULLIFY"])
def test_what_has_no_status_cannot_replace_or_cancel(operation: str) -> None:
    """It would arrive as if it were new (DESIGN §4.4)."""
    bundle = by_hand.BUNDLES["question"]()
    activity = {"activity": by_hand.coded(f"{HL7}/v3-DataOperation", operation)}
    provenance = by_hand.parent("revision") | activity
    bundle["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
    )
    with pytest.raises(NotTranslatable) as refused:
        convert(bundle, "plo-1.6")
    assert (refused.value.code, refused.value.path) == (
        "translate.unsupported-content",
        "Provenance.activity",
    )


def test_when_the_provenance_of_the_message_was_recorded_is_no_loss() -> None:
    """The message has its own time (GenDate)."""
    bundle = message("LOG_INNLAGT", [by_hand.stay()])
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": bundle["entry"][0]["fullUrl"]}],
        "recorded": "2026-03-09T10:15:29+01:00",
        "agent": [{"who": {"reference": bundle["entry"][2]["fullUrl"]}}],
    }
    bundle["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
    )
    made = convert(bundle, "plo-1.6")
    assert kinds(made)["Provenance[1].recorded"] == ("implied", "information")
    assert made.loss.lost == ()


# what does not follow R4

_JUNK = (None, 1, "x", [], {}, [None], [{}], ["a"], {"a": 1}, [[]], {"reference": 5}, {"coding": [None]}, "")


def test_a_bundle_that_does_not_follow_r4_is_refused_by_the_catalogue() -> None:
    chance, names = random.Random(11), sorted(by_hand.BUNDLES)
    for number in range(250):
        bundle = copy.deepcopy(by_hand.BUNDLES[names[number % len(names)]]())
        spots: list[tuple[Any, Any]] = []
        _places(bundle, spots)
        holder, key = chance.choice(spots)
        holder[key] = copy.deepcopy(chance.choice(_JUNK))
        try:
            convert(bundle, "plo-1.6")
        except SomlosError as error:
            assert error.code != "translate.result-invalid" or not validate_fhir(bundle)


# what does not follow its schema


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        (b'<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24"/>', "fhir-r4", "MsgHead/MsgInfo"),
        (b'<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2004-11-21"/>', "fhir-r4", "AppRec/MsgType"),
        (Admission(message_id="a-1").xml.replace(b"<Anslag>", b"<Anslag>x"), "plo-1.5", None),
    ],
)
def test_a_message_that_the_rules_stumble_over_is_refused_as_invalid(
    source: bytes, target: str, path: str | None
) -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(read(source), target)
    assert refused.value.code == "translate.invalid-source"
    assert refused.value.path == path or path is None
    if target == "fhir-r4":
        with pytest.raises(NotTranslatable):
            roundtrip(source)


@pytest.mark.parametrize("source", [None, [], "x", 5, {}])
def test_what_is_no_bundle_at_all_is_refused(source: Any) -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(source, "plo-1.6")
    assert refused.value.code == "fhir.not-a-bundle"


def _places(value: Any, found: list[tuple[Any, Any]]) -> None:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(inner, dict | list):
            _places(inner, found)
