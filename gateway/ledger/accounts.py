"""Which accounts, sessions and openings does the ledger hold? Rows and the questions about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.ledger import times
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger


@dataclass(frozen=True)
class AccountRow:
    """One local account."""

    name: str
    role: str
    organisation: str | None
    password_hash: str = field(repr=False)
    must_change: bool
    failures: int
    locked_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True)
class SessionRow:
    """Somebody who is signed in."""

    session_hash: str = field(repr=False)
    name: str
    role: str
    organisation: str | None
    must_change: bool
    form_token: str = field(repr=False)
    begun_at: datetime
    seen_at: datetime
    until: datetime


class AccountReader:
    """Plain synchronous reads; may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def account(self, name: str) -> AccountRow | None:
        """The account of this name."""
        row = self._one("account", name=name)
        return None if row is None else account_of(row)

    def accounts(self) -> tuple[AccountRow, ...]:
        """Every account, by name."""
        rows = self._ledger.reading().execute(self._ledger.queries["accounts"], {}).fetchall()
        return tuple(account_of(row) for row in rows)

    def session(self, session_hash: str) -> SessionRow | None:
        """The session of this hash, however old."""
        row = self._one("session", session_hash=session_hash)
        return None if row is None else _session_of(row)

    def opened_until(self, session_hash: str, subject: str) -> datetime | None:
        """Until when a session may read something; None: no purpose was stated."""
        row = self._one("opening", session_hash=session_hash, subject=subject)
        return None if row is None else times.moment(row["until"])

    def _one(self, query: str, **values: Any) -> Row | None:
        row: Row | None = self._ledger.reading().execute(self._ledger.queries[query], values).fetchone()
        return row


def account_of(row: Row) -> AccountRow:
    """An account from its row."""
    return AccountRow(
        name=row["name"],
        role=row["role"],
        organisation=row["organisation"],
        password_hash=row["password_hash"],
        must_change=bool(row["must_change"]),
        failures=row["failures"],
        locked_until=times.optional(row["locked_until"]),
        disabled_at=times.optional(row["disabled_at"]),
        created_at=times.moment(row["created_at"]),
        signed_in_at=times.optional(row["signed_in_at"]),
    )


def _session_of(row: Row) -> SessionRow:
    return SessionRow(
        session_hash=row["session_hash"],
        name=row["name"],
        role=row["role"],
        organisation=row["organisation"],
        must_change=bool(row["must_change"]),
        form_token=row["form_token"],
        begun_at=times.moment(row["begun_at"]),
        seen_at=times.moment(row["seen_at"]),
        until=times.moment(row["until"]),
    )
