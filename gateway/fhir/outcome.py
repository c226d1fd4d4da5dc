"""How are findings told to a FHIR client?

One OperationOutcome issue for each finding: our catalogue code and, where there is one, the receipt code (8221) in
`details.coding`; the sentence in `details.text` and, with the line and the next step, in `diagnostics`; the place in
`expression` (of XML in `location`), the line in HL7's extension for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from gateway.errors import Issue, SomlosError, issue, issue_of
from gateway.fhir.canonical import code_system, error_system

Language = Literal["no", "en"]

LINE: Final = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"
"""HL7's extension for the line of the source that an issue is about."""
RECEIPT_ERRORS: Final = code_system(8221)
"""The national list of reasons in a receipt."""

_KINDS: Final = {
    "fhir.required-missing": "required",
    "fhir.bad-code": "code-invalid",
    "fhir.bad-value": "value",
    "fhir.bad-character": "value",
    "fhir.wrong-type": "value",
    "fhir.bad-reference": "not-found",
    "fhir.long-text": "too-long",
    "fhir.no-findings": "informational",
    "fhir.other-version": "not-supported",
    "json.too-large": "too-long",
    "xml.too-large": "too-long",
    "api.body-too-large": "too-long",
}
_SECTION_KINDS: Final = {
    "invariant": "invariant",
    "fhir": "structure",
    "json": "structure",
    "xml": "structure",
    "schema": "structure",
    "rules": "business-rule",
    "routing": "processing",
    "translate": "not-supported",
    "us": "exception",
}


def operation_outcome(issues: Iterable[Issue], lang: Language = "en") -> dict[str, Any]:
    """The findings as an OperationOutcome; without any, one of severity information that says so."""
    told = list(issues) or [issue("fhir.no-findings", severity="information", layer="schema")]
    return {"resourceType": "OperationOutcome", "issue": [_issue(finding, lang) for finding in told]}


def outcome_of(error: SomlosError, lang: Language = "en") -> dict[str, Any]:
    """An error that ended the work as an OperationOutcome."""
    return operation_outcome([issue_of(error)], lang)


def _issue(finding: Issue, lang: Language) -> dict[str, Any]:
    entry = finding.entry
    sentence, next_step = (entry.no, entry.next_step_no) if lang == "no" else (entry.en, entry.next_step_en)
    codings = [{"system": error_system(), "code": finding.code}]
    if entry.apprec is not None:
        codings.append({"system": RECEIPT_ERRORS, "code": entry.apprec})
    told: dict[str, Any] = {
        "severity": finding.severity,
        "code": _kind(finding.code),
        "details": {"coding": codings, "text": sentence},
        "diagnostics": f"{sentence} {next_step}",
    }
    if finding.path:
        told["location" if "/" in finding.path else "expression"] = [finding.path]
    if finding.line is not None:
        told["extension"] = [{"url": LINE, "valueInteger": finding.line}]
        word = "linje" if lang == "no" else "line"
        told["diagnostics"] = f"{sentence} ({word} {finding.line}) {next_step}"
    return told


def _kind(code: str) -> str:
    """The code of R4's issue-type for a catalogue code."""
    return _KINDS.get(code) or _SECTION_KINDS.get(code.partition(".")[0], "processing")
