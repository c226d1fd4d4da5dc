"""Which statements hold, once corrections, cancellations, receipts and duplicates are counted?

A document is one statement of a sender with everything he said about it later. Which messages make one document:

    N (and any status we do not know)   a document of its own
    M  change        replaces the content of the document its parent belongs to (complete new content)
    A  addition      adds what the document does not state yet; what it states stays
    C  cancellation  takes the whole document back, whichever version it names: its content was sent by mistake
    H  history       set aside: it must not change a current state

The parent is the message named (RefToParent), of the same kind and organisation (level 1). Is it not here, it is the
one document of that kind in the same conversation; several: nobody can tell, a person must. Is the original
missing, a change stands alone, and a cancellation waits as a cancelled document for what it cancels.

A message whose receiver rejected it (AppRec status 2) told nobody anything: it is set aside. A positive receipt
(1, 3) outweighs a negative one, in whichever order they came.

Versions are ordered by the time they were sent, never before their parent; nothing depends on the order of arrival.

Sources: code set 7309; ConversationRef as the official examples of v1.6 use it; HIS 80415 (receipts); DESIGN §4.3–4.4.
Uncertain: the national guideline on change and cancellation was not available; that C means the whole document is
read off the examples, which repeat its content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

from gateway.pathway.events import (
    ADMISSION_REPORT,
    ADMITTED,
    DEAD,
    DISCHARGE_REPORT,
    DISCHARGED,
    EPIKRISE,
    LOG_AVMELDING,
    LOG_DOD,
    LOG_INNLAGT,
    LOG_KLAR,
    LOG_UTSKREVET,
    MEDICATION_LIST,
    NOTICE,
    READY,
    RECEIPT,
    REPLY,
    WITHDRAWN,
    Happening,
    MessageKey,
    Moment,
    PathwayEvent,
)

OWN_CODE: Final = {
    LOG_INNLAGT: ADMITTED,
    LOG_KLAR: READY,
    LOG_AVMELDING: WITHDRAWN,
    LOG_UTSKREVET: DISCHARGED,
    LOG_DOD: DEAD,
}
"""The event (9121) that each logistics message is about (HIS 1149)."""
CORRECTIONS: Final = ("M", "A", "C")
"""Codes of 7309 that speak of an earlier message."""
USED: Final = frozenset(
    {*OWN_CODE, NOTICE, ADMISSION_REPORT, DISCHARGE_REPORT, EPIKRISE, MEDICATION_LIST, REPLY}
)

Counts = Literal["sent", "delivered"]
"""What proves that the other side was told: that the message was sent, or that it was delivered."""

Reason = Literal[
    "no-stay-fits",
    "several-stays-fit",
    "only-an-estimate",
    "no-time",
    "no-trust",
    "several-parents",
    "settled-with-unplaced",
    "rejected",
    "history",
    "not-used",
    "cancelled",
    "no-stay",
    "settled-as-none",
    "correction-of-cancelled",
]


@dataclass(frozen=True, order=True)
class Unplaced:
    """A message that stands in no stay, and why."""

    key: MessageKey
    kind: str
    reason: Reason
    candidates: tuple[MessageKey, ...] = ()
    """Keys of the stays it may belong to."""


@dataclass(frozen=True)
class Document:
    """One statement of a sender: what holds of it now, and what was said before."""

    versions: tuple[PathwayEvent, ...]
    """The original and its changes, oldest first. Empty: only its cancellation is here."""
    additions: tuple[PathwayEvent, ...] = ()
    cancellation: PathwayEvent | None = None

    @cached_property
    def current(self) -> PathwayEvent:
        """The content that holds; of a cancellation alone, the content it repeats."""
        found = self.versions[-1:] or (self.cancellation,)
        assert found[0] is not None  # a document is made of at least one message
        return found[0]

    @cached_property
    def key(self) -> MessageKey:
        """The key of its first message here."""
        return (self.versions[0] if self.versions else self.current).key

    @cached_property
    def keys(self) -> frozenset[MessageKey]:
        """The keys of all its messages."""
        cancelling = (self.cancellation,) if self.cancellation else ()
        return frozenset(event.key for event in (*self.versions, *self.additions, *cancelling))

    @property
    def kind(self) -> str:
        """Type of the message (8279), or `REPLY`."""
        return self.current.kind

    @property
    def trust(self) -> str:
        """HER-id (level 1) of the hospital trust."""
        return self.current.trust or ""

    @property
    def live(self) -> bool:
        """Whether it holds: it was not cancelled."""
        return self.cancellation is None

    @cached_property
    def first_sent(self) -> datetime:
        """When its first message here was sent."""
        return (self.versions[0] if self.versions else self.current).sent

    def happening(self, code: str) -> Happening | None:
        """The event of this code that holds: of the current version, else what an addition added."""
        for event in (self.current, *self.additions):
            for found in event.happenings:
                if found.code == code:
                    return found
        return None

    def moment(self, code: str) -> Moment | None:
        """When the event of this code was, if that is stated as a fact and not as an estimate."""
        found = self.happening(code)
        return found.moment if found and not found.estimate else None

    def ever_stated(self, code: str) -> frozenset[Moment]:
        """All moments that any version stated for this code."""
        return frozenset(h.moment for event in self.versions for h in event.happenings if h.code == code)

    @cached_property
    def own(self) -> Happening | None:
        """The event a logistics message is about."""
        code = OWN_CODE.get(self.kind)
        return self.happening(code) if code else None

    @cached_property
    def placed(self) -> datetime:
        """Where it stands in the order of events: at its own event's time, a day at its end, but never after it was
        told. For order only: no duration or deadline starts from it."""
        if self.own is None:
            return self.first_sent
        told = [event.sent for event in self.versions if self.own in event.happenings]
        return min(min(told, default=self.current.sent), self.own.moment.latest)

    def told(self, counts: Counts = "sent") -> datetime | None:
        """When the other side was first told. None: never, or delivery is not proven."""
        if counts == "sent":
            return min((event.sent for event in self.versions), default=None)
        return min((e.delivered for e in self.versions if e.delivered is not None), default=None)


def documents_of(events: Iterable[PathwayEvent]) -> tuple[tuple[Document, ...], tuple[Unplaced, ...]]:
    """The documents that a set of messages makes, and the messages that are in none."""
    messages = _without_duplicates(events)
    refused = rejected(messages).keys()
    unplaced: list[Unplaced] = []
    families: dict[tuple[object, ...], list[PathwayEvent]] = {}
    relations = _Relations([m for m in messages if m.kind in USED])
    for message in messages:
        reason = _why_not(message, refused)
        family = relations.family(message) if reason is None else None
        if reason is None and family is None:
            reason = "several-parents"
        if reason:
            unplaced.append(Unplaced(message.key, message.kind, reason))
        elif message.kind != RECEIPT and family:
            families.setdefault(family, []).append(message)
    documents = []
    for members in families.values():
        document, late = _document(sorted(members, key=relations.order))
        documents.append(document)
        unplaced += [Unplaced(m.key, m.kind, "correction-of-cancelled") for m in late]
    return tuple(sorted(documents, key=lambda d: (d.first_sent, d.key))), tuple(sorted(unplaced))


def _document(members: list[PathwayEvent]) -> tuple[Document, list[PathwayEvent]]:
    """The document of messages in their order, and the changes made after it was cancelled."""
    ends = [place for place, event in enumerate(members) if event.status == "C"]
    before, after = (members[: ends[0]], members[ends[0] + 1 :]) if ends else (members, [])
    originals = tuple(event for event in members if event.status not in CORRECTIONS)
    changes = tuple(event for event in before if event.status == "M")
    additions = tuple(event for event in before if event.status == "A")
    versions = originals + changes
    document = Document(
        versions or additions, additions if versions else (), members[ends[0]] if ends else None
    )
    return document, [event for event in after if event.status in ("M", "A")]


def _why_not(message: PathwayEvent, refused: Collection[MessageKey]) -> Reason | None:
    if message.kind == RECEIPT:
        return None
    if message.kind not in USED:
        return "not-used"
    if message.key in refused:
        return "rejected"
    if message.status == "H":
        return "history"
    return None if message.trust else "no-trust"


def _without_duplicates(events: Iterable[PathwayEvent]) -> list[PathwayEvent]:
    """Each message once, as it first came; delivered when any copy was."""
    copies: dict[MessageKey, list[PathwayEvent]] = {}
    for event in events:
        copies.setdefault(event.key, []).append(event)
    found = []
    for same in copies.values():
        first = min(same, key=lambda event: (event.sent, event.accepted, repr(event)))
        delivered = min((event.delivered for event in same if event.delivered is not None), default=None)
        found.append(replace(first, delivered=delivered))
    return sorted(found, key=lambda event: (event.sent, event.key))


def rejected(messages: Iterable[PathwayEvent]) -> dict[MessageKey, MessageKey]:
    """The messages that have a negative receipt and no positive one, each with its first negative receipt."""
    told = _receipts_of(messages)
    return {key: min(all_told)[2] for key, all_told in told.items() if all(s == "2" for s, _, _ in all_told)}


def ever_rejected(messages: Iterable[PathwayEvent]) -> set[MessageKey]:
    """The messages that have a negative receipt, also where a positive one holds."""
    return {
        key for key, told in _receipts_of(messages).items() if any(status == "2" for status, _, _ in told)
    }


def _receipts_of(
    messages: Iterable[PathwayEvent],
) -> dict[MessageKey, list[tuple[str, datetime, MessageKey]]]:
    """Of each message its receipts: what it says, when it was sent, and which it is."""
    messages = list(messages)
    by_id: dict[str, list[PathwayEvent]] = {}
    for message in messages:
        by_id.setdefault(message.key.id, []).append(message)
    said: dict[MessageKey, list[tuple[str, datetime, MessageKey]]] = {}
    for receipt in messages:
        if receipt.kind != RECEIPT or receipt.receipt_for is None or receipt.receipt_status is None:
            continue
        meant = by_id.get(receipt.receipt_for, [])
        if len(meant) > 1:
            meant = [m for m in meant if m.sender_organisation == receipt.counterpart]
        for message in meant:
            told = (receipt.receipt_status, receipt.sent, receipt.key)
            said.setdefault(message.key, []).append(told)
    return said


class _Relations:
    """Who corrects whom."""

    def __init__(self, messages: list[PathwayEvent]) -> None:
        self._by_id: dict[tuple[str, str], PathwayEvent] = {}
        self._originals: dict[tuple[str, str, str], list[PathwayEvent]] = {}
        for message in messages:
            self._by_id.setdefault((message.sender_organisation, message.key.id), message)
            if message.status not in (*CORRECTIONS, "H"):
                thread = message.conversation or message.key.id
                place = (message.sender_organisation, message.kind, thread)
                self._originals.setdefault(place, []).append(message)

    def _chain(self, message: PathwayEvent) -> list[PathwayEvent]:
        """The message, its parent and so on, as far as they are here and of its kind."""
        chain, seen = [message], {message.key}
        while chain[-1].status in CORRECTIONS and chain[-1].parent:
            parent = self._by_id.get((message.sender_organisation, chain[-1].parent))
            if parent is None or parent.kind != message.kind or parent.key in seen:
                break
            chain.append(parent)
            seen.add(parent.key)
        return chain

    def family(self, message: PathwayEvent) -> tuple[object, ...] | None:
        """What names the document a message belongs to. None: several could be meant."""
        last = self._chain(message)[-1]
        if last.status not in CORRECTIONS:
            return (last.key,)
        thread = last.conversation or last.parent or last.key.id
        place = (last.sender_organisation, last.kind, thread)
        originals = self._originals.get(place, [])
        if len(originals) > 1:
            return None
        return (originals[0].key,) if originals else place

    def order(self, message: PathwayEvent) -> tuple[datetime, int, MessageKey]:
        """Versions in their order: as sent, never before the parent."""
        chain = self._chain(message)
        return max(event.sent for event in chain), len(chain), message.key
