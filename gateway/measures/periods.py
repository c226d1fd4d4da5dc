"""To which week or month does a day belong? ISO weeks (Monday first) and calendar months, days in Norway."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

Length = Literal["week", "month"]


def start_of(day: date, length: Length) -> date:
    """The first day of the period that holds `day`."""
    return day - timedelta(days=day.weekday()) if length == "week" else day.replace(day=1)


def last_of(start: date, length: Length) -> date:
    """The last day of the period that begins on `start`."""
    if length == "week":
        return start + timedelta(days=6)
    return (start.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def next_after(start: date, length: Length) -> date:
    """The first day of the period after the one that begins on `start`."""
    return last_of(start, length) + timedelta(days=1)


def between(first: date, last: date, length: Length) -> Iterator[date]:
    """The first days of all periods from the one that holds `first` to the one that holds `last`."""
    start = start_of(first, length)
    while start <= last:
        yield start
        start = next_after(start, length)


def name_of(start: date, length: Length) -> str:
    """`2026-W05` or `2026-01`: how a period is called in an address, a file and a report."""
    if length == "month":
        return f"{start:%Y-%m}"
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02}"


def named(name: str) -> tuple[date, Length] | None:
    """The period of a name; None: it is none."""
    year, _, part = name.partition("-")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        return None
    weekly = part.startswith("W")
    number = part[1:] if weekly else part
    if not (number.isascii() and number.isdigit() and len(number) == 2):
        return None
    try:
        if weekly:
            return date.fromisocalendar(int(year), int(number), 1), "week"
        return date(int(year), int(number), 1), "month"
    except ValueError:
        return None
