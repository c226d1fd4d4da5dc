"""Is a resource's shape judged as R4 says, with the place named and nothing quoted?"""

from __future__ import annotations

import copy
from calendar import monthrange
from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import tables
from gateway.fhir.json import read
from gateway.fhir.primitives import CHECKS
from gateway.fhir.problem import Walk
from gateway.fhir.validate import validate
from tests.support.fhir_bundle import HL7, IDENTITY_NUMBER, rich_bundle
from tests.support.fhir_parts import OTHER_EXTENSION

Resource = dict[str, Any]
ABSENT = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}


def patient(**members: Any) -> Resource:
    """A Patient with these elements."""
    return {"resourceType": "Patient", **members}


def observation(**members: Any) -> Resource:
    """An Observation with what R4 demands and these elements."""
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **members}


def codes(resource: Resource) -> list[tuple[str, str | None]]:
    """What the validator says: code and path."""
    return [(found.code, found.path) for found in validate(resource)]


UNKNOWN = {"url": "https://epj.example/not-so", "valueBoolean": True}


def test_the_rich_bundle_is_valid() -> None:
    assert codes(rich_bundle()) == []


@pytest.mark.parametrize(
    ("resource", "code", "path"),
    [
        ({}, "fhir.required-missing", "resourceType"),
        (patient(implicitRules="https://x.example"), "fhir.implicit-rules", "Patient.implicitRules"),
        (patient(modifierExtension=[UNKNOWN]), "fhir.unknown-modifier", "Patient.modifierExtension"),
        (
            patient(contact=[{"name": {"family": "Granli"}, "modifierExtension": [UNKNOWN]}]),
            "fhir.unknown-modifier",
            "Patient.contact[0].modifierExtension",
        ),
        ({"resourceType": "Message"}, "fhir.unknown-resource-type", "resourceType"),
        ({"resourceType": "DomainResource"}, "fhir.unknown-resource-type", "resourceType"),
        ({"resourceType": 1}, "fhir.wrong-type", "resourceType"),
        (patient(name="Kari"), "fhir.not-a-list", "Patient.name"),
        (patient(name=["Kari"]), "fhir.wrong-type", "Patient.name[0]"),
        (patient(name=[]), "fhir.empty", "Patient.name"),
        (patient(name=[{}]), "fhir.empty", "Patient.name[0]"),
        (patient(name=[{"id": "a"}]), "fhir.empty", "Patient.name[0]"),
        (patient(name=[{"family": ""}]), "fhir.empty", "Patient.name[0].family"),
        (patient(name=[{"family": "a\x00"}]), "fhir.bad-character", "Patient.name[0].family"),
        (patient(name=[None]), "fhir.wrong-type", "Patient.name[0]"),
        (patient(gender=["male"]), "fhir.too-many", "Patient.gender"),
        (patient(language="nb\x01"), "fhir.bad-value", "Patient.language"),
        (patient(gender="mann"), "fhir.bad-code", "Patient.gender"),
        (patient(gender=None), "fhir.wrong-type", "Patient.gender"),
        (patient(active="true"), "fhir.wrong-type", "Patient.active"),
        (patient(active=1), "fhir.wrong-type", "Patient.active"),
        (patient(favourite="x"), "fhir.unknown-element", "Patient.?[1]"),
        (patient(deceasedBoolean=True, deceasedDateTime="2026"), "fhir.more-than-one-choice", "Patient.deceased[x]"),
        (patient(deceasedBoolean=True, _deceasedDateTime=ABSENT), "fhir.more-than-one-choice", "Patient.deceased[x]"),
        (patient(deceased=True), "fhir.unknown-element", "Patient.?[1]"),
        (patient(deceasedString="x"), "fhir.unknown-element", "Patient.deceasedString"),
        (patient(communication=[{"preferred": True}]), "fhir.required-missing", "Patient.communication[0].language"),
        (patient(extension=[{"valueString": "x"}]), "fhir.required-missing", "Patient.extension[0].url"),
        (patient(text={"status": "generated"}), "fhir.required-missing", "Patient.text.div"),
        (patient(_gender={"id": "a"}), "fhir.empty", "Patient.gender"),
        (patient(_gender={}), "fhir.empty", "Patient.gender"),
        (patient(_gender=[ABSENT]), "fhir.too-many", "Patient.gender"),
        (patient(_name=[ABSENT]), "fhir.unknown-element", "Patient._name"),
        (patient(_gender={"value": "male", **ABSENT}), "fhir.unknown-element", "Patient.gender.value"),
        (patient(_id=ABSENT), "fhir.unknown-element", "Patient._id"),
        (patient(extension=[{"_url": ABSENT, "valueCode": "x"}]), "fhir.required-missing", "Patient.extension[0].url"),
        (patient(name=[{"given": ["a", None]}]), "fhir.wrong-type", "Patient.name[0].given[1]"),
        (patient(name=[{"given": ["a"], "_given": [None]}]), "fhir.empty", "Patient.name[0].given"),
        (patient(name=[{"given": ["a", None], "_given": [ABSENT, None]}]), "fhir.empty", "Patient.name[0].given[1]"),
        (patient(name=[{"given": ["a"], "_given": [ABSENT] * 2}]), "fhir.unpaired-extension", "Patient.name[0].given"),
        (patient(name=[{"given": ["a"], "_given": ABSENT}]), "fhir.not-a-list", "Patient.name[0].given"),
        ({"resourceType": "Observation", "code": {"text": "x"}}, "fhir.required-missing", "Observation.status"),
        (observation(valueQuantity={"value": "72"}), "fhir.wrong-type", "Observation.valueQuantity.value"),
        (observation(valueQuantity={"value": True}), "fhir.wrong-type", "Observation.valueQuantity.value"),
        (observation(resourceType="Goal"), "fhir.required-missing", "Goal.lifecycleStatus"),
        (
            {"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/1"}},
            "fhir.required-missing",
            "MedicationStatement.medication[x]",
        ),
        (
            {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": {"text": "aktiv"}},
            "fhir.bad-code",
            "Condition.clinicalStatus",
        ),
        (
            {
                "resourceType": "Condition",
                "subject": {"reference": "Patient/1"},
                "clinicalStatus": {"coding": [{"system": "http://example.org", "code": "active"}]},
            },
            "fhir.bad-code",
            "Condition.clinicalStatus",
        ),
    ],
)  # fmt: skip
def test_finding(resource: Resource, code: str, path: str) -> None:
    assert (code, path) in codes(resource)


@pytest.mark.parametrize(
    "resource",
    [
        patient(),
        patient(id="A-1.b"),
        patient(_gender=ABSENT),
        patient(gender="female", _gender={"id": "a"}),
        patient(name=[{"given": ["a", None], "_given": [None, ABSENT]}]),
        patient(name=[{"_given": [ABSENT]}]),
        patient(name=[{"family": "Ærlig\nlinje\tto"}]),
        patient(name=[{"family": " "}]),
        patient(_deceasedDateTime=ABSENT),
        {"resourceType": "Observation", "_status": ABSENT, "code": {"extension": ABSENT["extension"]}},
        observation(valueQuantity={"value": 1}),
        observation(valueQuantity={"value": Decimal("0.10")}),
        observation(_valueString=ABSENT),
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "clinicalStatus": {
                "coding": [
                    {"system": "http://example.org", "code": "x"},
                    {"system": HL7 + "condition-clinical", "code": "recurrence"},
                ]
            },
        },
        {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": ABSENT},
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "SGVp"},
        {"resourceType": "Parameters"},
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "input": [{"type": {"text": "x"}, "valueDosage": {"text": "x"}}],
        },
    ],
)
def test_valid(resource: Resource) -> None:
    assert codes(resource) == []


PRIMITIVES: dict[str, tuple[list[Any], list[Any]]] = {
    "valueDate": (
        ["2026", "2026-02", "2024-02-29", "2000-02-29", "0001-01-01"],
        ["", "26", "0000", "2026-13", "2026-00", "2025-02-29", "1900-02-29", "2026-04-31",
         "13.01.2026", "2026-1-1", "2026-01-01T", 2026],
    ),
    "valueDateTime": (
        ["2026", "2026-02-28", "2026-01-01T10:00:00Z", "2026-01-01T23:59:60.5+14:00", "2024-02-29T00:00:00-13:59"],
        ["2026-01-01T10:00:00", "2026-01-01T10:00Z", "2026-01-01T24:00:00Z", "2025-02-29T10:00:00Z",
         "2026-01T10:00:00Z", "2026-01-01T10:00:00+15:00", "2026-01-01 10:00:00Z", "2026-01-01T10:00:00Z\n", "٢٠٢٦"],
    ),
    "valueInstant": (
        ["2026-01-01T10:00:00.000Z"], ["2026", "2026-01-01", "2026-01-01T10:00:00", "2026-02-30T10:00:00Z"]
    ),
    "valueTime": (["10:00:00", "23:59:59.999"], ["10:00", "24:00:00", "10:00:00Z", ""]),
    "valueInteger": ([0, -(2**31), 2**31 - 1], [2**31, -(2**31) - 1, Decimal("1.0"), "1", True]),
    "valuePositiveInt": ([1], [0, -1]),
    "valueUnsignedInt": ([0], [-1]),
    "valueDecimal": ([0, Decimal("1E-10"), Decimal("-0.0"), 1.5], ["1", True, float("inf"), float("nan")]),
    "valueCode": (["a", "a b"], ["", " a", "a ", "a  b", "a\u00a0\u00a0b"]),
    "valueId": (["a-1.B", "a" * 64], ["", "a" * 65, "a_b", "å", "a\n"]),
    "valueUri": (["x", "http://example.org/å", "urn:oid:2.16.578", "urn:uuid:6F1C2F5E-0D0F-4D6E-9C55-2A7B0C9D1E11"],
                 ["", "a b", "a\n", "urn:oid:3.1", "urn:oid:1.02", "urn:uuid:1"]),
    "valueUrl": (["https://example.org"], ["a b"]),
    "valueCanonical": (["http://example.org|1.0"], ["a b"]),
    "valueOid": (["urn:oid:2.16.578"], ["2.16.578", "urn:oid:2."]),
    "valueUuid": (["urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"], ["6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"]),
    "valueBase64Binary": (["SGVp", "SGU=", "SGVp\nSGVp", "SA =="], ["", "SGV", "SG=p", "@@@@", "SGVpå",
         "====", " ", "\u00a0", "SGVp\u00a0"]),
    "valueBoolean": ([True, False], ["true", 0, 1]),
    "valueString": (["x", " ", "\t\r\n"], ["", "\x00", "a\x1fb", "\ufffe", 1, ["x"]]),
    "valueMarkdown": (["# x"], [""]),
}  # fmt: skip


@pytest.mark.parametrize("name", PRIMITIVES)
def test_primitive(name: str) -> None:
    right, wrong = PRIMITIVES[name]
    for value in right:
        assert codes(patient(extension=[{"url": OTHER_EXTENSION, name: value}])) == [], value
    for value in wrong:
        found = codes(patient(extension=[{"url": OTHER_EXTENSION, name: value}]))
        assert [path for _, path in found] == [f"Patient.extension[0].{name}"], value


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024])
def test_the_days_of_a_year_are_those_of_the_calendar(year: int) -> None:
    check = CHECKS["date"]
    for month in range(1, 13):
        days = [day for day in range(34) if check(f"{year}-{month:02}-{day:02}", Walk()) is None]
        assert days == list(range(1, monthrange(year, month)[1] + 1))


def test_a_long_text_is_only_a_warning() -> None:
    (found,) = validate(patient(extension=[{"url": OTHER_EXTENSION, "valueString": "x" * (1024 * 1024 + 1)}]))
    assert (found.code, found.severity) == ("fhir.long-text", "warning")


def test_an_unknown_name_that_may_be_content_is_not_shown() -> None:
    (found,) = validate(patient(**{f"Kari {IDENTITY_NUMBER}": 1}))
    assert found.path == "Patient.?[1]"


def test_no_finding_quotes_content() -> None:
    canary = IDENTITY_NUMBER
    damaged = patient(
        gender=canary,
        birthDate=canary,
        id=canary * 9,
        name=canary,
        extension=[{"url": canary + " ", "valueCode": f" {canary}"}],
    )
    told = " ".join(str(found) for found in validate(damaged))
    assert len(validate(damaged)) >= 5
    assert canary not in told


def test_a_hostile_resource_is_answered_with_a_bounded_list() -> None:
    assert len(validate(patient(name=[{} for _ in range(100_000)]))) == 100


@pytest.mark.parametrize("spoilt", [300, 5])
def test_many_nulls_hide_no_fault(spoilt: int) -> None:
    given: list[Any] = [None] * 400
    given[spoilt] = 1
    resource = patient(
        name=[{"given": given, "_given": [ABSENT if name is None else None for name in given]}]
    )
    assert codes(resource) == [("fhir.wrong-type", f"Patient.name[0].given[{spoilt}]")]


def test_deep_nesting_that_reading_allows_is_validated() -> None:
    nested: Resource = {"url": OTHER_EXTENSION, "valueString": "x"}
    for _ in range(45):
        nested = {"url": OTHER_EXTENSION, "extension": [nested]}
    assert codes(patient(extension=[nested])) == []


def test_validating_changes_nothing() -> None:
    bundle = rich_bundle()
    before = copy.deepcopy(bundle)
    validate(bundle)
    assert bundle == before


def test_every_type_of_the_tables_is_compiled_and_named() -> None:
    assert len(tables.resource_types()) == 146
    for name in sorted(tables.resource_types()):
        found = {finding.code for finding in validate({"resourceType": name, "unheard": 1})}
        assert "fhir.unknown-element" in found, name


def test_a_type_of_a_later_version_is_refused() -> None:
    later = read(
        b'{"resourceType":"Encounter","status":"in-progress","class":[{"text":"IMP"}],"actualPeriod":{"start":"2026"}}'
    )
    assert ("fhir.too-many", "Encounter.class") in codes(later)
    assert ("fhir.other-version", "Encounter.actualPeriod") in codes(later)
    assert ("fhir.other-version", "resourceType") in codes({"resourceType": "Transport"})
    assert ("fhir.unknown-resource-type", "resourceType") in codes({"resourceType": "Pasient"})
    assert ("fhir.unknown-element", "Encounter.?[1]") in codes(
        {"resourceType": "Encounter", "Kari Normann": 1}
    )
