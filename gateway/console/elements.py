"""Which element of a message stands where in FHIR, part by part, for the page of a message and for the workbench?

The rows come from the translation's own rules and report (`gateway/translate/element_table.py`); here they get words
and links. Values are content: nobody sees them who may not read the message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from lxml import etree

from gateway.console.pane import Pane, anchor_in
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.translate.element_table import CARRIED, ElementRow, element_table

MOST_ROWS: Final = 5000
_LOOKS: Final = {
    "native": ("ok", "check"),
    "extension": ("info", "check"),
    "exact": ("info", "letter"),
    "implied": ("info", "check"),
    "assumed": ("warn", "question"),
    "rendered": ("warn", "letter"),
    "lost": ("bad", "cross"),
}


@dataclass(frozen=True)
class Element:
    """One element on both sides."""

    path: str
    """Its place below the part."""
    anchor: str | None
    value: str
    where: str
    how: State
    rule: str


@dataclass(frozen=True)
class ElementPart:
    """One component of the message."""

    name: str
    rows: tuple[Element, ...]
    counts: tuple[tuple[State, int], ...]
    """How many were carried how, the gravest first."""


def elements_view(
    root: etree._Element,
    message_type: str,
    entries: Iterable[Mapping[str, Any]],
    panes: Sequence[Pane],
    texts: Texts,
) -> tuple[ElementPart, ...]:
    """The parts of an e-message, in its order."""
    xml = next((pane for pane in panes if pane.name == "xml"), None)
    looks = {how: State(how, texts(f"lost.{how}"), *look) for how, look in _LOOKS.items()}
    rows = element_table(root, message_type, entries)[:MOST_ROWS]
    return tuple(
        _part(name, tuple(found), xml, looks) for name, found in groupby(rows, key=lambda row: row.part)
    )


def _part(
    name: str, rows: tuple[ElementRow, ...], xml: Pane | None, looks: Mapping[str, State]
) -> ElementPart:
    counted = Counter(row.how for row in rows)
    return ElementPart(
        name=name.rpartition("/")[2],
        rows=tuple(
            Element(
                row.source.removeprefix(name).lstrip("/") or row.source.rpartition("/")[2],
                anchor_in(xml, row.source),
                row.value,
                row.target,
                looks[row.how],
                row.rule,
            )
            for row in rows
        ),
        counts=tuple((looks[how], counted[how]) for how in reversed(CARRIED) if counted[how]),
    )
