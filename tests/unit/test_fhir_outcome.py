"""Are findings told as a valid OperationOutcome, in both languages?"""

from __future__ import annotations

import pytest

from gateway.errors import CATALOGUE, Unreadable, issue
from gateway.fhir.canonical import code_system, error_system
from gateway.fhir.outcome import operation_outcome, outcome_of
from gateway.fhir.validate import validate


def test_a_finding_is_told_with_code_sentence_step_and_place() -> None:
    entry = CATALOGUE["fhir.bad-code"]
    outcome = operation_outcome(validate({"resourceType": "Patient", "gender": "x"}), "no")
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "code-invalid",
                "details": {
                    "coding": [
                        {"system": error_system(), "code": "fhir.bad-code"},
                        {"system": code_system(8221), "code": "T02"},
                    ],
                    "text": entry.no,
                },
                "diagnostics": f"{entry.no} {entry.next_step_no}",
                "expression": ["Patient.gender"],
            }
        ],
    }


def test_english_is_the_default_and_no_findings_are_said_so() -> None:
    (told,) = operation_outcome(())["issue"]
    assert told["severity"] == "information"
    assert told["details"]["text"] == CATALOGUE["fhir.no-findings"].en


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_makes_a_valid_outcome(code: str) -> None:
    for path in (None, "MsgHead/MsgInfo/Type", "Bundle.entry[0]"):
        assert validate(operation_outcome([issue(code, layer="schema", path=path)])) == ()


def test_an_xml_path_is_a_location_and_no_expression() -> None:
    (told,) = operation_outcome([issue("schema.bad-value", layer="schema", path="MsgHead/MsgInfo/GenDate")])[
        "issue"
    ]
    assert told["location"] == ["MsgHead/MsgInfo/GenDate"]
    assert "expression" not in told


def test_an_error_that_ended_the_work() -> None:
    (told,) = outcome_of(Unreadable("json.too-deep"))["issue"]
    assert told["details"]["coding"][0]["code"] == "json.too-deep"
    assert told["code"] == "structure"
