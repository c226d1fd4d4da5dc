"""Who looked at what and why, who signed in, who was refused? The audit is only ever added to.

It holds no number, name or text of a patient: a search is kept with the patient key, an HMAC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.ledger.store import Ledger

Act = Literal[
    "signed-in",
    "signed-out",
    "sign-in-refused",
    "account-locked",
    "password-changed",
    "password-refused",
    "account-created",
    "account-disabled",
    "account-enabled",
    "password-reset",
    "content-opened",
    "patient-searched",
    "goals-opened",
    "delivery-resent",
    "delivery-redirected",
    "delivery-cancelled",
    "delivery-handed-over",
    "delivery-released",
    "delivery-forwarded",
    "delivery-refused",
    "clock-settled",
    "endpoint-paused",
    "endpoint-drained",
    "endpoint-resumed",
    "endpoint-tried",
    "trial-sent",
]
ACTS: Final[tuple[Act, ...]] = get_args(Act)
NEWEST: Final = 2**62


@dataclass(frozen=True)
class Who:
    """Who did it; the names are those of the account, at that time."""

    name: str | None
    role: str | None = None
    organisation: str | None = None


@dataclass(frozen=True)
class AuditRow:
    """One line of the audit."""

    id: int
    at: datetime
    act: Act
    who: Who
    message: str | None
    purpose: str | None
    detail: dict[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditFilter:
    """Which lines are meant; None: all."""

    name: str | None = None
    act: str | None = None
    message: str | None = None
    organisation: str | None = None
    reading: bool = False
    """Only what has a purpose: readings and searches."""


def note(
    session: Session,
    act: Act,
    who: Who,
    at: int,
    *,
    message: str | None = None,
    patient_key: str | None = None,
    purpose: str | None = None,
    **detail: str | int | float | bool | None,
) -> None:
    """Add a line, in the commit of what it is about. `at`: microseconds; `message`: our id."""
    session.run(
        "keep_audit",
        at=at,
        act=act,
        name=who.name,
        role=who.role,
        organisation=who.organisation,
        message=message,
        patient_key=patient_key,
        purpose=purpose,
        detail=json.dumps(detail) if detail else None,
    )


class AuditReader:
    """Plain synchronous reads; may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def lines(
        self, wanted: AuditFilter, *, before: int | None = None, limit: int = 50
    ) -> tuple[AuditRow, ...]:
        """Lines whose id is below `before`, newest first."""
        queries = self._ledger.queries
        asked = {
            "name": wanted.name,
            "act": wanted.act,
            "message": wanted.message,
            "organisation": wanted.organisation,
        }
        values: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        names = [f"audit_of_{name}" for name in values] + (["audit_of_reading"] if wanted.reading else [])
        text = queries["audit"].replace("{conditions}", "".join(f" AND {queries[name]}" for name in names))
        values |= {"before": NEWEST if before is None else before, "most": limit}
        return tuple(_line(row) for row in self._ledger.reading().execute(text, values).fetchall())


def _line(row: Row) -> AuditRow:
    return AuditRow(
        id=row["audit_id"],
        at=times.moment(row["at"]),
        act=row["act"],
        who=Who(row["name"], row["role"], row["organisation"]),
        message=row["message"],
        purpose=row["purpose"],
        detail=json.loads(row["detail"]) if row["detail"] else {},
    )
