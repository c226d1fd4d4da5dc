"""Which stays and plans do the measures count, as `records/` holds them?

A few whole reads and one pass over them; the last result is kept for as long as nothing was committed since, so that a
page with many charts reads once. Which municipality a stay counts for: the one that was told of it last, of what still
holds. A plan has the goals its person had by the end of its four weeks, and the question that was asked from four weeks
before its start (the stay) to four weeks after.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import Any, Final

from gateway.ledger import times
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger
from gateway.measures.plans import WINDOW
from gateway.measures.stay import Checklist, Goal, MeasuredStay, Plan, Reply, When
from gateway.pathway.calendar import DAY, day_of

NOT_OVER_BY_ITSELF: Final = frozenset({"readmitted", "died", "moved", "declined", "discharge-cancelled"})
"""Reasons for which a plan ended before its end."""


@dataclass(frozen=True)
class Measured:
    """Everything that can be counted."""

    stays: tuple[MeasuredStay, ...] = ()
    loose: tuple[Plan, ...] = ()
    """Plans that no stay started."""


class MeasuredReader:
    """Plain synchronous reads, from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._known: tuple[int, Measured] | None = None

    def measured(self) -> Measured:
        """The stays and plans of now."""
        with self._lock:
            version = self._ledger.version
            if self._known is None or self._known[0] != version:
                self._known = (version, self._read())
            return self._known[1]

    def _read(self) -> Measured:
        plans = _plans(self._all)
        by_stay = {stay_id: plan for stay_id, plan in plans if stay_id}
        stays = tuple(_stays(self._all, by_stay))
        known = {stay.id for stay in stays}
        return Measured(stays, tuple(plan for stay_id, plan in plans if stay_id not in known))

    def _all(self, query: str) -> list[Row]:
        return self._ledger.reading().execute(self._ledger.queries[query], {}).fetchall()


def _stays(ask: Any, plans: Mapping[str, Plan]) -> Iterable[MeasuredStay]:
    told = {row["stay_id"]: row["municipality_her"] for row in ask("measured_told")}
    clocks, ready = _grouped(ask("measured_clocks")), _grouped(ask("measured_ready"))
    days, epikrises = _grouped(ask("measured_days")), _grouped(ask("measured_epikrises"))
    dimensions = _by_patient(ask("measured_dimensions"))
    for patient, rows in groupby(ask("measured_stays"), key=lambda row: row["patient_key"]):
        every = list(rows)
        standing = [row for row in every if row["state"] != "cancelled"]
        following = {row["stay_id"]: after for row, after in pairwise(standing)}
        dead = min((row["ended_at"] for row in standing if row["state"] == "død"), default=None)
        for row in every:
            id = row["stay_id"]
            place = told.get(id, row["municipality_her"])
            yield _stay(
                row,
                place,
                following.get(id),
                died=None if dead is None else day_of(times.moment(dead)),
                clocks=_towards(clocks[id], place),
                ready=next(iter(_towards(ready[id], place)), None),
                days=_towards(days[id], place),
                epikrises=epikrises[id],
                plan=plans.get(id),
                dimensions=dimensions.get(patient, ()),
            )


def _stay(
    row: Row,
    place: str | None,
    after: Row | None,
    *,
    died: date | None,
    clocks: list[Row],
    ready: Row | None,
    days: list[Row],
    epikrises: list[Row],
    plan: Plan | None,
    dimensions: Iterable[Row],
) -> MeasuredStay:
    ended = _when(row["ended_at"], row["ended_is_day"])
    notice = next((each["stopped_at"] for each in clocks if each["kind"] == "notice"), None)
    withdrawn = (ready["withdrawn_at"] if ready else None) or 0
    epikrise = next((each["sent_at"] for each in epikrises if each["sent_at"] >= withdrawn), None)
    return MeasuredStay(
        id=row["stay_id"],
        trust=row["trust_her"],
        municipality=place,
        state=row["state"],
        admitted=_when(row["admitted_at"], row["admitted_is_day"]),
        ended=ended,
        doubtful=row["doubts"] != "[]",
        discharged_to=row["discharged_to"],
        need=ready is not None or notice is not None,
        notice=times.optional(notice),
        replies=tuple(_reply(each) for each in clocks if each["kind"] == "reply" and each["started_at"]),
        ready=day_of(times.moment(ready["ready_at"])) if ready else None,
        extra_days=frozenset(date.fromisoformat(each["day"]) for each in days),
        reply_not_coded=any(each["not_coded"] for each in days),
        epikrise=times.optional(epikrise),
        readmitted=_when(after["began_at"], after["admitted_is_day"]) if after else None,
        died=died,
        plan=plan,
        strata=_on(dimensions, day_of((ended or When(times.moment(row["began_at"]))).at)),
    )


def _reply(clock: Row) -> Reply:
    return Reply(
        told=times.moment(clock["started_at"]),
        replied=times.optional(clock["stopped_at"]),
        due=times.optional(clock["due_at"]),
        fell_away=clock["state_after"] == "cancelled",
        withdrawn=clock["withdrawn_at"] is not None,
    )


def _plans(ask: Any) -> list[tuple[str | None, Plan]]:
    """Each plan with the id of the stay that started it."""
    checklists: defaultdict[str, dict[Checklist, date]] = defaultdict(dict)
    for row in ask("measured_checklists"):
        checklists[row["plan_id"]][row["checklist"]] = date.fromisoformat(row["done_day"])
    goals, wishes = _by_patient(ask("measured_goals")), _by_patient(ask("measured_wishes"))
    dimensions = _by_patient(ask("measured_dimensions"))
    found: list[tuple[str | None, Plan]] = []
    for row in ask("measured_plans"):
        if row["state_reason"] == "discharge-cancelled":
            continue
        patient, started = row["patient_key"], date.fromisoformat(row["started_day"])
        asked = [
            (date.fromisoformat(each["asked_day"]), each["answer"])
            for each in wishes.get(patient, ())
            if abs(date.fromisoformat(each["asked_day"]) - started) <= WINDOW * DAY
        ]
        ended = row["state_reason"] in NOT_OVER_BY_ITSELF
        plan = Plan(
            id=row["plan_id"],
            municipality=row["municipality_her"],
            started=started,
            done=checklists.get(row["plan_id"], {}),
            asked=asked[0][0] if asked else None,
            answers=frozenset(answer for _, answer in asked),
            goals=tuple(
                _goal(g) for g in goals.get(patient, ()) if _day(g["stated_at"]) <= started + WINDOW * DAY
            ),
            ended=_day(row["state_at"]) if ended else None,
            declined=row["state_reason"] == "declined",
            strata=_on(dimensions.get(patient, ()), started),
        )
        found.append((row["stay_id"], plan))
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
    return day_of(datetime.fromtimestamp(at // times.SECOND, tz=times.EPOCH.tzinfo))


def _grouped(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["stay_id"]].append(row)
    return found


def _by_patient(rows: Iterable[Row]) -> dict[str, list[Row]]:
    return {patient: list(each) for patient, each in groupby(rows, key=lambda row: row["patient_key"])}


def _towards(rows: list[Row], municipality: str | None) -> list[Row]:
    return [row for row in rows if row["municipality_her"] == municipality]
