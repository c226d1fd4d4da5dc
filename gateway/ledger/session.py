"""What may a unit of work do? Run named queries inside one transaction, and say who should wake after its commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Row(Protocol):
    """One row of an answer, whichever database gave it: by column name or place."""

    def __getitem__(self, column: str | int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def keys(self) -> list[str]: ...


class Answer(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Runs statements; values stand in the text as :name."""

    def execute(self, text: str, values: Mapping[str, Any] = ..., /) -> Answer: ...


class Done(Answer, Protocol):
    """What a statement gave that may have inserted a row."""

    @property
    def lastrowid(self) -> int | None: ...


class Changing(Protocol):
    """Runs statements that may change something."""

    def execute(self, text: str, values: Mapping[str, Any] = ..., /) -> Done: ...


class BeyondReach(Exception):
    """A unit said which receivers' lanes it works on, and needs another's: it is done again with the whole ledger."""


@dataclass
class Notices:
    """What a commit means to those who wait: told after it, and never if it did not come about."""

    receivers: set[str] = field(default_factory=set)
    """HER-ids with something that may be sent now."""
    deadline: int | None = None
    """The earliest new deadline, in microseconds."""
    changed: bool = False
    """Something that a page shows has changed."""
    missed: bool = False
    """Commits of others may not have been heard: look at everything."""

    def add(self, other: Notices) -> None:
        """Take in what another unit of the same commit has to say."""
        self.receivers |= other.receivers
        self.changed = self.changed or other.changed
        self.missed = self.missed or other.missed
        if other.deadline is not None:
            self.by(other.deadline)

    def by(self, deadline: int) -> None:
        """A state must have ended by this time."""
        self.deadline = deadline if self.deadline is None else min(self.deadline, deadline)


class Session:
    """One unit of work on the writer's connection. Its savepoint is the caller's business; it never commits."""

    __slots__ = ("_connection", "_queries", "_touching", "notices")

    def __init__(
        self, connection: Changing, queries: Mapping[str, str], touching: frozenset[str] | None = None
    ) -> None:
        """`touching`: HER-ids whose lanes the transaction has to itself; None: it has the whole ledger."""
        self._connection = connection
        self._queries = queries
        self._touching = touching
        self.notices = Notices()

    def reach(self, her_id: str) -> None:
        """Say that the lanes of this receiver are worked on.

        :raises BeyondReach: the transaction does not have them to itself; the writer does the unit again.
        """
        if self._touching is not None and her_id not in self._touching:
            raise BeyondReach

    def ask(self, query: str, **values: Any) -> Answer:
        """Send a question whose answer is looked at later: a database on another machine gives several at a time."""
        return self._connection.execute(self._queries[query], values)

    def one(self, query: str, **values: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self.ask(query, **values).fetchone()
        return row

    def all(self, query: str, **values: Any) -> list[Row]:
        """Every row."""
        return self.ask(query, **values).fetchall()

    def run(self, query: str, **values: Any) -> None:
        """Change something, without waiting for the database to have done it."""
        self.notices.changed = True
        self._connection.execute(self._queries[query], values)

    def change(self, query: str, **values: Any) -> int:
        """Change something; returns how many rows changed."""
        self.notices.changed = True
        return self._connection.execute(self._queries[query], values).rowcount

    def keep_all(self, query: str, **values: Any) -> list[Row]:
        """Insert rows; returns what the query returns of each, in no order."""
        self.notices.changed = True
        return self._connection.execute(self._queries[query], values).fetchall()

    def keep(self, query: str, **values: Any) -> int:
        """Insert one row; returns the key the query returns."""
        self.notices.changed = True
        key = self._connection.execute(self._queries[query], values).lastrowid
        assert key is not None
        return key

    def keep_under(self, query: str, key: int | None, **values: Any) -> int:
        """Insert one row under a key that was given out before, without waiting; None: as `keep`. Returns the key."""
        if key is None:
            return self.keep(query, key=None, **values)
        self.run(query, key=key, **values)
        return key
