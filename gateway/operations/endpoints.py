"""How are the partners' endpoints, and how is one paused, drained and taken into use again?

A pause loses nothing: messages come in and wait, and the limits of those that wait begin anew when it ends. A drain
sends what was queued when it began and lets later ones wait, so that an endpoint can be moved with an empty queue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from gateway.errors import Refusal
from gateway.ledger import times
from gateway.ledger.certificates import Asks, Known, certificates
from gateway.ledger.operations import Hold, HoldMode, OperationsReader, holds
from gateway.ledger.session import Session
from gateway.operations.actions import Act
from gateway.routing.partners import Partners
from gateway.routing.pump import Pump
from gateway.settings import Endpoint, Settings

EndpointCondition = Literal["active", "down", "paused", "draining", "drained"]


@dataclass(frozen=True)
class EndpointState:
    """How one endpoint is."""

    id: str
    """Its first HER-id."""
    partner: str
    her_ids: tuple[str, ...]
    transport: str
    host: str | None
    """Where it is, without path or secrets."""
    format: str
    condition: EndpointCondition
    hold: Hold | None
    down_since: datetime | None
    failures: int
    """In a row, as this node sees it."""
    next_try_at: datetime | None
    """When this node tries again, while it gives the endpoint a pause."""
    queued: int
    oldest_queued_at: datetime | None
    parked: int
    awaiting: int
    """Sent, with the receipt still to come."""
    overdue: int
    dead: int
    drain_per_second: float | None
    certificates: tuple[Known, ...]
    """What it depends on, of what is known of here."""


def endpoint_of(partners: Partners, her_id: str) -> Endpoint:
    """The endpoint that reaches this HER-id.

    :raises Refusal: api.not-found
    """
    route = partners.route_to(her_id)
    if route is None:
        raise Refusal("api.not-found")
    return route.endpoint


def mark_of(hold: Hold | None) -> str:
    """Names how an endpoint is held, as a page shows it; empty: it is not."""
    if hold is None:
        return ""
    told = json.dumps([hold.mode, times.of(hold.since), hold.by, hold.why])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def expect(reader: Asks, endpoint: Endpoint, seen: str | None) -> None:
    """Whether an endpoint is still held as somebody saw it who decides by that (`mark_of`); None: it does not matter.

    :raises Refusal: operations.changed-meanwhile
    """
    if seen is not None and mark_of(_held(holds(reader), endpoint.her_ids)) != seen:
        raise Refusal("operations.changed-meanwhile")


def hold(session: Session, endpoint: Endpoint, mode: HoldMode, act: Act, now: int) -> None:
    """Pause or drain an endpoint; a drain that is asked for again goes on as it began."""
    for her_id in endpoint.her_ids:
        present = session.one("hold_of", receiver_her=her_id)
        since = present["since"] if present is not None and present["mode"] == mode else now
        session.run("hold", receiver_her=her_id, mode=mode, since=since, by_whom=act.by, why=act.why)
        if mode == "draining":  # what rested under a pause may be among what is to be sent
            session.run("lanes_due_again", receiver_her=her_id, now=now)
        session.notices.receivers.add(her_id)


def hold_added(settings: Settings, session: Session) -> None:
    """Hold the HER-ids that the settings have added to an endpoint which is paused or drained: it is held as a whole.
    Before anything is sent; doing it again is harmless."""
    held = holds(session)
    for endpoint in (each for partner in settings.partner for each in partner.endpoint):
        found = _held(held, endpoint.her_ids)
        if found is not None:
            values = {"since": times.of(found.since), "by_whom": found.by, "why": found.why}
            for her_id in set(endpoint.her_ids) - held.keys():
                session.run("hold", receiver_her=her_id, mode=found.mode, **values)


def resume(session: Session, endpoint: Endpoint, now: int) -> None:
    """Take an endpoint into use again; one that was not held is tried at once."""
    deadline_at = now + times.seconds(endpoint.give_up_after_s)
    for her_id in endpoint.her_ids:
        if session.change("end_hold", receiver_her=her_id):
            session.run("limits_begin_anew", receiver_her=her_id, deadline_at=deadline_at)
        session.run("lanes_due_again", receiver_her=her_id, now=now)
        session.notices.receivers.add(her_id)
    session.notices.by(deadline_at)


def states(settings: Settings, reader: OperationsReader, pumps: dict[str, Pump]) -> tuple[EndpointState, ...]:
    """How every configured endpoint is; `pumps` by the first HER-id of their endpoint."""
    look = _Look(reader)
    return tuple(
        look.at(partner.name, endpoint, pumps[endpoint.her_ids[0]])
        for partner in settings.partner
        for endpoint in partner.endpoint
    )


def _held(holds: Mapping[str, Hold], her_ids: Iterable[str]) -> Hold | None:
    return next((holds[her] for her in her_ids if her in holds), None)


class _Look:
    """One look at everything the ledger says about receivers."""

    def __init__(self, reader: OperationsReader) -> None:
        self._reader = reader
        self._holds = reader.holds()
        self._outages = reader.outages()
        self._queues = reader.queues()
        self._numbers = reader.numbers()
        self._certificates = certificates(reader)

    def at(self, partner: str, endpoint: Endpoint, pump: Pump) -> EndpointState:
        """How one endpoint is."""
        first = endpoint.her_ids[0]
        held = _held(self._holds, endpoint.her_ids)
        queues = [self._queues[her] for her in endpoint.her_ids if her in self._queues]
        until = pump.breaker.open_until
        return EndpointState(
            id=first,
            partner=partner,
            her_ids=endpoint.her_ids,
            transport=endpoint.transport,
            host=urlsplit(endpoint.url).netloc if endpoint.url else None,
            format=endpoint.format,
            condition=self._condition(endpoint.her_ids, held, first in self._outages),
            hold=held,
            down_since=self._outages.get(first),
            failures=pump.breaker.failures,
            next_try_at=times.moment(times.seconds(until)) if pump.breaker.is_probing and until else None,
            queued=sum(each.number for each in queues),
            oldest_queued_at=min((each.oldest for each in queues if each.oldest), default=None),
            parked=self._sum(endpoint, "parked"),
            awaiting=self._sum(endpoint, "sent"),
            overdue=self._sum(endpoint, "overdue"),
            dead=self._sum(endpoint, "dead"),
            drain_per_second=endpoint.drain_per_second,
            certificates=tuple(each for each in self._certificates if each.endpoint == first),
        )

    def _condition(self, her_ids: Iterable[str], held: Hold | None, down: bool) -> EndpointCondition:
        if held is None:
            return "down" if down else "active"
        if held.mode == "draining" and not self._before_drain(her_ids):
            return "drained"
        return held.mode

    def _before_drain(self, her_ids: Iterable[str]) -> int:
        """How many deliveries that were queued before the drain still wait, at any of the endpoint's HER-ids."""
        return sum(self._reader.before_hold(self._holds[her]) for her in her_ids if her in self._holds)

    def _sum(self, endpoint: Endpoint, what: str) -> int:
        return sum(self._numbers.get((her, what), 0) for her in endpoint.her_ids)
