"""Is each alarm opened once, closed once, told once, and does it say nothing of a patient?"""

from __future__ import annotations

import json
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.operations import Alarm
from gateway.operations.actions import Act
from gateway.operations.alarms import Watch
from gateway.settings import Settings
from gateway.settings_load import from_content
from gateway.transports.base import Deferred, Delivered, Rejected
from tests.support.partner_server import PartnerServer, partner_server, response
from tests.support.plain import NURSING, House, Scripted, message, receipt, running, settings

ACT = Act("Kari Drift", "ordnet")
DOWN = Deferred("transport.unreachable")
TOWN_URL = "http://town.invalid/messages"


def alarms(house: House) -> tuple[Alarm, ...]:
    """Every alarm there ever was, oldest first."""
    return house.services.operations.reader.alarms(all=True)[::-1]


def kinds(house: House) -> list[tuple[str, bool]]:
    return [(each.kind, each.closed_at is not None) for each in alarms(house)]


async def until_alarms(house: House, *expected: tuple[str, bool]) -> None:
    await house.until_true(lambda: kinds(house) == list(expected))


@pytest.mark.usefixtures("store")
async def test_overdue_receipt(tmp_path: Path) -> None:
    async with running(settings(tmp_path, town={"endpoint": {"receipt_deadline_s": 0.1}})) as house:
        id = await house.accepted(message("m-1"))
        await until_alarms(house, ("receipt-overdue", False))
        (alarm,) = alarms(house)
        assert (alarm.message, alarm.code, alarm.receiver_her) == (id, "receipt.overdue", NURSING)
        await house.hand_in(receipt("m-1"), "town")
        await until_alarms(house, ("receipt-overdue", True))


@pytest.mark.usefixtures("store")
async def test_dead_letter_and_parked_too_long(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque(
        [Rejected("transport.refused"), Rejected("transport.refused"), Delivered()]
    )
    async with running(settings(tmp_path, parked_limit_s=0.2), transport) as house:
        id = await house.accepted(message("m-1"))
        await until_alarms(house, ("dead-letter", False))
        waiting = await house.accepted(
            message("m-3", status="C", parent_id="m-2", conversation_id="m-2", patient="q")
        )
        await until_alarms(house, ("dead-letter", False), ("parked-too-long", False))
        assert alarms(house)[1].message == waiting
        delivery = house.delivery(id).id
        await house.services.operations.act(delivery, "hand-over", ACT, key=None)
        await until_alarms(house, ("dead-letter", True), ("parked-too-long", False))
        await house.accepted(message("m-2", patient="q"))  # the original comes after all
        await until_alarms(house, ("dead-letter", True), ("parked-too-long", True))


@pytest.mark.usefixtures("store")
async def test_an_alarm_says_why_it_is_a_dead_letter_now(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([Rejected("transport.refused"), Rejected("transport.wrong-address")])
    configured = settings(tmp_path)
    async with running(configured, transport) as house:
        id = await house.accepted(message("m-1"))
        await until_alarms(house, ("dead-letter", False))
        await house.services.operations.stop()  # nobody looks while it is sent again
        await house.services.operations.act(house.delivery(id).id, "resend", ACT, key=None)
        await house.until_true(lambda: house.delivery(id).reason == "transport.wrong-address")
        watch, ledger = Watch(configured, "one"), house.services.ledger
        assert watch.is_needed(house.services.operations.reader, (), ledger.clock())
        await ledger.write(lambda session: watch.look(session, (), ledger.clock()))
        assert kinds(house) == [("dead-letter", True), ("dead-letter", False)]
        assert [each.code for each in alarms(house)] == ["transport.refused", "transport.wrong-address"]
        assert not watch.is_needed(house.services.operations.reader, (), ledger.clock())


async def test_endpoint_down_is_one_alarm_however_often_it_is_tried(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always[TOWN_URL] = DOWN
    made = settings(tmp_path)
    quick = made.model_copy(update={"alarm": made.alarm.model_copy(update={"stuck_after_s": 0.01})})
    async with running(quick, transport) as house:
        ids = [await house.accepted(message(f"m-{n}", patient=f"p{n}")) for n in range(8)]
        await house.until_true(lambda: ("endpoint-down", False) in kinds(house))
        await transport.attempts(40)
        assert Counter(kind for kind, _ in kinds(house))["endpoint-down"] == 1
        transport.always.clear()
        for id in ids:
            await house.until(id, "sent")
        await house.until_true(lambda: all(closed for _, closed in kinds(house)))
        assert Counter(kind for kind, _ in kinds(house))["endpoint-down"] == 1


async def test_stuck_lane_is_one_alarm_while_the_endpoint_answers(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["m-1"] = deque([DOWN] * 10_000)  # until the alarm is there
    made = settings(tmp_path)
    quick = made.model_copy(update={"alarm": made.alarm.model_copy(update={"stuck_after_s": 0.05})})
    async with running(quick, transport) as house:
        first = await house.accepted(message("m-1"))
        behind = await house.accepted(message("m-2"))
        number = 0
        while ("lane-stuck", False) not in kinds(
            house
        ):  # others flow, so that the endpoint is not taken for down
            number += 1
            await house.until(await house.accepted(message(f"n-{number}", patient=f"q{number}")), "sent")
        assert Counter(kind for kind, _ in kinds(house))["lane-stuck"] == 1
        transport.outcomes["m-1"].clear()
        await house.until(first, "sent")
        await house.until(behind, "sent")
        await house.until_true(lambda: ("lane-stuck", True) in kinds(house))
        assert Counter(kind for kind, _ in kinds(house))["lane-stuck"] == 1


async def test_an_open_alarm_outlives_a_restart(tmp_path: Path) -> None:
    configured = settings(tmp_path, town={"endpoint": {"receipt_deadline_s": 0.05}})
    async with running(configured) as house:
        await house.accepted(message("m-1"))
        await until_alarms(house, ("receipt-overdue", False))
    async with running(configured) as house:
        await house.services.operations._background.look()
        assert kinds(house) == [("receipt-overdue", False)]


# --- the webhook


def telling(folder: Path, partner: PartnerServer) -> Settings:
    made = settings(folder, town={"endpoint": {"receipt_deadline_s": 0.05}})
    content = {"webhook": partner.url, "base_url": "https://gateway.example/", "bearer": "webhook-secret"}
    alarm = from_content({"alarm": content}).alarm
    return made.model_copy(update={"alarm": alarm})


def told(partner: PartnerServer) -> list[dict[str, Any]]:
    return [each for request in partner.requests for each in json.loads(request.body)["alarms"]]


async def test_webhook_is_told_of_opening_and_closing_once_each(tmp_path: Path) -> None:
    async with partner_server(response(204)) as partner, running(telling(tmp_path, partner)) as house:
        id = await house.accepted(message("m-1"))
        await house.until_true(lambda: all(each.told == 1 for each in alarms(house)) and alarms(house))
        await house.hand_in(receipt("m-1"), "town")
        await house.until_true(lambda: all(each.told == 2 for each in alarms(house)))
        opened, closed = told(partner)
        assert (opened["state"], closed["state"], opened["id"]) == ("opened", "closed", closed["id"])
        assert opened["href"] == f"https://gateway.example/console/messages/{id}"
        assert opened["nextStep"]["en"].startswith("Contact the receiver")
        assert partner.requests[0].headers["authorization"] == "Bearer webhook-secret"
        everything = b"".join(each.body for each in partner.requests).decode()
        for private in ("14834120012", "Tuvalind", "m-1"):
            assert private not in everything


async def test_webhook_that_fails_is_told_again_and_what_opened_meanwhile_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.operations.background.FIRST_WAIT_S", 0.05)
    async with (
        partner_server(
            response(500), response(302, location="http://other.invalid/"), response(200)
        ) as partner,
        running(telling(tmp_path, partner)) as house,
    ):
        await house.accepted(message("m-1"))
        await house.accepted(message("m-2", patient="q"))
        await house.until_true(
            lambda: len(alarms(house)) == 2 and all(each.told == 1 for each in alarms(house))
        )
        assert len(partner.requests) >= 3
        last = json.loads(partner.requests[2].body)["alarms"]
        assert {each["state"] for each in last} == {"opened"}


async def test_many_alarms_are_few_calls(tmp_path: Path) -> None:
    async with partner_server(response(200)) as partner, running(telling(tmp_path, partner)) as house:
        for n in range(120):
            await house.accepted(message(f"m-{n}", patient=f"p{n}"))
        await house.until_true(
            lambda: len(alarms_all(house)) == 120 and all(each.told == 1 for each in alarms_all(house))
        )
        assert len(told(partner)) == len({each["id"] for each in told(partner)}) == 120
        assert len(partner.requests) < 30


def alarms_all(house: House) -> tuple[Alarm, ...]:
    return house.services.operations.reader.alarms(all=True, limit=500)


async def test_without_a_webhook_nothing_waits_to_be_told(tmp_path: Path) -> None:
    async with running(settings(tmp_path, town={"endpoint": {"receipt_deadline_s": 0.05}})) as house:
        await house.accepted(message("m-1"))
        await until_alarms(house, ("receipt-overdue", False))
        assert alarms(house)[0].told == 2
        assert alarms(house)[0].opened_at <= datetime.now(UTC)
