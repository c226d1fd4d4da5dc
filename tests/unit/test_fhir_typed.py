"""Is the typed view the same resource, there and back, and does it refuse what it cannot hold?"""

from __future__ import annotations

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.goal import Goal

from gateway import package_data
from gateway.emessage.read import read as read_message
from gateway.errors import NotTranslatable
from gateway.fhir import model_of, resource_of
from gateway.fhir.json import read
from gateway.fhir.validate import validate
from gateway.translate import convert
from tests.support.fhir_bundle import rich_bundle
from tests.support.messages import Admission

EXAMPLES = sorted(package_data.profiles().glob("examples/*.json"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_there_and_back_is_the_same(file: object) -> None:
    resource = read(file.read_bytes())  # type: ignore[attr-defined]
    assert resource_of(model_of(resource)) == resource


def test_a_translated_message_is_edited_as_a_model_and_translated_back() -> None:
    made = read(convert(read_message(Admission().xml), "fhir-r4").data)
    bundle = model_of(made)
    assert isinstance(bundle, Bundle)
    header = bundle.entry[0].resource
    assert header.eventCoding.code
    back = resource_of(bundle)
    assert validate(back) == ()
    assert convert(back, "plo-1.6").data == convert(made, "plo-1.6").data


def test_a_model_made_by_hand_is_a_resource() -> None:
    goal = Goal(
        lifecycleStatus="active", description={"text": "Gå i butikken"}, subject={"reference": "Patient/1"}
    )
    assert validate(resource_of(goal)) == ()


def test_what_the_models_cannot_hold_is_refused_with_its_place() -> None:
    resource = rich_bundle()
    extension = {"url": "http://example.org/x", "_valueString": {"id": "a"}}
    resource["entry"][0]["resource"]["extension"] = [extension]
    with pytest.raises(NotTranslatable) as refused:
        model_of(resource)
    assert refused.value.code == "fhir.no-typed-view"
    assert refused.value.path == "Bundle.entry[0].resource.extension[0].valueString"
    with pytest.raises(NotTranslatable):
        model_of({"resourceType": "Transport"})
