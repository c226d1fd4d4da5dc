"""Is what was known of messages and of what was said still known when their content is removed and records are made
anew, in whichever order that happens?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.formats import Formats
from gateway.ledger import line, times
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.operations import retention
from gateway.pathway.events import LOG_INNLAGT
from gateway.projection.desk import Desk as PathwayDesk
from gateway.projection.projector import Projector
from gateway.records import stays
from gateway.settings import Retention
from gateway.workers import Workers
from tests.integration.test_api_fhir_resources import STORY
from tests.integration.test_api_fhir_writing import DAY_ZERO, HOME, goal, post, put, task_of, the
from tests.integration.test_pathway_projection import Desk, desk
from tests.integration.test_pathway_projection import database as database
from tests.support.flows import FLOWS, the_events
from tests.support.pathway_house import PathwayHouse, pathway_house

KEPT = Retention(bodies_days=30)
TABLES = (
    *("stays", "stay_messages", "clocks", "ready_notices", "basis_days", "plans", "plan_tasks"),
    *("goals", "wishes", "dimensions", "measured"),
)
OF_THE_MOMENT = {"state_at", "marked"}


def remove_bodies(session: Session, sequences: list[int]) -> list[bool]:
    return [retention.remove_bodies(session, each, None, 2**60, 1) for each in sequences]


def rows_in(ledger: Ledger) -> dict[str, list[str]]:
    """What stands."""
    found = {}
    for table in TABLES:
        rows = ledger.reading().execute(f"SELECT * FROM {table}", {}).fetchall()
        told = [{k: v for k, v in dict(row).items() if k not in OF_THE_MOMENT} for row in rows]
        found[table] = sorted(map(repr, told))
    return found


async def taken_in(found: Desk) -> list[int]:
    """The messages of the flow, looked at."""
    sequences = [await found.accept(number) for number in range(len(found.events))]
    await found.projector.catch_up()
    return sequences


async def test_stays_stay_when_bodies_are_removed_and_everything_is_made_anew(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        sequences = await taken_in(found)
        before = rows_in(found.ledger)
        for some in (sequences[:1], sequences):
            await found.ledger.write(lambda session, some=some: remove_bodies(session, some))
            await found.projector.rebuild()
            assert found.stays() == []
            await found.projector.catch_up()
            assert rows_in(found.ledger) == before


async def test_what_waits_for_its_turn_is_not_removed(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        sequences = await taken_in(found)
        before = rows_in(found.ledger)
        await found.projector.rebuild()
        removed = await found.ledger.write(lambda session: remove_bodies(session, sequences))
        forgotten = await found.ledger.write(
            lambda session: [retention.forget(session, each, 2**60) for each in sequences]
        )
        assert not any(removed) and not any(forgotten)
        await found.projector.catch_up()
        assert rows_in(found.ledger) == before
        assert all(await found.ledger.write(lambda session: remove_bodies(session, sequences)))


async def test_a_body_removed_after_it_was_read_is_not_kept(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow)[:1], flow["now"]) as found:
        sequence = await found.accept(0)
        look = Projector._look

        async def removing(self: Projector, row: Any) -> Any:
            looked = await look(self, row)
            await self._ledger.write(lambda session: remove_bodies(session, [sequence]))
            return looked

        monkeypatch.setattr(Projector, "_look", removing)
        await found.projector.catch_up()
        assert found.reader.state()["failed"] == 1 and found.stays() == []


async def test_a_stay_that_is_forgotten_does_not_come_back_in_part(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        sequences = await taken_in(found)
        first = next(n for n, event in enumerate(found.events) if event.kind == LOG_INNLAGT)
        await found.ledger.write(lambda session: stays.forget(session, sequences[first]))
        assert plans_of(found) == [], "nor is its discharge told as taken back"
        await found.projector.rebuild()
        await found.projector.catch_up()
        left = sequences[:first] + sequences[first + 1 :]
        found_again = found.ledger.reading().execute("SELECT message FROM stay_messages", {}).fetchall()
        assert not {row["message"] for row in found_again} & set(left)
        assert plans_of(found) == []


async def test_an_answer_does_its_task_also_when_it_is_told_again_after_the_plan(database: str) -> None:
    """It names no plan; when everything is made anew, the time of the plan is over."""
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        await taken_in(found)
        response = {
            "resourceType": "QuestionnaireResponse",
            "id": "answer",
            "questionnaire": "https://fhir.somlos.no/Questionnaire/hva-er-viktig",
            "status": "completed",
        }
        pathway = PathwayDesk(found.ledger, found.projector, clock=lambda: times.of(found.now))
        await pathway.write(response, "the key of a patient", frozenset(), "a test", lambda session: None)
        assert any("questionnaire" in row for row in rows_in(found.ledger)["plan_tasks"])
        found.now += timedelta(days=90)
        await found.projector.turn_of_day()
        before = rows_in(found.ledger)
        assert any("window-closed" in row for row in before["plans"])
        await found.projector.rebuild()
        await found.projector.catch_up()
        assert rows_in(found.ledger)["plan_tasks"] == before["plan_tasks"]


async def test_what_was_said_has_its_turn_also_a_decision_and_a_plan(database: str) -> None:
    """Before the decision the plan stood, and a task of it was done; before the second plan an answer had no task."""
    flow = FLOWS[0]
    events = the_events(flow)
    async with desk(database, events, flow["now"]) as found:
        await taken_in(found)
        pathway = PathwayDesk(found.ledger, found.projector, clock=lambda: times.of(found.now))
        patient = "the key of a patient"
        asked = "https://fhir.somlos.no/Questionnaire/hva-er-viktig"
        ids = found.ledger.reading().execute("SELECT m.id FROM messages m ORDER BY m.sequence", {}).fetchall()

        async def answer(id: str) -> None:
            found.now += timedelta(seconds=1)
            said = {"resourceType": "QuestionnaireResponse", "id": id, "status": "completed"}
            await pathway.write(
                {**said, "questionnaire": asked}, patient, frozenset(), "a test", lambda session: None
            )

        await answer("first")
        for row in ids:
            await pathway.decide(row["id"], None, "a test")
        await answer("second")
        await pathway.start_plan(patient, "2000", "yearly", found.now.date(), "a test")
        await found.projector.catch_up()
        before = rows_in(found.ledger)
        assert sum("questionnaire" in row for row in before["plan_tasks"]) == 1
        await found.projector.rebuild()
        await pathway.start_plan(patient, "2000", "yearly", found.now.date(), "a test")
        await found.projector.catch_up()
        assert rows_in(found.ledger) == before


async def test_what_was_sent_again_left_us_when_it_first_did(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        sequence = await found.accept(0)

        def deliver(session: Session) -> int:
            lane = line.lane(session, "a lane", "2001")
            new = line.NewDelivery(sequence, False, "2001", lane, "plo-1.6", True)
            delivery = line.queue(session, new, times.of(found.now), give_up_at=times.of(found.now) + 1)
            session.run("mark_sent", delivery_id=delivery, now=times.of(found.now), deadline_at=None)
            return delivery

        delivery = await found.ledger.write(deliver)
        await found.projector.catch_up()
        before = delivered_in(found)
        later = times.of(found.now + timedelta(days=1))
        again = {"delivery_id": delivery, "now": later, "deadline_at": None}
        await found.ledger.write(lambda session: session.run("mark_sent", **again))
        await found.projector.rebuild()
        await found.projector.catch_up()
        assert delivered_in(found) == before == [times.of(found.now)]


def delivered_in(found: Desk) -> list[int]:
    rows = found.ledger.reading().execute("SELECT delivered_at FROM pathway_events", {}).fetchall()
    return [row["delivered_at"] for row in rows]


def plans_of(found: Desk) -> list[Any]:
    return found.ledger.reading().execute("SELECT plan_id, state FROM plans", {}).fetchall()


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path_factory.mktemp("gateway"), DAY_ZERO) as found:
        found.hand_in(*STORY)
        yield found


def rows_of(house: PathwayHouse) -> dict[str, list[str]]:
    ledger = house.services.ledger
    assert house.services.projector is not None
    counting = house.services.projector.counting.catch_up()
    asyncio.run_coroutine_threadsafe(counting, ledger._listeners[0][0]).result()
    return rows_in(ledger)


def test_a_goal_is_linked_by_what_the_messages_say(house: PathwayHouse) -> None:
    """Not only once something else is said."""

    def linked() -> dict[str, int]:
        rows = house.services.ledger.reading().execute("SELECT goal_id, linked FROM goals", {}).fetchall()
        return {row["goal_id"]: row["linked"] for row in rows}

    before = linked()
    with house.client("lyngvik") as lyngvik:
        made = post(lyngvik, goal(lyngvik)).json()
    assert linked() == before | {made["id"]: 0}
    assert any(before.values())


def said(client: httpx.Client) -> None:
    """A goal, an answer and a done task."""
    assert post(client, goal(client)).status_code == 201
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "https://fhir.somlos.no/Questionnaire/hva-er-viktig|0.1.0",
        "status": "completed",
        "subject": the(client, "Encounter", type="stay")["subject"],
        "authored": f"{HOME}T12:00:00+01:00",
        "item": [{"linkId": "spurt", "answer": [{"valueBoolean": True}]}],
    }
    assert post(client, response).status_code == 201
    task = task_of(client, "nurse-assessment")
    assert put(client, {**task, "status": "completed"}, task["meta"]["versionId"]).status_code == 200


def test_what_is_counted_stays_when_its_words_are_removed_and_everything_is_made_anew(
    house: PathwayHouse,
) -> None:
    ledger, projector = house.services.ledger, house.services.projector
    assert projector is not None
    loop = ledger._listeners[0][0]

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    async def remove() -> retention.Removed:
        when = ledger.clock() + 31 * retention.DAY
        reader, digest = house.services.operations.reader, Workers(Formats(), 0).canonical_digest
        return await retention.run(ledger, reader, KEPT, when, digest)

    with house.client("lyngvik") as lyngvik, house.client("operator") as operator:
        said(lyngvik)
        clock = ledger.reading().execute("SELECT clock_id FROM clocks ORDER BY clock_id", {}).fetchone()
        who = {"by": "Kari", "why": "ringt"}
        answer = operator.post(f"/ops/pathways/clocks/{clock['clock_id']}/settle", json=who)
        assert answer.status_code == 200
        before = rows_of(house)
        run(projector.rebuild())
        house.wait()
        assert rows_of(house) == before, "a clock that was settled is settled"
        assert run(remove()).said == 3
        before = rows_of(house)
        run(projector.rebuild())
        house.wait()
        assert rows_of(house) == before
