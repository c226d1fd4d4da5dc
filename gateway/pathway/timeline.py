"""What happened in a stay, when, and when did the other side know?

One timeline that both sides see. Where the national patient register has a type of time (NPR code list 53.1.1, "type
tidspunkt"), the entry carries it:

    1  municipality notified of an admitted patient      LOG_INNLAGT, or a notice (9140=1), when it was sent
    2  patient ready for discharge                       ready time in LOG_UTSKRIVNINGSKLAR
    3  municipality notified of a ready patient          LOG_UTSKRIVNINGSKLAR, when it was sent
    4  withdrawn                                         withdrawal time in LOG_AVMELDING
    6  municipality cannot receive    ┐
    7  municipality can receive       ├ only from a coded Task answer or a person
    12 ready for transfer             ┘

A reply to a ready-notice (dialogue, 9155=1) has no type: that it came is a fact, what it says is not coded in it. A
cancelled document stays in the timeline, marked: both sides have seen it.

Uncertain: whether NPR means sending or receipt by "notified"; both times stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.pathway.documents import Document
from gateway.pathway.events import (
    ADMISSION_REPORT,
    ADMITTED,
    LOG_INNLAGT,
    LOG_KLAR,
    NOTICE,
    REPLY,
    MessageKey,
    Moment,
    Statement,
)
from gateway.pathway.stays import Stay

Side = Literal["hospital", "municipality"]
NprType = Literal["1", "2", "3", "4", "6", "7", "12"]
What = Literal[
    "admitted",
    "admission-notified",
    "notice",
    "ready",
    "ready-notified",
    "withdrawn",
    "discharged",
    "died",
    "reply",
    "answer",
    "admission-report",
    "discharge-report",
    "medication-list",
    "epikrise",
]

_EVENTS: dict[str, tuple[What, NprType | None]] = {
    LOG_INNLAGT: ("admitted", None),
    LOG_KLAR: ("ready", "2"),
    "LOG_AVMELDING": ("withdrawn", "4"),
    "LOG_UTSKREVET": ("discharged", None),
    "LOG_DOD": ("died", None),
}
_TELLING: dict[str, tuple[What, NprType | None]] = {
    LOG_INNLAGT: ("admission-notified", "1"),
    LOG_KLAR: ("ready-notified", "3"),
    NOTICE: ("notice", None),
    REPLY: ("reply", None),
    ADMISSION_REPORT: ("admission-report", None),
    "UTSKRIVNINGSRAPPORT": ("discharge-report", None),
    "LIB": ("medication-list", None),
    "EPIKRISE": ("epikrise", None),
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened, or that one side told the other."""

    moment: Moment
    what: What
    side: Side
    """Whose act it was."""
    npr: NprType | None
    """Type of time in the national patient register; None: it has none."""
    source: Literal["message", "task", "person"]
    message: MessageKey
    """The message that tells it; of a coded answer, the message it is about."""
    sent: datetime | None = None
    delivered: datetime | None = None
    """When the other side had it; None: not known."""
    estimate: bool = False
    corrected: bool = False
    """What was told first was changed later."""
    cancelled: bool = False


def timeline_of(stay: Stay) -> tuple[Entry, ...]:
    """The timeline of a stay, oldest first. An event known by its day stands at the end of it, or when it was told."""
    entries: list[tuple[datetime, Entry]] = []
    told_of_admission = False
    for document in stay.documents:
        entries += [(document.placed, entry) for entry in _event(document, told_of_admission)]
        entries += [(document.first_sent, entry) for entry in _telling(document)]
        told_of_admission |= document.kind == LOG_INNLAGT and document.live
    if stay.admitted and not any(entry.what == "admitted" and not entry.cancelled for _, entry in entries):
        source = min(stay.documents, key=lambda d: (d.moment(ADMITTED) != stay.admitted, d.first_sent, d.key))
        entries.append((stay.admitted.at, _entry(source, stay.admitted, "admitted", None)))
    entries += [(statement.holds_from.at, _answer(statement)) for statement in stay.statements]
    order = sorted(entries, key=lambda e: (e[0], e[1].sent or e[0], e[1].npr or "", e[1].what, e[1].message))
    return tuple(entry for _, entry in order)


def _event(document: Document, admission_known: bool) -> Iterator[Entry]:
    if document.own and document.kind in _EVENTS:
        what, npr = _EVENTS[document.kind]
        if what != "admitted" or not (admission_known and document.live):
            yield _entry(document, document.own.moment, what, npr, document.own.estimate)


def _telling(document: Document) -> Iterator[Entry]:
    if document.kind in _TELLING:
        what, npr = _TELLING[document.kind]
        if document.kind == NOTICE and any(event.content_type == "1" for event in document.versions):
            npr = "1"
        yield _entry(document, Moment(document.first_sent), what, npr)


def _entry(
    document: Document, moment: Moment, what: What, npr: NprType | None, estimate: bool = False
) -> Entry:
    return Entry(
        moment=moment,
        what=what,
        side="municipality" if document.kind in (REPLY, ADMISSION_REPORT) else "hospital",
        npr=npr,
        source="message",
        message=document.key,
        sent=document.first_sent,
        delivered=document.told("delivered"),
        estimate=estimate,
        corrected=len(document.versions) > 1,
        cancelled=not document.live,
    )


def _answer(statement: Statement) -> Entry:
    return Entry(
        moment=statement.holds_from,
        what="answer",
        side="hospital" if statement.code == "12" else "municipality",
        npr=statement.code,
        source=statement.source,
        message=statement.about,
        sent=statement.said,
    )
