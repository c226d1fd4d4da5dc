"""Whom is a message about?

Envelope, facts and what is put in order ask the same: of two patients in a Bundle, one must not get what belongs to
the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from gateway.translate.codec import Json
from gateway.translate.hooks import is_out_of_use

OF_WHOM = ("subject", "patient", "for")
"""Elements that name whom a resource is about."""
_A_DAY = len("1938-03-15")
"""A date that is only a year, or a month of one, is many people's."""


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
            if each.get("system") and each.get("value") and not is_out_of_use(each):
                self._numbers.setdefault(str(each["system"]), set()).add(str(each["value"]))
        self._names = [words for words in map(_words, _objects(patient, "name")) if words]
        self._born = str(patient.get("birthDate"))
        self._told_apart = {key: patient[key] for key in ("gender", "multipleBirthInteger") if key in patient}

    def may_have(self, identifier: object) -> bool:
        """Whether an identifier is of a kind that the patient has one of."""
        return isinstance(identifier, dict) and str(identifier.get("system")) in self._numbers

    def is_named_by(self, reference: Json, address: str | None) -> bool:
        """Whether a Reference that leads nowhere in the Bundle means the patient: by a number, or, where it has no
        `address` either, by the name. What says nothing of whom it means is told of the patient."""
        stated = reference.get("identifier")
        if isinstance(stated, dict) and stated.get("value"):
            return str(stated["value"]) in self._numbers.get(str(stated.get("system")), ())
        if address is not None or reference.get("type", "Patient") != "Patient":
            return False
        display = reference.get("display")
        return not isinstance(display, str) or self._is_called(display)

    def _is_called(self, display: str) -> bool:
        """Whether words name the patient and nobody beside: who is the mother of somebody has a name in them too. After
        the name only the patient's date of birth and numbers may follow."""
        words = re.findall(r"\w+", display.casefold())
        own = set().union(*self._names)
        numbers = {*self._born.split("-"), *(each for found in self._numbers.values() for each in found)}
        while words and (words[-1] in ("f", "født") or words[-1] in numbers):
            words.pop()
        ends = {words[0], words[-1]} if words else set()
        return ends <= own and any(len(name) > 1 and name <= set(words) for name in self._names)

    def is_same_as(self, other: Person) -> bool:
        """Whether two Patients of a Bundle are one: by a number of the same kind, else by full name and day of birth,
        where nothing tells them apart, as it does twins."""
        shared = self._numbers.keys() & other._numbers.keys()
        if shared:
            return any(self._numbers[kind] & other._numbers[kind] for kind in shared)
        same_name = any(len(name) > 1 and name in other._names for name in self._names)
        same_day = len(self._born) == _A_DAY and self._born == other._born
        both = self._told_apart.keys() & other._told_apart.keys()
        return same_name and same_day and all(self._told_apart[key] == other._told_apart[key] for key in both)


def in_focus_of(resource: Json) -> list[Json]:
    """References to what an Observation tells of where that is not its subject: a newborn, a donor."""
    focus = resource.get("focus", ()) if resource.get("resourceType") == "Observation" else ()
    return [each for each in focus if isinstance(each, dict)]


def is_about(resource: Json, patient: Json, follow: Callable[[Any], Json | None]) -> bool:
    """Whether a resource is about that patient, or names nobody."""

    def is_the_patient(found: Json) -> bool:
        return found is patient or Person(patient).is_same_as(Person(found))

    told_of = [found for found in map(follow, in_focus_of(resource)) if found]
    patients = [found for found in told_of if found.get("resourceType") == "Patient"]
    if patient and patients and not any(map(is_the_patient, patients)):
        return False
    about = next((resource[key] for key in OF_WHOM if key in resource), None)
    if not isinstance(about, dict) or not patient:
        return True
    found = follow(about)
    if found:
        return is_the_patient(found)
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
