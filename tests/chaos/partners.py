"""How badly can partners behave? Late, twice, negatively, never, with 500s, with half a response, with a receipt for
something else; and each of them keeps a record of what reached it.

What a partner makes of a message (takes it, refuses it, with or without a receipt) is decided once for the message;
troubles on the way strike any attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from gateway.emessage import apprec
from gateway.translate.facts import Party
from tests.chaos.client import Client, Gone
from tests.support.messages import HOSPITAL, WARD

MESSAGE_ID: Final = re.compile(rb"c0ffee00-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
RECEIPT_ID: Final = re.compile(rb"ac4ec000-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TROUBLES: Final = ("500", "503", "half", "closed", "slow")
TROUBLE: Final = 0.3
"""How many of the attempts meet one."""
SLOW_S: Final = 0.3
LATEST_RECEIPT_S: Final = 0.6

Fate = Literal["taken", "refused", "refused with a receipt"]


def new_id(chance: random.Random, prefix: str) -> str:
    """A UUID that begins with these eight digits."""
    return prefix + str(uuid.UUID(int=chance.getrandbits(128), version=4))[8:]


@dataclass
class Arrival:
    """One attempt that reached a partner."""

    place: int
    """The how-manieth of all."""
    key: str
    """The gateway's key and id for the message."""
    checksum: int
    trouble: str | None
    message_type: str = ""


@dataclass
class Record:
    """What happened to one message at its receiver."""

    fate: Fate
    plan: tuple[str, ...]
    """Statuses of the receipts it answers with, in order."""
    arrivals: list[Arrival] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    """Statuses of the receipts that the gateway has taken, in order."""

    @property
    def was_taken(self) -> bool:
        """Whether the receiver has said 2xx at least once."""
        return self.fate == "taken" and any(arrival.trouble in (None, "slow") for arrival in self.arrivals)


class Partners:
    """The receivers and the sender's inbox, on one port."""

    def __init__(
        self, chance: random.Random, client: Client, services: dict[str, tuple[str, str, str]]
    ) -> None:
        """`services`: path of each receiver → HER-ids of level 1 and 2, and its bearer secret."""
        self.chance = chance
        self.healed = False
        """From now on they behave."""
        self.messages: dict[str, Record] = {}
        self.home: dict[str, Record] = {}
        """Receipts that reached the sender, by their own id."""
        self.wrong: list[str] = []
        """Receipts that were not answered as they should have been."""
        self._client = client
        self._services = services
        self._places = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def owes(self) -> int:
        """How many receipts are still to be sent."""
        return sum(
            len(record.plan) - len(record.answered) for record in self.messages.values() if record.was_taken
        )

    @property
    def progress(self) -> tuple[int, int]:
        """How many attempts have reached partners, and how many of their receipts the gateway has taken or refused."""
        return self._places, sum(len(record.answered) for record in self.messages.values())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        self._tasks.discard(task)
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False: hang up."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (each.partition(":") for each in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        pattern, records = (RECEIPT_ID, self.home) if path == "/home" else (MESSAGE_ID, self.messages)
        found = pattern.search(body)
        assert found is not None, path
        id = found[0].decode()
        record = records.get(id) or records.setdefault(id, self._new_record(receipt=path == "/home"))
        trouble = self._trouble()
        self._places += 1
        key = f"{headers['x-request-id']} {headers['idempotency-key']}"
        first_time = not record.was_taken
        record.arrivals.append(Arrival(self._places, key, zlib.crc32(body), trouble))
        return await self._answer(writer, path, id, record, trouble, first_time)

    def _new_record(self, *, receipt: bool) -> Record:
        if receipt:
            return Record("taken", ())
        fate = self.chance.choices(("taken", "refused", "refused with a receipt"), (90, 5, 5))[0]
        plans = ((), ("1",), ("2",), ("3",), ("1", "1"), ("1", "2"), ("2", "1"), ("?", "1"))
        plan = self.chance.choices(plans, (10, 55, 10, 5, 6, 4, 4, 6))[0]
        return Record(fate, plan)  # type: ignore[arg-type]

    def _trouble(self) -> str | None:
        if self.healed or self.chance.random() > TROUBLE:
            return None
        return self.chance.choice(TROUBLES)

    async def _answer(
        self,
        writer: asyncio.StreamWriter,
        path: str,
        id: str,
        record: Record,
        trouble: str | None,
        first_time: bool,
    ) -> bool:
        if trouble == "closed":
            return False
        if trouble == "half":
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Le")
            await writer.drain()
            return False
        if trouble == "slow":
            await asyncio.sleep(self.chance.uniform(0, SLOW_S))
        if trouble in ("500", "503"):
            writer.write(b"HTTP/1.1 %b -\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" % trouble.encode())
        elif record.fate == "taken":
            writer.write(b"HTTP/1.1 202 -\r\nContent-Length: 0\r\n\r\n")
            if first_time and record.plan:
                self._later(self._send_receipts(path, id, record))
        else:
            writer.write(self._refusal(path, id, record))
        await writer.drain()
        return True

    def _refusal(self, path: str, id: str, record: Record) -> bytes:
        body = b"" if record.fate == "refused" else self._receipt(path, id, "2", f"ac4ec000{id[8:]}")
        kind = b"Content-Type: application/xml\r\n" if body else b""
        return b"HTTP/1.1 422 -\r\n%bContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)

    def _later(self, work: object) -> None:
        task = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_receipts(self, path: str, id: str, record: Record) -> None:
        """Send what was planned, one after the other, each until the gateway has taken it (some twice)."""
        for number, status in enumerate(record.plan):
            if not self.healed:
                await asyncio.sleep(self.chance.uniform(0, LATEST_RECEIPT_S))
            original = new_id(self.chance, "deadbeef") if status == "?" else id
            own = new_id(self.chance, "ac4ec000") if number else f"ac4ec000{id[8:]}"
            data = self._receipt(path, original, "1" if status == "?" else status, own)
            for _ in range(self.chance.choice((1, 1, 1, 2))):
                code = await self._until_answered(path, data)
            if code != (422 if status == "?" else 202):
                self.wrong.append(f"{id}: receipt number {number + 1} ({status}) was answered {code}")
            record.answered.append(status)

    async def _until_answered(self, path: str, data: bytes) -> int:
        while True:
            with contextlib.suppress(Gone):
                status, _ = await self._client.post(data, self._services[path][2])
                if status != 503:
                    return status
            await asyncio.sleep(0.05)

    def _receipt(self, path: str, original: str, status: str, own: str) -> bytes:
        organisation, service, _ = self._services[path]
        return apprec.build(
            "1.0",
            receipt_id=own,
            generated_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
            software=("Chaos", "1"),
            sender=Party(service, organisation),
            receiver=Party(WARD, HOSPITAL),
            status=status,  # type: ignore[arg-type]
            errors=(apprec.Error("E35", "Nei"),) if status == "2" else (),
            original_type="LOG_INNLAGT",
            original_id=original,
            original_issued_at=datetime(2026, 11, 20, 13, 32, tzinfo=UTC),
        )
