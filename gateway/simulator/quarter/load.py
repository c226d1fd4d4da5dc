"""How does a quarter reach a gateway: each message through the public API, as its sender would hand it in?

First the messages, then what is told in FHIR of the plans that followed (each waits until its plan is there). A few
connections; one patient's messages always go over the same one, in the order of their dates. Doing it again is
harmless: the gateway knows every message by its sender and id, and every resource by its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

import aiohttp

from gateway.simulator.quarter.follow_up import Told, plan_id, told_of, with_subject
from gateway.simulator.quarter.letters import Letter, letters_of
from gateway.simulator.quarter.truth import Stay

CONNECTIONS: Final = 8
TRIES: Final = 20
FIRST_WAIT_S: Final = 0.05
THERE_ALREADY: Final = (412, 428)
"""A resource that is there is not made again (428), and not changed again (412)."""
LOOK_S: Final = 0.2
PLAN_LIMIT_S: Final = 3600.0
"""How long a plan may take to be there: a full quarter's messages are worked out first."""


@dataclass
class Loaded:
    """What became of the messages."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many, by the code of the error catalogue."""

    def __iadd__(self, other: Loaded) -> Self:
        self.accepted += other.accepted
        for code, number in other.refused.items():
            self.refused[code] = self.refused.get(code, 0) + number
        return self


def in_order(stays: Sequence[Stay], seed: int, lanes: int) -> list[list[Letter]]:
    """Every letter, in as many lanes; each lane by date, each patient in one lane."""
    found: list[list[Letter]] = [[] for _ in range(lanes)]
    for stay in stays:
        found[int(stay.person.number) % lanes] += letters_of(stay, seed)
    for lane in found:
        lane.sort(key=lambda letter: letter.sent)
    return found


async def load(
    gateway: str, lanes: Iterable[Sequence[Letter]], on_each: Callable[[], None] = lambda: None
) -> Loaded:
    """Hand the letters in. OSError (aiohttp.ClientError): the gateway cannot be reached.

    :param gateway: its address; :param on_each: called after each message.
    """
    loaded = Loaded()
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(gateway.rstrip("/"), connector=connector, trust_env=False) as session,
        asyncio.TaskGroup() as group,
    ):
        for lane in lanes:
            group.create_task(_send(session, lane, loaded, on_each))
    return loaded


async def _send(
    session: aiohttp.ClientSession, lane: Sequence[Letter], loaded: Loaded, on_each: Callable[[], None]
) -> None:
    for letter in lane:
        code = await _post(session, letter.body())
        if code is None:
            loaded.accepted += 1
        else:
            loaded.refused[code] = loaded.refused.get(code, 0) + 1
        on_each()


async def _post(session: aiohttp.ClientSession, body: bytes) -> str | None:
    """None: accepted (now or before); else the code of the refusal."""
    return await _asked(
        lambda: session.post("/messages", data=body, headers={"Content-Type": "application/xml"})
    )


async def _asked(ask: Callable[[], AbstractAsyncContextManager[aiohttp.ClientResponse]]) -> str | None:
    """None: taken, or there already; else the code of the refusal. A busy gateway is asked again, ever later."""
    wait, code = FIRST_WAIT_S, ""
    for _ in range(TRIES):
        async with ask() as answer:
            if answer.status in (200, 201, 202, *THERE_ALREADY):
                return None
            code = answer.headers.get("X-Somlos-Error", str(answer.status))
            if answer.status not in (429, 503):
                return code
        await asyncio.sleep(wait)  # the gateway is busy: the wait between two attempts
        wait = min(2 * wait, 2)
    return code


async def follow_up(
    gateway: str,
    lanes: Sequence[Sequence[Stay]],
    seed: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    on_each: Callable[[], None] = lambda: None,
) -> Loaded:
    """Hand in what is told in FHIR of the plans, written after `since` and up to `until`."""
    loaded = Loaded()
    async with (
        aiohttp.ClientSession(
            gateway.rstrip("/"), connector=aiohttp.TCPConnector(limit=0), trust_env=False
        ) as session,
        asyncio.TaskGroup() as group,
    ):
        for lane in lanes:
            group.create_task(_follow(session, lane, seed, (since, until), loaded, on_each))
    return loaded


def by_patient(stays: Sequence[Stay], lanes: int) -> list[list[Stay]]:
    """The stays that a plan followed, each patient in one lane."""
    found: list[list[Stay]] = [[] for _ in range(lanes)]
    for stay in stays:
        if stay.plan is not None:
            found[int(stay.person.number) % lanes].append(stay)
    return found


async def _follow(
    session: aiohttp.ClientSession,
    lane: Sequence[Stay],
    seed: int,
    span: tuple[datetime | None, datetime | None],
    loaded: Loaded,
    on_each: Callable[[], None],
) -> None:
    since, until = span
    for stay in lane:
        told = [
            each
            for each in told_of(stay, seed)
            if (since is None or each.at > since) and (until is None or each.at <= until)
        ]
        patient = await _patient(session, plan_id(stay, seed)) if told else {}
        for each in told:
            code = await _tell(session, each, patient)
            if code is None:
                loaded.accepted += 1
            else:
                loaded.refused[code] = loaded.refused.get(code, 0) + 1
        on_each()


async def _patient(session: aiohttp.ClientSession, plan: str) -> dict[str, Any]:
    """Whose plan it is, once it is there. TimeoutError: it does not come."""
    async with asyncio.timeout(PLAN_LIMIT_S):
        while True:
            async with session.get(f"/fhir/CarePlan/{plan}") as answer:
                if answer.status == 200:
                    subject: dict[str, Any] = (await answer.json(content_type=None))["subject"]
                    return subject
            await asyncio.sleep(LOOK_S)  # the gateway works out plans after it has taken the messages


async def _tell(session: aiohttp.ClientSession, told: Told, patient: dict[str, Any]) -> str | None:
    content = with_subject(told.content, patient)
    headers = {"Content-Type": "application/fhir+json"}
    if told.version:
        headers["If-Match"] = f'W/"{told.version}"'
    return await _asked(
        lambda: session.put(f"/fhir/{content['resourceType']}/{content['id']}", json=content, headers=headers)
    )
