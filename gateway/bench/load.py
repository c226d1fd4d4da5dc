"""How are messages handed in: as fast as the answers come, or one at each tick of the clock?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.bench.letters import Letter
from gateway.bench.wire import Caller

CONNECTIONS = 16


@dataclass
class Handed:
    """What was handed in, and how it was answered."""

    accepted: dict[str, str] = field(default_factory=dict)
    """MsgId: the gateway's id."""
    checksums: dict[str, int] = field(default_factory=dict)
    """MsgId: checksum of the bytes."""
    refused: list[int] = field(default_factory=list)
    """HTTP statuses other than 202."""
    seconds: list[float] = field(default_factory=list)
    """How long each answer took; with a clock, from the tick on which the message was due."""
    began: float = 0.0
    ended: float = 0.0

    def add(self, other: Handed) -> None:
        """Take in what was handed in at another time."""
        self.accepted |= other.accepted
        self.checksums |= other.checksums
        self.refused += other.refused


class Sender:
    """The hospital's client."""

    def __init__(self, ports: Sequence[int], bearer: str, connections: int = CONNECTIONS) -> None:
        """`ports`: of the gateways; the connections are spread over them."""
        self._callers = [Caller("127.0.0.1", ports[number % len(ports)]) for number in range(connections)]
        self._bearer = bearer

    def close(self) -> None:
        """Hang up."""
        for caller in self._callers:
            caller.close()

    async def at_once(self, letters: Iterator[Letter]) -> Handed:
        """Every connection hands in the next message as soon as its last one is answered."""
        handed = Handed(began=time.perf_counter())

        async def work(caller: Caller) -> None:
            for letter in letters:
                await self._one(caller, letter, time.perf_counter(), handed)

        await asyncio.gather(*(work(caller) for caller in self._callers))
        handed.ended = time.perf_counter()
        return handed

    async def paced(self, letters: Callable[[], Letter], *, rate: float, seconds: float) -> Handed:
        """`rate` messages a second, each as soon after its tick as a connection is free."""
        handed = Handed(began=time.perf_counter())
        due: asyncio.Queue[tuple[float, Letter]] = asyncio.Queue()

        async def work(caller: Caller) -> None:
            while True:
                tick, letter = await due.get()
                await self._one(caller, letter, tick, handed)
                due.task_done()

        workers = [asyncio.create_task(work(caller)) for caller in self._callers]
        for number in range(int(rate * seconds)):
            tick, letter = handed.began + number / rate, letters()
            await asyncio.sleep(tick - time.perf_counter())
            due.put_nowait((tick, letter))
        await due.join()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        handed.ended = time.perf_counter()
        return handed

    async def _one(self, caller: Caller, letter: Letter, since: float, handed: Handed) -> None:
        status, body = await caller.post(
            "/messages", letter.body, content_type="application/xml", bearer=self._bearer
        )
        handed.seconds.append(time.perf_counter() - since)
        if status == 202:
            handed.accepted[letter.id] = json.loads(body)["id"]
            handed.checksums[letter.id] = letter.checksum
        else:
            handed.refused.append(status)
