"""What do the measures read of a stay, and of a plan that follows a patient home?

Flat, dated facts without number, name or text, read from the rows of `records/`. Absent (None) means that nobody said
so here, never "no". Times are aware and in UTC, days are days in Norway. There are many of them, without cycles: the
garbage collector passes them over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

Checklist = Literal["1", "2", "3", "4"]
"""The four checklists of Helhetlig pasientforløp i hjemmet: at discharge, ≤ 3 days, ≤ 14 days, ≤ 4 weeks."""
Answer = Literal["answered", "declined", "unable", "open"]
Voice = Literal["patient", "vicarious", "professional"]
State = Literal["innlagt", "klar", "ute", "død", "cancelled"]


class When(msgspec.Struct, frozen=True, gc=False):
    """A time, or a day of which no hour is known (its start in Europe/Oslo)."""

    at: datetime
    is_day: bool = False


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One ready-notice to the stay's municipality and what became of the question whether it can receive."""

    told: datetime
    replied: datetime | None = None
    """The first reply or coded answer, unless the question had fallen away by then."""
    due: datetime | None = None
    """When the agreement wants the reply; None: no limit is agreed."""
    fell_away: bool = False
    """The notice was cancelled or withdrawn, or the stay ended, before the reply was due."""
    withdrawn: bool = False
    """The notice was withdrawn, whenever."""


class Goal(msgspec.Struct, frozen=True, gc=False):
    """One goal of the person a plan is for."""

    voice: Voice
    linked: bool = False
    """At least one activity or task with an owner serves it."""
    review: date | None = None
    evaluated: date | None = None


class Plan(msgspec.Struct, frozen=True, gc=False):
    """One plan that follows a patient home, whatever started it."""

    id: str
    municipality: str | None
    started: date
    done: Mapping[Checklist, date] = msgspec.field(default_factory=dict)
    """The checklists that were done, and when."""
    asked: date | None = None
    """«Hva er viktig for deg?» was asked: the first time that belongs to this plan."""
    answers: frozenset[Answer] = frozenset()
    goals: tuple[Goal, ...] = ()
    ended: date | None = None
    """Ended before its end: readmission, death, moved, declined."""
    declined: bool = False
    strata: Mapping[str, str] = msgspec.field(default_factory=dict)


class MeasuredStay(msgspec.Struct, frozen=True, gc=False):
    """One stay in one hospital trust, towards one municipality."""

    id: str
    trust: str
    municipality: str | None
    state: State
    admitted: When | None = None
    ended: When | None = None
    doubtful: bool = False
    """A person has to settle what belongs to it."""
    discharged_to: str | None = None
    """8408: 1 home, 3 other hospital, 11 nursing home, …"""
    age: int | None = None
    """Whole years on the day of discharge."""
    need: bool = False
    """A sign that municipal services are needed: a notice, or a ready-notice."""
    notice: datetime | None = None
    """The first notice of the admission (§ 8)."""
    replies: tuple[Reply, ...] = ()
    ready: date | None = None
    """The first day declared ready."""
    extra_days: frozenset[date] = frozenset()
    """The days in hospital from a day declared ready on, without the day readiness ended, and without days on which a
    coded answer says that a place is offered."""
    reply_not_coded: bool = False
    """Some of them come after a reply in words: whether a place was offered then, a person must read."""
    epikrise: datetime | None = None
    epikrise_seen: bool = True
    """The trust's discharge letters go through this gateway."""
    readmitted: When | None = None
    """The patient's next admission, to any hospital trust here."""
    readmission_planned: bool | None = None
    died: date | None = None
    plan: Plan | None = None
    strata: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Dimension (priority-group, care-level, …) and code."""
    level_when_assessed: str | None = None
    """The care level on the day before the extended assessment."""
    level_changed: date | None = None
    """The first day from the extended assessment on with another care level."""

    @property
    def is_open(self) -> bool:
        """Whether the patient is in hospital."""
        return self.state in ("innlagt", "klar")
