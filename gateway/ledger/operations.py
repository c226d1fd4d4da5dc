"""What waits for a person, what is held, which alarms and replays are there? Reads for operators.

As in `rows.py`: no patient's number, name or text; `message` is our id of the message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from gateway.ledger import times
from gateway.ledger.certificates import Asks
from gateway.ledger.rows import FINAL_STATES, DeliveryState
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger

AlarmKind = Literal[
    "receipt-overdue",
    "lane-stuck",
    "endpoint-down",
    "inbox-stuck",
    "parked-too-long",
    "dead-letter",
    "clock-warning",
    "clock-missed",
    "certificate-ending",
    "certificate-ended",
]
HoldMode = Literal["paused", "draining"]
Answer = TypeVar("Answer")
NEWEST = 2**62


@dataclass(frozen=True)
class Item:
    """One delivery, with all that decides what may be done with it."""

    id: int
    message: str
    message_id: str
    sequence: int
    sender_her: str
    receiver_her: str
    message_type: str
    status: str
    parent_id: str | None
    conversation_id: str | None
    is_receipt: bool
    state: DeliveryState
    reason: str | None
    receipt_status: str | None
    overdue: bool
    settled: bool
    """A person has taken care of it (only when handed)."""
    attempts: int
    format: str
    """In which it goes, or went, out."""
    source_format: str
    unchanged: bool
    signed: bool
    body_known: bool
    body_removed: bool
    created_at: datetime
    received_at: datetime
    deadline_at: datetime | None
    sent_at: datetime | None
    final_at: datetime | None

    @property
    def is_dead(self) -> bool:
        """Whether it waits for a person."""
        return self.state == "handed" and not self.settled

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected to happen by itself."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class Selection:
    """Which deliveries are meant; None: all."""

    receiver: str | None = None
    sender: str | None = None
    type: str | None = None
    state: DeliveryState | None = None
    reason: str | None = None
    since: datetime | None = None
    """Received at or after."""
    until: datetime | None = None
    """Received before."""
    dead: bool = False
    open: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class Hold:
    """Nothing is sent to this receiver (paused), or only what was queued before `since` (draining)."""

    receiver_her: str
    mode: HoldMode
    since: datetime
    by: str
    why: str


@dataclass(frozen=True)
class Alarm:
    """Something a person should look at: opened once, closed once."""

    id: int
    kind: AlarmKind
    subject: str
    message: str | None
    delivery_id: int | None
    receiver_her: str
    code: str
    """Code of the error catalogue."""
    opened_at: datetime
    closed_at: datetime | None
    told: int


@dataclass(frozen=True)
class Replay:
    """Deliveries that are sent again, one after the other, at a rate."""

    id: int
    begun_at: datetime
    by: str
    why: str
    selection: dict[str, Any]
    per_second: float
    state: Literal["running", "done", "stopped"]
    reason: str | None
    ended_at: datetime | None
    total: int
    done: int
    resent: int
    answered: int
    """Resent ones that have come to an end since."""
    negative: int
    """Of those: rejected, or handed to a person."""


@dataclass(frozen=True)
class Waiting:
    """How much of which kind there is for one receiver."""

    number: int
    oldest: datetime | None = None


class OperationsReader:
    """Plain synchronous reads; may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._queries = ledger.queries
        self._asked: set[asyncio.Future[Any]] = set()

    async def in_thread(self, ask: Callable[[], Answer]) -> Answer:
        """The answer to a question that takes time, asked beside the event loop."""
        asked = asyncio.get_running_loop().run_in_executor(None, ask)
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return await asyncio.shield(asked)

    async def idle(self) -> None:
        """Wait until no question is under way, also of those nobody waits for any more."""
        await asyncio.gather(*self._asked, return_exceptions=True)

    def all(self, query: str, **values: Any) -> list[Row]:
        """Every row of a named query."""
        return self._ledger.reading().execute(self._queries[query], values).fetchall()

    def one(self, query: str, **values: Any) -> Row | None:
        """The first row of a named query, or None."""
        row: Row | None = self._ledger.reading().execute(self._queries[query], values).fetchone()
        return row

    def item(self, delivery_id: int) -> Item | None:
        """One delivery."""
        row = self.one("item", delivery_id=delivery_id)
        return None if row is None else item_of(row)

    def items(self, wanted: Selection, *, before: int | None = None, limit: int = 50) -> tuple[Item, ...]:
        """Deliveries, newest first, whose id is below `before`."""
        values = {"before": NEWEST if before is None else before}
        return self._select("items", wanted, values, limit)

    def selected(self, wanted: Selection, *, limit: int) -> tuple[Item, ...]:
        """Deliveries of messages (not of receipts) in the order in which they came."""
        return self._select("selected", wanted, {}, limit)

    def _select(self, query: str, wanted: Selection, values: dict[str, Any], limit: int) -> tuple[Item, ...]:
        conditions, more = _conditions(wanted)
        written = "".join(f" AND {self._queries[name]}" for name in conditions)
        text = self._queries[query].replace("{conditions}", written)
        rows = self._ledger.reading().execute(text, values | more | {"most": limit}).fetchall()
        return tuple(item_of(row) for row in rows)

    def holds(self) -> dict[str, Hold]:
        """Every hold, by receiver."""
        return holds(self)

    def outages(self) -> dict[str, datetime]:
        """Since when which endpoints (by their first HER-id) cannot be reached by some node."""
        found: dict[str, datetime] = {}
        for row in self.all("outages"):
            since = times.moment(row["since"])
            found[row["endpoint"]] = min(since, found.get(row["endpoint"], since))
        return found

    def queues(self) -> dict[str, Waiting]:
        """What waits to be sent, by receiver."""
        rows = self.all("waiting_by_receiver")
        return {row["receiver_her"]: Waiting(row["number"], times.moment(row["oldest"])) for row in rows}

    def numbers(self) -> dict[tuple[str, str], int]:
        """How many deliveries, by receiver and by state, `overdue` or `dead`; only what is not over."""
        found = {(row["receiver_her"], row["state"]): row["number"] for row in self.all("open_by_receiver")}
        found |= {(row["receiver_her"], "overdue"): row["number"] for row in self.all("overdue_by_receiver")}
        found |= {(row["receiver_her"], "dead"): row["number"] for row in self.all("dead_by_receiver")}
        return found

    def before_hold(self, hold: Hold) -> int:
        """How many deliveries that were queued before the hold still wait."""
        row = self.one("open_before", receiver_her=hold.receiver_her, since=times.of(hold.since))
        return 0 if row is None else row["number"]

    def alarms(
        self,
        *,
        all: bool = False,
        before: int | None = None,
        limit: int = 50,
        scope: frozenset[str] | None = None,
    ) -> tuple[Alarm, ...]:
        """The open alarms, or all that are kept; newest first. `scope`: only of what these HER-ids send or receive."""
        values: dict[str, Any] = {"before": NEWEST if before is None else before, "most": limit}
        condition = ""
        if scope is not None:
            condition, values["scope"] = (
                f"AND {self._queries['overview_alarm_in_scope']}",
                json.dumps(sorted(scope)),
            )
        text = self._queries["alarms" if all else "alarms_open"].replace("{conditions}", condition)
        rows = self._ledger.reading().execute(text, values).fetchall()
        return tuple(alarm_of(row) for row in rows)

    def alarm(self, alarm_id: int) -> Alarm | None:
        """One alarm."""
        row = self.one("alarm", alarm_id=alarm_id)
        return None if row is None else alarm_of(row)

    def open_alarms(self) -> dict[str, int]:
        """How many alarms are open, by kind."""
        return {row["kind"]: row["number"] for row in self.all("alarms_open_by_kind")}

    def replays(self, *, before: int | None = None, limit: int = 50) -> tuple[Replay, ...]:
        """Replays, newest first."""
        rows = self.all("replays", before=NEWEST if before is None else before, most=limit)
        return tuple(_replay(row) for row in rows)

    def replay(self, replay_id: int) -> Replay | None:
        """One replay."""
        row = self.one("replay", replay_id=replay_id)
        return None if row is None else _replay(row)

    def replay_items(self, replay_id: int) -> list[dict[str, Any]]:
        """What came of each delivery of a replay, in its order."""
        rows = self.all("replay_items", replay_id=replay_id)
        return [
            {"delivery": row["delivery_id"], "message": row["id"], "outcome": row["outcome"]} for row in rows
        ]


def _conditions(wanted: Selection) -> tuple[list[str], dict[str, Any]]:
    asked: dict[str, Any] = {
        "receiver": wanted.receiver,
        "sender": wanted.sender,
        "type": wanted.type,
        "state": wanted.state,
        "reason": wanted.reason,
        "since": None if wanted.since is None else times.of(wanted.since),
        "until": None if wanted.until is None else times.of(wanted.until),
    }
    values = {name: value for name, value in asked.items() if value is not None}
    flags = {"dead": wanted.dead, "open": wanted.open, "overdue": wanted.overdue}
    return [f"and_{name}" for name in (*values, *(name for name, on in flags.items() if on))], values


def item_of(row: Row) -> Item:
    """A delivery from a row with `item_columns`."""
    return Item(
        id=row["delivery_id"],
        message=row["id"],
        message_id=row["message_id"],
        sequence=row["sequence"],
        sender_her=row["sender_her"],
        receiver_her=row["receiver_her"],
        message_type=row["message_type"],
        status=row["status"],
        parent_id=row["parent_id"],
        conversation_id=row["conversation_id"],
        is_receipt=bool(row["is_receipt"]),
        state=row["state"],
        reason=row["reason"],
        receipt_status=row["receipt_status"],
        overdue=bool(row["overdue"]),
        settled=row["settled_at"] is not None,
        attempts=row["attempts"],
        format=row["format"],
        source_format=row["source_format"],
        unchanged=bool(row["unchanged"]),
        signed=bool(row["signed"]),
        body_known=bool(row["body_known"]),
        body_removed=row["removed_at"] is not None,
        created_at=times.moment(row["created_at"]),
        received_at=times.moment(row["received_at"]),
        deadline_at=times.optional(row["deadline_at"]),
        sent_at=times.optional(row["sent_at"]),
        final_at=times.optional(row["final_at"]),
    )


def holds(ledger: Asks) -> dict[str, Hold]:
    """Every hold, by receiver."""
    return {row["receiver_her"]: _hold(row) for row in ledger.all("holds")}


def _hold(row: Row) -> Hold:
    mode = cast(HoldMode, row["mode"])
    return Hold(row["receiver_her"], mode, times.moment(row["since"]), row["by_whom"], row["why"])


def alarm_of(row: Row) -> Alarm:
    """An alarm from a row with `alarm_columns`."""
    return Alarm(
        id=row["alarm_id"],
        kind=row["kind"],
        subject=row["subject"],
        message=row["message"],
        delivery_id=row["delivery_id"],
        receiver_her=row["receiver_her"],
        code=row["code"],
        opened_at=times.moment(row["opened_at"]),
        closed_at=times.optional(row["closed_at"]),
        told=row["told"],
    )


def _replay(row: Row) -> Replay:
    return Replay(
        id=row["replay_id"],
        begun_at=times.moment(row["begun_at"]),
        by=row["by_whom"],
        why=row["why"],
        selection=json.loads(row["selection"]),
        per_second=row["per_second"],
        state=row["state"],
        reason=row["reason"],
        ended_at=times.optional(row["ended_at"]),
        total=row["total"],
        done=row["done"],
        resent=row["resent"],
        answered=row["answered"],
        negative=row["negative"],
    )
