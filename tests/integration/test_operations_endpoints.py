"""Does a held endpoint lose nothing, does a drain end, and does a backlog go out at its rate?"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from pathlib import Path

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.operations.actions import Act
from gateway.operations.endpoints import mark_of
from gateway.routing.attempts import Claimed, claim
from gateway.routing.pace import Pace
from gateway.transports.base import Deferred, Delivered, Outgoing
from tests.support.plain import (
    CARE,
    NURSING,
    TOWN,
    VILLAGE,
    House,
    Scripted,
    held,
    message,
    running,
    settings,
)

ACT = Act("Kari Drift", "flytter endepunktet")
DOWN = Deferred("transport.unreachable")
TOWN_URL = "http://town.invalid/messages"


def paces(house: House) -> int:
    """How many endpoints are sent to at their rate."""
    found: int = house.services.ledger.reading().execute("SELECT COUNT(*) FROM paces").fetchone()[0]
    return found


def condition(house: House, her_id: str = NURSING) -> str:
    return house.services.operations.endpoint(her_id).condition


@pytest.mark.usefixtures("store")
async def test_paused_endpoint_gets_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        operations = house.services.operations
        await operations.hold(NURSING, "paused", ACT, key=None)
        waiting = [await house.accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(3)]
        other = await house.accepted(message("v-1", receiver=(VILLAGE, CARE)))
        await house.until(other, "sent")
        assert house.transport.ids() == ["v-1"]
        state = operations.endpoint(NURSING)
        assert (state.condition, state.queued, state.partner) == ("paused", 3, "town")
        assert state.hold is not None
        assert (state.hold.by, state.hold.why) == ("Kari Drift", "flytter endepunktet")
        assert check(house.services.ledger).findings == ()
        await operations.resume(NURSING, ACT, key=None)
        for id in waiting:
            await house.until(id, "sent")
        assert condition(house) == "active"


async def test_a_pause_outlives_a_restart_and_the_limits_begin_anew(tmp_path: Path) -> None:
    short = settings(tmp_path, town={"endpoint": {"give_up_after_s": 0.2}})
    async with running(short) as house:
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
        id = await house.accepted(message("m-1"))
    async with running(short) as house:
        assert condition(house) == "paused"
        accepted = house.delivery(id).created_at
        await house.until_true(
            lambda: (house.delivery(id).deadline_at or accepted).timestamp() > accepted.timestamp() + 60
        )  # its limit passed, and was put off
        assert house.delivery(id).state == "queued"
        await house.services.operations.resume(NURSING, ACT, key=None)
        await house.until(id, "sent")


@pytest.mark.usefixtures("store")
async def test_a_her_id_that_the_settings_add_to_a_paused_endpoint_is_paused(tmp_path: Path) -> None:
    """It was sent to after the restart, and the page said that the endpoint is paused."""
    async with running(settings(tmp_path)) as house:
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
    both = settings(tmp_path, town={"endpoint": {"her_ids": [NURSING, TOWN]}})
    async with running(both) as house:
        added = await house.accepted(message("m-1", receiver=(TOWN, TOWN)))
        other = await house.accepted(message("v-1", receiver=(VILLAGE, CARE)))
        await house.until(other, "sent")
        assert (condition(house), house.delivery(added).state) == ("paused", "queued")
        assert house.transport.ids() == ["v-1"]
        assert check(house.services.ledger).findings == ()
        await house.services.operations.resume(NURSING, ACT, key=None)
        await house.until(added, "sent")


@pytest.mark.usefixtures("store")
async def test_a_paused_endpoint_is_not_asked_for_what_a_dead_node_was_sending(tmp_path: Path) -> None:
    """A lease that has run out is no reason to look again before the pause is over."""
    async with running(settings(tmp_path)) as house:
        await house.services.dispatcher.stop()
        await house.accepted(message("m-1"))
        ledger = house.services.ledger
        begun = ledger.clock()

        async def claimed(now: int) -> Claimed:
            return await ledger.write(lambda session: claim(session, [NURSING], 1, "a node", now, 1))

        assert len((await claimed(begun)).attempts) == 1
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
        assert await claimed(begun + 10) == Claimed((), None)
        await house.services.operations.resume(NURSING, ACT, key=None)
        assert len((await claimed(begun + 10)).attempts) == 1


async def test_a_pause_in_the_middle_of_a_lane_holds_what_follows(tmp_path: Path) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        first, second = [await house.accepted(message(f"m-{n}")) for n in (1, 2)]
        await transport.attempts(1)
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
        transport.gates["m-1"].set()
        await house.until(first, "sent")  # what was under way may end
        assert house.delivery(second).state == "queued"
        assert check(house.services.ledger).findings == ()
        await house.services.operations.resume(NURSING, ACT, key=None)
        await house.until(second, "sent")


@pytest.mark.usefixtures("store")
async def test_drain_sends_what_was_there_and_keeps_the_rest(tmp_path: Path) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        operations = house.services.operations
        old = [await house.accepted(message(f"m-{n}", patient="p")) for n in (1, 2)]
        await transport.attempts(1)
        await operations.hold(NURSING, "draining", ACT, key=None)
        new = [
            await house.accepted(message("m-3", patient="p")),
            await house.accepted(message("m-4", patient="q")),
        ]
        assert condition(house) == "draining"
        transport.gates["m-1"].set()
        for id in old:
            await house.until(id, "sent")
        assert condition(house) == "drained"
        assert {house.delivery(id).state for id in new} == {"queued"}
        assert check(house.services.ledger).findings == ()
        await operations.resume(NURSING, ACT, key=None)
        for id in new:
            await house.until(id, "sent")


async def test_an_endpoint_is_drained_when_none_of_its_her_ids_has_anything_left(tmp_path: Path) -> None:
    both = settings(tmp_path, town={"endpoint": {"her_ids": [NURSING, TOWN]}})
    transport = held("m-1")
    async with running(both, transport) as house:
        id = await house.accepted(message("m-1", receiver=(TOWN, TOWN)))
        await transport.attempts(1)
        await house.services.operations.hold(NURSING, "draining", ACT, key=None)
        state = house.services.operations.endpoint(NURSING)
        assert (state.condition, state.queued) == ("draining", 1)
        transport.gates["m-1"].set()
        await house.until(id, "sent")
        assert condition(house) == "drained"


async def test_resume_tries_an_endpoint_that_is_down_before_its_pause_is_over(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = Deferred("transport.unreachable", retry_after=600)
    town = {"endpoint": {"first_wait_s": 0.01, "max_wait_s": 600}}
    async with running(settings(tmp_path, town=town), transport) as house:
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(6)]
        await house.until_true(lambda: condition(house) == "down")
        transport.always.clear()
        await house.services.operations.resume(NURSING, ACT, key=None)
        for id in ids:
            await house.until(id, "sent")
        await house.until_true(lambda: condition(house) == "active")


async def test_a_backlog_is_sent_at_its_rate_and_new_traffic_without_one(tmp_path: Path) -> None:
    times: list[float] = []
    transport = Scripted()

    async def note(_: Outgoing) -> None:
        times.append(time.monotonic())

    transport.on_send = note
    town = {"endpoint": {"drain_per_second": 40, "concurrency": 8}}
    async with running(settings(tmp_path, town=town), transport) as house:
        operations = house.services.operations
        await operations.hold(NURSING, "paused", ACT, key=None)
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n % 7}")) for n in range(21)]
        begun = time.monotonic()
        await operations.resume(NURSING, ACT, key=None)
        for id in ids:
            await house.until(id, "sent")
        for number, at in enumerate(times):  # a slow machine sends later, never sooner
            assert at - begun >= (number - 5) / 40, "five: a tenth of a second's worth, and one"
        async with asyncio.timeout(60):
            while paces(house):
                id = await house.accepted(message())
                await house.until(id, "sent")
        assert check(house.services.ledger).findings == ()


async def test_after_an_outage_the_backlog_is_paced(tmp_path: Path) -> None:
    transport = Scripted()
    for n in range(8):
        transport.outcomes[f"m-{n}"] = deque([DOWN, Delivered()])
    town = {"endpoint": {"drain_per_second": 50}}
    async with running(settings(tmp_path, town=town), transport) as house:
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(30)]
        for id in ids:
            await house.until(id, "sent")
        assert check(house.services.ledger).findings == ()


def test_pace() -> None:
    second = 1_000_000
    pace = Pace(20, begun_at=10 * second, next_at=10 * second)
    assert pace.allowed(10 * second) == 1
    pace = pace.took(1, 10 * second)
    assert pace.allowed(10 * second) == 0
    assert pace.due() == 10.05 * second
    assert pace.allowed(pace.due()) == 1
    assert pace.allowed(20 * second) == 3  # a tenth of a second's worth and one, not ten seconds' worth
    assert pace.took(3, 20 * second).due() == 20.05 * second
    assert not pace.may_end(int(10.9 * second))
    assert pace.may_end(11 * second)
    fast = Pace(200, begun_at=0, next_at=0)
    assert fast.allowed(fast.due()) == 10  # they share a commit


@pytest.mark.usefixtures("store")
async def test_who_decides_by_what_is_no_longer_so_changes_nothing(tmp_path: Path) -> None:
    ola = Act("Ola Drift", "prøver igjen")
    async with running(settings(tmp_path)) as house:
        operations = house.services.operations
        free = mark_of(operations.endpoint(NURSING).hold)
        await operations.hold(NURSING, "paused", ACT, key="k", seen=free)
        await operations.hold(NURSING, "paused", ACT, key="k", seen=free)  # the same request once more
        paused = mark_of(operations.endpoint(NURSING).hold)
        breaker = house.services.dispatcher.pumps[NURSING].breaker
        breaker.failed(time.monotonic())
        for late in (
            operations.hold(NURSING, "draining", ola, key=None, seen=free),
            operations.resume(NURSING, ola, key=None, seen=free),
        ):
            with pytest.raises(Refusal, match=r"operations\.changed-meanwhile"):
                await late
        state = operations.endpoint(NURSING)
        assert state.hold is not None
        assert (state.condition, state.hold.by, state.failures) == ("paused", ACT.by, 1)
        await operations.resume(NURSING, ola, key=None, seen=paused)
        assert condition(house) == "active"


@pytest.mark.usefixtures("store")
async def test_two_who_decide_at_once_by_the_same_page_are_told_apart(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        operations = house.services.operations
        done = await asyncio.gather(
            operations.hold(NURSING, "paused", ACT, key=None, seen=""),
            operations.hold(NURSING, "draining", Act("Ola Drift", "tømmes"), key=None, seen=""),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Refusal) for each in done) == 1
