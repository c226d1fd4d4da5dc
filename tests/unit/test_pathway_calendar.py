"""Are days, holidays, working hours and limits those of Norway?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pathway.calendar import (
    OSLO,
    Limit,
    WorkingCalendar,
    day_of,
    easter_sunday,
    end_of,
    public_holidays,
    start_of,
)

OFFICE = WorkingCalendar(time(8), time(15), closed=frozenset({date(2026, 12, 24)}))


def oslo(*parts: int) -> datetime:
    """A time on the wall in Norway, in UTC."""
    return datetime(*parts, tzinfo=OSLO).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "sunday",
    [
        date(1818, 3, 22), date(1943, 4, 25), date(1954, 4, 18), date(1961, 4, 2), date(1981, 4, 19), date(2000, 4, 23),
        date(2008, 3, 23), date(2011, 4, 24), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
        date(2028, 4, 16), date(2038, 4, 25), date(2049, 4, 18), date(2076, 4, 19), date(2285, 3, 22),
    ],
)  # fmt: skip
def test_easter_is_when_it_was_and_will_be(sunday: date) -> None:
    assert easter_sunday(sunday.year) == sunday


@given(st.integers(1900, 2300))
def test_easter_is_a_sunday_in_its_five_weeks(year: int) -> None:
    sunday = easter_sunday(year)
    assert sunday.weekday() == 6
    assert date(year, 3, 22) <= sunday <= date(year, 4, 25)


def test_the_public_holidays_of_2026() -> None:
    assert sorted(public_holidays(2026)) == [
        date(2026, 1, 1), date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 5), date(2026, 4, 6), date(2026, 5, 1),
        date(2026, 5, 14), date(2026, 5, 17), date(2026, 5, 24), date(2026, 5, 25), date(2026, 12, 25),
        date(2026, 12, 26),
    ]  # fmt: skip


def test_holidays_can_fall_on_one_day() -> None:
    assert len(public_holidays(2008)) == 11  # Ascension Day was 1 May


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2028, 2, 29), 24)]
)
def test_a_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    assert end_of(day) - start_of(day) == timedelta(hours=hours) - timedelta(microseconds=1)
    assert day_of(start_of(day)) == day_of(end_of(day)) == day


def test_an_evening_in_utc_is_the_next_day_in_norway() -> None:
    assert day_of(datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        (Limit(24, "hours", ""), oslo(2026, 3, 28, 12), oslo(2026, 3, 29, 13)),
        (Limit(24, "hours", ""), oslo(2026, 10, 24, 12), oslo(2026, 10, 25, 11)),
        (Limit(3, "working-hours", ""), oslo(2026, 3, 4, 9), oslo(2026, 3, 4, 12)),
        (Limit(3, "working-hours", ""), oslo(2026, 3, 4, 13, 30), oslo(2026, 3, 5, 9, 30)),
        (Limit(3, "working-hours", ""), oslo(2026, 3, 6, 16), oslo(2026, 3, 9, 11)),  # Friday evening
        (Limit(3, "working-hours", ""), oslo(2026, 4, 1, 14), oslo(2026, 4, 7, 10)),  # over Easter
        (Limit(7, "working-hours", ""), oslo(2026, 3, 4, 7), oslo(2026, 3, 4, 15)),
        (Limit(8, "working-hours", ""), oslo(2026, 12, 23, 8), oslo(2026, 12, 28, 9)),  # 24 closed, 25 and 26 holidays
        (Limit(3, "working-hours", ""), oslo(2026, 3, 27, 14), oslo(2026, 3, 30, 10)),  # DST starts on the Sunday
        (Limit(0, "days", ""), oslo(2026, 3, 29, 1), oslo(2026, 3, 30) - timedelta(microseconds=1)),
        (Limit(7, "days", ""), oslo(2028, 2, 29, 9), oslo(2028, 3, 8) - timedelta(microseconds=1)),
        (Limit(1, "days", ""), oslo(2028, 2, 28, 9), oslo(2028, 3, 1) - timedelta(microseconds=1)),
        (Limit(0, "working-days", ""), oslo(2026, 4, 2, 9), oslo(2026, 4, 8) - timedelta(microseconds=1)),
        (Limit(1, "working-days", ""), oslo(2026, 4, 1, 9), oslo(2026, 4, 8) - timedelta(microseconds=1)),
        (Limit(1, "working-days", ""), oslo(2026, 4, 4, 9), oslo(2026, 4, 8) - timedelta(microseconds=1)),
        (Limit(2, "working-days", ""), oslo(2026, 4, 7, 9), oslo(2026, 4, 10) - timedelta(microseconds=1)),
    ],
)  # fmt: skip
def test_a_limit_falls_due(limit: Limit, start: datetime, due: datetime) -> None:
    assert limit.due(start, OFFICE) == due


@pytest.mark.parametrize("unit", ["working-hours", "working-days"])
def test_a_calendar_that_is_never_open_has_no_due_time(unit: str) -> None:
    never = WorkingCalendar(weekdays=frozenset())
    assert Limit(1, unit, "").due(oslo(2026, 3, 4, 9), never) is None  # type: ignore[arg-type]


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_working_hours_add_up(start: datetime, first: int, second: int) -> None:
    begin = start.replace(tzinfo=UTC)
    between = OFFICE.add_hours(begin, timedelta(hours=first))
    assert between is not None
    assert between > begin
    assert OFFICE.is_working_day(day_of(between))
    both = OFFICE.add_hours(begin, timedelta(hours=first + second))
    assert OFFICE.add_hours(between, timedelta(hours=second)) == both
