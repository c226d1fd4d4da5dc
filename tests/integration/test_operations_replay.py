"""Does a replay do what its preview has shown, at its rate, in order, and stop by itself when it does harm?"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.ledger.operations import Replay, Selection
from gateway.operations.actions import Act
from gateway.operations.replay import too_many_negative
from gateway.settings import ReplaySettings, Settings
from gateway.transports.base import Delivered, Outgoing, Rejected
from tests.support.plain import CARE, NURSING, VILLAGE, House, Scripted, message, receipt, running, settings

pytestmark = pytest.mark.usefixtures("store")

ACT = Act("Kari Drift", "mottakeren hadde feil oppsett")
HANDED = Selection(state="handed", dead=True)


def rejecting(number: int) -> Scripted:
    """A transport that rejects each message once."""
    transport = Scripted()
    for n in range(number):
        transport.outcomes[f"m-{n}"] = deque([Rejected("transport.refused"), Delivered()])
    return transport


async def handed(house: House, number: int) -> list[str]:
    ids = [await house.accepted(message(f"m-{n}", patient=f"p{n % 3}")) for n in range(number)]
    for id in ids:
        await house.until(id, "handed")
    return ids


async def begin(house: House, wanted: Selection, per_second: float = 200, **more: Any) -> Replay:
    operations = house.services.operations
    shown = operations.preview(wanted, per_second=per_second, again=False)
    key = more.pop("key", None)
    done = await operations.begin_replay(
        wanted, more.pop("mark", shown.mark), ACT, per_second=per_second, again=False, key=key
    )
    return replay(house, done["replay"])


def replay(house: House, id: int) -> Replay:
    found = house.services.operations.reader.replay(id)
    assert found is not None
    return found


async def test_preview_says_what_would_happen_and_changes_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path), rejecting(1)) as house:
        (dead,) = await handed(house, 1)
        known = await house.accepted(message("k-1"))
        await house.until(known, "sent")
        home = await house.accepted(receipt("k-1"), "town")
        await house.until(home, "delivered")
        version = house.services.ledger.version
        shown = house.services.operations.preview(Selection(receiver=NURSING), per_second=4, again=False)
        told = shown.as_json(house.services.partners)
        assert (told["selected"], told["resend"], told["left"]) == (2, 1, {"operations.already-received": 1})
        assert (told["perSecond"], told["takesSeconds"]) == (4, 0.2)
        first, second = told["deliveries"]
        assert (first["message"], first["effect"], first["sameId"]) == (dead, "resend", True)
        assert first["endpoint"] == {"transport": "memory", "host": "town.invalid", "format": "plo-1.6"}
        assert (second["alreadyAcknowledged"], second["effect"]) == (True, "left")
        again = house.services.operations.preview(Selection(receiver=NURSING), per_second=4, again=True)
        assert again.as_json(house.services.partners)["alreadyAcknowledged"] == 1
        assert house.services.ledger.version == version
        nobody = house.services.operations.preview(Selection(receiver=CARE), per_second=4, again=False)
        assert nobody.prospects == ()


async def test_replay_sends_all_again_in_order_at_its_rate(tmp_path: Path) -> None:
    transport = rejecting(6)
    async with running(settings(tmp_path), transport) as house:
        ids = await handed(house, 6)
        begun = time.monotonic()
        one = await begin(house, HANDED, per_second=20)
        for id in ids:
            await house.until(id, "sent")
        assert time.monotonic() - begun >= 5 / 20
        await house.until_true(lambda: replay(house, one.id).state == "done")
        found = replay(house, one.id)
        assert (found.total, found.done, found.resent, found.by) == (6, 6, 6, "Kari Drift")
        assert [each["outcome"] for each in house.services.operations.reader.replay_items(one.id)] == [
            "resent"
        ] * 6
        assert transport.ids()[6:] == [f"m-{n}" for n in range(6)]
        assert {house.trail(id).count("action.resent") for id in ids} == {1}
        assert check(house.services.ledger).findings == ()


async def test_only_what_was_shown_is_begun_and_only_once(tmp_path: Path) -> None:
    async with running(settings(tmp_path), rejecting(3)) as house:
        await handed(house, 2)
        shown = house.services.operations.preview(HANDED, per_second=200, again=False)
        await house.until(await house.accepted(message("m-2")), "handed")
        with pytest.raises(Refusal) as error:
            await begin(house, HANDED, mark=shown.mark)
        assert error.value.code == "operations.preview-outdated"
        with pytest.raises(Refusal) as error:
            await begin(house, Selection(receiver=CARE))
        assert error.value.code == "operations.nothing-selected"
        assert house.services.operations.reader.replays() == ()
        assert house.transport.ids() == ["m-0", "m-1", "m-2"]
        mark = house.services.operations.preview(HANDED, per_second=200, again=False).mark
        first = await begin(house, HANDED, mark=mark, key="k")
        await house.until_true(lambda: replay(house, first.id).state == "done")
        assert (await begin(house, HANDED, mark=mark, key="k")).id == first.id
        assert len(house.services.operations.reader.replays()) == 1


async def test_two_who_begin_the_same_replay_at_once_send_it_once(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        known = await house.accepted(message("k-1"))
        await house.until(known, "sent")
        await house.until(await house.accepted(receipt("k-1"), "town"), "delivered")
        operations, wanted = house.services.operations, Selection(receiver=NURSING)
        shown = operations.preview(wanted, per_second=200, again=True)

        async def one() -> Any:
            asked = {"per_second": 200, "again": True, "key": None}
            return await operations.begin_replay(wanted, shown.mark, ACT, **asked)  # type: ignore[arg-type]

        answers = await asyncio.gather(one(), one(), return_exceptions=True)
        refused = [each.code for each in answers if isinstance(each, Refusal)]
        assert refused == ["operations.preview-outdated"]
        await house.until_true(lambda: operations.reader.replays()[0].state == "done")
        assert len(operations.reader.replays()) == 1
        await house.until_true(lambda: house.transport.ids().count("k-1") == 2)


def stopping(folder: Path) -> Settings:
    made = settings(folder)
    return made.model_copy(update={"replay": ReplaySettings(stop_negative=3, stop_share=0.5)})


async def test_replay_stops_when_negative_receipts_rise(tmp_path: Path) -> None:
    transport = rejecting(60)
    async with running(stopping(tmp_path), transport) as house:
        ids = await handed(house, 60)

        async def answer(outgoing: Outgoing) -> None:
            if outgoing.message_type != "APPREC":
                await house.accepted(receipt(outgoing.message_id, "2"), "town")

        transport.on_send = answer
        one = await begin(house, HANDED, per_second=10)
        await house.until_true(lambda: replay(house, one.id).state == "stopped")
        found = replay(house, one.id)
        assert found.reason == "operations.replay-negative"
        assert 3 <= found.done < 40
        left = [id for id in ids if house.delivery(id).state == "handed"]
        assert len(left) == 60 - found.done
        assert check(house.services.ledger).findings == ()


async def test_replay_goes_on_after_a_restart_and_can_be_stopped(tmp_path: Path) -> None:
    transport = rejecting(40)
    configured = settings(tmp_path)
    async with running(configured, transport) as house:
        await handed(house, 40)
        one = await begin(house, HANDED, per_second=30)
        await house.until_true(lambda: replay(house, one.id).done >= 2)
    transport = Scripted()
    async with running(configured, transport) as house:
        before = replay(house, one.id).done
        await house.until_true(lambda: replay(house, one.id).done >= before + 2)
        await house.services.operations.stop_replay(one.id, key=None)
        found = replay(house, one.id)
        assert (found.state, found.reason) == ("stopped", "operations.replay-stopped")
        assert found.done < 40
        with pytest.raises(Refusal) as error:
            await house.services.operations.stop_replay(one.id, key=None)
        assert error.value.code == "operations.replay-over"
        sent = [id for id in transport.ids() if id.startswith("m-")]
        assert len(sent) == len(set(sent))
        assert check(house.services.ledger).findings == ()


async def test_a_correction_is_replayed_after_its_original_or_left(tmp_path: Path) -> None:
    transport = rejecting(1)
    async with running(settings(tmp_path), transport) as house:
        (original,) = await handed(house, 1)
        change = await house.accepted(message("c-1", status="M", parent_id="m-0", conversation_id="m-0"))
        unrelated = await house.accepted(message("v-1", receiver=(VILLAGE, CARE), status="N"))
        await house.until(unrelated, "sent")
        only_change = Selection(state="handed", dead=True, reason="routing.parent-rejected")
        shown = house.services.operations.preview(only_change, per_second=200, again=False)
        assert [each.obstacle for each in shown.prospects] == ["operations.original-not-delivered"]
        await begin(house, HANDED)
        await house.until(change, "sent")
        assert house.delivery(original).state == "sent"
        assert transport.ids()[-2:] == ["m-0", "c-1"]


@pytest.mark.parametrize(
    ("answered", "negative", "stops"), [(10, 2, False), (10, 3, True), (100, 5, False), (30, 3, True)]
)
def test_when_it_is_too_many(answered: int, negative: int, stops: bool) -> None:
    assert too_many_negative(answered, negative, ReplaySettings()) is stops
