"""Does every invariant fire when it is broken, alone, and keep silent when it holds?"""

from __future__ import annotations

import copy

import pytest

from gateway.errors import CATALOGUE
from gateway.fhir.invariants import INVARIANTS
from gateway.fhir.validate import validate
from tests.support.fhir_bundle import bundle_of, reference
from tests.support.fhir_invariants import CASES
from tests.support.fhir_parts import CODED, SUBJECT, basic, quantity


def _ignored(key: str) -> set[str]:
    """Findings that a case cannot avoid beside its own."""
    return {"dom-2": {"invariant.ref-1"}, "dom-3": {"fhir.reference-target"}}.get(key, set())


@pytest.mark.parametrize("key", CASES)
def test_broken_and_put_right(key: str) -> None:
    broken, right = copy.deepcopy(CASES[key])
    assert {found.code for found in validate(broken)} - _ignored(key) == {f"invariant.{key}"}
    assert {found.code for found in validate(right)} - _ignored(key) == set()


def test_every_invariant_has_a_negative_case_and_a_sentence() -> None:
    keys = {invariant.key for invariants in INVARIANTS.values() for invariant in invariants}
    keys |= {"dom-2", "dom-3", "dom-4", "dom-5", "ref-1"}
    assert keys == set(CASES)
    assert {f"invariant.{key}" for key in keys} == {
        code for code in CATALOGUE if code.startswith("invariant.")
    }


def test_warnings_are_warnings() -> None:
    warned = {
        key
        for key, (broken, _) in CASES.items()
        if all(found.severity == "warning" for found in validate(broken))
    }
    assert warned == {"con-3", "nor-1"}


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2026", "2026-01-01", True),
        ("2026-02", "2026-01-31", False),
        ("2026-01-01T12:00:00Z", "2026-01-01", True),
        ("2026-01-02", "2026-01-01T23:00:00Z", False),
        ("2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00.25Z", False),
        ("2026-01-01T12:00:00.1234567Z", "2026-01-01T12:00:00.12345678Z", True),
        ("2026-01-01T23:59:60Z", "2026-01-02T00:00:00Z", True),
        ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00Z", True),
    ],
)
def test_periods_are_compared_as_far_as_their_precision_tells(start: str, end: str, holds: bool) -> None:
    findings = validate(basic({"valuePeriod": {"start": start, "end": end}}))
    assert [found.code for found in findings] == ([] if holds else ["invariant.per-1"])


def test_a_range_of_different_units_is_not_compared() -> None:
    assert not validate(
        basic({"valueRange": {"low": quantity(value=5, code="kg"), "high": quantity(value=1, code="t")}})
    )


def test_invariants_run_only_on_sound_nodes() -> None:
    findings = validate(
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": CODED,
            "subject": SUBJECT,
            "target": [{"detailString": 1}],
        }
    )
    assert [found.code for found in findings] == ["fhir.wrong-type"]


def test_contained_rules_hold_inside_a_bundle_too() -> None:
    bundle = bundle_of(
        {
            "header": {
                "resourceType": "MessageHeader",
                "eventCoding": {"code": "x"},
                "source": {"endpoint": "urn:x"},
                "focus": [reference("basic")],
            },
            "basic": CASES["dom-3"][0],
        }
    )
    assert [(found.code, found.path) for found in validate(bundle)] == [
        ("invariant.dom-3", "Bundle.entry[1].resource.ofType(Basic).contained[0]")
    ]
