"""How do many small units of work become few disk flushes, without one spoiling another?

One thread owns the only connection of this process that writes. It takes every unit that waits, has one run after the
other, and commits them together: while the disk flushes, the next ones gather. (Where the database is in this process,
a crowd of brief units is run on the event loop, while this thread waits: `turn`. Where it is not, units that know their
questions ask them together: `asking`.) Where one of them fails, which is seldom, all are undone and run once more, each
in a savepoint of its own: the one that fails is rolled back to it, and only its own caller hears of it. Nobody hears
"done" before the commit.

Durable after the commit: every unit of the batch that did not fail. A crash before it: none of them, and no caller has
been told otherwise. Doing a unit again is harmless because each looks first at what the database says; where a
connection breaks, the writer itself does the whole batch again, once it is certain that nothing of it was kept.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.errors import Unavailable
from gateway.ledger.asking import Asking, in_rounds
from gateway.ledger.database import Failed, Gone, Spoilt, Writing
from gateway.ledger.session import BeyondReach, Notices, Session
from gateway.ledger.turn import Turn

MOST_TRIES: Final = 3
"""How often a unit is run when another node's commit comes between."""
PAUSE_S: Final = 0.05
"""Between two tries of a transaction that was lost."""

CROWD: Final = 4
"""Units of one commit from which on handing them to the event loop costs less than contending with it."""

Unit = Callable[[Session], Any]
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Job:
    """A unit of work, and afterwards what came of it."""

    unit: Unit
    future: Any
    """An asyncio future (with its loop) or a concurrent one; the ledger settles it."""
    touching: frozenset[str] | None = None
    """HER-ids whose lanes it works on; None: the whole ledger."""
    is_brief: bool = False
    """It holds nobody up where it is run."""
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The thread that writes."""

    def __init__(
        self, connection: Writing, queries: Mapping[str, str], tell: Callable[[list[Job], Notices], None]
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
            job, jobs = self._waiting.get(), list[Job]()
            while True:
                if job is None:
                    ending = True
                else:
                    jobs.append(job)
                if ending or len(jobs) >= self._connection.most_units:
                    break
                try:
                    job = self._waiting.get_nowait()
                except queue.Empty:
                    break
            if jobs:
                self._tell(jobs, self._commit(jobs))

    def _commit(self, jobs: list[Job]) -> Notices:
        """Commit the batch; again from its beginning when it was lost, as long as the connection's patience lasts."""
        until = time.monotonic() + (0.0 if self.failed else self._connection.patience_s)
        apart = False
        while True:
            try:
                return self._transaction(jobs, apart=apart)
            except BeyondReach:  # the unit has the whole ledger from now on
                self._connection.rollback()
                continue
            except Spoilt:
                if not apart:
                    self._connection.rollback()
                    apart = True
                    continue
                again = time.monotonic() < until
            except Gone:
                again = time.monotonic() < until
            except Failed:
                again = False
            except Exception as error:  # a fault of ours must not end the thread that everybody waits for
                log.error("ledger.writer-failed", kind=type(error).__name__)
                again = False
            self._connection.rollback()
            if not again:
                break
            time.sleep(PAUSE_S)
        self.failed = True
        for job in jobs:
            job.result, job.error = None, Unavailable("us.not-stored")
        return Notices()

    def _transaction(self, jobs: list[Job], *, apart: bool) -> Notices:
        """Run and commit all of them; `apart`: each in a savepoint of its own.

        :raises Spoilt: one failed, and they did not run apart.
        """
        notices, all_well = Notices(), True

        def run() -> None:
            nonlocal all_well
            all_well = self._run(jobs, notices, apart=apart)

        loop = _loop_of(jobs) if self._connection.is_local else None
        if loop is None:
            run()
        else:
            Turn(run).on(loop)
        self._connection.commit(notices, sum(job.error is None for job in jobs))
        self.commits += 1
        self.failed = not all_well
        return notices

    def _run(self, jobs: list[Job], notices: Notices, *, apart: bool) -> bool:
        """Begin a transaction and run all of them in it; whether the database could do what it should."""
        touching = self._connection.begin(_together(jobs))
        if not apart:
            return self._run_together(jobs, touching, notices)
        well = [self._run_apart(job, touching, notices) for job in jobs]
        return all(well)

    def _run_together(self, jobs: list[Job], touching: frozenset[str] | None, notices: Notices) -> bool:
        """Run units none of which can be undone alone."""
        rounds = (
            ([job] for job in jobs) if self._connection.is_local else in_rounds(jobs, lambda job: job.unit)
        )
        try:
            for together in rounds:
                asking = Session(self._connection, self._queries, touching)
                units = [_begun(job.unit, asking) for job in together]
                for job, unit in zip(together, units, strict=True):
                    job.error = None
                    job.result = self._done(job, unit, touching, notices)
            self._connection.settle()
        except (BeyondReach, Gone, Failed):
            raise
        except Exception as error:
            if self._connection.judge(error) == "gone":
                raise Gone from error
            raise Spoilt from None
        return True

    def _run_apart(self, job: Job, touching: frozenset[str] | None, notices: Notices) -> bool:
        """Run one unit in its savepoint; False: the database could not do what it should (disk full, for one)."""
        job.result = job.error = None
        for tries in range(1, MOST_TRIES + 1):
            self._connection.savepoint()
            try:
                own = Notices()
                job.result = self._done(job, job.unit, touching, own)
                self._connection.release()
            except (BeyondReach, Gone, Failed):
                raise
            except Exception as error:
                verdict = self._connection.judge(error)
                if verdict == "gone":
                    raise Gone from error
                self._connection.undo()
                if verdict == "again" and tries < MOST_TRIES:
                    continue
                job.result, job.error = None, Unavailable("us.not-stored") if verdict == "trouble" else error
                return verdict != "trouble"
            notices.add(own)
            return True
        return True

    def _done(self, job: Job, unit: Unit, touching: frozenset[str] | None, notices: Notices) -> Any:
        """What the job's unit, or what is left of it, gives; its notices are added if it succeeds."""
        session = Session(self._connection, self._queries, touching)
        try:
            result = unit(session)
        except BeyondReach:
            job.touching = None
            raise
        notices.add(session.notices)
        return result


def _begun(unit: Unit, session: Session) -> Unit:
    """What is left of a unit when its questions have been sent: all of it, if it does not know them yet."""
    return unit.begin(session) if isinstance(unit, Asking) else unit


def _loop_of(jobs: list[Job]) -> asyncio.AbstractEventLoop | None:
    """The event loop on which these units should be run; None: they are few, or one of them would hold it up."""
    if len(jobs) < CROWD or not all(job.is_brief for job in jobs):
        return None
    loop: asyncio.AbstractEventLoop = jobs[0].future.get_loop()
    return loop


def _together(jobs: list[Job]) -> frozenset[str] | None:
    """What all of them work on."""
    together: set[str] = set()
    for job in jobs:
        if job.touching is None:
            return None
        together |= job.touching
    return frozenset(together)
