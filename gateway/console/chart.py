"""How does the traffic of the last day look at a glance?

Pure: counts per hour in, the figures of an SVG out. No inline style, so the strict Content-Security-Policy holds; the
template gives it a title, a description and the same numbers as a table.
"""

from __future__ import annotations

from collections import Counter
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


def bars_of(
    starts: Sequence[datetime], series: Sequence[Sequence[int]], *, by_day: bool
) -> tuple[tuple[Bar, ...], ...]:
    """Bars for several series over the same hours (at least one), oldest first, all to the scale of the first.

    `by_day`: the hours of a day, in Norway, are one bar. The last bar belongs to the time that still runs.
    """
    keys = [_key(start, by_day) for start in starts]
    order = list(dict.fromkeys(keys))
    sums = [Counter[datetime]() for _ in series]
    for counts, sum_of in zip(series, sums, strict=True):
        for key, count in zip(keys, counts, strict=True):
            sum_of[key] += count
    highest = max([*sums[0].values(), 1])
    return tuple(
        tuple(_bar(index, key, sum_of[key], highest, len(order), by_day) for index, key in enumerate(order))
        for sum_of in sums
    )


def _key(start: datetime, by_day: bool) -> datetime:
    local = start.astimezone(OSLO)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) if by_day else start


def _bar(index: int, key: datetime, count: int, highest: int, number: int, by_day: bool) -> Bar:
    step = WIDTH / number
    height = max(round(HEIGHT * count / highest, 1), _LEAST)
    local = key.astimezone(OSLO)
    end = (key.astimezone(UTC) + timedelta(hours=1)).astimezone(OSLO)
    kind = "bar-none" if count == 0 else "bar-now" if index == number - 1 else "bar-some"
    start = f"{local.day}.{local.month}." if by_day else f"{local:%H:%M}"
    return Bar(
        start,
        "" if by_day else f"{end:%H:%M}",
        count,
        round(index * step + step * 0.14, 1),
        round(HEIGHT - height, 1),
        round(step * 0.72, 1),
        height,
        kind,
    )
