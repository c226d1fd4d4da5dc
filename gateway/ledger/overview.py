"""What needs a person, and how much went where? Reads for the pages that show everything at once.

`scope`: only what is sent by or goes to one of these HER-ids; None: everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.ledger import times
from gateway.ledger.operations import Alarm, AlarmKind, Item, alarm_of, item_of
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger

Scope = frozenset[str] | None


@dataclass(frozen=True)
class Found:
    """The first of those that match, and how many there are."""

    items: tuple[Item, ...]
    number: int


@dataclass(frozen=True)
class Traffic:
    """What one sent another of one type within a span of time. Receipts are not counted as messages."""

    sender_her: str
    receiver_her: str
    message_type: str
    messages: int
    negative: int
    """Rejected by the receiver's receipt."""
    overdue: int
    handed: int
    sent: int
    sent_after: int
    """Microseconds from here to the receiver's transport, of all that were sent, together."""
    answered: int
    answered_after: int
    """Microseconds from there to the receipt, of all that were answered, together."""


class OverviewReader:
    """Plain synchronous reads; may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._queries = ledger.queries

    def missing(self, scope: Scope, limit: int) -> Found:
        """Deliveries whose receipt has not come within its limit, the oldest first."""
        return self._found("overview_missing", scope, limit)

    def dead(self, scope: Scope, limit: int, *, held: bool | None = None) -> Found:
        """Deliveries that wait for a person, the oldest first. `held`: only those in quarantine, or only the others."""
        conditions = {None: (), True: ("overview_held",), False: ("overview_not_held",)}[held]
        return self._found("overview_dead", scope, limit, *conditions)

    def open_states(self, scope: Scope) -> dict[str, int]:
        """How many deliveries of messages are not over, by state."""
        rows = self._all("overview_open_states", "overview_in_scope", scope)
        return {row["state"]: row["number"] for row in rows}

    def alarms(self, kinds: Iterable[AlarmKind], scope: Scope, limit: int) -> tuple[Alarm, ...]:
        """Open alarms of some kinds, the oldest first."""
        rows = self._all(
            "overview_alarms", "overview_alarm_in_scope", scope, kinds=json.dumps(sorted(kinds)), most=limit
        )
        return tuple(alarm_of(row) for row in rows)

    def count_alarms(self, kinds: Iterable[AlarmKind], scope: Scope) -> int:
        """How many alarms of some kinds are open."""
        rows = self._all(
            "overview_alarms_count", "overview_alarm_in_scope", scope, kinds=json.dumps(sorted(kinds))
        )
        return int(rows[0]["number"])

    def traffic(self, since: datetime, until: datetime) -> tuple[Traffic, ...]:
        """What came at or after `since` and before `until`."""
        query = self._queries["overview_traffic"]
        rows = (
            self._ledger.reading()
            .execute(query, {"since": times.of(since), "until": times.of(until)})
            .fetchall()
        )
        return tuple(_traffic(row) for row in rows)

    def _found(self, query: str, scope: Scope, limit: int, *conditions: str) -> Found:
        rows = self._all(query, "overview_in_scope", scope, *conditions, most=limit)
        items = tuple(item_of(row) for row in rows)
        if len(items) < limit:
            return Found(items, len(items))
        counted = self._all(f"{query}_count", "overview_in_scope", scope, *conditions)
        return Found(items, counted[0]["number"])

    def _all(self, query: str, in_scope: str, scope: Scope, *conditions: str, **values: Any) -> list[Row]:
        names = conditions if scope is None else (*conditions, in_scope)
        written = "".join(f" AND {self._queries[name]}" for name in names)
        text = self._queries[query].replace("{conditions}", written)
        if scope is not None:
            values["scope"] = json.dumps(sorted(scope))
        return self._ledger.reading().execute(text, values).fetchall()


def _traffic(row: Row) -> Traffic:
    """Sums are whole numbers, whatever kind of number the database gives them as."""
    names = list(Traffic.__dataclass_fields__)
    return Traffic(*(row[name] for name in names[:3]), *(int(row[name]) for name in names[3:]))
