"""How does the ledger lie in one SQLite file?

A file in WAL mode with synchronous=FULL: a commit that returned survives the loss of power. Only one process at a time
may open it to write (a lock file says so); reading connections are separate and cannot write. Every file is readable by
its owner only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.errors import Unavailable
from gateway.ledger import migrations, queries, times
from gateway.ledger.database import Failed, Verdict
from gateway.ledger.session import Connection, Done, Notices
from gateway.ledger.sqlite_checkpoint import PASSIVE, Checkpointer

OWNER_ONLY: Final = 0o600
BUSY_MS: Final = 5000
CHECKPOINT_PAGES: Final = 16_000
"""Pages of 4 KB in the write-ahead log (64 MB) from which on a commit itself moves them to the file: messages are very
large, or the checkpointer cannot work."""
CACHE_KIB: Final = 32 * 1024
"""SQLite's own is 2 MB: the bodies just written would have to be read again to be sent."""
PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",  # what retention removes is overwritten, whichever way SQLite was built
    f"cache_size=-{CACHE_KIB}",
    f"busy_timeout={BUSY_MS}",
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
)

_KEY_RETURNED: Final = re.compile(r"\s+RETURNING\s+\w+$")
"""The driver knows the key of an inserted row; asked to return it, SQLite copies every page that the insert touches,
which costs as much as the insert."""


class Sqlite:
    """A ledger in a file."""

    shared = False
    is_reachable = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.queries: Mapping[str, str] = {
            name: _KEY_RETURNED.sub("", query) for name, query in queries.load("sqlite").items()
        }
        self._lock: int | None = None
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()

    def open(self, heard: Callable[[Notices], None]) -> SqliteWriting:
        """As `Database.open`; nobody else writes here, so nothing is heard."""
        self._take_lock()
        try:
            return self._writing(self._connect())
        except BaseException:
            self._give_lock_back()
            raise

    def reading(self) -> Connection:
        """This thread's connection for reading; it cannot write."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            with self._readers_lock:
                self._readers.append(connection)
        return connection

    def clock(self) -> int:
        """The present time in microseconds."""
        return times.now()

    def close(self) -> None:
        """Close the reading connections, and let another process have the file."""
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        self._local = threading.local()
        self._give_lock_back()

    def _writing(self, connection: sqlite3.Connection) -> SqliteWriting:
        try:
            return SqliteWriting(connection, Checkpointer(self.path))
        except sqlite3.Error:
            connection.close()
            raise Unavailable("us.ledger-not-opened", path=str(self.path)) from None

    def _connect(self) -> sqlite3.Connection:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
            os.fchmod(descriptor, OWNER_ONLY)
            os.close(descriptor)
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except (OSError, sqlite3.Error):
            raise Unavailable("us.ledger-not-opened", path=str(self.path)) from None
        try:
            connection.row_factory = sqlite3.Row
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            migrations.migrate(connection, migrations.available())
        except sqlite3.DatabaseError:
            connection.close()
            raise Unavailable("us.ledger-damaged") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _take_lock(self) -> None:
        try:
            self._lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        except OSError:
            raise Unavailable("us.ledger-not-opened", path=str(self.path)) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._give_lock_back()
            raise Unavailable("us.ledger-locked") from None

    def _give_lock_back(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class SqliteWriting:
    """The one connection that writes to the file."""

    is_local = True
    most_units = 256
    patience_s = 0.0  # a disk that is full is full the next moment too

    def __init__(self, connection: sqlite3.Connection, checkpointer: Checkpointer) -> None:
        self.connection = connection
        self._checkpointer = checkpointer
        self.execute: Callable[..., Done] = connection.execute

    def begin(self, touching: frozenset[str] | None) -> frozenset[str] | None:
        """Nobody else writes, so a transaction always has the whole ledger."""
        self._do("BEGIN IMMEDIATE")
        return None

    def savepoint(self) -> None:
        """From here a unit can be undone."""
        self._do("SAVEPOINT unit")

    def release(self) -> None:
        """Keep the unit."""
        self._do("RELEASE unit")

    def undo(self) -> None:
        """Undo the unit, and only it."""
        self._do("ROLLBACK TO unit")
        self._do("RELEASE unit")

    def settle(self) -> None:
        """Everything is done when it has been said."""

    def judge(self, error: Exception) -> Verdict:
        """Disk full and the like make trouble; some of them end the whole transaction."""
        if not self.connection.in_transaction:
            return "gone"
        return "trouble" if isinstance(error, sqlite3.OperationalError) else "unit"

    def commit(self, notices: Notices, units: int) -> None:
        """Flush it to the disk."""
        self._do("COMMIT")
        if self._checkpointer.little_is_left:
            self._checkpointer.little_is_left = False
            with contextlib.suppress(sqlite3.Error):  # it is committed, whether the log is moved or not
                self.connection.execute(PASSIVE)
        self._checkpointer.kept(units)

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._checkpointer.stop()
        self.connection.close()

    def _do(self, text: str) -> Any:
        try:
            return self.connection.execute(text)
        except sqlite3.Error:
            # The transaction is gone as a whole: disk full, an I/O error, a lock held too long.
            raise Failed from None
