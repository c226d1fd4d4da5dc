"""Do several nodes on one ledger lose nothing, double nothing and keep the order, and take over from one that died?"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.ledger.duty import Duty
from gateway.ledger.reader import LedgerReader
from gateway.ledger.store import Ledger, database_at
from gateway.operations.actions import Act
from gateway.routing.outcomes import Accepted, Duplicate
from gateway.transports.base import Outgoing
from gateway.transports.inbox import DirectoryInbox
from tests.support import stores
from tests.support.node import Client
from tests.support.plain import (
    CARE,
    NURSING,
    TOWN,
    VILLAGE,
    House,
    Scripted,
    held,
    message,
    receipt,
    running,
    settings,
)

ACT = Act("Kari Drift", "flytter endepunktet")
RECEIVERS = [(TOWN, NURSING), (VILLAGE, CARE)]
LIMIT_S = 60.0


@pytest.fixture(autouse=True)
def address() -> Iterator[str]:
    """A schema of the test's own."""
    if not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    with stores.on_postgres() as made:
        yield made


@contextlib.asynccontextmanager
async def two(folder: Path, transport: Scripted) -> AsyncIterator[tuple[House, House]]:
    """Two nodes of the same settings, and what both send."""
    configured = settings(folder)
    async with running(configured, transport) as one, running(configured, transport) as other:
        yield one, other


async def test_two_nodes_begin_at_once_on_an_empty_database(address: str) -> None:
    ledgers = [Ledger(database_at(address)) for _ in range(3)]
    await asyncio.gather(*(asyncio.to_thread(ledger.open) for ledger in ledgers))
    assert all(ledger.is_ready for ledger in ledgers)
    for ledger in ledgers:
        ledger.close()


async def test_what_one_node_accepts_another_may_send_and_all_hear_of(tmp_path: Path) -> None:
    async with two(tmp_path, Scripted()) as (one, other):
        await one.services.dispatcher.stop()
        id = await one.accepted(message(acknowledgement="N"))
        await other.until(id, "delivered")
        await one.until(id, "delivered")


async def test_same_message_at_two_nodes_at_once_is_accepted_once(tmp_path: Path) -> None:
    async with two(tmp_path, Scripted()) as (one, other):
        for number in range(15):
            data = message(f"m-{number}")
            outcomes = await asyncio.gather(one.hand_in(data), other.hand_in(data))
            assert {type(each) for each in outcomes} == {Accepted, Duplicate}
            assert len({each.id for each in outcomes if isinstance(each, Accepted | Duplicate)}) == 1


async def test_message_and_its_correction_at_two_nodes_at_once_both_arrive_in_order(tmp_path: Path) -> None:
    """Whoever comes first, neither overlooks the other: nothing stays parked."""
    transport = Scripted()
    async with two(tmp_path, transport) as (one, other):
        for number in range(15):
            first, second = f"n-{number}", f"m-{number}"
            changed = message(second, status="M", parent_id=first, conversation_id=first)
            ids = await asyncio.gather(one.accepted(message(first)), other.accepted(changed))
            for id in ids:
                await one.until(id, "sent")
            assert transport.ids()[-2:] == [first, second]


async def test_order_is_kept_over_two_nodes(tmp_path: Path) -> None:
    transport = Scripted()
    async with two(tmp_path, transport) as nodes:
        ids = [f"m-{number}" for number in range(30)]
        ours = [await nodes[n % 2].accepted(message(id, acknowledgement="N")) for n, id in enumerate(ids)]
        await nodes[0].until(ours[-1], "delivered")
        assert transport.ids() == ids


async def test_backlog_is_sent_at_its_rate_by_all_nodes_together(tmp_path: Path) -> None:
    """Also by the node that did not hear of the outage."""
    transport, begun = Scripted(), list[float]()

    async def note(_: Outgoing) -> None:
        begun.append(time.monotonic())

    transport.on_send = note
    town = {"endpoint": {"drain_per_second": 40, "concurrency": 8}}
    configured = settings(tmp_path, town=town)
    async with running(configured, transport) as one, running(configured, transport) as other:
        await one.services.operations.hold(NURSING, "paused", ACT, key=None)
        accepted = [(one, other)[n % 2].accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(60)]
        ids = await asyncio.gather(*accepted)
        resumed = time.monotonic()  # not the first sending, which a busy machine begins long after its claim
        await one.services.operations.resume(NURSING, ACT, key=None)
        for id in ids:
            await one.until(id, "sent")
        assert len(begun) == len(ids)
        assert begun[-1] - resumed >= (len(ids) - 5) / 40  # five: a tenth of a second's worth, and one


async def test_lane_of_one_node_is_left_alone_by_the_other(tmp_path: Path) -> None:
    transport = held("m-1")
    async with two(tmp_path, transport) as (one, other):
        await one.accepted(message("m-1"))
        await transport.attempts(1)
        behind = await other.accepted(message("m-2"))
        beside = await other.accepted(message("m-3", patient="another"))
        await other.until(beside, "sent")
        assert (other.delivery(behind).state, transport.ids()) == ("queued", ["m-1", "m-3"])
        transport.gates["m-1"].set()
        await other.until(behind, "sent")


async def test_node_that_ends_gives_its_lanes_back(tmp_path: Path) -> None:
    transport = held("m-1")
    configured = settings(tmp_path)
    async with running(configured) as other:
        await other.services.dispatcher.stop()
        async with running(configured, transport) as one:
            id = await one.accepted(message("m-1"))
            await transport.attempts(1)
    async with running(configured) as next_one:
        await next_one.until(id, "sent")  # long before the lease of a minute is over
        assert "delivery.recovered" in next_one.trail(id)


async def test_what_a_node_was_sending_when_it_ended_goes_on_after_a_receipt(tmp_path: Path) -> None:
    """The receipt for what was sent before it in the lane looks for the lane's next; nobody works on that yet."""
    transport = held("m-2")
    configured = settings(tmp_path)
    async with running(configured) as other:
        await other.services.dispatcher.stop()
        async with running(configured, transport) as one:
            await one.until(await one.accepted(message("m-1")), "sent")
            id = await one.accepted(message("m-2"))
            await transport.attempts(2)
        assert other.delivery(id).state == "queued"
        await other.accepted(receipt("m-1"), "town")
    async with running(configured) as next_one:
        await next_one.until(id, "sent")


async def test_one_node_looks_into_a_folder(tmp_path: Path, address: str) -> None:
    ledgers = [Ledger(database_at(address)) for _ in range(2)]
    for ledger in ledgers:
        ledger.open()
    duties = [Duty(ledger, "folder/x", f"node-{n}", 60) for n, ledger in enumerate(ledgers)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_bytes(b"<a/>")
    taken: list[int] = []

    def inbox(number: int) -> DirectoryInbox:
        async def take_over(data: bytes, content_type: str) -> None:
            taken.append(number)

        return DirectoryInbox(tmp_path, take_over, watch=duties[number])

    inboxes = [inbox(0), inbox(1)]
    for _ in range(2):  # a file must have looked the same twice
        for each in inboxes:
            await each.look()
    assert taken == [0]
    assert [await duty.is_ours() for duty in duties] == [True, False]
    await duties[0].end()
    duties[1]._ask_at = 0  # it would ask again after a quarter of the lease
    assert [await duty.is_ours() for duty in reversed(duties)] == [True, False]
    for ledger in ledgers:
        ledger.close()


async def test_nodes_killed_in_the_middle(tmp_path: Path, address: str) -> None:
    """Two processes; one is killed, a third comes, the second is killed. Senders without an answer go to the next."""
    chance = random.Random(8)
    bodies = [
        message(f"m-{n}", patient=f"p{n % 25}", receiver=chance.choice(RECEIVERS), acknowledgement="N")
        for n in range(240)
    ]
    nodes = list(await asyncio.gather(*(Client.start(tmp_path, address) for _ in range(2))))
    accepted: dict[int, str] = {}
    places = asyncio.Semaphore(16)

    async def insist(number: int) -> None:
        async with places:
            while number not in accepted:
                id = await chance.choice(nodes).hand_in(bodies[number])
                if id is not None:
                    accepted[number] = id
                await asyncio.sleep(0 if id else 0.01)

    async def kill_at(number: int, *, next_one: bool) -> None:
        while len(accepted) < number:
            await asyncio.sleep(0.002)
        await nodes.pop(0).kill()
        if next_one:
            nodes.append(await Client.start(tmp_path, address))

    async with asyncio.timeout(LIMIT_S):
        killing = asyncio.create_task(kill_at(70, next_one=True))
        await asyncio.gather(*(insist(number) for number in range(150)))
        await killing
        killing = asyncio.create_task(kill_at(200, next_one=False))
        await asyncio.gather(*(insist(number) for number in range(150, 240)))
        await killing
        ledger = Ledger(database_at(address))
        ledger.open()
        await until_all_delivered(ledger, len(bodies))
        await asyncio.gather(*(node.end() for node in nodes))
    check(ledger, accepted, (tmp_path / "sent").read_text().splitlines())
    ledger.close()


async def until_all_delivered(ledger: Ledger, number: int) -> None:
    """Wait, hearing of the others' commits, until each message is over."""
    ledger.listen(lambda notices: None)
    while True:
        version = ledger.version
        query = "SELECT COUNT(*) AS number FROM deliveries WHERE state = 'delivered'"
        if ledger.reading().execute(query).fetchone()["number"] == number:
            return
        await ledger.changed(version)


def check(ledger: Ledger, accepted: dict[int, str], sent: list[str]) -> None:
    """The ledger check: nothing lost, nothing under two ids or with other bytes, order kept in every lane."""
    rows = LedgerReader(ledger).list_messages(limit=1000)
    assert {row.message.message_id: row.message.id for row in rows} == {
        f"m-{number}": id for number, id in accepted.items()
    }
    seen: dict[str, set[str]] = defaultdict(set)
    order: list[str] = []
    for line in sent:
        message_id, said = line.split(" ", 1)
        seen[message_id].add(said)
        order.append(message_id)
    assert seen.keys() == {f"m-{number}" for number in accepted}
    assert all(len(each) == 1 for each in seen.values())
    assert all(next(iter(seen[row.message.message_id])).startswith(row.message.id) for row in rows)
    query = "SELECT m.message_id, d.lane_id, d.position FROM deliveries d JOIN messages m ON m.sequence = d.message"
    place = {row["message_id"]: row for row in ledger.reading().execute(query).fetchall()}
    latest: dict[int, int] = {}
    for message_id in order:
        lane, position = place[message_id]["lane_id"], place[message_id]["position"]
        assert position >= latest.get(lane, 0), "sent behind its time"
        latest[lane] = position
