"""Is what was kept for long enough removed, all of it, and nothing that is not over?"""

from __future__ import annotations

import json
import random
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refusal
from gateway.ledger import times
from gateway.ledger.check import check
from gateway.ledger.session import Session
from gateway.operations import retention
from gateway.operations.actions import Act
from gateway.operations.retention import DAY, Removed, next_run
from gateway.routing.outcomes import Duplicate
from gateway.settings import Retention, Settings
from gateway.transports.base import Deferred, Rejected
from tests.support import stores
from tests.support.plain import CARE, VILLAGE, House, Scripted, message, receipt, running, settings
from tests.support.stores import tables

pytestmark = pytest.mark.usefixtures("store")

ACT = Act("Kari Drift", "levert på papir")
KEPT = Retention(bodies_days=30, metadata_days=365)


async def remove(house: House, days: float, kept: Retention = KEPT) -> Removed:
    """What a run removes so many days from now."""
    ledger, operations = house.services.ledger, house.services.operations
    now = times.now() + int(days * DAY)
    due = retention.due(operations.reader, kept, now)
    removed = await retention.run(ledger, operations.reader, kept, now, house.plain.canonical_digest)
    assert removed == due
    return removed


def rows(house: House, table: str) -> int:
    found = house.services.ledger.reading().execute(f"SELECT COUNT(*) AS n FROM {table}").fetchone()
    number: int = found["n"]
    return number


def content(house: House) -> bytes:
    """All bytes of all bodies."""
    found = house.services.ledger.reading().execute("SELECT content FROM bodies").fetchall()
    return b"".join(bytes(row["content"]) for row in found)


async def acknowledged(house: House, message_id: str = "m-1", **said: Any) -> str:
    id = await house.accepted(message(message_id, **said))
    await house.until(id, "sent")
    village = said.get("receiver") == (VILLAGE, CARE)
    answer = {"sender": (VILLAGE, CARE), "format": "fhir-r4"} if village else {}
    home = await house.accepted(receipt(message_id, **answer), "village" if village else "town")
    await house.until(home, "delivered")
    return id


async def test_removed_content_does_not_lie_about_in_the_file(tmp_path: Path) -> None:
    if stores.chosen() is not None:
        pytest.skip("PostgreSQL overwrites what is gone by itself, in its own time")
    number = b"14834120012"
    file = tmp_path / "ledger.db"
    async with running(settings(tmp_path)) as house:
        await acknowledged(house, receiver=(VILLAGE, CARE))
    assert number in file.read_bytes()
    async with running(settings(tmp_path)) as house:
        await remove(house, 31)
    assert not file.with_name("ledger.db-wal").exists()
    assert number not in file.read_bytes()


async def test_bodies_go_first_then_everything(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await acknowledged(house, receiver=(VILLAGE, CARE))  # translated: two bodies, a loss report
        assert await remove(house, 29) == Removed(0, 0)
        assert b"14834120012" in content(house)
        assert await remove(house, 31) == Removed(2, 0)
        assert content(house) == b""
        delivery = house.delivery(id)
        assert delivery.body_id is not None
        assert house.reader.body(delivery.body_id) is None
        assert "message.body-removed" in house.trail(id)
        assert check(house.services.ledger).findings == ()
        again = message("m-1", receiver=(VILLAGE, CARE))
        spelled_otherwise = json.dumps(json.loads(again), indent=2).encode()
        for data in (again, spelled_otherwise):
            assert await house.hand_in(data) == Duplicate(id, "m-1")
        other = message("m-1", receiver=(VILLAGE, CARE), patient="another")
        assert await house.refused(other) == "routing.same-id-other-content"
        assert await remove(house, 364) == Removed(0, 0)
        assert await remove(house, 366) == Removed(0, 1)
        left = {name: rows(house, name) for name in tables(house.services.ledger.reading())}
        for name in ("messages", "deliveries", "bodies", "events", "receipts", "losses", "lanes", "alarms"):
            assert left[name] == 0, name
        assert await remove(house, 366) == Removed(0, 0)


async def test_what_is_not_over_is_never_touched(tmp_path: Path) -> None:
    transport = Scripted()
    transport.outcomes["dead"] = deque([Rejected("transport.refused")])
    transport.outcomes["settled"] = deque([Rejected("transport.refused")])
    transport.always["http://village.invalid/messages"] = Deferred("transport.unreachable", retry_after=60)
    async with running(settings(tmp_path), transport) as house:
        waits = {
            "sent": await house.accepted(message("sent")),
            "handed": await house.accepted(message("dead")),
            "parked": await house.accepted(
                message("parked", status="C", parent_id="x", conversation_id="x", patient="q")
            ),
            "queued": await house.accepted(message("queued", receiver=(VILLAGE, CARE), format="fhir-r4")),
        }
        for state, id in waits.items():
            await house.until(id, state)
        settled = await house.accepted(message("settled"))
        await house.until(settled, "handed")
        await house.services.operations.act(house.delivery(settled).id, "hand-over", ACT, key=None)
        assert await remove(house, 3650) == Removed(1, 1)
        for state, id in waits.items():
            assert house.delivery(id).state == state
            row = house.reader.message(id)
            assert row is not None
            assert house.reader.body(row.body_id) is not None
        assert house.reader.message(settled) is None
        assert check(house.services.ledger).findings == ()


async def test_a_receipt_on_its_way_keeps_its_original(tmp_path: Path) -> None:
    transport = Scripted()
    transport.always["http://hospital.invalid/messages"] = Deferred("transport.unreachable", retry_after=60)
    async with running(settings(tmp_path), transport) as house:
        id = await house.accepted(message("m-1"))
        await house.until(id, "sent")
        home = await house.accepted(receipt("m-1"), "town")
        assert await remove(house, 3650) == Removed(1, 0)  # its content may go, what is known of it may not
        assert house.reader.message(id) is not None
        assert house.delivery(home).state in ("queued", "sending")
        assert check(house.services.ledger).findings == ()


async def test_removed_content_cannot_be_sent_again(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1"))
        await house.until(id, "sent")
        await house.accepted(receipt("m-1", "2"), "town")
        await house.until_true(lambda: len(house.reader.deliveries(id)) == 1 and all_over(house))
        await remove(house, 31)
        with pytest.raises(Refusal) as error:
            await house.services.operations.act(house.delivery(id).id, "resend", ACT, key=None)
        assert error.value.code == "operations.body-removed"


def all_over(house: House) -> bool:
    query = "SELECT COUNT(*) AS n FROM deliveries WHERE final_at IS NULL"
    return bool(house.services.ledger.reading().execute(query).fetchone()["n"] == 0)


async def test_asked_again_in_the_very_commit(tmp_path: Path) -> None:
    """Between the list and the removal somebody sends it again: it stays."""
    async with running(settings(tmp_path)) as house:
        id = await acknowledged(house)
        await house.services.operations.hold("88820011", "paused", ACT, key=None)
        row = house.reader.message(id)
        assert row is not None
        limit = times.now() + DAY
        await house.services.operations.act(house.delivery(id).id, "resend", ACT, again=True, key=None)

        def unit(session: Session) -> tuple[bool, bool]:
            bodies = retention.remove_bodies(session, row.sequence, None, limit, limit)
            return bodies, retention.forget(session, row.sequence, limit)

        assert await house.services.ledger.write(unit) == (False, False)
        assert house.reader.body(row.body_id) is not None


@pytest.mark.parametrize("seed", range(3))
async def test_random_removal_leaves_a_sound_ledger(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with running(settings(tmp_path)) as house:
        for n in range(12):
            town = chance.random() < 0.5
            id = await house.accepted(
                message(
                    f"m-{n}",
                    patient=f"p{chance.randrange(3)}",
                    receiver=("88820001", "88820011") if town else (VILLAGE, CARE),
                )
            )
            await house.until(id, "sent")
            for k in range(chance.choice([0, 1, 1, 2])):
                answer = {} if town else {"sender": (VILLAGE, CARE), "format": "fhir-r4"}
                data = receipt(f"m-{n}", chance.choice("12"), message_id=f"r-{n}-{k}", **answer)
                await house.accepted(data, "town" if town else "village")
        await house.until_true(
            lambda: rows(house, "deliveries d WHERE d.state IN ('queued', 'sending')") == 0
        )
        await remove(house, chance.choice([31, 400]))
        assert check(house.services.ledger).findings == ()
        open_before = rows(house, "deliveries d WHERE d.state = 'sent'")
        await remove(house, 400)
        assert rows(house, "deliveries d WHERE d.state = 'sent'") == open_before
        assert rows(house, "messages m WHERE m.is_receipt = 0") == open_before
        assert check(house.services.ledger).findings == ()


async def test_nothing_is_removed_unless_the_settings_say_so(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await acknowledged(house)
        assert await remove(house, 100_000, Retention()) == Removed(0, 0)
        with pytest.raises(Refusal) as error:
            await house.services.operations.remove()
        assert error.value.code == "operations.retention-not-configured"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T00:00+00:00", "2026-11-22T02:30+00:00"),  # 03:30 in Oslo is 02:30 in winter
        ("2026-11-22T02:30+00:00", "2026-11-23T02:30+00:00"),
        ("2026-07-01T00:00+00:00", "2026-07-01T01:30+00:00"),
        ("2026-03-28T12:00+00:00", "2026-03-29T01:30+00:00"),  # the night the clocks go forward
    ],
)
def test_when_it_is_looked_after(now: str, expected: str) -> None:
    found = next_run(Retention(), datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(expected)
    assert found.astimezone(UTC) > datetime.fromisoformat(now)


def test_metadata_cannot_go_before_bodies() -> None:
    from gateway.errors import ConfigurationError
    from gateway.settings_load import from_content

    for wrong in ({"metadata_days": 30}, {"bodies_days": 31, "metadata_days": 30}, {"bodies_days": 0}):
        with pytest.raises(ConfigurationError):
            from_content({"retention": wrong})
    assert isinstance(from_content({"retention": {"bodies_days": 30, "metadata_days": 30}}), Settings)
