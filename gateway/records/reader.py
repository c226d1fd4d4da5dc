"""What do pages and the API ask of stays, clocks, tasks and goals? Reads; no name, number or text is in any of them.

A stay's timeline is worked out from its events when somebody asks, by the same rules as its rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from gateway.ledger import times
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger
from gateway.pathway.stays import State
from gateway.pathway.timeline import timeline_of
from gateway.records import stays as writing
from gateway.records.rows import (
    ClockRow,
    NoticeRow,
    PlanRow,
    StayPage,
    StayRow,
    TaskRow,
    TimelineEntry,
    UnplacedRow,
    clock_of,
    goal_of,
    message_of,
    notice_of,
    stay_of,
    task_of,
    unplaced_of,
)

NEWEST: Final = (2**62, "~")
"""Before any stay in a list that begins with the newest."""


Parties = frozenset[str] | None
"""Only what one of these HER-ids has a part in; None: everything."""


@dataclass(frozen=True)
class StayFilter:
    """Which stays are asked for."""

    open: bool = False
    state: State | None = None
    trust: str | None = None
    municipality: str | None = None
    missed: bool = False
    """With a clock that was missed."""
    undone_since: datetime | None = None
    """With a clock that was missed since, and that nobody has done or settled."""
    ended_since: datetime | None = None


EVERY_STAY = StayFilter()
NO_LIMIT: Final = 2**62


class PathwayReader:
    """Plain synchronous reads, from any thread. `now` is aware; clocks are told as they stand then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._queries = ledger.queries

    def stays(
        self,
        wanted: StayFilter = EVERY_STAY,
        *,
        now: datetime,
        before: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> tuple[StayRow, ...]:
        """Stays with their clocks, newest first. `before`: `place_of` the last one of the page before."""
        conditions, values = _conditions(wanted, now)
        at, id = before or NEWEST
        query = self._queries["stays_listed"].replace("{conditions}", self._written(conditions))
        found = self._ledger.reading().execute(
            query, {**values, "before_at": at, "before_id": id, "most": limit}
        )
        return tuple(self._stay(row, now) for row in found.fetchall())

    def count(self, wanted: StayFilter = EVERY_STAY, *, now: datetime) -> int:
        """How many stays there are, cancelled ones not counted."""
        conditions, values = _conditions(wanted, now)
        query = self._queries["count_stays"].replace("{conditions}", self._written(conditions))
        number: int = self._ledger.reading().execute(query, values).fetchone()["number"]
        return number

    def unanswered_notices(self, limit: int = 100, *, parties: Parties = None) -> tuple[NoticeRow, ...]:
        """Ready-notices that nothing came back to, in stays that go on; the oldest first."""
        return tuple(notice_of(row) for row in self._of("notices_unanswered", parties, most=limit))

    def count_unanswered(self, *, parties: Parties = None) -> int:
        """How many `unanswered_notices` there are."""
        return self._number("notices_unanswered", parties)

    def clocks_near(
        self,
        *,
        now: datetime,
        since: datetime,
        until: datetime,
        limit: int = 100,
        parties: Parties = None,
    ) -> tuple[ClockRow, ...]:
        """Clocks that run or were missed undone, with their limit between two times; the first due first."""
        asked: dict[str, Any] = {"now": times.of(now), "since": times.of(since), "until": times.of(until)}
        return tuple(clock_of(row) for row in self._of("clocks_near", parties, **asked, most=limit))

    def count_clocks_near(
        self, *, now: datetime, since: datetime, until: datetime, parties: Parties = None
    ) -> int:
        """How many `clocks_near` there are."""
        asked = {"now": times.of(now), "since": times.of(since), "until": times.of(until)}
        return self._number("clocks_near", parties, **asked)

    def tasks_due(self, *, until: datetime, limit: int = 100, parties: Parties = None) -> tuple[TaskRow, ...]:
        """Tasks that are not done and fall due before a time, overdue ones too; the first due first."""
        rows = self._of("tasks_due", parties, until=times.of(until), most=limit)
        return tuple(task_of(row) for row in rows)

    def count_tasks_due(self, *, until: datetime, parties: Parties = None) -> int:
        """How many `tasks_due` there are."""
        return self._number("tasks_due", parties, until=times.of(until))

    def unplaced(self, limit: int = 100, *, parties: Parties = None) -> tuple[UnplacedRow, ...]:
        """Messages that a person must place."""
        return tuple(unplaced_of(row) for row in self._of("unplaced_listed", parties, most=limit))

    def count_unplaced(self, *, parties: Parties = None) -> int:
        """How many `unplaced` there are."""
        return self._number("unplaced_listed", parties)

    def stay(self, id: str, *, now: datetime) -> StayPage | None:
        """One stay with everything that belongs to it; None: there is no such stay."""
        row = self._one("stay_by_id", stay_id=id)
        if row is None:
            return None
        stay = self._stay(row, now)
        patient = stay.patient_key
        others = [stay_of(other) for other in self.all("stays_of_patient", patient_key=patient)]
        uncertain = [unplaced_of(each) for each in self.all("unplaced_of_patient", patient_key=patient)]
        return StayPage(
            stay=stay,
            timeline=self._timeline(id, patient),
            notices=tuple(notice_of(each) for each in self.all("notices_of_stay", stay_id=id)),
            messages=tuple(message_of(each) for each in self.all("messages_of_stay", stay_id=id)),
            plans=self.plans(patient),
            goals=tuple(goal_of(each) for each in self.all("goals_of_patient", patient_key=patient)),
            wishes=tuple(
                (times.moment(each["asked_at"]), each["answer"])
                for each in self.all("wishes_of_patient", patient_key=patient)
            ),
            dimensions=tuple(
                (each["dimension"], each["code"], each["valid_from"], each["valid_to"])
                for each in self.all("dimensions_of_patient", patient_key=patient)
            ),
            uncertain=tuple(uncertain),
            other_stays=tuple(other for other in others if other.id != id),
        )

    def stay_of_message(self, id: str) -> str | None:
        """The id of the stay in which the message with our id stands."""
        row = self._one("stay_of_message", id=id)
        return None if row is None else row["stay_id"]

    def plans(self, patient_key: str) -> tuple[PlanRow, ...]:
        """The plans of a patient with their tasks."""
        return tuple(
            PlanRow(
                id=row["plan_id"],
                stay_id=row["stay_id"],
                reason=row["reason"],
                definition=row["definition"],
                municipality_her=row["municipality_her"],
                started_day=date.fromisoformat(row["started_day"]),
                state=row["state"],
                state_reason=row["state_reason"],
                tasks=tuple(task_of(task) for task in self.all("tasks_of_plan", plan_id=row["plan_id"])),
            )
            for row in self.all("plans_of_patient", patient_key=patient_key)
        )

    def state(self) -> dict[str, int]:
        """How far `records/` is behind the ledger, and what it holds."""
        row = self._one("projection_state")
        return (
            {}
            if row is None
            else {name: row[name] or 0 for name in ("waiting", "failed", "stays", "uncertain")}
        )

    def _timeline(self, stay_id: str, patient_key: str) -> tuple[TimelineEntry, ...]:
        known = writing.known(self, patient_key)
        found = writing.settled(known)
        stay = next((each.stay for each in found if each.id == stay_id), None)
        if stay is None:
            return ()
        ids = {row["message"]: row["id"] for row in self.all("messages_of_stay", stay_id=stay_id)}
        by_key = {event.key: ids.get(sequence) for sequence, event in known.events.items()}
        return tuple(TimelineEntry(entry, by_key.get(entry.message)) for entry in timeline_of(stay))

    def _stay(self, row: Row, now: datetime) -> StayRow:
        clocks = self.all("clocks_of_stay", stay_id=row["stay_id"], now=times.of(now))
        return stay_of(row, tuple(clock_of(clock) for clock in clocks))

    def _written(self, conditions: Iterable[str]) -> str:
        return "".join(f" AND {self._queries[name]}" for name in conditions)

    def all(self, query: str, **values: Any) -> list[Row]:
        """Every row of a named query."""
        return self._ledger.reading().execute(self._queries[query], values).fetchall()

    def _number(self, query: str, parties: Parties, **values: Any) -> int:
        """How many rows `_of` gives without a limit."""
        (row,) = self._of(query, parties, "_count", **values, most=NO_LIMIT)
        number: int = row["number"]
        return number

    def _of(self, query: str, parties: Parties, what: str = "", **values: Any) -> list[Row]:
        """The rows of a named query in which one of the parties has a part; or `what` is asked of them."""
        names = [] if parties is None else [f"{query}_of"]
        text = self._queries[f"{query}{what}"].replace("{conditions}", self._written(names))
        scope = {} if parties is None else {"scope": json.dumps(sorted(parties))}
        return self._ledger.reading().execute(text, values | scope).fetchall()

    def _one(self, query: str, **values: Any) -> Row | None:
        row: Row | None = self._ledger.reading().execute(self._queries[query], values).fetchone()
        return row


def place_of(stay: StayRow) -> tuple[int, str]:
    """The place of a stay in a list, to go on behind it."""
    return times.of(stay.began_at), stay.id


def _conditions(wanted: StayFilter, now: datetime) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {
        name: value
        for name, value in (
            ("state", wanted.state),
            ("trust", wanted.trust),
            ("municipality", wanted.municipality),
            ("undone_since", times.of(wanted.undone_since) if wanted.undone_since else None),
            ("ended_since", times.of(wanted.ended_since) if wanted.ended_since else None),
        )
        if value is not None
    }
    conditions = [f"stays_where_{name}" for name in values]
    if wanted.open:
        conditions.append("stays_where_open")
    if wanted.missed:
        conditions.append("stays_where_missed")
    if wanted.missed or wanted.undone_since:
        values["now"] = times.of(now)
    return conditions, values
