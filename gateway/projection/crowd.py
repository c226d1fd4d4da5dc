"""Do so many messages come in just now that what is made of them had better wait?"""

from __future__ import annotations

from typing import Final

MANY_PER_SECOND: Final = 20.0
"""Messages and receipts. Fewer leave time enough to follow them at once."""
WINDOW_S: Final = 1.0


class Crowd:
    """Tells by the numbers of the messages how fast they come."""

    def __init__(self) -> None:
        """Nothing is known yet: there is none."""
        self.is_there = False
        self.grew = False
        """Whether any came between the last two looks."""
        self._newest = 0
        self._since_s: float | None = None
        self._from = 0

    def seen(self, now_s: float, newest: int) -> None:
        """At this time (seconds, of a clock that only goes forward) `newest` was the greatest number."""
        self.grew = self._since_s is not None and newest > self._newest
        self._newest = newest
        if self._since_s is None:
            self._since_s, self._from = now_s, newest
        elif (passed := now_s - self._since_s) >= WINDOW_S:
            self.is_there = newest - self._from > MANY_PER_SECOND * passed
            self._since_s, self._from = now_s, newest
