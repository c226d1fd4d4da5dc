"""Which stays go on, what is late, what falls due; and what happened in one stay, as both sides see it?

No row of a list holds a patient: a stay is named by its hospital, its municipality and its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from gateway.accounts.roles import Viewer
from gateway.console.flow import Organisation, organisation
from gateway.console.home import CLOCKS_SINCE
from gateway.console.payment import BasisView, bases_for
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import Shown, age, shown, span, written
from gateway.pathway.calendar import day_of
from gateway.records.reader import StayFilter, place_of
from gateway.records.resource_reader import ResourceReader
from gateway.records.rows import ClockRow, GoalRow, Instant, NoticeRow, StayRow, TaskRow, TimelineEntry
from gateway.services import GatewayServices

Which = Literal["open", "undone", "missed"]
"""Stays that go on; those with a missed deadline that still wants somebody, as the front page counts them; those with a
missed deadline."""
STAYS = 50
TASKS_AHEAD = timedelta(days=7)
OPEN_TASKS = ("requested", "in-progress")
_STAYS = {
    "innlagt": ("info", "inbox"),
    "klar": ("warn", "clock"),
    "ute": ("ok", "check"),
    "død": ("plain", "stop"),
    "cancelled": ("plain", "stop"),
}
_WHICH: dict[str, Which] = {"undone": "undone", "1": "missed"}
"""By what an address says (`missed`)."""
_CLOCKS = {
    "running": ("info", "clock"),
    "warning": ("warn", "warning"),
    "met": ("ok", "check"),
    "missed": ("bad", "cross"),
    "settled": ("plain", "person"),
    "cancelled": ("plain", "stop"),
    "unknown": ("plain", "question"),
}


@dataclass(frozen=True)
class ClockView:
    """One deadline."""

    id: str
    name: str
    state: State
    owner: Organisation
    due: Shown | None
    left: str
    """How long until, or since, its limit."""
    source: str
    stay: str
    can_settle: bool
    """It was missed, and nobody has said that it is taken care of."""


@dataclass(frozen=True)
class StayView:
    """One stay in a list."""

    id: str
    trust: Organisation
    municipality: Organisation | None
    state: State
    since: Shown
    age: str
    clocks: tuple[ClockView, ...]
    """Those that run or were missed."""


@dataclass(frozen=True)
class NoticeView:
    """A ready-notice that nothing came back to."""

    stay: str
    message: str
    trust: Organisation | None
    municipality: Organisation
    ready: Shown | None
    sent: Shown
    age: str


@dataclass(frozen=True)
class TaskView:
    """A task of a plan."""

    id: str
    name: str
    role: str
    due: Shown | str
    late: bool
    state: str
    municipality: Organisation
    stay: str | None


@dataclass(frozen=True)
class Pathways:
    """The whole list."""

    stays: tuple[StayView, ...]
    older: str | None
    which: Which
    notices: tuple[NoticeView, ...]
    unanswered: int
    """How many such notices there are."""
    tasks: tuple[TaskView, ...]
    due: int
    """How many such tasks there are."""
    waiting: int
    """Messages that were not looked at yet."""


@dataclass(frozen=True)
class EntryView:
    """One entry of the timeline."""

    name: str
    side: str
    """`hospital` or `municipality`."""
    at: Shown | None
    day: str
    delivered: str
    """How long until the other side had it."""
    npr: str | None
    marks: tuple[str, ...]
    message: str | None


@dataclass(frozen=True)
class GoalView:
    """A goal; its words only for somebody who may read them now."""

    id: str
    words: str
    """Empty: not to be read."""
    voice: str
    own: bool
    status: str
    """How it is with it (Goal.lifecycleStatus); empty: nobody says."""
    stated: str
    """The day: R4 knows no hour of it (Goal.startDate)."""
    review: str
    achievement: str | None


@dataclass(frozen=True)
class StayPageView:
    """One stay."""

    stay: StayView
    clocks: tuple[ClockView, ...]
    timeline: tuple[EntryView, ...]
    notices: tuple[NoticeView, ...]
    bases: tuple[BasisView, ...]
    """For payment for days after ready; empty: no ready-notice, or none that is this person's to see."""
    tasks: tuple[TaskView, ...]
    goals: tuple[GoalView, ...]
    goals_read: bool
    """Whether this person reads the words of the goals now."""
    doubtful: bool
    others: tuple[StayView, ...]


def pathways(
    services: GatewayServices, viewer: Viewer, query: Mapping[str, str], now: datetime, texts: Texts
) -> Pathways:
    """What goes on. `now`: aware."""
    made, reader = _Maker(services, now, texts), services.pathway
    which = _WHICH.get(query.get("missed", ""), "open")
    found = _stays(services, viewer, now, which, before=_place(query.get("before", "")))
    older = None
    if len(found) > STAYS:
        at, id = place_of(found[STAYS - 1])
        asked = next((f"&missed={said}" for said, meant in _WHICH.items() if meant == which), "")
        older = f"/console/pathways?before={at}.{id}{asked}"
    scope, until = viewer.her_ids, now + TASKS_AHEAD
    notices = reader.unanswered_notices(parties=scope)
    tasks = reader.tasks_due(until=until, parties=scope)
    return Pathways(
        stays=tuple(made.stay(each) for each in found[:STAYS]),
        older=older,
        which=which,
        notices=tuple(made.notice(each) for each in notices),
        unanswered=reader.count_unanswered(parties=scope),
        tasks=tuple(made.task(each) for each in tasks),
        due=reader.count_tasks_due(until=until, parties=scope),
        waiting=reader.state().get("waiting", 0),
    )


def _stays(
    services: GatewayServices,
    viewer: Viewer,
    now: datetime,
    which: Which,
    *,
    before: tuple[int, str] | None,
) -> list[StayRow]:
    """The stays that are asked for, the newest first, one more than shown."""
    ask, undone_since = services.pathway.stays, now - CLOCKS_SINCE if which == "undone" else None
    asked = StayFilter(open=which == "open", missed=which == "missed", undone_since=undone_since)
    if viewer.her_ids is None:
        return list(ask(asked, now=now, before=before, limit=STAYS + 1))
    found: dict[str, StayRow] = {}
    for her_id in viewer.her_ids:
        for wanted in (replace(asked, trust=her_id), replace(asked, municipality=her_id)):
            found |= {each.id: each for each in ask(wanted, now=now, before=before, limit=STAYS + 1)}
    return sorted(found.values(), key=place_of, reverse=True)[: STAYS + 1]


def _place(text: str) -> tuple[int, str] | None:
    at, _, id = text.partition(".")
    return (int(at), id) if at.isascii() and at.isdigit() and len(at) < 19 and len(id) < 80 else None


def goals_of(stay: str) -> str:
    """Under this name a purpose for reading the goals of a stay is kept."""
    return f"goals:{stay}"


def may_read_goals(services: GatewayServices, viewer: Viewer, stay: str) -> bool:
    """Whether this person may read the words of the goals now: synthetic patients, or a stated purpose."""
    if not viewer.may("goals"):
        return False
    return services.settings.gateway.demo or services.accounts.is_open(viewer, goals_of(stay))


def stay_for(
    services: GatewayServices, viewer: Viewer, id: str, now: datetime, texts: Texts
) -> StayPageView | None:
    """One stay, if this person may see it. `now`: aware."""
    page = services.pathway.stay(id, now=now)
    if page is None:
        return None
    if not viewer.sees(page.stay.trust_her, page.stay.municipality_her):
        return None  # who was only told by mistake, or has had its notice withdrawn, has no part in it
    made, reads = _Maker(services, now, texts), may_read_goals(services, viewer, id)
    others = [each for each in page.other_stays if viewer.sees(each.trust_her, each.municipality_her)]
    return StayPageView(
        stay=made.stay(page.stay),
        clocks=tuple(made.clock(each) for each in page.stay.clocks),
        timeline=tuple(made.entry(each) for each in page.timeline),
        notices=tuple(made.notice(each) for each in page.notices),
        bases=bases_for(services, viewer, page, now, texts),
        tasks=tuple(
            made.task(task)
            for plan in page.plans
            for task in plan.tasks
            if viewer.sees(task.municipality_her, page.stay.trust_her) and plan.stay_id in (None, id)
        ),
        goals=tuple(
            made.goal(each, _words(services, viewer, each.id) if reads else "") for each in page.goals
        ),
        goals_read=reads,
        doubtful=bool(page.stay.doubts or page.uncertain),
        others=tuple(made.stay(each) for each in others),
    )


def _words(services: GatewayServices, viewer: Viewer, goal: str) -> str:
    """The words of a goal; empty: this person has no part in the resource."""
    found = ResourceReader(services.ledger).read("Goal", goal, viewer.her_ids)
    return str(found.content.get("description", {}).get("text", "")) if found else ""


class _Maker:
    """Makes rows in one language, at one time."""

    def __init__(self, services: GatewayServices, now: datetime, texts: Texts) -> None:
        self._services = services
        self._now = now
        self._t = texts

    def stay(self, row: StayRow) -> StayView:
        """A stay in a list."""
        pressing = [each for each in row.clocks if each.state in ("running", "missed") and not each.settled]
        return StayView(
            id=row.id,
            trust=self._named(row.trust_her),
            municipality=self._named(row.municipality_her) if row.municipality_her else None,
            state=State(row.state, self._t.or_code("stay", row.state), *_STAYS[row.state]),
            since=shown(row.began_at, self._now, self._t),
            age=age(row.began_at, self._now, self._t),
            clocks=self._clocks(pressing),
        )

    def _clocks(self, rows: Iterable[ClockRow]) -> tuple[ClockView, ...]:
        return tuple(self.clock(each) for each in rows)

    def clock(self, row: ClockRow) -> ClockView:
        """A deadline."""
        name = "settled" if row.settled else "warning" if row.warning else row.state
        left = ""
        if row.due_at and row.state in ("running", "missed"):
            seconds = (row.due_at - self._now).total_seconds()
            word = "pathway.left" if seconds >= 0 else "pathway.late"
            left = self._t(word, span=span(abs(seconds), self._t))
        return ClockView(
            id=row.id,
            name=self._t.or_code("clock", row.kind),
            state=State(name, self._t(f"clock.state.{name}"), *_CLOCKS[name]),
            owner=self._named(row.owner_her),
            due=shown(row.due_at, self._now, self._t) if row.due_at else None,
            left=left,
            source=row.source,
            stay=row.stay_id,
            can_settle=row.state == "missed" and not row.settled,
        )

    def notice(self, row: NoticeRow) -> NoticeView:
        """A ready-notice."""
        return NoticeView(
            stay=row.stay_id,
            message=row.message,
            trust=self._named(row.trust_her) if row.trust_her else None,
            municipality=self._named(row.municipality_her),
            ready=self._instant(row.ready)[0],
            sent=shown(row.sent_at, self._now, self._t),
            age=age(row.sent_at, self._now, self._t),
        )

    def task(self, row: TaskRow) -> TaskView:
        """A task of a plan."""
        late = row.due_at is not None and row.due_at < self._now and row.state in OPEN_TASKS
        due: Shown | str = written(row.due_day) if row.due_day else ""
        if row.due_at and not due:
            due = shown(row.due_at, self._now, self._t)
        return TaskView(
            id=row.id,
            name=self._t.or_code("plan", row.action),
            role=self._t.or_code("person", row.role),
            due=due,
            late=late,
            state=self._t.or_code("task", row.state),
            municipality=self._named(row.municipality_her),
            stay=row.stay_id,
        )

    def entry(self, row: TimelineEntry) -> EntryView:
        """An entry of the timeline."""
        entry = row.entry
        at, day = self._instant(Instant(entry.moment.at, entry.moment.is_day))
        after = (entry.delivered - entry.sent).total_seconds() if entry.delivered and entry.sent else None
        marks = [
            self._t(f"pathway.{name}")
            for name in ("estimate", "corrected", "cancelled")
            if getattr(entry, name)
        ]
        return EntryView(
            name=self._t.or_code("timeline", entry.what),
            side=entry.side,
            at=at,
            day=day,
            delivered=self._t("pathway.known", span=span(after, self._t)) if after is not None else "",
            npr=entry.npr,
            marks=tuple(marks),
            message=row.message,
        )

    def goal(self, row: GoalRow, words: str) -> GoalView:
        """A goal."""
        return GoalView(
            id=row.id,
            words=words,
            voice=self._t.or_code("voice", row.voice),
            own=row.voice == "patient",
            status=self._t.or_code("goal", row.lifecycle) if row.lifecycle != "unknown" else "",
            stated=written(day_of(row.stated_at)),
            review=written(row.review_day) if row.review_day else "",
            achievement=row.achievement,
        )

    def _instant(self, instant: Instant | None) -> tuple[Shown | None, str]:
        if instant is None:
            return None, ""
        said = shown(instant.at, self._now, self._t)
        return (None, said.full.split(" kl.")[0].split(" at ")[0]) if instant.is_day else (said, "")

    def _named(self, her_id: str) -> Organisation:
        return organisation(self._services, her_id, self._t)
