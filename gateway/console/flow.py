"""What stands on the flow page: the rows, the key figures, the chart, the choices of the filter?

Reads the ledger, and turns its rows into what a person reads. Names come from the settings (organisations); nothing
here knows a patient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast, get_args
from urllib.parse import urlencode

from gateway.console.names import MESSAGE_TYPES
from gateway.console.states import FILTER_STATES, OVERDUE, SETTLED, State, receipt_word, state
from gateway.console.texts import Texts
from gateway.console.times import Shown, age, shown
from gateway.console.traffic import DEFAULT_SPAN, SPANS, Matrix, Sums, TimeLine, looked_through
from gateway.ledger.overview import Traffic
from gateway.ledger.rows import DeliveryState, FlowRow, MessageFilter
from gateway.services import GatewayServices

PAGE_ROWS = 50


@dataclass(frozen=True)
class Organisation:
    """Sender or receiver, as a page names it."""

    name: str
    her: str


@dataclass(frozen=True)
class Row:
    """One line of the flow."""

    id: str
    key: str
    """Names the line: a message that was redirected has several."""
    time: Shown
    age: str
    sender: Organisation
    receiver: Organisation
    type_name: str
    type_code: str
    status: str
    state: State
    receipt: State


@dataclass(frozen=True)
class Choice:
    """One entry of a select."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Wanted:
    """What the reader asked to see; every part is optional and none can identify a patient."""

    partner: str = ""
    """First HER-id of a configured partner."""
    type: str = ""
    state: str = ""
    receipts: bool = False
    before: int | None = None
    span: str = DEFAULT_SPAN
    """Of the figures above the list."""

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out on purpose."""
        return bool(self.partner or self.type or self.state)

    def query(self, before: int | None = None) -> str:
        """The query string of this choice, from a place in the list onwards."""
        parts = {"partner": self.partner, "type": self.type, "state": self.state}
        pairs = [(name, value) for name, value in parts.items() if value]
        pairs += [("receipts", "1")] if self.receipts else []
        pairs += [("span", self.span)] if self.span != DEFAULT_SPAN else []
        pairs += [("before", str(before))] if before is not None else []
        return "?" + urlencode(pairs) if pairs else ""


@dataclass(frozen=True)
class Figure:
    """One key figure."""

    name: str
    number: int
    icon: str
    tone: str
    """Empty where the number is nothing to act on."""
    link: str | None


@dataclass(frozen=True)
class Flow:
    """The whole page."""

    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]
    sums: Sums
    delivered_after: str
    receipt_after: str
    line: TimeLine
    matrix: Matrix
    partners: tuple[Choice, ...]
    types: tuple[Choice, ...]
    states: tuple[Choice, ...]
    spans: tuple[Choice, ...]
    wanted: Wanted
    older: str | None
    """Address of the next page."""
    again: int | None
    """After how many milliseconds the figures can be told with what has changed; None: they are."""


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what it says wrongly counts as not said."""
    chosen = query.get("state", "")
    return Wanted(
        partner=query.get("partner", ""),
        type=query.get("type", ""),
        state=chosen if chosen in FILTER_STATES else "",
        receipts=query.get("receipts") == "1",
        before=before_of(query),
        span=query.get("span", "") if query.get("span", "") in SPANS else DEFAULT_SPAN,
    )


def before_of(query: Mapping[str, str]) -> int | None:
    """From which place in a list an address goes on; None: from the newest."""
    before = query.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None


def organisation(services: GatewayServices, her: str, texts: Texts) -> Organisation:
    """The organisation of a HER-id, by the name the settings give it."""
    owner = services.partners.owner_of(her)
    return Organisation(owner.name if owner else texts("message.her", her=her), her)


def flow(
    services: GatewayServices,
    wanted: Wanted,
    now: datetime,
    texts: Texts,
    scope: frozenset[str] | None = None,
) -> Flow:
    """Everything the flow page shows. `now`: aware; `scope`: only what is sent by or goes to these HER-ids."""
    found = services.reader.list_messages(
        _filter(services, wanted, scope), before=wanted.before, limit=PAGE_ROWS + 1
    )
    shown_rows, before = page_of(found)
    traffic, since = services.operations.traffic, now - SPANS[wanted.span]
    hours, again = traffic.hours(since, now), again_after(traffic.settles_in(since, now))
    line, pairs = looked_through(
        hours,
        _counted(services, wanted, scope),
        cache(lambda her: organisation(services, her, texts).name),
        by_day=SPANS[wanted.span].days > 1,
    )
    overview = services.operations.overview
    missing, dead = overview.missing(scope, 1).number, overview.dead(scope, 1).number
    figures = (
        Figure("waiting", sum(overview.open_states(scope).values()), "clock", "", None),
        _figure(OVERDUE, missing, "warning", "bad"),
        _figure("handed", dead, "person", "warn"),
    )
    return Flow(
        rows=rows_of(services, shown_rows, now, texts),
        figures=figures,
        sums=line.sums,
        delivered_after=line.sums.delivered_after(texts),
        receipt_after=line.sums.receipt_after(texts),
        line=line,
        matrix=pairs,
        partners=partner_choices(services, wanted.partner),
        types=type_choices(wanted.type, texts),
        states=_choices("state", FILTER_STATES, wanted.state, texts),
        spans=_choices("span", tuple(SPANS), wanted.span, texts),
        wanted=wanted,
        older=None if before is None else f"/console/flow{wanted.query(before)}",
        again=again,
    )


def again_after(seconds: float | None) -> int | None:
    """After how many milliseconds a page looks again: whole seconds, one at least."""
    return None if seconds is None else 1000 * max(1, math.ceil(seconds))


def _counted(
    services: GatewayServices, wanted: Wanted, scope: frozenset[str] | None
) -> Callable[[Traffic], bool] | None:
    """Which traffic is counted: what the choice and the person's organisation leave; None: all."""
    if scope is None and not wanted.partner and not wanted.type:
        return None
    owner = services.partners.owner_of(wanted.partner) if wanted.partner else None
    partner = frozenset(owner.her_ids if owner else (wanted.partner,) if wanted.partner else ())

    def counted(each: Traffic) -> bool:
        parties = {each.sender_her, each.receiver_her}
        return (
            (scope is None or not scope.isdisjoint(parties))
            and (not partner or not partner.isdisjoint(parties))
            and (not wanted.type or each.message_type == wanted.type)
        )

    return counted


def _figure(name: str, number: int, icon: str, tone: str) -> Figure:
    return Figure(name, number, icon, tone if number else "", f"/console/flow?state={name}&receipts=1")


def _filter(services: GatewayServices, wanted: Wanted, scope: frozenset[str] | None) -> MessageFilter:
    owner = services.partners.owner_of(wanted.partner) if wanted.partner else None
    state = "handed" if wanted.state == SETTLED else wanted.state
    is_state = state in get_args(DeliveryState)
    return MessageFilter(
        her_ids=owner.her_ids if owner else (wanted.partner,) if wanted.partner else (),
        message_type=wanted.type or None,
        state=cast(DeliveryState, state) if is_state else None,
        settled=wanted.state == SETTLED if state == "handed" else None,
        overdue=wanted.state == OVERDUE,
        receipts=wanted.receipts,
        scope=scope,
    )


def page_of(found: Sequence[FlowRow]) -> tuple[Sequence[FlowRow], int | None]:
    """The rows of a page, and before which message the next one begins (None: there is none). `found`: one row more, if
    there is one. The rows of one message stand on one page."""
    if len(found) <= PAGE_ROWS:
        return found, None
    following = found[PAGE_ROWS].message.sequence
    whole = [row for row in found[:PAGE_ROWS] if row.message.sequence != following] or found[:PAGE_ROWS]
    return whole, whole[-1].message.sequence


def rows_of(
    services: GatewayServices, found: Iterable[FlowRow], now: datetime, texts: Texts
) -> tuple[Row, ...]:
    """The lines of a list of messages. `now`: aware."""
    rows: dict[str, Row] = {}
    for row in found:
        message, delivery = row.message, row.delivery
        key = f"{message.id}-{delivery.id}" if message.id in rows and delivery else message.id
        to = message.receiver_her if delivery is None else delivery.receiver_her
        rows[key] = Row(
            id=message.id,
            key=key,
            time=shown(message.received_at, now, texts),
            age=age(message.received_at, now, texts),
            sender=organisation(services, message.sender_her, texts),
            receiver=organisation(services, to, texts),
            type_name=texts.or_code("type", message.message_type),
            type_code=message.message_type,
            status=message.status,
            state=state(delivery, texts),
            receipt=receipt_word(message, delivery, texts),
        )
    return tuple(rows.values())


def partner_choices(services: GatewayServices, chosen: str) -> tuple[Choice, ...]:
    """Every partner, by name; `chosen`: one of its HER-ids."""
    partners = sorted(services.settings.partner, key=lambda partner: partner.name)
    return tuple(Choice(partner.her_ids[0], partner.name, chosen in partner.her_ids) for partner in partners)


def type_choices(chosen: str, texts: Texts) -> tuple[Choice, ...]:
    """Every message type, by name."""
    return tuple(sorted(_choices("type", MESSAGE_TYPES, chosen, texts), key=lambda choice: choice.name))


def _choices(prefix: str, codes: tuple[str, ...], chosen: str, texts: Texts) -> tuple[Choice, ...]:
    return tuple(Choice(code, texts(f"{prefix}.{code}"), code == chosen) for code in codes)
