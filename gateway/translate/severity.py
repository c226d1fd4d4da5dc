"""How grave is it that a value was not carried?

`error`: without it the receiver may take something for true that is not (an element that changes what the rest
means; a medication, an allergy or a refusal that does not arrive at all; a statement that nobody made). `warning`:
clinical content that the sender should know has not arrived. `information`: codes, addresses and details of form
beside content that did. A delivery can be held by severity (quarantine).
"""

from __future__ import annotations

import re

from gateway.errors import Severity
from gateway.translate.born.tables import wordlist
from gateway.translate.shape import is_negation, is_refuted, is_taken_out
from gateway.translate.unread import Leaf

_MUST_ARRIVE = frozenset({"MedicationStatement", "MedicationRequest", "AllergyIntolerance", "Consent"})
"""Resources that may not be missing altogether: what is not there is read as "there is none"."""
_OF_FORM = frozenset(
    {
        *(
            "system",
            "version",
            "userSelected",
            "identifier",
            "telecom",
            "address",
            "photo",
            "profile",
            "contentType",
        ),
        *(
            "url",
            "hash",
            "size",
            "language",
            "rank",
            "mode",
            "type",
            "endpoint",
            "software",
            "source",
            "definition",
        ),
        *(
            "target",
            "recorded",
            "agent",
            "instantiatesUri",
            "instantiatesCanonical",
            "reference",
            "extension",
        ),
        *("title", "author", "attester", "custodian", "confidentiality", "orderedBy", "emptyReason"),
    }
)
"""Elements that hold no clinical statement."""
_ADMINISTRATIVE = frozenset(
    {
        *(
            "MessageHeader",
            "Composition",
            "Provenance",
            "Organization",
            "Practitioner",
            "PractitionerRole",
            "Location",
        ),
        *("Endpoint", "Bundle", "Binary", "HealthcareService", "Coverage", "Claim", "ExplanationOfBenefit"),
        *("Schedule", "Slot", "AuditEvent", "Subscription", "Account", "Invoice"),
    }
)
_CODE_BESIDE_WORDS = re.compile(r"coding\[\d+\]\.code$")


def of_assumption(states: bool) -> Severity:
    """Of a value that the e-message demands and the Bundle does not have; `states`: it says something nobody said."""
    return "error" if states else "warning"


def of_leaf(leaf: Leaf, touched: set[int]) -> Severity:
    """Of a value that stands nowhere in the target. `touched`: resources (by identity) of which something does."""
    kind, _, path = re.sub(r"\[\d+\]", "", leaf.place).partition(".")
    if is_taken_out(leaf.resource) and not (is_refuted(leaf.resource) or is_negation(leaf.resource)):
        return "warning"
    if "modifierExtension" in leaf.steps:
        return "error"
    element = re.sub(r"\.coding\.code$", "", path)
    words = wordlist()
    if words.is_silent(f"{kind}.{element}", leaf.value):
        return "information"
    if words.changes_meaning(f"{kind}.{element}", leaf.value):
        return "error"
    names = {step for step in leaf.steps if isinstance(step, str)}
    if names & _OF_FORM or kind in _ADMINISTRATIVE:
        return "information"
    if id(leaf.resource) not in touched and kind in _MUST_ARRIVE:
        return "error"
    return "information" if _has_words(leaf) else "warning"


def _has_words(leaf: Leaf) -> bool:
    """Whether a code stands beside words that say it."""
    if not _CODE_BESIDE_WORDS.search(leaf.place):
        return False
    concept = leaf.owners[-2] if len(leaf.owners) > 1 else {}
    return "display" in leaf.owners[-1] or "text" in concept
