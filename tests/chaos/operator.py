"""What does an operator do in the midst of it all?

Pauses, drains and resumes; resends, redirects, cancels and hands over what comes to hand, often twice; has the records
made anew. Whatever is done to one message, nothing happens to another.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx

ACT: Final = {"by": "Kari Drift", "why": "prøver noe"}
PAUSE_S: Final = 0.08
"""At most, between two actions."""


class Operator:
    """Acts on one of the gateways at random until told to stop."""

    def __init__(
        self, ports: Callable[[], list[int]], chance: random.Random, receivers: Sequence[str]
    ) -> None:
        """`receivers`: HER-ids of the endpoints."""
        self._ports = ports
        self._chance = chance
        self._receivers = receivers
        self.touched: set[str] = set()
        """Our ids of the messages whose deliveries were acted on."""
        self.done: Counter[str] = Counter()
        """Actions that were answered with yes."""
        self.wrong: list[str] = []
        """Answers that should not have been given."""

    async def work(self, stop: asyncio.Event) -> None:
        """Act until `stop`, then let everything go on that was held."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            while not stop.is_set():
                await asyncio.sleep(self._chance.uniform(0, PAUSE_S))
                await self._something(client)
            for receiver in self._receivers:
                while await self._ask(client, "POST", f"/ops/endpoints/{receiver}/resume", ACT) is None:
                    await asyncio.sleep(PAUSE_S)

    async def _something(self, client: httpx.AsyncClient) -> None:
        kind = self._chance.random()
        if kind < 0.25:
            act = self._chance.choice(("pause", "drain", "resume", "resume"))
            await self._ask(
                client, "POST", f"/ops/endpoints/{self._chance.choice(self._receivers)}/{act}", ACT
            )
        elif kind < 0.9:
            await self._act_on_a_delivery(client)
        else:
            await self._ask(client, "POST", "/ops/pathways/rebuild", ACT)

    async def _act_on_a_delivery(self, client: httpx.AsyncClient) -> None:
        name = self._chance.choice(("queue", "dead-letters", "dead-letters"))
        answer = await self._ask(client, "GET", f"/ops/{name}")
        items = next((each for each in (answer or {}).values() if isinstance(each, list)), [])
        item = self._chance.choice(items) if items else {"actions": []}
        if not item["actions"]:
            return
        act = self._chance.choice(item["actions"])
        body: dict[str, Any] = {**ACT}
        if act == "redirect":
            body["to"] = self._chance.choice(self._receivers)
        elif act == "resend":
            body["again"] = self._chance.random() < 0.5
        self.touched.add(item["message"])
        for _ in range(self._chance.choice((1, 1, 2))):
            await self._ask(client, "POST", f"/ops/deliveries/{item['delivery']}/{act}", body)

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The answer, as it is (a refusal too); None: there was none, or none can be given now."""
        try:
            answer = await client.request(
                method, f"http://127.0.0.1:{self._chance.choice(self._ports())}{path}", json=body
            )
        except httpx.HTTPError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code not in (200, 404, 409, 422):
            self.wrong.append(f"{path} was answered {answer.status_code}")
        if answer.status_code == 200 and method == "POST":
            self.done[path.rpartition("/")[2]] += 1
        found: dict[str, Any] = answer.json()
        return found
