"""How does the simulated counterpart send to the vendor's EPJ, and what does it do with what comes back?

It knows nothing of who serves its inbox: whoever does hands each request to `receive`. What a vendor answers in the
HTTP response itself is taken as a receipt too, when it is one.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from gateway.emessage.read import read as read_xml
from gateway.emessage.validate import validate as validate_xml
from gateway.errors import SomlosError
from gateway.fhir.json import read as read_json
from gateway.fhir.validate import validate as validate_fhir
from gateway.simulator.conformance.behaviours import Behaviour
from gateway.simulator.conformance.exchange import Attempt, Exchange, Got, Receipt, Sent
from gateway.simulator.conformance.messages import Message
from gateway.simulator.reading import CannotRead, Seen, see
from gateway.simulator.receipts import Answer, ReceiptFormat, write_receipt

HTTP_SECONDS: Final = 60.0
"""How long the vendor may take to answer one request."""
TRIES: Final = 3
"""How often a request is sent that was not answered, or answered with 5xx."""
_REJECTION: Final = "X99"


@dataclass(frozen=True)
class Vendor:
    """How the vendor's EPJ is reached."""

    url: str
    """Where messages and receipts are posted."""
    secret: str | None = None
    """Shown as bearer."""
    receipt_format: ReceiptFormat = "1.0"
    """What it takes as receipts for its own messages."""
    retry_seconds: float = 0.5
    """The wait before a request that got no answer, or 5xx, is sent again; it doubles each time."""


class Counterpart:
    """One counterpart in one play."""

    def __init__(self, vendor: Vendor, behaviour: Behaviour, late_seconds: float) -> None:
        """`late_seconds`: how long a late receipt is kept back."""
        self.exchange = Exchange()
        self._vendor = vendor
        self._behaviour = behaviour
        self._late_seconds = late_seconds
        self._began = time.monotonic()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        headers = {"Authorization": f"Bearer {vendor.secret}"} if vendor.secret else {}
        self._client = httpx.AsyncClient(timeout=HTTP_SECONDS, trust_env=False, headers=headers)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def send(self, message: Message) -> Sent:
        """Send a message, as often as the behaviour says; returns when the transport has answered."""
        sent = Sent(
            message.step, message.message_id, len(message.body), message.receiver, spoiled=message.spoiled
        )
        self.exchange.sent.append(sent)
        for _ in range(self._behaviour.sends):
            await self._post(message.body, message.content_type, sent.attempts, sent)
        return sent

    async def wait_until(self, moment: float, sent: Sent | None = None) -> None:
        """Return when the message is answered (when one is given), or at `moment` (seconds of this play)."""
        try:
            async with asyncio.timeout(max(0.0, moment - self.now)):
                while sent is None or not sent.is_answered:
                    changed = self._changed
                    await changed.wait()
        except TimeoutError:
            return

    async def settle(self) -> None:
        """Return when no receipt of ours is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def now(self) -> float:
        """Seconds since the play began."""
        return time.monotonic() - self._began

    def receive(self, body: bytes) -> int:
        """Take in what the vendor posts; the HTTP status that answers it."""
        try:
            seen = see(body)
        except CannotRead:
            self.exchange.unreadable += 1
            self._tell()
            return 400
        if seen.kind == "receipt":
            self._file_receipt(seen, body)
        else:
            self._file_message(seen, body)
        self._tell()
        return 202

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _file_receipt(self, seen: Seen, body: bytes) -> None:
        sent = next((each for each in self.exchange.sent if each.message_id == seen.original), None)
        if sent is None:
            self.exchange.unknown_receipts.append(seen.id)
            return
        sent.receipts.append(
            Receipt(
                id=seen.id,
                at=self.now,
                status=seen.receipt_status or "",
                codes=seen.receipt_codes,
                sender=tuple(unit.her_id for unit in seen.sender),
                receiver=tuple(unit.her_id for unit in seen.receiver),
                findings=_findings(body),
            )
        )

    def _file_message(self, seen: Seen, body: bytes) -> None:
        got = self.exchange.got.get(seen.id)
        if got is None:
            got = Got(seen.id, seen.type, seen.status, self.now, _findings(body))
            self.exchange.got[seen.id] = got
        got.arrivals += 1
        got.contents.add(hashlib.sha256(body).hexdigest())
        if self._behaviour.answers is not None:
            task = asyncio.create_task(self._answer(seen, got))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, seen: Seen, got: Got) -> None:
        status = self._behaviour.answers or "1"
        if self._behaviour.late and got.arrivals == 1:
            await asyncio.sleep(self._late_seconds)  # being late is what this counterpart is for
        answer = Answer(status=status, code=_REJECTION if status == "2" else None)
        body, content_type = write_receipt(seen, answer, self._vendor.receipt_format, datetime.now(UTC))
        got.answered = status
        for _ in range(self._behaviour.sends):
            await self._post(body, content_type, got.attempts)

    async def _post(
        self, body: bytes, content_type: str, attempts: list[Attempt], sent: Sent | None = None
    ) -> None:
        wait = self._vendor.retry_seconds
        for number in range(TRIES):
            attempt, answer = await self._try(body, content_type)
            attempts.append(attempt)
            if sent is not None and answer:
                self._receipt_in_answer(sent, answer)
            self._tell()
            if attempt.status is not None and attempt.status < 500:
                return
            if number < TRIES - 1:
                await asyncio.sleep(wait)  # the wait between two attempts
                wait *= 2

    async def _try(self, body: bytes, content_type: str) -> tuple[Attempt, bytes]:
        began = self.now
        status, failure, answer = None, None, b""
        headers = {"Content-Type": f"{content_type}; charset=utf-8"}
        try:
            response = await self._client.post(self._vendor.url, content=body, headers=headers)
            status, answer = response.status_code, response.content
        except httpx.ConnectError:
            failure = "refused"
        except httpx.TimeoutException:
            failure = "timeout"
        except httpx.HTTPError:
            failure = "broken"
        return Attempt(began, self.now - began, status, failure), answer

    def _receipt_in_answer(self, sent: Sent, answer: bytes) -> None:
        """An AppRec in the answer itself counts as one that came home."""
        try:
            seen = see(answer)
        except CannotRead:
            return
        if seen.kind == "receipt" and seen.original == sent.message_id:
            self._file_receipt(seen, answer)


def _findings(body: bytes) -> tuple[str, ...]:
    """Codes of the errors our validator finds, each once."""
    try:
        is_json = body.lstrip()[:1] == b"{"
        found = validate_fhir(read_json(body)) if is_json else validate_xml(read_xml(body))
    except SomlosError as error:
        return (error.code,)
    return tuple(dict.fromkeys(each.code for each in found if each.severity == "error"))
