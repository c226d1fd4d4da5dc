"""How does the ledger lie in PostgreSQL, with any number of nodes at work on it?

Each node writes on one connection, in batches, as on SQLite. What SQLite gives by having one writer is given here by
advisory locks: a transaction names the receivers whose lanes it works on, and has them to itself until its commit, so
that no node sees half of what another decides about the same lane. The locks are taken in one order at the beginning,
so nobody waits in a circle. A unit that names no receivers has the whole ledger.

When the connection breaks, the writer connects anew. A transaction that was not committed is done again from its
beginning. Where the commit's answer was lost, the database is asked by the transaction's number whether it came about:
what was kept is not done again, what was not is not lost. If it cannot be asked in time the callers are told "not
stored", which may be wrong, and is harmless: a message handed in again is a duplicate, an attempt made again carries
the same bytes and id, and a lane that was claimed without our knowing is free again when its lease runs out.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import psycopg
import structlog
from psycopg import errors as sql

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import postgres_form, queries, times
from gateway.ledger.database import Failed, Gone, Spoilt, Verdict
from gateway.ledger.postgres_connection import Raw, clock_offset, connect, is_lost
from gateway.ledger.postgres_hearing import Hearing, written
from gateway.ledger.postgres_pipeline import Later, Pipeline
from gateway.ledger.postgres_reading import Reading
from gateway.ledger.session import Connection, Notices

PATIENCE_S: Final = 5.0
ASK_AGAIN_S: Final = 0.05
LOCK_ALL: Final = "SELECT pg_advisory_xact_lock(CAST(:ledger AS int), CAST(:shard AS int))"
LOCK_SOME: Final = "SELECT pg_advisory_xact_lock_shared(CAST(:ledger AS int), CAST(:shard AS int))"
"""Shard 0 stands for the whole ledger: who works on some receivers shares it, who works on all has it alone."""
GONE: Final = (
    sql.DeadlockDetected,
    sql.SerializationFailure,
    sql.AdminShutdown,
    sql.CrashShutdown,
    sql.IdleInTransactionSessionTimeout,
)
"""Errors after which nothing is left of the transaction."""
SHARDS: Final = 1023
"""Receivers are locked by the remainder of a checksum: two that share one wait for each other, nothing worse."""
log = structlog.get_logger(__name__)


class Postgres:
    """A ledger in a PostgreSQL database (its schema is the first of the search path)."""

    shared = True

    def __init__(self, address: str) -> None:
        """:raises ConfigurationError: it is no address of a PostgreSQL database."""
        try:
            psycopg.conninfo.conninfo_to_dict(address)
        except psycopg.Error:
            raise ConfigurationError("configuration.bad-value", path="gateway.ledger") from None
        self._address = address
        self.queries: Mapping[str, str] = queries.load("postgres")
        self.offset = 0
        """By how many microseconds the database's clock is ahead of ours."""
        self._reading = Reading(self.connect)
        self._hearing: Hearing | None = None

    def connect(self, *, read_only: bool = False) -> Raw:
        """A new connection, and a fresh look at the clock.

        :raises psycopg.Error: it cannot be had now.
        """
        connection = connect(self._address, read_only=read_only)
        self.offset = clock_offset(connection)
        return connection

    def open(self, heard: Callable[[Notices], None]) -> PostgresWriting:
        """As `Database.open`. A connection that breaks meanwhile is had anew, for as long as patience lasts."""
        until, told = time.monotonic() + PATIENCE_S, False
        while True:
            try:
                return self._opened(heard)
            except psycopg.Error as error:
                if not told:
                    log.error("ledger.not-opened", kind=type(error).__name__)
                    told = True
                if time.monotonic() >= until:
                    raise Unavailable("us.ledger-unreachable", path="gateway.ledger") from None
            time.sleep(ASK_AGAIN_S)

    def _opened(self, heard: Callable[[Notices], None]) -> PostgresWriting:
        connection = self.connect()
        try:
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise Unavailable("us.ledger-encoding")
            postgres_form.migrate(connection, postgres_form.available())
            row = connection.execute("SELECT hashtext(current_schema()) AS key").fetchone()
            assert row is not None
            key: int = row["key"]
            hearing = Hearing(self, key, heard)
            hearing.start()
        except BaseException:
            connection.close()
            raise
        self._hearing = hearing
        try:
            return PostgresWriting(self, connection, key, hearing.channel, hearing.node)
        except BaseException:
            self.close()
            raise

    @property
    def is_reachable(self) -> bool:
        """Whether the listening connection stands: it is the first to notice."""
        return self._hearing is None or self._hearing.is_connected

    def reading(self) -> Connection:
        """Connections that cannot write, a few for all threads."""
        return self._reading

    def clock(self) -> int:
        """The database's time, in microseconds: leases mean the same to every node, whatever its own clock says."""
        return times.now() + self.offset

    def close(self) -> None:
        """Stop listening, and close the reading connections."""
        if self._hearing is not None:
            self._hearing.stop()
            self._hearing = None
        self._reading.close()


class PostgresWriting:
    """The one connection of this node that writes."""

    is_local = False
    most_units = 60  # PostgreSQL remembers 64 savepoints of a transaction cheaply
    patience_s = PATIENCE_S

    def __init__(self, database: Postgres, connection: Raw, key: int, channel: str, node: str) -> None:
        """`key` tells the locks of this ledger from those of another in the same database."""
        self._database = database
        self._connection: Raw | None = None
        self._key = key
        self._channel = channel
        self._node = node
        self._use(connection)
        self._number: Later | None = None

    def execute(self, text: str, values: Mapping[str, Any] = {}, /) -> Later:
        """Send a statement; what went wrong is told when an answer is looked at, at the latest by `release`."""
        return self._pipeline.execute(text, values)

    def begin(self, touching: frozenset[str] | None) -> frozenset[str] | None:
        """Begin a transaction, and wait until no other node is at work on the same receivers."""
        if is_lost(self._connection):
            self._connect_anew()
        with self._whole():
            self.execute("BEGIN")
            self._number = self.execute("SELECT CAST(pg_current_xact_id() AS text) AS number")
            locks = [(LOCK_ALL, 0)] if touching is None else [(LOCK_SOME, 0)]
            locks += [(LOCK_ALL, shard) for shard in _shards(touching or ())]
            for lock, shard in locks:
                self.execute(lock, {"ledger": self._key, "shard": shard})
        return touching

    def savepoint(self) -> None:
        """From here a unit can be undone."""
        with self._whole():
            self.execute("SAVEPOINT unit")

    def release(self) -> None:
        """Keep the unit; the first error of it that nobody has looked at is told here."""
        if self._pipeline.is_read:
            self.execute("RELEASE unit")
        else:
            self.execute("RELEASE unit").wait()

    def undo(self) -> None:
        """Undo the unit, and only it."""
        with self._whole():
            with contextlib.suppress(psycopg.Error):
                self._pipeline.settle()
            self.execute("ROLLBACK TO unit")
            self.execute("RELEASE unit").wait()

    def settle(self) -> None:
        """Read the transaction's number, if no unit has waited for anything: without it nobody could find out."""
        if self._number is None or not self._number.is_here:
            self._pipeline.settle()

    def judge(self, error: Exception) -> Verdict:
        """Told by the type of the error: its words may quote a value."""
        if is_lost(self._connection) or isinstance(error, GONE):
            return "gone"
        if isinstance(error, sql.UniqueViolation):
            return "again"
        return "trouble" if isinstance(error, psycopg.OperationalError | psycopg.InternalError) else "unit"

    def commit(self, notices: Notices, units: int) -> None:
        """Commit, and tell the other nodes; if the answer is lost, find out.

        Durable after it: every unit of the batch. A crash before it: none, and nobody has been told. Doing it again is
        left to the writer, and happens only when it is certain that nothing was kept.
        """
        told = written(notices, self._node)
        try:
            if told is not None:
                self.execute("SELECT pg_notify(:channel, :told)", {"channel": self._channel, "told": told})
            ended = self.execute("COMMIT")
            self._pipeline.settle()
        except psycopg.Error as error:
            if not is_lost(self._connection) and not isinstance(error, GONE):
                raise Spoilt from None
            self._find_out()
            return
        if ended.status != "COMMIT":
            raise Gone

    def rollback(self) -> None:
        """Undo everything since `begin`; a connection that cannot do that is given up."""
        if self._connection is None:
            return
        try:
            with contextlib.suppress(psycopg.Error):
                self._pipeline.settle()
            self.execute("ROLLBACK")
            self._pipeline.settle()
        except (psycopg.Error, OSError):
            self._connection.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """What goes wrong inside concerns the whole transaction."""
        try:
            yield
        except psycopg.Error:
            raise Gone from None

    def _use(self, connection: Raw) -> None:
        self._connection = connection
        self._process = connection.info.backend_pid
        self._pipeline = Pipeline(connection)

    def _connect_anew(self) -> None:
        try:
            self._use(self._connected())
        except psycopg.Error:
            raise Gone from None
        log.info("ledger.connected")

    def _connected(self) -> Raw:
        """A new connection in place of the old one, which is given up.

        :raises psycopg.Error: it cannot be had now.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            return self._database.connect()
        except psycopg.Error as error:
            log.error("ledger.unreachable", kind=type(error).__name__)
            raise

    def _find_out(self) -> None:
        """Whether the transaction whose commit was not answered came about: returns if so.

        :raises Gone: it did not, and never will.
        :raises Failed: nobody can say yet.
        """
        assert self._number is not None
        row = self._number.fetchone()
        number, process = "" if row is None else row["number"], self._process
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status = self._status_of(number, process)
            log.warning("ledger.commit-looked-up", status=status)
            if status == "committed":
                return
            if status == "aborted":
                raise Gone
            time.sleep(ASK_AGAIN_S)
        raise Failed

    def _status_of(self, transaction: str, process: int) -> str | None:
        """What became of a transaction; while it has not ended, its session is told to end. None: not known."""
        try:
            connection = self._connected()
            row = connection.execute("SELECT pg_xact_status(%s::xid8) AS status", (transaction,)).fetchone()
            status: str | None = None if row is None else row["status"]
            if status == "in progress":
                connection.execute("SELECT pg_terminate_backend(%s::int)", (process,))
            self._use(connection)
        except psycopg.Error:
            return None
        return status


def _shards(touching: Iterable[str]) -> list[int]:
    """The numbers of the locks of these receivers, in the one order in which everybody takes them."""
    return sorted({1 + zlib.crc32(her_id.encode()) % SHARDS for her_id in touching})
