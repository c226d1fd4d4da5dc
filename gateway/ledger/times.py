"""How does the ledger write a time? As whole microseconds since 1970-01-01 UTC.

A number compares and sorts alike in every database, has exactly one form, and needs no parsing on the way in or out.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000  # microseconds
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def now() -> int:
    """The present time in microseconds."""
    return time.time_ns() // 1000


def of(moment: datetime) -> int:
    """An aware time in microseconds. ValueError: it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return (moment - EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The aware time, UTC, of a number of microseconds."""
    return EPOCH + timedelta(microseconds=microseconds)


def optional(microseconds: int | None) -> datetime | None:
    """As `moment`, where there may be none."""
    return None if microseconds is None else moment(microseconds)


def seconds(number: float) -> int:
    """A span of seconds in microseconds."""
    return int(number * SECOND)
