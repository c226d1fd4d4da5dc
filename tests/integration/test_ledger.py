"""Does the ledger keep what it said it keeps, keep one unit's fault from the others, and survive being cut off?"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import errors as sql

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import messages
from gateway.ledger.session import Notices, Session
from gateway.ledger.store import Ledger, database_at
from gateway.ledger.writer import CROWD
from tests.support import stores
from tests.support.plain import Scripted, message, running, settings


def remember(name: str, value: str = "x") -> object:
    """A unit of work that keeps one fact."""

    def unit(session: Session) -> str:
        return messages.ensure_fact(session, name, value)

    return unit


pytestmark = pytest.mark.usefixtures("store")


def facts(ledger: Ledger) -> set[str]:
    return {row["name"] for row in ledger.reading().execute("SELECT name FROM facts_of_ledger")}


@pytest.fixture
def ledger(tmp_path: Path, store: str) -> Iterator[Ledger]:
    opened = Ledger(database_at(stores.gateway_settings(tmp_path)["ledger"]))
    opened.open()
    yield opened
    opened.close()


def test_reading_connections_cannot_write(ledger: Ledger) -> None:
    with pytest.raises((sqlite3.OperationalError, sql.ReadOnlySqlTransaction)):
        ledger.reading().execute("DELETE FROM messages")


async def test_many_units_share_a_commit(ledger: Ledger) -> None:
    before = ledger.commits
    await asyncio.gather(*(ledger.write(remember(f"f{n}")) for n in range(200)))
    assert len(facts(ledger)) == 200
    assert ledger.commits - before < 50


async def test_a_crowd_of_brief_units_runs_on_the_loop_where_the_database_is_in_this_process(
    ledger: Ledger, store: str
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def first(session: Session) -> int:
        begun.set()
        go_on.wait()
        return threading.get_ident()

    def where(session: Session) -> int:
        messages.ensure_fact(session, "x", "y")
        return threading.get_ident()

    async def in_one_commit(units: int) -> tuple[int, set[int]]:
        """The threads of a long unit, and of so many brief ones that gathered behind it."""
        begun.clear()
        go_on.clear()
        long = asyncio.create_task(ledger.write(first))
        await asyncio.to_thread(begun.wait)
        brief = [asyncio.create_task(ledger.write(where, is_brief=True)) for _ in range(units)]
        await asyncio.sleep(0)
        go_on.set()
        return await long, set(await asyncio.gather(*brief))

    here = threading.get_ident()
    of_long, of_crowd = await in_one_commit(CROWD)
    _, of_few = await in_one_commit(CROWD - 1)
    assert of_long != here
    assert of_crowd == ({here} if store == "sqlite" else {of_long})
    assert of_few == {of_long}


async def test_what_waits_is_done_before_closing_though_the_loop_does_not_run_meanwhile(
    ledger: Ledger,
) -> None:
    writes = [asyncio.create_task(ledger.write(remember(f"f{n}"), is_brief=n % 2 == 0)) for n in range(20)]
    await asyncio.sleep(0)
    ledger.close()
    await asyncio.gather(*writes)
    ledger.open()
    assert facts(ledger) == {f"f{n}" for n in range(20)}


@pytest.mark.parametrize("is_brief", [False, True], ids=["long", "brief"])
async def test_one_bad_unit_spoils_no_other(ledger: Ledger, is_brief: bool) -> None:
    def bad(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="bad", value="x")
        raise LookupError

    def broken(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="broken", value=None)

    units = [remember("one"), bad, remember("two"), broken, remember("three")]
    outcomes = await asyncio.gather(
        *(ledger.write(unit, is_brief=is_brief) for unit in units), return_exceptions=True
    )
    broken_kind = sql.NotNullViolation if ledger.is_shared else sqlite3.IntegrityError
    assert [type(each) for each in outcomes] == [str, LookupError, str, broken_kind, str]
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


def test_closed_ledger_says_so_and_can_be_opened_again(ledger: Ledger) -> None:
    ledger.write_now(remember("a"))
    ledger.close()
    with pytest.raises(Unavailable) as caught:
        ledger.write_now(remember("b"))
    assert caught.value.code == "us.shutting-down"
    ledger.open()
    assert facts(ledger) == {"a"}


def test_ledger_of_a_later_version_is_left_alone(ledger: Ledger) -> None:
    ledger.write_now(
        lambda session: session._connection.execute("INSERT INTO migrations VALUES (9999, 'later', 'x', 0)")
    )
    ledger.close()
    with pytest.raises(Unavailable) as caught:
        ledger.open()
    assert caught.value.code == "us.ledger-newer"


async def test_another_patient_key_than_the_ledgers_is_refused(tmp_path: Path) -> None:
    async with running(settings(tmp_path, patient_key="the first long key")):
        pass
    with pytest.raises(ConfigurationError) as caught:
        async with running(settings(tmp_path, patient_key="quite another key")):
            pass
    assert (caught.value.code, caught.value.path) == (
        "configuration.patient-key-differs",
        "gateway.patient_key",
    )


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support import stores
from tests.support.plain import Scripted, message, running, settings

point = sys.argv[2]
stores.choose(sys.argv[3] or None)

async def main() -> None:
    transport = Scripted()
    async def on_send(outgoing):
        if point == "while-sending":
            os.kill(os.getpid(), signal.SIGKILL)
    transport.on_send = on_send
    async with running(settings(Path(sys.argv[1]), lease_s=1), transport) as house:
        if point == "before-commit":
            def cut(notices, units):
                os.kill(os.getpid(), signal.SIGKILL)
            house.services.ledger._writer._connection.commit = cut
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
        [sys.executable, "-c", KILLED, str(tmp_path), point, stores.chosen() or ""],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    transport = Scripted()
    async with running(settings(tmp_path, lease_s=1), transport) as house:
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
