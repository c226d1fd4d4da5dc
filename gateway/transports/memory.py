"""How does a test, or a user trying things out, see what would have been sent, without a partner?

Part of the product, so that users test as we do. It keeps what it was given and answers as it was told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from gateway.settings import Endpoint
from gateway.transports.base import Delivered, Outgoing, Reached, ReachResult, SendResult


class MemoryTransport:
    """Delivers into `sent`; outcomes given before are used up first, then everything is delivered."""

    def __init__(self, outcomes: Iterable[SendResult] = ()) -> None:
        self.sent: list[Outgoing] = []
        """Every attempt, in order, whatever its outcome."""
        self.outcomes: deque[SendResult] = deque(outcomes)
        self._changed = asyncio.Condition()

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Remember the attempt and give the next outcome."""
        async with self._changed:
            self.sent.append(outgoing)
            self._changed.notify_all()
        return self.outcomes.popleft() if self.outcomes else Delivered(reference="memory")

    async def reach(self, endpoint: Endpoint) -> ReachResult:
        """It is always there."""
        return Reached()

    def presented(self, endpoint: Endpoint) -> None:
        """Memory has no certificate."""

    async def close(self) -> None:
        """Nothing to give back; what was sent can still be looked at."""

    async def attempts(self, number: int) -> list[Outgoing]:
        """Wait until there have been `number` attempts, and give them."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.sent) >= number)
        return self.sent[:number]
