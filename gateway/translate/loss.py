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
        found = {entry.severity for entry in self.entries}
        return next((each for each in SEVERITIES if each in found), None)

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

    def summary(self) -> dict[str, Any]:
        """The short form that is stored beside the message: counts, losses and notes."""
        full = self.as_json()
        full["entries"] = [
            entry for entry in full["entries"] if entry["kind"] in ("lost", "rendered", "assumed")
        ]
        return full


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
        if self.place[3]:
            for _ in range(values):
                self.wrote(native=True)
        else:
            self.native += values

    def extended(self, element: etree._Element, path: str, values: int) -> None:
        """So many values of an element were written in an extension."""
        self.extension += values
        for _ in range(values):
            self.noted.append((element, None, path, "extension"))

    def lose(self, element: etree._Element, attribute: str | None = None) -> None:
        """An element (or attribute) that no rule carries."""
        self.noted.append((element, attribute, "", "lost"))

    def losses(self) -> tuple[Loss, ...]:
        """The noted values with their places written out."""
        place = Places().of
        return tuple(
            Loss(
                f"{place(element)}/@{local(attribute)}" if attribute else place(element),
                path,
                kind,
                "error" if kind == "lost" else "information",
            )
            for element, attribute, path, kind in self.noted
        )


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
        self._known: dict[etree._Element, str] = {}
        self._numbers: dict[etree._Element, dict[etree._Element, int]] = {}
        """Parent → child that is not alone with its name → how many of its name stand before it, and it."""

    def of(self, element: etree._Element) -> str:
        """The place of an element."""
        parent, found = element.getparent(), local(str(element.tag))
        if parent is not None:
            above = self._known.get(parent) or self.of(parent)
            numbers = self._numbers.get(parent)
            if numbers is None:
                numbers = self._numbers[parent] = _numbers(parent)
            number = numbers.get(element)
            found = f"{above}/{found}[{number}]" if number else f"{above}/{found}"
        self._known[element] = found
        return found


def _numbers(parent: etree._Element) -> dict[etree._Element, int]:
    """The numbers of the children that share their name with another."""
    children = parent[:]
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
