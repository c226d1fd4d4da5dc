"""Which dated tasks follow a patient home, and what became of each?

One generic pathway (Helhetlig pasientforløp i hjemmet), whatever the diagnosis: an add-on for a diagnosis is another
definition beside it. The definition is data (`profiles/plans/`); here stand the rules: what starts a plan, when its
tasks fall due, which message proves that one was done, and what ends it.

    active ──all dated tasks done, or two weeks after the last──▶ completed
       └────readmitted, dead, or the discharge was taken back──▶ revoked (tasks that are not done are cancelled)

A day "≤ n" is the n-th calendar day after the discharge, that day included (sources do not say whether working days
are meant: our reading). A new stay before the last task was due ends the plan: a new one starts at the next
discharge. A proof must have been sent on the day of discharge or later (a discharge report: from three days before
on).

Sources: Røsstad 2013, 2015, 2017 for times and roles; the wording of every item is our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from gateway.pathway.calendar import DAY, day_of, end_of, start_of
from gateway.pathway.events import PathwayEvent
from gateway.pathway.stays import Stay

PlanState = Literal["active", "completed", "revoked"]
TaskState = Literal["requested", "in-progress", "completed", "cancelled"]
HOME: Final = frozenset({"1"})
"""8408: the patient's dwelling. What is not stated counts as home: the municipality is told either way."""
EARLY: Final = timedelta(days=3)


@dataclass(frozen=True)
class Action:
    """One task of a definition."""

    id: str
    title: str
    role: str
    """Who does it (a parameter of the installation: sources differ): hospital, nurse, gp, home-care."""
    days: int | None
    """Due at the end of this day after the discharge; None: continuous, without a date."""
    checklist: str | None = None
    """Number of the checklist (1 to 4) it stands for in the adherence measure."""
    questionnaire: str | None = None
    proved_by: frozenset[str] = frozenset()
    """Types of messages (8279) whose sending proves that it was done."""
    title_en: str = ""
    """The title in English."""


@dataclass(frozen=True)
class PlanDefinition:
    """A plan that can follow a patient home."""

    url: str
    version: str
    title: str
    actions: tuple[Action, ...]

    @property
    def days(self) -> int:
        """How long it lasts: until its last dated task is due."""
        return max((action.days for action in self.actions if action.days is not None), default=0)


@dataclass(frozen=True)
class Planned:
    """A task as the messages leave it."""

    action: Action
    due_day: date | None
    due_at: datetime | None
    done_at: datetime | None
    """When a message proved it; None: none did."""


@dataclass(frozen=True)
class Plan:
    """A plan as the messages leave it."""

    started: date
    municipality: str
    ended: datetime | None
    """When it lost its reason; None: it goes on."""
    reason: Literal["readmitted", "died"] | None
    tasks: tuple[Planned, ...]


def starts(stay: Stay) -> bool:
    """Whether a discharge starts the plan that follows."""
    if stay.state != "ute" or stay.end is None or not stay.municipalities:
        return False
    return (stay.end.current.discharged_to or "1") in HOME


def plan_of(
    definition: PlanDefinition,
    stay: Stay,
    stays: Iterable[Stay],
    events: Iterable[PathwayEvent],
    died: datetime | None,
) -> Plan:
    """The plan that the discharge of `stay` started. `stays`, `events`: all of the patient's; what was sent before the
    admission was about an earlier stay and proves nothing here."""
    assert stay.ended is not None
    others = [other for other in stays if other.key != stay.key]
    day, since = day_of(stay.ended.at), stay.ended.latest
    own = [event for event in events if stay.admitted is None or event.sent >= stay.admitted.at]
    return plan_on(definition, day, since, stay.municipalities[0], others, own, died)


def plan_on(
    definition: PlanDefinition,
    day: date,
    since: datetime,
    municipality: str,
    stays: Iterable[Stay],
    events: Iterable[PathwayEvent],
    died: datetime | None,
) -> Plan:
    """The plan that starts on a day; an admission after `since` ends it."""
    tasks = tasks_of(definition, day, events)
    last = max((task.due_at for task in tasks if task.due_at), default=end_of(day))
    ends: list[tuple[datetime, Literal["readmitted", "died"]]] = [
        (stay.admitted.at, "readmitted")
        for stay in stays
        if stay.live and stay.admitted and since < stay.admitted.at <= last
    ]
    if died is not None and start_of(day) <= died <= last:
        ends.append((died, "died"))
    ended, reason = min(ends) if ends else (None, None)
    return Plan(day, municipality, ended, reason, tasks)


def tasks_of(definition: PlanDefinition, day: date, events: Iterable[PathwayEvent]) -> tuple[Planned, ...]:
    """The dated tasks of a plan that starts on a day."""
    sent = sorted((event.sent, event.kind) for event in events if event.status != "C")
    found = []
    for action in definition.actions:
        due = day + action.days * DAY if action.days is not None else None
        since = start_of(day) - (EARLY if action.role == "hospital" else timedelta())
        until = end_of(day + (definition.days + 1) * DAY)
        proof = next((at for at, kind in sent if kind in action.proved_by and since <= at <= until), None)
        found.append(Planned(action, due, end_of(due) if due else None, proof))
    return tuple(found)
