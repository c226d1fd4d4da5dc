"""Do the flows of the table end in the right rows, when they come as messages and are projected in portions?

The ledger and its database are the real ones; what a message says is handed over by the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.ledger import messages, times
from gateway.ledger.messages import NewMessage
from gateway.ledger.operations import OperationsReader
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger, database_at
from gateway.operations.alarms import Watch
from gateway.pathway.events import RECEIPT, PathwayEvent
from gateway.projection.desk import Desk as PathwayDesk
from gateway.projection.interpret import Interpretation
from gateway.projection.projector import Projector
from gateway.projection.resources import Named
from gateway.records.reader import PathwayReader
from gateway.records.rows import Instant, StayRow
from gateway.settings_load import from_content
from tests.support import stores
from tests.support.flows import (
    AGREEMENT_SETTINGS,
    FLOWS,
    an_event,
    at,
    by_name,
    expected,
    the_decisions,
    the_events,
    the_statements,
)

PATIENT = "the key of a patient"


class Told:
    """Reads bodies that hold the number of an event."""

    def __init__(self, events: list[PathwayEvent]) -> None:
        self.events = events

    async def interpret(self, data: bytes, content: str, accepted: datetime, named: Named) -> Interpretation:
        """The event of that number."""
        said = json.loads(data)
        return (
            Interpretation(None, None, "xml.not-a-message")
            if said is None
            else Interpretation(self.events[said], None)
        )


class Desk:
    """A ledger, a projector, and short ways to use them."""

    def __init__(self, ledger: Ledger, events: list[PathwayEvent], now: str) -> None:
        self.ledger = ledger
        self.events = events
        self.now = at(now)
        self.reader = PathwayReader(ledger)
        self.projector = self.another()

    def another(self, owner: str = "one") -> Projector:
        """A projector of another node."""
        settings = from_content({"agreement": [AGREEMENT_SETTINGS]})
        return Projector(settings, self.ledger, Told(self.events), owner, clock=lambda: times.of(self.now))

    def keep(self, session: Session, number: int | None, **said: Any) -> int:
        """Keep a message as intake does."""
        event = self.events[number or 0]
        receipt = event.kind == RECEIPT
        new = NewMessage(
            id=str(uuid4()),
            message_id=event.key.id if number is not None else str(uuid4()),
            sender_her=event.key.sender,
            sender_organisation_her=event.sender_organisation,
            receiver_her="2001",
            receiver_organisation_her="2000",
            format="plo-1.6",
            message_type="LOG_INNLAGT",
            status=event.status,
            parent_id=event.parent,
            conversation_id=event.conversation,
            patient_key=said.get("patient", PATIENT),
            content_digest="",
            acknowledgement="J",
            processing="P",
            signed=False,
            body_known=True,
            is_receipt=receipt,
            partner=None,
            generated_at=None,
            received_at=times.of(event.accepted),
            size=1,
            dated_events="[]",
        )
        return messages.keep(session, new, json.dumps(number).encode(), "application/xml")

    async def accept(self, number: int | None, **said: Any) -> int:
        """Keep one message."""
        return await self.ledger.write(lambda session: self.keep(session, number, **said))

    def stays(self) -> list[StayRow]:
        """The stays, oldest admission first; one without, last."""
        found = self.reader.stays(now=self.now)
        return sorted(found, key=lambda s: (s.admitted is None, s.began_at))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the ledger lies."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'ledger.db'}"
    elif not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    else:
        with stores.schema() as address:
            yield address


@contextlib.asynccontextmanager
async def desk(database: str, events: list[PathwayEvent], now: str) -> AsyncIterator[Desk]:
    ledger = Ledger(database_at(database))
    ledger.open()
    try:
        found = Desk(ledger, events, now)
        await ledger.write(lambda session: session.run("begin_projection", name="records"))
        yield found
    finally:
        ledger.close()


def a_moment(found: Instant | None) -> tuple[datetime, bool] | None:
    return (found.at, found.is_day) if found else None


def in_rows(found: Desk) -> dict[str, Any]:
    """What the rows say, in the words of the table."""
    key_of = {
        row["id"]: found.events[json.loads(row["content"])].key.id
        for row in found.ledger.reading()
        .execute("SELECT m.id, b.content FROM messages m JOIN bodies b ON b.body_id = m.body_id")
        .fetchall()
    }
    return {
        "stays": [
            {
                "state": stay.state,
                "admitted": a_moment(stay.admitted),
                "ready": a_moment(stay.ready),
                "ended": a_moment(stay.ended),
                # no agreement with another trust is in the settings: only the national rules hold there
                "clocks": sorted(f"{c.kind} {c.state}" for c in stay.clocks if stay.trust_her == "1000"),
                "doubts": sorted(stay.doubts),
            }
            for stay in found.stays()
        ],
        "uncertain": sorted(f"{key_of[each.message]} {each.reason}" for each in found.reader.unplaced()),
    }


def in_the_table(flow: dict[str, Any]) -> dict[str, Any]:
    said = expected(flow)
    return {
        "stays": [
            {
                **stay,
                **{
                    name: (stay[name].at, stay[name].is_day) if stay[name] else None
                    for name in ("admitted", "ready", "ended")
                },
                "clocks": sorted(stay["clocks"]),
            }
            for stay in said["stays"]
        ],
        "uncertain": sorted(said["uncertain"]),
    }


def keep_inputs(session: Session, flow: dict[str, Any]) -> None:
    """Decisions and coded answers, as they are kept when a person or a Task gives them."""
    for decision in the_decisions(flow):
        meant = list(decision.belongs_with) if decision.belongs_with else None
        detail = {"message": list(decision.message), "with": meant}
        _input(session, decision.id, "decision", decision.decided, detail)
    for said in the_statements(flow):
        detail = {"about": list(said.about), "code": said.code, "source": said.source, "moment": None}
        _input(session, said.id, "statement", said.said, detail)


def _input(session: Session, id: str, kind: str, when: datetime, detail: dict[str, Any]) -> None:
    session.keep(
        "keep_input",
        id=id,
        at=times.of(when),
        by_whom="a test",
        kind=kind,
        patient_key=PATIENT,
        detail=json.dumps(detail),
        body_id=None,
    )


@pytest.mark.parametrize("flow", FLOWS, ids=by_name)
async def test_a_flow_ends_in_its_rows_whatever_order_it_comes_in(
    flow: dict[str, Any], tmp_path: Path
) -> None:
    events = the_events(flow)
    unique = {event.key: event for event in events}  # the ledger takes each message once
    order = list(unique.values())
    random.Random(str(flow["name"])).shuffle(order)
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", order, flow["now"]) as found:
        await found.ledger.write(lambda session: keep_inputs(session, flow))
        for number in range(len(order)):
            await found.accept(number)
            if number % 2:
                await found.projector.catch_up()
        await found.projector.catch_up()
        assert in_rows(found) == in_the_table(flow)


async def test_rows_stay_as_they_are_when_it_is_done_again(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        for number in range(len(found.events)):
            await found.accept(number)
        await found.projector.catch_up()
        before = in_rows(found), [stay.id for stay in found.stays()]
        await found.projector.anew([PATIENT])
        assert (
            (in_rows(found), [stay.id for stay in found.stays()]) == before == (in_the_table(flow), before[1])
        )
        assert found.reader.state()["waiting"] == 0


async def test_a_clock_is_told_as_it_stands_at_the_time_asked_about(tmp_path: Path) -> None:
    flow = FLOWS[0]
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", the_events(flow)[:1], flow["now"]) as found:
        await found.accept(0)
        await found.projector.catch_up()
        asked = [
            {clock.kind: (clock.state, clock.warning) for clock in stay.clocks}
            for time in ("2026-03-02T12:00:00", "2026-03-03T09:30:00", "2026-03-03T10:05:01")
            for stay in found.reader.stays(now=at(time))
        ]
        assert [each["admission-report"] for each in asked] == [
            ("running", False),
            ("running", True),
            ("missed", False),
        ]


async def test_a_message_that_cannot_be_read_holds_up_nobody(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        await found.accept(None)
        await found.accept(0)
        await found.projector.catch_up()
        assert [stay.state for stay in found.stays()] == ["innlagt"]
        assert found.reader.state() == {"waiting": 0, "failed": 1, "stays": 1, "uncertain": 0}


@pytest.mark.parametrize("moved_before", [True, False])
async def test_what_is_removed_while_the_position_is_moved_is_made_anew(
    moved_before: bool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what the projector has read and the move stands a rebuild: nothing has been looked at any more. A
    projection that was never moved looks as one from which everything was removed."""
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        for number in range(len(found.events)):
            await found.accept(number)
        if moved_before:
            await found.projector.catch_up()
        move = Projector._move

        async def removing_first(self: Projector, *as_read: Any) -> None:
            monkeypatch.setattr(Projector, "_move", move)
            await self.rebuild()
            await move(self, *as_read)

        monkeypatch.setattr(Projector, "_move", removing_first)
        await found.projector.catch_up()
        await found.projector.catch_up()
        assert found.reader.state()["waiting"] == 0
        assert in_rows(found) == in_the_table(flow)


async def test_a_message_that_was_read_before_a_removal_waits_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before it are to be kept first: what stands depends on what was said last."""
    flow, order = FLOWS[0], []
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", the_events(flow), flow["now"]) as found:
        sequences = [await found.accept(number) for number in range(len(found.events))]
        look, anew = Projector._look, Projector._anew

        async def removing_last(self: Projector, row: Any) -> Any:
            looked = await look(self, row)
            if row["sequence"] == sequences[1]:
                monkeypatch.setattr(Projector, "_look", look)
                await self.rebuild()
            return looked

        def noting(self: Projector, session: Session, patients: Iterable[str]) -> None:
            order.append([row["message"] for row in session.all("pathway_events_of", patient_key=PATIENT)])
            anew(self, session, patients)

        monkeypatch.setattr(Projector, "_look", removing_last)
        monkeypatch.setattr(Projector, "_anew", noting)
        await found.projector.catch_up()
        assert order == [sequences[:1], *(sequences[:upto] for upto in range(1, len(sequences) + 1))]


async def test_a_statement_that_was_read_before_a_removal_waits_for_its_turn(tmp_path: Path) -> None:
    """Those before it are to be said again first: it would be refused now, and they would be passed over."""
    flow = FLOWS[0]
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", the_events(flow), flow["now"]) as found:
        said: Any = {"input_id": 8, "detail": "{}", "content": b"{}"}
        as_read: Any = {"removals": 0, "inputs": 0}
        await found.projector.rebuild()
        await found.ledger.write(lambda session: found.projector._replay(session, said, as_read))
        row = found.ledger.reading().execute("SELECT inputs FROM projections", {}).fetchone()
        assert row["inputs"] == 0


async def test_the_next_message_is_read_while_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = FLOWS[0]
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", the_events(flow), flow["now"]) as found:
        await found.accept(0)
        await found.accept(1)
        second_read, both_kept = threading.Event(), []
        interpret, keep = Told.interpret, Projector._keep

        async def interpreting(self: Told, data: bytes, *rest: Any) -> Interpretation:
            if json.loads(data) == 1:
                second_read.set()
            return await interpret(self, data, *rest)

        def keeping(self: Projector, *rest: Any, **more: Any) -> None:
            both_kept.append(second_read.wait(timeout=30))
            keep(self, *rest, **more)

        monkeypatch.setattr(Told, "interpret", interpreting)
        monkeypatch.setattr(Projector, "_keep", keeping)
        await found.projector.catch_up()
        assert both_kept == [True, True]


async def test_several_nodes_at_once_make_the_rows_of_one(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        for number in range(len(found.events)):
            await found.accept(number)
        await asyncio.gather(*(found.another(f"node {n}").catch_up() for n in range(3)))
        assert in_rows(found) == in_the_table(flow)


def position(found: Desk) -> int:
    """How far the projection is certain to be complete."""
    row = found.ledger.reading().execute("SELECT position FROM projections", {}).fetchone()
    return int(row["position"])


async def test_while_much_waits_the_position_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each question for the next messages would pass over all that were looked at."""
    monkeypatch.setattr("gateway.projection.projector.PORTION", 1)
    monkeypatch.setattr("gateway.projection.projector.LONGEST_SKIPPED", 1)
    flow = FLOWS[0]
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", the_events(flow), flow["now"]) as found:
        sequences = [await found.accept(number) for number in range(len(found.events))]
        while position(found) < sequences[0]:
            assert await found.projector.portion(), "it moved only when nothing was left"
        await found.projector.catch_up()
        assert in_rows(found) == in_the_table(flow)


@pytest.mark.skipif(not stores.has_postgres(), reason=stores.WITHOUT_POSTGRES)
@pytest.mark.parametrize("skipped", [0, 500])
async def test_a_smaller_number_that_is_committed_late_is_not_passed_over(
    skipped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node has drawn its number and is slow to commit; another node's later message is projected meanwhile."""
    monkeypatch.setattr("gateway.projection.projector.LONGEST_SKIPPED", skipped)
    flow = FLOWS[0]
    with stores.schema() as address:
        async with desk(address, the_events(flow), flow["now"]) as found:
            slow = database_at(address)
            writing = slow.open(lambda notices: None)
            writing.begin(frozenset({"a lane of its own"}))
            session = Session(writing, slow.queries)
            sequence = found.keep(session, 0)
            later = await found.ledger.write(lambda session: found.keep(session, 1), touching=())
            assert sequence < later
            for _ in range(3):
                await found.projector.catch_up()
            assert found.stays() == []
            writing.commit(session.notices, 1)
            await found.projector.catch_up()
            assert [stay.state for stay in found.stays()] == ["innlagt"]
            async with asyncio.timeout(60):
                # others in this cluster may have transactions open: nothing tells when they end
                while position(found) != later:
                    await found.projector.catch_up()
                    await asyncio.sleep(0.02)
            writing.close()
            slow.close()


async def test_delivery_is_known_when_it_is_over(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow), flow["now"]) as found:
        sequence = await found.accept(0)
        await found.projector.catch_up()

        def deliver(session: Session) -> None:
            from gateway.ledger import line

            lane = line.lane(session, "a lane", "2001")
            new = line.NewDelivery(sequence, False, "2001", lane, "plo-1.6", True)
            delivery = line.queue(session, new, times.of(found.now), give_up_at=times.of(found.now) + 1)
            line.end(session, delivery, sequence, "delivered", times.of(found.now), was_sent=True)

        await found.ledger.write(deliver)
        await found.projector.catch_up()
        page = found.reader.stay(found.stays()[0].id, now=found.now)
        assert page is not None
        assert {each.entry.delivered for each in page.timeline} == {found.now}


async def test_a_stay_keeps_its_id_when_its_admission_comes_late(tmp_path: Path) -> None:
    flow = next(flow for flow in FLOWS if flow["name"].startswith("8 "))
    events = the_events(flow)
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", events, flow["now"]) as found:
        seen = set()
        for number in sorted(range(len(events)), key=lambda n: events[n].kind != "LOG_UTSKRIVNINGSKLAR"):
            await found.accept(number)
            await found.projector.catch_up()
            seen |= {stay.id for stay in found.stays()}
        assert len(seen) == 1


async def test_a_clock_is_an_alarm_once_before_and_once_after_its_limit(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow)[:2], flow["now"]) as found:
        watch = Watch(from_content({"agreement": [AGREEMENT_SETTINGS]}), "a node")

        async def alarms(now: str) -> set[tuple[str, str, bool]]:
            at_time = times.of(at(now))
            for _ in range(2):  # the second look finds nothing to do
                await found.ledger.write(lambda session: watch.look(session, [], at_time))
            assert not watch.is_needed(OperationsReader(found.ledger), [], at_time)
            rows = found.ledger.reading().execute("SELECT kind, receiver_her, closed_at FROM alarms", {})
            told = [(row["kind"], row["receiver_her"], row["closed_at"] is None) for row in rows.fetchall()]
            assert len(told) == len(set(told))
            return set(told)

        await found.accept(0)
        await found.projector.catch_up()
        assert await alarms("2026-03-02T12:00:00") == set()
        warned = ("clock-warning", "2000")
        assert (*warned, True) in await alarms("2026-03-03T09:30:00")
        late = await alarms("2026-03-03T10:06:00")
        assert {(*warned, False), ("clock-missed", "2000", True)} <= late
        await found.accept(1)
        await found.projector.catch_up()
        assert ("clock-missed", "2000", False) in await alarms("2026-03-03T11:00:00")


async def test_the_alarm_of_a_clock_follows_what_messages_say_of_its_limit(database: str) -> None:
    first = {
        "type": "LOG_INNLAGT",
        "id": "a",
        "sent": "2026-03-02T10:05:00",
        "admitted": "2026-03-02T10:00:00",
    }
    ready = {"type": "LOG_UTSKRIVNINGSKLAR", "id": "k", "sent": "2026-03-02T11:00:00"}
    ready |= {"admitted": "2026-03-02T10:00:00", "ready": "2026-03-04"}
    withdrawn = {**ready, "id": "c", "sent": "2026-03-03T11:00:00", "status": "C", "parent": "k"}
    again = {**ready, "id": "l", "sent": "2026-03-03T12:00:00"}
    later = {**first, "id": "m", "sent": "2026-03-03T13:00:00", "status": "M", "parent": "a"}
    later["admitted"] = "2026-03-03T09:00:00"
    events = [an_event(each) for each in (first, ready, withdrawn, again, later)]
    async with desk(database, events, "2026-03-05T12:00:00") as found:
        watch = Watch(from_content({"agreement": [AGREEMENT_SETTINGS]}), "a node")

        async def missed(number: int | None, now: str) -> bool:
            """Whether the notice is told as missed, in the row of its clock and as an alarm alike."""
            if number is not None:
                await found.accept(number)
                await found.projector.catch_up()
            at_time = times.of(at(now))
            await found.ledger.write(lambda session: watch.look(session, [], at_time))
            assert not watch.is_needed(OperationsReader(found.ledger), [], at_time)
            (stay,) = found.reader.stays(now=at(now))
            (clock,) = [each for each in stay.clocks if each.kind == "notice"]
            open_ones = found.ledger.reading().execute(
                "SELECT kind FROM alarms WHERE closed_at IS NULL AND subject = :subject",
                {"subject": clock.id},
            )
            kinds = [row["kind"] for row in open_ones.fetchall()]
            assert kinds == (["clock-missed"] if clock.state == "missed" else [])
            return clock.state == "missed"

        assert not await missed(0, "2026-03-02T12:00:00")
        assert await missed(1, "2026-03-03T10:30:00")
        assert not await missed(2, "2026-03-03T11:30:00"), "nobody knows that a notice was needed"
        assert await missed(3, "2026-03-03T12:30:00")
        assert not await missed(4, "2026-03-03T13:30:00"), "admitted later than told before"
        assert await missed(None, "2026-03-04T10:00:00"), "and missed all the same"


async def test_a_clock_that_a_person_settled_is_no_alarm_and_an_old_one_never_was(database: str) -> None:
    flow = FLOWS[0]
    async with desk(database, the_events(flow)[:1], flow["now"]) as found:
        await found.accept(0)
        await found.projector.catch_up()
        watch = Watch(from_content({"agreement": [AGREEMENT_SETTINGS]}), "a node")
        late = times.of(at("2026-03-03T10:06:00"))
        assert not watch.is_needed(OperationsReader(found.ledger), [], times.of(at("2026-06-01T10:00:00")))
        await found.ledger.write(lambda session: watch.look(session, [], late))
        clock = next(c for c in found.stays()[0].clocks if c.kind == "admission-report")
        await PathwayDesk(found.ledger, found.projector, clock=lambda: late).settle(clock.id, "Kari")
        await found.ledger.write(lambda session: watch.look(session, [], late))
        open_ones = found.ledger.reading().execute("SELECT 1 FROM alarms WHERE closed_at IS NULL", {})
        assert open_ones.fetchall() == []
        await found.projector.anew([PATIENT])
        assert not watch.is_needed(OperationsReader(found.ledger), [], late)
