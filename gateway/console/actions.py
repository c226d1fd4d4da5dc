"""What may this person do with a delivery, and what would come of it?

A preview changes nothing. It says who gets the message, whether it may have it already, in which format it goes, and
what stands in the way; the same rules decide when the action is done (`gateway/operations/actions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from gateway.accounts.roles import Viewer
from gateway.console.flow import Choice, Organisation, organisation
from gateway.console.purposes import NUMBER
from gateway.console.states import State, state
from gateway.console.texts import Texts
from gateway.errors import CATALOGUE
from gateway.ledger.audit import Act as Audited
from gateway.ledger.operations import Item
from gateway.operations import actions, replay
from gateway.operations.actions import ACTIONS, Act, Action
from gateway.services import GatewayServices

LONGEST_WHY: Final = 300
SHORTEST_WHY: Final = 3
LONGEST_NOTE: Final = 1000
AUDITED: Final[Mapping[Action, Audited]] = {
    "resend": "delivery-resent",
    "redirect": "delivery-redirected",
    "cancel": "delivery-cancelled",
    "hand-over": "delivery-handed-over",
    "release": "delivery-released",
    "forward": "delivery-forwarded",
    "refuse": "delivery-refused",
}


@dataclass(frozen=True)
class Preview:
    """What an action would do."""

    delivery: int
    message: str
    action: Action
    type_name: str
    status: str
    sender: Organisation
    receiver: Organisation
    state: State
    effects: tuple[str, ...]
    """Sentences, the gravest first."""
    obstacle: str
    """Why it cannot be done; empty: it can."""
    obstacle_step: str
    again: bool
    """The receiver has it already: this must be asked for expressly."""
    targets: tuple[Choice, ...]
    """Where it can be redirected to."""


def possible(item: Item, viewer: Viewer) -> tuple[str, ...]:
    """The actions this person can choose for a delivery; `resend` also where the receiver has it already."""
    return actions.allowed(item, again=True) if viewer.may("act") else ()


def is_action(text: str) -> bool:
    """Whether an address names an action."""
    return text in ACTIONS


def preview(services: GatewayServices, item: Item, action: Action, texts: Texts) -> Preview:
    """What would come of an action."""
    again = action == "resend" and item.state in ("acknowledged", "delivered")
    code = None
    if action not in actions.allowed(item, again=True):
        code = "operations.state-forbids"
    elif action == "resend":
        code = actions.obstacle(item, services.partners, again=True)
        code = code or replay.original_missing(services.operations.reader, item, set())
    entry = CATALOGUE[code] if code else None
    english = texts.language == "en"
    return Preview(
        delivery=item.id,
        message=item.message,
        action=action,
        type_name=texts.or_code("type", item.message_type),
        status=item.status,
        sender=organisation(services, item.sender_her, texts),
        receiver=organisation(services, item.receiver_her, texts),
        state=state(item, texts),
        effects=tuple(_effects(services, item, action, texts)),
        obstacle="" if entry is None else entry.en if english else entry.no,
        obstacle_step="" if entry is None else entry.next_step_en if english else entry.next_step_no,
        again=again,
        targets=_targets(services, item) if action == "redirect" else (),
    )


def _effects(services: GatewayServices, item: Item, action: Action, texts: Texts) -> list[str]:
    name = organisation(services, item.receiver_her, texts).name
    if action in ("release", "forward", "refuse"):
        return [texts(f"effect.{action}", name=name), texts("effect.trail")]
    if action == "cancel":
        return [texts("effect.cancel", name=name), texts("effect.cancel.behind"), texts("effect.trail")]
    if action == "hand-over":
        return [texts("effect.hand-over", name=name), texts("effect.cancel.behind"), texts("effect.trail")]
    if action == "redirect":
        return [texts("effect.redirect"), texts("effect.redirect.old", name=name), texts("effect.trail")]
    lines = []
    if item.state in ("acknowledged", "delivered"):
        lines.append(texts("effect.has-it", name=name))
    elif item.attempts:
        lines.append(texts("effect.may-have-it", name=name, n=item.attempts))
    else:
        lines.append(texts("effect.never-sent", name=name))
    lines.append(texts("effect.same-id"))
    route = services.partners.route_to(item.receiver_her)
    if route is not None:
        where = urlsplit(route.endpoint.url).netloc if route.endpoint.url else texts("transport.directory")
        lines.append(texts("effect.goes-to", where=where, format=texts.or_code("format", item.format)))
    lines.append(texts("effect.lane"))
    return [*lines, texts("effect.trail")]


def _targets(services: GatewayServices, item: Item) -> tuple[Choice, ...]:
    """Every other configured receiver."""
    return tuple(
        Choice(her_id, f"{partner.name} ({her_id})", False)
        for partner in services.settings.partner
        for endpoint in partner.endpoint
        for her_id in endpoint.her_ids
        if her_id != item.receiver_her
    )


def why_of(form: Mapping[str, Any]) -> str | None:
    """The reason a form gives; None: none that can be kept."""
    why = " ".join(str(form.get("why", "")).split())
    usable = SHORTEST_WHY <= len(why) <= LONGEST_WHY and why.isprintable() and not NUMBER.search(why)
    return why if usable else None


def seen_of(form: Mapping[str, Any]) -> str | None:
    """What the page showed of that which is to be changed: it must still be so. None: the form does not say."""
    seen = form.get("seen")
    return None if seen is None else str(seen)[:80]


async def do(
    services: GatewayServices, viewer: Viewer, item: Item, action: Action, form: Mapping[str, Any], why: str
) -> None:
    """Do it.

    :raises Refusal: as `Operations.act`
    """
    who = viewer.name or "konsollen"
    again = str(form.get("again", "")) == "1"
    to, key = str(form.get("to", "")), str(form.get("key", ""))[:80] or None
    note = " ".join(str(form.get("note", "")).split())[:LONGEST_NOTE]
    await services.operations.act(
        item.id, action, Act(who, why), to=to, note=note, again=again, seen=seen_of(form), key=key
    )
    await services.accounts.note(viewer, AUDITED[action], message=item.message, delivery=item.id)


def action_of(text: str) -> Action:
    """An action by its name in an address, once `is_action` has said that it is one."""
    return cast(Action, text)
