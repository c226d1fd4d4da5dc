"""Where is the ledger, who may change it, and how does one hear of changes?

A SQLite file in WAL mode with synchronous=FULL: a commit that returned survives the loss of power. Only one process at
a time may open it to write (a lock file says so); reading connections are separate and cannot write. Every file is
readable by its owner only.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.errors import Unavailable
from gateway.ledger import migrations, queries
from gateway.ledger.session import Notices, Session
from gateway.ledger.writer import Job, Writer

Result = TypeVar("Result")
Listener = Callable[[Notices], None]

OWNER_ONLY: Final = 0o600
BUSY_MS: Final = 5000
CHECKPOINT_PAGES: Final = 4000
"""Pages of 4 KB the write-ahead log gathers before they are moved to the file: fewer flushes, some 16 MB."""
PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MS}",
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
)


class Ledger:
    """One open ledger. `open` it, `write` units of work, `close` it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0
        """Counts the commits of this process that changed something a page shows."""
        self.is_ending = False
        """The process is about to stop: nobody should begin to wait for a change."""
        self._queries = queries.load()
        self._writer: Writer | None = None
        self._lock: int | None = None
        self._listeners: list[tuple[asyncio.AbstractEventLoop, Listener]] = []
        self._waiting_for_change: set[asyncio.Future[None]] = set()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()

    def open(self) -> None:
        """Open the file (it is made if it is not there), bring it to this version's form, start to write.

        :raises Unavailable: us.ledger-locked, us.ledger-newer, us.ledger-damaged, us.not-stored.
        """
        self._take_lock()
        self.is_ending = False
        try:
            connection = self._connect()
        except BaseException:
            self._give_lock_back()
            raise
        self._writer = Writer(connection, self._queries, self._tell)
        self._writer.start()

    def close(self) -> None:
        """Finish what waits to be written, and close everything."""
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        self._local = threading.local()
        self._give_lock_back()

    @property
    def is_ready(self) -> bool:
        """Whether it is open and the last commit succeeded."""
        return self._writer is not None and not self._writer.failed

    @property
    def commits(self) -> int:
        """How many commits there were since it was opened."""
        return 0 if self._writer is None else self._writer.commits

    async def write(self, unit: Callable[[Session], Result]) -> Result:
        """Run a unit of work in a transaction; returns after its commit.

        A caller that is cancelled meanwhile does not undo it: the unit is done, and its notices are told.

        :raises Unavailable: us.not-stored: the commit failed; us.shutting-down: the ledger is closed.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._open_writer().put(Job(unit, future))
        return await future

    def write_now(self, unit: Callable[[Session], Result]) -> Result:
        """As `write`, for a caller without an event loop; blocks."""
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()
        self._open_writer().put(Job(unit, future))
        return future.result()

    def listen(self, listener: Listener) -> None:
        """Have `listener` called on the running event loop after each commit that has something to say."""
        self._listeners.append((asyncio.get_running_loop(), listener))

    async def changed(self, since: int) -> int:
        """The ledger's version once it is higher than `since`, or at once when it is ending.

        Waits for a commit; never asks again and again.
        """
        while self.version <= since and not self.is_ending:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting_for_change.add(future)
            try:
                if self.version <= since and not self.is_ending:
                    await future
            finally:
                self._waiting_for_change.discard(future)
        return self.version

    def end_waiting(self) -> None:
        """Let everybody go who waits for a change: pages that update themselves would hold up the stop."""
        self.is_ending = True
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        for future in self._waiting_for_change:
            if not future.done():
                future.set_result(None)

    def reading(self) -> sqlite3.Connection:
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

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise Unavailable("us.shutting-down")
        return self._writer

    def _connect(self) -> sqlite3.Connection:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
            os.fchmod(descriptor, OWNER_ONLY)
            os.close(descriptor)
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except (OSError, sqlite3.Error):
            raise Unavailable("us.not-stored") from None
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
            raise Unavailable("us.not-stored") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._give_lock_back()
            raise Unavailable("us.ledger-locked") from None

    def _give_lock_back(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _tell(self, jobs: list[Job], notices: Notices) -> None:
        """On the writer's thread, after a commit: settle the futures, and tell the listeners, on their own loops."""
        if notices.changed:
            self.version += 1
        by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        for job in jobs:
            if isinstance(job.future, concurrent.futures.Future):
                _settle([job])
            else:
                by_loop.setdefault(job.future.get_loop(), []).append(job)
        for loop, _ in self._listeners:
            by_loop.setdefault(loop, [])
        for loop, own in by_loop.items():
            listeners = [listener for each, listener in self._listeners if each is loop]
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
                loop.call_soon_threadsafe(self._told, own, listeners, notices)

    def _told(self, jobs: list[Job], listeners: list[Listener], notices: Notices) -> None:
        if notices.changed:
            self._wake_waiting()
        _settle(jobs)
        for listener in listeners:
            listener(notices)


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        future: Any = job.future
        if future.done():  # its caller was cancelled; the work is done all the same
            continue
        if job.error is not None:
            future.set_exception(job.error)
        else:
            future.set_result(job.result)
