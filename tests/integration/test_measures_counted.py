"""What is kept of each patient gives, at any moment of any history, the figures that the rows give from scratch."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.measures.course import owner_of
from gateway.measures.definitions import MEASURES
from gateway.measures.reports import Wanted, report, report_of
from gateway.pathway.events import PathwayEvent
from gateway.projection import counting
from gateway.projection.counting import counted_reader
from gateway.projection.desk import Desk as PathwayDesk
from gateway.records import counted, measured, resources, stays
from gateway.records.counted import CountedReader, rules_of
from gateway.records.measured import MeasuredReader
from gateway.records.resources import New, put
from gateway.settings_pathway import Community
from tests.integration.test_pathway_projection import Desk, desk
from tests.integration.test_pathway_projection import database as database
from tests.support.flows import FLOWS, the_events

PATIENTS = ("one", "two", "three", "four")
NOW = "2026-03-20T12:00:00"
STEPS = 40
PUBLISHED = ("notice-within-24-hours", "reply-minutes", "extra-days")


def of_patient(event: PathwayEvent, patient: str) -> PathwayEvent:
    """The same message about another patient."""

    def named(id: str | None) -> str | None:
        return f"{patient} {id}" if id else None

    return replace(
        event,
        key=event.key._replace(id=f"{patient} {event.key.id}"),
        parent=named(event.parent),
        conversation=named(event.conversation),
        receipt_for=named(event.receipt_for),
    )


class History:
    """Random acts, each of which changes what measures read."""

    def __init__(self, found: Desk, patient_of: list[str], chance: random.Random) -> None:
        self.found = found
        self.chance = chance
        self.left = list(range(len(found.events)))
        chance.shuffle(self.left)
        self.patient_of = patient_of
        self.kept: list[int] = []
        self.desk = PathwayDesk(found.ledger, found.projector, clock=lambda: times.of(found.now))

    async def message(self) -> None:
        """A message comes and is projected."""
        if self.left:
            number = self.left.pop()
            self.kept.append(await self.found.accept(number, patient=self.patient_of[number]))
            await self.found.projector.catch_up()

    async def several(self) -> None:
        for _ in range(5):
            await self.message()

    async def count(self) -> None:
        """Some of those who are marked are counted."""
        await self.found.projector.counting.portion()

    async def dimension(self) -> None:
        stay = self._stay()
        if stay:
            day = date(2026, 3, self.chance.randrange(1, 20))
            code = self.chance.choice(["1", "2", "3"])
            await self.desk.dimension(stay, "care-level", code, day, None, "a test")

    async def plan(self) -> None:
        day = date(2026, 3, self.chance.randrange(1, 20))
        await self.desk.start_plan(self.chance.choice(PATIENTS), "2000", "new-user", day, "a test")

    async def goal(self) -> None:
        goal: dict[str, Any] = {
            "resourceType": "Goal",
            "id": f"goal-{self.chance.randrange(4)}",
            "lifecycleStatus": self.chance.choice(["active", "entered-in-error"]),
            "description": {"text": "Gå ut i hagen"},
            "target": [{"dueDate": f"2026-03-{self.chance.randrange(10, 28)}"}],
        }
        patient = PATIENTS[int(goal["id"][-1])]
        await self.desk.write(goal, patient, frozenset({"2000"}), "a test", lambda session: None)

    async def born(self) -> None:
        """A Patient says when somebody was born, as a message's resource."""
        patient = self.chance.choice(PATIENTS)
        content = {
            "resourceType": "Patient",
            "id": patient,
            "birthDate": f"19{self.chance.randrange(40, 70)}-05-17",
        }

        def unit(session: Session) -> None:
            put(session, New(content, "message", patient, message=self.kept[0]), times.of(self.found.now))
            counted.mark(session, patient, times.of(self.found.now))

        if self.kept:
            await self.found.ledger.write(unit)

    async def forget(self) -> None:
        """A message is over its time."""
        if self.kept and self.chance.random() < 0.3:
            sequence = self.kept.pop(self.chance.randrange(len(self.kept)))

            def unit(session: Session) -> None:
                resources.forget(session, sequence)
                stays.forget(session, sequence)

            await self.found.ledger.write(unit)

    async def rebuild(self) -> None:
        if self.chance.random() < 0.2:
            await self.found.projector.rebuild()
            if self.chance.random() < 0.5:
                await self.found.projector.catch_up()

    async def night(self) -> None:
        self.found.now += timedelta(days=self.chance.choice([0, 1, 9]))
        await self.found.projector.turn_of_day()

    def _stay(self) -> str | None:
        rows = (
            self.found.ledger.reading().execute("SELECT stay_id FROM stays ORDER BY stay_id", {}).fetchall()
        )
        return self.chance.choice(rows)["stay_id"] if rows else None


def agrees(found: Desk) -> int:
    """Whether the kept figures are those from scratch, at several times; how many occasions there were."""
    scratch, kept = MeasuredReader(found.ledger).measured(), counted_reader(found.ledger, ())
    seen = 0
    for ahead in (-30, -3, 0, 2, 60):
        now = found.now + timedelta(days=ahead)
        for id, measure in MEASURES.items():
            said = list(kept.occasions(id, now))
            wanted = [(j, owner_of(of)) for j, of in measure.judged(scratch.stays, scratch.loose, now)]
            assert Counter(map(repr, said)) == Counter(map(repr, wanted)), (id, now)
            seen += len(said)
        for id in PUBLISHED:
            for by in (None, "municipality", "age-group", "care-level-28"):
                asked = Wanted(now, by=by)  # type: ignore[arg-type]
                one = report_of(MEASURES[id], kept.occasions(id, now), asked)
                assert one == report(MEASURES[id], scratch.stays, scratch.loose, asked)
    return seen


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.timeout(400)
async def test_kept_figures_are_those_from_scratch_throughout_a_history(
    database: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PORTION", 2)
    chance = random.Random(seed)
    events, patient_of = list[PathwayEvent](), list[str]()
    for patient in PATIENTS:
        unique = {event.key: event for flow in chance.sample(FLOWS, 3) for event in the_events(flow)}
        events += [of_patient(event, patient) for event in unique.values()]
        patient_of += [patient] * len(unique)
    async with desk(database, events, NOW) as found:
        history = History(found, patient_of, chance)
        acts: list[Callable[[], Any]] = [
            *(
                history.message,
                history.several,
                history.count,
                history.count,
                history.dimension,
                history.goal,
            ),
            *(history.plan, history.born, history.forget, history.rebuild, history.night),
        ]
        seen = 0
        for _ in range(STEPS):
            await chance.choice(acts)()
            seen += agrees(found)
        await found.projector.catch_up()
        await found.projector.counting.catch_up()
        assert agrees(found) and seen > STEPS
        other = CountedReader(found.ledger, MeasuredReader(found.ledger), "other settings")
        assert len(other.to_count(100)) == len(kept_of(found))
        assert counted_reader(found.ledger, ()).to_count(1) == []


async def test_once_counted_the_rows_are_not_read_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(database, [of_patient(e, "one") for e in the_events(FLOWS[0])], NOW) as found:
        for number in range(len(found.events)):
            await found.accept(number, patient="one")
        await found.projector.catch_up()
        assert kept_of(found) == {"one": False}
        await found.projector.counting.catch_up()
        assert kept_of(found) == {"one": True}
        version = found.ledger.version
        asked: list[list[str]] = []
        monkeypatch.setattr(MeasuredReader, "of", lambda self, patients: asked.append(list(patients)) or {})
        figures = report_of(
            MEASURES["notice-within-24-hours"],
            counted_reader(found.ledger, ()).occasions("notice-within-24-hours", found.now),
            Wanted(found.now),
        )
        assert figures.lines and asked == [[]]
        assert found.ledger.version == version, "counting shows nothing new: no page needs to be read again"


async def test_what_is_written_while_somebody_counts_is_counted_again(database: str) -> None:
    async with desk(database, [of_patient(e, "one") for e in the_events(FLOWS[0])], NOW) as found:
        for number in range(len(found.events)):
            await found.accept(number, patient="one")
        await found.projector.catch_up()
        reader = counted_reader(found.ledger, ())
        marked = reader.to_count(5)
        old = reader.count(each.patient_key for each in marked)
        await found.ledger.write(lambda session: counted.mark(session, "one", 0))
        await found.ledger.write(lambda session: counted.keep(session, reader.rules, marked, old))
        assert kept_of(found) == {"one": False}


async def test_what_is_removed_counts_no_more(database: str) -> None:
    async with desk(database, [of_patient(e, "one") for e in the_events(FLOWS[0])], NOW) as found:
        history = History(found, ["one"] * len(found.events), random.Random(0))
        while history.left:
            await history.message()
        first = history.kept[0]

        def born(session: Session) -> None:
            content = {"resourceType": "Patient", "id": "one", "birthDate": "1941-05-17"}
            put(session, New(content, "message", "one", message=first), times.of(found.now))
            counted.mark(session, "one", times.of(found.now))

        await found.ledger.write(born)
        ages = []
        for remove in (None, lambda session: resources.forget(session, first)):
            if remove:
                await found.ledger.write(remove)
            assert agrees(found)
            await found.projector.counting.catch_up()
            ages.append({owner.age for owner in counted_reader(found.ledger, ()).owners() if owner.trust})
        assert ages == [{84}, {None}]
        await found.projector.rebuild()
        assert agrees(found) == 0
        await found.projector.catch_up()
        assert agrees(found)


async def test_of_a_patient_who_is_forgotten_nothing_is_kept(database: str) -> None:
    async with desk(database, [of_patient(e, "one") for e in the_events(FLOWS[0])], NOW) as found:
        sequences = [await found.accept(n, patient="one") for n in range(len(found.events))]
        await found.projector.catch_up()
        await found.projector.counting.catch_up()

        def forget(session: Session) -> None:
            for sequence in sequences:
                stays.forget(session, sequence)
            session.run("revoke_plan", plan_id="", reason="", now=0)

        await found.ledger.write(forget)
        await found.ledger.write(lambda session: session.run("rebuild_tasks") or session.run("rebuild_plans"))
        assert kept_of(found) == {"one": False}
        await found.projector.counting.catch_up()
        assert kept_of(found) == {}


def test_other_rules_and_other_settings_have_other_names() -> None:
    before = Community(name="Nord", code="nord", trusts=("1000",), municipalities=("2000",),
                       valid_from=date(2026, 1, 1))  # fmt: skip
    names = {
        rules_of([measured], ""),
        rules_of([measured, counted], ""),
        rules_of([measured], before.model_dump_json()),
        rules_of([measured], before.model_copy(update={"code": "sor"}).model_dump_json()),
    }
    assert len(names) == 4


def kept_of(found: Desk) -> dict[str, bool]:
    """Of which patients something is kept, and whether it holds."""
    reader = counted_reader(found.ledger, ())
    rows = found.ledger.reading().execute(found.ledger.queries["counted"], {"rules": reader.rules}).fetchall()
    return {row["patient_key"]: row["counted"] is not None for row in rows}
