"""Which day is it in Norway, is it a working day, and when does a deadline fall due?

Every time inside is aware and in UTC (DESIGN §4.12); days are days in Europe/Oslo, so a day has 23, 24 or 25 hours.
Hours of a deadline are hours that pass, whatever the clock on the wall does meanwhile; days end at the end of
the day. A day's end is its last microsecond, so that "at or before" holds for every kind of deadline.

Public holidays are those of the Act of 24 February 1995 no. 12 on public holidays, § 2 (New Year's Day, Maundy
Thursday, Good Friday, Easter and Whit Sunday and Monday, Ascension Day, 25 and 26 December) and of the Act of 26 April
1947 no. 1 (1 and 17 May). Sundays are holidays too. Easter is computed for the Gregorian calendar (Meeus).
Uncertain: whether an agreement counts Christmas Eve, New Year's Eve or "inneklemte dager" as working days: such
days are named in the agreement's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

OSLO: Final = ZoneInfo("Europe/Oslo")
DAY: Final = timedelta(days=1)
SHORTEST: Final = timedelta(microseconds=1)
LONGEST_SEARCH: Final = 3660  # days; a calendar without a working day in ten years has none

Unit = Literal["hours", "working-hours", "days", "working-days"]


def day_of(moment: datetime) -> date:
    """The day in Norway on which an aware time falls."""
    return moment.astimezone(OSLO).date()


def start_of(day: date) -> datetime:
    """The first instant of a day in Norway, in UTC."""
    return datetime.combine(day, time(), OSLO).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The last microsecond of a day in Norway, in UTC."""
    return start_of(day + DAY) - SHORTEST


def easter_sunday(year: int) -> date:
    """Easter Sunday of a Gregorian year: the Sunday after the first ecclesiastical full moon from 21 March."""
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leap_centuries, common_centuries = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leaps, rest = divmod(of_century, 4)
    weekday = (32 + 2 * common_centuries + 2 * leaps - epact - rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def public_holidays(year: int) -> frozenset[date]:
    """The twelve public holidays of a year (some fall on the same day in some years), Sundays not listed."""
    easter = easter_sunday(year)
    movable = (-3, -2, 0, 1, 39, 49, 50)
    fixed = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
    return frozenset(easter + days * DAY for days in movable) | {date(year, m, d) for m, d in fixed}


@dataclass(frozen=True)
class WorkingCalendar:
    """When somebody is at work, as an agreement says."""

    opens: time = time(8)
    closes: time = time(15, 30)
    """Local hours of a working day. A day is open from `opens` up to `closes`."""
    weekdays: frozenset[int] = frozenset(range(5))
    """Monday 0 to Sunday 6."""
    closed: frozenset[date] = frozenset()
    """Days closed by agreement beside the public holidays (such as Christmas Eve)."""

    def is_working_day(self, day: date) -> bool:
        """Whether somebody is at work on this day."""
        return (
            day.weekday() in self.weekdays and day not in self.closed and day not in public_holidays(day.year)
        )

    def add_hours(self, start: datetime, hours: timedelta) -> datetime | None:
        """When `hours` of open time have passed since `start`. None: there is no open time at all."""
        day, left = day_of(start), hours
        for _ in range(LONGEST_SEARCH):
            if self.is_working_day(day):
                opens = max(datetime.combine(day, self.opens, OSLO).astimezone(UTC), start)
                open_for = datetime.combine(day, self.closes, OSLO).astimezone(UTC) - opens
                if open_for >= left and open_for > timedelta():
                    return opens + left
                left -= max(open_for, timedelta())
            day += DAY
        return None

    def add_days(self, start: date, days: int) -> date | None:
        """The working day `days` after `start`; for 0 the day itself, or the next working day. None: there is none."""
        day, left = (start + DAY, days) if days > 0 else (start, 1)
        for _ in range(LONGEST_SEARCH):
            left -= self.is_working_day(day)
            if left == 0:
                return day
            day += DAY
        return None


@dataclass(frozen=True)
class Limit:
    """A time limit: so many hours or days from its start, with its source."""

    amount: int
    unit: Unit
    source: str
    """The text that sets it: a paragraph of law, a point of an agreement."""
    warn_before: timedelta = timedelta()
    """How long before the limit to warn."""

    def due(self, start: datetime, calendar: WorkingCalendar) -> datetime | None:
        """When it falls due: the instant (hours), or the end of the day (days). None: the calendar is never open."""
        if self.unit == "hours":
            return start + timedelta(hours=self.amount)
        if self.unit == "working-hours":
            return calendar.add_hours(start, timedelta(hours=self.amount))
        if self.unit == "days":
            return end_of(day_of(start) + self.amount * DAY)
        day = calendar.add_days(day_of(start), self.amount)
        return None if day is None else end_of(day)
