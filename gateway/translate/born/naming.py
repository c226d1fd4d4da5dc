"""Who is meant by a reference that no rule follows?

A reader of the e-message cannot follow it: it is told by the name of whom (or where) it refers to, as if the sender had
written the name beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.people import references_in
from gateway.translate.codec import Json
from gateway.translate.unread import Leaf

Value = tuple[int, str]
"""An object (by identity) and a key of it."""
_NAMED = ("Practitioner", "Organization", "Location")
"""What has a name and is no content of its own."""
_IN_ORDER = ("prefix", "given", "family", "name")
_TELLS_NOBODY = ("MessageHeader", "Provenance", "Composition", "PractitionerRole", "Bundle")


def name_in_references(
    work: OpenBundle, leaves: Iterable[Leaf], touched: set[int]
) -> dict[Value, list[Value]]:
    """Writes the name of each resource of which nothing was read beside the references to it.

    The names that were written, each with the values it was made of.
    """
    parts: dict[int, tuple[Json, list[Leaf]]] = {}
    for leaf in leaves:
        kind = leaf.resource.get("resourceType")
        if kind in _NAMED and leaf.steps[0] == "name" and id(leaf.resource) not in touched:
            parts.setdefault(id(leaf.resource), (leaf.resource, []))[1].append(leaf)
    made: dict[Value, list[Value]] = {}
    unnamed = _references_without_name(work) if parts else {}
    for resource, found in parts.values():
        told = sorted((leaf for leaf in found if _rank(leaf) >= 0), key=_rank)
        name = " ".join(str(leaf.value) for leaf in told)
        for reference in unnamed.get(id(resource), ()) if name else ():
            reference["display"] = name
            made[id(reference), "display"] = [(id(leaf.owners[-1]), leaf.key) for leaf in told]
    return made


def _rank(leaf: Leaf) -> int:
    """The place of a part in the first name; -1: it is no part of it."""
    key = leaf.key.partition("[")[0]
    first = len(leaf.steps) < 2 or leaf.steps[1] == 0
    return _IN_ORDER.index(key) if first and key in _IN_ORDER else -1


def _references_without_name(work: OpenBundle) -> dict[int, list[Json]]:
    """Resource (by identity) → the references to it, or to a role of it, that have no display."""
    found: dict[int, list[Json]] = {}
    for holder in work.resources.values():
        if holder.get("resourceType") in _TELLS_NOBODY:
            continue
        for reference in references_in(holder):
            target = work.follow(reference)
            if target is not None and target.get("resourceType") == "PractitionerRole":
                target = work.follow(target.get("practitioner"))
            if target is not None and "display" not in reference:
                found.setdefault(id(target), []).append(reference)
    return found
