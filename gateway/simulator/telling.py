"""How is the story told: what is sent when, what do we wait for, and did each message end as the story says?

Nothing sleeps and hopes: the EPJs are asked what changed (long polling), and each step waits for what it needs. What a
message's state is, the gateway is asked; what arrived, the EPJs are asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import httpx

from gateway.simulator.compose import Composed, compose, new_ids
from gateway.simulator.partners import Partner, partner_of
from gateway.simulator.stage import NotStarted, Stage
from gateway.simulator.steps import Step, story
from gateway.simulator.template import Clock

STEP_LIMIT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05

Stand = Literal[
    "waiting",
    "sending",
    "accepted",
    "delivered",
    "refused",
    "acknowledged",
    "rejected",
    "cancelled",
    "handed",
]


@dataclass
class Line:
    """One message of the story, as far as it has come."""

    step: Step
    message_id: str
    stand: Stand = "waiting"
    receipt: str | None = None
    """The receipt that reached the sender, as the story writes it: "1", "2 E35"."""
    unchanged: bool | None = None
    """Whether the receiver got the very bytes that were sent; None: it has got nothing yet."""
    gateway_state: str | None = None
    """The final state the gateway reports."""
    code: str | None = None
    """The catalogue code of a refusal."""
    began: float | None = None
    took: float | None = None
    """Seconds from sending until the receipt was home."""

    @property
    def sender(self) -> Partner:
        """The partner that sends."""
        return partner_of(self.step.sender)

    @property
    def receiver(self) -> Partner:
        """The partner that receives."""
        return partner_of(self.step.receiver)

    @property
    def goes_unchanged(self) -> bool:
        """Whether the receiver must get the very bytes that were sent."""
        same = (self.receiver.format == "fhir-r4") == self.step.is_fhir
        return same or self.step.type in self.receiver.pass_on

    @property
    def receipt_code(self) -> str:
        """The 8221 code of a negative receipt; empty when there is none."""
        return (self.receipt or "").partition(" ")[2]

    @property
    def is_over(self) -> bool:
        """Whether the gateway has said its final state and the receipt is home (if it was ever sent)."""
        if self.gateway_state == "cancelled":
            return True
        return self.receipt is not None and self.gateway_state is not None

    @property
    def has_failed(self) -> bool:
        """Whether it can no longer end as the story says: refused, or held for a person."""
        return self.stand == "refused" or self.gateway_state in ("handed", "delivered")

    @property
    def ended_well(self) -> bool:
        """Whether everything came as the story says."""
        as_told = self.stand == self.step.ends and self.receipt == self.step.receipt
        return as_told and self.unchanged == self.goes_unchanged


@dataclass
class Telling:
    """One telling of the story on a stage."""

    stage: Stage
    clock: Clock
    on_change: Callable[[], None] = lambda: None
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Key of the organisation → what its EPJ says."""

    def __post_init__(self) -> None:
        self.ids = new_ids()
        self.lines = [Line(step, self.ids[step.key]) for step in story()]
        self._news = asyncio.Event()

    @property
    def ended_well(self) -> bool:
        """Whether every message ended as the story says."""
        return all(line.ended_well for line in self.lines)

    async def tell(self) -> None:
        """The whole story, step by step; returns when every message is over, or when one has failed."""

        async def step_by_step(client: httpx.AsyncClient) -> None:
            for line in self.lines:
                await self.send(client, line)
                await self.wait_for(partial(_may_go_on, line))
                if line.has_failed:
                    return
            await self.wait_for(self._is_over)

        await self._follow(step_by_step)

    async def tell_at_once(self) -> None:
        """Every message at once, each EPJ's in order: for those who want to see a crowd."""

        async def at_once(client: httpx.AsyncClient) -> None:
            for line in self.lines:
                await self.send(client, line)
            await self.wait_for(self._is_over)

        await self._follow(at_once)

    def _is_over(self) -> bool:
        return all(line.is_over or line.has_failed for line in self.lines)

    async def _follow(self, story_told: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        """Follow the EPJs and the gateway while the story is told."""
        async with httpx.AsyncClient(timeout=40, trust_env=False) as client, asyncio.TaskGroup() as group:
            watchers = [group.create_task(self._watch(client, key)) for key in self.stage.epj]
            watchers.append(group.create_task(self._ask(client)))
            try:
                await story_told(client)
            finally:
                for watcher in watchers:
                    watcher.cancel()

    async def send(self, client: httpx.AsyncClient, line: Line) -> Composed:
        """Hand the message to its sender's EPJ, which sends it in its own time."""
        message = compose(line.step, self.ids, self.clock)
        line.stand, line.began = "sending", time.monotonic()
        self.on_change()
        answer = await client.post(
            f"{self.stage.epj[line.sender.organisation.key]}/send",
            content=message.body,
            headers={"Content-Type": message.content_type},
        )
        answer.raise_for_status()
        return message

    async def wait_for(self, reached: Callable[[], bool]) -> None:
        """Return when `reached`; TimeoutError when nothing leads there within the limit."""
        async with asyncio.timeout(STEP_LIMIT_SECONDS):
            while not reached():
                await self._news.wait()

    async def _watch(self, client: httpx.AsyncClient, key: str) -> None:
        """Follow one EPJ for as long as the story lasts."""
        version = -1
        while True:
            answer = await client.get(f"{self.stage.epj[key]}/status", params={"after": version, "wait": 25})
            self.statuses[key] = answer.json()
            version = self.statuses[key]["version"]
            for line in self.lines:
                bring_up_to_date(line, self.statuses)
            self._tell_news()

    def _tell_news(self) -> None:
        self.on_change()
        self._news.set()
        self._news = asyncio.Event()

    async def _ask(self, client: httpx.AsyncClient) -> None:
        """Ask the gateway, for as long as the story lasts, for the state of each message that is under way."""
        while True:
            for line in [each for each in self.lines if each.stand in ("accepted", "delivered")]:
                state = await self._final_state(client, line)
                if state is not None:
                    line.gateway_state = state
                    settle(self.lines)
                    self._tell_news()
            await asyncio.sleep(POLL_SECONDS)

    async def _final_state(self, client: httpx.AsyncClient, line: Line) -> str | None:
        """The final state of a message; None while it has none, or while the gateway is away."""
        key = line.sender.organisation.key
        sent = next(each for each in self.statuses[key]["sent"] if each["id"] == line.message_id)
        if sent["location"] is None:
            return None  # the receiver was faster than the news of the sender
        headers = {"Authorization": f"Bearer {self.stage.secrets[key]}"}
        try:
            answer = await client.get(self.stage.address + sent["location"], headers=headers)
        except httpx.TransportError:
            return None
        delivery = answer.json()["deliveries"][0] if answer.is_success else {"final": False}
        return str(delivery["state"]) if delivery["final"] else None


def _may_go_on(line: Line) -> bool:
    """Whether the story can go on: a late receipt is not waited for here."""
    return line.is_over or line.has_failed or (line.step.late and line.unchanged is not None)


def bring_up_to_date(line: Line, statuses: Mapping[str, Mapping[str, Any]]) -> None:
    """Move the line as far as the EPJs' lists say."""
    sender = statuses.get(line.sender.organisation.key, {})
    receiver = statuses.get(line.receiver.organisation.key, {})
    sent = next((each for each in sender.get("sent", ()) if each["id"] == line.message_id), None)
    if sent is None:
        return
    received = next((each for each in receiver.get("received", ()) if each["id"] == line.message_id), None)
    receipts = [each for each in sender.get("receipts_received", ()) if each["original"] == line.message_id]
    if sent["state"] != "queued" and line.stand == "sending":
        line.stand, line.code = sent["state"], sent["code"]
    if received is not None and line.unchanged is None:
        line.unchanged = received["sha256"] == sent["sha256"]
        line.stand = line.stand if line.gateway_state else "delivered"
    if receipts and line.receipt is None:
        line.receipt = " ".join((receipts[0]["status"], *receipts[0]["codes"]))
        line.took = time.monotonic() - line.began if line.began is not None else None


def settle(lines: list[Line]) -> None:
    """Give each line its final state: what the gateway says, and cancelled once the cancellation is acknowledged."""
    stands: dict[str, Stand] = {
        "acknowledged": "acknowledged",
        "rejected": "rejected",
        "cancelled": "cancelled",
        "handed": "handed",
    }
    for line in lines:
        if line.gateway_state in stands:
            line.stand = stands[line.gateway_state]
    by_key = {line.step.key: line for line in lines}
    for line in lines:
        if line.step.status == "C" and line.gateway_state == "acknowledged" and line.step.parent:
            original = by_key[line.step.parent]
            if original.gateway_state == "acknowledged":
                original.stand = "cancelled"


async def wait_until_ready(stage: Stage, limit: float) -> None:
    """Return when the gateway can take messages; NotStarted when it ended or took longer than `limit` seconds."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            ended = stage.ended()
            if ended:
                raise NotStarted(ended)
            try:
                if (await client.get(f"{stage.address}/health/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(POLL_SECONDS)
    raise NotStarted(str(stage.folder / "gateway.log"))
