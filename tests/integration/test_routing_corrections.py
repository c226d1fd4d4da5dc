"""Does a correction or cancellation never overtake its original, and never arrive as if it were new? (DESIGN §4.4)"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.operations.actions import Act, Action
from gateway.transports.base import Deferred, Rejected
from tests.support.plain import (
    CARE,
    NURSING,
    VILLAGE,
    House,
    Scripted,
    cancellation,
    change,
    held,
    message,
    receipt,
    running,
    settings,
)

pytestmark = pytest.mark.usefixtures("store")


ACT = Act("Kari Drift", "ringte mottakeren")


async def act(house: House, id: str, action: Action, *, to: str | None = None) -> None:
    """Act on the first delivery of a message."""
    await house.services.operations.act(house.reader.deliveries(id)[0].id, action, ACT, to=to, key=None)


async def states(house: House, *ids: str) -> list[str]:
    return [house.delivery(id).state for id in ids]


async def test_change_follows_its_original(tmp_path: Path) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-1"))
        changed = await house.accepted(change("m-2", "m-1"))
        assert house.delivery(changed).state == "queued"
        transport.gates["m-1"].set()
        await house.until(changed, "sent")
        assert transport.ids() == ["m-1", "m-2"]


async def test_change_before_its_original_waits_for_it(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        early = await house.accepted(change("m-2", "m-1"))
        assert house.delivery(early).state == "parked"
        assert house.delivery(early).reason == "routing.parent-missing"
        unrelated = await house.accepted(message("m-9"))
        await house.until(unrelated, "sent")
        await house.accepted(message("m-1"))
        await house.until(early, "sent")
        assert house.transport.ids() == ["m-9", "m-1", "m-2"]
        assert house.trail(early)[:3] == ["message.accepted", "delivery.parked", "delivery.released"]


async def test_chain_of_early_versions_arrives_in_order(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        last = await house.accepted(cancellation("m-4", "m-3", conversation_id="m-1"))
        await house.accepted(change("m-3", "m-2", conversation_id="m-1"))
        await house.accepted(change("m-2", "m-1"))
        assert house.transport.ids() == []
        await house.accepted(message("m-1"))
        await house.until(last, "sent")
        assert house.transport.ids() == ["m-1", "m-2", "m-3", "m-4"]


async def test_early_cancellation_is_delivered_behind_its_original(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        early = await house.accepted(cancellation("m-2", "m-1"))
        original = await house.accepted(message("m-1"))
        await house.until(early, "sent")
        assert house.transport.ids() == ["m-1", "m-2"]
        assert house.delivery(original).state == "sent"


async def test_original_of_another_sender_releases_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        early = await house.accepted(change("m-2", "m-1"))
        other = message("m-1", sender=("88830001", "88830011"))
        await house.until(await house.accepted(other, "village"), "sent")
        assert house.delivery(early).state == "parked"


async def test_parked_too_long_goes_to_a_person_and_on_if_the_original_comes_after_all(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path, parked_limit_s=0.1)) as house:
        early = await house.accepted(cancellation("m-2", "m-1"))
        assert (await house.until(early, "handed")).reason == "routing.parent-missing-deadline"
        await house.accepted(message("m-1"))
        await house.until(early, "sent")
        assert house.transport.ids() == ["m-1", "m-2"]


async def test_cancellation_annuls_what_was_never_tried(tmp_path: Path) -> None:
    transport = held("m-0")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-0"))  # holds the lane
        original = await house.accepted(message("m-1"))
        changed = await house.accepted(change("m-2", "m-1"))
        cancelled = await house.accepted(cancellation("m-3", "m-2", conversation_id="m-1"))
        after = await house.accepted(message("m-4"))
        assert await states(house, original, changed, cancelled) == ["cancelled"] * 3
        assert "delivery.annuls" in house.trail(cancelled)
        transport.gates["m-0"].set()
        await house.until(after, "sent")
        assert transport.ids() == ["m-0", "m-4"]


async def test_cancellation_travels_when_any_version_may_have_been_seen(tmp_path: Path) -> None:
    transport = held("m-2")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-1"))
        changed = await house.accepted(change("m-2", "m-1"))
        await house.until(changed, "sending")
        third = await house.accepted(change("m-3", "m-1"))
        cancelled = await house.accepted(cancellation("m-4", "m-1"))
        assert await states(house, third, cancelled) == ["queued", "queued"]
        transport.gates["m-2"].set()
        await house.until(cancelled, "sent")
        assert transport.ids() == ["m-1", "m-2", "m-3", "m-4"]


async def test_cancellation_of_what_was_tried_without_success_travels(tmp_path: Path) -> None:
    """The receiver may have it although its answer was lost."""
    transport = Scripted()
    transport.outcomes["m-1"] = deque([Deferred("transport.timeout", retry_after=0.3)])
    town = {"endpoint": {"first_wait_s": 0.3, "max_wait_s": 0.3}}
    async with running(settings(tmp_path, town=town), transport) as house:
        original = await house.accepted(message("m-1"))
        await house.until_true(lambda: "delivery.deferred" in house.trail(original))
        cancelled = await house.accepted(cancellation("m-2", "m-1"))
        await house.until(cancelled, "sent")
        assert transport.ids() == ["m-1", "m-1", "m-2"]


async def test_correction_of_a_rejected_message_goes_to_a_person(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        original = await house.accepted(message("m-1"))
        await house.until(original, "sent")
        await house.accepted(receipt("m-1", "2"), "town")
        await house.until(original, "rejected")
        changed = await house.accepted(change("m-2", "m-1"))
        assert (house.delivery(changed).state, house.delivery(changed).reason) == (
            "handed",
            "routing.parent-rejected",
        )


async def test_correction_that_was_queued_when_its_original_was_rejected_goes_to_a_person(
    tmp_path: Path,
) -> None:
    transport = held("m-2")
    async with running(settings(tmp_path), transport) as house:
        original = await house.accepted(message("m-1"))
        await house.until(original, "sent")
        await house.accepted(message("m-2"))  # holds the lane
        changed = await house.accepted(change("m-3", "m-1"))
        after = await house.accepted(message("m-4"))
        await house.accepted(receipt("m-1", "2"), "town")
        transport.gates["m-2"].set()
        assert (await house.until(changed, "handed")).reason == "routing.parent-rejected"
        await house.until(after, "sent")
        assert [id for id in transport.ids() if id.startswith("m-")] == ["m-1", "m-2", "m-4"]


async def test_correction_that_names_no_original_keeps_its_place(tmp_path: Path) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-1"))
        bare = await house.accepted(message("m-2", status="M"))
        assert "delivery.without-original" in house.trail(bare)
        transport.gates["m-1"].set()
        await house.until(bare, "sent")
        assert transport.ids() == ["m-1", "m-2"]


async def test_undoing_a_ready_notice_is_a_new_message_not_a_cancellation(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        ready = await house.accepted(message("m-1", message_type="LOG_UTSKRIVNINGSKLAR"))
        undone = await house.accepted(message("m-2", message_type="LOG_AVMELDING"))
        await house.until(undone, "sent")
        assert house.delivery(ready).state == "sent"


async def test_what_comes_after_a_person_sent_its_change_goes_to_a_person(tmp_path: Path) -> None:
    async with running(settings(tmp_path, parked_limit_s=0.05)) as house:
        early = await house.accepted(change("m-2", "m-1"))
        await house.until(early, "handed")
        await act(house, early, "resend")
        await house.until(early, "sent")
        late = await house.accepted(message("m-1"))
        delivery = house.delivery(late)
        assert (delivery.state, delivery.reason) == ("handed", "routing.change-went-first")
        assert house.transport.ids() == ["m-2"]
        assert check(house.services.ledger).findings == ()
        await act(house, late, "resend")  # the person has asked the receiver
        await house.until(late, "sent")
        assert house.transport.ids() == ["m-2", "m-1"]
        assert check(house.services.ledger).findings == ()


async def test_a_chain_in_line_does_not_overtake_what_becomes_held(tmp_path: Path) -> None:
    transport = held("m-0")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-0", receiver=(VILLAGE, CARE)))  # the lane is busy: all wait behind it
        first = await house.accepted(message("m-1", receiver=(VILLAGE, CARE), loses="error"))
        chain = [
            await house.accepted(change(f"m-{n}", f"m-{n - 1}", receiver=(VILLAGE, CARE))) for n in (2, 3, 4)
        ]
        transport.gates["m-0"].set()
        await house.until(chain[-1], "parked")
        assert await states(house, first, *chain) == ["handed", "parked", "parked", "parked"]
        assert check(house.services.ledger).findings == ()
        await act(house, first, "release")
        await house.until(chain[-1], "sent")
        assert transport.ids() == ["m-0", "m-1", "m-2", "m-3", "m-4"]


async def test_a_chain_behind_what_is_refused_goes_to_a_person(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        first = await house.accepted(message("m-1", receiver=(VILLAGE, CARE), loses="error"))
        await house.until(first, "handed")
        chain = [
            await house.accepted(change(f"m-{n}", f"m-{n - 1}", receiver=(VILLAGE, CARE))) for n in (2, 3)
        ]
        assert await states(house, *chain) == ["parked", "parked"]
        await act(house, first, "refuse")
        assert [house.delivery(id).reason for id in chain] == ["routing.parent-rejected"] * 2
        assert house.transport.ids() == []


async def test_nobody_sends_a_change_of_what_waits(tmp_path: Path) -> None:
    async with running(settings(tmp_path, parked_limit_s=0.2)) as house:
        waits = await house.accepted(change("m-2", "m-1"))
        later = await house.accepted(change("m-3", "m-2"))
        await house.until(later, "handed")
        await act(house, waits, "resend")  # its limit ran out before
        await house.until(later, "sent")  # and what waited for it follows
        assert house.transport.ids() == ["m-2", "m-3"]
        assert check(house.services.ledger).findings == ()


async def test_a_change_is_not_sent_while_its_original_waits(tmp_path: Path) -> None:
    async with running(settings(tmp_path, parked_limit_s=0.05)) as house:
        last = await house.accepted(change("m-3", "m-2"))
        await house.until(last, "handed")
    async with running(settings(tmp_path, parked_limit_s=60.0)) as house:
        waits = await house.accepted(change("m-2", "m-1"))
        with pytest.raises(Refusal, match=r"operations\.original-not-delivered"):
            await act(house, last, "resend")
        assert await states(house, waits, last) == ["parked", "handed"]
        assert house.transport.ids() == []


async def test_elsewhere_a_change_never_goes_before_its_original(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        house.transport.outcomes["m-1"] = deque([Rejected("transport.refused")])
        original = await house.accepted(message("m-1", patient="p-1"))
        await house.until(original, "handed")
        changed = await house.accepted(change("m-2", "m-1", patient="p-2"))
        await act(house, changed, "redirect", to=CARE)  # the new receiver knows the message by another way
        await house.until_true(lambda: house.reader.deliveries(changed)[1].state == "sent")
        with pytest.raises(Refusal, match=r"routing\.change-went-first"):
            await act(house, original, "redirect", to=CARE)
        assert house.transport.ids() == ["m-1", "m-2"]
        assert check(house.services.ledger).findings == ()


async def test_elsewhere_a_change_goes_behind_its_original(tmp_path: Path) -> None:
    transport = held("m-1")
    transport.outcomes["m-1"] = deque([Rejected("transport.refused")])
    async with running(settings(tmp_path), transport) as house:
        original = await house.accepted(message("m-1", patient="p-1"))
        transport.gates["m-1"].set()
        await house.until(original, "handed")
        changed = await house.accepted(change("m-2", "m-1", patient="p-2"))
        transport.gates["m-1"].clear()
        await act(house, original, "redirect", to=CARE)
        await act(house, changed, "redirect", to=CARE)
        await house.until_true(lambda: house.reader.deliveries(original)[1].state == "sending")
        assert house.reader.deliveries(changed)[1].state == "queued"
        transport.gates["m-1"].set()
        await house.until_true(lambda: house.reader.deliveries(changed)[1].state == "sent")
        assert transport.ids() == ["m-1", "m-1", "m-2"]
        assert check(house.services.ledger).findings == ()


async def test_elsewhere_a_change_of_what_a_person_holds_waits(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        house.transport.outcomes["m-1"] = deque([Rejected("transport.refused")])
        original = await house.accepted(message("m-1", loses="error"))
        await house.until(original, "handed")
        changed = await house.accepted(change("m-2", "m-1"))
        await act(house, original, "redirect", to=CARE)
        await house.until_true(lambda: house.reader.deliveries(original)[1].reason == "routing.quarantined")
        with pytest.raises(Refusal, match=r"operations\.original-not-delivered"):
            await act(house, changed, "redirect", to=CARE)
        assert house.transport.ids() == ["m-1"]


async def test_the_limit_of_what_waits_for_a_decision_does_not_run_while_its_receiver_is_held(
    tmp_path: Path,
) -> None:
    short = {"endpoint": {"give_up_after_s": 0.3, "format": "fhir-r4"}}
    transport = held("m-0")
    async with running(settings(tmp_path, town=short), transport) as house:
        await house.accepted(message("m-0"))
        await house.accepted(message("m-1", loses="error"))
        changed = await house.accepted(change("m-2", "m-1"))
        await house.services.operations.hold(NURSING, "draining", ACT, key=None)
        put_off = house.delivery(changed).deadline_at
        await house.until_true(lambda: house.delivery(changed).deadline_at != put_off)
        transport.gates["m-0"].set()
        await house.until(changed, "parked")
        await house.services.operations.resume(NURSING, ACT, key=None)
        await house.until(changed, "handed")  # not an hour later
        assert transport.ids() == ["m-0"]
