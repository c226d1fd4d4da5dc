"""What must a database be able to do to hold the ledger? The little that SQLite and PostgreSQL do differently.

Everything else (the statements, the units of work, lanes and leases, the order of things) is the same code on both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from gateway.ledger.session import Changing, Connection, Notices

Verdict = Literal["unit", "again", "trouble", "gone"]
"""What an error inside a unit means: `unit`: its own fault; `again`: another's commit came between, do it once more;
`trouble`: the database could not do this one; `gone`: the whole transaction is lost."""


class Gone(Exception):
    """The transaction is gone as a whole and nothing of it is kept; it may be done again from its beginning."""


class Failed(Exception):
    """The transaction is gone as a whole, and doing it again now would not help."""


class Spoilt(Exception):
    """A unit failed that shares its fate with others: nothing of any of them is kept."""


class Writing(Changing, Protocol):
    """The connection that writes. Used by one thread at a time. Each method raises `Gone`, `Failed` or `Spoilt` and
    nothing else of its own, except `execute`, whose errors `judge` can tell apart."""

    is_local: bool
    """Statements are done in this process, without waiting for another."""
    most_units: int
    """How many units share a commit at most."""
    patience_s: float
    """For how long a transaction that was lost is tried again before its callers are told."""

    def begin(self, touching: frozenset[str] | None) -> frozenset[str] | None:
        """Begin a transaction that has the lanes of these receivers to itself; None: the whole ledger. Returns what it
        really has."""
        ...

    def savepoint(self) -> None:
        """From here a unit can be undone."""
        ...

    def release(self) -> None:
        """Keep the unit. Raises what went wrong in it if that was not told yet, for `judge`."""
        ...

    def undo(self) -> None:
        """Undo the unit, and only it."""
        ...

    def settle(self) -> None:
        """Wait until enough is known of what was said so far to commit it. Raises what went wrong in it, if that is
        known and was not told yet, for `judge`."""
        ...

    def judge(self, error: Exception) -> Verdict:
        """What an error means that a unit ended with."""
        ...

    def commit(self, notices: Notices, units: int) -> None:
        """Make it durable, so many units, and let the other nodes know. Raises `Spoilt` if something had gone wrong
        that was not told yet."""
        ...

    def rollback(self) -> None:
        """Undo everything since `begin`. Never raises."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class Database(Protocol):
    """A place where the ledger lies."""

    shared: bool
    """Other processes may work on it at the same time."""
    queries: Mapping[str, str]
    """Every statement, in this database's words."""

    def open(self, heard: Callable[[Notices], None]) -> Writing:
        """Open it (it is made if it is not there) and bring it to this version's form.

        `heard` is called, on any thread, with what other nodes have committed.

        :raises Unavailable: us.ledger-locked, us.ledger-newer, us.ledger-damaged, us.ledger-encoding,
            us.ledger-not-opened, us.ledger-unreachable.
        """
        ...

    @property
    def is_reachable(self) -> bool:
        """Whether it answers, as far as is known without asking."""
        ...

    def reading(self) -> Connection:
        """A connection for reading, for this thread; it cannot write."""
        ...

    def clock(self) -> int:
        """The present time in microseconds, the same for every node."""
        ...

    def close(self) -> None:
        """Close everything but the connection that writes."""
        ...
