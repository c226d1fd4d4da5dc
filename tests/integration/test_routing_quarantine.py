"""Is what must not be lost held for a person, does nothing overtake it, and does a decision do what it says?"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refusal
from gateway.ledger.check import check
from gateway.operations.actions import Act, Action, allowed
from gateway.routing import attempts
from gateway.routing.quarantine import HELD, WAITS_FOR_HELD
from gateway.settings import Settings
from tests.support.plain import CARE, NURSING, TOWN, VILLAGE, House, held, message, receipt, running, settings

pytestmark = pytest.mark.usefixtures("store")

ACT = Act("Kari Drift", "har lest tapsrapporten")
VILLAGES = {"receiver": (VILLAGE, CARE)}
"""The village takes FHIR, so what it gets is translated."""


def losing(id: str, severity: str = "error", **said: Any) -> bytes:
    """A message whose translation loses something."""
    return message(id, **{**VILLAGES, "loses": severity, **said})


def change(id: str, of: str, status: str = "M", **said: Any) -> bytes:
    """A change of a message to the village."""
    return message(id, **{**VILLAGES, "status": status, "parent_id": of, "conversation_id": of, **said})


async def decide(house: House, id: str, action: Action, **more: Any) -> None:
    """Decide about the one delivery of a message."""
    await house.services.operations.act(house.delivery(id).id, action, ACT, key=None, **more)


async def held_message(house: House, id: str = "m-1") -> str:
    """A message that is held."""
    found = await house.accepted(losing(id))
    assert (await house.until(found, "handed")).reason == HELD
    return found


def holding(folder: Path, level: str) -> Settings:
    """The village holds losses of that level."""
    made = settings(folder)
    village = made.partner[2]
    endpoint = village.endpoint[0].model_copy(update={"hold_losses": level})
    partner = village.model_copy(update={"endpoint": (endpoint,)})
    return made.model_copy(update={"partner": (*made.partner[:2], partner)})


def well(house: House) -> bool:
    return check(house.services.ledger).findings == ()


async def test_a_grave_loss_is_held_and_nothing_is_sent(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        assert house.transport.ids() == []
        item = house.services.operations.item(house.delivery(id).id)
        assert set(allowed(item)) == {"release", "forward", "refuse", "redirect", "cancel", "hand-over"}
        assert house.trail(id)[-2:] == ["delivery.translated", "delivery.handed"]
        assert well(house)


@pytest.mark.parametrize(
    ("level", "severity", "is_held"),
    [
        ("error", "error", True),
        ("error", "warning", False),
        ("warning", "warning", True),
        ("warning", "information", False),
        ("information", "information", True),
        ("never", "error", False),
    ],
)
async def test_the_endpoint_says_what_is_held(
    tmp_path: Path, level: str, severity: str, is_held: bool
) -> None:
    async with running(holding(tmp_path, level)) as house:
        id = await house.accepted(losing("m-1", severity))
        found = await house.until(id, "handed", "sent")
        assert (found.state, found.reason) == (("handed", HELD) if is_held else ("sent", None))


async def test_other_messages_about_the_patient_go_on(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await held_message(house)
        later = await house.accepted(message("m-2", message_type="LOG_UTSKRIVNINGSKLAR", **VILLAGES))
        await house.until(later, "sent")
        assert house.transport.ids() == ["m-2"]
        assert well(house)


async def test_released_goes_out_with_the_bytes_that_were_looked_at(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        before = house.plain.translated
        await decide(house, id, "release")
        await house.until(id, "sent")
        assert house.plain.translated == before
        assert json.loads(house.transport.sent[0].body)["format"] == "fhir-r4"
        (told,) = [event for event in house.reader.trail(id) if event.code == "action.released"]
        assert told.detail == {"by": "Kari Drift", "why": "har lest tapsrapporten"}
        await house.hand_in(receipt("m-1", sender=(VILLAGE, CARE), format="fhir-r4"), "village")
        assert house.delivery(id).state == "acknowledged"
        assert well(house)


async def test_forwarded_has_the_note_and_the_original_has_not(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        await decide(house, id, "forward", note="Cave står ikke her: ring sengeposten.")
        await house.until(id, "sent")
        assert json.loads(house.transport.sent[0].body)["note"] == "Cave står ikke her: ring sengeposten."
        reading = house.services.ledger.reading()
        received = reading.execute(
            "SELECT b.content FROM messages m JOIN bodies b ON b.body_id = m.body_id"
        ).fetchall()
        assert [bytes(row[0]) for row in received] == [losing("m-1")]
        events = repr(house.reader.trail(id))
        assert "Cave" not in events  # the note is for the receiver, not for the trail
        assert well(house)


async def test_refused_is_never_sent_and_the_sender_gets_no_receipt(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        await decide(house, id, "refuse")
        delivery = house.delivery(id)
        assert (delivery.state, delivery.reason) == ("handed", "operations.refused")
        assert house.services.operations.item(delivery.id).settled
        assert house.transport.ids() == []
        assert well(house)
        for action in ("release", "forward", "refuse", "resend"):
            with pytest.raises(Refusal) as no:
                await decide(house, id, action, **({"note": "x"} if action == "forward" else {}))  # type: ignore[arg-type]
            assert no.value.code == "operations.state-forbids"


async def test_what_is_not_held_cannot_be_released(tmp_path: Path) -> None:
    async with running(settings(tmp_path), held("m-1")) as house:
        id = await house.accepted(message("m-1", **VILLAGES))
        with pytest.raises(Refusal) as no:
            await decide(house, id, "release")
        assert no.value.code == "operations.state-forbids"


async def test_a_change_waits_for_the_decision_and_follows(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        changed = await house.accepted(change("m-2", "m-1"))
        assert (house.delivery(changed).state, house.delivery(changed).reason) == ("parked", WAITS_FOR_HELD)
        again = await house.accepted(change("m-3", "m-2", conversation_id="m-1"))
        assert house.delivery(again).state == "parked"
        await decide(house, id, "release")
        await house.until(again, "sent")
        assert house.transport.ids() == ["m-1", "m-2", "m-3"]
        assert well(house)


async def test_a_change_already_in_line_does_not_overtake_what_becomes_held(tmp_path: Path) -> None:
    transport = held("m-0")
    async with running(settings(tmp_path), transport) as house:
        await house.accepted(message("m-0", **VILLAGES))  # the lane is busy: both wait behind it
        original = await house.accepted(losing("m-1"))
        changed = await house.accepted(change("m-2", "m-1"))
        assert house.delivery(changed).state == "queued"
        transport.gates["m-0"].set()
        await house.until(changed, "parked")
        assert house.delivery(original).reason == HELD
        assert well(house)
        await decide(house, original, "release")
        await house.until(changed, "sent")
        assert transport.ids() == ["m-0", "m-1", "m-2"]
        assert well(house)


async def test_a_change_of_what_is_refused_goes_to_a_person(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        changed = await house.accepted(change("m-2", "m-1"))
        await decide(house, id, "refuse")
        delivery = house.delivery(changed)
        assert (delivery.state, delivery.reason) == ("handed", "routing.parent-rejected")
        assert well(house)


async def test_a_cancellation_takes_out_what_is_held(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
        changed = await house.accepted(change("m-2", "m-1"))
        cancelled = await house.accepted(change("m-3", "m-1", "C"))
        assert [house.delivery(each).state for each in (id, changed, cancelled)] == ["cancelled"] * 3
        assert house.transport.ids() == []
        assert well(house)


async def test_a_cancellation_of_what_was_acknowledged_is_delivered(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1", **VILLAGES))
        await house.until(id, "sent")
        await house.hand_in(receipt("m-1", sender=(VILLAGE, CARE), format="fhir-r4"), "village")
        assert house.delivery(id).state == "acknowledged"
        cancelled = await house.accepted(change("m-2", "m-1", "C"))
        await house.until(cancelled, "sent")
        assert [each for each in house.transport.ids() if each.startswith("m-")] == ["m-1", "m-2"]
        assert (
            house.delivery(id).state == "acknowledged"
        )  # the receiver had it; that it is cancelled, it now has too
        assert well(house)


async def test_a_finding_holds_where_it_is_configured(tmp_path: Path) -> None:
    made = settings(tmp_path, town={"endpoint": {"hold_findings": "warning"}})
    async with running(made) as house:
        to_town = {"receiver": (TOWN, NURSING)}
        wrong = await house.accepted(message("m-1", wrong="warning", **to_town))
        right = await house.accepted(message("m-2", **to_town))
        await house.until(right, "sent")
        assert (house.delivery(wrong).state, house.delivery(wrong).reason) == ("handed", HELD)
        with pytest.raises(Refusal) as no:
            await decide(house, wrong, "forward", note="sjekk fødselsnummeret")
        assert no.value.code == "operations.note-not-possible"
        await decide(house, wrong, "release")
        await house.until(wrong, "sent")
        assert house.transport.sent[-1].body == message("m-1", wrong="warning", **to_town)
        assert well(house)


async def test_findings_hold_nothing_unless_configured(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("m-1", wrong="warning"))
        await house.until(id, "sent")


async def test_a_restart_holds_what_was_held(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)
    async with running(settings(tmp_path)) as house:
        assert house.delivery(id).reason == HELD
        await house.until(await house.accepted(message("m-2", **VILLAGES)), "sent")
        assert house.transport.ids() == ["m-2"]
        await decide(house, id, "release")
        await house.until(id, "sent")


async def test_a_crash_before_the_commit_holds_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The translation and the hold are one commit: there is no moment at which the bytes are kept and not held."""
    real: Callable[..., Any] = attempts.hold
    was_cut = threading.Event()

    def cut_off(*given: Any) -> Any:
        real(*given)
        was_cut.set()
        raise RuntimeError("cut off")

    monkeypatch.setattr(attempts, "hold", cut_off)
    async with running(settings(tmp_path, lease_s=1.0)) as house:
        id = await house.accepted(losing("m-1"))
        await asyncio.to_thread(was_cut.wait, 10)
        assert house.delivery(id).state == "sending"
    monkeypatch.setattr(attempts, "hold", real)
    async with running(settings(tmp_path, lease_s=1.0)) as house:
        assert (await house.until(id, "handed")).reason == HELD
        assert house.transport.ids() == []
        assert well(house)


async def test_one_alarm_opens_and_closes(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await held_message(house)

        def alarms() -> list[tuple[str, str, bool]]:
            found = house.services.operations.reader.alarms(all=True)
            return [(each.kind, each.code, each.closed_at is not None) for each in found]

        await house.until_true(lambda: alarms() == [("dead-letter", HELD, False)])
        await decide(house, id, "release")
        await house.until_true(lambda: alarms() == [("dead-letter", HELD, True)])
