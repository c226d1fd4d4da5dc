"""How do many small units of work become few disk flushes, without one spoiling another?

One thread owns the only connection that writes. It takes every unit that waits, runs each in a savepoint of its own,
and commits them together: while the disk flushes, the next ones gather. A unit that fails is rolled back to its
savepoint and only its own caller hears of it. Nobody hears "done" before the commit.

Durable after the commit: every unit of the batch that did not fail. A crash before it: none of them, and no caller has
been told otherwise. Doing a unit again is harmless because each looks first at what the database says.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import Unavailable
from gateway.ledger.session import Notices, Session

MOST_IN_A_COMMIT: Final = 256

Unit = Callable[[Session], Any]


@dataclass(slots=True)
class Job:
    """A unit of work, and afterwards what came of it."""

    unit: Unit
    future: Any
    """An asyncio future (with its loop) or a concurrent one; the ledger settles it."""
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The thread that writes."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        queries: dict[str, str],
        tell: Callable[[list[Job], Notices], None],
    ) -> None:
        """`connection` is used by this thread only, from now on; `tell` is called on it after each commit."""
        self._connection = connection
        self._queries = queries
        self._tell = tell
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self.failed = False
        """The last commit failed (disk full, for one); the next success clears it."""
        self.commits = 0
        """How many there were."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Have a unit of work done; from any thread."""
        self._waiting.put(job)

    def stop(self) -> None:
        """Finish what waits, then end."""
        self._waiting.put(None)
        self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        ending = False
        while not ending:
            jobs: list[Job] = []
            job = self._waiting.get()
            while True:
                if job is None:
                    ending = True
                else:
                    jobs.append(job)
                if ending or len(jobs) >= MOST_IN_A_COMMIT:
                    break
                try:
                    job = self._waiting.get_nowait()
                except queue.Empty:
                    break
            if jobs:
                self._tell(jobs, self._commit(jobs))

    def _commit(self, jobs: list[Job]) -> Notices:
        notices = Notices()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            all_well = [self._run(job, notices) for job in jobs]
            self._connection.execute("COMMIT")
            self.commits += 1
            self.failed = not all(all_well)
        except sqlite3.Error:
            # The transaction is gone as a whole: disk full, an I/O error, a lock held too long.
            self.failed = True
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.result, job.error = None, Unavailable("us.not-stored")
            return Notices()
        return notices

    def _run(self, job: Job, notices: Notices) -> bool:
        """Run one unit in its savepoint; False: the database could not do what it should (disk full, for one)."""
        session = Session(self._connection, self._queries)
        self._connection.execute("SAVEPOINT unit")
        try:
            job.result = job.unit(session)
        except Exception as error:
            if not self._connection.in_transaction:  # the database has given up the whole transaction
                raise sqlite3.OperationalError from error
            self._connection.execute("ROLLBACK TO unit")
            troubled = isinstance(error, sqlite3.OperationalError)
            job.error = Unavailable("us.not-stored") if troubled else error
        else:
            troubled = False
            notices.add(session.notices)
        self._connection.execute("RELEASE unit")
        return not troubled
