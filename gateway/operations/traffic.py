"""How much went between whom, hour by hour, without counting a million messages for every page?

Counts of an hour are kept in memory. The running hour is counted anew when something has changed, at most once a
second; the hours before it once in a while, because receipts still come for them; old ones hardly ever. After a start
the last days are counted in the background, the newest first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.ledger.overview import OverviewReader, Traffic
from gateway.ledger.store import Ledger

HOUR: Final = timedelta(hours=1)
WARM_HOURS: Final = 7 * 24
_STALE_S: Final = ((timedelta(hours=1), 1.0), (timedelta(hours=26), 60.0), (timedelta(days=8), 900.0))
"""Up to this age of an hour its counts are used for so many seconds."""
_OLD_S: Final = 6 * 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Hour:
    """What came in one hour."""

    start: datetime
    traffic: tuple[Traffic, ...]


@dataclass(frozen=True)
class _Kept:
    hour: Hour
    version: int
    counted: float
    """On the monotonic clock."""


class TrafficCounts:
    """Counts by hour; may be asked from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reader = OverviewReader(ledger)
        self._kept: dict[datetime, _Kept] = {}
        self._counting = threading.Lock()
        self._warming: threading.Thread | None = None
        self._is_ending = False

    def hours(self, since: datetime, now: datetime) -> tuple[Hour, ...]:
        """The hours from that of `since` to the running one, oldest first. Both times aware."""
        return tuple(self._hour(start, now) for start in _starts(since, now))

    def settles_in(self, since: datetime, now: datetime) -> float | None:
        """In how many seconds the hours can be counted with all that has changed; None: they are."""
        kept = [(start, self._kept.get(start)) for start in _starts(since, now)]
        left = [
            _used_for(now - start) - (time.monotonic() - each.counted)
            for start, each in kept
            if each is not None and each.version != self._ledger.version
        ]
        return max(0.0, min(left)) if left else None

    def start(self, now: datetime) -> None:
        """Begin to count the last days, newest first, in a thread of its own; the ledger closes after it."""
        self._is_ending = False
        self._warming = threading.Thread(target=self.warm, args=(now,), name="traffic", daemon=True)
        self._ledger.end_before_closing(self.stop)
        self._warming.start()

    def stop(self) -> None:
        """End what counts in the background; returns when it has."""
        self._is_ending = True
        if self._warming is not None:
            self._warming.join()

    def warm(self, now: datetime) -> None:
        """Count the last days, newest first."""
        try:
            for start in reversed(list(_starts(now - WARM_HOURS * HOUR, now))):
                if self._is_ending:
                    return
                self._hour(start, now)
                time.sleep(0.002)  # others want the processor too
        except Exception as error:  # a page counts what is missing by itself
            log.warning("traffic.not-counted", kind=type(error).__name__)

    def _hour(self, start: datetime, now: datetime) -> Hour:
        kept = self._kept.get(start)
        if kept is not None and self._is_fresh(kept, now - start):
            return kept.hour
        with self._counting:
            kept = self._kept.get(start)
            if kept is not None and self._is_fresh(kept, now - start):
                return kept.hour
            version = self._ledger.version
            hour = Hour(start, self._reader.traffic(start, start + HOUR))
            self._kept[start] = _Kept(hour, version, time.monotonic())
            for old in [each for each in self._kept if now - each > timedelta(days=100)]:
                del self._kept[old]
            return hour

    def _is_fresh(self, kept: _Kept, age: timedelta) -> bool:
        if kept.version == self._ledger.version:
            return True
        return time.monotonic() - kept.counted < _used_for(age)


def _used_for(age: timedelta) -> float:
    """For how many seconds the counts of an hour of this age are used, though something has changed."""
    return next((seconds for limit, seconds in _STALE_S if age <= limit), _OLD_S)


def _starts(since: datetime, now: datetime) -> Iterator[datetime]:
    start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while start <= now:
        yield start
        start += HOUR
