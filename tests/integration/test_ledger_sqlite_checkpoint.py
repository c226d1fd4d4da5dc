"""Is SQLite's log moved into the file beside the commits, and begun anew, and is everything there afterwards?"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger.session import Notices
from gateway.ledger.sqlite import SqliteWriting
from gateway.ledger.sqlite_checkpoint import UNITS, Checkpointer

LIMIT_S = 60.0
SIZE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def checkpointer(path: Path) -> Checkpointer:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, content BLOB)")
    return Checkpointer(path)


@pytest.fixture
def writing(path: Path, checkpointer: Checkpointer) -> Iterator[SqliteWriting]:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    made = SqliteWriting(connection, checkpointer)
    yield made
    made.close()


def commit(writing: SqliteWriting, units: int) -> None:
    """One commit of so many units."""
    writing.begin(None)
    for _ in range(units):
        writing.execute("INSERT INTO kept (content) VALUES (randomblob(:size))", {"size": SIZE})
    writing.commit(Notices(), units)


def until_little_is_left(checkpointer: Checkpointer) -> None:
    """Wait for the other thread."""
    until = time.monotonic() + LIMIT_S
    while not checkpointer.little_is_left:
        assert time.monotonic() < until, "the log was not copied"
        time.sleep(0.001)


def log_of(path: Path) -> int:
    """Bytes of the log."""
    return path.with_name(path.name + "-wal").stat().st_size


def test_the_log_does_not_grow_however_much_is_kept(
    path: Path, writing: SqliteWriting, checkpointer: Checkpointer
) -> None:
    sizes = []
    for _ in range(6):
        for _ in range(UNITS // 50):
            commit(writing, 50)
        until_little_is_left(checkpointer)
        commit(writing, 1)  # the writer copies the rest, and what comes next begins the log anew
        assert not checkpointer.little_is_left
        sizes.append(log_of(path))
    assert max(sizes) < 2 * sizes[0], sizes
    assert path.stat().st_size > 5 * UNITS * SIZE


def test_what_is_committed_while_it_copies_is_there(
    path: Path, writing: SqliteWriting, checkpointer: Checkpointer
) -> None:
    ended = threading.Event()

    def copy_again_and_again() -> None:
        while not ended.is_set():
            checkpointer._due.set()

    copying = threading.Thread(target=copy_again_and_again)
    copying.start()
    try:
        for _ in range(200):
            commit(writing, 3)
    finally:
        ended.set()
        copying.join()
    with sqlite3.connect(path) as reader:
        found = reader.execute("SELECT COUNT(*), SUM(LENGTH(content)) FROM kept").fetchone()
        assert found == (600, 600 * SIZE)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_reader_that_holds_the_past_holds_up_nobody(
    path: Path, writing: SqliteWriting, checkpointer: Checkpointer
) -> None:
    commit(writing, 1)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM kept").fetchone() == (1,)
    for _ in range(2):
        commit(writing, UNITS)
        until_little_is_left(checkpointer)
        commit(writing, 1)
    assert reader.execute("SELECT COUNT(*) FROM kept").fetchone() == (1,)
    held = log_of(path)
    reader.execute("COMMIT")
    reader.close()
    for _ in range(2):
        commit(writing, UNITS)
        until_little_is_left(checkpointer)
        commit(writing, 1)
    assert log_of(path) <= held + UNITS * SIZE * 2


def test_a_copy_that_fails_stops_nothing(
    path: Path, writing: SqliteWriting, checkpointer: Checkpointer
) -> None:
    checkpointer._connection.close()
    for _ in range(3):
        commit(writing, UNITS)
    with sqlite3.connect(path) as reader:
        assert reader.execute("SELECT COUNT(*) FROM kept").fetchone() == (3 * UNITS,)
    assert not checkpointer.little_is_left
    assert checkpointer._thread.is_alive()
