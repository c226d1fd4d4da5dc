"""Which states have lasted too long, and what becomes of them? (DESIGN §4.1: a state that does not end raises an alarm)

| State   | When its time is up                                                                     |
|---------|-----------------------------------------------------------------------------------------|
| queued  | handed to a person: it could not be delivered; put off while its receiver is held       |
| parked  | handed to a person: its original never came (it still goes on if that comes later)      |
| sent    | Ack=F: delivered, since only an error would have been told                              |
|         | else: overdue, shown as such; a later receipt still settles it                          |

The next deadline stands in the store; between deadlines nothing runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from gateway.errors import Unavailable
from gateway.ledger import line, messages, times
from gateway.ledger.session import Notices, Row, Session
from gateway.ledger.store import Ledger

MOST_AT_ONCE = 500
AGAIN_AFTER_FAILURE_S = 5.0
PUT_OFF = times.seconds(3600)
"""By how much the limit of a delivery is put off, again and again, while its receiver is held."""

log = structlog.get_logger(__name__)


def expire(session: Session, now: int) -> int | None:
    """End what has lasted too long; returns the next deadline in microseconds, None when nothing is waited for."""
    for row in session.all("passed_deadlines", now=now, most=MOST_AT_ONCE):
        _expire(session, row, now)
    found = session.one("next_deadline")
    following: int | None = None if found is None else found["deadline_at"]
    return following


def _expire(session: Session, row: Row, now: int) -> None:
    delivery_id, sequence = row["delivery_id"], row["message"]
    if row["state"] == "queued" and row["hold"] is not None:
        session.run("put_off", delivery_id=delivery_id, deadline_at=now + PUT_OFF)
    elif row["state"] == "queued":
        line.end(session, delivery_id, sequence, "handed", now, reason="routing.not-deliverable")
        line.refresh(session, row["lane_id"], row["receiver_her"], now)
    elif row["state"] == "parked":
        line.end(session, delivery_id, sequence, "handed", now, reason="routing.parent-missing-deadline")
    elif row["acknowledgement"] == "F":
        line.end(session, delivery_id, sequence, "delivered", now)
    else:
        session.run("mark_overdue", delivery_id=delivery_id)
        messages.note(
            session, sequence, "receipt.overdue", now, delivery_id=delivery_id, reason="receipt.overdue"
        )


class Deadlines:
    """Waits for the next deadline, or for an earlier one to be set, and lets it pass."""

    def __init__(self, ledger: Ledger, *, clock: Callable[[], int] = times.now) -> None:
        self._ledger = ledger
        self._clock = clock
        self._next: int | None = None
        self._sooner = asyncio.Event()

    def heard(self, notices: Notices) -> None:
        """A commit has set a deadline, or may have without our hearing of it."""
        if notices.missed:
            self._by(self._clock())
        self._by(notices.deadline)

    async def run(self) -> None:
        """Until cancelled. What is heard while the ledger is asked may have come too late for its answer: both hold."""
        while True:
            self._next = None
            try:
                following = await self._ledger.write(lambda session: expire(session, self._clock()))
            except Unavailable:
                log.error("deadlines.not-kept", code="us.not-stored")
                following = self._clock() + times.seconds(AGAIN_AFTER_FAILURE_S)
            self._by(following)
            await self._until_next()

    def _by(self, deadline: int | None) -> None:
        if deadline is not None and (self._next is None or deadline < self._next):
            self._next = deadline
            self._sooner.set()

    async def _until_next(self) -> None:
        while (wait := self._wait()) is None or wait > 0:
            self._sooner.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._sooner.wait()

    def _wait(self) -> float | None:
        return None if self._next is None else (self._next - self._clock()) / times.SECOND
