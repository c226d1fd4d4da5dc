"""Whom is a message about?

Envelope, facts and what is put in order ask the same: of two patients in a Bundle, one must not get what belongs to
the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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


class Person:
    """A patient, as others can know him again."""

    def __init__(self, patient: Json) -> None:
        self._numbers: dict[str, set[str]] = {}
        for each in _objects(patient, "identifier"):
            self._numbers.setdefault(str(each.get("system")), set()).add(str(each.get("value")))
        self._names = [words for words in map(_words, _objects(patient, "name")) if words]
        self._born = patient.get("birthDate")

    def may_have(self, identifier: object) -> bool:
        """Whether an identifier is of a kind that the patient has one of."""
        return isinstance(identifier, dict) and str(identifier.get("system")) in self._numbers

    def is_named_by(self, reference: Json, address: str | None) -> bool:
        """Whether a Reference that leads nowhere in the Bundle means the patient: by a number, or, where it has no
        `address` either, by the name. What says nothing of whom it means is told of the patient."""
        stated = reference.get("identifier")
        if isinstance(stated, dict) and stated.get("value"):
            return str(stated["value"]) in self._numbers.get(str(stated.get("system")), ())
        if address is not None:
            return False
        display = reference.get("display")
        return not isinstance(display, str) or any(name <= _split(display) for name in self._names)

    def is_same_as(self, other: Person) -> bool:
        """Whether two Patients of a Bundle are one: by a number of the same kind, else by name and date of birth."""
        shared = self._numbers.keys() & other._numbers.keys()
        if shared:
            return any(self._numbers[kind] & other._numbers[kind] for kind in shared)
        same_name = any(name in other._names for name in self._names)
        return same_name and self._born is not None and self._born == other._born


def is_about(resource: Json, patient: Json, follow: Callable[[Any], Json | None]) -> bool:
    """Whether a resource is about that patient, or names nobody."""
    about = next((resource[key] for key in OF_WHOM if key in resource), None)
    if not isinstance(about, dict) or not patient:
        return True
    found = follow(about)
    if found:
        return found is patient or Person(patient).is_same_as(Person(found))
    return Person(patient).is_named_by(about, about.get("reference"))


def _objects(holder: Json, key: str) -> list[Json]:
    """Those of a list, which may have gaps where marks of ours were taken away."""
    return [each for each in holder.get(key, ()) if isinstance(each, dict)]


def _words(name: Json) -> set[str]:
    """The family name and the first given name; what they are written as, where they are not told apart."""
    parts = [part for part in (name.get("family"), *name.get("given", ())[:1]) if isinstance(part, str)]
    return {word for part in parts or [str(name.get("text") or "")] for word in _split(part)}


def _split(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def names_a_patient(reference: Json, address: str | None) -> bool:
    """Whether a Reference that leads nowhere says itself that it means a patient."""
    return reference.get("type") == "Patient" or bool(re.search(r"(^|/)Patient[/?]", address or ""))
