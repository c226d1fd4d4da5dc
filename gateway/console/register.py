"""What does the address register say otherwise about our partners than the settings do, in words for the page?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.accounts.roles import Viewer
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown
from gateway.operations.address_register import Difference, differences, parties_of, snippet
from gateway.services import GatewayServices

_LOOKS = {
    "missing": ("bad", "cross"),
    "ended": ("bad", "cross"),
    "ending": ("warn", "clock"),
    "name": ("info", "info"),
    "new": ("info", "info"),
    "type-new": ("info", "info"),
    "type-gone": ("warn", "warning"),
    "signing": ("warn", "clock"),
    "encryption": ("warn", "clock"),
}


@dataclass(frozen=True)
class Row:
    """One difference."""

    partner: str
    her_id: str
    state: State
    says: str
    at: Shown | None
    affects: str
    """What hangs on it now; empty: nothing that is sent here."""


@dataclass(frozen=True)
class RegisterView:
    """The whole answer."""

    parties: int
    rows: tuple[Row, ...]
    snippet: str


def register_view(
    services: GatewayServices, viewer: Viewer, data: bytes, now: datetime, texts: Texts
) -> RegisterView:
    """What differs, for the partners this person sees. `now`: aware.

    :raises Refusal: operations.register-not-readable
    """
    parties = parties_of(data)
    partners = tuple(each for each in services.settings.partner if viewer.sees(*each.her_ids))
    found = differences(parties, partners, now)
    rows = tuple(_row(services, each, now, texts) for each in found)
    return RegisterView(len(parties), rows, snippet(found, partners))


def _row(services: GatewayServices, found: Difference, now: datetime, texts: Texts) -> Row:
    tone, icon = ("bad", "cross") if found.is_over else _LOOKS[found.kind]
    code = found.ours or found.theirs
    return Row(
        partner=found.partner,
        her_id=found.her_id,
        state=State(found.kind, texts(f"register.{found.kind}"), tone, icon),
        says=texts.or_code("type", code) if found.kind in ("type-new", "type-gone") else found.theirs,
        at=shown(found.at, now, texts) if found.at else None,
        affects=_affects(services, found.her_id, texts),
    )


def _affects(services: GatewayServices, her_id: str, texts: Texts) -> str:
    """The messages that are on their way to the endpoint of a HER-id."""
    if services.partners.route_to(her_id) is None:
        return ""
    state = services.operations.endpoint(her_id)
    return texts("register.affects", n=state.queued + state.parked + state.awaiting)
