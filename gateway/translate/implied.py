"""Which unread values does the e-message say all the same, by having the element at all?

A code that R4 demands and that is the only one the e-message's element can mean (`implied` in
`mappings/rendering.map`); what only repeats such a code; and the code system of an element that has no other. They
stand in the loss report as implied, and are not lost.
"""

from __future__ import annotations

import re
from functools import cache

from gateway.fhir import tables
from gateway.translate.born.tables import wordlist
from gateway.translate.codec import Json
from gateway.translate.unread import Leaf

_POSITION = re.compile(r"\[\d+\]")
_CODE = re.compile(r"(\.coding)?\.code$")
_OF_A_CODE = frozenset({"system", "display", "version"})


def is_implied(leaf: Leaf) -> bool:
    """Whether the e-message says a value by having the element. Only of a resource that stands in it."""
    path = element_of_leaf(leaf)
    if _is_said_by_having(path, leaf.value, leaf.resource):
        return True
    holder, _, key = path.rpartition(".")
    if key not in _OF_A_CODE:
        return False
    if key == "system" and leaf.value == _only_system(holder.removesuffix(".coding")):
        return True
    code = leaf.owners[-1].get("code")
    return isinstance(code, str) and _is_said_by_having(f"{holder}.code", code, leaf.resource)


def element_of(place: str) -> str:
    """The path of the element at a place: `Goal.target.measure` for `Goal[2].target[0].measure`."""
    return _POSITION.sub("", place)


def element_of_leaf(leaf: Leaf) -> str:
    """The path of a value from its own resource on, also where that is contained in another."""
    path = element_of(leaf.place)
    kind, _, inner = path.partition(".contained.")
    return f"{leaf.resource.get('resourceType')}.{inner}" if inner else kind


def _is_said_by_having(path: str, value: object, resource: Json) -> bool:
    element = _CODE.sub("", path)
    words = wordlist()
    anywhere = f"*.{element.partition('.')[2]}"
    return words.is_implied(element, value, resource) or words.is_implied(anywhere, value, resource)


@cache
def _only_system(path: str) -> str | None:
    """The one code system of an element with a required binding; None where it has none, or several."""
    kind, *names = path.split(".")
    for at, name in enumerate(names):
        found = next((e for e in _elements(kind) if name in e.names()), None)
        if found is None:
            return None
        if at == len(names) - 1 and found.value_set is not None:
            systems = list(tables.value_set(found.value_set))
            return systems[0] if len(systems) == 1 else None
        kind = found.names()[name].name
    return None


def _elements(kind: str) -> tuple[tables.Element, ...]:
    return tables.elements(kind) if tables.is_declared(kind) else ()
