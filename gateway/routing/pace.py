"""How fast may a backlog be sent to a partner that has just come back?

While the pace is on, at most `per_second` deliveries a second are begun, evenly. It goes on when the endpoint failed
again and again, was held, or the process has just started; and off when nothing waits any more. Without a rate it
never holds anything up. The rate is that of one node.
"""

from __future__ import annotations

BURST_S = 0.1
"""Seconds' worth of deliveries that may be begun at the same time."""
AT_LEAST_S = 1.0
"""It stays on so long, that the backlog may show itself."""


class Pace:
    """Credit that grows with time and is used up by deliveries."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._credit = 1.0
        self._since: float | None = None
        """Seconds; None: the pace is off."""
        self._begun = 0.0

    @property
    def is_on(self) -> bool:
        """Whether deliveries are counted."""
        return self._since is not None

    def begin(self, now: float) -> None:
        """Slow down; if it is on already, it goes on."""
        if self._per_second is not None and self._since is None:
            self._since, self._credit = now, 1.0
        self._begun = now

    def end(self, now: float) -> None:
        """Nothing waits any more; just after the beginning that says nothing yet."""
        if now - self._begun >= AT_LEAST_S:
            self._since = None

    def allowed(self, now: float) -> int:
        """How many deliveries may be begun now."""
        if self._since is None or self._per_second is None:
            return 2**31
        most = max(1.0, self._per_second * BURST_S)
        self._credit = min(most, self._credit + (now - self._since) * self._per_second)
        self._since = now
        return int(self._credit + 1e-9)

    def took(self, number: int) -> None:
        """So many have been begun."""
        if self._since is not None:
            self._credit -= number

    def wait_s(self) -> float:
        """Seconds until the next delivery may be begun, as of the last look."""
        if self._since is None or self._per_second is None:
            return 0.0
        return max(0.0, (1.0 - self._credit) / self._per_second)
