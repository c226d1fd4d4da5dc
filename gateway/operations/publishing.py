"""When are MeasureReports written by themselves, and which?

Once a day one node writes, for each week and month that ended long enough ago, the reports that nobody has written
since; `publish_after_days` leaves time for what falls due after a period (four weeks, thirty days), so that a report
does not say "not yet due" of what is known a month later. Each is written once: whether it is there is asked in
the commit that writes it, so a second node, a restart or a missed night changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from gateway.errors import Unavailable
from gateway.ledger.duty import Duty
from gateway.ledger.store import Ledger
from gateway.measures.periods import Length, between, last_of
from gateway.operations.measuring import Measures
from gateway.pathway.calendar import OSLO, day_of
from gateway.settings_operations import MeasureSettings

NAME: Final = "measure-reports"
LOOK_BACK: Final = timedelta(days=62)
"""Periods that fell due longer ago are not caught up with."""
AGAIN_AFTER_FAILURE_S: Final = 60.0

log = structlog.get_logger(__name__)


class Publisher:
    """Writes reports that are due."""

    def __init__(
        self, settings: MeasureSettings, ledger: Ledger, measures: Measures, owner: str, lease_s: float
    ) -> None:
        """`owner`: names this node; after it has died another writes when `lease_s` seconds have passed."""
        self._settings = settings
        self._measures = measures
        self._duty = Duty(ledger, NAME, owner, lease_s)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=NAME)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if the settings want it."""
        if self._settings.publish:
            self._task = asyncio.create_task(self._going_on())

    async def stop(self) -> None:
        """End; what is not written is written by the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await asyncio.to_thread(self._thread.shutdown)  # it reads the ledger, which is closed next
            with contextlib.suppress(Unavailable):
                await self._duty.end()

    async def _going_on(self) -> None:
        """At the start, and then each day; whatever goes wrong, it goes on; only a closed ledger ends it."""
        while True:
            try:
                await self.look()
                now = self._measures.now()
                await asyncio.sleep((next_look(self._settings.publish_at, now) - now).total_seconds())
            except Exception as error:
                if isinstance(error, Unavailable) and error.code == "us.shutting-down":
                    return
                log.error("measures.failed", kind=type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER_FAILURE_S)

    async def look(self) -> int:
        """Write what is due, if this node has the duty; returns how many were written.

        Durable after each portion's commit. A crash leaves some unwritten; doing it again writes those.
        """
        if not await self._duty.is_ours():
            return 0
        days = self._settings.publish_after_days
        return await self._measures.publish_due(due_after(days), days, self._thread)


def due_after(after_days: int) -> Callable[[Length, date], list[date]]:
    """Which periods (their first days) have a report that is due on a day."""

    def due(length: Length, today: date) -> list[date]:
        latest = today - timedelta(days=after_days)
        starts = between(latest - LOOK_BACK, latest, length)
        return [start for start in starts if latest - LOOK_BACK <= last_of(start, length) < latest]

    return due


def next_look(at: str, now: datetime) -> datetime:
    """The next time that it is `at` (HH:MM) in Norway. `now`: aware."""
    hour, minute = (int(part) for part in at.split(":"))
    day = day_of(now)
    while True:
        found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=OSLO).astimezone(now.tzinfo)
        if found > now:
            return found
        day += timedelta(days=1)
