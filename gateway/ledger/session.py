"""What may a unit of work do? Run named queries inside one transaction, and say who should wake after its commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

Row = sqlite3.Row


@dataclass
class Notices:
    """What a commit means to those who wait: told after it, and never if it did not come about."""

    receivers: set[str] = field(default_factory=set)
    """HER-ids with something that may be sent now."""
    deadline: int | None = None
    """The earliest new deadline, in microseconds."""
    changed: bool = False
    """Something that a page shows has changed."""

    def add(self, other: Notices) -> None:
        """Take in what another unit of the same commit has to say."""
        self.receivers |= other.receivers
        self.changed = self.changed or other.changed
        if other.deadline is not None:
            self.by(other.deadline)

    def by(self, deadline: int) -> None:
        """A state must have ended by this time."""
        self.deadline = deadline if self.deadline is None else min(self.deadline, deadline)


class Session:
    """One unit of work on the writer's connection. Its savepoint is the caller's business; it never commits."""

    __slots__ = ("_connection", "_queries", "notices")

    def __init__(self, connection: sqlite3.Connection, queries: dict[str, str]) -> None:
        self._connection = connection
        self._queries = queries
        self.notices = Notices()

    def one(self, query: str, **values: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._connection.execute(self._queries[query], values).fetchone()
        return row

    def all(self, query: str, **values: Any) -> list[Row]:
        """Every row."""
        return self._connection.execute(self._queries[query], values).fetchall()

    def run(self, query: str, **values: Any) -> int:
        """Change something; returns how many rows changed."""
        self.notices.changed = True
        return self._connection.execute(self._queries[query], values).rowcount

    def keep(self, query: str, **values: Any) -> int:
        """Insert one row; returns the key the query returns."""
        self.notices.changed = True
        key: int = self._connection.execute(self._queries[query], values).fetchone()[0]
        return key
