"""What was not taken in, and why?

A refused message stays with its sender; of it the ledger keeps who, what kind and why, so that both sides can find the
reason. No content and no patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.console.errors_view import EntryView, entry_view
from gateway.console.flow import PAGE_ROWS
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown
from gateway.ledger.rows import RefusalRow
from gateway.services import GatewayServices


@dataclass(frozen=True)
class Line:
    """One message that was not taken."""

    id: int
    time: Shown
    who: str
    """The partner that handed it in; else the sender it names; else unknown."""
    type_name: str
    code: str
    entry: EntryView | None


@dataclass(frozen=True)
class Refused:
    """The whole page."""

    lines: tuple[Line, ...]
    before: int | None
    older: str | None


def refused(
    services: GatewayServices,
    before: int | None,
    now: datetime,
    texts: Texts,
    scope: frozenset[str] | None = None,
) -> Refused:
    """What was not taken, newest first. `now`: aware; `scope`: only what these HER-ids handed in or would have got."""
    found = services.reader.refusals(before=before, limit=PAGE_ROWS + 1, scope=scope)
    lines = tuple(_line(services, row, now, texts) for row in found[:PAGE_ROWS])
    older = f"/console/refused?before={lines[-1].id}" if len(found) > PAGE_ROWS else None
    return Refused(lines, before, older)


def _line(services: GatewayServices, row: RefusalRow, now: datetime, texts: Texts) -> Line:
    owner = services.partners.owner_of(row.sender_her) if row.sender_her else None
    named = (
        owner.name
        if owner
        else texts("message.her", her=row.sender_her)
        if row.sender_her
        else texts("unknown")
    )
    return Line(
        id=row.id,
        time=shown(row.at, now, texts),
        who=row.partner or named,
        type_name=texts.or_code("type", row.message_type) if row.message_type else texts("refused.unread"),
        code=row.code,
        entry=entry_view(row.code, texts),
    )
