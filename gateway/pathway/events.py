"""What does the pathway need to know of a message, a coded answer or a person's decision?

Stays, timeline and clocks are functions of a *set* of these events, for one patient key: the order in which they
arrived plays no part. `from_facts` makes one of a message's neutral facts; what facts do not hold (kind of content,
9139 or 9140; medication list; where the patient went) is given beside them and is None while nobody says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeGuard

from gateway.pathway.calendar import day_of, end_of
from gateway.translate.facts import Facts

ADMITTED: Final = "1"
DISCHARGED: Final = "2"
READY: Final = "3"
WITHDRAWN: Final = "4"
DEAD: Final = "13"
"""Codes of 9121."""

LOG_INNLAGT: Final = "LOG_INNLAGT"
LOG_KLAR: Final = "LOG_UTSKRIVNINGSKLAR"
LOG_AVMELDING: Final = "LOG_AVMELDING"
LOG_UTSKREVET: Final = "LOG_UTSKREVET"
LOG_DOD: Final = "LOG_DOD"
NOTICE: Final = "HELSEOPPL_SOKNAD"
ADMISSION_REPORT: Final = "INNLEGGELSESRAPPORT"
DISCHARGE_REPORT: Final = "UTSKRIVNINGSRAPPORT"
EPIKRISE: Final = "EPIKRISE"
MEDICATION_LIST: Final = "LIB"
REPLY: Final = "reply to a ready-notice"
"""A dialogue message of any type whose topic says so; not a code of 8279."""
RECEIPT: Final = "APPREC"

REPLY_TOPICS: Final = frozenset({("9155", "1"), ("7322", "7")})
"""9155=1 in a dialogue of version 1.0; 7322=7 names the same subject in a helsefaglig dialog (1.1)."""
FROM_MUNICIPALITY: Final = frozenset({ADMISSION_REPORT, REPLY})
"""What the municipality sends to the hospital trust; everything else here goes the other way."""


PLAUSIBLE_YEARS: Final = range(1900, 2200)
"""A time outside them is a slip of the sender; it is as if he had stated none."""


class MessageKey(NamedTuple):
    """The identity of a message: who sent it (HER-id) and its MsgId (DESIGN §4.3)."""

    sender: str
    id: str


@dataclass(frozen=True, order=True)
class Moment:
    """When something happened: a time, or a day of which no hour is known."""

    at: datetime
    """Aware, UTC; for a day its start in Europe/Oslo."""
    is_day: bool = False

    @property
    def latest(self) -> datetime:
        """The last instant it can mean: what a deadline counts from."""
        return end_of(day_of(self.at)) if self.is_day else self.at

    def same_as(self, other: Moment) -> bool:
        """Whether both can mean the same instant: equal times, or the same day where one knows only the day."""
        if self.is_day or other.is_day:
            return day_of(self.at) == day_of(other.at)
        return self.at == other.at


@dataclass(frozen=True)
class Happening:
    """A dated event that a message states (code of 9121)."""

    code: str
    moment: Moment
    estimate: bool = False


@dataclass(frozen=True)
class PathwayEvent:
    """What one message, or one receipt, says about the patient's pathway."""

    key: MessageKey
    kind: str
    """Type of the message (8279), or `REPLY`, or `RECEIPT`."""
    sender_organisation: str
    """HER-id of level 1. Corrections are matched within it: the ward may change during a stay."""
    trust: str | None
    """HER-id (level 1) of the hospital trust the message is from or to."""
    counterpart: str | None
    """HER-id (level 1) of the other side: the municipality, or a GP's office."""
    sent: datetime
    """When the sender made it (GenDate); aware, UTC. It is the sender's own statement."""
    accepted: datetime
    """When the gateway had it for good; aware, UTC. It decides nothing here."""
    receiver: str | None = None
    """HER-id (level 2, else 1) of the service it was sent to."""
    delivered: datetime | None = None
    """When the receiver had it, where known: its transport took it, or its receipt came. Aware, UTC."""
    status: str = "N"
    """7309: N, M, A, C, H; anything else is ordinary (N)."""
    parent: str | None = None
    conversation: str | None = None
    happenings: tuple[Happening, ...] = ()
    content_type: str | None = None
    """9140 (1 notice, 2 update) or 9139 (11 discharge report, 12 birth). None: not known."""
    medication_list: bool | None = None
    """Whether it carries the list of medicines. None: not known."""
    discharged_to: str | None = None
    """8408: 1 home, 3 other hospital, 11 nursing home, …"""
    discharge_condition: str | None = None
    """8431: 1 alive, 2 dead, 3 suicide."""
    urgency: Literal["acute", "planned"] | None = None
    """Of an admission: how urgent it was. None: not said (e-messages cannot say it)."""
    receipt_for: str | None = None
    """Of a receipt: MsgId of the message it answers."""
    receipt_status: Literal["1", "2", "3"] | None = None
    """Of a receipt: 8258: 1 OK, 2 rejected, 3 OK with errors in part."""


@dataclass(frozen=True)
class Decision:
    """A person settles to which stay a message belongs."""

    id: str
    decided: datetime
    message: MessageKey
    belongs_with: MessageKey | None
    """A message that stands in the stay meant; the message itself: a stay of its own; None: to no stay."""


@dataclass(frozen=True)
class Statement:
    """What a FHIR Task or a person says in codes about a ready-notice. Never made from text."""

    id: str
    said: datetime
    about: MessageKey
    """The ready-notice, or another message of the stay."""
    code: Literal["6", "7", "12"]
    """NPR type of time: 6 the municipality cannot receive, 7 it can receive, 12 ready for transfer."""
    source: Literal["task", "person"]
    moment: Moment | None = None
    """When it holds from (such as the day an offer is ready). None: from when it was said."""

    @property
    def holds_from(self) -> Moment:
        """From when it holds."""
        return self.moment or Moment(self.said)


def from_facts(
    facts: Facts,
    accepted: datetime,
    *,
    delivered: datetime | None = None,
    content_type: str | None = None,
    medication_list: bool | None = None,
    discharged_to: str | None = None,
    discharge_condition: str | None = None,
    urgency: Literal["acute", "planned"] | None = None,
) -> PathwayEvent:
    """The event of a message whose facts are known; aware times. What has no part in a pathway makes an event too."""
    topics = {(topic.code_set, topic.code) for topic in facts.topics}
    kind = REPLY if topics & REPLY_TOPICS else facts.message_type
    sender = facts.sender.organisation_her_id or facts.sender.her_id
    receiver = facts.receiver.organisation_her_id or facts.receiver.her_id
    trust, counterpart = (receiver, sender) if kind in FROM_MUNICIPALITY else (sender, receiver)
    return PathwayEvent(
        key=MessageKey(facts.sender.her_id or "", facts.message_id),
        kind=kind,
        sender_organisation=sender or "",
        trust=trust,
        counterpart=counterpart,
        sent=facts.generated_at if _plausible(facts.generated_at) else accepted,
        accepted=accepted,
        receiver=facts.receiver.her_id,
        delivered=delivered,
        status=facts.status,
        parent=facts.parent_id,
        conversation=facts.conversation_id,
        happenings=tuple(
            Happening(event.code, Moment(event.time, event.date_only), event.estimate)
            for event in facts.events
            if _plausible(event.time)
        ),
        content_type=content_type,
        medication_list=medication_list,
        discharged_to=discharged_to,
        discharge_condition=discharge_condition,
        urgency=urgency,
        receipt_for=facts.receipt.original_message_id if facts.receipt else None,
        receipt_status=facts.receipt.status if facts.receipt else None,
    )


def _plausible(time: datetime | None) -> TypeGuard[datetime]:
    return time is not None and time.year in PLAUSIBLE_YEARS
