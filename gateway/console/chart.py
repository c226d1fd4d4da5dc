"""How does the traffic of the last day look at a glance?

Pure: counts per hour in, the figures of an SVG out. No inline style, so the strict Content-Security-Policy holds; the
template gives it a title, a description and the same numbers as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.console.times import OSLO

WIDTH, HEIGHT = 480.0, 80.0
_LEAST = 2.5
"""Height of the bar of an hour without messages: a ground line one can see."""


@dataclass(frozen=True)
class Bar:
    """One hour."""

    start: str
    """`14:00`, Europe/Oslo."""
    end: str
    count: int
    x: float
    y: float
    width: float
    height: float
    kind: str
    """Class of the bar: `bar-none`, `bar-some` or `bar-now` (the hour that still runs)."""


@dataclass(frozen=True)
class Chart:
    """A bar a hour, oldest first."""

    bars: tuple[Bar, ...]
    total: int
    most: Bar
    """The busiest hour, the latest of equals."""


def volume(counts: Sequence[int], now: datetime) -> Chart:
    """The chart of messages per hour, at least one; the last count belongs to the hour that holds `now` (aware)."""
    highest = max(max(counts), 1)
    step = WIDTH / len(counts)
    this_hour = now.astimezone(OSLO).replace(minute=0, second=0, microsecond=0)
    bars = []
    for index, count in enumerate(counts):
        start = (this_hour.astimezone(UTC) - timedelta(hours=len(counts) - 1 - index)).astimezone(OSLO)
        height = max(round(HEIGHT * count / highest, 1), _LEAST)
        kind = "bar-none" if count == 0 else "bar-now" if index == len(counts) - 1 else "bar-some"
        end = (start.astimezone(UTC) + timedelta(hours=1)).astimezone(OSLO)
        x, width = round(index * step + step * 0.14, 1), round(step * 0.72, 1)
        bars.append(
            Bar(f"{start:%H:%M}", f"{end:%H:%M}", count, x, round(HEIGHT - height, 1), width, height, kind)
        )
    return Chart(tuple(bars), sum(counts), max(reversed(bars), key=lambda bar: bar.count))
