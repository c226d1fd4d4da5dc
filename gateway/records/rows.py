"""What does one row of stays, clocks, notices, tasks and goals say? Records without name, number or text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from gateway.ledger import times
from gateway.ledger.session import Row
from gateway.pathway.clocks import ClockState
from gateway.pathway.stays import State
from gateway.pathway.timeline import Entry


@dataclass(frozen=True)
class Instant:
    """When something happened: a time, or a day (its start) of which no hour is known."""

    at: datetime
    is_day: bool


@dataclass(frozen=True)
class StayRow:
    """One patient's stay in one hospital trust."""

    id: str
    patient_key: str
    trust_her: str
    municipality_her: str | None
    state: State
    began_at: datetime
    """The admission, else when its first message was sent: lists are in this order."""
    admitted: Instant | None
    ready: Instant | None
    ended: Instant | None
    discharged_to: str | None
    """8408."""
    doubts: tuple[str, ...]
    """Reasons why a person should look at it."""
    clocks: tuple[ClockRow, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the patient is in hospital."""
        return self.state in ("innlagt", "klar")


@dataclass(frozen=True)
class ClockRow:
    """One deadline of a stay, as it stands at the time asked about."""

    id: str
    stay_id: str
    municipality_her: str
    kind: str
    owner_her: str
    """Whose move it is: HER-id of the trust or the municipality."""
    state: ClockState
    warning: bool
    """It runs, and the time to warn has come."""
    started: Instant | None
    due_at: datetime | None
    warn_at: datetime | None
    stopped_at: datetime | None
    source: str
    notes: tuple[str, ...]
    settled: bool
    """A person has taken care of it."""


@dataclass(frozen=True)
class NoticeRow:
    """A ready-notice to a municipality."""

    stay_id: str
    message: str
    """Our id of the message."""
    municipality_her: str
    ready: Instant | None
    sent_at: datetime
    trust_her: str | None = None
    withdrawn_at: datetime | None = None
    cancelled: bool = False
    replied_at: datetime | None = None
    answer: str | None = None
    """The latest coded answer: 6 cannot receive, 7 can receive; None: none is coded."""


@dataclass(frozen=True)
class UnplacedRow:
    """A message that a person must place."""

    message: str
    """Our id of the message."""
    patient_key: str
    kind: str
    reason: str
    candidates: tuple[str, ...]
    """Ids of the stays it may belong to."""
    received_at: datetime
    sender_her: str
    receiver_her: str


@dataclass(frozen=True)
class TaskRow:
    """A dated task of a plan."""

    id: str
    plan_id: str
    action: str
    checklist: str | None
    role: str
    due_day: date | None
    due_at: datetime | None
    state: str
    state_reason: str | None
    done_at: datetime | None
    done_role: str | None
    done_by: str | None
    stay_id: str | None
    municipality_her: str
    patient_key: str


@dataclass(frozen=True)
class PlanRow:
    """A plan that follows a patient home."""

    id: str
    stay_id: str | None
    reason: str
    definition: str
    municipality_her: str
    started_day: date
    state: str
    state_reason: str | None
    tasks: tuple[TaskRow, ...] = ()


@dataclass(frozen=True)
class GoalRow:
    """A goal without its words; they stand in the Goal with the same id."""

    id: str
    voice: Literal["patient", "vicarious", "professional"]
    lifecycle: str
    stated_at: datetime
    review_day: date | None
    evaluated_at: datetime | None
    achievement: str | None
    linked: int
    """How many activities with an owner serve it."""


@dataclass(frozen=True)
class MessageOfStay:
    """A message that stands in a stay."""

    id: str
    type: str
    status: str
    sent_at: datetime
    sender_her: str
    receiver_her: str
    live: bool


@dataclass(frozen=True)
class StayPage:
    """One stay with everything that belongs to it."""

    stay: StayRow
    timeline: tuple[TimelineEntry, ...]
    notices: tuple[NoticeRow, ...]
    messages: tuple[MessageOfStay, ...]
    plans: tuple[PlanRow, ...]
    goals: tuple[GoalRow, ...]
    wishes: tuple[tuple[datetime, str], ...]
    """When it was asked what matters, and whether it was answered: answered, declined, unable, open."""
    dimensions: tuple[tuple[str, str, str, str | None], ...]
    """Dimension, code, first day, last day."""
    uncertain: tuple[UnplacedRow, ...]
    other_stays: tuple[StayRow, ...]


@dataclass(frozen=True)
class TimelineEntry:
    """One entry of the timeline that both sides see, with our id of its message."""

    entry: Entry
    message: str | None


def instant_in(row: Row, name: str) -> Instant | None:
    """A moment whose columns begin with a name; None: it is not known."""
    at = row[f"{name}_at"]
    return None if at is None else Instant(times.moment(at), bool(row[f"{name}_is_day"]))


def day_in(text: str | None) -> date | None:
    """A day as it is written; None: there is none."""
    return date.fromisoformat(text) if text else None


def stay_of(row: Row, clocks: tuple[ClockRow, ...] = ()) -> StayRow:
    """A row of `stays`."""
    return StayRow(
        id=row["stay_id"],
        patient_key=row["patient_key"],
        trust_her=row["trust_her"],
        municipality_her=row["municipality_her"],
        state=row["state"],
        began_at=times.moment(row["began_at"]),
        admitted=instant_in(row, "admitted"),
        ready=instant_in(row, "ready"),
        ended=instant_in(row, "ended"),
        discharged_to=row["discharged_to"],
        doubts=tuple(json.loads(row["doubts"])),
        clocks=clocks,
    )


def clock_of(row: Row) -> ClockRow:
    """A row of `clocks`."""
    return ClockRow(
        id=row["clock_id"],
        stay_id=row["stay_id"],
        municipality_her=row["municipality_her"],
        kind=row["kind"],
        owner_her=row["owner_her"],
        state=row["state"],
        warning=bool(row["warning"]),
        started=instant_in(row, "started"),
        due_at=times.optional(row["due_at"]),
        warn_at=times.optional(row["warn_at"]),
        stopped_at=times.optional(row["stopped_at"]),
        source=row["source"],
        notes=tuple(json.loads(row["notes"])),
        settled=row["settled_at"] is not None,
    )


def notice_of(row: Row) -> NoticeRow:
    """A row of `ready_notices`."""
    told = set(row.keys())
    return NoticeRow(
        stay_id=row["stay_id"],
        message=row["message_id"],
        municipality_her=row["municipality_her"],
        ready=instant_in(row, "ready"),
        sent_at=times.moment(row["sent_at"]),
        trust_her=row["trust_her"] if "trust_her" in told else None,
        withdrawn_at=times.optional(row["withdrawn_at"]) if "withdrawn_at" in told else None,
        cancelled=bool(row["cancelled"]) if "cancelled" in told else False,
        replied_at=times.optional(row["replied_at"]) if "replied_at" in told else None,
        answer=row["answer"] if "answer" in told else None,
    )


def unplaced_of(row: Row) -> UnplacedRow:
    """A row of `unplaced`."""
    return UnplacedRow(
        message=row["message_id"],
        patient_key=row["patient_key"],
        kind=row["kind"],
        reason=row["reason"],
        candidates=tuple(json.loads(row["candidates"])),
        received_at=times.moment(row["received_at"]),
        sender_her=row["sender_her"],
        receiver_her=row["receiver_her"],
    )


def task_of(row: Row) -> TaskRow:
    """A row of `plan_tasks`."""
    return TaskRow(
        id=row["task_id"],
        plan_id=row["plan_id"],
        action=row["action"],
        checklist=row["checklist"],
        role=row["role"],
        due_day=day_in(row["due_day"]),
        due_at=times.optional(row["due_at"]),
        state=row["state"],
        state_reason=row["state_reason"],
        done_at=times.optional(row["done_at"]),
        done_role=row["done_role"],
        done_by=row["done_by"],
        stay_id=row["stay_id"],
        municipality_her=row["municipality_her"],
        patient_key=row["patient_key"],
    )


def goal_of(row: Row) -> GoalRow:
    """A row of `goals`."""
    return GoalRow(
        id=row["goal_id"],
        voice=row["voice"],
        lifecycle=row["lifecycle"],
        stated_at=times.moment(row["stated_at"]),
        review_day=day_in(row["review_day"]),
        evaluated_at=times.optional(row["evaluated_at"]),
        achievement=row["achievement"],
        linked=row["linked"],
    )


def message_of(row: Row) -> MessageOfStay:
    """A row of `stay_messages`."""
    return MessageOfStay(
        id=row["id"],
        type=row["message_type"],
        status=row["status"],
        sent_at=times.moment(row["sent_at"]),
        sender_her=row["sender_her"],
        receiver_her=row["receiver_her"],
        live=bool(row["live"]),
    )
