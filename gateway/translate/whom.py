"""Whom is a message about?

Envelope, facts and what is put in order ask the same: of two patients in a Bundle, one must not get what belongs to
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.translate.codec import Json

OF_WHOM = ("subject", "patient", "for")
"""Elements that name whom a resource is about."""


def patient_of(focus: Sequence[Json], follow: Callable[[Any], Json | None]) -> Json | None:
    """The subject of the first Composition in focus; else a Patient in focus; else whom the first thing in focus is
    about. A list's patient is that of its documents, not the message's. None: the focus names nobody."""
    for resource in focus:
        if resource.get("resourceType") == "Composition":
            found = follow(resource.get("subject"))
            if found and found.get("resourceType") == "Patient":
                return found
            break
    others: list[Json] = []
    for resource in focus:
        kind = resource.get("resourceType")
        if kind == "Patient":
            return resource
        if kind != "List" and not others:
            named = (follow(resource[key]) for key in OF_WHOM if key in resource)
            others += [each for each in named if each and each.get("resourceType") == "Patient"]
    return others[0] if others else None


def numbers_of(patient: Json | None) -> dict[str, set[str]]:
    """The patient's numbers by their system."""
    found: dict[str, set[str]] = {}
    for each in (patient or {}).get("identifier", ()):
        found.setdefault(str(each.get("system")), set()).add(str(each.get("value")))
    return found


def is_someone_else(reference: object, numbers: Mapping[str, set[str]]) -> bool:
    """Whether a Reference names somebody by another number of a kind that the patient has one of."""
    stated = reference.get("identifier") if isinstance(reference, dict) else None
    if not isinstance(stated, dict) or not stated.get("value") or not stated.get("system"):
        return False
    own = numbers.get(str(stated["system"]))
    return own is not None and str(stated["value"]) not in own
