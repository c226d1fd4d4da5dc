"""What does the ledger say about messages, deliveries, receipts and events, as values?

No row holds a patient's number, a name or clinical text; those stand in the bodies only (DESIGN §4.10). Every time is
aware and UTC. Where a row says `message`, it means our id of the message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

DeliveryState = Literal[
    "queued",  # waits for its turn in the lane, or for the next attempt
    "parked",  # a correction or cancellation whose original has not arrived
    "sending",  # an attempt is under way, under a lease
    "sent",  # the receiver's transport has it, the receipt is awaited
    "acknowledged",  # final: the receiver acknowledged (receipt_status 1, or 3: with errors in part)
    "rejected",  # final: the receiver's receipt says no (receipt_status 2)
    "cancelled",  # final: annulled before it was ever sent
    "delivered",  # final: handed over, and no receipt is expected
    "handed",  # final here: held for a person, with a reason
]
STATES: Final[tuple[str, ...]] = get_args(DeliveryState)
FINAL_STATES: Final = frozenset({"acknowledged", "rejected", "cancelled", "delivered", "handed"})

ReceiptEffect = Literal[
    "settled",  # the first receipt: it gave the delivery its final state
    "repeated",  # says the same as the first
    "contradictory",  # says something else than the first; the state stays, a person must look
    "unexpected",  # for a delivery that was cancelled here and should not have been seen by anyone
]


@dataclass(frozen=True)
class MessageRow:
    """One accepted message or receipt."""

    id: str
    """Our id (UUID): stands in URLs and logs."""
    sequence: int
    """Order of intake."""
    message_id: str
    """The sender's MsgId; unique together with `sender_her`."""
    sender_her: str
    sender_organisation_her: str | None
    receiver_her: str
    receiver_organisation_her: str | None
    format: str
    """As received: plo-1.6, fhir-r4, apprec-1.0, msghead, …"""
    message_type: str
    """Code of 8279; APPREC for a receipt."""
    status: str
    """7309: N, M, A, C, H."""
    parent_id: str | None
    """MsgId of the message this one changes, cancels or answers."""
    conversation_id: str | None
    """MsgId of the conversation's first message; None on the first itself."""
    patient_key: str | None = field(repr=False)
    acknowledgement: Literal["J", "N", "F"]
    """What counts here: as stated, else as the partner's configuration says."""
    processing: str
    signed: bool
    body_known: bool
    is_receipt: bool
    partner: str | None
    """Name of the partner whose credential handed it in."""
    generated_at: datetime | None
    received_at: datetime
    body_id: int
    """The bytes as received."""
    size: int
    """Of the received bytes."""
    dated_events: tuple[dict[str, Any], ...] = ()
    """Facts for the pathway: {"code", "time" (ISO 8601, UTC) or null, "date_only", "estimate"}."""


@dataclass(frozen=True)
class DeliveryRow:
    """One message on its way to one receiver."""

    id: int
    message: str
    receiver_her: str
    state: DeliveryState
    format: str
    """The format it is delivered in."""
    unchanged: bool
    """The receiver gets the very bytes that were received."""
    body_id: int | None
    """The bytes as sent; None until they have been made."""
    attempts: int
    reason: str | None
    """Code of the error catalogue: why it waits, was rejected or was handed over."""
    receipt_status: Literal["1", "2", "3"] | None
    """8258, of the receipt that settled it."""
    overdue: bool
    """The receipt did not come within its limit (and has not come since)."""
    settled: bool
    """A person has taken care of it (only when handed)."""
    created_at: datetime
    due_at: datetime | None
    """queued: not tried before this time."""
    deadline_at: datetime | None
    """When the present state must have ended: queued: given up; parked: handed over; sent: overdue."""
    sent_at: datetime | None
    """When the receiver's transport accepted it."""
    final_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected to happen by itself."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class ReceiptError:
    """A reason given in a receipt; its text stands in the body only."""

    code: str
    system: str


@dataclass(frozen=True)
class ReceiptRow:
    """What a receipt said about a message. The receipt is a message of its own, too."""

    id: int
    message: str
    """Our id of the receipt."""
    original: str
    """Our id of the message it is about."""
    delivery_id: int
    """The delivery of the original."""
    status: Literal["1", "2", "3"]
    errors: tuple[ReceiptError, ...]
    effect: ReceiptEffect
    format: str
    received_at: datetime
    body_id: int


@dataclass(frozen=True)
class EventRow:
    """One line of a message's trail; the sentences for its code stand in `ledger/trail.py`."""

    id: int
    message: str
    delivery_id: int | None
    at: datetime
    code: str
    detail: dict[str, str | int | float | bool | None]
    """Machine facts (catalogue code, HER-id, attempt, format): never content."""


@dataclass(frozen=True)
class RefusalRow:
    """A message that was not taken: what it was and why. Its content is not kept: the sender still has it."""

    id: int
    at: datetime
    partner: str | None
    code: str
    """Code of the error catalogue."""
    size: int
    format: str | None
    message_id: str | None
    message_type: str | None
    sender_her: str | None
    receiver_her: str | None


@dataclass(frozen=True)
class LossRow:
    """What the translation of a delivery could not carry natively."""

    delivery_id: int
    mapping_version: str
    total: int
    native: int
    extension: int
    lost: int
    report: dict[str, Any]
    """`LossReport.as_json()`: paths and codes, no content."""


@dataclass(frozen=True)
class BodyRow:
    """Bytes as received or as sent. Reading them is reading health information."""

    id: int
    content: bytes = field(repr=False)
    media_type: Literal["application/xml", "application/fhir+json"]


@dataclass(frozen=True)
class FlowRow:
    """One line of the message flow."""

    message: MessageRow
    delivery: DeliveryRow | None
    """None only for a message that needs no delivery."""


@dataclass(frozen=True)
class MessageFilter:
    """Which messages to list; None: all."""

    id: str | None = None
    """Our id, the sender's MsgId, or the MsgId of the conversation's first message."""
    her_ids: tuple[str, ...] = ()
    """Sender or receiver is one of these (a partner's)."""
    message_type: str | None = None
    state: DeliveryState | None = None
    settled: bool | None = None
    """Whether a person has taken care of it (of those in state handed)."""
    overdue: bool = False
    receipts: bool = False
    """Whether receipts are listed as well."""
    patient_key: str | None = field(default=None, repr=False)
    since: datetime | None = None
    """Received at or after."""
    until: datetime | None = None
    """Received before."""
    scope: frozenset[str] | None = None
    """Only what is sent by or goes to one of these; None: everything."""

    @property
    def parties(self) -> frozenset[str]:
        """HER-ids of which one must be sender or receiver; none: it does not matter."""
        return frozenset(self.her_ids) or self.scope or frozenset()


@dataclass(frozen=True)
class Counts:
    """Figures for the head of a page; receipts are not counted as messages."""

    messages: int
    """All that are held."""
    since: int
    """Received since the time asked for."""
    states: dict[str, int]
    """Deliveries of messages (not of receipts) in each state; every state is present."""
    overdue: int
    refused: int
    """Refusals since the time asked for."""

    @property
    def waiting(self) -> int:
        """Deliveries that are not over."""
        return sum(number for state, number in self.states.items() if state not in FINAL_STATES)
