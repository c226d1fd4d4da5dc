"""Which stays and plans do the measures count, as `records/` holds them?

A few reads for some patients together, and one pass over them, patient by patient; `counted` keeps what follows from
it. Which municipality a stay counts for: the one that was told of it last, of what still holds. To which plan a goal
or the question «Hva er viktig for deg?» belongs: to the one in force on that day, else (it was asked in hospital) to
the next one that starts within four weeks.

Dimensions of a person hold on days: the priority group and the care level on the day of discharge, the care level also
on the day before the admission and 28, 90 and 180 days after the discharge. How urgent an admission was is a dimension
of its first day. That a trust's discharge letters go through here shows from the first of them on; a discharge whose
time for one was over by then says nothing.

Of a patient nothing is taken but the date of birth, for the age; it is not kept.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any, Final

import msgspec

from gateway.ledger import times
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger
from gateway.measures.course import first_of, letters_seen
from gateway.measures.plans import WINDOW
from gateway.measures.stay import Goal, MeasuredStay, Plan, Reply, When
from gateway.pathway.calendar import DAY, day_of

REVOKED: Final = frozenset({"readmitted", "died", "moved", "declined"})
"""Reasons for which a plan ended before its end."""
NEVER_BEGAN: Final = "discharge-cancelled"
WINDOW_DAYS: Final = WINDOW * DAY
LEVEL_DAYS: Final = (28, 90, 180)
READ_AT_ONCE: Final = 200
"""Patients."""
Ask = Callable[[str], list[Row]]
CommunityOf = Callable[[str, str | None, date], str | None]
"""Trust, municipality, day → the code of the helsefellesskap they belonged to."""


@dataclass(frozen=True)
class Measured:
    """Everything that can be counted of some patients."""

    stays: tuple[MeasuredStay, ...] = ()
    loose: tuple[Plan, ...] = ()
    """Plans that no stay started."""
    letters: Mapping[str, date] = field(default_factory=dict)
    """When each trust sent the first of their discharge letters."""


class MeasuredReader:
    """Plain synchronous reads, from any thread."""

    def __init__(self, ledger: Ledger, community_of: CommunityOf = lambda *_: None) -> None:
        self._ledger = ledger
        self._community_of = community_of

    def measured(self) -> Measured:
        """The stays and plans of all patients, from the rows alone."""
        of = self.of(row["patient_key"] for row in self._ask("measured_patients"))
        letters = first_of(each.letters for each in of.values())
        return Measured(
            tuple(_seen(stay, letters) for each in of.values() for stay in each.stays),
            tuple(plan for each in of.values() for plan in each.loose),
            letters,
        )

    def of(self, patients: Iterable[str]) -> dict[str, Measured]:
        """The stays and plans of each of these patients. Whether letters are seen, all patients tell: it says True."""
        wanted, found = list(patients), dict[str, Measured]()
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[start : start + READ_AT_ONCE]
            rows = _rows(partial(self._ask, patients=json.dumps(some)), self._community_of)
            found |= {patient: _patient(patient, rows.stays[patient], rows) for patient in some}
        return found

    def _ask(self, query: str, **values: Any) -> list[Row]:
        return self._ledger.reading().execute(self._ledger.queries[query], values).fetchall()


@dataclass(frozen=True)
class _Rows:
    """The rows of some patients, by stay, by plan or by patient."""

    stays: Mapping[str, list[Row]]
    told: dict[str, str | None]
    clocks: Mapping[str, list[Row]]
    ready: Mapping[str, list[Row]]
    days: Mapping[str, list[Row]]
    epikrises: Mapping[str, list[Row]]
    checklists: Mapping[str, list[Row]]
    plans: Mapping[str, list[Row]]
    goals: Mapping[str, list[Row]]
    wishes: Mapping[str, list[Row]]
    dimensions: Mapping[str, list[Row]]
    births: Mapping[str, date]
    community_of: CommunityOf


def _rows(ask: Ask, community_of: CommunityOf) -> _Rows:
    return _Rows(
        stays=_by("patient_key", ask("measured_stays")),
        told={row["stay_id"]: row["municipality_her"] for row in ask("measured_told")},
        clocks=_by("stay_id", ask("measured_clocks")),
        ready=_by("stay_id", ask("measured_ready")),
        days=_by("stay_id", ask("measured_days")),
        epikrises=_by("stay_id", ask("measured_epikrises")),
        checklists=_by("plan_id", ask("measured_checklists")),
        plans=_by("patient_key", ask("measured_plans")),
        goals=_by("patient_key", ask("measured_goals")),
        wishes=_by("patient_key", ask("measured_wishes")),
        dimensions=_by("patient_key", ask("measured_dimensions")),
        births=_births(ask("measured_births")),
        community_of=community_of,
    )


def _seen(stay: MeasuredStay, letters: Mapping[str, date]) -> MeasuredStay:
    seen = letters_seen(letters, stay.trust, day_of(stay.ended.at) if stay.ended else None)
    return msgspec.structs.replace(stay, epikrise_seen=seen)


def _patient(patient: str, every: list[Row], rows: _Rows) -> Measured:
    """The stays of one patient, and the plans that none of them started."""
    standing = [row for row in every if row["state"] != "cancelled"]
    after = {row["stay_id"]: following for row, following in pairwise(standing)}
    dead = min((row["ended_at"] for row in standing if row["state"] == "død"), default=None)
    died = None if dead is None else _day(dead)
    plans = _plans(patient, standing, died, rows)
    by_stay = {stay_id: plan for stay_id, plan in plans if stay_id}
    stays = [
        _stay(row, after.get(row["stay_id"]), died, by_stay.get(row["stay_id"]), patient, rows)
        for row in every
    ]
    known = {row["stay_id"] for row in every}
    sent = [
        {row["trust_her"]: _day(each["sent_at"])} for row in every for each in rows.epikrises[row["stay_id"]]
    ]
    loose = tuple(plan for stay_id, plan in plans if stay_id not in known)
    return Measured(tuple(stays), loose, first_of(sent))


def _stay(
    row: Row, after: Row | None, died: date | None, plan: Plan | None, patient: str, rows: _Rows
) -> MeasuredStay:
    id = row["stay_id"]
    place = _place(row, rows)
    clocks, days = _towards(rows.clocks[id], place), _towards(rows.days[id], place)
    ready = next(iter(_towards(rows.ready[id], place)), None)
    ended = _when(row["ended_at"], row["ended_is_day"])
    notice = next((each["stopped_at"] for each in clocks if each["kind"] == "notice"), None)
    withdrawn = (ready["withdrawn_at"] if ready else None) or 0
    epikrise = next((each["sent_at"] for each in rows.epikrises[id] if each["sent_at"] >= withdrawn), None)
    began = _day(row["began_at"])
    day = day_of(ended.at) if ended else began
    dimensions = rows.dimensions[patient]
    assessed = plan.done.get("4") if plan else None
    levels = _levels(dimensions)
    return MeasuredStay(
        id=id,
        trust=row["trust_her"],
        municipality=place,
        state=row["state"],
        admitted=_when(row["admitted_at"], row["admitted_is_day"]),
        ended=ended,
        doubtful=row["doubts"] != "[]",
        discharged_to=row["discharged_to"],
        age=_age(rows.births.get(patient), day),
        need=ready is not None or notice is not None,
        notice=times.optional(notice),
        replies=tuple(_reply(each) for each in clocks if each["kind"] == "reply" and each["started_at"]),
        ready=_day(ready["ready_at"]) if ready else None,
        extra_days=frozenset(date.fromisoformat(each["day"]) for each in days),
        reply_not_coded=any(each["not_coded"] for each in days),
        epikrise=times.optional(epikrise),
        readmitted=_when(after["began_at"], after["admitted_is_day"]) if after else None,
        readmission_planned=_planned(dimensions, _day(after["began_at"])) if after else None,
        died=died,
        plan=plan,
        strata=_strata(row["trust_her"], place, began, day, dimensions, rows.community_of),
        level_when_assessed=_level_on(levels, assessed - DAY) if assessed else None,
        level_changed=_changed_after(levels, assessed) if assessed else None,
    )


def _plan_strata(plan: Row, stay: Row | None, started: date, rows: _Rows) -> dict[str, str]:
    dimensions = rows.dimensions[plan["patient_key"]]
    if stay is None:
        return _on(dimensions, started)
    place, began = _place(stay, rows), _day(stay["began_at"])
    return _strata(stay["trust_her"], place, began, started, dimensions, rows.community_of)


def _strata(
    trust: str,
    place: str | None,
    began: date,
    day: date,
    dimensions: list[Row],
    community_of: CommunityOf,
) -> dict[str, str]:
    """The codes of a stay in every dimension that somebody said something in."""
    found = _on(dimensions, day) if dimensions else {}
    community = community_of(trust, place, day)
    if community:
        found["helsefellesskap"] = community
    levels = _levels(dimensions)
    if not levels:
        return found
    for name, at in (
        ("care-level-before", began - DAY),
        *((f"care-level-{days}", day + days * DAY) for days in LEVEL_DAYS),
    ):
        level = _level_on(levels, at)
        if level is not None:
            found[name] = level
    return found


def _levels(dimensions: Iterable[Row]) -> list[Row]:
    return [row for row in dimensions if row["dimension"] == "care-level"]


def _level_on(levels: Iterable[Row], day: date) -> str | None:
    return _on(levels, day).get("care-level")


def _changed_after(levels: list[Row], day: date) -> date | None:
    """The first day from `day` on with another care level than the day before it."""
    before = _level_on(levels, day - DAY)
    starts = sorted(date.fromisoformat(row["valid_from"]) for row in levels)
    return next((each for each in starts if each >= day and _level_on(levels, each) != before), None)


def _planned(dimensions: Iterable[Row], began: date) -> bool | None:
    """Whether the admission of that day was planned; None: nobody said how urgent it was."""
    said = {
        row["source"]: row["code"]
        for row in dimensions
        if row["dimension"] == "admission-urgency" and row["valid_from"] == began.isoformat()
    }
    code = said.get("person") or said.get("message")
    return None if code is None else code == "planned"


def _place(row: Row, rows: _Rows) -> str | None:
    place: str | None = rows.told.get(row["stay_id"], row["municipality_her"])
    return place


def _reply(clock: Row) -> Reply:
    return Reply(
        told=times.moment(clock["started_at"]),
        replied=times.optional(clock["stopped_at"]),
        due=times.optional(clock["due_at"]),
        fell_away=clock["state_after"] == "cancelled",
        withdrawn=clock["withdrawn_at"] is not None,
    )


def _plans(patient: str, stays: list[Row], died: date | None, rows: _Rows) -> list[tuple[str | None, Plan]]:
    """A patient's plans by their start, each with the id of the stay that started it."""
    places = {row["stay_id"]: _place(row, rows) for row in stays}
    started_by = {row["stay_id"]: row for row in stays}
    found = [row for row in rows.plans[patient] if row["state_reason"] != NEVER_BEGAN]
    starts = [date.fromisoformat(row["started_day"]) for row in found]
    ends = [_plan_end(row, start, stays, died) for row, start in zip(found, starts, strict=True)]
    goals: defaultdict[int, list[Row]] = defaultdict(list)
    for goal in rows.goals[patient]:
        goals[_in_force(starts, ends, _day(goal["stated_at"]))].append(goal)
    wishes: defaultdict[int, list[Row]] = defaultdict(list)
    for wish in rows.wishes[patient]:
        wishes[_in_force(starts, ends, date.fromisoformat(wish["asked_day"]))].append(wish)
    return [
        (
            row["stay_id"],
            Plan(
                id=row["plan_id"],
                municipality=places.get(row["stay_id"], row["municipality_her"]),
                started=starts[place],
                done={
                    each["checklist"]: date.fromisoformat(each["done_day"])
                    for each in rows.checklists[row["plan_id"]]
                },
                asked=min((date.fromisoformat(each["asked_day"]) for each in wishes[place]), default=None),
                answers=frozenset(each["answer"] for each in wishes[place]),
                goals=tuple(_goal(each) for each in goals[place]),
                ended=ends[place],
                declined=row["state_reason"] == "declined",
                strata=_plan_strata(row, started_by.get(row["stay_id"]), starts[place], rows),
            ),
        )
        for place, row in enumerate(found)
    ]


def _plan_end(row: Row, start: date, stays: list[Row], died: date | None) -> date | None:
    """When a plan ended before its end; the row says why, and when that was written."""
    if row["state_reason"] not in REVOKED:
        return None
    if row["state_reason"] == "died" and died:
        return died
    again = [_day(stay["began_at"]) for stay in stays if stay["stay_id"] != row["stay_id"]]
    return min((day for day in again if day >= start), default=None) or _day(row["state_at"])


def _in_force(starts: list[date], ends: list[date | None], day: date) -> int:
    """The place of the plan in force on a day, else of the next that starts within four weeks; -1: there is none."""
    running = [
        place
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
        if start <= day and (end is None or day <= end)
    ]
    coming = [place for place, start in enumerate(starts) if day < start <= day + WINDOW_DAYS]
    return running[-1] if running else coming[0] if coming else -1


def _age(born: date | None, day: date) -> int | None:
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class _Born(msgspec.Struct):
    """What is taken of a Patient."""

    birthDate: str | None = None


def _births(rows: Iterable[Row]) -> dict[str, date]:
    found = {}
    for row in rows:
        with contextlib.suppress(ValueError, msgspec.DecodeError):
            born = msgspec.json.decode(row["content"], type=_Born).birthDate
            if born and len(born) == 10:
                found[row["patient_key"]] = date.fromisoformat(born)
    return found


def _goal(row: Row) -> Goal:
    review = row["review_day"]
    return Goal(
        voice=row["voice"],
        linked=row["linked"] > 0,
        review=date.fromisoformat(review) if review else None,
        evaluated=None if row["evaluated_at"] is None else _day(row["evaluated_at"]),
    )


def _on(dimensions: Iterable[Row], day: date) -> dict[str, str]:
    """The codes that hold on a day; of several in one dimension the one that began last."""
    said = day.isoformat()
    return {
        row["dimension"]: row["code"]
        for row in dimensions
        if row["valid_from"] <= said and (row["valid_to"] is None or said <= row["valid_to"])
    }


def _when(at: int | None, is_day: int) -> When | None:
    return None if at is None else When(times.moment(at), bool(is_day))


def _day(at: int) -> date:
    return day_of(times.moment(at))


def _by(name: str, rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


def _towards(rows: list[Row], municipality: str | None) -> list[Row]:
    return [row for row in rows if row["municipality_her"] == municipality]
