"""Is the database at this version's form, and how does it get there?

Numbered files, each applied once, in one transaction with the note that it was. Its checksum is noted too: a file that
was changed after it had been applied somewhere is a mistake we stop at, before it makes two kinds of database.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Unavailable
from gateway.ledger import times
from gateway.ledger.queries import FOLDER

SQLITE = FOLDER / "sqlite"


@dataclass(frozen=True)
class Migration:
    """One step of the database's form."""

    number: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) of the script."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def available(folder: Path = SQLITE) -> list[Migration]:
    """The migrations of this version, in order. ValueError: a number is missing or stands twice."""
    found = [
        Migration(int(file.name[:4]), file.stem[5:], file.read_text("utf-8"))
        for file in sorted(folder.glob("[0-9]*.sql"))
    ]
    if [each.number for each in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations must be numbered 0001, 0002, … without gaps")
    return found


def missing_from(applied: dict[int, str], migrations: list[Migration]) -> list[Migration]:
    """The migrations that are not among those `applied` (number to checksum).

    :raises Unavailable: us.ledger-newer: made by a later version; us.ledger-damaged: made by another history than ours.
    """
    if len(applied) > len(migrations):
        raise Unavailable("us.ledger-newer")
    if any(applied.get(each.number, each.checksum) != each.checksum for each in migrations):
        raise Unavailable("us.ledger-damaged")
    return [each for each in migrations if each.number not in applied]


def migrate(connection: sqlite3.Connection, migrations: list[Migration]) -> int:
    """Bring a SQLite database to this version's form; returns how many steps that took.

    :raises Unavailable: as `missing_from`.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
        "checksum TEXT NOT NULL, applied_at INTEGER NOT NULL)"
    )
    missing = missing_from(dict(connection.execute("SELECT number, checksum FROM migrations")), migrations)
    for each in missing:
        _apply(connection, each)
    return len(missing)


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    """Apply one migration and note it, in one transaction.

    Durable after it: the new form together with its number. A crash before the commit leaves the old form. Doing it
    again is harmless: the number tells whether it was done.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(migration.script):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migrations VALUES (?, ?, ?, ?)",
            (migration.number, migration.name, migration.checksum, times.now()),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """The statements of a script (`executescript` would commit before it begins)."""
    statements: list[str] = []
    current = ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
