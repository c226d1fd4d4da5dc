"""What does each patient count for in the measures, kept so that a measure over all reads one small row a patient?

Whoever writes a row that measures read marks the patient in the same commit. What is kept of a marked patient does not
hold, and is worked out from the patient's rows: at once by whoever asks for figures, and to be kept by the projection,
a few patients at a time. So figures are those of the rows at any moment, and no delivery waits for them.

What was counted by other rules does not hold either. Which rules it was counted by is told by the text of the modules
that count and by the configured helsefellesskap; so a new version and a changed configuration count anew.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec

from gateway.ledger.session import Row, Session
from gateway.ledger.store import Ledger
from gateway.measures import course, definitions, judged, plans, stay, transitions
from gateway.measures.course import Counted, Course, Owner, counted_of, first_of, occasions
from gateway.measures.judged import Judged
from gateway.pathway import calendar
from gateway.records import measured
from gateway.records.measured import MeasuredReader

COUNTING: Final = (course, definitions, judged, plans, stay, transitions, calendar, measured)
"""The modules that say what a patient counts for."""


@dataclass(frozen=True)
class Marked:
    """A patient whose rows were written since they were counted."""

    patient_key: str
    marked: int


def rules_of(modules: Iterable[ModuleType], configured: str) -> str:
    """A name for the rules that count: another for every other rule.

    :param configured: what the settings say, as text
    """
    digest = hashlib.sha256(f"{definitions.VERSION}\n{configured}".encode())
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:32]


def mark(session: Session, patient_key: str, now: int) -> None:
    """Say, in the commit that writes a row of this patient that measures read, that it does."""
    session.run("mark_measured", patient_key=patient_key, now=now)


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a patient (`Counted`), with the courses of each measure left as text until somebody asks."""

    owners: tuple[Owner, ...]
    letters: Mapping[str, date]
    courses: Mapping[str, msgspec.Raw]


_KEPT: Final = msgspec.json.Decoder(_Kept)
_COURSES: Final = msgspec.json.Decoder(tuple[Course, ...])


@dataclass
class _All:
    """What holds of all patients as of a version of the ledger."""

    version: int
    kept: list[_Kept]
    letters: Mapping[str, date]
    """When each trust's first discharge letter went through here."""
    read: dict[str, list[tuple[tuple[Owner, ...], tuple[Course, ...]]]] = field(default_factory=dict)

    def of(self, measure: str) -> list[tuple[tuple[Owner, ...], tuple[Course, ...]]]:
        """Of each patient the owners, and the courses of a measure."""
        if measure not in self.read:
            self.read[measure] = [
                (each.owners, _COURSES.decode(text))
                for each in self.kept
                if (text := each.courses.get(measure))
            ]
        return self.read[measure]


class CountedReader:
    """What is kept, and what holds. Plain synchronous reads, from any thread."""

    def __init__(self, ledger: Ledger, reader: MeasuredReader, configured: str = "") -> None:
        """`configured`: what of the settings the strata follow from, as text."""
        self.rules: Final = rules_of(COUNTING, configured)
        self._ledger = ledger
        self._reader = reader
        self._lock = threading.Lock()
        self._known: _All | None = None

    def occasions(self, measure: str, now: datetime) -> Iterator[tuple[Judged, Owner]]:
        """Every occasion of a measure as of a time, of all patients."""
        every = self._all()
        return occasions(every.of(measure), every.letters, now)

    def owners(self) -> Iterator[Owner]:
        """Every stay and plan."""
        return (owner for each in self._all().kept for owner in each.owners)

    def count(self, patients: Iterable[str]) -> dict[str, Counted]:
        """Count these patients from their rows; of whom there is neither stay nor plan, nothing."""
        return {
            patient: counted_of(of.stays, of.loose, of.letters)
            for patient, of in self._reader.of(patients).items()
            if of.stays or of.loose
        }

    def to_count(self, most: int) -> list[Marked]:
        """Patients of whom nothing is kept that holds. Read before their rows are."""
        rows = self._ask("to_count", rules=self.rules, most=most)
        return [Marked(row["patient_key"], row["marked"]) for row in rows]

    def _all(self) -> _All:
        """Of all patients; the result is kept until something is committed, so that a page of charts reads once."""
        with self._lock:
            version = self._ledger.version
            if self._known is None or self._known.version != version:
                rows = self._ask("counted", rules=self.rules)
                kept = [_KEPT.decode(row["counted"]) for row in rows if row["counted"] is not None]
                left = self.count(row["patient_key"] for row in rows if row["counted"] is None)
                kept += [_KEPT.decode(text_of(each)) for each in left.values()]
                self._known = _All(version, kept, first_of(each.letters for each in kept))
            return self._known

    def _ask(self, query: str, **values: object) -> list[Row]:
        return self._ledger.reading().execute(self._ledger.queries[query], values).fetchall()


def keep(session: Session, rules: str, marked: Iterable[Marked], counted: Mapping[str, Counted]) -> None:
    """Keep what was counted of marked patients.

    Durable after the commit: what they count for. A crash before it: they are still marked. Doing it again is
    harmless; who was marked anew after the rows had been read stays marked.
    """
    for each in marked:
        of, values = counted.get(each.patient_key), {"patient_key": each.patient_key, "marked": each.marked}
        if of is None:
            session.run("remove_counted", **values)
        else:
            session.run("keep_counted", rules=rules, counted=text_of(of), **values)


def text_of(counted: Counted) -> str:
    """As it is kept."""
    return msgspec.json.encode(counted).decode()
