"""Are the published examples of messages born in FHIR as the script makes them, valid to all, and messages in PLO?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import package_data
from gateway.emessage.rules import DIALOGUE_TYPES, PLO_BODY_OF_TYPE
from gateway.fhir.canonical import profile_url
from gateway.fhir.json import read, write
from gateway.fhir.validate import validate
from gateway.translate import convert
from gateway.translate.born.body import BODY_OF_TYPE
from tests.conformance.test_fhir_judges import fhirkit_errors, pyrofile_errors, resources_errors
from tests.support.born_examples import examples
from tests.support.official import findings

FOLDER = package_data.profiles() / "examples"
FILES = sorted(FOLDER.glob("born-*.json"))


def test_the_files_are_what_the_script_makes() -> None:
    made = {name: read(write(bundle)) for name, bundle in examples().items()}
    assert {file.name: read(file.read_bytes()) for file in FILES} == made, (
        "run: python -m tests.support.born_examples"
    )


def test_every_message_type_has_one() -> None:
    types = {read(file.read_bytes())["entry"][0]["resource"]["eventCoding"]["code"] for file in FILES}
    assert types == set(BODY_OF_TYPE) == {*PLO_BODY_OF_TYPE, *DIALOGUE_TYPES} - {"PASIENTLOGISTIKK"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_valid_to_all_and_a_message_in_plo(file: Path, standards: Path) -> None:
    bundle = read(file.read_bytes())
    assert bundle["meta"]["profile"] == [profile_url("somlos-message")]
    assert validate(bundle) == ()
    assert fhirkit_errors(bundle) == []
    assert resources_errors(bundle) == []
    assert pyrofile_errors(bundle, standards) == []
    made = convert(bundle, "plo-1.6")
    assert findings(standards, made.format, made.data) == []
    assert [loss for loss in made.loss.lost if loss.severity == "error"] == []
