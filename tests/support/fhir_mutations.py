"""Random damage to a FHIR resource: what systems get wrong, and what nobody would write.

Each mutation changes one place of a copy. The same seed gives the same mutations.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

Place = tuple[Any, Any]
"""A container (object or list) and the key or position in it."""

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**70,
    Decimal("1.50"),
    Decimal("-0.0"),
    Decimal("1E+400"),
    "",
    " ",
    "x",
    "æøå",
    " leading",
    "trailing ",
    "two  spaces",
    "line\nbreak",
    "\u00a0",
    "true",
    "1",
    "2026",
    "2026-13",
    "2026-02-30",
    "2026-02-28",
    "2024-02-29",
    "2025-02-29",
    "13.01.2026",
    "2026-01-01T10:00",
    "2026-01-01T10:00:00",
    "2026-01-01T10:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T10:00:60Z",
    "2026-01-01T10:00:00.123456789+14:00",
    "2026-01-01T10:00:00+14:30",
    "0000-01-01",
    "10:00",
    "10:00:00",
    "25:00:00",
    "urn:uuid:1",
    "urn:oid:1.2",
    "urn:oid:3.1",
    "http://example.org/a b",
    "Patient/1",
    "#x",
    "#",
    "final",
    "active",
    "ACTIVE",
    "unknown",
    "a" * 65,
    "id_with_underscore",
    "SGVp",
    "SGVp=",
    "@@@@",
    "<div>x</div>",
    '<div xmlns="http://www.w3.org/1999/xhtml"></div>',
    [],
    {},
    [[]],
    [{}],
    [None],
    {"id": "x"},
    {"a": 1},
    {"extension": []},
    {"extension": [{"url": "http://example.org"}]},
    {"coding": "x"},
    {"reference": 1},
    ["x"],
    ["x", "y"],
)
NAMES = (
    "status",
    "code",
    "text",
    "id",
    "extension",
    "contained",
    "value",
    "valueString",
    "resourceType",
    "meta",
    "_status",
    "_id",
    "_family",
    "subject",
    "note",
    "foo",
    "",
    "fhir_comments",
    "div",
    "period",
    "modifierExtension",
)


def places(node: Any) -> Iterator[Place]:
    """All places below the node."""
    members = (
        list(node.items())
        if isinstance(node, dict)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    for key, value in members:
        yield node, key
        yield from places(value)


def _replace(chance: random.Random, place: Place) -> None:
    container, key = place
    container[key] = copy.deepcopy(chance.choice(VALUES))


def _remove(chance: random.Random, place: Place) -> None:
    container, key = place
    del container[key]


def _wrap(chance: random.Random, place: Place) -> None:
    container, key = place
    container[key] = [container[key]]


def _unwrap(chance: random.Random, place: Place) -> None:
    container, key = place
    value = container[key]
    if isinstance(value, list) and value:
        container[key] = value[0]
    elif isinstance(value, dict) and value:
        container[key] = next(iter(value.values()))


def _rename(chance: random.Random, place: Place) -> None:
    container, key = place
    if isinstance(container, dict):
        container[chance.choice((*NAMES, key + "x", key.upper(), "_" + key))] = container.pop(key)


def _add(chance: random.Random, place: Place) -> None:
    container, _ = place
    value = copy.deepcopy(chance.choice(VALUES))
    if isinstance(container, dict):
        container[chance.choice(NAMES)] = value
    else:
        container.append(value)


def _repeat(chance: random.Random, place: Place) -> None:
    container, key = place
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    elif isinstance(container[key], list):
        container[key] = container[key] * 2


def _swap_type(chance: random.Random, place: Place) -> None:
    """A choice gets the name of another type: ``valueString`` becomes ``valueBoolean``."""
    container, key = place
    if isinstance(container, dict) and isinstance(key, str):
        for stem in (
            "value",
            "effective",
            "onset",
            "deceased",
            "medication",
            "asNeeded",
            "due",
            "detail",
            "multipleBirth",
        ):
            if key.startswith(stem):
                container[
                    stem + chance.choice(("String", "Boolean", "DateTime", "Quantity", "Period", "X"))
                ] = container[key]


MUTATIONS: tuple[Callable[[random.Random, Place], None], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _remove,
    _wrap,
    _unwrap,
    _rename,
    _add,
    _add,
    _repeat,
    _swap_type,
)


def mutate(chance: random.Random, resource: dict[str, Any]) -> dict[str, Any]:
    """A copy of the resource with one place damaged."""
    damaged = copy.deepcopy(resource)
    place = chance.choice(list(places(damaged)))
    chance.choice(MUTATIONS)(chance, place)
    return damaged
