"""How are the partners: how are they reached, what do they take, do they answer, what waits?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.accounts.roles import Viewer
from gateway.console.certificates import CertificatesView, CertificateView
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import Shown, age, shown
from gateway.ledger.operations import HoldMode
from gateway.operations.endpoints import EndpointState
from gateway.services import GatewayServices
from gateway.settings import Endpoint, Partner

_LOOKS = {
    "active": ("ok", "check"),
    "down": ("bad", "warning"),
    "paused": ("warn", "pause"),
    "draining": ("warn", "again"),
    "drained": ("plain", "stop"),
}
CHANGES = ("pause", "drain", "resume")
MODES: dict[str, HoldMode] = {"pause": "paused", "drain": "draining"}


@dataclass(frozen=True)
class EndpointView:
    """One endpoint."""

    id: str
    her_ids: tuple[str, ...]
    transport: str
    where: str
    tls: str
    format: str
    types: tuple[str, ...]
    """Names of the types it takes; empty: all."""
    pass_on: tuple[str, ...]
    condition: State
    hold_by: str
    hold_why: str
    hold_since: Shown | None
    down_since: Shown | None
    failures: int
    next_try: Shown | None
    queued: int
    oldest: str
    parked: int
    awaiting: int
    overdue: int
    dead: int
    deadline: str
    changes: tuple[str, ...]
    """What this person may do with it now."""
    certificates: tuple[CertificateView, ...]
    unseen: bool
    """Its server has shown no certificate yet."""


@dataclass(frozen=True)
class PartnerView:
    """One partner."""

    name: str
    her_ids: tuple[str, ...]
    environment: str
    has_secret: bool
    ack_default: str
    endpoints: tuple[EndpointView, ...]


def partners(
    services: GatewayServices, viewer: Viewer, now: datetime, texts: Texts
) -> tuple[PartnerView, ...]:
    """Every partner this person may see, by name. `now`: aware."""
    states = {state.id: state for state in services.operations.endpoints()}
    seen = [each for each in services.settings.partner if viewer.sees(*each.her_ids)]
    certificates = CertificatesView(services, viewer, states, now, texts)
    return tuple(
        _partner(services, partner, states, certificates, viewer, now, texts)
        for partner in sorted(seen, key=lambda each: each.name)
    )


def endpoint_for(services: GatewayServices, viewer: Viewer, her_id: str) -> EndpointState | None:
    """The endpoint that reaches this HER-id, if this person may see its partner."""
    route = services.partners.route_to(her_id)
    if route is None or not viewer.sees(*route.partner.her_ids):
        return None
    return services.operations.endpoint(her_id)


def _partner(
    services: GatewayServices,
    partner: Partner,
    states: dict[str, EndpointState],
    certificates: CertificatesView,
    viewer: Viewer,
    now: datetime,
    texts: Texts,
) -> PartnerView:
    environment = partner.environment or services.settings.gateway.environment
    return PartnerView(
        name=partner.name,
        her_ids=partner.her_ids,
        environment=texts(f"environment.{environment or 'none'}"),
        has_secret=partner.bearer_sha256 is not None,
        ack_default=texts(f"ack.{partner.ack_default}"),
        endpoints=tuple(
            _endpoint(each, states[each.her_ids[0]], certificates, viewer, now, texts)
            for each in partner.endpoint
        ),
    )


def _endpoint(
    endpoint: Endpoint,
    state: EndpointState,
    certificates: CertificatesView,
    viewer: Viewer,
    now: datetime,
    texts: Texts,
) -> EndpointView:
    hold = state.hold
    return EndpointView(
        id=state.id,
        her_ids=state.her_ids,
        transport=texts.or_code("transport", state.transport),
        where=state.host or "",
        tls=texts("partner.tls.yes" if endpoint.is_secure else "partner.tls.no") if endpoint.url else "",
        format=texts.or_code("format", state.format),
        types=() if "*" in endpoint.types else tuple(texts.or_code("type", code) for code in endpoint.types),
        pass_on=tuple(texts.or_code("type", code) for code in endpoint.pass_on),
        condition=State(state.condition, texts(f"condition.{state.condition}"), *_LOOKS[state.condition]),
        hold_by=hold.by if hold else "",
        hold_why=hold.why if hold else "",
        hold_since=shown(hold.since, now, texts) if hold else None,
        down_since=shown(state.down_since, now, texts) if state.down_since else None,
        failures=state.failures,
        next_try=shown(state.next_try_at, now, texts) if state.next_try_at else None,
        queued=state.queued,
        oldest=age(state.oldest_queued_at, now, texts) if state.oldest_queued_at else "",
        parked=state.parked,
        awaiting=state.awaiting,
        overdue=state.overdue,
        dead=state.dead,
        deadline=_hours(endpoint.receipt_deadline_s, texts),
        changes=_changes(state) if viewer.may("endpoints") else (),
        certificates=certificates.of(endpoint, state),
        unseen=endpoint.is_secure and all(each.kind != "server" for each in state.certificates),
    )


def _changes(state: EndpointState) -> tuple[str, ...]:
    if state.hold is not None:
        return ("resume",)
    return ("resume", "pause", "drain") if state.condition == "down" else ("pause", "drain")


def _hours(seconds: float, texts: Texts) -> str:
    hours = seconds / 3600
    return f"{hours:g} {texts('unit.hour')}".replace(".", "," if texts.language == "no" else ".")
