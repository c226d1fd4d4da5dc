"""What does the sender send, while the gateway dies again and again?

New messages about few patients, changes, additions and cancellations (some before their originals), the same message
again, and other content under the same id. Each is handed in until there is an answer.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field

from tests.chaos.client import Client, Gone
from tests.chaos.partners import new_id
from tests.support.messages import Admission

NUMBERS = ("14834120012", "02914720128")
"""Synthetic identity numbers."""
AGAIN_S = 0.03


@dataclass
class Sent:
    """A message of ours, and how it was answered."""

    message: Admission
    path: str
    ids: set[str] = field(default_factory=set)
    """The gateway's ids in its answers: one, if all is well."""


class Traffic:
    """The hospital."""

    def __init__(
        self, chance: random.Random, client: Client, bearer: str, receivers: dict[str, tuple[str, str]]
    ) -> None:
        """`receivers`: path → HER-ids of level 1 and 2."""
        self._chance = chance
        self._client = client
        self._bearer = bearer
        self._receivers = receivers
        self.sent: dict[str, Sent] = {}
        self.wrong: list[str] = []
        """Answers that should not have been given."""

    def new(self) -> Sent:
        """The next message: most are new, some change or cancel another (that may come only later, or never)."""
        chance, earlier = self._chance, list(self.sent.values())
        path = chance.choice(list(self._receivers))
        message = Admission(
            message_id=new_id(chance, "c0ffee00"),
            receiver=self._receivers[path],
            number=chance.choice(NUMBERS),
            acknowledgement=chance.choice("JJJN"),
        )
        if earlier and chance.random() < 0.3:
            original = chance.choice(earlier[-8:])
            path = original.path
            message = message.with_(
                receiver=original.message.receiver,
                number=original.message.number,
                status=chance.choice("MMAC"),
                parent=original.message.message_id,
                conversation=original.message.conversation or original.message.message_id,
            )
        made = self.sent.setdefault(message.message_id, Sent(message, path))
        return made

    async def work(self, number: int) -> None:
        """Hand in `number` messages, some of them twice."""
        for _ in range(number):
            if self.sent and self._chance.random() < 0.1:
                again = self._chance.choice(list(self.sent.values()))
                await self._hand_in(again)
                await self._refused(again)
            await self._hand_in(self.new())

    async def _hand_in(self, sent: Sent) -> None:
        status, body = await self._until_answered(sent.message.xml)
        if status == 202:
            sent.ids.add(json.loads(body)["id"])
        else:
            self.wrong.append(f"{sent.message.message_id} was answered {status}")

    async def _refused(self, sent: Sent) -> None:
        """Other content under an id that was accepted."""
        status, _ = await self._until_answered(sent.message.with_(family_name="Annenlund").xml)
        if status != 409 and sent.ids:
            self.wrong.append(f"other content under {sent.message.message_id} was answered {status}")

    async def _until_answered(self, data: bytes) -> tuple[int, bytes]:
        while True:
            try:
                status, body = await self._client.post(data, self._bearer)
            except Gone:
                status, body = 503, b""
            if status != 503:
                return status, body
            await asyncio.sleep(AGAIN_S)
