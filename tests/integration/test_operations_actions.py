"""What may a person do with a delivery, what becomes of it, and when is it refused without changing anything?"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.operations.actions import Act, Action
from gateway.transports.base import Deferred, Delivered, Rejected
from tests.support.plain import CARE, NURSING, VILLAGE, House, Scripted, message, receipt, running, settings

pytestmark = pytest.mark.usefixtures("store")

ACT = Act("Kari Drift", "ringte mottakeren")
REFUSED = Rejected("transport.refused")


async def do(house: House, id: str, action: Action, **more: Any) -> dict[str, Any]:
    """Act on the one delivery of a message."""
    key = more.pop("key", None)
    delivery = house.reader.deliveries(id)[0].id
    return await house.services.operations.act(delivery, action, ACT, key=key, **more)


async def dead_letter(house: House, message_id: str = "m-1", **said: Any) -> str:
    """A message that its receiver's side did not take; a dead letter."""
    house.transport.outcomes[message_id] = deque([REFUSED])
    id = await house.accepted(message(message_id, **said))
    await house.until(id, "handed")
    return id


def everything(house: House) -> list[list[tuple[Any, ...]]]:
    """All that the ledger holds of deliveries, lanes, events and actions."""
    reading = house.services.ledger.reading()
    tables = ("deliveries", "lanes", "events", "actions", "holds", "replays")
    return [sorted(map(repr, map(tuple, reading.execute(f"SELECT * FROM {table}")))) for table in tables]


async def test_resend_gives_the_same_bytes_under_the_same_id(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        await do(house, id, "resend")
        delivery = await house.until(id, "sent")
        assert delivery.attempts == 2
        assert len({(each.body, each.key) for each in house.transport.sent}) == 1
        trail = house.reader.trail(id)
        (acted,) = [event for event in trail if event.code == "action.resent"]
        assert acted.detail == {"by": "Kari Drift", "why": "ringte mottakeren"}
        await house.hand_in(receipt("m-1"), "town")
        assert house.delivery(id).state == "acknowledged"
        assert check(house.services.ledger).findings == ()


async def test_resend_takes_the_format_that_the_receiver_takes_now(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
    moved = settings(tmp_path, town={"endpoint": {"format": "fhir-r4"}})
    async with running(moved) as house:
        await do(house, id, "resend")
        delivery = await house.until(id, "sent")
        assert (delivery.format, delivery.unchanged) == ("fhir-r4", False)
        assert house.reader.loss(delivery.id) is not None
        assert check(house.services.ledger).findings == ()


async def test_redirect_reaches_another_configured_receiver_and_its_receipt_counts(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        answer = await do(house, id, "redirect", to=CARE)
        await house.until_true(lambda: house.reader.deliveries(id)[1].state == "sent")
        old, new = house.reader.deliveries(id)
        assert (old.state, new.receiver_her, new.id) == ("handed", CARE, answer["delivery"])
        item = house.services.operations.item(old.id)
        assert item.settled
        assert not item.is_dead
        await house.hand_in(receipt("m-1", sender=(VILLAGE, CARE), format="fhir-r4"), "village")
        assert house.reader.deliveries(id)[1].state == "acknowledged"
        assert check(house.services.ledger).findings == ()


@pytest.mark.parametrize(
    ("to", "code"), [("99999999", "operations.not-configured"), (NURSING, "operations.same-receiver")]
)
async def test_redirect_only_to_another_configured_receiver(tmp_path: Path, to: str, code: str) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        await refused(house, id, "redirect", code, to=to)


async def test_redirect_never_twice_to_the_same_and_never_into_another_environment(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        await do(house, id, "redirect", to=CARE)
        await house.until_true(lambda: house.reader.deliveries(id)[1].state == "sent")
        await refused(house, id, "redirect", "operations.state-forbids", to=CARE)
    async with running(settings(tmp_path, town={"environment": "production"})) as house:
        id = await dead_letter(house, "m-2", patient=None)
        await refused(house, id, "redirect", "operations.other-environment", to=CARE)


async def refused(house: House, id: str, action: Action, code: str, **more: Any) -> None:
    """The action is refused with this code, and nothing has changed."""
    before = everything(house)
    with pytest.raises(Refusal) as error:
        await do(house, id, action, **more)
    assert error.value.code == code
    assert everything(house) == before


async def test_cancel_lets_those_behind_it_pass(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([Deferred("transport.unreachable", retry_after=60)])
    slow = {"endpoint": {"max_wait_s": 60.0}}
    async with running(settings(tmp_path, town=slow), transport) as house:
        first = await house.accepted(message("m-1"))
        await house.until_true(lambda: "delivery.deferred" in house.trail(first))
        second = await house.accepted(message("m-2"))
        assert house.delivery(second).state == "queued"
        await do(house, first, "cancel")
        await house.until(second, "sent")
        assert house.delivery(first).reason == "operations.cancelled"
        assert check(house.services.ledger).findings == ()


async def test_hand_over_settles_it(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        await do(house, id, "hand-over")
        item = house.services.operations.item(house.delivery(id).id)
        assert (item.state, item.settled, item.reason) == ("handed", True, "transport.refused")
        for action in ("resend", "cancel", "hand-over"):
            await refused(house, id, action, "operations.state-forbids")  # type: ignore[arg-type]


async def test_states_that_do_not_allow_it(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1"))
        await house.until(id, "sent")
        await refused(house, id, "resend", "operations.state-forbids")  # its receipt may still come
        await refused(house, id, "cancel", "operations.state-forbids")
        await refused(house, id, "redirect", "operations.state-forbids", to=CARE)
        home = await house.accepted(receipt("m-1"), "town")
        await house.until(home, "delivered")
        await refused(house, id, "resend", "operations.already-received")
        await do(house, id, "resend", again=True)
        await house.until(id, "sent")
        await house.hand_in(receipt("m-1", message_id="r-2"), "town")
        assert house.delivery(id).state == "acknowledged"
        assert check(house.services.ledger).findings == ()


async def test_same_key_does_it_once_and_answers_alike(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await dead_letter(house)
        first = await do(house, id, "redirect", to=CARE, key="k-1")
        again = await do(house, id, "redirect", to=CARE, key="k-1")
        assert first == again
        assert len(house.reader.deliveries(id)) == 2
        assert house.trail(id).count("action.redirected") == 1
        await house.until_true(lambda: house.reader.deliveries(id)[1].state == "sent")
        await refused(house, id, "cancel", "operations.key-reused", key="k-1")


async def test_a_correction_goes_only_after_its_original(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        original = await dead_letter(house)
        change = await house.accepted(message("m-2", status="M", parent_id="m-1", conversation_id="m-1"))
        assert house.delivery(change).state == "handed"
        await refused(house, change, "resend", "operations.original-not-delivered")
        await do(house, original, "resend")
        await do(house, change, "resend")
        await house.until(change, "sent")
        assert house.transport.ids()[-2:] == ["m-1", "m-2"]
        assert check(house.services.ledger).findings == ()


async def test_a_receipt_on_its_way_home_can_be_sent_again(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1"))
        await house.until(id, "sent")
        house.transport.outcomes["r-1"] = deque([REFUSED, Delivered()])
        home = await house.accepted(receipt("m-1", message_id="r-1"), "town")
        await house.until(home, "handed")
        await refused(house, home, "redirect", "operations.state-forbids", to=CARE)
        await do(house, home, "resend")
        await house.until(home, "delivered")
        assert check(house.services.ledger).findings == ()
