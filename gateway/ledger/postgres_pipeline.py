"""How do the many small statements of a transaction reach PostgreSQL without waiting for each one's answer?

libpq's pipeline: a statement is sent when it comes, and its answer is waited for when somebody looks at it. Most
statements of a unit of work are never looked at; one look at the end of the unit finds out whether all went well. Each
statement is prepared once in a session, for each combination of types it is given.

After an error PostgreSQL passes over everything up to the next point of synchronisation. Every wait sets one: a session
whose node has stopped is then idle in the database's eyes, and it ends such sessions, with the locks they hold.
"""

from __future__ import annotations

import re
import select
import struct
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import psycopg
from psycopg import pq

from gateway.ledger.postgres_connection import PostgresRow

_PLACEHOLDER: Final = re.compile(r"(?<!:):([a-z_]+)\b")
_ENDED: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
_INT8, _BYTEA, _FLOAT8, _UNSAID = 20, 17, 701, 0
_text: Final[Callable[[bytes], str]] = bytes.decode


def _integer(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _float(value: bytes) -> float:
    found: float = struct.unpack("!d", value)[0]
    return found


_READ: Final[Mapping[int, Callable[[bytes], Any]]] = {
    16: lambda value: value == b"\x01",
    _BYTEA: bytes,
    _INT8: _integer,
    21: _integer,
    23: _integer,
    26: _integer,
    19: _text,
    25: _text,
    1043: _text,
    705: _text,
    _FLOAT8: _float,
    2278: lambda value: None,
}
"""How the types (by their oid) are read that our statements give."""


@cache
def _numbered(text: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with numbered placeholders, and the names that belong to the numbers."""
    names: dict[str, int] = {}
    said = _PLACEHOLDER.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", text)
    return said.encode(), tuple(names)


def _written(value: Any) -> tuple[int, bytes | None, int]:
    """The type, the bytes and the format (0: text) in which a value travels."""
    match value:
        case None:
            return _UNSAID, None, 0
        case bytes():
            return _BYTEA, value, 1
        case bool() | int():
            return _INT8, b"%d" % value, 0
        case str() if "\0" in value:
            raise psycopg.DataError  # libpq would end the text there
        case str():
            return _UNSAID, value.encode(), 0
        case float():
            return _FLOAT8, repr(value).encode(), 0
    raise TypeError(type(value).__name__)


class _Statement:
    """One prepared statement."""

    __slots__ = ("name", "places", "reads")

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.places: dict[str, int] | None = None
        self.reads: list[Callable[[bytes], Any]] = []

    def rows(self, result: pq.abc.PGresult) -> list[PostgresRow]:
        """The rows of an answer."""
        if self.places is None:
            columns = range(result.nfields)
            self.reads = [_READ[result.ftype(column)] for column in columns]
            self.places = {(result.fname(column) or b"").decode(): column for column in columns}
        places, reads = self.places, list(enumerate(self.reads))
        rows = []
        for number in range(result.ntuples):
            raw = [result.get_value(number, column) for column, _ in reads]
            rows.append(
                PostgresRow(
                    places,
                    [None if raw[at] is None else read(raw[at]) for at, read in reads],  # type: ignore[arg-type]
                )
            )
        return rows


class Later:
    """What a statement gave, waited for when it is asked."""

    __slots__ = ("_next", "_pipeline", "_rows", "result", "statement")

    def __init__(self, pipeline: Pipeline, statement: _Statement | None) -> None:
        self._pipeline = pipeline
        self._rows: list[PostgresRow] | None = None
        self._next = 0
        self.statement = statement
        self.result: pq.abc.PGresult | None = None

    @property
    def is_here(self) -> bool:
        """Whether it need not be waited for."""
        return self.result is not None

    def wait(self) -> pq.abc.PGresult:
        """The raw answer.

        :raises psycopg.Error: of this statement, or of another that nobody has looked at.
        """
        if self.result is None:
            self._pipeline.settle()
        assert self.result is not None
        return self.result

    @property
    def rowcount(self) -> int:
        """How many rows were changed or found."""
        return self.wait().command_tuples or 0

    @property
    def lastrowid(self) -> int | None:
        """The key that the statement returns of the one row it inserted."""
        row = self.fetchone()
        return None if row is None else row[0]

    @property
    def status(self) -> str:
        """What the database says it has done."""
        return (self.wait().command_status or b"").decode()

    def fetchone(self) -> PostgresRow | None:
        """The next row."""
        rows = self._all()
        self._next += 1
        return rows[self._next - 1] if self._next <= len(rows) else None

    def fetchall(self) -> list[PostgresRow]:
        """The rows that are left."""
        rest, self._next = self._all()[self._next :], len(self._all())
        return rest

    def _all(self) -> list[PostgresRow]:
        if self._rows is None:
            assert self.statement is not None
            self._rows = self.statement.rows(self.wait())
        return self._rows


class Pipeline:
    """A session of PostgreSQL, in pipeline mode from now on. Used by one thread only."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._raw = connection.pgconn
        self._raw.enter_pipeline_mode()
        self._poll = select.poll()
        self._statements: dict[tuple[str, tuple[int, ...]], _Statement] = {}
        self._sent: deque[Later | None] = deque()
        """Statements whose answers have not been read, and points of synchronisation (None)."""

    @property
    def is_read(self) -> bool:
        """Whether every answer has been read."""
        return not any(self._sent)

    def execute(self, text: str, values: Mapping[str, Any]) -> Later:
        """Send a statement.

        :raises psycopg.OperationalError: the connection broke.
        """
        said, names = _numbered(text)
        written = [_written(values[name]) for name in names]
        types = tuple([each[0] for each in written])
        statement = self._statements.get((text, types))
        if statement is None:
            statement = _Statement(b"s%d" % len(self._statements))
            self._raw.send_prepare(statement.name, said, types)
            self._sent.append(_Preparing(self, (text, types)))
            self._statements[text, types] = statement
        self._raw.send_query_prepared(
            statement.name, [each[1] for each in written], [each[2] for each in written], 1
        )
        later = Later(self, statement)
        self._sent.append(later)
        return later

    def settle(self) -> None:
        """Read every answer, as they come together; whatever went wrong, statements work again afterwards.

        :raises psycopg.Error: the first error among them.
        """
        self._synchronise()
        first: psycopg.Error | None = None
        while self._sent:
            try:
                self._read_one()
            except psycopg.Error as error:
                if self._raw.status == pq.ConnStatus.BAD:
                    raise
                first = first or error
        if first is not None:
            raise first

    def _synchronise(self) -> None:
        self._raw.pipeline_sync()
        self._sent.append(None)

    def _read_one(self) -> None:
        later = self._sent[0]
        result = self._next_result()
        if result is None:  # the connection is no more
            raise psycopg.OperationalError
        self._sent.popleft()
        if later is None:
            return
        later.result = result
        self._next_result()  # the end of this statement's answer
        if result.status in _ENDED:
            return
        if isinstance(later, _Preparing):
            self._statements.pop(later.key, None)
        if result.status == pq.ExecStatus.PIPELINE_ABORTED:
            raise psycopg.errors.PipelineAborted
        raise psycopg.errors.error_from_result(result)

    def _next_result(self) -> pq.abc.PGresult | None:
        """The next piece of what the database sends; waits for it, and sends meanwhile what has not left yet."""
        raw = self._raw
        unsent = raw.flush()
        while unsent or raw.is_busy():
            self._poll.register(raw.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            ready = self._poll.poll()
            if any(event & ~select.POLLOUT for _, event in ready):
                raw.consume_input()
            unsent = raw.flush()
        return raw.get_result()


class _Preparing(Later):
    """The answer to a statement's preparation."""

    __slots__ = ("key",)

    def __init__(self, pipeline: Pipeline, key: tuple[str, tuple[int, ...]]) -> None:
        super().__init__(pipeline, None)
        self.key = key
