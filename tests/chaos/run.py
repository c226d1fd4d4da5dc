"""Is anything lost when the gateway is killed hundreds of times, and the partners behave as badly as they can?

    python -m tests.chaos.run [--kills 300] [--seed N] [--postgres] [--operator]

Runs of some ten kills each, every run on a fresh ledger: traffic, kills (at each hand-off in turn, and at random
moments), then peace, then judgement. The seed is printed: it chooses the traffic, the partners' moods and the moments
of the kills (how the processes' steps fall beside each other it cannot choose).
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import hashlib
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.ledger.reader import LedgerReader
from gateway.ledger.store import Ledger, database_at
from tests.chaos import judge
from tests.chaos.client import Client
from tests.chaos.handoffs import HANDOFFS
from tests.chaos.operator import Operator
from tests.chaos.partners import Partners
from tests.chaos.ports import kept_ports
from tests.chaos.traffic import Traffic
from tests.support import stores
from tests.support.messages import HOSPITAL, MUNICIPALITY, NURSING, WARD

KILLS_IN_A_RUN = 10
LONGEST_LIFE_S = 1.5
"""Seconds of listening: a gateway that has not passed its hand-off by then is killed from outside."""
START_LIMIT_S = 90.0
PEACE_LIMIT_S = 180.0
RANDOM = "a random moment"
DROPPED = "the database drops every connection"
WORKERS = 3
RECEIVERS = {"/town": (MUNICIPALITY, NURSING), "/village": ("88830001", "88830011")}
FORMATS = {"/town": "plo-1.6", "/village": "fhir-r4", "/home": "plo-1.6"}


class Fault(Exception):
    """What should not be, with the seed of the run."""


@dataclass
class Node:
    """A gateway that is started again and again."""

    keeper: asyncio.subprocess.Process
    config: Path
    log: Path
    port: int
    pid: int = 0
    ended: asyncio.Task[bytes] | None = None

    async def start(self, handoff: str | None = None, number: int = 0) -> None:
        """Start, to die at the n-th passing of a hand-off, or not by itself."""
        order = {"config": str(self.config), "log": str(self.log), "handoff": handoff, "number": number}
        assert self.keeper.stdin is not None and self.keeper.stdout is not None
        self.keeper.stdin.write(json.dumps(order).encode() + b"\n")
        await self.keeper.stdin.drain()
        self.pid = int(await self.keeper.stdout.readline())
        self.ended = asyncio.create_task(self.keeper.stdout.readline())

    async def until_it_listens(self) -> None:
        """Until it does, or has died before it could."""
        assert self.ended is not None
        until = time.monotonic() + START_LIMIT_S
        while not self.ended.done() and time.monotonic() < until:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.02)

    async def die(self, within: float) -> bool:
        """Wait for its death for at most some seconds, then kill it; whether it died by itself."""
        assert self.ended is not None
        with contextlib.suppress(TimeoutError):
            status = int(await asyncio.wait_for(asyncio.shield(self.ended), within))
            if status != 9:
                raise Fault(f"the gateway ended by itself with {status}: {self.log}")
            return True
        await self.kill()
        return False

    async def kill(self) -> None:
        """SIGKILL, from outside."""
        assert self.ended is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        await self.ended


@dataclass
class Tally:
    """What happened in all runs."""

    kills: collections.Counter[str] = field(default_factory=collections.Counter)
    drops: int = 0
    """Connections to the database that were cut."""
    messages: int = 0
    receipts: int = 0
    attempts: int = 0
    states: collections.Counter[str] = field(default_factory=collections.Counter)
    actions: collections.Counter[str] = field(default_factory=collections.Counter)
    """Of an operator."""

    def as_text(self) -> str:
        """For people."""
        kills = ", ".join(f"{name}: {number}" for name, number in sorted(self.kills.items()))
        states = ", ".join(f"{name} {number}" for name, number in sorted(self.states.items()))
        actions = ", ".join(f"{name} {number}" for name, number in sorted(self.actions.items()))
        return (
            f"{self.kills.total()} kills ({kills}), {self.drops} connections to the database cut; "
            f"{self.messages} messages accepted, {self.receipts} receipts, "
            f"{self.attempts} deliveries attempted; {states}"
            + (f"; an operator: {actions}" if actions else "")
        )


@contextlib.asynccontextmanager
async def keepers(number: int) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """The processes that start gateways; they end with the block, and their gateways with them."""
    checkout = str(Path(__file__).resolve().parents[2])
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.gateways",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=checkout,
            env={**os.environ, "PYTHONPATH": checkout},
        )
        for _ in range(number)
    ]  # fmt: skip
    try:
        yield processes
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in processes:
            await process.wait()


class Run:
    """One run: a fresh ledger, some kills, peace, judgement."""

    def __init__(
        self,
        folder: Path,
        keepers: list[asyncio.subprocess.Process],
        seed: int,
        address: str,
        *,
        operator: bool = False,
    ) -> None:
        """`operator`: somebody acts on endpoints and deliveries meanwhile."""
        self._folder = folder
        self._address = address
        self.seed = seed
        chance = self._chance = random.Random(seed)
        self._ends = contextlib.ExitStack()
        self._nodes = [
            Node(keeper, folder / f"node{port}.toml", folder / f"node{port}.log", port)
            for keeper, port in zip(keepers, self._ends.enter_context(kept_ports(len(keepers))), strict=True)
        ]
        self._bearers = {path: secrets.token_urlsafe(12) for path in (*RECEIVERS, "/home")}

        def ports() -> list[int]:
            return [node.port for node in self._nodes]

        client = Client(ports, random.Random(seed + 1))
        services = {path: (*ids, self._bearers[path]) for path, ids in RECEIVERS.items()}
        self.partners = Partners(random.Random(seed + 2), client, services)
        self.traffic = Traffic(chance, client, self._bearers["/home"], RECEIVERS)
        services_of = [ids[1] for ids in RECEIVERS.values()]
        self.operator = Operator(ports, random.Random(seed + 3), services_of) if operator else None
        self._ledger = Ledger(database_at(address))
        self._reader = LedgerReader(self._ledger)

    async def go(self, kills: list[str], tally: Tally) -> None:
        """Fault: something is not as it should be."""
        await self.partners.start()
        self._configure()
        try:
            async with self._somebody_acting():
                await self._live_and_die(kills, tally)
            await self._peace()
            self._judge(tally)
        finally:
            for node in self._nodes:
                if node.ended is not None and not node.ended.done():
                    await node.kill()
            self._ends.close()
            await self.partners.stop()
            self._ledger.close()

    @contextlib.asynccontextmanager
    async def _somebody_acting(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        acting = asyncio.create_task(self.operator.work(stop)) if self.operator else None
        try:
            yield
            stop.set()
            if acting is not None:
                await asyncio.wait_for(acting, PEACE_LIMIT_S)
        finally:
            if acting is not None:
                acting.cancel()

    async def _live_and_die(self, kills: list[str], tally: Tally) -> None:
        for node in self._nodes[1:]:
            await node.start()
        senders: list[asyncio.Task[None]] = []
        for number, kind in enumerate(kills):
            node = self._nodes[number % len(self._nodes)]
            if node.ended is not None and not node.ended.done():
                await node.kill()
            handoff = kind if kind in HANDOFFS else None
            await node.start(handoff, self._chance.randint(1, 16 // len(self._nodes)))
            senders += [asyncio.create_task(self.traffic.work(4)) for _ in range(WORKERS)]
            await node.until_it_listens()
            if kind == DROPPED:
                await asyncio.sleep(self._chance.uniform(0.3, LONGEST_LIFE_S))
                tally.drops += await asyncio.to_thread(drop_connections, self._address)
            life = self._chance.uniform(0.2, LONGEST_LIFE_S) if handoff is None else LONGEST_LIFE_S
            by_itself = await node.die(life)
            tally.kills[kind if by_itself else RANDOM] += 1
        self.partners.healed = True
        for node in self._nodes:
            if node.ended is None or node.ended.done():
                await node.start()
        await asyncio.wait_for(asyncio.gather(*senders), PEACE_LIMIT_S)

    async def _peace(self) -> None:
        """Until nothing is open that must not be, and no receipt is owed."""
        until = time.monotonic() + PEACE_LIMIT_S
        while time.monotonic() < until:
            if await judge.is_over(self._reader, self.partners):
                return
            await asyncio.sleep(0.1)

    def _judge(self, tally: Tally) -> None:
        touched = self.operator.touched if self.operator else set[str]()
        found = judge.faults(self.traffic, self.partners, self._ledger, touched)
        if self.operator:
            found += self.operator.wrong
            tally.actions.update(self.operator.done)
        if found:
            raise Fault(f"seed {self.seed}, {self._folder}: " + "; ".join(found[:10]))
        rows = judge.flows(self._reader)
        tally.messages += sum(not row.message.is_receipt for row in rows)
        tally.receipts += sum(row.message.is_receipt for row in rows)
        tally.attempts += sum(
            len(record.arrivals)
            for each in (self.partners.messages, self.partners.home)
            for record in each.values()
        )
        tally.states.update(row.delivery.state for row in rows if row.delivery and not row.message.is_receipt)

    def _configure(self) -> None:
        her_ids = {**RECEIVERS, "/home": (HOSPITAL, WARD)}
        for node in self._nodes:
            lines = [
                "[gateway]",
                f'listen = "127.0.0.1:{node.port}"',
                f"ledger = {json.dumps(self._address)}",
                'environment = "test"',
                'patient_key = "a patient key for tests only"',
                "parked_limit_s = 2",
                "lease_s = 2",
            ]
            for path, ids in her_ids.items():
                lines += [
                    "[[partner]]",
                    f'name = "{path}"',
                    f"her_ids = {json.dumps(ids)}",
                    f'bearer_sha256 = "{hashlib.sha256(self._bearers[path].encode()).hexdigest()}"',
                    "[[partner.endpoint]]",
                    f"her_ids = {json.dumps(ids)}",
                    'transport = "http"',
                    f'url = "http://127.0.0.1:{self.partners.port}{path}"',
                    f'format = "{FORMATS[path]}"',
                    "first_wait_s = 0.05",
                    "max_wait_s = 0.3",
                    "receipt_deadline_s = 0.5",
                ]
            node.config.touch(mode=0o600)
            node.config.write_text("\n".join(lines) + "\n", encoding="utf-8")


def drop_connections(address: str) -> int:
    """Have PostgreSQL end every connection of this ledger's gateways; returns how many there were."""
    import psycopg

    name = address.rpartition("application_name=")[2]
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
            (name,),
        ).fetchone()
    return int(found[0]) if found else 0


def planned(chance: random.Random, kills: int, *, postgres: bool) -> list[str]:
    """Each hand-off in turn, and a random moment after every second of them; on PostgreSQL its connections go, too."""
    kinds: list[str] = []
    while len(kinds) < kills:
        for handoff in chance.sample(HANDOFFS, len(HANDOFFS)):
            kinds += [handoff, RANDOM] if chance.random() < 0.5 else [handoff]
            if postgres and chance.random() < 0.25:
                kinds.append(DROPPED)
    return kinds[:kills]


async def chaos(
    kills: int, seed: int, *, postgres: bool = False, operator: bool = False, on_kills: object = None
) -> Tally:
    """Every run until there were enough kills. Fault: something is not as it should be."""
    tally, chance = Tally(), random.Random(seed)
    plan = planned(chance, kills, postgres=postgres)
    async with keepers(2 if postgres else 1) as processes:
        while plan:
            now, plan = plan[:KILLS_IN_A_RUN], plan[KILLS_IN_A_RUN:]
            with contextlib.ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="somlos-chaos-")))
                address = (
                    stack.enter_context(stores.schema()) if postgres else f"sqlite:{folder / 'ledger.db'}"
                )
                run = Run(folder, processes, chance.getrandbits(32), address, operator=operator)
                await run.go(now, tally)
            if callable(on_kills):
                on_kills(len(now))
    return tally


def main() -> int:
    """1 when something is not as it should be."""
    parser = argparse.ArgumentParser(
        description="Kill the gateway again and again; prove that nothing is lost."
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument(
        "--postgres", action="store_true", help="two gateways on PostgreSQL (SOMLOS_POSTGRES)"
    )
    parser.add_argument("--operator", action="store_true", help="somebody acts on deliveries meanwhile")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    from rich.progress import Progress

    try:
        with Progress() as progress:
            task = progress.add_task("kills", total=given.kills)
            work = chaos(
                given.kills, given.seed, postgres=given.postgres, operator=given.operator,
                on_kills=lambda number: progress.advance(task, number),
            )  # fmt: skip
            tally = asyncio.run(work)
    except Fault as fault:
        print(f"FAULT (seed {given.seed}): {fault}")
        return 1
    print(tally.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
