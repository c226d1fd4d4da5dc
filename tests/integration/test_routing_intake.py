"""What comes in, what does not, and is the answer given only when the message is durable?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unavailable
from gateway.ledger.session import Session
from gateway.routing.outcomes import Accepted, Duplicate, Refused
from gateway.routing.ports import LARGE
from tests.support import stores
from tests.support.plain import (
    CARE,
    HOSPITAL,
    NURSING,
    TOWN,
    VILLAGE,
    WARD,
    Scripted,
    message,
    running,
    settings,
)

pytestmark = pytest.mark.usefixtures("store")


async def test_accepted_message_is_kept_byte_for_byte(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        id = await house.accepted(data)
        row = house.reader.message(id)
        assert row is not None
        body = house.reader.body(row.body_id)
        assert body is not None
        assert body.content == data
        assert (row.message_id, row.sender_her, row.receiver_her, row.partner) == (
            "m-1",
            WARD,
            NURSING,
            "hospital",
        )
        assert row.patient_key
        assert house.trail(id)[:2] == ["message.accepted", "delivery.queued"]


async def test_only_what_is_not_large_may_be_kept_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large message would hold it up; what comes of one in a crowd of brief units, `test_ledger` looks at."""
    async with running(settings(tmp_path)) as house:
        ledger = house.services.ledger
        write, briefly = ledger.write, list[bool]()

        async def watched(unit: Callable[[Session], object], **how: Any) -> object:
            if how.get("touching") == {NURSING, WARD}:
                briefly.append(how["is_brief"])
            return await write(unit, **how)

        monkeypatch.setattr(ledger, "write", watched)
        await house.accepted(message("small"))
        assert set(briefly) == {True}
        briefly.clear()
        await house.accepted(message("large", padding="x" * LARGE))
        assert briefly[0] is False


async def test_identity_number_stands_in_the_body_only(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await house.accepted(message(patient="14834120012"))
        connection = house.services.ledger.reading()
        for table in set(stores.tables(connection)) - {"bodies"}:
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():
                assert not any("14834120012" in str(value) for value in row), table


async def test_same_message_again_is_answered_the_same_and_sent_once(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        first = await house.hand_in(data)
        again = await house.hand_in(data)
        assert isinstance(first, Accepted)
        assert again == Duplicate(first.id, "m-1")
        await house.until(first.id, "sent")
        assert house.transport.ids() == ["m-1"]
        assert "message.repeated" in house.trail(first.id)


async def test_same_message_spelled_otherwise_is_a_duplicate(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        id = await house.accepted(data)
        spelled_otherwise = json.dumps(json.loads(data), indent=2).encode()
        assert spelled_otherwise != data
        assert await house.hand_in(spelled_otherwise) == Duplicate(id, "m-1")
        assert len(house.reader.list_messages()) == 1
        assert "message.repeated" in house.trail(id)


async def test_same_id_with_other_bytes_after_the_first_were_removed_without_a_digest_is_refused(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        id = await house.accepted(data)
        await house.until(id, "sent")
        (row,) = house.reader.list_messages()
        await house.services.ledger.write(
            lambda session: session.run(
                "remove_bodies", sequence=row.message.sequence, nothing=b"", canonical_digest=None, now=1
            )
        )
        assert await house.hand_in(data) == Duplicate(id, "m-1")
        assert await house.refused(data + b" ") == "routing.same-id-other-content"


async def test_same_message_from_many_at_once_is_accepted_once(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        data = message("m-1")
        outcomes = await asyncio.gather(*(house.hand_in(data) for _ in range(20)))
        assert [type(each) for each in outcomes].count(Accepted) == 1
        assert len({each.id for each in outcomes if not isinstance(each, Refused)}) == 1


async def test_same_id_from_two_senders_is_two_messages(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        one = await house.accepted(message("m-1"))
        other = await house.accepted(
            message("m-1", sender=(VILLAGE, CARE), receiver=(HOSPITAL, WARD)), "village"
        )
        assert one != other


async def test_same_id_with_other_content_is_refused_and_shown(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1"))
        assert await house.refused(message("m-1", status="H")) == "routing.same-id-other-content"
        (refusal,) = house.reader.refusals()
        assert (refusal.code, refusal.message_id, refusal.partner) == (
            "routing.same-id-other-content",
            "m-1",
            "hospital",
        )
        assert len(house.reader.list_messages()) == 1
        assert house.reader.message(id) is not None


async def test_duplicate_is_answered_the_same_after_the_receiver_left_the_settings(tmp_path: Path) -> None:
    data = message("m-1")
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(data)
        await house.until(id, "sent")
    without_town = settings(tmp_path)
    without_town = without_town.model_copy(
        update={"partner": tuple(each for each in without_town.partner if each.name != "town")}
    )
    async with running(without_town) as house:
        assert await house.hand_in(data) == Duplicate(id, "m-1")
        assert await house.refused(message("m-2")) == "routing.unknown-receiver"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"receiver": ("99999999", "99999998")}, "routing.unknown-receiver"),
        ({"receiver": (TOWN, "88820099")}, "routing.unknown-receiver"),  # a service nobody configured
        ({"receiver": (None, None)}, "routing.no-receiver"),
        ({"sender": (None, None)}, "routing.no-sender"),
        ({"sender": (TOWN, NURSING)}, "routing.sender-not-covered"),
        ({"sender": (HOSPITAL, CARE)}, "routing.sender-not-covered"),  # own organisation, another's service
        ({"sender": ("99999999", "99999998")}, "routing.sender-not-covered"),
        ({"message_id": " "}, "rules.message-id-missing"),
        ({"message_id": "a" * 256}, "routing.message-id-too-long"),
        ({"invalid": True}, "schema.unexpected-element"),
        (
            {"receiver": (VILLAGE, CARE), "body_known": False, "message_type": "HENVISNING"},
            "routing.body-not-passed-on",
        ),
    ],
)
async def test_refused_with_a_code_and_kept_as_a_note(
    tmp_path: Path, said: dict[str, object], code: str
) -> None:
    async with running(settings(tmp_path)) as house:
        assert await house.refused(message(**said)) == code
        assert [each.code for each in house.reader.refusals()] == [code]
        assert house.reader.list_messages() == ()
        assert house.services.ledger.reading().execute("SELECT COUNT(*) FROM bodies").fetchone()[0] == 0


async def test_unlisted_service_of_an_own_organisation_may_send(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await house.accepted(message(sender=(HOSPITAL, "88810077")))


async def test_unreadable_is_refused_with_its_place(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        outcome = await house.services.intake.accept(b"<not", "xml", house.credential("hospital"))
        assert outcome == Refused("xml.not-well-formed", line=1)


async def test_no_credential_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        outcome = await house.services.intake.accept(message(), "xml", None)
        assert outcome == Refused("routing.no-credential")
        assert house.reader.refusals() == ()


async def test_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with running(settings(tmp_path, max_body_bytes=2000)) as house:
        outcome = await house.services.intake.accept(b"x" * 2001, "xml", house.credential("hospital"))
        assert outcome == Refused("api.body-too-large")


@pytest.mark.parametrize(
    ("environment", "said", "code"),
    [
        ("test", {"processing": "P"}, "routing.production-to-test"),
        ("test", {"processing": "T"}, None),
        ("production", {"processing": "T"}, "routing.test-to-production"),
        ("production", {"processing": "D"}, "routing.test-to-production"),
        ("production", {"patient": "14834120012"}, "routing.synthetic-to-production"),
        ("production", {"patient": None}, None),
        (None, {"processing": "T"}, None),
    ],
)
async def test_environment(
    tmp_path: Path, environment: str | None, said: dict[str, object], code: str | None
) -> None:
    town = {"environment": environment} if environment else {}
    async with running(settings(tmp_path, town=town)) as house:
        outcome = await house.hand_in(message(**said))
        assert (outcome.code if isinstance(outcome, Refused) else None) == code


async def test_type_outside_the_capability_is_refused(tmp_path: Path) -> None:
    town = {"endpoint": {"types": ["LOG_INNLAGT"]}}
    async with running(settings(tmp_path, town=town)) as house:
        assert await house.refused(message()) == "routing.type-not-accepted"
        await house.accepted(message(message_type="LOG_INNLAGT"))


async def test_signed_is_refused_where_it_would_be_translated_against_the_receivers_wish(
    tmp_path: Path,
) -> None:
    town = {"endpoint": {"format": "fhir-r4", "refuse_translated_signed": True}}
    async with running(settings(tmp_path, town=town)) as house:
        assert await house.refused(message(signed=True)) == "routing.signed-not-translated"
        await house.accepted(message(signed=False))


async def test_unavailable_when_the_ledger_cannot_take_it(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        house.services.ledger.close()
        with pytest.raises(Unavailable):
            await house.hand_in(message())


async def test_a_sender_that_hangs_up_during_the_commit_loses_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        task = asyncio.create_task(house.hand_in(message("m-1")))
        await asyncio.sleep(0)  # it is at the commit now
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await house.transport.attempts(1)
        row = house.reader.message_of(WARD, "m-1")
        assert row is not None
        assert isinstance(await house.hand_in(message("m-1")), Duplicate)


async def test_ack_not_stated_is_as_the_sender_is_configured(tmp_path: Path) -> None:
    town = {"ack_default": "N"}
    async with running(settings(tmp_path, town=town), Scripted()) as house:
        id = await house.accepted(
            message(sender=(TOWN, NURSING), receiver=(HOSPITAL, WARD), acknowledgement=None), "town"
        )
        row = await house.until(id, "delivered")
        assert row.receipt_status is None
