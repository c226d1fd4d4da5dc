"""Where is the ledger, who may change it, and how does one hear of changes?

One object a process. What it needs of a database stands in `database.py`; `sqlite.py` and `postgres.py` provide it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger.database import Database
from gateway.ledger.session import Connection, Notices, Session
from gateway.ledger.sqlite import Sqlite
from gateway.ledger.writer import Job, Writer

Result = TypeVar("Result")
Listener = Callable[[Notices], None]


def database_at(place: str) -> Database:
    """The database of a ledger: "sqlite:<path>" or "postgresql://…".

    :raises ConfigurationError: its driver is not installed, or the address cannot be one.
    """
    if place.startswith("sqlite:"):
        return Sqlite(Path(place.removeprefix("sqlite:")))
    try:
        from gateway.ledger.postgres import Postgres
    except ImportError:
        raise ConfigurationError("configuration.driver-missing", path="gateway.ledger") from None
    return Postgres(place)


class Ledger:
    """One open ledger. `open` it, `write` units of work, `close` it."""

    def __init__(self, database: Database | Path) -> None:
        """`database`: where it lies; a path: a SQLite file."""
        self.version = 0
        """Counts the commits that changed something a page shows, as far as this process has heard of them."""
        self.is_ending = False
        """The process is about to stop: nobody should begin to wait for a change."""
        self._database: Database = Sqlite(database) if isinstance(database, Path) else database
        self._writer: Writer | None = None
        self._listeners: list[tuple[asyncio.AbstractEventLoop, Listener]] = []
        self._waiting_for_change: set[asyncio.Future[None]] = set()
        self._version_lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def open(self) -> None:
        """Open it (it is made if it is not there), bring it to this version's form, start to write.

        :raises Unavailable: us.ledger-locked, us.ledger-newer, us.ledger-damaged, us.ledger-encoding,
            us.ledger-not-opened, us.ledger-unreachable.
        """
        self.is_ending = False
        connection = self._database.open(self._heard_from_others)
        self._writer = Writer(connection, self._database.queries, self._tell)
        self._writer.start()

    def end_before_closing(self, end: Callable[[], None]) -> None:
        """Call `end` before the next close: for who reads in a thread of its own. A connection that is closed while
        another thread reads with it takes the process down."""
        self._ends.append(end)

    def close(self) -> None:
        """Finish what waits to be written, and close everything."""
        while self._ends:
            self._ends.pop()()
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        self._database.close()

    @property
    def is_ready(self) -> bool:
        """Whether it is open, its database can be reached, and the last commit succeeded."""
        return self._writer is not None and not self._writer.failed and self._database.is_reachable

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on it at the same time."""
        return self._database.shared

    @property
    def queries(self) -> Mapping[str, str]:
        """Every statement by its name."""
        return self._database.queries

    @property
    def commits(self) -> int:
        """How many commits there were since it was opened."""
        return 0 if self._writer is None else self._writer.commits

    def clock(self) -> int:
        """The present time in microseconds, the same for every process that works on this ledger."""
        return self._database.clock()

    async def write(
        self,
        unit: Callable[[Session], Result],
        *,
        touching: Iterable[str] | None = None,
        is_brief: bool = False,
    ) -> Result:
        """Run a unit of work in a transaction; returns after its commit.

        It has the lanes and deliveries of the receivers in `touching` (HER-ids) to itself, so that what it reads there
        stays true until its commit; None: all of them. A unit may be run more than once before it is committed once:
        it changes nothing but the database, and reads the clock itself.

        `is_brief`: a few statements about one message that is not large; it may be run on this event loop.

        A caller that is cancelled meanwhile does not undo it: the unit is done, and its notices are told.

        :raises Unavailable: us.not-stored: the commit failed; us.shutting-down: the ledger is closed.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._open_writer().put(
            Job(unit, future, None if touching is None else frozenset(touching), is_brief)
        )
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

    def reading(self) -> Connection:
        """A connection for reading, for this thread; it cannot write."""
        return self._database.reading()

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise Unavailable("us.shutting-down")
        return self._writer

    def _heard_from_others(self, notices: Notices) -> None:
        """On any thread: another process has committed something, or may have without our hearing of it."""
        self._tell([], notices)

    def _tell(self, jobs: list[Job], notices: Notices) -> None:
        """After a commit: settle the futures, and tell the listeners, each on its own loop."""
        if notices.changed:
            with self._version_lock:
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
