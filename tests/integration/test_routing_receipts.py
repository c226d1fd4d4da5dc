"""Does every receipt find its message, settle its delivery once, and come home in the sender's format?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.routing.outcomes import Duplicate
from gateway.transports.base import Outgoing
from tests.support.plain import (
    CARE,
    HOSPITAL,
    NURSING,
    TOWN,
    VILLAGE,
    WARD,
    House,
    Scripted,
    held,
    message,
    receipt,
    running,
    settings,
)

pytestmark = pytest.mark.usefixtures("store")


async def sent(house: House, id: str = "m-1") -> str:
    """A message that was sent; gives our id."""
    ours = await house.accepted(message(id))
    await house.until(ours, "sent")
    return ours


@pytest.mark.parametrize(
    ("status", "state"), [("1", "acknowledged"), ("2", "rejected"), ("3", "acknowledged")]
)
async def test_receipt_settles_its_delivery_and_goes_home(tmp_path: Path, status: str, state: str) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await sent(house)
        data = receipt("m-1", status, message_id="r-1")
        home = await house.accepted(data, "town")
        delivery = house.delivery(ours)
        assert (delivery.state, delivery.receipt_status) == (state, status)
        assert (await house.until(home, "delivered")).receiver_her == WARD
        assert house.transport.sent[-1].body == data
        (row,) = house.reader.receipts(ours)
        assert (row.message, row.status, row.effect) == (home, status, "settled")
        assert [error.code for error in row.errors] == (["E35"] if status == "2" else [])
        assert house.reader.receipt(home) == row


async def test_receipt_comes_home_in_the_senders_format(tmp_path: Path) -> None:
    """The village speaks FHIR: a receipt in XML is translated for it."""
    async with running(settings(tmp_path)) as house:
        ours = await house.accepted(message("m-1", format="fhir-r4", sender=(VILLAGE, CARE)), "village")
        await house.until(ours, "sent")
        home = await house.accepted(receipt("m-1", receiver=(VILLAGE, CARE)), "town")
        await house.until(home, "delivered")
        assert json.loads(house.transport.sent[-1].body)["format"] == "fhir-r4"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_receipt_in_fhir_comes_home_in_the_senders_version(tmp_path: Path, version: str) -> None:
    configured = settings(tmp_path)
    hospital = configured.partner[0].model_copy(update={"accepts_apprec": version})
    configured = configured.model_copy(update={"partner": (hospital, *configured.partner[1:])})
    async with running(configured) as house:
        await house.until(await house.accepted(message("m-1", receiver=(VILLAGE, CARE))), "sent")
        answer = receipt("m-1", format="fhir-r4", sender=(VILLAGE, CARE))
        await house.until(await house.accepted(answer, "village"), "delivered")
        assert json.loads(house.transport.sent[-1].body)["format"] == f"apprec-{version}"


async def test_same_receipt_again_is_a_duplicate(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await sent(house)
        data = receipt("m-1", message_id="r-1")
        first = await house.accepted(data, "town")
        assert await house.hand_in(data, "town") == Duplicate(first, "r-1")
        assert len(house.reader.receipts(ours)) == 1


async def test_second_receipt_that_says_the_same_changes_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await sent(house)
        await house.accepted(receipt("m-1"), "town")
        before = house.delivery(ours)
        await house.accepted(receipt("m-1"), "town")
        assert house.delivery(ours) == before
        assert [each.effect for each in house.reader.receipts(ours)] == ["settled", "repeated"]


@pytest.mark.parametrize(("first", "second", "state"), [("1", "2", "acknowledged"), ("2", "1", "rejected")])
async def test_contradiction_is_kept_and_shown_and_flips_nothing(
    tmp_path: Path, first: str, second: str, state: str
) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await sent(house)
        await house.accepted(receipt("m-1", first), "town")
        home = await house.accepted(receipt("m-1", second), "town")
        assert house.delivery(ours).state == state
        assert house.delivery(ours).receipt_status == first
        assert house.reader.receipts(ours)[-1].effect == "contradictory"
        assert "receipt.contradictory" in house.trail(ours)
        await house.until(home, "delivered")


async def test_receipt_that_is_faster_than_our_own_note_of_sending(tmp_path: Path) -> None:
    """The receiver's receipt arrives while the attempt is still under way."""
    transport = Scripted()
    async with running(settings(tmp_path), transport) as house:

        async def answer_at_once(outgoing: Outgoing) -> None:
            if outgoing.message_type != "APPREC":
                await house.accepted(receipt(outgoing.message_id), "town")

        transport.on_send = answer_at_once
        ours = await house.accepted(message("m-1"))
        next_one = await house.accepted(message("m-2"))
        await house.until(ours, "acknowledged")
        await house.until(next_one, "acknowledged")
        assert [id for id in transport.ids() if id.startswith("m-")] == ["m-1", "m-2"]


async def test_receipt_for_what_we_think_is_not_sent_ends_the_trying(tmp_path: Path) -> None:
    """We were cut off after the receiver had it: its receipt says so, and nothing is sent again."""
    transport = held("m-1")
    configured = settings(tmp_path)
    async with running(configured, transport) as house:
        ours = await house.accepted(message("m-1"))
        await transport.attempts(1)
        await house.services.dispatcher.stop(grace_s=0)
        await house.accepted(receipt("m-1"), "town")
        assert house.delivery(ours).state == "acknowledged"
    again = Scripted()
    async with running(configured, again) as house:
        await house.until(await house.accepted(message("m-2")), "sent")
        assert "m-1" not in again.ids()


async def test_receipt_settles_what_went_to_a_person(tmp_path: Path) -> None:
    town = {"endpoint": {"give_up_after_s": 0.05}}
    transport = held("m-1")
    async with running(settings(tmp_path, town=town), transport) as house:
        ours = await house.accepted(message("m-1", untranslatable=True, receiver=(VILLAGE, CARE)))
        await house.until(ours, "handed")
        answer = receipt("m-1", format="fhir-r4", sender=(VILLAGE, CARE))
        await house.accepted(answer, "village")
        assert house.delivery(ours).state == "acknowledged"


async def test_receipt_for_an_unknown_message_is_refused_and_shown(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        assert await house.refused(receipt("nobody"), "town") == "receipt.unknown-original"
        assert [each.code for each in house.reader.refusals()] == ["receipt.unknown-original"]


@pytest.mark.parametrize(
    ("said", "partner", "code"),
    [
        (
            {"sender": (VILLAGE, CARE)},
            "village",
            "receipt.not-the-receiver",
        ),  # another than the one it was sent to
        (
            {"receiver": (VILLAGE, CARE)},
            "town",
            "receipt.unknown-original",
        ),  # to another than the one who sent it
        (
            {"sender": (TOWN, "88820077")},
            "town",
            "receipt.not-the-receiver",
        ),  # another service of the same town
    ],
)
async def test_receipt_from_or_to_somebody_else_is_refused(
    tmp_path: Path, said: dict[str, object], partner: str, code: str
) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await sent(house)
        assert await house.refused(receipt("m-1", **said), partner) == code
        assert house.delivery(ours).state == "sent"


async def test_receipt_that_names_the_organisation_only_is_taken(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        ours = await house.accepted(message("m-1"))
        await house.until(ours, "sent")
        await house.accepted(receipt("m-1", sender=(TOWN, TOWN), receiver=(HOSPITAL, HOSPITAL)), "town")
        assert house.delivery(ours).state == "acknowledged"


async def test_receipt_is_never_answered_with_a_receipt(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await sent(house)
        home = await house.accepted(receipt("m-1", message_id="r-1"), "town")
        await house.until(home, "delivered")
        answer = receipt("r-1", sender=(HOSPITAL, WARD), receiver=(TOWN, NURSING))
        assert await house.refused(answer) == "receipt.on-receipt"


async def test_receipt_for_a_sender_without_endpoint_is_there_to_fetch(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    hospital = configured.partner[0].model_copy(update={"endpoint": ()})
    configured = configured.model_copy(update={"partner": (hospital, *configured.partner[1:])})
    async with running(configured) as house:
        ours = await sent(house)
        home = await house.accepted(receipt("m-1"), "town")
        assert house.delivery(home).state == "delivered"
        assert "delivery.to-fetch" in house.trail(home)
        assert house.reader.receipts(ours)[0].message == home


async def test_receipt_for_a_message_that_was_cancelled_here_is_shown(tmp_path: Path) -> None:
    transport = held("m-0")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-0"))
        ours = await house.accepted(message("m-1"))
        await house.accepted(message("m-2", status="C", parent_id="m-1", conversation_id="m-1"))
        assert house.delivery(ours).state == "cancelled"
        await house.accepted(receipt("m-1"), "town")
        assert house.delivery(ours).state == "cancelled"
        assert house.reader.receipts(ours)[0].effect == "unexpected"
        transport.gates["m-0"].set()
