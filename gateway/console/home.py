"""What needs a person now: which message, since when, why, who acts, and what is the next step?

Everything that does not go by itself stands here, the oldest first; when nothing does, the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.accounts.roles import Viewer
from gateway.console.flow import Organisation, again_after, organisation
from gateway.console.names_pathway import owner_side
from gateway.console.texts import Texts
from gateway.console.times import Shown, age, shown
from gateway.errors import CATALOGUE
from gateway.ledger.operations import Alarm, AlarmKind, Item
from gateway.ledger.overview import OverviewReader, Scope
from gateway.records.rows import ClockRow, UnplacedRow
from gateway.services import GatewayServices

ROWS = 20
"""Rows of a section; the rest is counted, and found on the pages behind it."""
CLOCKS_SINCE = timedelta(days=30)
_ENDPOINTS: tuple[AlarmKind, ...] = ("endpoint-down",)
_LANES: tuple[AlarmKind, ...] = ("lane-stuck",)
_INBOXES: tuple[AlarmKind, ...] = ("inbox-stuck",)
_CERTIFICATES: tuple[AlarmKind, ...] = ("certificate-ended", "certificate-ending")


@dataclass(frozen=True)
class Row:
    """One thing somebody has to do."""

    link: str | None
    what: str
    status: str | None
    sender: Organisation | None
    receiver: Organisation | None
    since: Shown
    age: str
    cause: str
    code: str | None
    owner: str
    step: str
    id: str


@dataclass(frozen=True)
class Section:
    """Things of one kind."""

    name: str
    icon: str
    tone: str
    number: int
    rows: tuple[Row, ...]
    all: str | None
    """Where the rest is."""


@dataclass(frozen=True)
class Home:
    """The whole page."""

    sections: tuple[Section, ...]
    today: int
    waiting: int
    """On their way, without what stands in the sections because its receipt is missing."""
    again: int | None
    """As of the flow."""

    @property
    def number(self) -> int:
        """How many things there are."""
        return sum(section.number for section in self.sections)


def home(services: GatewayServices, viewer: Viewer, now: datetime, texts: Texts) -> Home:
    """What needs a person. `now`: aware."""
    made = _Maker(services, now, texts)
    overview, scope = services.operations.overview, viewer.her_ids
    missing = overview.missing(scope, ROWS)
    sections = [
        Section(
            "missing",
            "clock",
            "bad",
            missing.number,
            made.of_items(missing.items),
            "/console/flow?state=overdue",
        ),
        *_stopped(made, overview, scope),
    ]
    for name, icon, tone, kinds in (
        ("lanes", "pause", "bad", _LANES),
        ("endpoints", "warning", "bad", _ENDPOINTS),
        ("inboxes", "inbox", "bad", _INBOXES),
        ("certificates", "clock", "warn", _CERTIFICATES),
    ):
        alarms = made.of_alarms(overview.alarms(kinds, scope, ROWS))
        number = overview.count_alarms(kinds, scope)
        sections.append(Section(name, icon, tone, number, alarms, "/console/alarms"))
    if viewer.may("pathways"):
        sections += _of_pathways(services, viewer, made, now)
    today = now.astimezone(now.tzinfo) - timedelta(hours=24)
    traffic = services.operations.traffic
    hours, again = traffic.hours(today, now), again_after(traffic.settles_in(today, now))
    seen = [
        each for hour in hours for each in hour.traffic if viewer.sees(each.sender_her, each.receiver_her)
    ]
    return Home(
        tuple(section for section in sections if section.number),
        sum(each.messages for each in seen),
        sum(overview.open_states(scope).values()) - missing.number,
        again,
    )


def _stopped(made: _Maker, overview: OverviewReader, scope: Scope) -> tuple[Section, Section]:
    """What was stopped, and apart from it what is held because its translation lost something."""
    held, others = overview.dead(scope, ROWS, held=True), overview.dead(scope, ROWS, held=False)
    where = "/console/flow?state=handed&receipts=1"
    return (
        Section("quarantine", "pause", "warn", held.number, made.of_items(held.items), where),
        Section("dead", "person", "warn", others.number, made.of_items(others.items), where),
    )


def _of_pathways(services: GatewayServices, viewer: Viewer, made: _Maker, now: datetime) -> Iterable[Section]:
    reader, scope = services.pathway, viewer.her_ids
    span = {"now": now, "since": now - CLOCKS_SINCE, "until": now}
    clocks = reader.clocks_near(**span, limit=ROWS, parties=scope)
    unplaced = reader.unplaced(ROWS, parties=scope)
    missed = reader.count_clocks_near(**span, parties=scope)
    uncertain = reader.count_unplaced(parties=scope)
    where = "/console/pathways?missed=undone"
    yield Section("clocks", "clock", "warn", missed, made.of_clocks(clocks), where)
    yield Section("unplaced", "question", "warn", uncertain, made.of_unplaced(unplaced), None)


class _Maker:
    """Makes rows in one language, at one time."""

    def __init__(self, services: GatewayServices, now: datetime, texts: Texts) -> None:
        self._services = services
        self._now = now
        self._t = texts

    def of_items(self, items: Iterable[Item]) -> tuple[Row, ...]:
        """Deliveries."""
        return tuple(self._item(item) for item in items)

    def of_alarms(self, alarms: Iterable[Alarm]) -> tuple[Row, ...]:
        """Open alarms."""
        return tuple(self._alarm(alarm) for alarm in alarms)

    def of_clocks(self, clocks: Iterable[ClockRow]) -> tuple[Row, ...]:
        """Clocks that were missed."""
        return tuple(self._clock(clock) for clock in clocks)

    def of_unplaced(self, rows: Iterable[UnplacedRow]) -> tuple[Row, ...]:
        """Messages that may belong to several stays."""
        return tuple(self._unplaced(row) for row in rows)

    def _item(self, item: Item) -> Row:
        since = (item.deadline_at if item.overdue else item.final_at) or item.created_at
        code = "receipt.overdue" if item.overdue else item.reason or "routing.not-deliverable"
        return self._row(
            f"/console/messages/{item.message}",
            self._t.or_code("type", item.message_type),
            since,
            code,
            f"d-{item.id}",
            status=item.status,
            sender=item.sender_her,
            receiver=item.receiver_her,
        )

    def _alarm(self, alarm: Alarm) -> Row:
        link = f"/console/messages/{alarm.message}" if alarm.message else "/console/partners"
        return self._row(
            link,
            self._t.or_code("alarm", alarm.kind),
            alarm.opened_at,
            alarm.code,
            f"a-{alarm.id}",
            receiver=alarm.receiver_her,
        )

    def _row(
        self,
        link: str,
        what: str,
        since: datetime,
        code: str,
        id: str,
        *,
        status: str | None = None,
        sender: str | None = None,
        receiver: str | None = None,
    ) -> Row:
        entry, t = CATALOGUE[code], self._t
        english = t.language == "en"
        return Row(
            link=link,
            what=what,
            status=status,
            sender=organisation(self._services, sender, t) if sender else None,
            receiver=organisation(self._services, receiver, t) if receiver else None,
            since=shown(since, self._now, t),
            age=age(since, self._now, t),
            cause=entry.en if english else entry.no,
            code=entry.code,
            owner=t(f"owner.{entry.owner}"),
            step=entry.next_step_en if english else entry.next_step_no,
            id=id,
        )

    def _clock(self, clock: ClockRow) -> Row:
        t, since = self._t, clock.due_at or self._now
        return Row(
            link=f"/console/pathways/{clock.stay_id}",
            what=t(f"clock.{clock.kind}"),
            status=None,
            sender=None,
            receiver=organisation(self._services, clock.owner_her, t),
            since=shown(since, self._now, t),
            age=age(since, self._now, t),
            cause=t("home.clock.cause"),
            code=None,
            owner=organisation(self._services, clock.owner_her, t).name,
            step=t(f"clock.step.{owner_side(clock)}"),
            id=f"c-{clock.id}",
        )

    def _unplaced(self, row: UnplacedRow) -> Row:
        t = self._t
        return Row(
            link=f"/console/messages/{row.message}",
            what=t.or_code("type", row.kind),
            status=None,
            sender=organisation(self._services, row.sender_her, t),
            receiver=organisation(self._services, row.receiver_her, t),
            since=shown(row.received_at, self._now, t),
            age=age(row.received_at, self._now, t),
            cause=t("home.unplaced.cause"),
            code=None,
            owner=t("owner.us"),
            step=t("home.unplaced.step"),
            id=f"u-{row.message}",
        )
