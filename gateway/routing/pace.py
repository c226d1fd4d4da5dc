"""How fast may a backlog be sent to a partner that has just come back?

While the pace is on, at most `per_second` deliveries a second are begun, evenly, by all nodes together: it stands in
the ledger, in a row of the endpoint, and whoever claims lanes there has them to himself meanwhile. It goes on when the
endpoint failed again and again, was held, or a node has just started; and off when nothing waits any more. An endpoint
without a rate has no such row, and nobody asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.ledger import times
from gateway.ledger.session import Session

BURST_S: Final = 0.1
"""Seconds' worth of deliveries that may be begun at the same time."""
TOGETHER_S: Final = BURST_S / 2
"""Seconds' worth that are waited for, so that they share one commit."""
AT_LEAST_S: Final = 1.0
"""It stays on so long, that the backlog may show itself."""


@dataclass(frozen=True)
class Pace:
    """How far it is, at some moment. Times are in microseconds."""

    per_second: float
    begun_at: int
    next_at: int
    """When the next delivery may be begun."""

    def allowed(self, now: int) -> int:
        """How many deliveries may be begun now."""
        earliest = self._earliest(now)
        return 0 if earliest > now else int((now - earliest) / self._each) + 1

    def took(self, number: int, now: int) -> Pace:
        """So many have been begun now."""
        return Pace(self.per_second, self.begun_at, self._earliest(now) + round(number * self._each))

    def due(self) -> int:
        """When it is time to begin more."""
        together = max(1, int(self.per_second * TOGETHER_S))
        return self.next_at + round((together - 1) * self._each)

    def may_end(self, now: int) -> bool:
        """Whether an empty queue says that the backlog is gone; just after the beginning it says nothing yet."""
        return now - self.begun_at >= times.seconds(AT_LEAST_S)

    @property
    def _each(self) -> float:
        return times.SECOND / self.per_second

    def _earliest(self, now: int) -> int:
        return max(self.next_at, now - times.seconds(BURST_S))


def begin(session: Session, endpoint: str, now: int) -> None:
    """Slow down; if it is on already, it goes on. `endpoint`: its first HER-id."""
    session.run("begin_pace", endpoint=endpoint, now=now)


def of(session: Session, endpoint: str, per_second: float | None) -> Pace | None:
    """The pace of an endpoint; None: it is off."""
    row = None if per_second is None else session.one("pace", endpoint=endpoint)
    return None if row is None or per_second is None else Pace(per_second, row["begun_at"], row["next_at"])


def keep(session: Session, endpoint: str, pace: Pace) -> None:
    """Let every node see how far it is."""
    session.run("keep_pace", endpoint=endpoint, next_at=pace.next_at)


def end(session: Session, endpoint: str) -> None:
    """Nothing waits any more."""
    session.run("end_pace", endpoint=endpoint)
