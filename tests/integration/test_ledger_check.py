"""Does the ledger check find every kind of fault, and nothing in a ledger that is as it must be?"""

from __future__ import annotations

import random
from collections import deque
from pathlib import Path
from typing import get_args

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.ledger.operations import Selection
from gateway.ledger.rows import FINAL_STATES
from gateway.ledger.session import Session
from gateway.operations.actions import Act, Action
from gateway.transports.base import Deferred, Delivered, Rejected, SendResult
from tests.support.plain import CARE, NURSING, VILLAGE, House, Scripted, message, receipt, running, settings

ACT = Act("Kari Drift", "prøver alt")
TO_VILLAGE = {"receiver": (VILLAGE, CARE)}

FAULTS = {
    "no_delivery": "DELETE FROM deliveries WHERE delivery_id = (SELECT MAX(delivery_id) FROM deliveries)",
    "final_without_end": "UPDATE deliveries SET final_at = NULL WHERE state = 'acknowledged'",
    "open_with_end": "UPDATE deliveries SET final_at = 1 WHERE state = 'sent'",
    "open_without_limit": "UPDATE deliveries SET deadline_at = NULL WHERE state = 'sent'",
    "in_line_without_place": "UPDATE deliveries SET position = NULL WHERE state = 'queued'",
    "place_twice": "UPDATE deliveries SET position = 1 WHERE position = 2",
    "nobody_tries": "UPDATE lanes SET due_at = NULL",
    "sending_without_lease": "UPDATE deliveries SET state = 'sending' WHERE state = 'queued'",
    "two_sending": "UPDATE deliveries SET state = 'sending' WHERE position IN (1, 2)",
    "overtaken": "UPDATE deliveries SET state = 'sent', sent_at = 1 WHERE position = 3",
    "order": "UPDATE deliveries SET position = 7 - position WHERE state IN ('acknowledged', 'sent')",
    "correction_first": "UPDATE deliveries SET state = 'queued' WHERE message = "
    "(SELECT sequence FROM messages WHERE message_id = 'a-1')",
    "state_without_receipt": "UPDATE deliveries SET state = 'acknowledged', final_at = 1, deadline_at = NULL "
    "WHERE state = 'sent'",
    "settled_twice": "UPDATE receipts SET effect = 'settled'",
    "trail_says_otherwise": "UPDATE deliveries SET state = 'cancelled' WHERE state = 'acknowledged'",
    "delivered_but_awaited": "UPDATE deliveries SET state = 'delivered' WHERE state = 'acknowledged'",
    "receipt_on_receipt": "UPDATE messages SET is_receipt = 1 WHERE message_id = 'a-1'",
    "receipt_awaited_for_receipt": "UPDATE deliveries SET state = 'sent' WHERE is_receipt = 1",
    "receipt_about_nothing": "DELETE FROM receipts",
    "body_missing": "UPDATE bodies SET content = :nothing",
    "outbound_missing": "UPDATE deliveries SET body_id = NULL WHERE unchanged = 0",
    "held_without_report": "UPDATE deliveries SET state = 'handed', reason = 'routing.quarantined', body_id = NULL "
    "WHERE unchanged = 0",
    "held_and_sent": "UPDATE deliveries SET state = 'handed', reason = 'routing.quarantined' WHERE state = 'sent'",
}


async def filled(house: House) -> None:
    """Two acknowledged (one of them corrected), one translated, and a lane of three that cannot go on."""
    for id, said in (
        ("a-1", {}),
        ("a-2", {"status": "M", "parent_id": "a-1", "conversation_id": "a-1"}),
        ("v-1", TO_VILLAGE),
    ):
        await house.until(await house.accepted(message(id, **said)), "sent")
    for status, name in (("1", "r-1"), ("1", "r-2")):
        home = await house.accepted(receipt("a-1", status, message_id=name), "town")
        await house.until(home, "delivered")
    await house.accepted(receipt("a-2", message_id="r-3"), "town")
    stuck = [await house.accepted(message(f"q-{n}", patient="q")) for n in range(3)]
    await house.until_true(lambda: "delivery.deferred" in house.trail(stuck[0]))
    await house.until_true(lambda: house.delivery(stuck[0]).state == "queued" and at_rest(house))


def at_rest(house: House) -> bool:
    query = "SELECT COUNT(*) AS n FROM deliveries WHERE state = 'sending' OR (is_receipt = 1 AND state = 'queued')"
    return bool(house.services.ledger.reading().execute(query).fetchone()["n"] == 0)


def blocking() -> Scripted:
    transport = Scripted()
    transport.outcomes["q-0"] = deque([Deferred("transport.unreachable", retry_after=600)])
    return transport


SLOW = {"endpoint": {"max_wait_s": 600.0}}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", FAULTS)
async def test_every_kind_of_fault_is_found(tmp_path: Path, kind: str) -> None:
    async with running(settings(tmp_path, town=SLOW), blocking()) as house:
        await filled(house)
        ledger = house.services.ledger
        assert check(ledger).findings == ()
        await house.services.dispatcher.stop(grace_s=0)

        def spoil(session: Session) -> None:
            values = {"nothing": b""} if ":nothing" in FAULTS[kind] else {}
            if kind == "no_delivery":  # what refers to it stands in the way
                for table in ("receipts", "losses"):
                    session._connection.execute(f"DELETE FROM {table}", {})
            session._connection.execute(FAULTS[kind], values)

        await ledger.write(spoil)
        found = check(ledger)
        assert kind in {each.kind for each in found.findings}
        assert not found.is_well
        assert {"kind", "message", "delivery"} == set(found.as_json()["findings"][0])


def test_every_question_of_the_check_has_a_fault_that_it_finds() -> None:
    from gateway.ledger import queries

    asked = {name.removeprefix("check_") for name in queries.load() if name.startswith("check_")} - {"counts"}
    assert asked == set(FAULTS)


async def test_the_check_counts_and_tells(tmp_path: Path) -> None:
    async with running(settings(tmp_path, town=SLOW), blocking()) as house:
        await filled(house)
        found = check(house.services.ledger)
        assert found.is_well
        assert found.questions == len(FAULTS)
        assert found.states == {"acknowledged": 2, "sent": 1, "queued": 3, "delivered": 3}


OUTCOMES: list[SendResult] = (
    [Delivered()] * 5 + [Deferred("transport.timeout")] * 2 + [Rejected("transport.refused")] * 2
)


class Moody(Scripted):
    """Takes, defers and rejects at random."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def send(self, endpoint: object, outgoing: object) -> SendResult:
        await super().send(endpoint, outgoing)  # type: ignore[arg-type]
        return self._chance.choice(OUTCOMES)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("held", [False, True], ids=["", "quarantine"])
async def test_random_traffic_with_operators_at_work(tmp_path: Path, seed: int, held: bool) -> None:
    """Messages, corrections, receipts, pauses, drains, replays, actions in any order: nothing is lost. The same with
    messages that are held for a person."""
    chance = random.Random(seed)
    town = {"endpoint": {"give_up_after_s": 2, "receipt_deadline_s": 0.2, "drain_per_second": 200}}
    configured = settings(tmp_path, town=town, parked_limit_s=0.3)
    ids: list[str] = []
    for _ in range(2):
        async with running(configured, Moody(chance)) as house:
            for n in range(40):
                await anything(house, chance, ids, n, held=held)
    async with running(configured) as house:
        for her_id in (NURSING, CARE):
            await house.services.operations.resume(her_id, ACT, key=None)
        await house.until_true(lambda: all(is_over(house, id) for id in ids))
        found = check(house.services.ledger)
        assert found.findings == (), f"seed {seed}"
        accepted = house.services.ledger.reading().execute("SELECT id FROM messages WHERE is_receipt = 0")
        assert sorted(row["id"] for row in accepted.fetchall()) == sorted(ids)


def is_over(house: House, id: str) -> bool:
    """Nothing more happens by itself: also a change of what a person holds waits for the person."""
    return all(
        each.state in FINAL_STATES | {"sent"} or each.reason == "routing.original-held"
        for each in house.reader.deliveries(id)
    )


async def anything(house: House, chance: random.Random, ids: list[str], n: int, *, held: bool) -> None:
    draw = chance.random()
    operations = house.services.operations
    if draw < 0.45 or not ids:
        said = {"patient": f"p{chance.randrange(3)}", **(TO_VILLAGE if chance.random() < 0.3 else {})}
        if held:
            said["loses"] = chance.choice(["error", None, None])  # where it is translated, it is held
        if ids and chance.random() < 0.3:
            of = f"m-{chance.randrange(len(ids) + 2)}"
            said |= {"status": chance.choice("MC"), "parent_id": of, "conversation_id": of}
        ids.append(await house.accepted(message(f"m-{len(ids)}", **said)))
        return
    item = chance.choice(ids)
    delivery = chance.choice(house.reader.deliveries(item))
    try:
        if draw < 0.6:
            row = house.reader.message(item)
            assert row is not None
            village = delivery.receiver_her == CARE
            sender = {"sender": (VILLAGE, CARE), "format": "fhir-r4"} if village else {}
            await house.hand_in(
                receipt(row.message_id, chance.choice("112"), **sender), "village" if village else "town"
            )
        elif draw < 0.85:
            action: Action = chance.choice(get_args(Action))
            again = chance.random() < 0.3
            await operations.act(delivery.id, action, ACT, to=CARE, again=again, key=None)
        elif draw < 0.95:
            her_id = chance.choice([NURSING, CARE])
            what = chance.choice(["paused", "draining", "resume"])
            if what == "resume":
                await operations.resume(her_id, ACT, key=None)
            else:
                await operations.hold(her_id, "paused" if what == "paused" else "draining", ACT, key=None)
        else:
            wanted = Selection(state="handed", dead=True)
            mark = operations.preview(wanted, per_second=500, again=False).mark
            await operations.begin_replay(wanted, mark, ACT, per_second=500, again=False, key=None)
    except Refusal:
        pass
    assert check(house.services.ledger).findings == (), n
