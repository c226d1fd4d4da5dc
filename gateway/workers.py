"""How does more than one core share the reading and translating of messages?

A Python process works on one core. Reading and translating are pure: bytes in, facts or bytes out. So a gateway that
has much to do hands them to worker processes of its own, which know no ledger, no settings and no network; until it has
much to do it does them itself, and has no such process.

Workers that have enough to do leave the rest in line here, where what somebody waits for goes before what nobody does;
but everything gets its turn.

Nothing is durable here: who asks still has the message. A worker that dies (of a message that crashes a library, or
because the machine has no memory left) takes nothing with it: what it was given is given to another. Doing it again
is harmless, as the same bytes always give the same answer; a message of which the second one dies, too, is a failure of
that message alone.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import pickle
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import structlog

import gateway
from gateway.errors import SomlosError, Unavailable
from gateway.formats import Formats
from gateway.ledger.line import Original
from gateway.projection.interpret import Interpretation
from gateway.projection.resources import Named
from gateway.routing.ports import LARGE, Content, Reading, Translation
from gateway.worker import LENGTH_BYTES, READY, result_in

BUSY: Final = 0.1
"""Seconds of one second that this process spends on messages before it has workers."""
LONGEST_COUNTED_S: Final = 0.01
"""A single message counts for no more, however long it takes: it does not make a crowd."""
MAY_WAIT_S: Final = {"convert": 0.05, "interpret": 1.0}
"""How long work of a kind stands back behind what comes after it. For anything else a sender waits."""
AHEAD: Final = 2
"""Jobs that a worker is given at a time, so that it need not wait for the next."""
MOST_DEATHS: Final = 1
"""How many workers may die of one message, and it is still tried again."""
END_LIMIT_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(order=True)
class _Job:
    """What a worker is asked; in line, what is due first goes first."""

    due_s: float
    """Of the monotonic clock: when it came, and how long it may wait."""
    name: str = field(compare=False)
    """Of a method of `Formats`."""
    asked: bytes = field(repr=False, compare=False)
    answer: asyncio.Future[Any] = field(compare=False)
    may_wait: bool = field(compare=False)
    deaths: int = field(default=0, compare=False)
    """Workers that died of it."""

    def fail(self) -> None:
        """Nobody can do it."""
        if not self.answer.done():
            self.answer.set_exception(Unavailable("us.internal"))


class Workers:
    """Reads, checks and translates, here or in other processes."""

    def __init__(self, formats: Formats, most: int | None = None) -> None:
        """`most` processes besides this one; None: as many as the machine has further cores."""
        self._formats = formats
        self._most = (os.cpu_count() or 1) - 1 if most is None else most
        self._workers: list[_Worker] = []
        """Those that are ready."""
        self._line: list[_Job] = []
        """A heap: what no worker has been given yet."""
        self._living: set[_Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._began_to_count = 0.0
        self._worked = 0.0
        """Seconds since `_began_to_count`."""
        self._are_wanted = False

    async def read(self, data: bytes, content: Content) -> Reading:
        """As `Reader`."""
        found: Reading = await self._do(self._formats.read, data, content)
        return found

    async def canonical_digest(self, data: bytes, content: Content) -> str:
        """As `Reader`."""
        return str(await self._do(self._formats.canonical_digest, data, content))

    async def convert(
        self, data: bytes, content: Content, target_format: str, original: Original | None = None
    ) -> Translation:
        """As `Translator`."""
        made: Translation = await self._do(self._formats.convert, data, content, target_format, original)
        return made

    async def interpret(
        self, data: bytes, content: Content, accepted: datetime, named: Named
    ) -> Interpretation:
        """As `Interpreter`."""
        try:
            found: Interpretation = await self._do(self._formats.interpret, data, content, accepted, named)
        except SomlosError as error:
            return Interpretation(None, None, error.code)
        return found

    @property
    def ready(self) -> int:
        """How many there are that can be asked."""
        return len(self._workers)

    async def stop(self) -> None:
        """End the processes."""
        self._are_wanted, self._most = False, 0
        self._workers.clear()
        self._fail_line()
        for worker in list(self._living):  # those too that have not said yet that they are ready
            worker.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _do(self, work: Callable[..., Any], data: bytes, *rest: Any) -> Any:
        if len(data) > LARGE:
            return await asyncio.to_thread(work, data, *rest)
        may_wait_s = MAY_WAIT_S.get(work.__name__, 0.0)
        if self._workers and not (may_wait_s == 0.0 and self._would_stand_behind()):
            asked = pickle.dumps((work.__name__, (data, *rest)), 5)
            answer = asyncio.get_running_loop().create_future()
            due_s = time.monotonic() + may_wait_s
            heapq.heappush(self._line, _Job(due_s, work.__name__, asked, answer, may_wait=may_wait_s > 0.0))
            self._hand_out()
            return await answer
        began = time.perf_counter()
        try:
            return work(data, *rest)
        finally:
            self._count(began, time.perf_counter())

    def _would_stand_behind(self) -> bool:
        """Whether every worker is at something that takes long and could wait, though there is no crowd."""
        return not self._line and all(any(job.may_wait for job in each.jobs) for each in self._workers)

    def _hand_out(self) -> None:
        """Give the workers what stands in line, as much as they should have."""
        while self._line and self._workers:
            worker = min(self._workers, key=_Worker.waiting)
            if worker.waiting() >= AHEAD:
                return
            job = heapq.heappop(self._line)
            if not job.answer.done():  # else whoever asked was cancelled
                worker.ask(job)

    def _fail_line(self) -> None:
        """Nobody is left who could do what stands in line."""
        for job in self._line:
            job.fail()
        self._line.clear()

    def _count(self, began: float, ended: float) -> None:
        """Have workers once this process spends much of its time on messages."""
        if ended - self._began_to_count > 1.0:
            self._began_to_count, self._worked = began, 0.0
        self._worked += min(ended - began, LONGEST_COUNTED_S)
        if self._worked > BUSY and not self._are_wanted and self._most:
            self._are_wanted = True
            for _ in range(self._most):
                self._begin([])

    def _begin(self, jobs: list[_Job]) -> None:
        task = asyncio.create_task(self._live(jobs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, jobs: list[_Job]) -> None:
        """The life of one worker, which begins with these jobs."""
        ours, its = socket.socketpair()
        worker = _Worker(self._workers, self._hand_out)
        self._living.add(worker)
        try:
            with its:
                process = await _process(its)
            await asyncio.get_running_loop().create_connection(lambda: worker, sock=ours)
        except OSError as error:  # the machine has no memory or no process left
            ours.close()
            self._living.discard(worker)
            log.error("worker.not-begun", kind=type(error).__name__)
            self._give_up(jobs)
            return
        for job in jobs:
            worker.ask(job)
        if not self._most:
            worker.end()
        try:
            await worker.gone
            await asyncio.wait_for(process.wait(), END_LIMIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        self._living.discard(worker)
        self._bury(worker, process.returncode)

    def _bury(self, worker: _Worker, status: int | None) -> None:
        """Give its jobs to another; the first is the one it died of. One that did not even begin has no successor."""
        jobs = list(worker.jobs)
        if self._are_wanted:
            log.error("worker.died", status=status, began=worker.was_ready, jobs=len(jobs))
        if self._are_wanted and worker.was_ready:
            if jobs and (died_of := jobs[0]).deaths == MOST_DEATHS:
                died_of.fail()
                jobs = jobs[1:]
            elif jobs:
                jobs[0].deaths += 1
            self._begin(jobs)
        else:
            self._give_up(jobs)

    def _give_up(self, jobs: list[_Job]) -> None:
        """A worker could not be had: what it should have done fails, and this process goes on by itself for a while."""
        self._are_wanted = bool(self._workers)
        for job in jobs:
            job.fail()
        if not self._are_wanted:
            self._fail_line()


class _Worker(asyncio.Protocol):
    """One worker process, as its gateway sees it. It answers in the order in which it is asked."""

    def __init__(self, ready: list[_Worker], is_free: Callable[[], None]) -> None:
        """`ready`: it stands in this list while it can be asked; `is_free` is called when it can take more."""
        self.jobs: deque[_Job] = deque()
        self.was_ready = False
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready = ready
        self._is_free = is_free
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def waiting(self) -> int:
        """How many jobs it has."""
        return len(self.jobs)

    def ask(self, job: _Job) -> None:
        """Give it a job."""
        assert self._transport is not None
        self.jobs.append(job)
        self._transport.write(job.asked)

    def end(self) -> None:
        """Let it finish what it is at, and end."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has begun."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended."""
        if self in self._ready:
            self._ready.remove(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Part of an answer, or several."""
        received = self._received
        received += data
        while len(received) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(received[:LENGTH_BYTES], "big")
            if len(received) < end:
                break
            self._answered(bytes(memoryview(received)[LENGTH_BYTES:end]))
            del received[:end]

    def _answered(self, answer: bytes) -> None:
        if answer == READY:
            self.was_ready = True
            self._ready.append(self)
            self._is_free()
            return
        job = self.jobs.popleft()
        self._is_free()
        if job.answer.done():  # whoever asked was cancelled
            return
        try:
            job.answer.set_result(result_in(answer, job.name))
        except SomlosError as error:
            job.answer.set_exception(error)


async def _process(line: socket.socket) -> asyncio.subprocess.Process:
    """A new worker process at the other end of a line. OSError: it cannot be had."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-c", "from gateway.worker import main; main()"),
        stdin=line.fileno(),
        stdout=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": _path()},
        start_new_session=True,  # a signal for the gateway is not for it
    )


def _path() -> str:
    """Where the worker finds this very package, whatever folder it is started in."""
    own = str(Path(gateway.__file__).resolve().parent.parent)
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([own, *([given] if given else [])])
