"""Which values of a Bundle did no rule read?

Each is a loss with its place in the Bundle as it was given. Not counted: ids, meta but for security labels,
references, narrative that only repeats the resource, and what only R4 wants (`required.is_filler`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.canonical import DATA_ABSENT_REASON, EXACT, ORDER, PRESENT
from gateway.translate.codec import Json
from gateway.translate.discontinued import is_stated_twice, saying_discontinued
from gateway.translate.reading import Read, Reading
from gateway.translate.required import is_filler

_NOT_CONTENT = frozenset({"resourceType", "id", "meta"})
_SECURITY = ("meta", "security")
"""Who may see it: the one thing in `meta` that is content."""
_NAMES_OF_RESOURCE, _NAMES_OF_EXTENSION = frozenset({"resourceType", "id"}), frozenset({"url"})
_NONE: frozenset[str] = frozenset()
_OF_THE_BUNDLE = ("meta", "implicitRules", "language", "signature")
"""What the Bundle itself may say beside what its entries do."""
_MARKS = frozenset({EXACT, PRESENT, ORDER, DATA_ABSENT_REASON})
_REPEATS = frozenset({"generated", "empty"})
"""Narrative of this status says nothing that the resource does not say."""


Inside = tuple[Json, str, Any]
"""An object, the key it stands under, and the object around it in the same way; of a resource its type, and None."""


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
    if any(_is_said(reading.bundle, key) for key in _OF_THE_BUNDLE):
        return False
    urls = {entry.get("fullUrl") for entry in entries}
    left: list[Inside] = []
    for entry in entries:
        resource = entry.get("resource")
        if resource.__class__ is not dict:
            return False
        left.append((resource, str(resource.get("resourceType", "")), None))
    return None not in urls and _is_read(left, reading, urls)


def _is_said(holder: Json, key: str) -> bool:
    """Whether a Bundle or resource has something at a key that may be content."""
    return key in holder and (key != "meta" or "security" in holder["meta"])


def _is_read(left: list[Inside], reading: Reading, urls: set[str | None]) -> bool:
    """`left`: the objects to look through."""
    seen, fillers = reading.seen.union(reading.whole), reading.has_fillers
    while left:
        here = left.pop()
        value, name, outer = here
        identity = id(value)
        only_names = (
            _NAMES_OF_RESOURCE if outer is None else _NAMES_OF_EXTENSION if name == "extension" else _NONE
        )
        for key, inner in value.items():
            kind = inner.__class__
            if kind is list:
                items = inner
            elif kind is dict:
                items = (inner,)
            elif (
                (identity, key) in seen
                or (key in only_names and kind is str)
                or _is_no_content(key, inner, here, urls, fillers)
            ):
                continue
            else:
                return False
            values_read = False
            for at, item in enumerate(items):
                if item.__class__ is not dict:
                    values_read = values_read or _are_read(key, inner, identity, seen)
                    if not values_read:
                        return False
                elif id(item) in seen or (
                    len(item) == 1
                    and "reference" in item
                    and item["reference"].__class__ is str
                    and item["reference"] in urls
                ):
                    continue
                elif key == "extension":
                    if item.get("url") not in _MARKS:
                        left.append((item, key, here))
                elif key[0] == "_":
                    beside = _missing_beside(value, key[1:], at if items is inner else None)
                    if not _says_nothing(item, beside is None or (identity, beside) in seen):
                        return False
                elif not (
                    (key == "meta" and outer is None and "security" not in item)
                    or (key == "text" and item.get("status") in _REPEATS and "div" in item)
                ):
                    left.append((item, key, here))
    return True


def _are_read(key: str, values: list[Any], identity: int, seen: set[Read]) -> bool:
    """Whether every value of a list that is no object has been read."""
    return all(
        each.__class__ is dict or each is None or (identity, f"{key}[{at}]") in seen
        for at, each in enumerate(values)
    )


def _is_no_content(key: str, value: Any, here: Inside, urls: set[str | None], fillers: bool) -> bool:
    """Whether a value that was not read says nothing that an e-message could hold."""
    if value.__class__ is not str and value.__class__ is not bool:
        return False
    holder, name, outer = here
    if outer is None:
        if key in _NOT_CONTENT or (key == "status" and is_stated_twice(holder)):
            return True
    elif key == "url" and name == "extension":
        return True
    return (key == "reference" and value in urls) or (fillers and is_filler((*_names(here), key), value))


def _names(here: Inside | None) -> Iterator[str]:
    if here is not None:
        yield from _names(here[2])
        yield here[1]


def _missing_beside(holder: Json, key: str, at: str | int | None) -> str | None:
    """The key of a value that is missing where something stands beside it, with its position in a list (`at`); None:
    the value is there, and looked at by itself."""
    if not isinstance(at, int):
        return None if key in holder else key
    values = holder.get(key)
    is_there = isinstance(values, list) and len(values) > at and values[at] is not None
    return None if is_there else f"{key}[{at}]"


def _says_nothing(beside: Json, is_read: bool) -> bool:
    """Whether what stands beside a primitive is marks of ours only, and no text of the e-message that was not read."""
    extensions = beside.get("extension")
    if len(beside) != 1 or extensions.__class__ is not list:
        return False
    for each in extensions:
        if each.__class__ is not dict:
            return False
        address = each.get("url")
        if address.__class__ is not str or address not in _MARKS or (address == EXACT and not is_read):
            return False
    return True


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
        bundle = self._reading.bundle
        own = {key: bundle[key] for key in _OF_THE_BUNDLE if _is_said(bundle, key)}
        for leaf in self._below(own, (), (bundle,), "Bundle", "Bundle") if own else ():
            if leaf.steps[0] != "meta" or leaf.steps[:2] == _SECURITY:
                yield leaf
        numbers: dict[str, int] = {}
        for entry in self._reading.bundle.get("entry", ()):
            resource = entry.get("resource", {})
            kind = str(resource.get("resourceType", ""))
            numbers[kind] = numbers.get(kind, 0) + 1
            twice = kind == "MedicationStatement" and self._is_read_twice(resource)
            place = f"{kind}[{numbers[kind]}]" if self._places is None else self._places.get(id(resource), "")
            if self._reading.is_standing(resource):
                self.touched.add(id(resource))
            for leaf in self._below(resource, (), (resource,), place, kind):
                told = leaf.steps[0] not in _NOT_CONTENT or leaf.steps[:2] == _SECURITY
                if told and not (twice and leaf.steps[0] == "status"):
                    yield leaf

    def _is_read_twice(self, statement: Json) -> bool:
        """Whether a status was read in the code that says the same."""
        return is_stated_twice(statement) and any(
            self._reading.was_read(coding, "code") for coding in saying_discontinued(statement)
        )

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
        missing = _missing_beside(holder, key, steps[-1])
        alone = missing is not None and not self._reading.was_read(holder, missing)
        if alone and any(each.get("url") == EXACT for each in extensions):
            last = (key,) if steps[-1] == "_" + key else (key, steps[-1])
            yield Leaf(owners[0], (*steps[: -len(last)], *last), owners, None, place)
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
