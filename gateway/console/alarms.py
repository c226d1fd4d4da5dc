"""Which alarms are open, and which were there?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.accounts.roles import Viewer
from gateway.console.errors_view import EntryView, entry_view
from gateway.console.flow import PAGE_ROWS, Organisation, organisation
from gateway.console.texts import Texts
from gateway.console.times import Shown, age, shown
from gateway.ledger.operations import Alarm
from gateway.services import GatewayServices


@dataclass(frozen=True)
class Line:
    """One alarm."""

    id: int
    kind: str
    receiver: Organisation
    opened: Shown
    age: str
    closed: Shown | None
    entry: EntryView | None
    link: str | None


@dataclass(frozen=True)
class Alarms:
    """The whole page."""

    lines: tuple[Line, ...]
    closed: bool
    """Closed ones are shown, too."""
    before: int | None
    older: str | None


def alarms(
    services: GatewayServices,
    viewer: Viewer,
    before: int | None,
    now: datetime,
    texts: Texts,
    *,
    closed: bool,
) -> Alarms:
    """The alarms, newest first. `now`: aware."""
    found = services.operations.reader.alarms(
        all=closed, before=before, limit=PAGE_ROWS + 1, scope=viewer.her_ids
    )
    lines = tuple(_line(services, alarm, now, texts) for alarm in found[:PAGE_ROWS])
    more = f"/console/alarms?before={found[PAGE_ROWS - 1].id}" if len(found) > PAGE_ROWS else None
    return Alarms(lines, closed, before, more + "&all=1" if more and closed else more)


def _line(services: GatewayServices, alarm: Alarm, now: datetime, texts: Texts) -> Line:
    return Line(
        id=alarm.id,
        kind=texts.or_code("alarm", alarm.kind),
        receiver=organisation(services, alarm.receiver_her, texts),
        opened=shown(alarm.opened_at, now, texts),
        age=age(alarm.opened_at, now, texts),
        closed=shown(alarm.closed_at, now, texts) if alarm.closed_at else None,
        entry=entry_view(alarm.code, texts),
        link=f"/console/messages/{alarm.message}" if alarm.message else None,
    )
