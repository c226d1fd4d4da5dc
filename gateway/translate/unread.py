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


Seen = dict[int, set[str | None]]
_NO_KEYS: frozenset[str | None] = frozenset()


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


def is_all_read(reading: Reading) -> bool:
    """Whether every value was read, and every reference leads to an entry by its fullUrl. Where that needs a closer
    look the answer is no: `Unread` has the last word."""
    entries = reading.bundle.get("entry", ())
    urls = {entry.get("fullUrl") for entry in entries}
    if None in urls:
        return False
    for entry in entries:
        resource = entry.get("resource")
        if resource.__class__ is not dict:
            return False
        kind = str(resource.get("resourceType", ""))
        if not _is_read(resource, (kind,), reading.seen, urls, reading.has_fillers):
            return False
    return True


def _is_read(value: Json, names: tuple[str, ...], seen: Seen, urls: set[str | None], fillers: bool) -> bool:
    """`names`: the resource type, and the keys from the resource inwards."""
    read = seen.get(id(value), _NO_KEYS)
    for key, inner in value.items():
        kind = inner.__class__
        if kind is str or kind is bool:
            if (
                key not in read
                and (key != "reference" or inner not in urls)
                and (key != "url" or names[-1] != "extension")
                and not _is_no_content(key, inner, value, names, fillers)
            ):
                return False
        elif kind is dict or kind is list:
            for at, item in enumerate(inner) if kind is list else ((None, inner),):
                if item.__class__ is dict:
                    if len(item) == 1 and item.get("reference").__class__ is str:
                        if item["reference"] not in urls:
                            return False
                    elif key[0] == "_":
                        if not _says_nothing(item, key[1:] in value or key[1:] in read):
                            return False
                    elif not (
                        None in seen.get(id(item), _NO_KEYS)
                        or item.get("url") in _MARKS
                        or (key == "meta" and len(names) == 1)
                        or (key == "text" and item.get("status") in _REPEATS and "div" in item)
                        or _is_read(item, (*names, key), seen, urls, fillers)
                    ):
                        return False
                elif item is not None and f"{key}[{at}]" not in read:
                    return False
        elif key not in read:
            return False
    return True


def _is_no_content(key: str, value: Any, holder: Json, names: tuple[str, ...], fillers: bool) -> bool:
    if len(names) == 1 and (key in _NOT_CONTENT or (key == "status" and is_stated_twice(holder))):
        return True
    return fillers and is_filler((*names, key), value)


def _says_nothing(beside: Json, is_read: bool) -> bool:
    """Whether what stands beside a primitive is marks of ours only, and no text of the e-message that was not read."""
    marks = {EXACT: is_read, PRESENT: True, ORDER: True, DATA_ABSENT_REASON: True}
    extensions = beside.get("extension")
    return (
        len(beside) == 1
        and extensions.__class__ is list
        and all(each.__class__ is dict and marks.get(str(each.get("url")), False) for each in extensions)
    )


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
        elif self._reading.was_read_whole(value):
            if any(self._reading.was_read(value, each) for each in value):
                self.touched.add(id(owners[0]))
        elif value.get("url") not in _MARKS:
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
