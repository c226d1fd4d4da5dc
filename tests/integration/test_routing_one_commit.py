"""Do messages that come in with the same commit see each other, and what ends in it, as if each had come alone?"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.asking import Asking
from gateway.ledger.check import check as ledger_check
from gateway.ledger.session import Session
from gateway.operations.actions import Act
from gateway.routing.outcomes import Accepted, Duplicate, IntakeOutcome
from tests.support import stores
from tests.support.plain import (
    NURSING,
    WARD,
    House,
    cancellation,
    change,
    held,
    message,
    running,
    settings,
)

pytestmark = pytest.mark.usefixtures("store")

ACT = Act("Kari Drift", "flytter endepunktet")


class OneCommit:
    """Holds the writer up until so many units of intake, or that end attempts, wait for it: they share a commit."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ledger = house.services.ledger
        self._write = self._ledger.write
        self._arrived = asyncio.Semaphore(0)
        self._go_on = threading.Event()
        monkeypatch.setattr(self._ledger, "write", self._counted)

    async def _counted(self, unit: Callable[[Session], Any], **how: Any) -> Any:
        if isinstance(unit, Asking) or how.get("touching") == {NURSING, WARD}:
            self._arrived.release()  # whoever waits for it goes on when this has been put
        return await self._write(unit, **how)

    async def __aenter__(self) -> OneCommit:
        begun = threading.Event()

        def hold(session: Session) -> None:
            begun.set()
            self._go_on.wait()

        self._holding = asyncio.create_task(self._write(hold, touching=()))
        await asyncio.to_thread(begun.wait)
        return self

    async def arrived(self, number: int) -> None:
        """Wait until so many more wait for the writer."""
        for _ in range(number):
            await self._arrived.acquire()

    async def __aexit__(self, *error: object) -> None:
        self._go_on.set()
        await self._holding


async def hand_in_together(
    house: House, monkeypatch: pytest.MonkeyPatch, *data: bytes
) -> list[IntakeOutcome]:
    """The outcomes, in this order, of messages that come in in this order, in one commit."""
    tasks = []
    async with OneCommit(house, monkeypatch) as commit:
        for each in data:
            tasks.append(asyncio.create_task(house.hand_in(each)))
            await commit.arrived(1)
    outcomes = await asyncio.gather(*tasks)
    monkeypatch.undo()
    return outcomes


def ids(outcomes: list[IntakeOutcome]) -> list[str]:
    assert all(isinstance(each, Accepted) for each in outcomes), outcomes
    return [each.id for each in outcomes if isinstance(each, Accepted)]


def lanes(house: House) -> list[int]:
    rows = house.services.ledger.reading().execute("SELECT lane_id FROM deliveries ORDER BY delivery_id", {})
    return [row[0] for row in rows.fetchall()]


async def test_one_that_comes_twice_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(settings(tmp_path)) as house:
        first, again, other = await hand_in_together(
            house, monkeypatch, message("m-1"), message("m-1"), message("m-2")
        )
        assert (type(first), type(again), type(other)) == (Accepted, Duplicate, Accepted)
        assert isinstance(first, Accepted)
        assert isinstance(again, Duplicate)
        assert first.id == again.id


@pytest.mark.parametrize(
    "patients", [("14834120012",) * 3, (None,) * 3, ("14834120012", None, "15834120033")]
)
async def test_corrections_follow_their_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patients: tuple[str | None, ...]
) -> None:
    async with running(settings(tmp_path)) as house:
        first, second, third = patients
        found = ids(
            await hand_in_together(
                house,
                monkeypatch,
                message("m-1", patient=first),
                change("m-2", "m-1", patient=second),
                change("m-3", "m-2", patient=third),
            )
        )
        for each in found:
            await house.until(each, "sent")
        assert house.transport.ids() == ["m-1", "m-2", "m-3"]
        assert len(set(lanes(house))) == 1


async def test_a_correction_before_its_original_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings(tmp_path)) as house:
        changed, first = ids(await hand_in_together(house, monkeypatch, change("m-2", "m-1"), message("m-1")))
        await house.until(first, "sent")
        await house.until(changed, "sent")
        assert house.trail(changed)[:3] == ["message.accepted", "delivery.parked", "delivery.released"]
        assert house.transport.ids() == ["m-1", "m-2"]


async def test_a_cancellation_annuls_its_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(settings(tmp_path)) as house:
        found = ids(await hand_in_together(house, monkeypatch, message("m-1"), cancellation("m-2", "m-1")))
        assert [house.delivery(each).state for each in found] == ["cancelled", "cancelled"]
        assert house.transport.ids() == []


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_a_change_that_a_person_sent_is_annulled_or_keeps_its_original_back_but_not_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cancelled_first: bool
) -> None:
    async with running(settings(tmp_path, parked_limit_s=0.1)) as house:
        operations = house.services.operations
        sent = await house.accepted(change("m-2", "m-1", patient="p-2", conversation_id=None))
        await house.until(sent, "handed")
        await operations.hold(NURSING, "paused", ACT, key=None)
        await operations.act(house.delivery(sent).id, "resend", ACT, key=None)
        made = [
            cancellation("m-3", "m-2", patient="p-2", conversation_id=None),
            message("m-1", patient="p-1"),
        ]
        if not cancelled_first:
            made.reverse()
        found = ids(await hand_in_together(house, monkeypatch, *made))
        original = found[1 if cancelled_first else 0]
        stands = (house.delivery(sent).state, house.delivery(original).state)
        assert stands in {("cancelled", "queued"), ("queued", "handed")}


@pytest.mark.parametrize(
    "said", [{}, {"patient": None, "conversation_id": "c-1"}, {"patient": None, "conversation_id": "m-1"}]
)
async def test_those_that_belong_together_share_a_new_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    async with running(settings(tmp_path), held("m-1")) as house:
        await hand_in_together(house, monkeypatch, message("m-1", **said), message("m-2", **said))
        first, second = lanes(house)
        assert first == second


@pytest.mark.parametrize("comes_first", [True, False])
async def test_what_comes_in_while_the_one_before_it_ends_is_sent_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_first: bool
) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        first = await house.accepted(message("m-1"))
        await transport.attempts(1)
        async with OneCommit(house, monkeypatch) as commit:
            if not comes_first:
                transport.gates["m-1"].set()
                await commit.arrived(1)
            coming = asyncio.create_task(house.accepted(message("m-2")))
            await commit.arrived(1)
            transport.gates["m-1"].set()
            if comes_first:
                await commit.arrived(1)
        second = await coming
        monkeypatch.undo()
        await house.until(first, "sent")
        await house.until(second, "sent")
        assert transport.ids() == ["m-1", "m-2"]


def mixture(chance: random.Random) -> list[bytes]:
    """Messages, changes, additions and cancellations, some before their originals, some twice, of a few patients."""
    made: list[bytes] = []
    for number in range(20):
        if made and chance.random() < 0.1:
            made.append(chance.choice(made))
            continue
        said: dict[str, Any] = {"patient": chance.choice(["p-1", "p-2", "p-3", None])}
        of = f"m-{chance.randrange(20)}"
        if chance.random() < 0.4 and of != f"m-{number}":
            said |= {
                "status": chance.choice("MMAC"),
                "parent_id": of,
                "conversation_id": chance.choice([of, None]),
            }
        elif chance.random() < 0.3:
            said["conversation_id"] = chance.choice([of, "c-1", "c-2"])
        made.append(message(f"m-{number}", **said))
    return made


def in_line(house: House) -> list[tuple[str, str, str, int | None]]:
    """Of each message how it stands, the first of its lane, and its place there."""
    rows = house.services.ledger.reading().execute(
        "SELECT m.message_id, d.state, d.lane_id, d.position FROM deliveries d "
        "JOIN messages m ON m.sequence = d.message ORDER BY m.message_id",
        {},
    )
    found = [tuple(row) for row in rows.fetchall()]
    first_of = {lane: id for id, _, lane, _ in reversed(found)}
    return [(id, state, first_of[lane], place) for id, state, lane, place in found]


def kept_in_order(house: House) -> list[str]:
    """The ids of all messages, in the order in which they had their turns."""
    rows = house.services.ledger.reading().execute("SELECT message_id FROM messages ORDER BY sequence", {})
    return [row[0] for row in rows.fetchall()]


def message_id(data: bytes) -> str:
    found: str = json.loads(data)["message_id"]
    return found


@pytest.mark.parametrize("seed", range(12))
async def test_any_mixture_stands_in_line_as_if_each_had_come_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    made = mixture(random.Random(seed))
    async with running(settings(tmp_path)) as house:
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
        found = await hand_in_together(house, monkeypatch, *made)
        stood, accepted = in_line(house), kept_in_order(house)
        assert len(ids([each for each in found if not isinstance(each, Duplicate)])) == len(accepted)
        assert ledger_check(house.services.ledger).findings == ()
    monkeypatch.setattr(stores, "_chosen", None)  # in a file, whichever database this test is for
    async with running(settings(tmp_path, ledger=f"sqlite:{tmp_path / 'alone.db'}")) as house:
        await house.services.operations.hold(NURSING, "paused", ACT, key=None)
        for id in accepted:
            await house.accepted(next(each for each in made if message_id(each) == id))
        assert (stood, accepted) == (in_line(house), kept_in_order(house))
