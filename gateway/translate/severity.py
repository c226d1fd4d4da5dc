"""How grave is it that a value was not carried?

`error`: without it the receiver may take something for true that is not (an element that changes what the rest
means; a medication, an allergy or a refusal that does not arrive at all; a statement that nobody made). `warning`:
what can matter to the patient's care, whatever resource it stands in. `information`: what only copies something that
was carried (a code beside its words, the name of what is referred to), what is technical (systems, identifiers,
addresses), and what tells of the message and not of the patient. A delivery can be held by severity (quarantine).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.errors import Severity
from gateway.translate import processing
from gateway.translate.believed import is_negation, is_refuted, is_taken_out
from gateway.translate.born.tables import wordlist
from gateway.translate.codec import Json
from gateway.translate.implied import element_of, element_of_leaf
from gateway.translate.unread import Leaf

Lost = Collection[tuple[int, str]]
_MUST_ARRIVE = frozenset(
    {
        *("MedicationStatement", "MedicationRequest", "AllergyIntolerance", "Consent"),
        *("Communication", "CommunicationRequest"),
    }
)
"""Resources that may not be missing altogether: what is not there is read as "there is none", and what somebody wanted
to say is not said."""
_TECHNICAL = frozenset(
    {
        *("system", "version", "userSelected", "identifier", "url", "hash", "size", "contentType", "profile"),
        *("endpoint", "software", "linkId", "kind", "definition", "instantiatesUri", "instantiatesCanonical"),
    }
)
"""Elements that say how a content is held or found, wherever they stand."""
_ADMINISTRATIVE = frozenset(
    {
        *("MessageHeader", "Bundle", "Provenance", "Organization", "Practitioner", "PractitionerRole"),
        *("Location", "Endpoint", "HealthcareService", "Coverage", "Claim", "ExplanationOfBenefit"),
        *("Schedule", "Slot", "AuditEvent", "Subscription", "Account", "Invoice", "Composition"),
    }
)
"""Resources that tell of the message and of who takes part, not of the patient."""
_SAID_BY_THE_SENDER = frozenset({"div", "emptyReason"})
"""What of a Composition is content of its own."""
_SHIELDED = frozenset({"security", "confidentiality"})
"""Elements that say who may see the content."""
_OPEN = frozenset({"N", "L", "M", "U"})
"""v3-Confidentiality: normal or less."""
_UNIT = re.compile(r"(?:(k|d|c|m|u|µ|μ|mc|n|p)??(g|L|l|mol|m))(?:/(d|m|u|µ|μ)??(L|l|g|kg|mol))?")
"""A unit of weight, volume, amount or length, or one of them per another; what it says, in four parts."""
_AS_UCUM = {"µ": "u", "μ": "u", "mc": "u"}
_CODE_BESIDE_WORDS = re.compile(r"coding\[\d+\]\.code$")


def of_assumption(states: bool) -> Severity:
    """Of a value that the e-message demands and the Bundle does not have; `states`: it says something nobody said."""
    return "error" if states else "warning"


def of_leaf(leaf: Leaf, touched: set[int], lost: Lost) -> Severity:
    """Of a value that stands nowhere in the target. `touched`: resources (by identity) of which something does;
    `lost`: the objects (by identity) and keys of all such values."""
    kind, _, path = element_of_leaf(leaf).partition(".")
    if is_taken_out(leaf.resource) and not (is_refuted(leaf.resource) or is_negation(leaf.resource)):
        return "warning"
    # without its processing status the message is one of production, and a test would be taken for true
    if "modifierExtension" in leaf.steps or any(
        each.get("url") == processing.ADDRESS for each in leaf.owners
    ):
        return "error"
    element = re.sub(r"\.coding\.code$", "", path)
    words = wordlist()
    if words.is_silent(f"{kind}.{element}", leaf.value):
        return "information"
    if words.changes_meaning(f"{kind}.{element}", leaf.value):
        return "error"
    names = {step for step in leaf.steps if isinstance(step, str)}
    if names & _SHIELDED:
        return (
            "warning"
            if leaf.key in ("code", "text", "confidentiality") and leaf.value not in _OPEN
            else "information"
        )
    if kind in _ADMINISTRATIVE and not names & _SAID_BY_THE_SENDER:
        return "information"
    if path == "medicationReference.identifier.value" and "display" not in leaf.owners[-2]:
        return "error"  # the one word for which medication it is
    if leaf.key == "code" and is_another_unit(leaf.owners[-1]):
        return "error"
    if names & _TECHNICAL or _is_type_of_reference(leaf):
        return "information"
    if id(leaf.resource) not in touched and kind in _MUST_ARRIVE:
        return "error"
    return "information" if _is_copy(leaf, lost) else "warning"


def of_outside(reference: Json, place: str) -> Severity:
    """Of a reference to what is not in the Bundle: the words beside it, if any, are what the receiver gets."""
    if "display" in reference:
        return "information"
    kind, _, path = element_of(place).partition(".")
    return "error" if kind in _MUST_ARRIVE and path == "medicationReference" else "warning"


def is_another_unit(quantity: Json) -> bool:
    """Whether a quantity has one unit for people and another for machines: of the two the receiver gets the first."""
    shown, coded = (_UNIT.fullmatch(str(quantity.get(key, ""))) for key in ("unit", "code"))
    if "value" not in quantity or shown is None or coded is None:
        return False
    return _parts_of(shown) != _parts_of(coded)


def _parts_of(unit: re.Match[str]) -> list[str]:
    return [_AS_UCUM.get(part or "", part or "").replace("l", "L") for part in unit.groups()]


def _is_type_of_reference(leaf: Leaf) -> bool:
    return leaf.key == "type" and bool({"reference", "identifier"} & leaf.owners[-1].keys())


def _is_copy(leaf: Leaf, lost: Lost) -> bool:
    """Whether the value only repeats one that was carried, or that stands beside it."""
    owner = leaf.owners[-1]
    if _CODE_BESIDE_WORDS.search(leaf.place):
        concept = leaf.owners[-2] if len(leaf.owners) > 1 else {}
        return "display" in owner or "text" in concept
    if leaf.key == "code" and {"value", "unit"} <= owner.keys():
        return True  # a quantity's unit, for machines
    if leaf.key == "display":
        return "reference" in owner or ("code" in owner and (id(owner), "code") not in lost)
    return False
