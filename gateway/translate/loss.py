"""What did a translation carry natively, what only in extensions, and what was lost?

A report names places and counts; it holds no content (DESIGN §4.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree

from gateway.errors import Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")
"""The gravest first."""


class Loss(NamedTuple):
    """One value that was not carried natively. `kind`: extension, exact (no native value), lost, rendered (as text),
    implied (the target says it by having the element), assumed (a statement that the target demands and nobody
    made)."""

    source: str
    target: str
    kind: str
    severity: Severity = "information"
    """How grave it is (`severity.py`)."""


@dataclass(frozen=True)
class LossReport:
    """The result of one translation."""

    mapping_version: str
    total: int
    native: int
    extension: int
    exact: int
    entries: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    """Codes of the catalogue, or `assumed: Element = value`: what a person should know about this translation."""

    @property
    def lost(self) -> tuple[Loss, ...]:
        """The values that the target does not hold."""
        return tuple(entry for entry in self.entries if entry.kind == "lost")

    @property
    def gravest(self) -> Severity | None:
        """The gravest severity of anything in the report; None: nothing is in it."""
        return _gravest(self.entries)

    @property
    def gravest_lost(self) -> Severity | None:
        """The gravest severity of what is lost; None: nothing is."""
        return _gravest(self.lost)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON: counts, and the places that were not carried natively."""
        return {
            "mappingVersion": self.mapping_version,
            "total": self.total,
            "native": self.native,
            "extension": self.extension,
            "exact": self.exact,
            "lost": len(self.lost),
            "entries": [
                {"source": e.source, "target": e.target, "kind": e.kind, "severity": e.severity}
                for e in self.entries
            ],
            "notes": list(self.notes),
        }


def _gravest(entries: tuple[Loss, ...]) -> Severity | None:
    found = {entry.severity for entry in entries}
    return next((each for each in SEVERITIES if each in found), None)


class Counted:
    """The counts while a translation runs; places in the message are written out only at the end."""

    __slots__ = ("exact", "extension", "native", "noted", "place")

    def __init__(self) -> None:
        self.native = self.extension = self.exact = 0
        self.noted: list[tuple[etree._Element, str | None, str, str]] = []
        """Element, attribute, path in FHIR and kind of each value that was not carried natively."""
        self.place: tuple[etree._Element, str | None, str, bool]
        """What is being written: element, attribute, path in FHIR, and whether that leads into an extension."""

    def wrote(self, native: bool) -> None:
        """One value was written: natively, in an extension, or only as `exact` or `present`."""
        element, attribute, path, in_extension = self.place
        if not native:
            self.exact += 1
            self.noted.append((element, attribute, path, "exact"))
        elif in_extension:
            self.extension += 1
            self.noted.append((element, attribute, path, "extension"))
        else:
            self.native += 1

    def wrote_natively(self, values: int) -> None:
        """So many values were written natively, or in an extension."""
        element, attribute, path, in_extension = self.place
        if in_extension:
            self.extended(element, attribute, path, values)
        else:
            self.native += values

    def extended(self, element: etree._Element, attribute: str | None, path: str, values: int) -> None:
        """So many values of an element (or its attribute) were written in an extension."""
        self.extension += values
        self.noted += [(element, attribute, path, "extension")] * values

    def lose(self, element: etree._Element, attribute: str | None = None) -> None:
        """An element (or attribute) that no rule carries."""
        self.noted.append((element, attribute, "", "lost"))

    def losses(self) -> tuple[Loss, ...]:
        """The noted values with their places written out."""
        place = Places().of
        losses: list[Loss] = []
        before = None
        for noted in self.noted:
            if noted is before:  # one more value of the same
                losses.append(losses[-1])
                continue
            before = element, attribute, path, kind = noted
            where = f"{place(element)}/@{local(attribute)}" if attribute else place(element)
            losses.append(Loss(where, path, kind, "error" if kind == "lost" else "information"))
        return tuple(losses)


@lru_cache(maxsize=4096)
def local(name: str) -> str:
    """A tag or attribute name without its namespace."""
    return name.rpartition("}")[2]


def element_path(element: etree._Element) -> str:
    """The place of an element, as MsgHead/Document[1]/RefDoc/…: names without prefix, numbers where there
    are several."""
    return Places().of(element)


class Places:
    """The places of elements of one message; remembers what several of them have in common."""

    def __init__(self) -> None:
        self._below: dict[etree._Element, tuple[str, dict[etree._Element, int]]] = {}
        """Parent → how the places below it begin, and the numbers of children that share their name with another."""

    def of(self, element: etree._Element) -> str:
        """The place of an element."""
        parent, name = element.getparent(), local(str(element.tag))
        if parent is None:
            return name
        below = self._below.get(parent)
        if below is None:
            below = self._below[parent] = f"{self.of(parent)}/", _numbers(parent)
        begin, numbers = below
        number = numbers.get(element)
        return f"{begin}{name}[{number}]" if number else begin + name


def _numbers(parent: etree._Element) -> dict[etree._Element, int]:
    """Child that shares its name with another → how many of the name stand before it, and it."""
    children = parent[:]  # made faster than an iterator
    if len({child.tag for child in children}) == len(children):  # most: each has a name of its own
        return {}
    numbers: dict[etree._Element, int] = {}
    last: dict[object, etree._Element] = {}
    for child in children:
        tag = child.tag
        if tag in last:
            numbers[child] = numbers.setdefault(last[tag], 1) + 1
        last[tag] = child
    return numbers
