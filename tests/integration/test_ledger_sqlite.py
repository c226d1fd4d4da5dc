"""Does a ledger in a SQLite file keep to itself, flush what it commits, and refuse what is no ledger?"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import messages, migrations, patient_key
from gateway.ledger.migrations import Migration
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.routing.ports import Content, Reading
from gateway.settings import Gateway
from gateway.transports.base import Rejected
from tests.support.plain import House, Scripted, message, receipt, running, settings


async def test_a_page_that_is_still_read_is_read_before_the_ledger_closes(tmp_path: Path) -> None:
    house = House(settings(tmp_path), Scripted())
    await house.running.start()
    began, may_end = threading.Event(), threading.Event()

    def page() -> int:
        connection = house.services.ledger.reading()
        began.set()
        assert may_end.wait(10)
        found: int = connection.execute("SELECT COUNT(*) FROM messages").fetchone()[0]
        return found

    reading = asyncio.create_task(anyio.to_thread.run_sync(page))
    await asyncio.to_thread(began.wait)
    stopping = asyncio.create_task(house.running.stop())
    asyncio.get_running_loop().call_later(0.3, may_end.set)
    await stopping
    assert await reading == 0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    opened.open()
    yield opened
    opened.close()


def test_files_are_the_owners_only(ledger: Ledger, tmp_path: Path) -> None:
    ledger.write_now(lambda session: messages.ensure_fact(session, "a", "x"))
    ledger.reading()
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {"0o600"}, modes
    assert {"ledger.db", "ledger.db-wal", "ledger.db-shm"} <= set(modes)


def test_every_commit_is_flushed(ledger: Ledger) -> None:
    assert ledger.reading().execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    seen: list[int] = []
    ledger.write_now(
        lambda session: seen.append(session._connection.execute("PRAGMA synchronous").fetchone()[0])
    )
    assert seen == [2]  # FULL


def limit(session: Session, pages: int) -> None:
    """As if the disk were full from there on."""
    session._connection.execute(f"PRAGMA max_page_count={pages}")


async def test_full_disk_is_unavailable_and_not_ready_until_it_works_again(ledger: Ledger) -> None:
    def large(session: Session) -> int:
        return messages.keep_body(session, b"x" * 4_000_000, "application/xml")

    pages = ledger.reading().execute("PRAGMA page_count").fetchone()[0]
    await ledger.write(lambda session: limit(session, pages + 10))
    with pytest.raises(Unavailable) as caught:
        await ledger.write(large)
    assert caught.value.code == "us.not-stored"
    assert not ledger.is_ready
    await ledger.write(lambda session: limit(session, 1_000_000))
    assert await ledger.write(large)
    assert ledger.is_ready


async def test_receipt_that_a_partner_answers_with_is_kept_when_the_disk_has_room_again(
    tmp_path: Path,
) -> None:
    """Nobody would send it again."""
    transport = Scripted()
    answer = receipt("m-1", "2", message_id="r-1", padding="x" * 4_000_000)
    transport.outcomes["m-1"] = deque([Rejected("transport.refused", 422, answer, "application/xml")])
    async with running(settings(tmp_path), transport) as house:
        ledger, read, tries = house.services.ledger, house.plain.read, list[int]()

        async def watched(data: bytes, content: Content) -> Reading:
            if data == answer:
                tries.append(len(tries))
                pages = ledger.reading().execute("PRAGMA page_count").fetchone()[0]
                await ledger.write(partial(limit, pages=1_000_000 if len(tries) > 1 else pages + 20))
            return await read(data, content)

        house.plain.read = watched  # type: ignore[method-assign]
        id = await house.accepted(message("m-1"))
        assert (await house.until(id, "rejected", "handed")).state == "rejected"
        await transport.attempts(2)
        assert transport.sent[1].body == answer


def test_only_one_process_at_a_time(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Ledger(tmp_path / "ledger.db").open()
    assert caught.value.code == "us.ledger-locked"


def test_file_that_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, however long it may be " * 100)
    with pytest.raises(Unavailable) as caught:
        Ledger(path).open()
    assert caught.value.code == "us.ledger-damaged"


def test_migration_that_was_changed_afterwards_is_noticed(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    first = Migration(1, "first", "CREATE TABLE a (b INTEGER);\n")
    assert migrations.migrate(connection, [first]) == 1
    assert migrations.migrate(connection, [first]) == 0
    with pytest.raises(Unavailable) as caught:
        migrations.migrate(connection, [Migration(1, "first", "CREATE TABLE a (c INTEGER);\n")])
    assert caught.value.code == "us.ledger-damaged"
    connection.close()


def test_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    half = Migration(1, "half", "CREATE TABLE a (b INTEGER);\nCREATE TABLE a (b INTEGER);\n")
    with pytest.raises(sqlite3.OperationalError):
        migrations.migrate(connection, [half])
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'a'").fetchone() is None
    connection.close()


def test_patient_key_is_made_once_and_kept_for_the_owner(tmp_path: Path) -> None:
    gateway = Gateway(ledger=f"sqlite:{tmp_path / 'ledger.db'}")
    first = patient_key.load(gateway, {})
    assert patient_key.load(gateway, {}).of("14834120012") == first.of("148341 20012")
    file = tmp_path / "ledger.db.patient-key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(ConfigurationError) as caught:
        patient_key.load(gateway, {})
    assert caught.value.code == "configuration.key-file-unsafe"
