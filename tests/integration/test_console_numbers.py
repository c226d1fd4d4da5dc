"""Do the console's numbers say the same as the ledger, the operators' lists and each other?"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from gateway.accounts.roles import RIGHTS, Viewer
from gateway.console.home import ROWS, Home, home
from gateway.console.texts import Texts
from gateway.ledger import times
from gateway.ledger.operations import Selection
from gateway.ledger.session import Session
from gateway.transports.base import Rejected
from tests.support.plain import CARE, VILLAGE, House, message, running, settings

EVERYBODY = Viewer(None, frozenset(RIGHTS))
SHORT = {"endpoint": {"receipt_deadline_s": 0.05}}
MORE = ROWS + 3


def front_page(house: House) -> Home:
    return home(house.services, EVERYBODY, datetime.now(UTC), Texts("en"))


def sections(house: House) -> dict[str, int]:
    return {section.name: section.number for section in front_page(house).sections}


async def stopped(house: House, id: str, **said: object) -> str:
    """A message that its receiver's side did not take."""
    house.transport.outcomes[id] = deque([Rejected("transport.refused")])
    ours = await house.accepted(message(id, **said))
    await house.until(ours, "handed")
    return ours


async def test_what_is_held_is_counted_as_held_however_much_was_stopped_before(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        for number in range(MORE):
            await stopped(house, f"m-{number}", patient=f"p{number}")
        for number in range(MORE):
            said = {"receiver": (VILLAGE, CARE), "patient": f"q{number}", "loses": "error"}
            await house.until(await house.accepted(message(f"h-{number}", **said)), "handed")
        dead = house.services.operations.reader.items(Selection(dead=True), limit=500)
        held = [each for each in dead if each.reason == "routing.quarantined"]
        assert (len(dead), len(held)) == (2 * MORE, MORE)
        assert sections(house) == {"quarantine": MORE, "dead": MORE}
        assert {len(section.rows) for section in front_page(house).sections} == {ROWS}


async def test_what_lacks_its_receipt_is_not_said_to_move_by_itself(tmp_path: Path) -> None:
    async with running(settings(tmp_path, town=SHORT)) as house:
        late = await house.accepted(message("m-1"))
        await house.until_true(lambda: house.delivery(late).overdue)
        other = await house.accepted(message("v-1", receiver=(VILLAGE, CARE)))
        await house.until(other, "sent")
        assert sections(house) == {"missing": 1}
        assert front_page(house).waiting == 1


async def test_every_open_alarm_of_a_section_is_counted(tmp_path: Path) -> None:
    ending = {"kind": "certificate-ending", "code": "operations.certificate-ending", "receiver_her": CARE}

    def raise_alarms(session: Session) -> None:
        for number in range(MORE):
            session.run(
                "open_alarm", **ending, subject=str(number), delivery_id=None, opened_at=times.now(), told=2
            )

    async with running(settings(tmp_path)) as house:
        await house.services.operations.stop()  # the alarms are not looked through meanwhile
        await house.services.ledger.write(raise_alarms)
        assert house.services.operations.reader.open_alarms() == {"certificate-ending": MORE}
        assert sections(house) == {"certificates": MORE}
