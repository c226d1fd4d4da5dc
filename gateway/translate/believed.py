"""What of a Bundle says of itself that it must not be believed, and how is it taken out of the message?

What is entered in error or refuted, an event that is cancelled, and an allergy that is none: it stands in no list where
it would be read as being so, and in the loss report.
"""

from __future__ import annotations

from typing import Any

from gateway.fhir.canonical import code_system, is_of
from gateway.translate.codec import Json

_EVENTS = code_system("9121")
_NOT_TO_BE_BELIEVED = frozenset({"entered-in-error", "refuted"})
_WITHDRAWN = tuple(_NOT_TO_BE_BELIEVED)
"""The same where any value may stand: a tuple compares, a set wants a hash."""
_NO_KNOWN_ALLERGY = frozenset(
    {
        *(
            "716186003",
            "409137002",
            "428607008",
            "429625007",
            "428197003",
            "716184000",
            "1003774007",
            "716220001",
        ),
        *("no-known-allergies", "no-known-medication-allergies", "no-known-environmental-allergies"),
        "no-known-food-allergies",
    }
)
"""SNOMED CT: no known allergy; to a drug, of the environment, to food, to an insect, to latex, to an animal. The
International Patient Summary's codes for the same."""


def is_taken_out(resource: Json) -> bool:
    """Whether a resource says of itself that it must not be believed."""
    kind = resource.get("resourceType")
    if kind in ("Composition", "MessageHeader", "Encounter"):
        return False
    if kind == "AllergyIntolerance" and is_negation(resource):
        return True
    if kind == "Observation" and resource.get("status") == "cancelled" and is_event(resource):
        return True
    if resource.get("status") in _WITHDRAWN or resource.get("lifecycleStatus") in _WITHDRAWN:
        return True
    if "verificationStatus" not in resource:
        return False
    verification = resource["verificationStatus"]
    codings = verification.get("coding", ()) if isinstance(verification, dict) else ()
    return any(coding.get("code") in _NOT_TO_BE_BELIEVED for coding in codings if isinstance(coding, dict))


def is_event(observation: Json) -> bool:
    """Whether an Observation is an event of the stay (9121): one that is cancelled never happened, where another one
    that is cancelled only has no result."""
    code = observation.get("code")
    codings = code.get("coding", ()) if isinstance(code, dict) else ()
    return any(isinstance(coding, dict) and is_of(coding, _EVENTS) for coding in codings)


def to_be_taken_out(bundle: Json, *, is_cancelled: bool) -> set[str]:
    """The addresses of what must not be believed. `is_cancelled`: the message takes everything back that it repeats."""
    resources = ((e["fullUrl"], e["resource"]) for e in bundle["entry"] if "resource" in e)
    return {url for url, resource in resources if is_to_be_taken_out(resource, is_cancelled)}


def take_references_away(bundle: Json, out: set[str]) -> None:
    """Takes References to the resources at these addresses out of the lists they stand in."""
    inside = (entry.get("resource") for entry in bundle.get("entry", ()))
    take_references_away_from([each for each in inside if isinstance(each, dict)], out)


def take_references_away_from(resources: list[Json], out: set[str]) -> None:
    """The same for some resources."""
    for resource in resources:
        _without(resource, out)


def _without(value: Any, out: set[str]) -> None:
    """Takes References to what is out away from the lists they stand in."""
    for key, inner in value.items():
        if isinstance(inner, list):
            inner[:] = [kept for item in inner if (kept := _kept(item, out)) is not None]
            for item in inner:
                if isinstance(item, dict):
                    _without(item, out)
        elif isinstance(inner, dict) and key != "resource":
            _without(inner, out)


def _kept(item: Any, out: set[str]) -> Any:
    """An item without its Reference to what is out; None if it says nothing else."""
    return without_reference(item) if _names(item, out) else item


def without_reference(item: Json) -> Json | None:
    """What an item says beside its Reference; None if that is nothing."""
    rest = {key: value for key, value in item.items() if key not in ("reference", "type")}
    if not rest:
        return None
    item.pop("reference", None)
    return item


def _names(item: object, out: set[str]) -> bool:
    if not isinstance(item, dict):
        return False
    reference = item.get("reference")
    return (
        (reference in out)
        if isinstance(reference, str)
        else isinstance(reference, dict) and _names(reference, out)
    )


def is_refuted(resource: Json) -> bool:
    """Whether it was examined and found not to be so: worth knowing, and never to be taken for the opposite."""
    verification = resource.get("verificationStatus")
    codings = verification.get("coding", ()) if isinstance(verification, dict) else ()
    return any(isinstance(coding, dict) and coding.get("code") == "refuted" for coding in codings)


def is_negation(resource: Json) -> bool:
    """Whether an allergy says that none is known: never to be written where the e-message lists allergies."""
    code = resource.get("code") if resource.get("resourceType") == "AllergyIntolerance" else None
    codings = code.get("coding", ()) if isinstance(code, dict) else ()
    return any(isinstance(coding, dict) and coding.get("code") in _NO_KNOWN_ALLERGY for coding in codings)


def is_to_be_taken_out(resource: Json, is_cancelled: bool) -> bool:
    """Whether a resource may not stand where it is read as being so. A message that takes everything back repeats what
    was an error; what never was so, it says as the message did that it takes back."""
    denies = is_refuted(resource) or is_negation(resource)
    return is_taken_out(resource) and (denies or not is_cancelled)
