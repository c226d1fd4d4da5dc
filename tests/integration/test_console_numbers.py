"""Do the console's numbers say the same as the ledger, the operators' lists and each other?"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.roles import RIGHTS, Viewer
from gateway.console.flow import Flow, Wanted, flow
from gateway.console.home import ROWS, Home, home
from gateway.console.message import message_view
from gateway.console.texts import Texts
from gateway.ledger import times
from gateway.ledger.operations import Selection
from gateway.ledger.session import Session
from gateway.operations.actions import Act, Action
from gateway.records.reader import PathwayReader
from gateway.simulator.cast import BJORKELIA, SERVICES
from gateway.transports.base import Rejected
from tests.browser import seed
from tests.support.plain import CARE, NURSING, VILLAGE, House, message, receipt, running, settings

EVERYBODY = Viewer(None, frozenset(RIGHTS))
SHORT = {"endpoint": {"receipt_deadline_s": 0.05}}
MORE = ROWS + 3


def front_page(house: House) -> Home:
    return home(house.services, EVERYBODY, datetime.now(UTC), Texts("en"))


def listed(house: House, **wanted: Any) -> Flow:
    return flow(house.services, Wanted(**wanted), datetime.now(UTC), Texts("en"))


async def act(house: House, id: str, action: Action, **more: Any) -> None:
    delivery = house.reader.deliveries(id)[-1].id
    await house.services.operations.act(delivery, action, Act("Kari", "ringte"), key=None, **more)


def sections(house: House) -> dict[str, int]:
    return {section.name: section.number for section in front_page(house).sections}


async def stopped(house: House, id: str, **said: Any) -> str:
    """A message that its receiver's side did not take."""
    house.transport.outcomes[id] = deque([Rejected("transport.refused")])
    ours = await house.accepted(message(id, **said))
    await house.until(ours, "handed")
    return ours


@pytest.mark.usefixtures("store")
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


@pytest.mark.usefixtures("store")
async def test_what_comes_within_a_second_of_a_count_is_looked_for_again(tmp_path: Path) -> None:
    """The figures stood still until the next change, however long that took."""
    async with running(settings(tmp_path)) as house:
        house.services.operations.traffic.stop()
        await house.until(await house.accepted(message("m-0")), "sent")
        await asyncio.sleep(1)
        assert (listed(house).sums.messages, listed(house).again) == (1, None)
        await house.until(await house.accepted(message("m-1", patient="p1")), "sent")
        shown = listed(house)
        assert (shown.sums.messages, shown.again, front_page(house).again) == (1, 1000, 1000)
        await asyncio.sleep(1)
        shown = listed(house)
        assert shown.sums.messages == 2
        assert shown.again is None or shown.again > 30_000, "the hours before are counted once a minute"


@pytest.mark.usefixtures("store")
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


@pytest.mark.usefixtures("store")
async def test_what_a_person_took_care_of_needs_nobody_in_any_view(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        done, open_one = [await stopped(house, f"m-{number}", patient=f"p{number}") for number in range(2)]
        await act(house, done, "hand-over")
        found = listed(house, state="handed", receipts=True)
        figure = next(each for each in found.figures if each.name == "handed")
        assert (figure.number, [row.id for row in found.rows]) == (1, [open_one])
        assert figure.link == "/console/flow?state=handed&receipts=1"
        assert [row.id for row in listed(house, state="settled").rows] == [done]
        assert {row.id: row.state.word for row in listed(house).rows} == {
            done: "Taken care of",
            open_one: "Needs a person",
        }
        row = house.reader.message(done)
        assert row is not None
        (shown,) = message_view(house.services, row, datetime.now(UTC), Texts("en"), EVERYBODY).deliveries
        assert (shown.state.name, shown.next.owner, shown.next.code) == ("settled", "", "transport.refused")
        assert shown.next.step.startswith("A person has taken care of it.")


async def test_a_decision_against_what_was_held_says_what_is_left_to_do(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        id = await house.accepted(message("h-1", receiver=(VILLAGE, CARE), loses="error"))
        await house.until(id, "handed")
        await act(house, id, "refuse")
        row = house.reader.message(id)
        assert row is not None
        (shown,) = message_view(house.services, row, datetime.now(UTC), Texts("en"), EVERYBODY).deliveries
        assert (shown.state.name, shown.next.code) == ("settled", "operations.refused")
        assert shown.next.step == "Tell the sender; no receipt was sent."


async def test_a_stopped_receipt_is_behind_the_number_that_counts_it(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as house:
        await house.until(await house.accepted(message("m-1")), "sent")
        house.transport.outcomes["r-1"] = deque([Rejected("transport.refused")])
        id = await house.accepted(receipt("m-1", message_id="r-1"), "town")
        await house.until(id, "handed")
        found = listed(house, state="handed", receipts=True)
        figure = next(each for each in found.figures if each.name == "handed")
        assert (figure.number, [row.id for row in found.rows]) == (1, [id])
        assert figure.link == "/console/flow?state=handed&receipts=1"


@pytest.mark.usefixtures("store")
async def test_a_redirected_message_is_one_message_and_stands_with_the_receiver_it_goes_to(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path)) as house:
        id = await stopped(house, "m-1")
        await act(house, id, "redirect", to=CARE)
        await house.until_true(lambda: house.reader.deliveries(id)[-1].state == "sent")
        now = datetime.now(UTC)
        hour = now.replace(minute=0, second=0, microsecond=0)
        counted = house.services.operations.overview.traffic(hour - timedelta(hours=1), now)
        assert [each.messages for each in counted] == [1]
        rows = {(row.receiver.her, row.state.name) for row in listed(house).rows}
        assert rows == {(NURSING, "settled"), (CARE, "sent")}
        row = house.reader.message(id)
        assert row is not None
        assert message_view(house.services, row, now, Texts("en"), EVERYBODY).state.name == "sent"


@pytest.mark.usefixtures("store")
async def test_no_row_of_a_redirected_message_is_lost_between_two_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page began below the message, and two rows had one id."""
    monkeypatch.setattr("gateway.console.flow.PAGE_ROWS", 2)
    async with running(settings(tmp_path)) as house:
        id = await stopped(house, "m-1")
        await act(house, id, "redirect", to=CARE)
        newer = await house.accepted(message("m-2"))
        first = listed(house)
        assert ([row.id for row in first.rows], first.older) == ([newer], "/console/flow?before=2")
        rest = listed(house, before=2)
        assert [(row.id, row.receiver.her) for row in rest.rows] == [(id, CARE), (id, NURSING)]
        assert len({row.key for row in rest.rows}) == 2
        assert rest.older is None


LAST_TO_BJORKELIA = (
    "UPDATE clocks SET owner_her = '88830001' WHERE due_at = (SELECT MAX(due_at) FROM clocks)",
    "UPDATE plans SET municipality_her = '88830001' WHERE plan_id = (SELECT plan_id FROM plan_tasks"
    " WHERE state = 'requested' ORDER BY due_at DESC LIMIT 1)",
    "UPDATE ready_notices SET replied_at = NULL, municipality_her = '88820001'",
    "UPDATE stays SET state = 'klar' WHERE stay_id IN (SELECT stay_id FROM ready_notices)",
    "UPDATE ready_notices SET municipality_her = '88830001'"
    " WHERE sent_at = (SELECT MAX(sent_at) FROM ready_notices)",
    "INSERT INTO unplaced SELECT sequence, 'x', message_type, 'several-stays', '[]' FROM messages",
)


def test_what_an_organisation_has_a_part_in_is_not_hidden_behind_what_others_have(tmp_path: Path) -> None:
    ledger = seed.ledger_at(tmp_path)
    try:
        seed.working_day(ledger, pathways=True)
        for change in LAST_TO_BJORKELIA:
            ledger.write_now(lambda session, change=change: session._connection.execute(change))
        reader, now = PathwayReader(ledger), datetime.now(UTC)
        span = {"now": now, "since": now - timedelta(days=30), "until": now + timedelta(days=30)}
        services = {each.her_id for each in SERVICES.values() if each.organisation == BJORKELIA}
        of = Viewer(None, frozenset(RIGHTS), frozenset({BJORKELIA.her_id, *services}))
        clocks = [
            each
            for each in reader.clocks_near(**span, limit=1000)
            if of.sees(each.owner_her, each.municipality_her)
        ]
        notices = [
            each for each in reader.unanswered_notices(1000) if of.sees(each.municipality_her, each.trust_her)
        ]
        tasks = [
            each
            for each in reader.tasks_due(until=span["until"], limit=1000)
            if of.sees(each.municipality_her)
        ]
        unplaced = [each for each in reader.unplaced(1000) if of.sees(each.sender_her, each.receiver_her)]
        assert clocks and notices and tasks and unplaced
        assert reader.clocks_near(**span, limit=1, parties=of.her_ids) == (clocks[0],)
        assert reader.unanswered_notices(1, parties=of.her_ids) == (notices[0],)
        assert reader.tasks_due(until=span["until"], limit=1, parties=of.her_ids) == (tasks[0],)
        assert reader.unplaced(1, parties=of.her_ids) == (unplaced[0],)
    finally:
        ledger.close()
