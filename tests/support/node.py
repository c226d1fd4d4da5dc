"""One gateway of several on one PostgreSQL ledger, as a process of its own that a test may kill.

    python -m tests.support.node FOLDER LEDGER

Plain messages come in as lines ("<number> <JSON>"); for each an answer line goes out ("<number> <our id>", or "-" when
it could not be taken). What the receivers get is written into FOLDER/sent, one line an attempt, in the order in which
it happened, whichever node sent it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sys
from pathlib import Path

import structlog

from gateway.errors import Unavailable
from gateway.settings import Endpoint, Settings
from gateway.transports.base import Delivered, Outgoing, SendResult
from tests.support import stores
from tests.support.plain import House, Scripted, running, settings

LEASE_S = 1.5


class Client:
    """A node, seen from the test: hands messages in, and may kill it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[str]] = {}
        self._number = 0
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path, ledger: str) -> Client:
        """A new process, ready to take messages."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.node",
            str(folder),
            ledger,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return cls(process)

    async def hand_in(self, data: bytes) -> str | None:
        """Our id of the message; None: no answer came, or that it could not be taken."""
        assert self._process.stdin is not None
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(b"%d %s\n" % (self._number, data))
        if self._reading.done():
            return None
        id = await answer
        return None if id == "-" else id

    async def kill(self) -> None:
        """SIGKILL: whatever it was doing, it does no more."""
        self._process.kill()
        await self._reading

    async def end(self) -> None:
        """Let it end in good order."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            number, id = line.decode().split()
            self._answers.pop(int(number)).set_result(id)
        await self._process.wait()
        for answer in self._answers.values():
            answer.set_result("-")


class Recording(Scripted):
    """Receivers that write down what they get, and take their time."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Write it down, and take it."""
        digest = hashlib.sha256(outgoing.body).hexdigest()
        os.write(self._file, f"{outgoing.message_id} {outgoing.correlation} {digest}\n".encode())
        await asyncio.sleep(random.random() * 0.01)
        return Delivered()


def configured(folder: Path, ledger: str) -> Settings:
    """What every node is told."""
    stores.choose(ledger)
    return settings(folder, lease_s=LEASE_S)


async def serve(folder: Path, ledger: str) -> None:
    """Until the end of the input."""
    async with running(configured(folder, ledger), Recording(folder / "sent")) as house:
        print("ready", flush=True)
        asked: set[asyncio.Task[None]] = set()
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            task = asyncio.create_task(take(house, line))
            asked.add(task)
            task.add_done_callback(asked.discard)
        await asyncio.gather(*asked)


async def take(house: House, line: bytes) -> None:
    """Hand a message in, and answer."""
    number, _, data = line.partition(b" ")
    try:
        print(number.decode(), await house.accepted(data.strip()), flush=True)
    except Unavailable:
        print(number.decode(), "-", flush=True)


if __name__ == "__main__":
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
