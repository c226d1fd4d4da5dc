"""How do the partners of the benchmark take messages? One small process that counts, and answers with receipts.

    python -m gateway.bench.sink '{"gateways": [8600], "answers": true, "bearers": {"0": "…"}, "port": 0}'

It prints the port it listens on. POST /in/N is receiver N, POST /in/hospital the sender's own inbox; GET /seen gives
the counts, GET /report what came, how often, under how many ids, and with which checksum.
"""

from __future__ import annotations

import asyncio
import json
import sys
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from gateway.bench.letters import MESSAGE_ID, Receipts
from gateway.bench.wire import Caller, Hearer, Request, answer

POSTMEN: Final = 8
"""Connections over which receipts are sent."""
TAKEN: Final = answer(202)


@dataclass
class Arrived:
    """What is known of one message that came."""

    times: int = 0
    checksum: int = 0
    ids: list[str] = field(default_factory=list)
    """The gateway's ids and keys it came under: one, if all is well."""


class Sink:
    """Takes what comes."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.messages: dict[str, Arrived] = {}
        self.receipts: dict[str, int] = {}
        self.refused = 0
        """Receipts of ours that the gateway did not take."""
        self._gateways: list[int] = settings["gateways"]
        self._answers: bool = settings["answers"]
        self._bearers: dict[str, str] = settings["bearers"]
        self._makers = {name: Receipts(int(name)) for name in self._bearers}
        self._to_send: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    def handle(self, request: Request) -> bytes:
        """The answer to a request."""
        if request.path == "/seen":
            seen = {"messages": len(self.messages), "receipts": len(self.receipts), "refused": self.refused}
            return answer(200, json.dumps(seen).encode())
        if request.path == "/report":
            return answer(200, json.dumps(self._report()).encode())
        name = request.path.removeprefix("/in/")
        found = MESSAGE_ID.search(request.body)
        if found is None:
            return answer(400)
        id = found[0].decode()
        if name == "hospital":
            self.receipts[id] = self.receipts.get(id, 0) + 1
        else:
            self._take(id, request)
            if self._answers:
                self._to_send.put_nowait((name, found[0]))
        return TAKEN

    def _take(self, id: str, request: Request) -> None:
        arrived = self.messages.setdefault(id, Arrived())
        arrived.times += 1
        arrived.checksum = zlib.crc32(request.body)
        key = f"{request.headers[b'x-request-id'].decode()} {request.headers[b'idempotency-key'].decode()}"
        if key not in arrived.ids:
            arrived.ids.append(key)

    def _report(self) -> dict[str, Any]:
        return {
            "messages": {id: asdict(arrived) for id, arrived in self.messages.items()},
            "receipts": self.receipts,
        }

    async def post_receipts(self, number: int) -> None:
        """Send the receipts that wait, over one connection, until cancelled."""
        caller = Caller("127.0.0.1", self._gateways[number % len(self._gateways)])
        while True:
            name, original = await self._to_send.get()
            status, _ = await caller.post(
                "/messages",
                self._makers[name].of(original),
                content_type="application/xml",
                bearer=self._bearers[name],
            )
            self.refused += status != 202


async def serve(settings: dict[str, Any]) -> None:
    """Until the process is ended."""
    sink = Sink(settings)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Hearer(sink.handle), "127.0.0.1", settings["port"])
    print(server.sockets[0].getsockname()[1], flush=True)
    async with asyncio.TaskGroup() as group:
        for number in range(POSTMEN if settings["answers"] else 0):
            group.create_task(sink.post_receipts(number))
        group.create_task(server.serve_forever())


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
