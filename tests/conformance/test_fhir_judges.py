"""Do independent FHIR judges agree with our validator?

fhirkit-rs (structure), fhir.resources R4B (structure, the typed view) and pyrofile (structure, bindings, invariants,
from HL7's own definitions). Nothing that fhirkit-rs rejects may be accepted by us. What a judge complains of and we
hold right is listed here with its reason.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError
from pyrofile_validator import Validator
from pyrofile_validator.config import ValidatorConfig

from gateway import package_data, translate
from gateway.emessage.read import read as read_message
from gateway.errors import NotTranslatable, Unreadable
from gateway.fhir.json import read, write
from gateway.fhir.package import package
from gateway.fhir.validate import validate
from tests.support.fhir_bundle import rich_bundle
from tests.support.fhir_claims import claiming
from tests.support.fhir_invariants import CASES
from tests.support.fhir_mutations import mutate

Resource = dict[str, Any]

MUTATIONS = int(os.environ.get("SOMLOS_MUTATIONS", "3000"))
"""More for a night's run: SOMLOS_MUTATIONS=100000 make test."""

_CHOICE = "pyrofile does not find some choices: Communication.payload.contentString, answerOption.valueCoding are there"
_ABSENT = (
    "a required primitive may have only an extension (data-absent-reason); pyrofile does not know _name there"
)
_SECTION = "a section inside a section is a Composition.section too (contentReference)"
_AS_SENT = "codes and displays travel as the sender wrote them, also where our lists say otherwise"
_MAY_BE_ABSENT = ("endpoint", "title", "recorded", "status", "intent", "date")
FALSE_COMPLAINTS: dict[tuple[str, str], str] = {
    ("cardinality.min", "content[x]"): _CHOICE,
    ("cardinality.min", "item[x]"): _CHOICE,
    ("cardinality.min", "value[x]"): _CHOICE,
    ("cardinality.min", "answer[x]"): _CHOICE,
    ("extension.context", "section"): _SECTION,
    **{("element.unknown", f"_{name}"): _ABSENT for name in _MAY_BE_ABSENT},
    **{("cardinality.min", name): _ABSENT for name in _MAY_BE_ABSENT},
    **{("profile.element.cardinality.min", name): _ABSENT for name in _MAY_BE_ABSENT},
    **{("profile.cardinality.min", name): _ABSENT for name in _MAY_BE_ABSENT},
    **{("profile.required", name): _ABSENT for name in _MAY_BE_ABSENT},
    ("terminology.code-system", "coding"): _AS_SENT,
    ("terminology.display", "display"): _AS_SENT,
}
"""pyrofile's errors that are wrong, by code and last step of the path, with the reason."""

COUNTED_TOGETHER = "profile.element.cardinality.max"
"""pyrofile counts an element over all repetitions of what is around it (ConceptMap, Measure …), and then names a
path without a place in a list. How often an element stands in one place is what fhirkit-rs and fhir.resources judge."""

BROKEN_DEFINITIONS: dict[str, str] = {
    "StructureDefinition-no-basis-Endpoint": "urn:oid:…0000 in it is no OID: an arc has no leading zeros",
}
"""Official definitions that are not valid R4, with the reason."""


def ours(resource: Resource) -> list[str]:
    """Our errors (not warnings)."""
    return [f"{found.path} {found.code}" for found in validate(resource) if found.severity == "error"]


def fhirkit_errors(resource: Resource) -> list[str]:
    """What fhirkit-rs complains of."""
    return [str(found) for found in fhirkit.validate(write(resource).decode())]


def resources_errors(resource: Resource) -> list[str]:
    """What fhir.resources complains of."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate_json(write(resource))
    except ValidationError as error:
        # A text of nothing but white space is legal in R4, which only advises against it; fhir.resources refuses it.
        return [
            str(found["loc"]) for found in error.errors() if str(found["input"]).strip() or not found["input"]
        ]
    return []


@cache
def _pyrofile(package: Path) -> Validator:
    own = [str(package_data.profiles() / folder) for folder in ("structures", "extensions", "terminology")]
    settings = {
        "fhirVersion": "4.0.1",
        "localPackagePaths": [str(package), str(package.parent / "hl7.fhir.no.basis-2.2.2"), *own],
        "terminology": {"mode": "local"},
    }
    return Validator(ValidatorConfig.load_dict(settings))


def pyrofile_errors(resource: Resource, standards: Path) -> list[str]:
    """pyrofile's errors without those we hold false."""
    judge = _pyrofile(standards / "fhir" / "hl7.fhir.r4.core-4.0.1.tgz")
    with contextlib.redirect_stdout(io.StringIO()):  # its FHIRPath engine prints traces
        report = judge.validate_resource(json.loads(write(resource)))
    return [
        f"{found.path} {found.code}"
        for found in report.issues
        if found.severity.value == "error"
        and (found.code, found.path.rpartition(".")[2].partition("[0]")[0]) not in FALSE_COMPLAINTS
        and not (found.code == COUNTED_TOGETHER and not re.search(r"\[\d", found.path))
    ]


@pytest.mark.parametrize("judge", [ours, fhirkit_errors, resources_errors])
def test_the_rich_bundle_is_valid_to_all(judge: Callable[[Resource], list[str]]) -> None:
    assert judge(rich_bundle()) == []


@pytest.mark.parametrize("key", CASES)
def test_what_we_hold_right_is_right_to_the_structural_judges(key: str) -> None:
    _, right = CASES[key]
    assert fhirkit_errors(right) == []


def test_the_rich_bundle_is_valid_to_pyrofile(standards: Path) -> None:
    assert pyrofile_errors(rich_bundle(), standards) == []


@pytest.mark.parametrize("file", sorted(package_data.profiles().glob("*/*.json")), ids=lambda file: file.stem)
def test_our_definitions_and_examples_are_valid_to_all(file: Path, standards: Path) -> None:
    resource = read(file.read_bytes())
    assert fhirkit_errors(resource) == []
    assert pyrofile_errors(resource, standards) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("patient-goal", {"expressedBy": None}),
        ("patient-goal", {"description": {"coding": [{"code": "x"}]}}),
        ("care-plan", {"intent": "proposal"}),
        ("function", {"code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}}),
        ("function", {"subject": None}),
        ("takeover", {"owner": None}),
        ("takeover", {"code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}}),
        ("discharge-ready", {"extension": None}),
        ("discharge-ready", {"status": "finished"}),
        ("event", {"code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}}),
        ("communication", {"subject": None}),
        ("message", {"identifier": None}),
        ("message", {"timestamp": None}),
    ],
)
def test_pyrofile_finds_the_same_breaches_of_our_profiles(
    name: str, change: Resource, standards: Path
) -> None:
    resource = read((package_data.profiles() / "examples" / f"{name}.json").read_bytes())
    broken = {key: value for key, value in {**resource, **change}.items() if value is not None}
    assert ours(broken) != []
    assert pyrofile_errors(broken, standards) != []


def test_the_exported_package_is_installed_by_pyrofile(tmp_path: Path, standards: Path) -> None:
    (tmp_path / "package.tgz").write_bytes(package())
    core = standards / "fhir" / "hl7.fhir.r4.core-4.0.1.tgz"
    paths = [core, core.parent / "hl7.fhir.no.basis-2.2.2", tmp_path / "package.tgz"]
    settings = {
        "fhirVersion": "4.0.1",
        "localPackagePaths": [str(path) for path in paths],
        "terminology": {"mode": "local"},
    }
    judge = Validator(ValidatorConfig.load_dict(settings))
    right = json.loads((package_data.profiles() / "examples" / "takeover.json").read_bytes())
    wrong = {key: value for key, value in right.items() if key != "owner"}
    found = {}
    for name, resource in (("right", right), ("wrong", wrong)):
        with contextlib.redirect_stdout(io.StringIO()):
            report = judge.validate_resource(resource)
        found[name] = [each.path for each in report.issues if each.severity.value == "error"]
    assert found["right"] == []
    assert "Task.owner" in found["wrong"]


@pytest.mark.examples("standards/examples/v1.6/*.xml")
def test_what_we_translate_is_valid_to_all(example: Path, standards: Path) -> None:
    try:
        data = translate.convert(read_message(example.read_bytes()), "fhir-r4").data
    except NotTranslatable:
        pytest.skip("a body without grammar is passed on as it is")
    bundle = read(data)
    assert ours(bundle) == []
    assert fhirkit_errors(bundle) == []
    assert resources_errors(bundle) == []
    assert ours(claiming(bundle)) == []
    assert pyrofile_errors(claiming(bundle), standards) == []


def test_nothing_that_fhirkit_rejects_is_accepted() -> None:
    chance = random.Random(20261121)
    original = rich_bundle()
    accepted: list[list[str]] = []
    for _ in range(MUTATIONS):
        damaged = mutate(chance, original)
        if not ours(damaged) and (complaints := fhirkit_errors(damaged)):
            accepted.append(complaints)
    assert accepted == []


def test_what_we_accept_the_typed_view_reads() -> None:
    chance = random.Random(20261122)
    original = rich_bundle()
    damaged = (mutate(chance, original) for _ in range(MUTATIONS // 10))
    assert [complaint for each in damaged if not ours(each) and (complaint := resources_errors(each))] == []


@pytest.mark.examples("fhir/hl7.fhir.no.basis-2.2.2/*.json")
def test_official_definitions_are_valid(example: Path) -> None:
    try:
        resource = read(example.read_bytes())
    except Unreadable as refusal:
        pytest.fail(str(refusal))
    if "resourceType" in resource:
        assert bool(ours(resource)) == (example.name.partition(".")[0] in BROKEN_DEFINITIONS)
