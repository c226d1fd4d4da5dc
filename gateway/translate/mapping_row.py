"""What is one row of the mapping tables, and which rows do the tables of one-way rules give?

`required.map`, `placement.map` and `rendering.map` have a line for a rule; a row tells it in the columns that all
mapping tables have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.translate import sources
from gateway.translate.born.open_bundle import components
from gateway.translate.born.sections import NOTES

_NOTE: Final = "/".join((*NOTES, "Journaltekst"))


@dataclass(frozen=True)
class Row:
    """One rule in one place."""

    source: str
    """Path in the e-message; an attribute begins with @."""
    cardinality: str
    type: str
    """Type of the value in the e-message; empty for an element that only holds others."""
    target: str
    """Path in FHIR."""
    how: str
    """As the definition says it: `concept 9151`, `-> EpisodeOfCare`."""
    code_sets: tuple[str, ...]
    rule: str
    """File and line."""
    own: bool
    """Whether the installation has put it in the place of ours."""
    versions: str = ""
    """The only version of the standard that has it; empty: all."""

    @property
    def is_extension(self) -> bool:
        """Whether FHIR has no element of its own for it."""
        return "extension(" in self.target


def rows(table: str) -> Iterator[Row]:
    """The lines of a table; what stands in FHIR in the column for FHIR."""
    file = sources.table_file(table)
    own = file.parent == sources.folder()
    for number, text in enumerate(sources.table(table).splitlines(), 1):
        if text.strip() and not text.startswith("#"):
            source, target, how, sets = _READ[table](text)
            yield Row(source, "", "", target, how, sets, f"{file.name}:{number}", own)


def rows_in(table: str, body: str, made: frozenset[str]) -> Iterator[Row]:
    """The rules for resources that say where these go in a body; with rules for text, where that stands. `made`: the
    resource types that have components of their own there."""
    allowed = components(body)
    for row in rows(table):
        if table == "rendering" and not row.how.startswith(_AS_TEXT):
            continue
        places = [each for each in row.source.split(" | ") if _stands_in(each, row.target, allowed, made)]
        if places:
            yield Row(**{**row.__dict__, "source": " | ".join(places)})


def _stands_in(place: str, kind: str, allowed: frozenset[str], made: frozenset[str]) -> bool:
    """Whether a body may have what is at a place; a text in a resource's own component stands where that does."""
    return kind in made if place.startswith(_OWN) else place.partition("/")[0] in allowed


_AS_TEXT: Final = "text: "
_OWN: Final = "("

_Cells = tuple[str, str, str, tuple[str, ...]]
"""Source, target, how, code sets."""


def _required(text: str) -> _Cells:
    words = text.split()
    return "", words[0], " ".join(words[1:]), ()


def _placement(text: str) -> _Cells:
    words = text.split()
    at = 3 if words[1] == "code" else 2
    last = words[-1] if words[-1] in ("goal", "activity", "alone") else ""
    places = words[at:-1] if last else words[at:]
    return "/".join(places), words[0], last, (words[2],) if at == 3 else ()


def _rendering(text: str) -> _Cells:
    kind, *columns = re.split(r"\s{2,}", text.strip())
    if kind == "resource":
        target, name, heading, *slots = columns
        code_set, _, code = heading.partition("|")
        places = [f"{_OWN}{slot})" for slot in slots] + ([_NOTE] if code else [])
        how = f"{_AS_TEXT}{name}" + (f", {heading}" if code else "")
        return " | ".join(places), target, how, (code_set,) if code else ()
    if kind == "never":
        return "", "", f"{kind} {' '.join(columns)}", ()
    return "", columns[0].replace("|", " = "), " ".join((kind, *columns[1:])), ()


_READ: Final = {"required": _required, "placement": _placement, "rendering": _rendering}
