"""On which database does a test keep its ledger? A file of its own, or a schema of its own in a PostgreSQL database.

SOMLOS_POSTGRES names a database where the tests may make schemas (default: one on this machine). Where there is none,
those tests skip.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

POSTGRES = os.environ.get("SOMLOS_POSTGRES") or "postgresql://postgres@127.0.0.1:5432/test"
WITHOUT_POSTGRES = "no PostgreSQL for the tests: apt-get install postgresql, then SOMLOS_POSTGRES=postgresql://user@host/database"
PATIENT_KEY = "a patient key for tests only"

_chosen: str | None = None


@cache
def has_postgres() -> bool:
    """Whether the tests can use a PostgreSQL."""
    try:
        import psycopg

        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except Exception:
        return False
    return True


@contextlib.contextmanager
def schema() -> Iterator[str]:
    """The address of a schema of its own, which is dropped afterwards."""
    import psycopg

    name = f"somlos_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            mark = "&" if "?" in POSTGRES else "?"
            yield f"{POSTGRES}{mark}options=-csearch_path%3D{name}&application_name={name}"
        finally:
            connection.execute(f"SET client_min_messages = warning; DROP SCHEMA {name} CASCADE")


@contextlib.contextmanager
def on_postgres() -> Iterator[str]:
    """Every ledger whose place is asked for meanwhile lies in the same new schema."""
    global _chosen
    with schema() as address:
        _chosen = address
        try:
            yield address
        finally:
            _chosen = None


def choose(address: str | None) -> None:
    """In another process: the ledgers lie at this address (None: in files)."""
    global _chosen
    _chosen = address


def chosen() -> str | None:
    """The address of this test's ledger on PostgreSQL; None: it is a file."""
    return _chosen


def gateway_settings(folder: Path) -> dict[str, Any]:
    """What the settings say about the ledger of this test."""
    if _chosen is None:
        return {"ledger": f"sqlite:{folder / 'ledger.db'}"}
    return {"ledger": _chosen, "patient_key": PATIENT_KEY}


def tables(connection: Any) -> list[str]:
    """The names of the ledger's tables."""
    if _chosen is None:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return [row[0] for row in found.fetchall()]
