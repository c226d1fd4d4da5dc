"""What is a connection to PostgreSQL like here?

Statements are written once for both databases: `:name` becomes psycopg's placeholder, numbers are 64 bits wide,
booleans are 0 and 1, a row is found by name or place. A session dies rather than hang: with the node stopped in the
middle of a transaction its locks would hold up every other node.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.types.numeric import Int8BinaryDumper

CONNECT_LIMIT_S: Final = 5
PREPARED: Final = 400
ASKED: Final = 3
"""How often the database is asked for the time, to know it once."""
SESSION: Final = """
    SET synchronous_commit = on;
    SET idle_in_transaction_session_timeout = '5s';
    SET statement_timeout = '30s';
    SET lock_timeout = '20s';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_bitmapscan = off;
    SET enable_sort = off;
    SET jit = off
"""
"""A commit that returned is on the disk. The plans are those for a full ledger, whatever the statistics know yet."""
READ_ONLY: Final = "SET default_transaction_read_only = on"
_PLACEHOLDER: Final = re.compile(r"(?<!:):([a-z_]+)\b")

Raw = psycopg.Connection["PostgresRow"]


class PostgresRow:
    """A row, by column name or place."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Sequence[Any]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, column: str | int, /) -> Any:
        return self._values[column if isinstance(column, int) else self._places[column]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        """The names of the columns."""
        return list(self._places)


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PostgresRow]:
    places = {column.name: place for place, column in enumerate(cursor.description or ())}
    return lambda values: PostgresRow(places, values)


def connect(address: str, *, read_only: bool = False) -> Raw:
    """A new connection.

    :raises psycopg.Error: it cannot be had now.
    """
    connection = psycopg.Connection[PostgresRow].connect(
        address,
        autocommit=True,
        row_factory=_rows,
        connect_timeout=CONNECT_LIMIT_S,
        fallback_application_name="somlos",
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )
    try:
        connection.prepare_threshold = 1
        connection.prepared_max = PREPARED
        for kind in (int, bool):
            connection.adapters.register_dumper(kind, Int8BinaryDumper)
        connection.execute(SESSION)
        if read_only:
            connection.execute(READ_ONLY)
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def said(text: str) -> str:
    """A statement of the .sql files, as psycopg wants it. They are our own files: nothing of a message is in them."""
    return _PLACEHOLDER.sub(r"%(\1)s", text.replace("%", "%%"))


def is_lost(connection: Raw | None) -> bool:
    """Whether nothing more can be done with it."""
    return connection is None or connection.closed or connection.broken


def clock_offset(connection: Raw) -> int:
    """By how many microseconds the database's clock is ahead of this machine's. Of several answers the quickest counts:
    a process that was held up between asking and being told does not know when it was told the time."""
    asked = [_clocks(connection) for _ in range(ASKED)]
    before, now, after = min(asked, key=lambda clocks: clocks[2] - clocks[0])
    return now - (before + after) // 2000


def _clocks(connection: Raw) -> tuple[int, int, int]:
    """Our clock (nanoseconds), the database's (microseconds), and ours again."""
    before = time.time_ns()
    row = connection.execute(
        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS now"
    ).fetchone()
    assert row is not None
    return before, int(row["now"]), time.time_ns()
