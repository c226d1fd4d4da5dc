"""Is each message delivered in its format, in its order, again when it failed, and to a person when it cannot be?"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from pathlib import Path

import pytest

from gateway.transports.base import Deferred, Delivered, Outgoing, Rejected
from tests.support.plain import (
    CARE,
    VILLAGE,
    House,
    Scripted,
    held,
    message,
    receipt,
    running,
    settings,
)

pytestmark = pytest.mark.usefixtures("store")

DOWN = Deferred("transport.unreachable")
TOWN_URL = "http://town.invalid/messages"


async def test_same_format_is_the_same_bytes(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        id = await house.accepted(data)
        delivery = await house.until(id, "sent")
        (sent,) = house.transport.sent
        assert (sent.body, sent.message_id, sent.content_type, sent.correlation) == (
            data,
            "m-1",
            "application/xml",
            id,
        )
        assert delivery.unchanged
        assert delivery.attempts == 1
        assert house.plain.translated == 0


async def test_other_format_is_translated_once_and_kept_with_its_loss(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([DOWN, DOWN, Delivered()])
    async with running(settings(tmp_path), transport) as house:
        id = await house.accepted(message("m-1", receiver=(VILLAGE, CARE)))
        delivery = await house.until(id, "sent")
        assert delivery.attempts == 3
        assert house.plain.translated == 1
        assert len({each.body for each in transport.sent}) == 1
        assert json.loads(transport.sent[0].body)["format"] == "fhir-r4"
        assert transport.sent[0].content_type == "application/fhir+json"
        assert delivery.body_id is not None
        body = house.reader.body(delivery.body_id)
        assert body is not None
        assert body.content == transport.sent[0].body
        loss = house.reader.loss(delivery.id)
        assert loss is not None
        assert (loss.mapping_version, loss.native) == ("plain", 1)


async def test_type_passed_on_goes_as_it_is_to_a_fhir_receiver(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message(
            "m-1", message_type="EPIKRISE", body_known=False, receiver=(VILLAGE, CARE), format="msghead"
        )
        id = await house.accepted(data)
        assert (await house.until(id, "sent")).unchanged
        assert house.transport.sent[0].body == data
        assert house.transport.sent[0].content_type == "application/xml"


@pytest.mark.parametrize(
    ("fault", "reason"), [("untranslatable", "translate.unsupported-content"), ("breaks", "us.internal")]
)
async def test_translation_that_fails_goes_to_a_person_and_holds_up_nobody(
    tmp_path: Path, fault: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(settings(tmp_path)) as house:
        bad = await house.accepted(message("m-1", receiver=(VILLAGE, CARE), **{fault: True}))
        good = await house.accepted(message("m-2", receiver=(VILLAGE, CARE)))
        assert (await house.until(bad, "handed")).reason == reason
        await house.until(good, "sent")
    written = "".join(capsys.readouterr())
    assert "14834120012" not in written
    assert "Tuvalind" not in written


async def test_deferred_is_tried_again_with_the_same_bytes_until_it_is_taken(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([DOWN] * 3)
    async with running(settings(tmp_path), transport) as house:
        id = await house.accepted(message("m-1"))
        assert (await house.until(id, "sent")).attempts == 4
        assert len({(each.body, each.key) for each in transport.sent}) == 1
        assert house.trail(id).count("delivery.deferred") == 3


async def test_given_up_after_its_limit_goes_to_a_person(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = DOWN
    town = {"endpoint": {"give_up_after_s": 0.2}}
    async with running(settings(tmp_path, town=town), transport) as house:
        id = await house.accepted(message("m-1"))
        delivery = await house.until(id, "handed")
        assert delivery.reason == "routing.not-deliverable"
        transport.always.clear()
        await house.until(await house.accepted(message("m-2")), "sent")


async def test_rejected_by_the_transport_goes_to_a_person(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([Rejected("transport.refused", 422, b"{}", "application/problem+json")])
    async with running(settings(tmp_path), transport) as house:
        id = await house.accepted(message("m-1"))
        assert (await house.until(id, "handed")).reason == "transport.refused"
        assert house.reader.refusals() == ()


async def test_rejected_with_a_negative_receipt_is_rejected_and_the_receipt_goes_home(tmp_path: Path) -> None:
    transport = Scripted()
    answer = receipt("m-1", "2", message_id="r-1")
    transport.outcomes["m-1"] = deque([Rejected("transport.refused", 422, answer, "application/xml")])
    async with running(settings(tmp_path), transport) as house:
        id = await house.accepted(message("m-1"))
        delivery = await house.until(id, "rejected")
        assert delivery.receipt_status == "2"
        await transport.attempts(2)
        assert transport.sent[1].body == answer


@pytest.mark.parametrize("wait_s", [0.01, 1e-9], ids=["after a wait", "at once"])
async def test_lane_keeps_its_order_while_its_head_fails(tmp_path: Path, wait_s: float) -> None:
    transport = held("m-1")
    transport.outcomes["m-1"] = deque([DOWN] * 2)
    town = {"endpoint": {"first_wait_s": wait_s, "max_wait_s": wait_s}}
    async with running(settings(tmp_path, town=town), transport) as house:
        ids = [await house.accepted(message(f"m-{n}")) for n in (1, 2, 3)]
        transport.gates["m-1"].set()
        for id in ids:
            await house.until(id, "sent")
        assert transport.ids() == ["m-1", "m-1", "m-1", "m-2", "m-3"]


async def test_other_patients_flow_past_a_stuck_lane(tmp_path: Path) -> None:
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        stuck = await house.accepted(message("m-1"))
        behind = await house.accepted(message("m-2"))
        other = await house.accepted(message("m-3", patient="02914720128"))
        await house.until(other, "sent")
        assert house.delivery(stuck).state == "sending"
        assert house.delivery(behind).state == "queued"
        transport.gates["m-1"].set()
        await house.until(behind, "sent")


async def test_other_partners_flow_past_one_that_is_down(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = DOWN
    async with running(settings(tmp_path), transport) as house:
        for n in range(30):
            await house.accepted(message(f"down-{n}", patient=f"p{n}"))
        for n in range(30):
            id = await house.accepted(message(f"up-{n}", receiver=(VILLAGE, CARE), patient=f"p{n}"))
            await house.until(id, "sent")


async def test_partner_that_is_down_is_probed_not_stormed(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = DOWN
    town = {"endpoint": {"first_wait_s": 30, "max_wait_s": 30}}
    async with running(settings(tmp_path, town=town), transport) as house:
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(100)]
        await transport.attempts(5)
        await house.until_true(lambda: not any(house.delivery(id).state == "sending" for id in ids))
        assert (
            len(transport.sent) < 5 + 8
        )  # the failures in a row that count, and what was under way with them


async def test_everything_waiting_arrives_once_the_partner_is_back(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = DOWN
    async with running(settings(tmp_path), transport) as house:
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n % 10}")) for n in range(40)]
        await transport.attempts(6)
        transport.always.clear()
        for id in ids:
            await house.until(id, "sent")
        first_tries = [id for n, id in enumerate(transport.ids()) if id not in transport.ids()[:n]]
        for lane in range(10):
            of_lane = [id for id in first_tries if int(id[2:]) % 10 == lane]
            assert of_lane == sorted(of_lane, key=lambda id: int(id[2:]))


async def test_one_slow_partner_takes_no_more_than_its_places(tmp_path: Path) -> None:
    ids = [f"m-{n}" for n in range(12)]
    transport = held(*ids)
    town = {"endpoint": {"concurrency": 3}}
    async with running(settings(tmp_path, town=town), transport) as house:
        ours = [await house.accepted(message(id, patient=id)) for id in ids]
        await transport.attempts(3)
        await house.until(await house.accepted(message("v", receiver=(VILLAGE, CARE))), "sent")
        assert len(transport.sent) == 4
        for gate in transport.gates.values():
            gate.set()
        for id in ours:
            await house.until(id, "sent")


async def test_messages_of_a_conversation_share_the_lane_of_its_first(tmp_path: Path) -> None:
    """A correction that moves the message to another patient stays behind its original."""
    transport = held("m-1")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-1", patient="p1"))
        moved = await house.accepted(
            message("m-2", patient="p2", status="M", parent_id="m-1", conversation_id="m-1")
        )
        follow_up = await house.accepted(message("m-3", patient="p2", conversation_id="m-1"))
        other = await house.accepted(message("m-4", patient="p2"))
        await house.until(other, "sent")
        assert [house.delivery(id).state for id in (moved, follow_up)] == ["queued", "queued"]
        transport.gates["m-1"].set()
        await house.until(follow_up, "sent")
        assert transport.ids() == ["m-1", "m-4", "m-2", "m-3"]


async def test_acknowledgement_not_wanted_is_over_when_taken(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        delivery = await house.until(await house.accepted(message(acknowledgement="N")), "delivered")
        assert delivery.sent_at is not None
        assert delivery.deadline_at is None


async def test_acknowledgement_only_on_error_is_over_after_its_limit(tmp_path: Path) -> None:
    town = {"endpoint": {"receipt_deadline_s": 0.1}}
    async with running(settings(tmp_path, town=town)) as house:
        id = await house.accepted(message(acknowledgement="F"))
        await house.until(id, "sent")
        assert not (await house.until(id, "delivered")).overdue


async def test_overdue_receipt_is_shown_and_still_lands(tmp_path: Path) -> None:
    town = {"endpoint": {"receipt_deadline_s": 0.1}}
    async with running(settings(tmp_path, town=town)) as house:
        id = await house.accepted(message("m-1"))
        await house.until_true(lambda: house.delivery(id).overdue)
        assert house.delivery(id).state == "sent"
        assert house.trail(id).count("receipt.overdue") == 1
        await house.accepted(receipt("m-1"), "town")
        delivery = await house.until(id, "acknowledged")
        assert not delivery.overdue


async def interrupted(house: House, transport: Scripted) -> None:
    await transport.attempts(1)
    await house.services.dispatcher.stop(grace_s=0)


async def test_what_was_under_way_at_the_end_is_sent_again_at_the_next_start(tmp_path: Path) -> None:
    transport = held("m-1")
    configured = settings(tmp_path)
    async with running(configured, transport) as house:
        id = await house.accepted(message("m-1", receiver=(VILLAGE, CARE)))
        await interrupted(house, transport)
        given_back = house.services.ledger.is_shared
        assert house.delivery(id).state == ("queued" if given_back else "sending")
    again = Scripted()
    async with running(configured, again) as house:
        await house.until(id, "sent")
        assert [(each.body, each.key) for each in again.sent] == [
            (transport.sent[0].body, transport.sent[0].key)
        ]
        assert house.plain.translated == 0  # the bytes of the first attempt were kept
        assert "delivery.recovered" in house.trail(id)


async def test_receiver_without_endpoint_after_a_restart_goes_to_a_person(tmp_path: Path) -> None:
    transport = held("m-1")
    configured = settings(tmp_path)
    async with running(configured, transport) as house:
        id = await house.accepted(message("m-1"))
        await interrupted(house, transport)
    partners = tuple(each for each in configured.partner if each.name != "town")
    async with running(configured.model_copy(update={"partner": partners})) as house:
        assert (await house.until(id, "handed")).reason == "routing.endpoint-removed"


async def test_transport_that_breaks_is_tried_again(tmp_path: Path) -> None:
    transport = Scripted()
    failures = iter([RuntimeError("14834120012")])

    async def fail_once(outgoing: Outgoing) -> None:
        for error in failures:
            raise error

    transport.on_send = fail_once
    async with running(settings(tmp_path), transport) as house:
        delivery = await house.until(await house.accepted(message("m-1")), "sent")
        assert delivery.attempts == 2


async def test_no_polling_while_nothing_happens(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await house.until(await house.accepted(message("m-1")), "sent")
        before = house.services.ledger.commits
        await asyncio.sleep(0.3)
        assert house.services.ledger.commits == before
