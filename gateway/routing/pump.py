"""How does what waits for one endpoint get sent, without holding up or being held up by any other?

One pump an endpoint. It sleeps until a commit says that there is something to send, or until the next attempt
is due; it claims as many lanes as it has free places, and each claimed lane is worked on by one task until it
is empty or must wait. A partner that fails again and again gets a pause, then one probe at a time; meanwhile
its lanes stay in the store, and no socket, task or thread waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog

from gateway.errors import SomlosError, Unavailable
from gateway.ledger import times
from gateway.ledger.asking import Asking, Kind
from gateway.ledger.line import Attempt
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.routing import attempts, pace, quarantine
from gateway.routing.attempts import Claimed, Ending
from gateway.routing.ports import LARGE, Translation, Translator, content_of, media_type_of
from gateway.routing.retry import Breaker, wait
from gateway.settings import Endpoint
from gateway.transports.base import Deferred, Delivered, Outgoing, Rejected, SendResult, Transport

LEASE_S: Final = 60.0
"""How long a claimed lane is ours without a new commit; longer than any transport's time limit."""
ENOUGH: Final = 0.5
"""The part of the lease that must be left when something is begun to be sent."""
SLACK: Final = 0.1
"""The part of the lease before whose end an attempt is cut off: nobody else sends while we might."""
AGAIN_AFTER_FAILURE_S: Final = 1.0

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Means:
    """What every pump works with."""

    ledger: Ledger
    translator: Translator
    owner: str
    """Names this process in leases."""
    answered: Callable[[Attempt, Rejected], Awaitable[None]]
    """Takes in what a partner answered when it rejected a message: it may be a receipt. Raises Unavailable while the
    ledger cannot take it."""
    clock: Callable[[], int] = times.now
    lease_us: int = times.seconds(LEASE_S)


@dataclass(frozen=True)
class _Held:
    """A translation that is not sent until a person has looked at it."""

    translation: Translation


class Pump:
    """Sends what waits for one endpoint."""

    def __init__(self, endpoint: Endpoint, transport: Transport, means: Means) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._means = means
        self._wake = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._is_full = False
        self._again = asyncio.Event()
        self._slow_down = True
        """The pace is begun with the next claim."""
        self._paced_until = 0.0
        """The pace lets nothing be begun before this time, in seconds."""
        self.breaker = Breaker(first=endpoint.first_wait_s, longest=endpoint.max_wait_s)

    @property
    def endpoint(self) -> Endpoint:
        """Where it sends to."""
        return self._endpoint

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def try_again(self) -> None:
        """Somebody says that the endpoint is well again: no pause any more, but not everything at once."""
        self.breaker.succeeded()
        self._slow_down = True
        self._again.set()
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; whatever goes wrong here, it goes on."""
        while True:
            try:
                await self._round()
            except Exception as error:
                log.error("pump.failed", kind=type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER_FAILURE_S)

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more; let what is under way end, for at most `grace_s` seconds.

        What is cut off stays `sending` in the ledger and goes back into line at the next start.
        """
        self._stopping = True
        if self._working:
            await asyncio.wait(self._working, timeout=grace_s)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _round(self) -> None:
        """Claim what may be sent now, and sleep until there may be more."""
        pause = self.breaker.open_until - self._seconds()
        if pause > 0:
            self._again.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._again.wait()
        self._wake.clear()
        free = (1 if self.breaker.is_probing else self._endpoint.concurrency) - len(self._working)
        until: float | None = self._paced_until
        if free > 0 and self._paced_until <= self._seconds():
            claimed = await self._claim(free)
            for attempt in claimed.attempts:
                self._begin(attempt)
            free -= len(claimed.attempts)
            until = None if claimed.next_due is None else claimed.next_due / times.SECOND
            if claimed.paced_until is not None:
                until = self._paced_until = claimed.paced_until / times.SECOND
        self._is_full = free <= 0
        wait_s = None if until is None or self._is_full else max(until - self._seconds(), 0.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _claim(self, most: int) -> Claimed:
        endpoint, means, probing = self._endpoint, self._means, self.breaker.is_probing
        slow_down, self._slow_down = self._slow_down, False

        def unit(session: Session) -> Claimed:
            now = means.clock()
            if slow_down and endpoint.drain_per_second is not None:
                pace.begin(session, endpoint.her_ids[0], now)
            return attempts.claim_at_pace(
                session, endpoint, most, means.owner, now, means.lease_us, probing=probing
            )

        try:
            return await means.ledger.write(unit, touching=endpoint.her_ids, is_brief=True)
        except BaseException:
            self._slow_down = self._slow_down or slow_down
            raise

    def _begin(self, attempt: Attempt) -> None:
        task = asyncio.create_task(self._work(attempt))
        self._working.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if self._is_full:
            self._wake.set()

    async def _work(self, attempt: Attempt) -> None:
        """Send the deliveries of one claimed lane, one after the other, until it is empty or must wait."""
        current: Attempt | None = attempt
        try:
            while current is not None:
                current = await self._one(current)
        except Exception as error:  # the lease runs out, and the lane is claimed again
            log.error("delivery.interrupted", message=attempt.id, kind=type(error).__name__)

    async def _one(self, attempt: Attempt) -> Attempt | None:
        """Make one attempt; returns the next one of the lane."""
        body = await self._outbound(attempt)
        if isinstance(body, str):
            return await self._hand_over(attempt, body)
        if isinstance(body, _Held):
            return await self._hold(attempt, body.translation)
        if self._left_s(attempt) < ENOUGH * self._means.lease_us / times.SECOND:
            return await self._finish(attempt, Deferred("us.overloaded"))
        outcome = await self._send(attempt, body)
        if isinstance(outcome, Rejected) and outcome.answer:
            await _insist(partial(self._means.answered, attempt, outcome))
        if isinstance(outcome, Deferred):
            self.breaker.failed(self._seconds(), outcome.retry_after)
            self._slow_down = self._slow_down or self.breaker.is_probing
        else:
            self.breaker.succeeded()
        return await self._finish(attempt, outcome)

    async def _send(self, attempt: Attempt, body: bytes) -> SendResult:
        """Hand the bytes to the transport.

        Durable before it: the bytes, and that an attempt is under way. A crash here: nobody knows whether the
        receiver has them, so they are sent again, by this node or, when the lease has run out, by another. Why
        that is harmless: same bytes, same id, and a receiver takes the same id once. While the lease lasts nobody
        else sends, and the attempt is cut off before it ends.
        """
        outgoing = Outgoing(
            body=body,
            content_type=media_type_of(attempt.format),
            message_id=attempt.message_id,
            message_type=attempt.message_type,
            correlation=attempt.id,
            sender=attempt.sender_her,
        )
        try:
            async with asyncio.timeout(self._left_s(attempt) - SLACK * self._means.lease_us / times.SECOND):
                outcome = await self._transport.send(self._endpoint, outgoing)
        except TimeoutError:
            outcome = Deferred("transport.timeout")
        except Exception as error:
            log.error("delivery.transport-failed", message=attempt.id, kind=type(error).__name__)
            outcome = Deferred("us.internal")
        said = outcome.reason if isinstance(outcome, Deferred) else None
        log.info(
            "delivery.attempt",
            message=attempt.id,
            attempt=attempt.number,
            outcome=type(outcome).__name__.lower(),
            code=outcome.code if isinstance(outcome, Rejected) else said,
        )
        return outcome

    async def _outbound(self, attempt: Attempt) -> bytes | str | _Held:
        """The bytes to send; the code that says why they cannot be made; or what a person must look at first."""
        if not attempt.needs_translation:
            return attempt.content
        try:
            translation = await self._means.translator.convert(
                attempt.content, content_of(attempt.source_format), attempt.format, attempt.original
            )
        except SomlosError as error:
            return error.code
        except Exception as error:
            log.error("delivery.translation-failed", message=attempt.id, kind=type(error).__name__)
            return "us.internal"
        if not attempt.is_receipt and quarantine.holds(translation.loss.gravest, self._endpoint.hold_losses):
            return _Held(translation)
        clock = self._means.clock
        await self._write(
            lambda session: attempts.keep_translation(
                session, attempt, translation.data, translation.loss, clock()
            ),
            attempt,
            made_bytes=len(translation.data),
        )
        return translation.data

    async def _finish(self, attempt: Attempt, outcome: SendResult) -> Attempt | None:
        asked = outcome.retry_after if isinstance(outcome, Deferred) else None
        wait_s = wait(
            attempt.number, first=self._endpoint.first_wait_s, longest=self._endpoint.max_wait_s, asked=asked
        )
        worth_it = isinstance(outcome, Delivered) or not self.breaker.is_probing
        may_go_on = worth_it and not self._stopping
        ending = Ending(attempt, outcome, wait_s, may_go_on=may_go_on)
        means = self._means
        unit = Asking(
            Kind.ENDING,
            attempts.about(attempt),
            lambda session: attempts.ask(session, attempt),
            lambda session, asked: attempts.finish(
                session, ending, asked, self._endpoint, means.owner, means.clock(), means.lease_us
            ),
        )
        return await self._write(unit, attempt)

    async def _hand_over(self, attempt: Attempt, reason: str) -> Attempt | None:
        means = self._means
        log.warning("delivery.handed", message=attempt.id, code=reason)
        return await self._write(
            lambda session: attempts.hand_over(
                session, attempt, means.owner, reason, means.clock(), means.lease_us
            ),
            attempt,
        )

    async def _hold(self, attempt: Attempt, translation: Translation) -> Attempt | None:
        means = self._means
        log.warning("delivery.held", message=attempt.id, code=quarantine.HELD)
        return await self._write(
            lambda session: attempts.hold(
                session, attempt, translation, means.owner, means.clock(), means.lease_us
            ),
            attempt,
            made_bytes=len(translation.data),
        )

    async def _write(
        self, unit: Callable[[Session], Result], attempt: Attempt, *, made_bytes: int = 0
    ) -> Result:
        """Write it down, however long that takes."""
        write, touching = self._means.ledger.write, (attempt.receiver_her,)
        return await _insist(partial(write, unit, touching=touching, is_brief=made_bytes <= LARGE))

    def _left_s(self, attempt: Attempt) -> float:
        """Seconds that are left of the lease, by the ledger's clock."""
        return attempt.lease_until / times.SECOND - self._seconds()

    def _seconds(self) -> float:
        return self._means.clock() / times.SECOND


async def _insist(write: Callable[[], Awaitable[Result]]) -> Result:
    """Until it is kept: what happened must not be forgotten because the ledger cannot take it just now.

    :raises Unavailable: us.shutting-down
    """
    while True:
        try:
            return await write()
        except Unavailable as error:
            if error.code == "us.shutting-down":
                raise
            log.error("delivery.not-kept", code=error.code)
            await asyncio.sleep(AGAIN_AFTER_FAILURE_S)
