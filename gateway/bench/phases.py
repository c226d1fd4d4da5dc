"""What is measured of delivery, one thing at a time?

Each phase runs on a fresh ledger with its own processes, is warmed up, measured, and then proven: nothing lost,
nothing doubled (`proof`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from gateway.bench import lookup
from gateway.bench.letters import Letter, Letters
from gateway.bench.load import Handed, Sender
from gateway.bench.place import Place
from gateway.bench.proof import prove
from gateway.bench.rig import Rig
from gateway.bench.usage import Usage
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import DeliveryState, MessageFilter
from gateway.ledger.store import Ledger, database_at

LOOK_SECONDS: Final = 0.02
OPEN: Final[tuple[DeliveryState, ...]] = ("queued", "sending")
STILL_SECONDS: Final = 60.0
"""Longest time without any progress."""
WARM_UP: Final = 500
"""As many as make the gateway start its workers."""
RATE: Final = 50.0  # messages a second
PARTNERS: Final = 10
ROUNDS: Final = 20
"""In which the living are compared with those of a gateway for which nobody is dead."""

Figures = dict[str, float]


class Stuck(Exception):
    """Nothing moved for a long time; the argument says how far it came."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    pass_through: int = 2000
    whole_way: int = 1500
    seconds: float = 10.0
    """Of paced messages."""
    waiting: int = 10_000
    drain: float = 200.0
    """The rate that is configured for what waited, in messages a second."""
    held: int = 1_000_000
    warm_up: int = WARM_UP


SHORT: Final = Size(
    pass_through=120, whole_way=60, seconds=1.0, waiting=100, drain=100.0, held=2000, warm_up=10
)


class Bench:
    """One rig with its sender and its view of the ledger."""

    def __init__(self, rig: Rig, *, receipts: bool, seed: int) -> None:
        self.rig = rig
        self.receipts = receipts
        self.letters = Letters(acknowledgement="J" if receipts else "N", seed=seed)
        self.sender = Sender(rig.ports, rig.bearer)
        self.handed = Handed()
        """Everything that was handed in."""
        self.waiting = 0
        """So many of them are for a receiver that is not there."""
        self.ledger = Ledger(database_at(rig.ledger_address))
        self.reader = LedgerReader(self.ledger)
        rig.at_end += [self.sender.close, self.ledger.close]

    async def all_at_once(self, letters: Iterator[Letter]) -> Handed:
        """Hand in and remember."""
        handed = await self.sender.at_once(letters)
        self.handed.add(handed)
        return handed

    def make(self, number: int, receivers: Iterator[int] | None = None) -> Iterator[Letter]:
        """New messages, to receiver 0 or to these in turn."""
        return (self.letters.next(next(receivers) if receivers else 0) for _ in range(number))

    async def until_over(self) -> float:
        """Wait until every message that can be delivered is over, durably, and its receipt is home; returns when."""
        number = len(self.handed.accepted) - self.waiting
        state = "acknowledged" if self.receipts else "delivered"
        name = "receipts" if self.receipts else "messages"
        done, moved = -1, time.perf_counter()
        while True:
            seen = (await self.rig.seen())[name]
            if seen >= number:
                found = await asyncio.to_thread(self.reader.counts, datetime.now(UTC))
                if found.states[state] >= number and await asyncio.to_thread(self._nothing_open):
                    return time.perf_counter()
            if seen != done:
                done, moved = seen, time.perf_counter()
            if time.perf_counter() - moved > STILL_SECONDS:
                raise Stuck(f"{done} of {number}")
            await asyncio.sleep(LOOK_SECONDS)

    async def until_more_arrive(self, already: int) -> float:
        """Wait until more messages than these have arrived at the partners; returns when."""
        async with asyncio.timeout(STILL_SECONDS):
            while (await self.rig.seen())["messages"] == already:
                await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter()

    def _nothing_open(self) -> bool:
        """Whether no receipt is on its way home any more."""
        return not self.receipts or not any(
            self.reader.list_messages(MessageFilter(receipts=True, state=state), limit=1) for state in OPEN
        )

    async def prove(self, *, unchanged: bool, repeats: bool = False) -> None:
        """NotProven: something was lost, changed or doubled."""
        await prove(
            self.rig, self.ledger, self.handed, unchanged=unchanged, receipts=self.receipts, repeats=repeats
        )


async def saturated(
    bench: Bench, number: int, warm_up: int, receivers: Iterator[int] | None = None
) -> Figures:
    """Warm up, then hand in as fast as it goes, and wait until all are over."""
    if warm_up:
        await bench.all_at_once(bench.make(warm_up, receivers))
        await bench.until_over()
    start = bench.rig.usage()
    handed = await bench.all_at_once(bench.make(number, receivers))
    ended = await bench.until_over()
    used = bench.rig.usage().since(start)
    return {
        "acceptedPerSecond": number / (handed.ended - handed.began),
        "deliveredPerSecond": number / (ended - handed.began),
        **per_message(used, number),
        **latency(handed.seconds),
    }


async def pass_through(folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """In over HTTP, validated, durable, out over HTTP in the same format, durably done."""
    with Rig(folder, ledger=place.ledger, nodes=place.nodes) as rig:
        await rig.start_gateway()
        bench = Bench(rig, receipts=False, seed=seed)
        figures = await saturated(bench, size.pass_through, size.warm_up)
        await bench.prove(unchanged=True)
    return figures


async def whole_way(folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """In, translated with a loss report, out, AppRec in, correlated, AppRec delivered to the sender."""
    with Rig(folder, ledger=place.ledger, nodes=place.nodes, format="fhir-r4", answers=True) as rig:
        await rig.start_gateway()
        bench = Bench(rig, receipts=True, seed=seed)
        figures = await saturated(bench, size.whole_way, size.warm_up)
        await bench.prove(unchanged=False)
    return figures


async def paced(folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """The whole way at 50 messages a second: how long does a sender wait for the answer?"""
    with Rig(folder, ledger=place.ledger, nodes=place.nodes, format="fhir-r4", answers=True) as rig:
        await rig.start_gateway()
        bench = Bench(rig, receipts=True, seed=seed)
        await bench.all_at_once(bench.make(size.warm_up))
        await bench.until_over()
        start = rig.usage()
        handed = await bench.sender.paced(bench.letters.next, rate=RATE, seconds=size.seconds)
        bench.handed.add(handed)
        await bench.until_over()
        used = rig.usage().since(start)
        await bench.prove(unchanged=False)
    return {**per_message(used, len(handed.seconds)), **latency(handed.seconds)}


async def dead_partner(folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """Ten partners, one not there: what do the other nine lose while messages wait for it, how fast is the gateway back
    after SIGKILL with all of them waiting, and how fast do they go when it comes back?"""
    dead = PARTNERS - 1
    drain = {"drain_per_second": size.drain}
    with Rig(folder, ledger=place.ledger, receivers=PARTNERS, dead=dead, dead_endpoint=drain) as rig:
        await rig.start_gateway()
        bench = Bench(rig, receipts=False, seed=seed)
        bench.waiting = size.waiting
        await bench.all_at_once(bench.make(size.waiting, itertools.repeat(dead)))
        compared = await _compared(bench, folder / "other", place, size, seed)
        restart = await _killed(rig, bench)
        bench.waiting = 0
        already = (await rig.seen())["messages"]
        rig.revive()
        back = time.perf_counter()
        began = await bench.until_more_arrive(already)
        ended = await bench.until_over()
        await bench.prove(unchanged=True, repeats=True)
    return {
        **compared,
        **restart,
        "foundBackAfterSeconds": began - back,
        "drainWantedPerSecond": size.drain,
        "drainedPerSecond": size.waiting / (ended - began),
    }


async def _compared(bench: Bench, folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """The living of a gateway for which a partner is dead, against those of another for which none is.

    Each has its turn in every round, while the other stands still: a machine that changes its speed changes it for
    both, and what one of them still makes of its messages takes nothing from the other.
    """
    folder.mkdir()
    living = itertools.cycle(range(PARTNERS - 1))
    number = size.pass_through // 2
    rounds: list[tuple[Figures, Figures]] = []
    with Rig(folder, ledger=place.other, receivers=PARTNERS) as rig:
        await rig.start_gateway()
        other = Bench(rig, receipts=False, seed=seed)
        for each in (other, bench):
            await saturated(each, number, size.warm_up, living)
        for turn in range(ROUNDS):
            found: dict[Bench, Figures] = {}
            for each in (other, bench) if turn % 2 else (bench, other):
                with (bench if each is other else other).rig.standing_still():
                    found[each] = await saturated(each, number, 0, living)
            rounds.append((found[other], found[bench]))
        await other.prove(unchanged=True)

    rates = [tuple(each["deliveredPerSecond"] for each in pair) for pair in rounds]
    cpus = [tuple(each["cpuGateway"] for each in pair) for pair in rounds]
    return {
        "deliveredPerSecondAlone": median(alone for alone, _ in rates),
        "deliveredPerSecondBeside": median(beside for _, beside in rates),
        "cpuAlone": median(alone for alone, _ in cpus),
        "cpuBeside": median(beside for _, beside in cpus),
        "lostShare": 1 - median(beside / alone for alone, beside in rates),
        "cpuOthersShare": median(beside["cpuOthersShare"] for _, beside in rounds),
    }


async def _killed(rig: Rig, bench: Bench) -> Figures:
    """SIGKILL, start, and the seconds until it is ready and until the next message has arrived."""
    rig.kill_gateway()
    bench.sender.close()
    began = time.perf_counter()
    ready = await rig.start_gateway()
    await bench.all_at_once(bench.make(1))
    await bench.until_over()
    return {"readyAfterSeconds": ready, "deliversAfterSeconds": time.perf_counter() - began}


async def look_up(folder: Path, place: Place, size: Size, seed: int) -> Figures:
    """A patient's messages among very many."""
    return await asyncio.to_thread(lookup.look_up, folder, place.ledger, size.held, seed)


def per_message(used: Usage, number: int) -> Figures:
    """Milliseconds of processor time for each message, by process."""
    cpu = {f"cpu{name.capitalize()}": seconds * 1000 / number for name, seconds in used.mine.items()}
    return {**cpu, "cpuOthersShare": used.others}


def latency(seconds: list[float]) -> Figures:
    """Milliseconds: median, 99th percentile, longest."""
    parts = quantiles(seconds, n=100, method="inclusive")
    return {"acceptP50": parts[49] * 1000, "acceptP99": parts[98] * 1000, "acceptMax": max(seconds) * 1000}


PHASES: Final[dict[str, Callable[[Path, Place, Size, int], Any]]] = {
    "pass-through": pass_through,
    "whole-way": whole_way,
    "paced": paced,
    "dead-partner": dead_partner,
    "look-up": look_up,
}
