"""When is a delivery tried again, and when does a partner that fails get a pause?

wait = min(longest, first × 2^(attempt-1)) × a random factor between 0.5 and 1

With first = 5 s and longest = 900 s, before the factor: 5, 10, 20, 40, … 640, 900, 900. The factor spreads what failed
together, so that a partner that comes back is not met by everything at once. What the partner asks for (Retry-After) is
waited at least, up to the longest wait.
"""

from __future__ import annotations

import random
from collections.abc import Callable

LARGEST_POWER = 32


def wait(
    attempt: int,
    *,
    first: float,
    longest: float,
    asked: float | None = None,
    chance: Callable[[], float] = random.random,
) -> float:
    """Seconds until the next attempt after attempt number `attempt` (from 1)."""
    longest = max(first, longest)
    grown = min(longest, first * 2.0 ** min(attempt - 1, LARGEST_POWER))
    spread = grown * (0.5 + chance() / 2)
    return max(spread, min(asked, longest)) if asked is not None else spread


class Breaker:
    """Whether an endpoint is worth trying: after some failures in a row it gets a pause, then one probe at a time."""

    def __init__(self, *, first: float, longest: float, failures_in_a_row: int = 5) -> None:
        """`first` and `longest` pause in seconds."""
        self._first = first
        self._longest = longest
        self._allowed = failures_in_a_row
        self.failures = 0
        """In a row."""
        self.open_until = 0.0
        """Nothing is sent before this time (seconds of the same clock that `failed` is given)."""

    @property
    def is_probing(self) -> bool:
        """Only one delivery at a time should be tried."""
        return self.failures >= self._allowed

    def succeeded(self) -> None:
        """The endpoint took something."""
        self.failures = 0
        self.open_until = 0.0

    def failed(self, now: float, asked: float | None = None) -> None:
        """The endpoint could not take something; `asked` is the pause in seconds it wished for."""
        self.failures += 1
        if self.is_probing:
            pause = wait(
                self.failures - self._allowed + 1, first=self._first, longest=self._longest, asked=asked
            )
            self.open_until = max(self.open_until, now + pause)
