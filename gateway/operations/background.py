"""What runs beside the gateway for its operators: the watch for alarms, the webhook, replays, retention?

Each is woken by a commit, or by its own next time; nothing asks the store again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog

from gateway.errors import Unavailable
from gateway.ledger import times
from gateway.ledger.duty import Duty
from gateway.ledger.operations import OperationsReader, alarm_of
from gateway.ledger.session import Notices, Session
from gateway.ledger.store import Ledger
from gateway.operations import replay, retention
from gateway.operations.alarms import Trouble, Watch
from gateway.operations.certificates import CertificateWatch
from gateway.operations.retention import Digest
from gateway.operations.webhook import (
    FIRST_WAIT_S,
    GIVEN_UP_AFTER,
    LONGEST_WAIT_S,
    MOST_IN_A_CALL,
    Webhook,
)
from gateway.routing.dispatch import Dispatcher
from gateway.routing.partners import Partners
from gateway.routing.retry import wait
from gateway.settings import Settings

BREATH_S: Final = 0.5
"""From one look to the next, however fast messages come."""
AT_LEAST_EVERY_S: Final = 15.0
"""What time alone makes true is seen so soon."""
AGAIN_AFTER_FAILURE_S: Final = 5.0

log = structlog.get_logger(__name__)


class Inbox(Protocol):
    """A folder that a partner puts messages into."""

    @property
    def name(self) -> str:
        """The first HER-id of its endpoint."""
        ...

    @property
    def is_stuck(self) -> bool:
        """Whether something in it cannot be taken over."""
        ...


class _Changes:
    """What one task hears of the commits, so that it looks after one of them, but not after each of a crowd."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._looked_s = 0.0

    def heard(self) -> None:
        """There was a commit."""
        self._heard.set()

    def look(self) -> None:
        """What is committed from now on needs another look."""
        self._heard.clear()
        self._looked_s = asyncio.get_running_loop().time()

    async def next(self, within_s: float | None = None) -> None:
        """Wait until it is time to look again: a breath after the last look, and a commit or that many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._heard.wait()
        await asyncio.sleep(self._looked_s + BREATH_S - asyncio.get_running_loop().time())


class Background:
    """Tasks of one gateway."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        reader: OperationsReader,
        partners: Partners,
        dispatcher: Dispatcher,
        digest: Digest,
        certificates: CertificateWatch,
    ) -> None:
        self._settings = settings
        self._digest = digest
        self._certificates = certificates
        self._ledger = ledger
        self._reader = reader
        self._partners = partners
        self._dispatcher = dispatcher
        self._watch = Watch(settings, dispatcher.owner)
        self._changes: list[_Changes] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._duties: dict[str, Duty] = {}
        self.inboxes: Sequence[Inbox] = ()
        """The folders that this node may look into."""

    def start(self) -> None:
        """Begin."""
        self._ledger.listen(self._heard)
        runs = [self._watching, self._replaying]
        if self._settings.alarm.webhook is not None:
            runs.append(self._telling)
        kept = self._settings.retention
        if kept.bodies_days is not None or kept.metadata_days is not None:
            runs.append(self._removing)
        self._tasks = [asyncio.create_task(self._going_on(run)) for run in runs]

    async def stop(self) -> None:
        """End."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._reader.idle()
        for each in self._duties.values():
            with contextlib.suppress(Unavailable):  # then the others wait until the lease has run out
                await each.end()

    def _heard(self, notices: Notices) -> None:
        if notices.changed or notices.missed:
            for each in self._changes:
                each.heard()

    async def _going_on(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Whatever goes wrong in it, it goes on; only a closed ledger ends it."""
        while True:
            try:
                await run()
            except Exception as error:
                if isinstance(error, Unavailable) and error.code == "us.shutting-down":
                    return
                log.error("operations.failed", what=run.__name__, kind=type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER_FAILURE_S)

    @contextlib.contextmanager
    def _following(self) -> Iterator[_Changes]:
        changes = _Changes()
        self._changes.append(changes)
        try:
            yield changes
        finally:
            self._changes.remove(changes)

    async def _watching(self) -> None:
        """Look for alarms after each change, and now and then."""
        with self._following() as changes:
            while True:
                changes.look()
                await self.look()
                await changes.next(within_s=AT_LEAST_EVERY_S)

    async def look(self) -> None:
        """One look for alarms; writes only when there is something to write."""
        troubles = [*self._troubles()]
        clock, watch, certificates = self._ledger.clock, self._watch, self._certificates
        news = certificates.news()

        def unit(session: Session) -> None:
            if news or certificates.is_beginning:
                certificates.keep(session, news, clock())
            watch.look(session, troubles, clock())

        is_needed = bool(news) or certificates.is_beginning
        if is_needed or await self._reader.in_thread(
            lambda: watch.is_needed(self._reader, troubles, clock())
        ):
            await self._ledger.write(unit)
            certificates.was_kept()

    def _troubles(self) -> Iterator[Trouble]:
        for name, pump in self._dispatcher.pumps.items():
            if pump.breaker.is_probing:
                yield "endpoint-down", name
        for inbox in self.inboxes:
            if inbox.is_stuck:
                yield "inbox-stuck", inbox.name

    async def _telling(self) -> None:
        """Tell the configured address what has opened and closed."""
        webhook, failures = Webhook(self._settings.alarm), 0
        with self._following() as changes:
            while True:
                changes.look()
                if self._reader.all("alarms_untold", most=1) and await self._have("telling"):
                    failures = 0 if await self._tell(webhook) else failures + 1
                    if failures:
                        await asyncio.sleep(wait(failures, first=FIRST_WAIT_S, longest=LONGEST_WAIT_S))
                    continue
                await changes.next(within_s=AT_LEAST_EVERY_S * 4)

    async def _tell(self, webhook: Webhook) -> bool:
        alarms = tuple(alarm_of(row) for row in self._reader.all("alarms_untold", most=MOST_IN_A_CALL))
        taken = await webhook.tell(alarms)
        now = self._ledger.clock()

        def unit(session: Session) -> None:
            for alarm in alarms:
                too_old = now - times.of(alarm.closed_at or alarm.opened_at) > GIVEN_UP_AFTER
                if taken or too_old:
                    told = 1 if alarm.closed_at is None else 2
                    session.run("alarm_told", alarm_id=alarm.id, told=told)

        await self._ledger.write(unit)
        return taken

    async def _replaying(self) -> None:
        """Work on the replays, one after the other."""
        with self._following() as changes:
            while True:
                changes.look()
                row = self._reader.one("running_replay")
                if row is None:
                    await changes.next()
                elif await self._have("replay"):
                    await self._replay(row["replay_id"], row["per_second"])
                else:
                    await asyncio.sleep(AGAIN_AFTER_FAILURE_S)

    async def _replay(self, replay_id: int, per_second: float) -> None:
        clock, loop = self._ledger.clock, asyncio.get_running_loop()
        next_at = next_look = loop.time()
        going_on = True
        while going_on:
            if loop.time() >= next_look:
                next_look = loop.time() + 1.0
                if not await self._have("replay") or await self._stopped(replay_id):
                    return
            going_on = await self._ledger.write(
                lambda session: replay.step(session, replay_id, self._partners, clock())
            )
            next_at += 1.0 / per_second
            await asyncio.sleep(max(0.0, next_at - loop.time()))

    async def _stopped(self, replay_id: int) -> bool:
        """Whether too many came to a bad end."""
        found = self._reader.replay(replay_id)
        settings = self._settings.replay
        if found is None or not replay.too_many_negative(found.answered, found.negative, settings):
            return False
        clock = self._ledger.clock
        return await self._ledger.write(
            lambda session: replay.stop_if_negative(session, replay_id, settings, clock())
        )

    async def _removing(self) -> None:
        """Look after retention once a day."""
        while True:
            now = datetime.now(UTC)
            await asyncio.sleep((retention.next_run(self._settings.retention, now) - now).total_seconds())
            if await self._have("retention"):
                removed = await retention.run(
                    self._ledger, self._reader, self._settings.retention, self._ledger.clock(), self._digest
                )
                log.info("retention.done", bodies=removed.bodies, messages=removed.messages)

    async def _have(self, name: str) -> bool:
        """Whether this node has a duty that one node has for all."""
        if name not in self._duties:
            lease_s = self._settings.gateway.lease_s
            self._duties[name] = Duty(self._ledger, name, self._dispatcher.owner, lease_s)
        return await self._duties[name].is_ours()
