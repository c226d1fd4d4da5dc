"""Do lists, counts, accounts and audit say the same on SQLite and on PostgreSQL, whichever index they are read from?"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.accounts.service import Accounts
from gateway.ledger import migrations, queries
from gateway.ledger.audit import AuditFilter, AuditReader
from gateway.ledger.operations import OperationsReader
from gateway.ledger.overview import OverviewReader
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import FlowRow, MessageFilter
from gateway.ledger.store import Ledger, database_at
from gateway.operations.traffic import TrafficCounts
from gateway.routing.partners import Partners
from gateway.simulator.cast import BJORKELIA, PATIENTS
from tests.browser import seed
from tests.browser.seed import KEYS, Seed
from tests.support import stores

STATES = {"innlagt": "overdue", "varsel": "handed", "klar": "queued"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger with the story told twice."""
    if request.param == "postgres":
        if not stores.has_postgres():
            pytest.skip(stores.WITHOUT_POSTGRES)
        with stores.schema() as address:
            yield from _told(Ledger(database_at(address)))
    else:
        yield from _told(Ledger(Path(tmp_path_factory.mktemp("ledger")) / "ledger.db"))


def _told(ledger: Ledger) -> Iterator[Ledger]:
    ledger.open()
    try:
        written = Seed(ledger)
        now = datetime.now(UTC)
        written.tell(ending_at=now - timedelta(hours=3), spread=timedelta(hours=1))
        written.tell(ending_at=now - timedelta(minutes=5), spread=timedelta(hours=1), ends=STATES)
        yield ledger
    finally:
        ledger.close()


FILTERS = {
    "all": MessageFilter(),
    "receipts": MessageFilter(receipts=True),
    "partner": MessageFilter(her_ids=("88830001", "88830011")),
    "scope": MessageFilter(scope=frozenset({"88830001", "88830011"}), receipts=True),
    "nobody": MessageFilter(scope=frozenset()),
    "type": MessageFilter(message_type="LOG_INNLAGT"),
    "state": MessageFilter(state="rejected", receipts=True),
    "common state": MessageFilter(state="acknowledged"),
    "overdue": MessageFilter(overdue=True),
    "patient": MessageFilter(patient_key=KEYS.of(PATIENTS["solveig"].number)),
    "partner, type and state": MessageFilter(
        her_ids=("88820001", "88820011"), message_type="LOG_INNLAGT", state="rejected"
    ),
    "since": MessageFilter(since=datetime.now(UTC) - timedelta(hours=2)),
    "until": MessageFilter(until=datetime.now(UTC) - timedelta(hours=2), receipts=True),
}


def _is_wanted(row: FlowRow, wanted: MessageFilter) -> bool:
    """The filter in plain words."""
    message, delivery = row.message, row.delivery
    assert delivery is not None
    parties = {
        message.sender_her,
        message.receiver_her,
        message.sender_organisation_her,
        message.receiver_organisation_her,
        delivery.receiver_her,
    }
    return (
        (wanted.receipts or not message.is_receipt)
        and (not wanted.her_ids or not parties.isdisjoint(wanted.her_ids))
        and (wanted.scope is None or not parties.isdisjoint(wanted.scope))
        and wanted.message_type in (None, message.message_type)
        and wanted.state in (None, delivery.state)
        and (not wanted.overdue or delivery.overdue)
        and wanted.patient_key in (None, message.patient_key)
        and (wanted.since is None or message.received_at >= wanted.since)
        and (wanted.until is None or message.received_at < wanted.until)
    )


@pytest.mark.parametrize("name", FILTERS)
def test_a_list_holds_just_what_is_wanted_page_by_page(ledger: Ledger, name: str) -> None:
    reader, wanted = LedgerReader(ledger), FILTERS[name]
    everything = reader.list_messages(MessageFilter(receipts=True), limit=1000)
    expected = [row.message.id for row in everything if _is_wanted(row, wanted)]
    assert expected or name == "nobody"
    found: list[str] = []
    before = None
    while page := reader.list_messages(wanted, before=before, limit=3):
        found += [row.message.id for row in page]
        before = page[-1].message.sequence
    assert found == expected


def test_an_id_of_any_kind_is_found(ledger: Ledger) -> None:
    reader = LedgerReader(ledger)
    for row in reader.list_messages(limit=5):
        message = row.message
        for id in (message.id, message.message_id, message.conversation_id or message.message_id):
            found = reader.list_messages(MessageFilter(id=id, receipts=True), limit=100)
            assert message.id in [each.message.id for each in found]
    assert reader.list_messages(MessageFilter(id="finnes ikke")) == ()


def test_what_needs_a_person_and_what_went_where(ledger: Ledger) -> None:
    overview = OverviewReader(ledger)
    assert [each.message_type for each in overview.missing(None, 10).items] == ["LOG_INNLAGT"]
    assert overview.dead(None, 1).number == 1
    assert overview.missing(frozenset({"88830011"}), 10).number == 0
    assert overview.open_states(None)["queued"] == 1
    assert overview.alarms(("dead-letter",), frozenset({"88810012"}), 5) == ()
    assert OperationsReader(ledger).alarms(all=True, scope=frozenset({"88810012"})) == ()
    now = datetime.now(UTC)
    hours = TrafficCounts(ledger).hours(now - timedelta(hours=24), now)
    messages = LedgerReader(ledger).list_messages(limit=1000)
    counted = [each for hour in hours for each in hour.traffic]
    assert sum(each.messages for each in counted) == len(messages)
    rejected = sum(row.delivery is not None and row.delivery.state == "rejected" for row in messages)
    assert sum(each.negative for each in counted) == rejected
    assert all(isinstance(each.sent_after, int) for each in counted)


def test_accounts_and_audit(ledger: Ledger) -> None:
    asyncio.run(_use_accounts(ledger))


async def _use_accounts(ledger: Ledger) -> None:
    configured = seed.settings(demo=False, sign_in=True)
    accounts = Accounts(configured.console, ledger, Partners(configured))
    first = await accounts.create("kari", "operator", BJORKELIA.name, "test")
    session = await accounts.sign_in("kari", first)
    assert session is not None
    viewer = accounts.viewer(session[0])
    assert viewer is not None
    await accounts.open(viewer, "content-opened", "m-1", "danger", message="m-1")
    await accounts.open(viewer, "content-opened", "m-1", "danger", message="m-1")
    assert accounts.is_open(viewer, "m-1")
    assert not accounts.is_open(viewer, "m-2")
    assert await accounts.sign_in("kari", "feil") is None
    await accounts.disable("kari", "test")
    lines = AuditReader(ledger).lines(AuditFilter(name="kari"))
    assert [line.act for line in lines] == [
        "sign-in-refused",
        "content-opened",
        "content-opened",
        "signed-in",
    ]
    assert [line.act for line in AuditReader(ledger).lines(AuditFilter(message="m-1", reading=True))] == [
        "content-opened",
        "content-opened",
    ]
    assert AuditReader(ledger).lines(AuditFilter(organisation="Ingen", act="signed-in")) == ()


INDEXES = ("messages_sender", "messages_receiver", "messages_type", "deliveries_receiver")
"""Made for lists alone (the names of the others begin alike)."""


def test_the_indexes_of_lists_change_the_way_of_no_other_query() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(connection, migrations.available())
    looked = 0
    for name, text in queries.load("sqlite").items():
        if not text.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) or name.startswith(
            ("list_", "count_of_")
        ):
            continue
        plain = re.sub(r"\{\w+\}", "", text)
        values = dict.fromkeys(re.findall(r":(\w+)", plain), 1)
        try:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {plain}", values)]
        except sqlite3.Error:
            continue  # a part of a query
        looked += 1
        assert not [step for step in plan if any(index in step for index in INDEXES)], name
    connection.close()
    assert looked > 60
