"""What really happened in the quarter? Every stay, drawn with a seed, before any message tells of it.

What is drawn here is the ground truth that measures are held against: it is written to a folder as tables, and
computed from there by code that shares nothing with the gateway's. The figures are made up and say nothing of any real
hospital; what they imitate are the kinds of things that happen: late notices, withdrawn readiness, a notice to the
wrong municipality, corrections, deaths, readmissions, plans that are followed or not, and a routine that is changed
halfway. No case is drawn that messages alone cannot decide (two stays of one patient open at once, an epikrise sent
after the next admission): those have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from gateway.pathway.calendar import DAY, OSLO, day_of
from gateway.simulator.quarter.people import Person, people
from gateway.simulator.quarter.region import Municipality, municipalities

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
HOME, HOSPITAL, NURSING_HOME = "1", "3", "11"
BETTER_NOTICES: Final = 0.6
"""The part of late notices that the new routine takes away."""
BETTER_FOLLOW_UP: Final = 0.25


@dataclass(frozen=True)
class Quarter:
    """What is simulated."""

    seed: int = 1
    stays: int = 6000
    weeks: int = 13
    municipalities: int = 26
    begin: date = date(2026, 1, 5)
    """The Monday admissions begin on."""

    @property
    def changed_on(self) -> date:
        """When the trust and some municipalities change their routine."""
        return self.begin + timedelta(weeks=self.weeks // 2)

    @property
    def end(self) -> date:
        """The first day without admissions; what follows a stay may come later."""
        return self.begin + timedelta(weeks=self.weeks)


@dataclass
class Ready:
    """The patient is declared ready for discharge."""

    at: datetime
    told: datetime
    replied: datetime | None = None
    withdrawn: datetime | None = None


@dataclass
class Goal:
    """A goal of the plan."""

    voice: str
    stated: datetime
    review: date | None
    evaluated: datetime | None
    followed_up: datetime | None = None
    """When a task with an owner was made for it."""


@dataclass
class Plan:
    """What was done after the discharge."""

    checklists: dict[int, datetime] = field(default_factory=dict)
    asked: datetime | None = None
    answer: str | None = None
    """answered, declined, unable."""
    goals: list[Goal] = field(default_factory=list)


@dataclass
class Stay:
    """One stay in hospital and what followed."""

    number: int
    """From 1, in the order in which they were drawn."""
    person: Person
    municipality: Municipality
    admitted: datetime
    ended: datetime
    died: bool = False
    to: str = HOME
    need: bool = True
    notice: datetime | None = None
    admission_report: datetime | None = None
    ready: list[Ready] = field(default_factory=list)
    discharge_report: datetime | None = None
    epikrise: datetime | None = None
    wrong_first: Municipality | None = None
    """Told of the admission by mistake, and told so."""
    first_stated: datetime | None = None
    """The admission as it was stated before a correction."""
    plan: Plan | None = None


def stays_of(quarter: Quarter) -> tuple[tuple[Municipality, ...], list[Stay]]:
    """The municipalities and every stay; the same quarter gives the same ones."""
    chance = Random(f"somlos quarter {quarter.seed}")
    places = municipalities(chance, quarter.municipalities)
    drawn = _draw(quarter, places, chance)
    return places, [next(drawn) for _ in range(quarter.stays)]


def _draw(quarter: Quarter, places: tuple[Municipality, ...], chance: Random) -> Iterator[Stay]:
    weights = [place.inhabitants for place in places]
    whole = quarter.weeks * 7 * 24 * 60
    number = 0
    for person in people(chance, quarter.begin):
        place = chance.choices(places, weights)[0]
        admitted: datetime | None = _moment(quarter.begin, chance.randrange(whole))
        while admitted is not None and day_of(admitted) < quarter.end:
            number += 1
            stay = _stay(number, person, places, place, admitted, quarter, chance)
            admitted = _again(stay, chance)
            _after(stay, admitted, quarter, chance)
            yield stay


def _moment(day: date, minutes: float) -> datetime:
    """So many minutes after a day began, without the hour that autumn has twice."""
    found = datetime(day.year, day.month, day.day, tzinfo=OSLO).astimezone(UTC) + timedelta(
        minutes=round(minutes)
    )
    return found + HOUR if found.astimezone(OSLO).fold else found


def _later(moment: datetime, hours: float) -> datetime:
    found = moment + timedelta(minutes=max(round(hours * 60), 1))
    return found + HOUR if found.astimezone(OSLO).fold else found


def _at(day: date, chance: Random, opens: int = 8, closes: int = 16) -> datetime:
    """Some time between two hours of a day."""
    return _moment(day, chance.randrange(opens * 60, closes * 60))


def _stay(
    number: int,
    person: Person,
    places: tuple[Municipality, ...],
    place: Municipality,
    admitted: datetime,
    quarter: Quarter,
    chance: Random,
) -> Stay:
    days = min(1 + round(chance.lognormvariate(1.0, 0.7)), 40)
    stay = Stay(number, person, place, admitted, _at(day_of(admitted) + days * DAY, chance, 9, 18))
    stay.need = chance.random() < 0.88
    if chance.random() < 0.05:  # home again within the day
        stay.ended, stay.need = _later(admitted, chance.uniform(4, 22)), chance.random() < 0.2
        _tell_admission(stay, quarter, places, chance)
        return stay
    if chance.random() < 0.03:
        stay.died = True
    elif chance.random() < 0.09:
        stay.to = chance.choice((HOSPITAL, NURSING_HOME, NURSING_HOME))
    _tell_admission(stay, quarter, places, chance)
    if stay.need and not stay.died:
        _make_ready(stay, chance)
    return stay


def _tell_admission(stay: Stay, quarter: Quarter, places: tuple[Municipality, ...], chance: Random) -> None:
    if chance.random() < 0.03 and len(places) > 1:
        stay.wrong_first = chance.choice([place for place in places if place is not stay.municipality])
    if chance.random() < 0.03:
        stay.first_stated = _later(stay.admitted, chance.uniform(0.2, 3))
    if not stay.need:
        return
    in_time = stay.municipality.share_told_in_time
    if day_of(stay.admitted) >= quarter.changed_on:
        in_time += (1 - in_time) * BETTER_NOTICES
    hours = chance.uniform(2, 23) if chance.random() < in_time else chance.uniform(25, 60)
    notice = _later(stay.admitted, hours)
    if notice < stay.ended - HOUR and chance.random() < 0.97:
        stay.notice = notice
    if chance.random() < 0.65:
        report = _later(stay.admitted, chance.lognormvariate(0.9, 0.8))
        stay.admission_report = report if report < stay.ended else None


def _make_ready(stay: Stay, chance: Random) -> None:
    """Ready, perhaps withdrawn and ready again, perhaps waiting some days; the discharge follows from it."""
    ready = _ready(stay, max(_at(day_of(stay.ended), chance, 9, 14), _later(stay.admitted, 25)), chance)
    if chance.random() < 0.06:
        ready.withdrawn = _later(ready.told, chance.uniform(5, 22))
        _keep_reply_before(ready, ready.withdrawn)
        again = day_of(ready.withdrawn) + chance.randrange(1, 4) * DAY
        ready = _ready(stay, _at(again, chance, 9, 14), chance)
    waits = 0 if chance.random() < 0.72 else min(1 + int(chance.expovariate(0.55)), 12)
    leaves = day_of(ready.told) + waits * DAY
    stay.ended = max(_at(leaves, chance, 12, 19), _later(ready.told, 1.0))
    _keep_reply_before(ready, stay.ended)


def _ready(stay: Stay, at: datetime, chance: Random) -> Ready:
    told = _later(at, chance.uniform(0.05, 0.9))
    replied = None
    if chance.random() < 0.93:
        minutes = stay.municipality.reply_median_minutes * chance.lognormvariate(0, 0.7)
        replied = _later(told, minutes / 60)
    stay.ready.append(Ready(at, told, replied))
    return stay.ready[-1]


def _keep_reply_before(ready: Ready, end: datetime) -> None:
    """A question that has fallen away is not answered any more."""
    if ready.replied and ready.replied >= end:
        ready.replied = None


def _again(stay: Stay, chance: Random) -> datetime | None:
    """The patient's next admission, if any."""
    if stay.died or chance.random() > 0.22:
        return None
    return _later(stay.ended, 9 + 24 * chance.expovariate(1 / 16))


def _after(stay: Stay, again: datetime | None, quarter: Quarter, chance: Random) -> None:
    """What follows a discharge, up to the next admission."""
    if stay.died:
        return
    day = day_of(stay.ended)
    end_of_quarter = again if again and day_of(again) < quarter.end else None
    if stay.need and chance.random() < 0.9:
        stay.discharge_report = _later(stay.ended, chance.uniform(0.02, 0.4))
    days = (
        0 if chance.random() < 0.55 else 1 if chance.random() < 0.4 else round(chance.expovariate(1 / 4)) + 2
    )
    sent = max(_at(day + days * DAY, chance, 8, 20), _later(stay.ended, 0.1))
    if chance.random() < 0.97 and not (end_of_quarter and sent >= end_of_quarter - DAY):
        stay.epikrise = sent
    if stay.to == HOME:
        stay.plan = _plan(stay, end_of_quarter, quarter, chance)


def _plan(stay: Stay, again: datetime | None, quarter: Quarter, chance: Random) -> Plan:
    """How the municipality followed up; a readmission ends it."""
    likely, day = stay.municipality.follow_up, day_of(stay.ended)
    if stay.municipality.improves and day >= quarter.changed_on:
        likely = min(likely + BETTER_FOLLOW_UP, 0.97)
    last = day_of(again) if again else date.max
    plan = Plan()
    if stay.discharge_report:
        plan.checklists[1] = stay.discharge_report
    for number, (first, after) in {2: (1, 5), 3: (6, 17), 4: (12, 33)}.items():
        done = day + chance.randrange(first, after) * DAY
        if chance.random() < likely and done < last:
            plan.checklists[number] = _at(done, chance)
    asked = day + chance.randrange(1, 12) * DAY
    if chance.random() < likely and asked < last:
        plan.asked = _at(asked, chance)
        plan.answer = chance.choices(("answered", "declined", "unable"), (88, 7, 5))[0]
        _goals(plan, last, likely, chance)
    return plan


def _goals(plan: Plan, last: date, likely: float, chance: Random) -> None:
    assert plan.asked is not None
    voices = {
        "answered": ["patient"] if chance.random() < 0.9 else [],
        "declined": [],
        "unable": ["vicarious"],
    }
    for voice in voices[plan.answer or "declined"]:
        review = day_of(plan.asked) + 21 * DAY
        evaluated = review - chance.randrange(0, 6) * DAY
        late = chance.random() < 0.15
        when = evaluated + 9 * DAY if late else evaluated
        done = chance.random() < likely and when < last
        goal = Goal(voice, plan.asked, review, _at(when, chance) if done else None)
        own = Random(f"followed up {plan.asked} {voice}")
        begun = day_of(plan.asked) + own.randrange(1, 9) * DAY
        if own.random() < 0.7 and begun < last:
            goal.followed_up = _at(begun, own)
        plan.goals.append(goal)
