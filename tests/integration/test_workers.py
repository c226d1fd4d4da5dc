"""Do worker processes answer as the gateway itself would, and does one that dies take nothing with it?"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.bench.letters import Letters
from gateway.bench.usage import with_children
from gateway.errors import NotTranslatable, Unavailable, Unreadable
from gateway.formats import Formats
from gateway.workers import AHEAD, LARGE, Workers

LIMIT_S = 60.0


def letters(number: int) -> list[bytes]:
    """Messages, no two alike."""
    made = Letters(acknowledgement="N", seed=1)
    return [made.next().body for _ in range(number)]


def processes() -> set[int]:
    """The processes that this one has started and that are still there."""
    return {pid for pid in with_children([os.getpid()]) if pid != os.getpid() and _is_worker(pid)}


def _is_worker(pid: int) -> bool:
    try:
        return b"gateway.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@asynccontextmanager
async def busy(most: int = 1) -> AsyncIterator[Workers]:
    """Workers that have had so much to do that there are some."""
    workers = Workers(Formats(), most)
    try:
        async with asyncio.timeout(LIMIT_S):
            data = letters(50)
            while workers.ready < most:
                for each in data:
                    await workers.read(each, "xml")
                await asyncio.sleep(0.01)
        yield workers
    finally:
        await workers.stop()
    assert not processes()


async def test_little_to_do_is_done_here() -> None:
    workers = Workers(Formats(), 1)
    for each in letters(5):
        assert (await workers.read(each, "xml")).facts is not None
    assert not processes()
    await workers.stop()


async def test_none_are_started_where_none_are_wanted() -> None:
    async with busy(0) as workers:
        for each in letters(300):
            await workers.read(each, "xml")
        assert not processes()


async def test_a_worker_answers_as_the_gateway_would() -> None:
    formats = Formats()
    async with busy(2) as workers:
        data = letters(20)
        read = await asyncio.gather(*(workers.read(each, "xml") for each in data))
        assert read == [formats.read(each, "xml") for each in data]
        made = await workers.convert(data[0], "xml", "fhir-r4")
        assert made == formats.convert(data[0], "xml", "fhir-r4")
        first = await workers.canonical_digest(data[0], "xml")
        assert first == await workers.canonical_digest(data[0] + b"\n", "xml")
        assert first != await workers.canonical_digest(data[1], "xml")


async def test_errors_of_a_worker_are_those_of_the_gateway() -> None:
    async with busy() as workers:
        with pytest.raises(Unreadable) as unreadable:
            await workers.read(b"<MsgHead", "xml")
        assert (unreadable.value.code, unreadable.value.line) == ("xml.not-well-formed", 1)
        with pytest.raises(NotTranslatable):
            await workers.convert(letters(1)[0], "xml", "klingon")
        with pytest.raises(Unavailable) as failed:
            await workers.convert(b"{}", "fhir", "plo-1.6", 7)  # type: ignore[arg-type]
        assert failed.value.code == "us.internal"
        assert (await workers.read(letters(1)[0], "xml")).facts is not None


async def test_a_large_message_stands_in_nobodys_way() -> None:
    async with busy() as workers:
        (pid,) = processes()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Unreadable):
            await workers.read(b"<a>" + b" " * LARGE, "xml")
        os.kill(pid, signal.SIGCONT)


async def test_what_a_dead_worker_was_given_another_one_does() -> None:
    async with busy() as workers:
        (pid,) = processes()
        os.kill(pid, signal.SIGSTOP)
        asked = [asyncio.create_task(workers.read(each, "xml")) for each in letters(10)]
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(LIMIT_S):
            assert all(reading.facts for reading in await asyncio.gather(*asked))
        assert processes().isdisjoint({pid})


async def test_what_a_sender_waits_for_goes_first() -> None:
    async with busy() as workers:
        (pid,) = processes()
        os.kill(pid, signal.SIGSTOP)
        ended: list[str] = []

        async def note(name: str, work: Awaitable[object]) -> None:
            await work
            ended.append(name)

        data = letters(AHEAD + 2)
        asked = [
            asyncio.create_task(note(f"convert {number}", workers.convert(each, "xml", "fhir-r4")))
            for number, each in enumerate(data[1:])
        ]
        await asyncio.sleep(0)  # as many as it is given are with it, and one stands in line
        asked.append(asyncio.create_task(note("read", workers.read(data[0], "xml"))))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*asked)
        assert ended == [*(f"convert {number}" for number in range(AHEAD)), "read", f"convert {AHEAD}"]


async def test_a_sender_does_not_wait_behind_a_translation() -> None:
    async with busy() as workers:
        (pid,) = processes()
        os.kill(pid, signal.SIGSTOP)
        first, second = letters(2)
        translation = asyncio.create_task(workers.convert(first, "xml", "fhir-r4"))
        await asyncio.sleep(0)
        async with asyncio.timeout(LIMIT_S):
            assert (await workers.read(second, "xml")).facts is not None
        assert not translation.done()
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(LIMIT_S):
            assert (await translation).data


async def test_what_stands_in_line_for_a_worker_that_cannot_be_replaced_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with busy() as workers:
        (pid,) = processes()
        os.kill(pid, signal.SIGSTOP)
        asked = [asyncio.create_task(workers.read(each, "xml")) for each in letters(AHEAD + 3)]
        await asyncio.sleep(0)

        async def none_left(line: socket.socket) -> None:
            raise OSError

        monkeypatch.setattr("gateway.workers._process", none_left)
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(LIMIT_S):
            found = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(each) for each in found} == {Unavailable}
        assert (await workers.read(letters(1)[0], "xml")).facts is not None


class Poison(bytes):
    """Ends the process that unpacks it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (7,)


async def test_a_message_that_kills_its_workers_fails_alone() -> None:
    async with busy() as workers:
        data = [Poison(b"<MsgHead/>"), *letters(3)]
        async with asyncio.timeout(LIMIT_S):
            found = await asyncio.gather(
                *(workers.read(each, "xml") for each in data), return_exceptions=True
            )
            assert isinstance(found[0], Unavailable)
            assert found[0].code == "us.internal"
            assert [type(each).__name__ for each in found[1:]] == ["Reading"] * 3
            assert (await workers.read(letters(1)[0], "xml")).facts is not None


async def test_a_machine_that_gives_no_process_leaves_the_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    async def no_process(*_: object, **__: object) -> None:
        tried.append(1)
        raise BlockingIOError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_process)
    workers = Workers(Formats(), 1)
    async with asyncio.timeout(LIMIT_S):
        while not tried:
            for each in letters(20):
                assert (await workers.read(each, "xml")).facts is not None
            await asyncio.sleep(0)
    assert (await workers.read(letters(1)[0], "xml")).facts is not None
    await workers.stop()


STARTS_ONE = """
import asyncio, os, sys
from tests.integration.test_workers import busy, processes
async def main():
    async with busy():
        print(*processes(), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def test_a_worker_ends_with_its_gateway() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_ONE], stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        pid = int(gateway.stdout.readline())
        watched = os.pidfd_open(pid)
        gateway.kill()
    try:
        poll = select.poll()
        poll.register(watched)
        assert poll.poll(LIMIT_S * 1000), "the worker lives on without its gateway"
    finally:
        os.close(watched)
