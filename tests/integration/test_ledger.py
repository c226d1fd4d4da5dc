"""Does the ledger keep what it said it keeps, keep one unit's fault from the others, and survive being cut off?"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import messages, migrations, patient_key
from gateway.ledger.migrations import Migration
from gateway.ledger.session import Notices, Session
from gateway.ledger.store import Ledger
from gateway.settings import Gateway
from tests.support.plain import Scripted, message, running, settings


def remember(name: str, value: str = "x") -> object:
    """A unit of work that keeps one fact."""

    def unit(session: Session) -> str:
        return messages.ensure_fact(session, name, value)

    return unit


def facts(ledger: Ledger) -> set[str]:
    return {row["name"] for row in ledger.reading().execute("SELECT name FROM facts_of_ledger")}


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Ledger(tmp_path / "ledger.db")
    opened.open()
    yield opened
    opened.close()


def test_files_are_the_owners_only(ledger: Ledger, tmp_path: Path) -> None:
    ledger.write_now(remember("a"))
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


def test_reading_connections_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(sqlite3.OperationalError):
        ledger.reading().execute("DELETE FROM messages")


async def test_many_units_share_a_commit(ledger: Ledger) -> None:
    before = ledger.commits
    await asyncio.gather(*(ledger.write(remember(f"f{n}")) for n in range(200)))
    assert len(facts(ledger)) == 200
    assert ledger.commits - before < 50


async def test_one_bad_unit_spoils_no_other(ledger: Ledger) -> None:
    def bad(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="bad", value="x")
        raise LookupError

    def broken(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="broken", value=None)

    units = [remember("one"), bad, remember("two"), broken, remember("three")]
    outcomes = await asyncio.gather(*(ledger.write(unit) for unit in units), return_exceptions=True)
    assert [type(each) for each in outcomes] == [str, LookupError, str, sqlite3.IntegrityError, str]
    assert facts(ledger) == {"one", "two", "three"}


async def test_notices_are_told_after_the_commit_and_not_of_what_failed(ledger: Ledger) -> None:
    heard: list[Notices] = []
    seen: list[set[str]] = []

    def listener(notices: Notices) -> None:
        heard.append(notices)
        seen.append(facts(ledger))

    def good(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="good", value="x")
        session.notices.receivers.add("1")

    def bad(session: Session) -> None:
        session.notices.receivers.add("2")
        raise LookupError

    ledger.listen(listener)
    await asyncio.gather(ledger.write(good), ledger.write(bad), return_exceptions=True)
    await asyncio.sleep(0)
    assert set().union(*(each.receivers for each in heard)) == {"1"}
    assert seen[0] == {"good"}


async def test_waiting_for_a_change(ledger: Ledger) -> None:
    version = ledger.version
    waiting = asyncio.create_task(ledger.changed(version))
    await asyncio.sleep(0)
    assert not waiting.done()
    await ledger.write(remember("a"))
    assert await waiting > version


async def test_full_disk_is_unavailable_and_not_ready_until_it_works_again(ledger: Ledger) -> None:
    def limit(session: Session, pages: int) -> None:
        session._connection.execute(f"PRAGMA max_page_count={pages}")

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


def test_only_one_process_at_a_time(ledger: Ledger) -> None:
    with pytest.raises(Unavailable) as caught:
        Ledger(ledger.path).open()
    assert caught.value.code == "us.ledger-locked"


def test_closed_ledger_says_so_and_can_be_opened_again(ledger: Ledger) -> None:
    ledger.write_now(remember("a"))
    ledger.close()
    with pytest.raises(Unavailable) as caught:
        ledger.write_now(remember("b"))
    assert caught.value.code == "us.shutting-down"
    ledger.open()
    assert facts(ledger) == {"a"}


def test_file_that_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, however long it may be " * 100)
    with pytest.raises(Unavailable) as caught:
        Ledger(path).open()
    assert caught.value.code == "us.ledger-damaged"


def test_ledger_of_a_later_version_is_left_alone(ledger: Ledger) -> None:
    path = ledger.path
    ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'later', 'x', 0)")
    connection.close()
    with pytest.raises(Unavailable) as caught:
        Ledger(path).open()
    assert caught.value.code == "us.ledger-newer"


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
    path = tmp_path / "ledger.db"
    first = patient_key.load(Gateway(), path, {})
    assert patient_key.load(Gateway(), path, {}).of("14834120012") == first.of("148341 20012")
    file = tmp_path / "ledger.db.patient-key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(ConfigurationError) as caught:
        patient_key.load(Gateway(), path, {})
    assert caught.value.code == "configuration.key-file-unsafe"


async def test_another_patient_key_than_the_ledgers_is_refused(tmp_path: Path) -> None:
    async with running(settings(tmp_path, patient_key="the first long key")):
        pass
    with pytest.raises(ConfigurationError) as caught:
        async with running(settings(tmp_path, patient_key="quite another key")):
            pass
    assert caught.value.path == "gateway.patient_key"


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support.plain import Scripted, message, running, settings

point = sys.argv[2]

async def main() -> None:
    transport = Scripted()
    async def on_send(outgoing):
        if point == "while-sending":
            os.kill(os.getpid(), signal.SIGKILL)
    transport.on_send = on_send
    async with running(settings(Path(sys.argv[1])), transport) as house:
        if point == "before-commit":
            real = house.services.ledger._writer._connection
            class Cut:
                def __getattr__(self, name): return getattr(real, name)
                def execute(self, text, *rest):
                    if text == "COMMIT":
                        os.kill(os.getpid(), signal.SIGKILL)
                    return real.execute(text, *rest)
            house.services.ledger._writer._connection = Cut()
        id = await house.accepted(message("m-1", receiver=("88830001", "88830011")))
        print("accepted", id, flush=True)
        if point == "after-answer":
            os.kill(os.getpid(), signal.SIGKILL)
        await house.until(id, "sent")
        print("sent", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.parametrize("point", ["before-commit", "after-answer", "while-sending", "after-sent"])
async def test_killed(tmp_path: Path, point: str) -> None:
    """SIGKILL at each hand-off: what was answered for is there, and is sent under the same id only."""
    checkout = Path(__file__).resolve().parents[2]
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, str(tmp_path), point],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    transport = Scripted()
    async with running(settings(tmp_path), transport) as house:
        rows = house.reader.list_messages()
        if point == "before-commit":
            assert rows == ()
            assert "accepted" not in ended.stdout
            return
        (row,) = rows
        await house.until(row.message.id, "sent")
        assert house.trail(row.message.id).count("message.accepted") == 1
        assert set(transport.ids()) <= {"m-1"}
        if point == "after-sent":
            assert transport.ids() == []
        else:
            assert transport.ids() == ["m-1"]
        again = await house.hand_in(message("m-1", receiver=("88830001", "88830011")))
        assert getattr(again, "id", None) == row.message.id
