"""How does a partner's EPJ get its messages and receipts out, whatever happens to the gateway?

One outbox sends in order and tries the first until the gateway has taken it (2xx) or refused it for good (4xx):
what a well-behaved EPJ does. Nothing is given up because the gateway is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

_TRY_AGAIN: Final = frozenset({408, 421, 423, 425, 429})
FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 2.0

State = Literal["queued", "accepted", "refused"]


@dataclass
class Posted:
    """One thing to send, and how far it has come."""

    id: str
    type: str
    body: bytes = field(repr=False)
    content_type: str
    state: State = "queued"
    attempts: int = 0
    http_status: int | None = None
    code: str | None = None
    """Code of the gateway's error catalogue when it was refused."""
    location: str | None = None
    """Where the gateway tells how far the message is."""


class Outbox:
    """Sends what is put into it, one at a time and in order."""

    def __init__(self, gateway: str, secret: str, changed: Callable[[], None]) -> None:
        """`gateway`: base address; `secret`: shown as bearer; `changed`: called after each change of state."""
        self._gateway = gateway.rstrip("/")
        self._secret = secret
        self._changed = changed
        self._waiting: asyncio.Queue[Posted] = asyncio.Queue()

    def put(self, posted: Posted) -> None:
        """Queue one thing behind the others."""
        self._waiting.put_nowait(posted)

    async def run(self) -> None:
        """Send until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                await self._deliver(client, await self._waiting.get())

    async def _deliver(self, client: httpx.AsyncClient, posted: Posted) -> None:
        wait = FIRST_WAIT_SECONDS
        while posted.state == "queued":
            posted.attempts += 1
            answer = await self._post(client, posted)
            if answer is None or answer.status_code >= 500 or answer.status_code in _TRY_AGAIN:
                await asyncio.sleep(wait)  # the gateway is down or busy: the wait between two attempts
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
                continue
            posted.http_status = answer.status_code
            posted.state = "accepted" if answer.is_success else "refused"
            posted.location = answer.headers.get("location")
            posted.code = answer.headers.get("x-somlos-error")
            self._changed()

    async def _post(self, client: httpx.AsyncClient, posted: Posted) -> httpx.Response | None:
        path = "/fhir/$process-message" if "json" in posted.content_type else "/messages"
        headers = {
            "Content-Type": f"{posted.content_type}; charset=utf-8",
            "Authorization": f"Bearer {self._secret}",
        }
        try:
            return await client.post(self._gateway + path, content=posted.body, headers=headers)
        except httpx.TransportError:
            return None
