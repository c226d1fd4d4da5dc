"""How does a quarter reach a gateway: each message through the public API, as its sender would hand it in?

A few connections; one patient's messages always go over the same one, in the order of their dates. Doing it again is
harmless: the gateway knows every message by its sender and id, and takes none twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from gateway.simulator.quarter.letters import Letter, letters_of
from gateway.simulator.quarter.truth import Stay

CONNECTIONS: Final = 8
TRIES: Final = 20
FIRST_WAIT_S: Final = 0.05


@dataclass
class Loaded:
    """What became of the messages."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many, by the code of the error catalogue."""


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
    """None: accepted (now or before); else the code of the refusal. A busy gateway is asked again, ever later."""
    wait = FIRST_WAIT_S
    for _ in range(TRIES):
        async with session.post(
            "/messages", data=body, headers={"Content-Type": "application/xml"}
        ) as answer:
            if answer.status == 202:
                return None
            code = answer.headers.get("X-Somlos-Error", str(answer.status))
            if answer.status not in (429, 503):
                return code
        await asyncio.sleep(wait)  # the gateway is busy: the wait between two attempts
        wait = min(2 * wait, 2)
    return code
