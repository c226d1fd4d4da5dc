"""Is anything lost, changed, doubled or overtaken when the gateway is killed in the middle of the story?

Real processes: the gateway is ended with SIGKILL and started again on the same ledger, while the EPJs go on. Then the
EPJs' own lists are compared with what was sent.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.simulator.stage import Stage
from gateway.simulator.steps import story
from gateway.simulator.telling import Line, Telling, wait_until_ready
from gateway.simulator.template import Clock

START_SECONDS = 30.0


class Killer:
    """Kills and restarts the gateway the first time each of its moments comes."""

    def __init__(self, stage: Stage, moments: dict[str, Callable[[dict[str, Line]], bool]]) -> None:
        self._stage = stage
        self._moments = dict(moments)
        self.kills = 0

    def look(self, lines: list[Line]) -> None:
        """Called after each change."""
        by_key = {line.step.key: line for line in lines}
        come = [name for name, has_come in self._moments.items() if has_come(by_key)]
        for name in come:
            del self._moments[name]
            self._stage.kill_gateway()
            self._stage.start_gateway()
            self.kills += 1


async def told_with_kills(
    folder: Path, moments: dict[str, Callable[[dict[str, Line]], bool]], *, at_once: bool
) -> tuple[Telling, Killer]:
    """The story, told while the gateway is killed; `at_once`: every message is handed to its EPJ without waiting."""
    with Stage(folder) as stage:
        stage.start_epjs()
        stage.start_gateway()
        await wait_until_ready(stage, START_SECONDS)
        telling, killer = Telling(stage, Clock(date(2026, 3, 27))), Killer(stage, moments)
        telling.on_change = lambda: killer.look(telling.lines)
        await (telling.tell_at_once() if at_once else telling.tell())
        return telling, killer


MOMENTS: dict[str, Callable[[dict[str, Line]], bool]] = {
    "while it is being sent": lambda line: line["innleggelsesrapport"].stand == "sending",
    "just accepted": lambda line: line["klar"].stand not in ("waiting", "sending"),
    "delivered, the receipt not yet home": lambda line: line["utskrivningsrapport"].unchanged is not None,
    "a late receipt outstanding": lambda line: line["feilsendt"].stand == "sending",
}


def test_the_story_survives_kills(tmp_path: Path) -> None:
    telling, killer = asyncio.run(told_with_kills(tmp_path, MOMENTS, at_once=False))
    assert killer.kills == len(MOMENTS)
    assert telling.ended_well, [line for line in telling.lines if not line.ended_well]
    compare_lists(telling)


@pytest.mark.parametrize("number", [1, 5, 9])
def test_a_burst_survives_a_kill(tmp_path: Path, number: int) -> None:
    def enough_accepted(lines: dict[str, Line]) -> bool:
        return sum(line.stand not in ("waiting", "sending") for line in lines.values()) >= number

    telling, killer = asyncio.run(told_with_kills(tmp_path, {"burst": enough_accepted}, at_once=True))
    assert killer.kills == 1
    for line in telling.lines:
        assert line in annulled(telling) or line.receipt == line.step.receipt
    compare_lists(telling)


def annulled(telling: Telling) -> list[Line]:
    """In a crowd a cancellation may come before its original was sent on: then neither is sent."""
    lines = [line for line in telling.lines if line.gateway_state == "cancelled"]
    assert [line.step.key for line in lines] in ([], ["klar-arvid", "klar-arvid-kansellert"])
    return lines


def compare_lists(telling: Telling) -> None:
    """What the EPJs hold is what was sent: each message once, the same bytes each time, in the order of its lane."""
    lines = [line for line in telling.lines if line not in annulled(telling)]
    for key, status in telling.statuses.items():
        expected = [line for line in lines if line.receiver.organisation.key == key]
        received = status["received"]
        assert sorted(each["id"] for each in received) == sorted(line.message_id for line in expected)
        assert {each["contents"] for each in received} == {1}
        assert in_order(received, expected)
        sent = [line for line in telling.lines if line.sender.organisation.key == key]
        assert [each["id"] for each in status["sent"]] == [line.message_id for line in sent]
        assert {each["state"] for each in status["sent"]} == {"accepted"}
        answered = [line.message_id for line in lines if line.sender.organisation.key == key]
        assert sorted(each["original"] for each in status["receipts_received"]) == sorted(answered)


def in_order(received: list[dict[str, Any]], expected: list[Line]) -> bool:
    """Whether the messages of each lane (receiver and patient) arrived in the order in which they were sent."""
    lanes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in expected:
        lanes[line.step.receiver, line.step.patient].append(line.message_id)
    arrived = [each["id"] for each in received]
    return all(sorted(lane, key=arrived.index) == lane for lane in lanes.values())


def test_the_comparison_can_fail() -> None:
    lines = [Line(step, step.key) for step in story() if step.receiver == "bjorkelia"]
    arrived = [{"id": line.message_id} for line in lines]
    assert in_order(arrived, lines)
    assert not in_order(arrived[::-1], lines)


async def answers(address: str) -> bool:
    """Whether anything listens there."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        with suppress(httpx.TransportError):
            await client.get(address)
            return True
    return False


def test_the_stage_leaves_no_process_behind(tmp_path: Path) -> None:
    async def come_and_go() -> list[str]:
        with Stage(tmp_path) as stage:
            stage.start_epjs()
            stage.start_gateway()
            await wait_until_ready(stage, START_SECONDS)
            return [stage.address, *stage.epj.values()]

    addresses = asyncio.run(come_and_go())
    assert not any(asyncio.run(answers(address)) for address in addresses)
