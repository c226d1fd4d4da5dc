"""Whatever happens in whatever order, is every message accepted once, in order, and over in exactly one way?

Random traffic against random partners, with the dispatcher cut off and started again in the middle. The same seeds
every time; a failure prints its seed.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.ledger.rows import FINAL_STATES
from gateway.routing.outcomes import Accepted, Duplicate, Refused
from gateway.transports.base import Deferred, Delivered, Outgoing, Rejected, SendResult
from tests.support.plain import (
    CARE,
    NURSING,
    TOWN,
    VILLAGE,
    House,
    Scripted,
    message,
    receipt,
    running,
    settings,
)

RECEIVERS = {"town": (TOWN, NURSING), "village": (VILLAGE, CARE)}
OUTCOMES: list[SendResult] = (
    [Delivered()] * 6 + [Deferred("transport.timeout")] * 3 + [Rejected("transport.refused")]
)


class Chance:
    """Random traffic and random partners."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bodies: list[tuple[bytes, str, str]] = []
        """What was made, with the receiver and the message id."""
        self.number = 0

    def next_message(self) -> bytes:
        """A new message, a change, a cancellation (some before their originals), or an old one again."""
        draw = self.random.random()
        if self.bodies and draw < 0.1:
            return self.random.choice(self.bodies)[0]
        self.number += 1
        id = f"m-{self.number}"
        name = self.random.choice(list(RECEIVERS))
        said = {"patient": f"p{self.random.randrange(4)}", "acknowledgement": self.random.choice("JJJNF")}
        if draw < 0.4:
            of = f"m-{max(1, self.number + self.random.randint(-6, 2))}"
            if of != id:
                said |= {"status": self.random.choice("MMAC"), "parent_id": of, "conversation_id": of}
        data = message(id, receiver=RECEIVERS[name], **said)
        self.bodies.append((data, name, id))
        return data


def partner_that_answers(chance: Chance, house: Callable[[], House]) -> Callable[[Outgoing], Awaitable[None]]:
    """Some messages get a receipt while they are sent; some two, some one that contradicts."""

    async def on_send(outgoing: Outgoing) -> None:
        if outgoing.message_type == "APPREC":
            return
        name = next(name for _, name, id in chance.bodies if id == outgoing.message_id)
        for _ in range(chance.random.choice([0, 0, 1, 1, 1, 2])):
            status = chance.random.choice("1112")
            format = "fhir-r4" if name == "village" else "apprec-1.0"
            data = receipt(outgoing.message_id, status, sender=RECEIVERS[name], format=format)
            outcome = await house().hand_in(data, name)
            assert not isinstance(outcome, Refused)

    return on_send


class Moody(Scripted):
    """Partners that take, defer and reject at random."""

    def __init__(self, chance: Chance) -> None:
        super().__init__()
        self._chance = chance

    async def send(self, endpoint: object, outgoing: Outgoing) -> SendResult:
        """A random outcome."""
        await super().send(endpoint, outgoing)  # type: ignore[arg-type]
        return self._chance.random.choice(OUTCOMES) if outgoing.message_type != "APPREC" else Delivered()


SEEDS = [("sqlite", seed) for seed in range(12)] + [("postgresql", seed) for seed in range(4)]


@pytest.mark.parametrize(("store", "seed"), SEEDS, indirect=["store"])
async def test_random_traffic(tmp_path: Path, store: str, seed: int) -> None:
    chance = Chance(seed)
    town = {"endpoint": {"give_up_after_s": 2, "receipt_deadline_s": 0.3}}
    configured = settings(tmp_path, town=town, parked_limit_s=0.5)
    accepted: dict[str, str] = {}
    sent: list[Outgoing] = []
    for _ in range(3):
        transport = Moody(chance)
        async with running(configured, transport) as house:
            transport.on_send = partner_that_answers(chance, lambda house=house: house)  # type: ignore[misc]
            for _ in range(25):
                outcome = await house.hand_in(chance.next_message())
                assert isinstance(outcome, Accepted | Duplicate)
                assert accepted.setdefault(outcome.message_id, outcome.id) == outcome.id
        sent.extend(transport.sent)  # and the house is cut off in the middle of it
    transport = Moody(chance)
    async with running(configured, transport) as house:
        transport.on_send = partner_that_answers(chance, lambda: house)
        await house.until_true(lambda: all(is_over(house, id) for id in accepted.values()))
        sent.extend(transport.sent)
        check(house, accepted, [each for each in sent if each.message_type != "APPREC"])


def is_over(house: House, id: str) -> bool:
    """In a final state; or sent, to a receiver that does not answer."""
    return house.delivery(id).state in FINAL_STATES | {"sent"}


def check(house: House, accepted: dict[str, str], sent: list[Outgoing]) -> None:
    """The ledger check: nothing lost, nothing under two ids, order kept, corrections never first."""
    connection = house.services.ledger.reading()
    kept = dict(connection.execute("SELECT message_id, id FROM messages WHERE is_receipt = 0").fetchall())
    assert kept == accepted
    assert {each.message_id for each in sent} <= set(accepted)
    for id in accepted.values():
        bodies = {each.body for each in sent if each.correlation == id}
        assert len(bodies) <= 1
        final = [code for code in house.trail(id) if code in ("delivery.acknowledged", "delivery.rejected")]
        assert len(final) <= 1
    first_sent = {}
    for place, each in enumerate(sent):
        first_sent.setdefault(each.message_id, place)
    rows = connection.execute(
        "SELECT m.message_id, d.lane_id, d.position, m.parent_id, d.receiver_her FROM deliveries d "
        "JOIN messages m ON m.sequence = d.message WHERE d.is_receipt = 0 AND d.position IS NOT NULL "
        "ORDER BY d.lane_id, d.position"
    ).fetchall()
    by_lane: dict[int, list[int]] = {}
    for row in rows:
        if row["message_id"] in first_sent:
            by_lane.setdefault(row["lane_id"], []).append(first_sent[row["message_id"]])
        parent = row["parent_id"]
        together = {(each["message_id"], each["receiver_her"]) for each in rows}
        if parent and row["message_id"] in first_sent and (parent, row["receiver_her"]) in together:
            assert first_sent[parent] < first_sent[row["message_id"]]
    for places in by_lane.values():
        assert places == sorted(places)
