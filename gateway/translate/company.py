"""Whose is what names nobody? It is in the Bundle, but not the patient's where it stands with another's.

An Observation or a Task need not say whom it is about, a Device or a team hardly ever does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.translate.codec import Json
from gateway.translate.shape import references_of
from gateway.translate.whom import OF_WHOM

_OF_THE_MESSAGE = ("MessageHeader", "Provenance", "Composition", "Patient")
"""Types that belong to the message, whatever names them."""
_SHARED = frozenset(
    {
        *("Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService", "Endpoint"),
        *("Device", "Medication", "Substance"),
    }
)
"""Types that stand with several patients, and say nothing of whose it is that names them."""


def standing_with(
    others: Sequence[Json], resources: Iterable[Json], follow: Callable[[Any], Json | None]
) -> set[int]:
    """Which resources (by identity) name nobody and stand with what is about `others`: they refer to it, or it to them,
    at once or by way of such another, and nothing of the patient does."""
    if not others:
        return set()
    there, theirs = list(resources), set(map(id, others))
    silent = {id(r): r for r in there if id(r) not in theirs and names_nobody(r)}
    own = [_without_topic(r) for r in there if id(r) not in theirs and id(r) not in silent]

    def named_by(resource: Json) -> set[int]:
        return {id(follow(reference)) for reference in references_of(resource)}

    def with_these(found: Sequence[Json]) -> set[int]:
        known = set(map(id, found))
        near = {at for at, each in silent.items() if not known.isdisjoint(named_by(each))}
        left = [*found, *(silent[at] for at in near)]
        while left:
            more = (named_by(left.pop()) & silent.keys()) - near
            near |= more
            left += (silent[at] for at in more)
        return near

    of_the_patient = with_these(own)
    near = with_these(others) - of_the_patient
    naming: dict[int, set[int]] = {}
    for at in silent.keys() - of_the_patient if near else ():
        for named in named_by(silent[at]):
            naming.setdefault(named, set()).add(at)
    left = list(near)
    while left:
        each = silent[left.pop()]
        more = named_by(each) & silent.keys()
        if each.get("resourceType") not in _SHARED:
            more |= naming.get(id(each), set())
        more = more - near - of_the_patient
        near |= more
        left += more
    return near


def names_nobody(resource: Json) -> bool:
    """Whether a resource says itself nothing of whom it is about."""
    return resource.get("resourceType") not in _OF_THE_MESSAGE and not any(key in resource for key in OF_WHOM)


def _without_topic(resource: Json) -> Json:
    """What the message is about, or what something is told of, is not said to be the patient's by that."""
    if resource.get("resourceType") not in ("MessageHeader", "Provenance"):
        return resource
    return {key: value for key, value in resource.items() if key not in ("focus", "target")}
