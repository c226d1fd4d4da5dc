"""How do many threads read from PostgreSQL over a few connections?

A read borrows a connection for one statement. A connection that broke is replaced, and the read done once more: reading
again is harmless.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

import psycopg
import structlog

from gateway.errors import Unavailable
from gateway.ledger.postgres_connection import PostgresRow, Raw, is_lost, said

MOST: Final = 4
"""Reading connections of one node."""
TRIES: Final = MOST + 1
"""When the database has restarted, every connection at hand is a broken one."""
log = structlog.get_logger(__name__)


class Connect(Protocol):
    """Gives a new connection."""

    def __call__(self, *, read_only: bool) -> Raw: ...


class Rows:
    """The rows of an answer, all fetched."""

    def __init__(self, rows: list[PostgresRow]) -> None:
        self._rows = rows
        self._next = 0

    @property
    def rowcount(self) -> int:
        """How many there are."""
        return len(self._rows)

    def fetchone(self) -> PostgresRow | None:
        """The next one."""
        self._next += 1
        return self._rows[self._next - 1] if self._next <= len(self._rows) else None

    def fetchall(self) -> list[PostgresRow]:
        """Those that are left."""
        rest, self._next = self._rows[self._next :], len(self._rows)
        return rest

    def __iter__(self) -> Any:
        return iter(self.fetchall())


class Reading:
    """Connections that cannot write."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._idle: queue.LifoQueue[Raw] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(MOST)

    def execute(self, text: str, values: Mapping[str, Any] = {}, /) -> Rows:
        """Ask one question.

        :raises Unavailable: us.ledger-unreachable.
        """
        with self._places:
            for _ in range(TRIES):
                connection = self._take()
                try:
                    rows = connection.execute(said(text), values, binary=True).fetchall()
                except psycopg.OperationalError:
                    if is_lost(connection):
                        continue
                    self._idle.put(connection)
                    break
                except BaseException:
                    self._idle.put(connection)
                    raise
                self._idle.put(connection)
                return Rows(rows)
        raise Unavailable("us.ledger-unreachable")

    def close(self) -> None:
        """Close those that nobody uses."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _take(self) -> Raw:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        try:
            return self._connect(read_only=True)
        except psycopg.Error as error:
            log.error("ledger.unreachable", kind=type(error).__name__)
            raise Unavailable("us.ledger-unreachable") from None
