"""Who sends what waits, who watches the deadlines, and how do they start and stop?

A commit tells which receivers have something new; the dispatcher wakes their pumps. Nothing asks the store
again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from gateway.errors import Unavailable
from gateway.ledger import line, times
from gateway.ledger.line import Attempt
from gateway.ledger.session import Notices, Session
from gateway.ledger.store import Ledger
from gateway.routing.credentials import Credentials
from gateway.routing.deadlines import Deadlines
from gateway.routing.intake import Intake
from gateway.routing.partners import Partners
from gateway.routing.ports import Content, Translator
from gateway.routing.pump import LEASE_S, Means, Pump
from gateway.transports.base import FHIR_JSON, Rejected, Transport

GRACE_S: Final = 8.0
"""How long deliveries under way may take to end when the gateway stops."""
RECEIPT_MEDIA_TYPES: Final = frozenset({"application/xml", "text/xml", FHIR_JSON})

UNREADABLE: Final = "us.internal"
"""What the reader of a message says when it fails for a reason of its own: it would fail again."""

log = structlog.get_logger(__name__)


class Dispatcher:
    """Every pump of one gateway, and its deadlines."""

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        partners: Partners,
        credentials: Credentials,
        translator: Translator,
        transports: Mapping[str, Transport],
        *,
        clock: Callable[[], int] = times.now,
        lease_s: float = LEASE_S,
    ) -> None:
        """`transports`: by the name that endpoints use in the settings; `lease_s`: as in the settings."""
        self._ledger = ledger
        self._intake = intake
        self._partners = partners
        self._credentials = credentials
        self._clock = clock
        self.transports = transports
        self.owner = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        """Names this node in leases; no other has ever had this name."""
        means = Means(ledger, translator, self.owner, self._take_answer, clock, times.seconds(lease_s))
        self._pumps: dict[str, Pump] = {}
        self._all_pumps: list[Pump] = []
        for endpoint in partners.endpoints:
            pump = Pump(endpoint, transports[endpoint.transport], means)
            self._all_pumps.append(pump)
            self._pumps.update(dict.fromkeys(endpoint.her_ids, pump))
        self._deadlines = Deadlines(ledger, clock=clock)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pumps(self) -> dict[str, Pump]:
        """Every pump, by the first HER-id of its endpoint."""
        return {pump.endpoint.her_ids[0]: pump for pump in self._all_pumps}

    @property
    def is_running(self) -> bool:
        """Whether everything that should run, runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        """Take up what the last process left behind, and begin to send.

        :raises Unavailable: the ledger cannot be written.
        """
        await self._ledger.write(self._recover)
        self._ledger.listen(self._heard)
        runs: list[Callable[[], Coroutine[Any, Any, None]]] = [self._deadlines.run]
        runs.extend(pump.run for pump in self._all_pumps)
        self._tasks = [asyncio.create_task(run()) for run in runs]

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Begin nothing more, and let what is under way end, for at most `grace_s` seconds."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(pump.stop(grace_s) for pump in self._all_pumps))
        if self._ledger.is_shared:
            with contextlib.suppress(Unavailable):  # then the others wait until the leases have run out
                await self._ledger.write(lambda session: line.give_back(session, self.owner, self._clock()))

    def _heard(self, notices: Notices) -> None:
        self._deadlines.heard(notices)
        if notices.missed:
            for each in self._all_pumps:
                each.wake()
        for receiver_her in notices.receivers:
            pump = self._pumps.get(receiver_her)
            if pump is not None:
                pump.wake()

    def _recover(self, session: Session) -> None:
        now = self._clock()
        line.recover(session, now, alone=not self._ledger.is_shared)
        for row in session.all("open_receivers"):
            if row["receiver_her"] not in self._pumps:
                self._hand_over_all(session, row["receiver_her"], now)

    def _hand_over_all(self, session: Session, receiver_her: str, now: int) -> None:
        """The settings no longer say how to reach this receiver: what waits for it goes to a person."""
        for row in session.all("open_for_receiver", receiver_her=receiver_her):
            line.end(
                session, row["delivery_id"], row["message"], "handed", now, reason="routing.endpoint-removed"
            )
            line.refresh(session, row["lane_id"], receiver_her, now)

    async def _take_answer(self, attempt: Attempt, rejected: Rejected) -> None:
        """A partner that rejects may answer with its negative receipt: it comes in like any other.

        One that breaks its reader is left: the message goes to a person, as one that was rejected without a receipt.

        :raises Unavailable: it cannot be kept now. Nobody would send it again once the outcome is.
        """
        route = self._partners.route_to(attempt.receiver_her)
        if route is None or rejected.answer_type not in RECEIPT_MEDIA_TYPES:
            return
        content: Content = "fhir" if rejected.answer_type == FHIR_JSON else "xml"
        credential = self._credentials.of_partner(route.partner.name)
        try:
            await self._intake.accept(rejected.answer, content, credential, receipts_only=True)
        except Unavailable as error:
            if error.code != UNREADABLE:
                raise
            log.error("receipt.not-read", message=attempt.id, code=error.code)
