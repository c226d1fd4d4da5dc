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
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import psycopg
import structlog
from psycopg import errors as sql

from gateway.errors import ConfigurationError, Unavailable
from gateway.ledger import postgres_form, queries, times
from gateway.ledger.database import Failed, Gone, Verdict
from gateway.ledger.postgres_connection import Raw, clock_offset, connect, is_lost, said
from gateway.ledger.postgres_hearing import Hearing, written
from gateway.ledger.postgres_reading import Reading
from gateway.ledger.session import Answer, Connection, Notices

PATIENCE_S: Final = 5.0
ASK_AGAIN_S: Final = 0.05
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
        """As `Database.open`."""
        try:
            connection = self.connect()
            try:
                postgres_form.migrate(connection, postgres_form.available())
                row = connection.execute("SELECT hashtext(current_schema()) AS key").fetchone()
                assert row is not None
                key: int = row["key"]
                self._hearing = Hearing(self, key, heard)
                self._hearing.start()
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            log.error("ledger.not-opened", kind=type(error).__name__)
            raise Unavailable("us.ledger-unreachable") from None
        return PostgresWriting(self, connection, key, self._hearing.channel, self._hearing.node)

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

    patience_s = PATIENCE_S

    def __init__(self, database: Postgres, connection: Raw, key: int, channel: str, node: str) -> None:
        """`key` tells the locks of this ledger from those of another in the same database."""
        self._database = database
        self._connection: Raw | None = connection
        self._key = key
        self._channel = channel
        self._node = node
        self._transaction = ""
        self._process = connection.info.backend_pid

    def execute(self, text: str, values: Mapping[str, Any] = {}, /) -> Answer:
        """Run a statement.

        :raises Gone: the connection is.
        """
        try:
            return self._open().execute(said(text), values, binary=True)
        except psycopg.Error:
            if is_lost(self._connection):
                raise Gone from None
            raise

    def begin(self, touching: frozenset[str] | None) -> frozenset[str] | None:
        """Begin a transaction, and wait until no other node is at work on the same receivers."""
        if is_lost(self._connection):
            self._connect_anew()
        with self._whole():
            connection = self._open()
            with connection.pipeline():
                connection.execute("BEGIN")
                number = connection.execute("SELECT CAST(pg_current_xact_id() AS text) AS number")
                if touching is None:
                    connection.execute("SELECT pg_advisory_xact_lock(%s::int, 0)", (self._key,))
                else:
                    connection.execute("SELECT pg_advisory_xact_lock_shared(%s::int, 0)", (self._key,))
                    connection.execute(
                        "SELECT pg_advisory_xact_lock(%s::int, shard) FROM unnest(%s::int[]) shard",
                        (self._key, _shards(touching)),
                    )
            row = number.fetchone()
            self._transaction = "" if row is None else row["number"]
        return touching

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

    def judge(self, error: Exception) -> Verdict:
        """Told by the type of the error: its words may quote a value."""
        if is_lost(self._connection) or isinstance(error, sql.DeadlockDetected | sql.SerializationFailure):
            return "gone"
        if isinstance(error, sql.UniqueViolation):
            return "again"
        return "trouble" if isinstance(error, psycopg.OperationalError | psycopg.InternalError) else "unit"

    def commit(self, notices: Notices) -> None:
        """Commit, and tell the other nodes; if the answer is lost, find out.

        Durable after it: every unit of the batch. A crash before it: none, and nobody has been told. Doing it again is
        left to the writer, and happens only when it is certain that nothing was kept.
        """
        told = written(notices, self._node)
        try:
            connection = self._open()
            with connection.pipeline():
                if told is not None:
                    connection.execute("SELECT pg_notify(%s, %s)", (self._channel, told))
                ended = connection.execute("COMMIT")
        except psycopg.Error:
            if not is_lost(self._connection):
                raise Gone from None
            self._find_out()
            return
        if ended.statusmessage != "COMMIT":
            raise Gone

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        if self._connection is not None and not is_lost(self._connection):
            with contextlib.suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> Raw:
        if self._connection is None:
            raise Gone
        return self._connection

    def _do(self, text: str) -> None:
        with self._whole():
            self.execute(text)

    @contextlib.contextmanager
    def _whole(self) -> Any:
        """What goes wrong inside concerns the whole transaction."""
        try:
            yield
        except psycopg.Error:
            raise Gone from None

    def _connect_anew(self) -> None:
        try:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._connection = self._database.connect()
            self._process = self._connection.info.backend_pid
        except psycopg.Error as error:
            log.error("ledger.unreachable", kind=type(error).__name__)
            raise Gone from None
        log.info("ledger.connected")

    def _find_out(self) -> None:
        """Whether the transaction whose commit was not answered came about: returns if so.

        :raises Gone: it did not, and never will.
        :raises Failed: nobody can say yet.
        """
        number, process = self._transaction, self._process
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
        """What became of a transaction; while it has not ended, its session is told to end."""
        try:
            if is_lost(self._connection):
                self._connect_anew()
            connection = self._open()
            row = connection.execute("SELECT pg_xact_status(%s::xid8) AS status", (transaction,)).fetchone()
            status: str | None = None if row is None else row["status"]
            if status == "in progress":
                connection.execute("SELECT pg_terminate_backend(%s::int)", (process,))
        except (Gone, psycopg.Error):
            return None
        return status


def _shards(touching: Iterable[str]) -> list[int]:
    """The numbers of the locks of these receivers, in the one order in which everybody takes them."""
    return sorted({1 + zlib.crc32(her_id.encode()) % SHARDS for her_id in touching})
