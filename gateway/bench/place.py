"""Where does the ledger of one measured run lie? In a file of its own, or in a schema of its own on PostgreSQL."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Place:
    """A fresh ledger, and how many gateways work on it."""

    ledger: str = "sqlite:somlos.db"
    """As in the settings; a file is in the folder of the run."""
    other: str = "sqlite:somlos.db"
    """Of a second gateway, in a folder of its own, with which the first is compared."""
    nodes: int = 1


@contextlib.contextmanager
def fresh(postgres: str | None, nodes: int) -> Iterator[Place]:
    """A new ledger; `postgres`: address of a database where schemas may be made (and are dropped again)."""
    if postgres is None:
        yield Place()
        return
    import psycopg

    with (
        psycopg.connect(postgres, autocommit=True) as connection,
        _schema(connection, postgres) as ledger,
        _schema(connection, postgres) as other,
    ):
        yield Place(ledger, other, nodes)


@contextlib.contextmanager
def _schema(connection: psycopg.Connection[Any], postgres: str) -> Iterator[str]:
    """The address of a new schema, which is dropped in the end."""
    name = f"somlos_bench_{secrets.token_hex(6)}"
    connection.execute(f"CREATE SCHEMA {name}")
    try:
        mark = "&" if "?" in postgres else "?"
        yield f"{postgres}{mark}options=-csearch_path%3D{name}"
    finally:
        connection.execute(f"SET client_min_messages = warning; DROP SCHEMA {name} CASCADE")


def version(postgres: str | None) -> str:
    """Which database, for the conditions of a figure."""
    import sqlite3

    if postgres is None:
        return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
    import psycopg

    with psycopg.connect(postgres) as connection:
        said = connection.execute(
            "SELECT version(), current_setting('synchronous_commit'), current_setting('fsync')"
        )
        found = said.fetchone()
    assert found is not None
    return f"{' '.join(found[0].split()[:2])}, synchronous_commit={found[1]}, fsync={found[2]}"
