"""How is the state of a message said: a word, an icon, a tone, the next step and whose move it is?

Never by colour alone. A reason of the error catalogue gives next step and owner; a state that moves by itself says so.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.console.texts import Texts
from gateway.console.times import shown
from gateway.errors import CATALOGUE, CatalogueEntry
from gateway.ledger.operations import Item
from gateway.ledger.rows import STATES, DeliveryRow, MessageRow

OVERDUE = "overdue"
SETTLED = "settled"
FILTER_STATES = (*STATES, OVERDUE, SETTLED)
"""What the flow can be narrowed to: the states of a delivery (handed: as long as it waits for a person), a receipt that
is late, and what a person has taken care of."""

_LOOKS = {
    "received": ("plain", "inbox"),
    "queued": ("info", "clock"),
    "retrying": ("warn", "again"),
    "parked": ("warn", "pause"),
    "sending": ("info", "sent"),
    "sent": ("info", "sent"),
    "overdue": ("bad", "warning"),
    "acknowledged": ("ok", "check"),
    "acknowledged-in-part": ("warn", "check-part"),
    "rejected": ("bad", "cross"),
    "cancelled": ("plain", "stop"),
    "delivered": ("ok", "check"),
    "handed": ("warn", "person"),
    "settled": ("plain", "person"),
}

_MOVES = {"sent": "receiver", "overdue": "receiver", "rejected": "sender", "handed": "us"}
"""Whose move it is where no catalogue entry says it; nobody's otherwise."""

_PAST = ("retrying", SETTLED)
"""Its reason is why it came to this, not what is to be done now."""

_DECIDED = "operations."
"""So begins a reason that is a person's decision: that is what holds now."""

_OVER = ("acknowledged", "cancelled", "delivered")
"""Nothing remains to be done."""


@dataclass(frozen=True)
class State:
    """A state, ready to show."""

    name: str
    word: str
    tone: str
    icon: str


@dataclass(frozen=True)
class NextStep:
    """What happens now, and who makes it happen."""

    step: str
    owner: str
    cause: str | None
    code: str | None
    """Code of the error catalogue, for a link."""
    tone: str


def state_name(delivery: DeliveryRow | Item | None) -> str:
    """The name under which looks and words of a state are found."""
    if delivery is None:
        return "received"
    if delivery.state == "queued" and delivery.attempts:
        return "retrying"
    if delivery.state == "sent" and delivery.overdue:
        return OVERDUE
    if delivery.state == "acknowledged" and delivery.receipt_status == "3":
        return "acknowledged-in-part"
    if delivery.state == "handed" and delivery.settled:
        return SETTLED
    return delivery.state


def state(delivery: DeliveryRow | Item | None, texts: Texts) -> State:
    """The state of a delivery; None: a message that needs no delivery."""
    name = state_name(delivery)
    tone, icon = _LOOKS[name]
    return State(name, texts(f"state.{name}"), tone, icon)


def receipt_word(message: MessageRow, delivery: DeliveryRow | None, texts: Texts) -> State:
    """What can be said about the receipt of a message."""
    status = delivery.receipt_status if delivery else None
    if status:
        tone = {"1": "ok", "2": "bad", "3": "warn"}[status]
        icon = {"1": "check", "2": "cross", "3": "check-part"}[status]
        return State(f"receipt-{status}", texts(f"receipt.{status}"), tone, icon)
    if delivery is None or message.is_receipt or message.acknowledgement == "N" or delivery.is_final:
        return State("receipt-none", texts("receipt.none"), "plain", "")
    if delivery.state == "sent" and delivery.overdue:
        return State("receipt-missing", texts("receipt.missing"), "bad", "")
    return State("receipt-awaited", texts("receipt.awaited"), "plain", "")


def next_step(delivery: DeliveryRow, now: datetime, texts: Texts) -> NextStep:
    """What happens next with a delivery. `now`: aware, for how times are written."""
    name = state_name(delivery)
    tone = _LOOKS[name][0]
    due, deadline = delivery.due_at, delivery.deadline_at
    entry = None if name in _OVER or name == "sending" else _entry(delivery, name)
    if entry is not None and (name not in _PAST or entry.code.startswith(_DECIDED)):
        return NextStep(
            _step(entry, texts), texts(f"owner.{entry.owner}"), _cause(entry, texts), entry.code, tone
        )
    step = texts.marked(
        f"step.{name}",
        due=shown(due, now, texts).to_the_second if due and due > now else texts("step.soon"),
        deadline=shown(deadline, now, texts) if deadline else texts("unknown"),
    )
    owner = "" if name in (*_OVER, SETTLED) else texts(f"owner.{_MOVES.get(name, 'nobody')}")
    return NextStep(step, owner, _cause(entry, texts) if entry else None, entry.code if entry else None, tone)


def _entry(delivery: DeliveryRow, name: str) -> CatalogueEntry | None:
    code = delivery.reason or ("receipt.overdue" if name == OVERDUE else None)
    return CATALOGUE.get(code) if code else None


def _step(entry: CatalogueEntry, texts: Texts) -> str:
    return entry.next_step_en if texts.language == "en" else entry.next_step_no


def _cause(entry: CatalogueEntry, texts: Texts) -> str:
    return entry.en if texts.language == "en" else entry.no
