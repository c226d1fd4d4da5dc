"""Does a ledger in PostgreSQL keep every unit once when connections break, and say plainly when it cannot be had?"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors as sql
from psycopg.conninfo import make_conninfo

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import (
    line,
    messages,
    migrations,
    patient_key,
    postgres,
    postgres_connection,
    postgres_form,
    postgres_hearing,
    queries,
    times,
)
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger, database_at
from gateway.routing.outcomes import Accepted, Duplicate
from gateway.settings import Gateway
from tests.support import stores
from tests.support.plain import House, message, running, settings


@pytest.fixture(autouse=True)
def address() -> Iterator[str]:
    """A schema of the test's own."""
    if not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    with stores.on_postgres() as made:
        yield made


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    opened = Ledger(database_at(address))
    opened.open()
    yield opened
    opened.close()


def facts(ledger: Ledger) -> dict[str, str]:
    rows = ledger.reading().execute("SELECT name, value FROM facts_of_ledger").fetchall()
    return {row["name"]: row["value"] for row in rows}


class Counted:
    """A unit of work that keeps which of its runs it was."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.runs = 0
        self._before = before

    def __call__(self, session: Session) -> str:
        self.runs += 1
        if self.runs == 1:
            self._before()
        session.run("keep_fact_of_ledger", name="unit", value=str(self.runs))
        return str(self.runs)


def cut(ledger: Ledger) -> None:
    """End the session that writes, from the database's side."""
    writing: Any = ledger._writer._connection  # type: ignore[union-attr]
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (writing._process,))


def cut_at_commit(ledger: Ledger, *, before: bool) -> None:
    """Let the connection break at the next commit: before the database has heard of it, or before its answer comes."""
    writing: Any = ledger._writer._connection  # type: ignore[union-attr]
    settle, execute = writing._pipeline.settle, writing.execute

    def executed(text: str, *values: Any) -> Any:
        if text == "COMMIT":
            writing.execute, writing._pipeline.settle = execute, broken
        return execute(text, *values)

    def broken() -> None:
        if not before:
            settle()
        cut(ledger)
        if before:
            settle()
        raise sql.AdminShutdown

    writing.execute = executed


def test_connection_cut_between_two_commits(ledger: Ledger) -> None:
    cut(ledger)
    assert ledger.write_now(Counted()) in ("1", "2")
    assert ledger.is_ready


def test_connection_cut_within_a_unit_does_it_again(ledger: Ledger) -> None:
    unit = Counted(lambda: cut(ledger))
    assert ledger.write_now(unit) == "2"
    assert facts(ledger) == {"unit": "2"}


def test_commit_that_did_not_come_about_is_done_again(ledger: Ledger) -> None:
    cut_at_commit(ledger, before=True)
    assert ledger.write_now(Counted()) == "2"
    assert facts(ledger) == {"unit": "2"}


def test_commit_whose_answer_was_lost_is_not_done_again(ledger: Ledger) -> None:
    cut_at_commit(ledger, before=False)
    assert ledger.write_now(Counted()) == "1"
    assert facts(ledger) == {"unit": "1"}
    assert ledger.is_ready


async def test_many_units_of_a_cut_commit_are_each_kept_once(ledger: Ledger) -> None:
    def unit(number: int) -> Callable[[Session], None]:
        return lambda session: session.run("keep_fact_of_ledger", name=str(number), value="x")

    cut_at_commit(ledger, before=True)
    await asyncio.gather(*(ledger.write(unit(number)) for number in range(100)))
    assert len(facts(ledger)) == 100


async def test_connections_cut_at_random_moments(tmp_path: Path, address: str) -> None:
    """Every session of the node is cut again and again; whoever gets no answer hands in again."""
    chance = random.Random(5)
    sent = [message(f"m-{n}", patient=f"p{n % 7}", acknowledgement="N") for n in range(60)]
    async with running(settings(tmp_path)) as house:
        cutting = asyncio.create_task(asyncio.to_thread(cut_at_random, address, chance, 25))
        accepted = await asyncio.gather(*(insist(house, data) for data in sent))
        await cutting
        for id in accepted:
            await house.until(id, "delivered")
        rows = house.reader.list_messages(limit=500)
        assert sorted(row.message.id for row in rows) == sorted(accepted)
        assert {each.message_id for each in house.transport.sent} == {f"m-{n}" for n in range(60)}
        for id in accepted:
            bodies = {(each.body, each.key) for each in house.transport.sent if each.correlation == id}
            assert len(bodies) == 1
            assert house.trail(id).count("delivery.delivered") == 1


def cut_at_random(address: str, chance: random.Random, times: int) -> None:
    """End one of the sessions of this ledger at random, again and again."""
    name = psycopg.conninfo.conninfo_to_dict(address)["application_name"]
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        for _ in range(times):
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s", (name,)
            ).fetchall()
            if found:
                connection.execute("SELECT pg_terminate_backend(%s)", chance.choice(found))
            connection.execute("SELECT pg_sleep(%s)", (chance.random() * 0.06,))


async def insist(house: House, data: bytes) -> str:
    """Hand a message in until there is an answer; gives our id."""
    while True:
        try:
            outcome = await house.hand_in(data)
        except Unavailable:
            await asyncio.sleep(0.02)
            continue
        assert isinstance(outcome, Accepted | Duplicate)
        return outcome.id


def test_node_that_stands_still_in_a_transaction_holds_up_no_other(
    address: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after SIGSTOP, or when its machine is gone: the database ends its session; if it wakes, it begins again."""
    monkeypatch.setattr(
        postgres_connection, "SESSION", postgres_connection.SESSION.replace("'5s'", "'300ms'")
    )
    still = Ledger(database_at(address))
    still.open()
    asleep, wake = threading.Event(), threading.Event()

    def stand(session: Session) -> None:
        session.run("keep_fact_of_ledger", name="half", value="x")
        session.one("fact_of_ledger", name="half")
        asleep.set()
        wake.wait()

    unit = Counted()
    with ThreadPoolExecutor() as pool:
        standing = pool.submit(still.write_now, stand)
        asleep.wait()
        assert ledger.write_now(unit) == "1"
        assert facts(ledger) == {"unit": "1"}
        wake.set()
        standing.result()
    assert facts(ledger) == {"unit": "1", "half": "x"}
    still.close()


def test_unit_that_needs_more_than_it_said_gets_the_whole_ledger(ledger: Ledger) -> None:
    runs = []

    def unit(session: Session) -> int:
        runs.append(1)
        return line.lane(session, "88810012|patient|x", "88810012")

    async def write() -> int:
        return await ledger.write(unit, touching=["88820011"])

    assert asyncio.run(write()) > 0
    assert len(runs) == 2


def test_commit_is_flushed(ledger: Ledger) -> None:
    found = ledger.write_now(
        lambda session: session._connection.execute(
            "SELECT current_setting('synchronous_commit') AS kept"
        ).fetchone()
    )
    assert found["kept"] == "on"


def test_bodies_lie_packed_where_the_server_can_do_that(ledger: Ledger) -> None:
    content = b"<Tekst>Hva er viktig for deg?</Tekst>" * 500
    key = ledger.write_now(lambda session: messages.keep_body(session, content, "application/xml"))
    found = (
        ledger.reading()
        .execute(
            "SELECT content, pg_column_size(content) AS size, EXISTS (SELECT 1 FROM pg_settings "
            "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS can_pack "
            "FROM bodies WHERE body_id = :body_id",
            {"body_id": key},
        )
        .fetchone()
    )
    assert bytes(found["content"]) == content
    assert (found["size"] < len(content) / 10) == found["can_pack"]


def test_text_that_postgresql_cannot_hold_spoils_no_other(ledger: Ledger) -> None:
    with pytest.raises(psycopg.DataError):
        ledger.write_now(lambda session: messages.ensure_fact(session, "a\0b", "x"))
    assert ledger.write_now(Counted()) == "1"


def test_clock_is_the_databases(ledger: Ledger) -> None:
    ledger._database.offset += times.seconds(3600)  # type: ignore[attr-defined]
    assert ledger.clock() - times.now() > times.seconds(3000)
    ledger._database.connect().close()  # type: ignore[attr-defined]
    assert abs(ledger.clock() - times.now()) < times.seconds(5)  # the same machine


def test_clock_is_known_though_the_node_was_held_up_while_it_asked(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its process, or its whole machine, stands still for a minute between the question and the answer."""
    clock, asked = time.time_ns, list[int]()

    def before_the_stop() -> int:
        asked.append(clock() - (60_000_000_000 if not asked else 0))
        return asked[-1]

    monkeypatch.setattr(time, "time_ns", before_the_stop)
    ledger._database.connect().close()  # type: ignore[attr-defined]
    assert abs(ledger.clock() - times.now()) < times.seconds(5)


def test_clock_is_compared_again_however_much_is_heard(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_hearing, "LOOK_S", 0.3)
    ledger, other = Ledger(database_at(address)), Ledger(database_at(address))
    for each in (ledger, other):
        each.open()
    ledger._database.offset = times.seconds(3600)  # type: ignore[attr-defined]
    until = time.monotonic() + 20
    while ledger.clock() - times.now() > times.seconds(5) and time.monotonic() < until:
        version = ledger.version
        other.write_now(lambda session: session.run("end_hold", receiver_her="88820011"))
        while ledger.version == version and time.monotonic() < until:
            time.sleep(0.005)
    assert abs(ledger.clock() - times.now()) < times.seconds(5)
    for each in (ledger, other):
        each.close()


def test_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "PATIENCE_S", 0.1)
    with pytest.raises(Unavailable) as caught:
        Ledger(database_at("postgresql://postgres@127.0.0.1:1/test")).open()
    assert caught.value.code == "us.ledger-unreachable"


def test_database_that_does_not_store_text_as_utf8() -> None:
    """As `initdb` makes it on a machine without a locale."""
    name = f"somlos_{secrets.token_hex(6)}"
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        try:
            with pytest.raises(Unavailable) as refused:
                Ledger(database_at(make_conninfo(stores.POSTGRES, dbname=name))).open()
        finally:
            connection.execute(f"DROP DATABASE {name}")
    assert refused.value.code == "us.ledger-encoding"


def test_address_that_is_none() -> None:
    with pytest.raises(ConfigurationError) as caught:
        database_at("postgresql://h/d?nonsense=1")
    assert caught.value.path == "gateway.ledger"


def test_nodes_must_be_given_the_patient_key(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        patient_key.load(Gateway(ledger=address), {})
    assert (caught.value.code, caught.value.path) == ("configuration.secret-missing", "gateway.patient_key")


def test_every_statement_can_be_said_to_postgresql(ledger: Ledger, address: str) -> None:
    """All of them, also those that no other test runs: PostgreSQL parses and plans each."""
    wrong = {}
    with psycopg.connect(address, autocommit=True) as connection:
        for name, text in queries.load("postgres").items():
            if not re.match("SELECT|INSERT|UPDATE|DELETE|WITH", text):
                continue  # a part of others
            text = text.replace("{conditions}", "")
            names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)\b", text)))
            for place, each in enumerate(names, 1):
                text = re.sub(rf"(?<!:):{each}\b", f"${place}", text)
            try:
                connection.execute(f"PREPARE {name} AS {text}")
            except psycopg.Error as error:
                wrong[name] = str(error)
    assert not wrong


def test_both_databases_know_the_same_statements_and_migrations() -> None:
    assert queries.load("sqlite").keys() == queries.load("postgres").keys()
    names = [(each.number, each.name) for each in migrations.available()]
    assert [(each.number, each.name) for each in postgres_form.available()] == names
    added = {file.name for file in postgres_form.ADDED.glob("[0-9]*.sql")}
    assert added <= {f"{number:04}_{name}.sql" for number, name in names}
