"""Which values of a Bundle did no rule read?

Each is a loss with its place in the Bundle as it was given. Not counted: ids, meta, references, narrative that only
repeats the resource, and what only R4 wants (`required.is_filler`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.canonical import DATA_ABSENT_REASON, EXACT, ORDER, PRESENT
from gateway.translate.codec import Json
from gateway.translate.discontinued import is_stated_twice
from gateway.translate.reading import Reading
from gateway.translate.required import is_filler

_NOT_CONTENT = frozenset({"resourceType", "id", "meta", "implicitRules", "language"})
_MARKS = frozenset({EXACT, PRESENT, ORDER, DATA_ABSENT_REASON})
_REPEATS = frozenset({"generated", "empty"})
"""Narrative of this status says nothing that the resource does not say."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that was not read."""

    resource: Json
    steps: tuple[str | int, ...]
    """Keys and positions from the resource inwards."""
    owners: tuple[Json, ...]
    """The resource and the objects inside it down to the value's own."""
    value: Any
    place: str
    """In the Bundle as it was given; empty for what was no part of it."""

    @property
    def key(self) -> str:
        """The key in the innermost object, with its position in a list."""
        last = self.steps[-1]
        return f"{self.steps[-2]}[{last}]" if isinstance(last, int) else last


class Unread:
    """Looks through a Bundle after a translation has read it."""

    def __init__(self, reading: Reading, places: dict[int, str] | None = None) -> None:
        """`places`: where the objects of a copy come from (`born.copying`); None: the Bundle is as it was given."""
        self._reading = reading
        self._places = places
        self.touched: set[int] = set()
        """The resources (by identity) that became an element, or of which something was read."""

    def leaves(self) -> Iterator[Leaf]:
        """Every value that was not read, in the order of the Bundle."""
        numbers: dict[str, int] = {}
        for entry in self._reading.bundle.get("entry", ()):
            resource = entry.get("resource", {})
            kind = str(resource.get("resourceType", ""))
            numbers[kind] = numbers.get(kind, 0) + 1
            twice = kind == "MedicationStatement" and is_stated_twice(resource)
            place = f"{kind}[{numbers[kind]}]" if self._places is None else self._places.get(id(resource), "")
            if self._reading.is_standing(resource):
                self.touched.add(id(resource))
            for leaf in self._below(resource, (), (resource,), place, kind):
                if leaf.steps[0] not in _NOT_CONTENT and not (twice and leaf.steps[0] == "status"):
                    yield leaf

    def _below(
        self, value: Json, steps: tuple[str | int, ...], owners: tuple[Json, ...], place: str, kind: str
    ) -> Iterator[Leaf]:
        """The unread leaves below an object. `place` is empty for what is no part of the original."""
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from self._object(
                    inner, key, (*steps, key), owners, f"{place}.{key}" if place else "", kind
                )
            elif isinstance(inner, list):
                for at, item in enumerate(inner):
                    there = f"{place}.{key}[{at}]" if place else ""
                    if isinstance(item, dict):
                        yield from self._object(item, key, (*steps, key, at), owners, there, kind)
                    elif item is not None and key[0] != "_":
                        yield from self._leaf(value, f"{key}[{at}]", (*steps, key, at), owners, there, item)
            elif not self._no_content(key, inner, steps, kind):
                yield from self._leaf(
                    value, key, (*steps, key), owners, f"{place}.{key}" if place else "", inner
                )

    def _object(
        self,
        value: Json,
        key: str,
        steps: tuple[str | int, ...],
        owners: tuple[Json, ...],
        place: str,
        kind: str,
    ) -> Iterator[Leaf]:
        if self._places is not None:
            place = self._places.get(id(value), "")
        if key[0] == "_":
            yield from self._of_primitive(value, key[1:], steps, owners, place, kind)
        elif key == "text" and "div" in value:
            if value.get("status") not in _REPEATS and not self._reading.was_read(value, "div"):
                yield Leaf(owners[0], (*steps, "div"), (*owners, value), value["div"], f"{place}.div")
        elif not self._reading.was_read_whole(value) and value.get("url") not in _MARKS:
            yield from self._below(value, steps, (*owners, value), place, kind)

    def _of_primitive(
        self,
        value: Json,
        key: str,
        steps: tuple[str | int, ...],
        owners: tuple[Json, ...],
        place: str,
        kind: str,
    ) -> Iterator[Leaf]:
        """What stands beside a primitive: the text of the e-message where there is no value; what others extend it
        with."""
        holder = owners[-1]
        extensions = [each for each in value.get("extension") or () if isinstance(each, dict)]
        alone = steps[-1] == "_" + key and key not in holder and not self._reading.was_read(holder, key)
        if alone and any(each.get("url") == EXACT for each in extensions):
            yield Leaf(owners[0], (*steps[:-1], key), owners, None, place)
        for at, each in enumerate(extensions):
            if each.get("url") not in _MARKS:
                there = (
                    self._places.get(id(each), "") if self._places is not None else f"{place}.extension[{at}]"
                )
                yield from self._below(each, (*steps, "extension", at), (*owners, each), there, kind)

    def _leaf(
        self,
        holder: Json,
        key: str,
        steps: tuple[str | int, ...],
        owners: tuple[Json, ...],
        place: str,
        value: Any,
    ) -> Iterator[Leaf]:
        if self._reading.was_read(holder, key):
            self.touched.add(id(owners[0]))
        else:
            yield Leaf(owners[0], steps, owners, value, place)

    def _no_content(self, key: str, value: Any, steps: tuple[str | int, ...], kind: str) -> bool:
        if key == "reference" or (key == "url" and "extension" in steps[-2:]):
            return True
        names = (kind, *(step for step in (*steps, key) if isinstance(step, str)))
        return self._reading.has_fillers and is_filler(names, value)
