"""What stands on the page of one message, apart from its content?

The facts of the header, what happened (the trail in plain words), where it is going and who acts, the receipts, and the
messages of the same conversation. No content and no patient: those rows do not hold any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.accounts.roles import Viewer
from gateway.console.actions import possible
from gateway.console.flow import Organisation, organisation
from gateway.console.states import NextStep, State, next_step, state
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown, span
from gateway.errors import CATALOGUE
from gateway.ledger.rows import DeliveryRow, EventRow, MessageRow, ReceiptRow
from gateway.ledger.trail import sentence
from gateway.operations.deviation import plain_id
from gateway.services import GatewayServices
from gateway.terminology import display

_EVENT_LOOKS = {
    "message.accepted": ("info", "inbox"),
    "message.repeated": ("plain", "again"),
    "delivery.parked": ("warn", "pause"),
    "delivery.deferred": ("warn", "again"),
    "delivery.recovered": ("warn", "again"),
    "delivery.translated": ("plain", "letter"),
    "delivery.sent": ("info", "sent"),
    "delivery.delivered": ("ok", "check"),
    "delivery.acknowledged": ("ok", "check"),
    "delivery.rejected": ("bad", "cross"),
    "delivery.cancelled": ("plain", "stop"),
    "delivery.handed": ("warn", "person"),
    "receipt.contradictory": ("bad", "warning"),
    "receipt.unexpected": ("bad", "warning"),
    "receipt.overdue": ("bad", "warning"),
    "receipt.received": ("info", "letter"),
}


@dataclass(frozen=True)
class Event:
    """One line of the trail."""

    sentence: str
    at: Shown
    after: str
    """Time since the line before, where a person would notice it (a second and more)."""
    tone: str
    icon: str
    code: str | None
    """Code of the error catalogue, for a link."""


@dataclass(frozen=True)
class Delivery:
    """One message on its way to one receiver."""

    receiver: Organisation
    state: State
    next: NextStep
    receiver_says: tuple[str, ...]
    """The reasons its receipts give."""
    format: str
    unchanged: bool
    attempts: int
    times: tuple[tuple[str, Shown], ...]
    id: int
    actions: tuple[str, ...]
    """What the person who looks may do with it."""


@dataclass(frozen=True)
class Reason:
    """A reason a receipt gives: code of 8221, with the name of the code."""

    code: str
    name: str | None


@dataclass(frozen=True)
class Receipt:
    """A receipt that has come."""

    id: str
    state: State
    format: str
    at: Shown
    after: str
    effect: str | None
    errors: tuple[Reason, ...]


@dataclass(frozen=True)
class Fact:
    """One fact of the header: a name and a value or a time."""

    name: str
    value: str = ""
    sub: str = ""
    time: Shown | None = None
    link: str | None = None
    mono: bool = False


@dataclass(frozen=True)
class Version:
    """A message of the same conversation."""

    id: str
    at: Shown
    type_name: str
    status: str
    here: bool
    relation: str


@dataclass(frozen=True)
class MessageView:
    """The whole page, without content."""

    id: str
    type_name: str
    status: str
    state: State
    sender: Organisation
    receiver: Organisation
    received: Shown
    body_known: bool
    facts: tuple[Fact, ...]
    trail: tuple[Event, ...]
    deliveries: tuple[Delivery, ...]
    receipts: tuple[Receipt, ...]
    no_receipt: str
    versions: tuple[Version, ...]
    stay: str | None
    """Id of the stay it belongs to."""


def message_view(
    services: GatewayServices, message: MessageRow, now: datetime, texts: Texts, viewer: Viewer
) -> MessageView:
    """What the page of a message shows to somebody. `now`: aware."""
    reader = services.reader
    stay = services.pathway.stay_of_message(message.id) if viewer.may("pathways") else None
    deliveries = reader.deliveries(message.id)
    receipts = reader.receipts(message.id)
    expects_none = message.is_receipt or message.acknowledgement == "N"
    return MessageView(
        id=message.id,
        type_name=texts.or_code("type", message.message_type),
        status=message.status,
        state=state(deliveries[-1] if deliveries else None, texts),
        sender=organisation(services, message.sender_her, texts),
        receiver=organisation(services, message.receiver_her, texts),
        received=shown(message.received_at, now, texts),
        body_known=message.body_known,
        facts=_facts(services, message, now, texts),
        trail=_trail(reader.trail(message.id), now, texts),
        deliveries=tuple(
            _delivery(services, delivery, receipts, now, texts, viewer) for delivery in deliveries
        ),
        receipts=tuple(_receipt(receipt, message, now, texts) for receipt in receipts),
        no_receipt=texts(
            "receipts.not_expected"
            if message.is_receipt
            else "receipt.none.long"
            if expects_none
            else "receipts.none"
        ),
        versions=_versions(reader.conversation(message.id), message, now, texts),
        stay=stay,
    )


def _facts(services: GatewayServices, message: MessageRow, now: datetime, texts: Texts) -> tuple[Fact, ...]:
    sender = organisation(services, message.sender_her, texts)
    receiver = organisation(services, message.receiver_her, texts)
    facts = [
        Fact(texts("message.from"), sender.name, texts("message.her", her=sender.her)),
        Fact(texts("message.to"), receiver.name, texts("message.her", her=receiver.her)),
        Fact(texts("message.received"), time=shown(message.received_at, now, texts)),
    ]
    if message.generated_at:
        facts.append(Fact(texts("message.generated"), time=shown(message.generated_at, now, texts)))
    facts.append(
        Fact(texts("message.format"), texts.or_code("format", message.format), size(message.size, texts))
    )
    if message.is_receipt:
        facts.append(_original(services, message, texts))
    facts.append(Fact(texts("message.ack"), texts(f"ack.{message.acknowledgement}")))
    if message.signed:
        facts.append(Fact(texts("message.signed"), texts("message.signed.yes")))
    facts.append(Fact(texts("message.msgid"), _sender_id(message.message_id, texts), mono=True))
    facts.append(Fact(texts("message.id"), message.id, mono=True))
    return tuple(facts)


def _original(services: GatewayServices, receipt: MessageRow, texts: Texts) -> Fact:
    """The message a receipt is about, as a link."""
    about = services.reader.receipt(receipt.id)
    original = services.reader.message(about.original) if about else None
    if original is None:
        return Fact(texts("receipts.about"), texts("unknown"))
    name = texts.or_code("type", original.message_type)
    return Fact(texts("receipts.about"), name, link=f"/console/messages/{original.id}")


def _sender_id(message_id: str, texts: Texts) -> str:
    """The id the sender chose, unless it could hold something else: it is the sender's own text."""
    return plain_id(message_id) or texts("message.msgid.hidden")


def size(octets: int, texts: Texts) -> str:
    """A size in the unit a person reads: `812 B`, `20 kB`, `1,4 MB`."""
    if octets < 1_000:
        return texts("bytes.B", n=octets)
    if octets < 1_000_000:
        return texts("bytes.kB", n=round(octets / 1_000))
    number = f"{octets / 1_000_000:.1f}"
    return texts("bytes.MB", n=number if texts.language == "en" else number.replace(".", ","))


def _trail(events: tuple[EventRow, ...], now: datetime, texts: Texts) -> tuple[Event, ...]:
    lines = []
    before: datetime | None = None
    for event in events:
        tone, icon = _EVENT_LOOKS.get(event.code, ("plain", "dot"))
        seconds = (event.at - before).total_seconds() if before else 0
        code = next((str(value) for value in event.detail.values() if value in CATALOGUE), None)
        detail = {name: _plain(name, value, texts) for name, value in event.detail.items()}
        said = sentence(event.code, detail)[texts.language == "en"]
        after = span(seconds, texts) if seconds >= 1 else ""
        lines.append(Event(said, shown(event.at, now, texts), after, tone, icon, code))
        before = event.at
    return tuple(lines)


def _plain(
    name: str, value: str | int | float | bool | None, texts: Texts
) -> str | int | float | bool | None:
    """A machine fact of the trail in words, where it is a code."""
    if name == "status" and value in ("1", "2", "3"):
        return texts(f"receipt.{value}")
    if name == "format" and isinstance(value, str):
        return texts.or_code("format", value)
    return value


def _delivery(
    services: GatewayServices,
    delivery: DeliveryRow,
    receipts: Sequence[ReceiptRow],
    now: datetime,
    texts: Texts,
    viewer: Viewer,
) -> Delivery:
    reasons = [
        reason for receipt in receipts if receipt.delivery_id == delivery.id for reason in _reasons(receipt)
    ]
    moments = (
        ("due", delivery.due_at if delivery.state == "queued" and delivery.attempts else None),
        ("deadline", delivery.deadline_at if delivery.state == "sent" else None),
        ("sent", delivery.sent_at),
        ("final", delivery.final_at),
    )
    return Delivery(
        receiver=organisation(services, delivery.receiver_her, texts),
        state=state(delivery, texts),
        next=next_step(delivery, now, texts),
        receiver_says=tuple(reason.name or reason.code for reason in reasons),
        format=texts.or_code("format", delivery.format),
        unchanged=delivery.unchanged,
        attempts=delivery.attempts,
        times=tuple((name, shown(moment, now, texts)) for name, moment in moments if moment),
        id=delivery.id,
        actions=_actions(services, delivery.id, viewer),
    )


def _actions(services: GatewayServices, delivery_id: int, viewer: Viewer) -> tuple[str, ...]:
    item = services.operations.reader.item(delivery_id) if viewer.may("act") else None
    return possible(item, viewer) if item else ()


def _receipt(receipt: ReceiptRow, message: MessageRow, now: datetime, texts: Texts) -> Receipt:
    tone, icon = {"1": ("ok", "check"), "2": ("bad", "cross"), "3": ("warn", "check-part")}[receipt.status]
    return Receipt(
        id=receipt.message,
        state=State(f"receipt-{receipt.status}", texts(f"receipt.{receipt.status}"), tone, icon),
        format=texts.or_code("format", receipt.format),
        at=shown(receipt.received_at, now, texts),
        after=_after((receipt.received_at - message.received_at).total_seconds(), texts),
        effect=None if receipt.effect == "settled" else texts(f"effect.{receipt.effect}"),
        errors=_reasons(receipt),
    )


def _after(seconds: float, texts: Texts) -> str:
    return texts("receipts.at_once") if seconds < 1 else texts("receipts.after", span=span(seconds, texts))


def _reasons(receipt: ReceiptRow) -> tuple[Reason, ...]:
    return tuple(Reason(error.code, display(error.system, error.code)) for error in receipt.errors)


def _versions(
    conversation: tuple[MessageRow, ...], message: MessageRow, now: datetime, texts: Texts
) -> tuple[Version, ...]:
    """The messages of the conversation; empty when this one stands alone."""
    others = [each for each in conversation if not each.is_receipt or each.id == message.id]
    if len(others) < 2:
        return ()
    return tuple(
        Version(
            id=each.id,
            at=shown(each.received_at, now, texts),
            type_name=texts.or_code("type", each.message_type),
            status=each.status,
            here=each.id == message.id,
            relation=_relation(each, message, texts),
        )
        for each in others
    )


def _relation(each: MessageRow, message: MessageRow, texts: Texts) -> str:
    if each.id == message.id:
        return texts("versions.this")
    same_type = each.message_type == message.message_type
    if each.message_id == message.parent_id:
        return texts("versions.parent" if same_type else "versions.answered")
    if each.parent_id == message.message_id:
        return texts("versions.child" if same_type else "versions.answer")
    return ""
