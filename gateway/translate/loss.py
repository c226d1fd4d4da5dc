"""What did a translation carry natively, what only in extensions, and what was lost?

A report names places and counts; it holds no content (DESIGN §4.9).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from gateway.errors import Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")
"""The gravest first."""


@dataclass(frozen=True)
class Loss:
    """One value that was not carried natively. `kind`: extension, exact (no native value), lost, rendered (as text),
    assumed (a statement that the target demands and nobody made)."""

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

    def lose(self, element: etree._Element, attribute: str | None = None) -> None:
        """An element (or attribute) that no rule carries."""
        self.noted.append((element, attribute, "", "lost"))

    def losses(self) -> tuple[Loss, ...]:
        """The noted values with their places written out."""
        known: dict[etree._Element, str] = {}
        return tuple(
            Loss(
                element_path(element, known) + (f"/@{local(attribute)}" if attribute else ""),
                path,
                kind,
                "error" if kind == "lost" else "information",
            )
            for element, attribute, path, kind in self.noted
        )


def local(name: str) -> str:
    """A tag or attribute name without its namespace."""
    return name.rpartition("}")[2]


def element_path(element: etree._Element, known: dict[etree._Element, str] | None = None) -> str:
    """The place of an element, as MsgHead/Document[1]/RefDoc/…: names without prefix, numbers where there
    are several. `known` remembers the places of elements between calls."""
    known = {} if known is None else known
    if element not in known:
        parent = element.getparent()
        if parent is None:
            known[element] = local(str(element.tag))
        else:
            _learn_children(parent, element_path(parent, known), known)
    return known[element]


def _learn_children(parent: etree._Element, place: str, known: dict[etree._Element, str]) -> None:
    several: dict[str, list[etree._Element]] = {}
    for child in parent:
        several.setdefault(str(child.tag), []).append(child)
    for tag, children in several.items():
        if len(children) == 1:
            known[children[0]] = f"{place}/{local(tag)}"
        else:
            for number, child in enumerate(children, 1):
                known[child] = f"{place}/{local(tag)}[{number}]"
