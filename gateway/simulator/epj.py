"""How does a simulated EPJ behave? One process, one partner, a small HTTP server of its own.

    POST /inbox    the gateway delivers here: PLO XML, dialogue, AppRec or a FHIR message Bundle
    POST /send     a message to send: its bytes as the body, its content type as the header
    POST /behaviour  {"inbox_status": 503}: the inbox answers with that status until told otherwise (202: well again)
    GET  /status   what was sent and received, ids only; ?after=VERSION waits up to ?wait=SECONDS for a change

It answers each message with a receipt of its own making, as its rules say: positive, negative, late or not
at all. The same message again gets the same receipt again and is filed once. Everything is in memory; it knows
nothing of the ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.simulator.outbox import Outbox, Posted
from gateway.simulator.reading import CannotRead, Seen, see
from gateway.simulator.receipts import Answer, ReceiptFormat, receipt_id, write_receipt

LONGEST_WAIT_SECONDS = 30.0


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How this EPJ answers messages of one type (8279; "*" is any). The first rule that fits counts."""

    type: str = "*"
    status: str = "1"
    code: str | None = None
    late_seconds: float = 0.0
    """How long the receipt is kept back."""
    silent: bool = False
    """No receipt at all."""


class EpjSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One simulated EPJ."""

    name: str
    gateway: str
    """Base address of the gateway."""
    send_secret: str
    """The bearer secret it shows to the gateway."""
    listen: str = "127.0.0.1:0"
    inbox_secret: str | None = None
    """The bearer secret the gateway must show; None: none is asked for."""
    receipt_format: ReceiptFormat = "1.0"
    known_patients: tuple[str, ...] | None = None
    """Identity numbers it has a record of: others are rejected with E35. None: it knows everybody."""
    rules: tuple[Rule, ...] = ()


@dataclass
class Received:
    """A message or receipt that arrived, however many times."""

    seen: Seen = field(repr=False)
    sha256: str
    content_type: str
    at: datetime
    arrivals: int = 1
    contents: set[str] = field(default_factory=set)
    """Digests of everything that arrived under this id: more than one would be a fault of the gateway."""


class Epj:
    """The state of one simulated EPJ and what it does."""

    def __init__(self, settings: EpjSettings) -> None:
        self.settings = settings
        self.version = 0
        self.sent: list[Posted] = []
        self.receipts_sent: dict[str, Posted] = {}
        self.received: dict[tuple[str, str], Received] = {}
        self.receipts_received: dict[str, Received] = {}
        self.inbox_status = 202
        """What the inbox answers; anything but 202 takes nothing in."""
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._messages = Outbox(settings.gateway, settings.send_secret, self.changed)
        self._receipts = Outbox(settings.gateway, settings.send_secret, self.changed)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to send; must be called inside the running loop."""
        self._loop = asyncio.get_running_loop()
        for coroutine in (self._messages.run(), self._receipts.run()):
            self._keep(asyncio.create_task(coroutine))

    def close(self) -> None:
        """Send home those who wait for a change; may be called from a signal handler."""
        self._closing = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.changed)

    async def stop(self) -> None:
        """End every task."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def changed(self) -> None:
        """Count a change and wake those who wait for one."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, after: int, seconds: float) -> None:
        """Return when the version is greater than `after`, or when the time is up."""
        try:
            async with asyncio.timeout(min(seconds, LONGEST_WAIT_SECONDS)):
                while self.version <= after and not self._closing:
                    await self._changed.wait()
        except TimeoutError:
            return

    def send(self, body: bytes, content_type: str) -> Seen:
        """Queue a message of this EPJ; raises CannotRead."""
        seen = see(body)
        posted = Posted(id=seen.id, type=seen.type, body=body, content_type=content_type)
        self.sent.append(posted)
        self._messages.put(posted)
        self.changed()
        return seen

    def receive(self, body: bytes, content_type: str) -> Seen:
        """Take in what the gateway delivers, and answer it as the rules say; raises CannotRead."""
        seen = see(body)
        arrived = Received(seen, hashlib.sha256(body).hexdigest(), content_type, datetime.now(UTC))
        if seen.kind == "receipt":
            known = self.receipts_received.setdefault(seen.id, arrived)
        else:
            known = self.received.setdefault((seen.sender[-1].her_id, seen.id), arrived)
        known.contents.add(arrived.sha256)
        if known is not arrived:
            known.arrivals += 1
        if seen.kind == "message":
            self._keep(asyncio.create_task(self._answer(seen, again=known is not arrived)))
        self.changed()
        return seen

    async def _answer(self, seen: Seen, *, again: bool) -> None:
        rule = self._rule_for(seen)
        if rule.silent:
            return
        if not again:
            await asyncio.sleep(rule.late_seconds)
        answer = Answer(status=rule.status, code=rule.code)  # type: ignore[arg-type]
        body, content_type = write_receipt(seen, answer, self.settings.receipt_format, datetime.now(UTC))
        known = self.receipts_sent.get(seen.id)
        posted = known or Posted(id=receipt_id(seen), type="APPREC", body=body, content_type=content_type)
        if known is not None and known.state == "queued":
            return
        posted.state = "queued"
        self.receipts_sent[seen.id] = posted
        self._receipts.put(posted)
        self.changed()

    def _rule_for(self, seen: Seen) -> Rule:
        known = self.settings.known_patients
        if known is not None and seen.patient not in known:
            return Rule(status="2", code="E35")
        return next((rule for rule in self.settings.rules if rule.type in ("*", seen.type)), Rule())

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def status(self) -> dict[str, Any]:
        """Ids, types, digests and states: nothing of the content."""
        return {
            "name": self.settings.name,
            "version": self.version,
            "sent": [_posted(posted) for posted in self.sent],
            "received": [_received(each) for each in self.received.values()],
            "receipts_sent": [
                {"original": original, **_posted(posted)} for original, posted in self.receipts_sent.items()
            ],
            "receipts_received": [_received(each) for each in self.receipts_received.values()],
        }


def _posted(posted: Posted) -> dict[str, Any]:
    return {
        "id": posted.id,
        "type": posted.type,
        "sha256": hashlib.sha256(posted.body).hexdigest(),
        "state": posted.state,
        "attempts": posted.attempts,
        "http_status": posted.http_status,
        "code": posted.code,
        "location": posted.location,
    }


def _received(received: Received) -> dict[str, Any]:
    seen = received.seen
    common = {
        "id": seen.id,
        "type": seen.type,
        "from": seen.sender[-1].her_id,
        "sha256": received.sha256,
        "content_type": received.content_type,
        "at": received.at.isoformat(),
        "arrivals": received.arrivals,
        "contents": len(received.contents),
    }
    if seen.kind == "receipt":
        return {
            **common,
            "original": seen.original,
            "status": seen.receipt_status,
            "codes": list(seen.receipt_codes),
        }
    return {**common, "status": seen.status}


def create_app(epj: Epj) -> Starlette:
    """The EPJ's HTTP server."""

    async def inbox(request: Request) -> Response:
        if not _may(request, epj.settings.inbox_secret):
            return Response(status_code=401)
        if epj.inbox_status != 202:
            return Response(status_code=epj.inbox_status)
        try:
            seen = epj.receive(await request.body(), _media_type(request))
        except CannotRead:
            return JSONResponse({"error": "unreadable"}, status_code=400)
        return JSONResponse({"id": seen.id}, status_code=202)

    async def send(request: Request) -> Response:
        try:
            seen = epj.send(await request.body(), _media_type(request))
        except CannotRead:
            return JSONResponse({"error": "unreadable"}, status_code=400)
        return JSONResponse({"id": seen.id}, status_code=202)

    async def behaviour(request: Request) -> Response:
        epj.inbox_status = int((await request.json())["inbox_status"])
        return Response(status_code=204)

    async def status(request: Request) -> Response:
        after = int(request.query_params.get("after", "-1"))
        await epj.wait_for_change(after, float(request.query_params.get("wait", "0")))
        return JSONResponse(epj.status())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        epj.start()
        yield
        await epj.stop()

    routes = [
        Route("/inbox", inbox, methods=["POST"]),
        Route("/send", send, methods=["POST"]),
        Route("/behaviour", behaviour, methods=["POST"]),
        Route("/status", status, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _may(request: Request, secret: str | None) -> bool:
    if secret is None:
        return True
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {secret}".encode())


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
