"""How is a whole stay played against a vendor's endpoint?

Message by message: the next one goes out when the last is answered or its time is up, as in a stay where days lie
between them. Then the counterpart waits for what the vendor is to send, if it is asked to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.simulator.cast import Organisation, Service
from gateway.simulator.compose import new_ids
from gateway.simulator.conformance.behaviours import Behaviour, behaviour
from gateway.simulator.conformance.checks import Check, judge
from gateway.simulator.conformance.counterpart import Counterpart, Vendor
from gateway.simulator.conformance.exchange import Exchange
from gateway.simulator.conformance.messages import STAY, Format, Side, sent_by, write

STAY_DAYS = 4
"""The stay ended yesterday: everything it says has happened."""


@dataclass(frozen=True)
class Plan:
    """What is to be played, against whom."""

    vendor: Vendor
    side: Side
    """Which side the counterpart plays; the vendor is the other."""
    organisation: str
    """Name of the vendor's organisation."""
    her_ids: tuple[str, str]
    """The vendor's HER-ids: level 1, and the communication party that takes the messages."""
    format: Format = "plo-1.6"
    receipt_seconds: float = 30.0
    """How long a receipt may take."""
    late_seconds: float = 10.0
    """How late a late counterpart is."""
    wait_seconds: float = 0.0
    """How long to wait, at the end, for the messages the vendor is to send; 0: not at all."""


@dataclass(frozen=True)
class Played:
    """What was played, what was seen, and the verdict."""

    plan: Plan
    behaviour: Behaviour
    exchange: Exchange
    checks: tuple[Check, ...]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether nothing that was tried failed."""
        return all(check.verdict != "broken" for check in self.checks)


class Play:
    """One stay against one vendor; `counterpart` takes what the vendor posts."""

    def __init__(self, plan: Plan, key: str, on_progress: Callable[[int, int], Any] | None = None) -> None:
        """`key`: of a behaviour; `on_progress` is told how many of how many messages are done."""
        self.plan = plan
        self.behaviour = behaviour(key)
        self.counterpart = Counterpart(plan.vendor, self.behaviour, plan.late_seconds)
        self._on_progress = on_progress or (lambda done, of: None)

    async def run(self, today: date) -> Played:
        """Play it; `today`: the stay ended the day before."""
        plan, counterpart = self.plan, self.counterpart
        organisation = Organisation("vendor", plan.organisation, plan.her_ids[0])
        vendor = Service(organisation, plan.organisation, plan.her_ids[1])
        steps, ids = sent_by(plan.side), new_ids(STAY)
        day_zero = today - timedelta(days=STAY_DAYS)
        try:
            for number, step in enumerate(steps):
                self._on_progress(number, len(steps))
                message = write(step, ids, vendor, day_zero, plan.format, self.behaviour.spoils)
                sent = await counterpart.send(message)
                if all(attempt.failure == "refused" for attempt in sent.attempts):
                    break  # nobody is there: the rest would say the same
                await counterpart.wait_until(counterpart.now + plan.receipt_seconds, sent)
            self._on_progress(len(steps), len(steps))
            await self._wait_for_the_vendor()
            await counterpart.settle()
        finally:
            await counterpart.close()
        checks = judge(counterpart.exchange, self.behaviour, plan.receipt_seconds)
        return Played(plan, self.behaviour, counterpart.exchange, checks, counterpart.now)

    async def _wait_for_the_vendor(self) -> None:
        counterpart, exchange = self.counterpart, self.counterpart.exchange
        exchange.awaited = sent_by("municipality" if self.plan.side == "hospital" else "hospital")
        exchange.waited_for_them = self.plan.wait_seconds > 0
        if exchange.waited_for_them:
            await counterpart.wait_until(counterpart.now + self.plan.wait_seconds)
