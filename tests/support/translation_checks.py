"""What must hold of a Bundle made of an e-message: every judge finds it valid, and an edit in it changes just that."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fhirkit
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate
from gateway.translate import Translation
from tests.support.translation import Json, Place, back, changes, values

FALSE_COMPLAINTS = {
    "extra_forbidden": "R4 allows `_valueString` (and the like) in an Extension, as for every primitive; "
    "fhir.resources has no such fields",
    "value_error": "a required choice is there when only its extension is (`_contentString`); "
    "fhir.resources looks at the value alone",
}
"""What fhir.resources complains of, and is wrong."""


def resources_complaints(data: bytes) -> list[str]:
    """What fhir.resources R4B finds wrong in a Bundle, without what we know it to be wrong in."""
    try:
        get_fhir_model_class("Bundle").model_validate_json(data)
    except ValidationError as error:
        return [f"{found['loc']} {found['type']}" for found in error.errors() if not _is_false(found)]
    return []


def _is_false(found: Any) -> bool:
    last, input_of = str(found["loc"][-1]), found["input"]
    if found["type"] == "extra_forbidden":
        return "extension" in found["loc"] and last.startswith("_value")
    only_extended = isinstance(input_of, dict) and any(key.startswith("_content") for key in input_of)
    return bool(found["type"] == "value_error" and "payload" in found["loc"] and only_extended)


def check_bundle(data: bytes, *, typed: bool = True) -> None:
    """Nobody finds anything wrong in the Bundle; `typed`: the models of fhir.resources, slow ones, are asked too."""
    assert [f"{found.path} {found.code}" for found in validate(fhir_json.read(data))] == []
    assert fhirkit.validate(data.decode()) == []
    assert not typed or resources_complaints(data) == []


def check_edits(bundle: Json, standard: str, edited: list[Place]) -> None:
    """Each value at these places is changed: exactly those values change in the message, each as it was edited.

    The Bundle is as before then.
    """
    before = back(bundle, standard)
    old = [place.value for place in edited]
    for number, place in enumerate(edited):
        place.put(f"{place.value} endret <&> «æ» {number}.")
    try:
        found = changes(before, back(bundle, standard))
    finally:
        for place, value in zip(edited, old, strict=True):
            place.put(value)
    for was, now in found:
        assert was is not None, now
        assert now is not None, was
        number = int(now[2].removesuffix(".").rpartition(" ")[2])
        assert was[2].endswith(old[number]), edited[number].path
        expected = f"{was[2]} endret <&> «æ» {number}."  # before the text may stand what follows from another, `tel:`
        assert now[2] == expected, edited[number].path
    assert len(found) == len(edited)


def check_losses(source: bytes, made: Translation) -> None:
    """Each element whose value another version does not have is named in the report, by its place in the source."""
    places = (each.source.partition("/@")[0] for each in made.loss.lost)
    told = Counter(place.rpartition("/")[2].partition("[")[0] for place in places)
    lost = values(source) - values(made.data)
    for (element, _), count in Counter((element, name) for element, name, _ in lost.elements()).items():
        assert told[element] >= count, (element, made.loss.lost)
