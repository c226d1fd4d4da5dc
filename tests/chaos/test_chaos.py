"""Nothing is lost, doubled or overtaken when the gateway is killed at its hand-offs. The long run: `make chaos`."""

from __future__ import annotations

import asyncio
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import FlowRow
from gateway.ledger.store import Ledger, database_at
from tests.chaos import judge
from tests.chaos.client import Client
from tests.chaos.handoffs import HANDOFFS
from tests.chaos.partners import Arrival, Partners, Record
from tests.chaos.ports import kept_ports
from tests.chaos.run import RANDOM, Node, Run, Tally, chaos, keepers
from tests.chaos.traffic import Sent
from tests.support.messages import Admission
from tests.support.stores import WITHOUT_POSTGRES, has_postgres


def test_killed_at_the_handoffs() -> None:
    tally = asyncio.run(chaos(8, seed=4))
    assert tally.kills.total() == 8
    assert set(tally.kills) <= {*HANDOFFS, RANDOM}
    assert tally.messages > 50


def test_one_of_two_nodes_killed_on_postgres() -> None:
    if not has_postgres():
        pytest.skip(WITHOUT_POSTGRES)
    tally = asyncio.run(chaos(3, seed=5, postgres=True))
    assert tally.kills.total() == 3


def test_killed_while_somebody_acts_on_deliveries() -> None:
    tally = asyncio.run(chaos(8, seed=6, operator=True))
    assert tally.kills.total() == 8
    assert tally.actions.total() > 10


async def test_gateways_end_with_the_run(tmp_path: Path) -> None:
    """Also where it was broken off: nobody else would end them."""
    with kept_ports(1) as (port,):
        await _broken_off(tmp_path, port)


async def _broken_off(tmp_path: Path, port: int) -> None:
    async with asyncio.timeout(60), keepers(1) as (keeper,):
        node = Node(keeper, tmp_path / "node.toml", tmp_path / "node.log", port)
        node.config.write_text(
            f'[gateway]\nlisten = "127.0.0.1:{port}"\nledger = "sqlite:{tmp_path / "ledger.db"}"\n'
        )
        node.config.chmod(0o600)
        await node.start()
        await node.until_it_listens()
    assert node.ended is not None
    assert await node.ended == b"9\n"


def test_port_of_a_dead_gateway_is_nobody_elses() -> None:
    with kept_ports(1) as (port,):
        address = ("127.0.0.1", port)
        with socket.socket() as another, pytest.raises(OSError, match="in use"):
            another.bind(address)
        for _ in range(2):
            with socket.create_server(address), socket.create_connection(address):
                pass


async def test_it_is_not_over_while_a_receipt_comes(tmp_path: Path) -> None:
    """One that was owed when the ledger was read, and is not any more when the partners are asked."""
    ledger = Ledger(database_at(f"sqlite:{tmp_path / 'ledger.db'}"))
    ledger.open()
    partners = Partners(random.Random(1), Client(list, random.Random(1)), {})
    record = partners.messages["m-1"] = Record("taken", ("1",), [Arrival(1, "key", 0, None)])

    class Meanwhile(LedgerReader):
        def list_messages(self, *asked: Any, **more: Any) -> tuple[FlowRow, ...]:
            found = super().list_messages(*asked, **more)
            record.answered[:] = ["1"]
            return found

    reader = Meanwhile(ledger)
    assert not await judge.is_over(reader, partners)
    assert await judge.is_over(reader, partners)
    ledger.close()


def test_the_judge_sees_what_is_wrong(tmp_path: Path) -> None:
    """The same run is judged again after one thing was made wrong, for each thing that can be."""
    address = f"sqlite:{tmp_path / 'ledger.db'}"

    async def one_run() -> Run:
        async with keepers(1) as processes:
            run = Run(tmp_path, processes, 7, address)
            await run.go([RANDOM], Tally())
            return run

    run = asyncio.run(one_run())
    traffic, partners = run.traffic, run.partners
    ledger = Ledger(database_at(address))

    def faults() -> str:
        return "; ".join(judge.faults(traffic, partners, ledger))

    assert faults() == ""
    traffic.sent["lost"] = Sent(Admission("lost"), "/town", {"an id"})
    assert faults() == "lost was accepted and is lost"
    del traffic.sent["lost"]
    partners.wrong.append("a receipt was answered 422")
    assert faults() == "a receipt was answered 422"
    partners.wrong.clear()
    answered = next(each.answered for each in partners.messages.values() if each.was_taken and each.answered)
    last = answered.pop()
    assert "1 receipts were never taken" in faults()
    answered.append(last)
    id, record = next((id, each) for id, each in partners.messages.items() if each.was_taken)
    arrival = record.arrivals[-1]
    record.arrivals.append(type(arrival)(arrival.place, "another key", arrival.checksum, None))
    assert f"{id} arrived under 2 ids" in faults()
    record.arrivals.pop()
    arrival.checksum += 1
    record.arrivals.append(type(arrival)(arrival.place, arrival.key, arrival.checksum - 1, None))
    assert f"{id} arrived with different bytes" in faults()
    record.arrivals.pop()
    partners.messages.pop(id)
    assert "but its receiver does not have it" in faults()
    partners.messages[id] = record
    for each in partners.messages.values():
        each.arrivals[0].place *= -1
    assert "was not kept in order" in faults()
    ledger.close()
