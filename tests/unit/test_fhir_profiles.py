"""Do our published definitions hold: valid, current, meant by the code, and judged as they say?"""

from __future__ import annotations

import copy
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from gateway import package_data, terminology
from gateway.fhir.canonical import BASE, DATA_ABSENT_REASON, EXACT, ORDER, PRESENT, code_system, extension_url
from gateway.fhir.constraints import Constraint
from gateway.fhir.definitions import by_address, codes_of, definitions
from gateway.fhir.json import read
from gateway.fhir.profiles import Profile, check_profile, extension_values, profiles
from gateway.fhir.validate import validate
from gateway.translate.hooks import ORGANISATION_IDENTIFIERS, PERSON_IDENTIFIERS, identifier_kind
from tests.support.fhir_profiles import breaches

Resource = dict[str, Any]
FOLDER = package_data.profiles()
FILES = sorted(FOLDER.glob("*/*.json"))
MAKER = runpy.run_path(str(FOLDER / "make_definitions.py"))


def example(name: str) -> Resource:
    """An example of the folder, to be changed at will."""
    return copy.deepcopy(read((FOLDER / "examples" / f"{name}.json").read_bytes()))


def codes(resource: Resource) -> list[tuple[str, str, str | None]]:
    """What the validator says: layer, code and path."""
    return [(found.layer, found.code, found.path) for found in validate(resource)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_every_file_is_a_valid_resource(file: Path) -> None:
    resource = read(file.read_bytes())
    assert codes(resource) == []
    if "url" in resource and resource["resourceType"] != "Bundle":
        national = resource["id"].startswith("no-") and resource["resourceType"] in ("CodeSystem", "ValueSet")
        own = f"{BASE}/{resource['resourceType']}/{resource['id']}"
        assert resource["url"] == (code_system(resource["id"][3:]) if national else own)
        assert resource["id"] == file.stem.removeprefix(f"{resource['resourceType']}-")


def test_what_is_made_is_current() -> None:
    made = {name: MAKER["text_of"](resource) for name, resource in MAKER["made_files"]().items()}
    there = {name: (FOLDER / name).read_text("utf-8") for name in made if (FOLDER / name).is_file()}
    assert {name for name in made if there.get(name) != made[name]} == set(), (
        "run: python profiles/make_definitions.py"
    )
    extensions = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("extensions/*.json")}
    assert extensions <= set(made), "no longer used; run: python profiles/make_definitions.py"


def test_the_index_is_current() -> None:
    assert json.loads((FOLDER / "index.json").read_text("utf-8")) == MAKER["index"]()


def test_the_system_extensions_are_defined() -> None:
    assert extension_values()[EXACT] == {"valueString", "valueCoding"}
    assert extension_values()[PRESENT] == {"valueBoolean", "valueCode"}
    assert extension_values()[ORDER] == {"valueInteger"}


def test_only_what_is_understood_is_used() -> None:
    understood = {
        "id",
        "path",
        "short",
        "definition",
        "min",
        "max",
        "type",
        "slicing",
        "sliceName",
        "fixedUri",
        "fixedCode",
        "binding",
    }
    for file in FOLDER.glob("structures/*.json"):
        definition = read(file.read_bytes())
        for element in definition["differential"]["element"]:
            assert set(element) <= understood, (file.name, element["id"])
            assert not any(name.endswith("[x]") for name in element["path"].split(".")[2:-1]), file.name
            binding = element.get("binding", {})
            assert binding.get("strength") != "required" or codes_of(binding["valueSet"]), file.name


def test_every_address_named_is_defined() -> None:
    """Value sets, code systems and extensions that profiles and value sets name are ours and there, or HL7's."""
    known = by_address()
    for definition in definitions("structures"):
        for element in definition["differential"]["element"]:
            if "binding" in element:
                assert ("ValueSet", element["binding"]["valueSet"]) in known
            if element["path"].endswith(".extension") and "type" in element:
                assert ("StructureDefinition", element["type"][0]["profile"][0]) in known
    for (kind, _), resource in known.items():
        if kind == "ValueSet":
            assert all(("CodeSystem", part["system"]) in known for part in resource["compose"]["include"])


def test_the_code_systems_say_what_the_gateway_knows() -> None:
    for found in terminology.code_sets():
        system = by_address()["CodeSystem", code_system(found.number)]
        assert {each["code"]: each["display"] for each in system["concept"]} == found.codes
        assert system["content"] == ("complete" if found.complete else "fragment")
        for identifier in system["identifier"]:
            assert terminology.number_of(identifier["value"]) == found.number
        assert terminology.number_of(system["url"]) == found.number


def test_every_identifier_system_has_a_naming_system() -> None:
    named: dict[str, str] = {}
    for each in definitions("naming"):
        oid, *others = (unique["value"] for unique in each["uniqueId"])
        named |= {f"urn:oid:{oid}": each["id"]} | dict.fromkeys(others, each["id"])
    for systems in (PERSON_IDENTIFIERS, ORGANISATION_IDENTIFIERS):
        assert set(systems.values()) <= set(named)
    for address, identity in named.items():
        kinds = {identifier_kind(other) for other, named_too in named.items() if named_too == identity}
        assert kinds == {identifier_kind(address)} != {None}, address


def test_every_profile_has_an_example_that_claims_it() -> None:
    claimed: set[str] = set()
    for file in FOLDER.glob("examples/*.json"):
        resource = read(file.read_bytes())
        inner = [entry["resource"] for entry in resource.get("entry", ())]
        claimed |= {url for each in (resource, *inner) for url in each.get("meta", {}).get("profile", ())}
    assert claimed == set(profiles())


def _example_of(url: str) -> Resource:
    """A resource among the examples that claims the profile."""
    for file in sorted(FOLDER.glob("examples/*.json"), key=lambda file: file.name.startswith("born-")):
        resource = read(file.read_bytes())
        for each in (resource, *(entry["resource"] for entry in resource.get("entry", ()))):
            if url in each.get("meta", {}).get("profile", ()):
                return copy.deepcopy(each)
    raise LookupError(url)


RULES = [
    pytest.param(profile, constraint, id=f"{profile.url.rpartition('/')[2]}:{constraint.path}-{at}")
    for profile in profiles().values()
    for at, constraint in enumerate(profile.constraints)
]


@pytest.mark.parametrize(("profile", "constraint"), RULES)
def test_every_rule_of_every_profile_is_kept(profile: Profile, constraint: Constraint) -> None:
    resource = _example_of(profile.url)
    assert check_profile(resource, profile.url, lambda _: None) == []
    broken = breaches(resource, constraint)
    assert broken, "the example lacks what the rule is about"
    for damaged, path in broken:
        found = check_profile(damaged, profile.url, lambda _: None)
        assert found, damaged
        assert path in [problem.path for problem in found]


def _without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


GOAL, PLAN, FUNCTION = example("patient-goal"), example("care-plan"), example("function")
SERVICE, MESSAGE, RECEIPT = example("service"), example("message"), example("receipt")
HEADER = MESSAGE["entry"][0]["resource"]


def _with_header(message: Resource, header: Resource) -> Resource:
    entries = copy.deepcopy(message["entry"])
    entries[0]["resource"] = header
    return {**message, "entry": entries}


def _function(coding: Resource) -> Resource:
    return FUNCTION | {"code": {"coding": [coding]}}


HEAD = "Bundle.entry[0].resource.ofType(MessageHeader)"
EVENT = {**HEADER["eventCoding"], "system": "urn:oid:1.2"}


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (_without(GOAL, "expressedBy"), "Goal.expressedBy"),
        (GOAL | {"expressedBy": {"reference": "Practitioner/1"}}, "Goal.expressedBy"),
        (GOAL | {"expressedBy": {"type": "Practitioner", "display": "x"}}, "Goal.expressedBy"),
        (GOAL | {"description": {"coding": [{"code": "x"}]}}, "Goal.description.text"),
        (GOAL | {"subject": {"reference": "Group/1"}}, "Goal.subject"),
        (PLAN | {"intent": "proposal"}, "CarePlan.intent"),
        (PLAN | {"subject": {"reference": "Group/1"}}, "CarePlan.subject"),
        (_function({"system": "http://loinc.org", "code": "1"}), "Observation.code.coding"),
        (_function({"system": "urn:oid:2.16.578.1.12.4.1.1.9111"}), "Observation.code.coding[0].code"),
        (FUNCTION | {"code": {"text": "x"}}, "Observation.code.coding"),
        (_without(FUNCTION, "subject"), "Observation.subject"),
        (_without(FUNCTION, "valueCodeableConcept") | {"valueString": "3"}, "Observation.value[x]"),
        (SERVICE | {"type": SERVICE["type"] * 2}, "EpisodeOfCare.type"),
        (_without(MESSAGE, "identifier"), "Bundle.identifier"),
        (MESSAGE | {"identifier": {"system": "urn:x"}}, "Bundle.identifier.value"),
        (_without(MESSAGE, "timestamp"), "Bundle.timestamp"),
        (_with_header(MESSAGE, _without(HEADER, "sender")), f"{HEAD}.sender"),
        (_with_header(MESSAGE, _without(HEADER, "destination")), f"{HEAD}.destination"),
        (_with_header(MESSAGE, HEADER | {"destination": HEADER["destination"] * 2}), f"{HEAD}.destination"),
        (
            _with_header(MESSAGE, HEADER | {"destination": [{"endpoint": "urn:x"}]}),
            f"{HEAD}.destination[0].receiver",
        ),
        (_with_header(MESSAGE, HEADER | {"eventCoding": EVENT}), f"{HEAD}.eventCoding.system"),
        (_with_header(MESSAGE, _without(HEADER, "eventCoding") | {"eventUri": "urn:x"}), f"{HEAD}.event[x]"),
        (_with_header(RECEIPT, _without(RECEIPT["entry"][0]["resource"], "response")), f"{HEAD}.response"),
    ],
)
def test_a_profile_that_is_not_met(resource: Resource, path: str) -> None:
    assert ("profile", "fhir.profile", path) in codes(resource)


def test_a_claim_without_its_profile_is_refused() -> None:
    for name in ("unheard", "somlos-care-plan"):
        claiming = GOAL | {"meta": {"profile": [f"{BASE}/StructureDefinition/{name}"]}}
        assert codes(claiming) == [("profile", "fhir.unknown-profile", "Goal.meta.profile[0]")]


def test_a_version_of_a_profile_and_profiles_of_others_are_left_alone() -> None:
    claims = [
        f"{BASE}/StructureDefinition/somlos-patient-goal|0.1.0",
        "http://example.org/fhir/StructureDefinition/x",
    ]
    assert codes(GOAL | {"meta": {"profile": claims}}) == []
    assert codes(_without(GOAL, "expressedBy") | {"meta": {"profile": claims}}) != []


def test_a_value_that_is_absent_with_a_reason_counts() -> None:
    absent = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}
    assert codes(_without(MESSAGE, "timestamp") | {"_timestamp": absent}) == []


@pytest.mark.parametrize(
    ("extension", "found"),
    [
        ({"url": EXACT, "valueString": "x"}, []),
        ({"url": EXACT, "valueInteger": 1}, [("profile", "fhir.profile", "Goal.extension[0].valueInteger")]),
        (
            {"url": EXACT, "extension": [{"url": PRESENT, "valueBoolean": True}]},
            [("profile", "fhir.profile", "Goal.extension[0].extension")],
        ),
        (
            {"url": extension_url("exakt"), "valueString": "x"},
            [("profile", "fhir.unknown-extension", "Goal.extension[0].url")],
        ),
    ],
)
def test_an_extension_of_ours(extension: Resource, found: list[tuple[str, str, str]]) -> None:
    assert codes(GOAL | {"extension": [extension]}) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"valueCode": "masked"}, []),
        ({"_valueCode": {"extension": [{"url": EXACT, "valueString": "x"}]}}, []),
        ({"valueCode": "not-known"}, [("schema", "fhir.bad-code", "Goal.extension[0].valueCode")]),
        ({"valueString": "unknown"}, [("schema", "fhir.wrong-type", "Goal.extension[0].valueString")]),
        (
            {"extension": [{"url": EXACT, "valueString": "x"}]},
            [("schema", "fhir.wrong-type", "Goal.extension[0].extension")],
        ),
    ],
)
def test_why_a_value_is_absent_is_one_of_the_reasons_of_r4(
    value: Resource, found: list[tuple[str, str, str]]
) -> None:
    assert codes(GOAL | {"extension": [{"url": DATA_ABSENT_REASON, **value}]}) == found
