"""How do a patient's stays and plans count in every measure, at every time, so that it can be kept?

The rules of the measures are run once; what they say changes only at the instants they name (`Judged.until`), so a
few steps say it for all times. What else a verdict hangs on and no row of the patient tells, is kept beside it and
asked when figures are made: whether a trust's discharge letters go through here shows from everybody's letters.

    counted_of   the stays and plans of one patient, counted: what is kept
    occasions    what is kept of many patients, as one measure counts it at a time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from gateway.measures.definitions import MEASURES
from gateway.measures.judged import Judged
from gateway.measures.stay import MeasuredStay, Plan
from gateway.pathway.calendar import DAY, SHORTEST, day_of

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""Nothing is asked as of a time before."""
EPIKRISE_DAYS: Final = 7 * DAY
"""A trust whose first discharge letter came later than this after a discharge, did not send them through here then."""


class Owner(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A stay or plan that occasions belong to: what figures are broken down by."""

    id: str
    municipality: str | None
    trust: str | None
    """None: a plan."""
    age: int | None
    index: date | None
    """From which day a later level is counted: the discharge, or the plan's start; None: it has not come yet."""
    strata: Mapping[str, str]


class Step(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How a stay or plan counts for a time."""

    judged: tuple[Judged, ...]
    until: datetime | None
    """Up to and with this instant; None: for ever."""


class Course(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How a stay or plan counts in one measure, at every time."""

    owner: int
    """Its place among the owners."""
    steps: tuple[Step, ...]
    unseen: tuple[Step, ...] | None = None
    """The same where the trust's discharge letters do not go through here, if it is not the same."""


class Counted(msgspec.Struct, frozen=True, gc=False):
    """One patient's part in every measure."""

    owners: tuple[Owner, ...] = ()
    letters: Mapping[str, date] = msgspec.field(default_factory=dict)
    """When each trust sent the first of the patient's discharge letters."""
    courses: Mapping[str, tuple[Course, ...]] = msgspec.field(default_factory=dict)
    """By measure."""


def counted_of(
    stays: Iterable[MeasuredStay], loose: Iterable[Plan], letters: Mapping[str, date] | None = None
) -> Counted:
    """Count the stays and plans of one patient. Whether letters are seen (`epikrise_seen`) is not read."""
    stays, loose = tuple(stays), tuple(loose)
    of_plans: tuple[Plan, ...] = (*(stay.plan for stay in stays if stay.plan), *loose)
    courses: dict[str, tuple[Course, ...]] = {}
    for id, measure in MEASURES.items():
        found: list[Course] = []
        if measure.of_stay is not None:
            for place, stay in enumerate(stays):
                seen, unseen = (
                    _steps(measure.of_stay, msgspec.structs.replace(stay, epikrise_seen=flag))
                    for flag in (True, False)
                )
                found.append(Course(place, seen, None if seen == unseen else unseen))
        elif measure.of_plan is not None:
            for place, plan in enumerate(of_plans, len(stays)):
                found.append(Course(place, _steps(measure.of_plan, plan)))
        if found := [each for each in found if any(step.judged for step in each.steps)]:
            courses[id] = tuple(found)
    owners = (*map(owner_of, stays), *map(owner_of, of_plans))
    return Counted(owners, letters or {}, courses)


def owner_of(of: MeasuredStay | Plan) -> Owner:
    """What figures are broken down by, of a stay or plan."""
    if isinstance(of, Plan):
        return Owner(of.id, of.municipality, None, None, of.started, of.strata)
    index = day_of(of.ended.at) if of.ended else None
    return Owner(of.id, of.municipality, of.trust, of.age, index, of.strata)


def _steps(rule: Callable[[Any, datetime], Iterable[Judged]], of: MeasuredStay | Plan) -> tuple[Step, ...]:
    found: list[Step] = []
    now = EARLIEST
    while True:
        judged = tuple(rule(of, now))
        until = min((each.until for each in judged if each.until), default=None)
        found.append(Step(judged, until))
        if until is None:
            return tuple(found)
        if until < now:
            raise ValueError("a verdict holds until a time that is over")
        now = until + SHORTEST


def first_of(letters: Iterable[Mapping[str, date]]) -> dict[str, date]:
    """The first day of each trust."""
    first: dict[str, date] = {}
    for each in letters:
        for trust, day in each.items():
            first[trust] = min(first.get(trust, day), day)
    return first


def letters_seen(letters: Mapping[str, date], trust: str | None, discharged: date | None) -> bool:
    """Whether the trust's discharge letters went through here when one for this discharge was due."""
    first = letters.get(trust or "")
    return first is not None and discharged is not None and first <= discharged + EPIKRISE_DAYS


def occasions(
    counted: Iterable[tuple[Sequence[Owner], Iterable[Course]]], letters: Mapping[str, date], now: datetime
) -> Iterator[tuple[Judged, Owner]]:
    """Every occasion of a measure as of a time, with the stay or plan it belongs to.

    :param counted: of each patient the owners, and the courses of this measure
    :param letters: when the first discharge letter of each trust went through here
    """
    for owners, courses in counted:
        for course in courses:
            owner = owners[course.owner]
            steps = course.steps
            if course.unseen is not None and not letters_seen(letters, owner.trust, owner.index):
                steps = course.unseen
            for step in steps:
                if step.until is None or now <= step.until:
                    for judged in step.judged:
                        yield judged, owner
                    break
