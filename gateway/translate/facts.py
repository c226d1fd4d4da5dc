"""What does a message say that every room must know, whichever format it came in?

`Facts` are neutral: they name no XML element and no FHIR element. Intake takes them once from the received message and
stores them; routing and pathway read only these. The identity number of the patient is here only until intake has made
the keyed patient key of it (DESIGN §4.10): it is never stored, logged or shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal


@dataclass(frozen=True)
class Party:
    """A sender or receiver: the communication party (level 2) within its organisation (level 1)."""

    her_id: str | None
    """HER-id the message is addressed to or sent from: level 2 (service or health professional), else level 1."""
    organisation_her_id: str | None
    """HER-id of level 1 (the hospital trust, the municipality); equals `her_id` when only one level is given."""
    name: str = field(default="", repr=False)
    """Name of the communication party; shown to people, never logged."""
    organisation_name: str = field(default="", repr=False)


PATIENT_KINDS: Final = ("FNR", "DNR", "FHN", "HNR", "DUF", "SEF", "DKF")
"""Codes of 8116 whose number is one person's, whoever states it; the surest first. By a number of another kind (of a
passport, a hospital's own, an unknown one) two patients could be taken for one."""


@dataclass(frozen=True)
class PatientIdentity:
    """The patient's identity number and its kind (code of 8116: FNR, DNR, FHN, …)."""

    kind: str
    number: str = field(repr=False)


def identity_of(numbers: Sequence[tuple[str, str]]) -> PatientIdentity | None:
    """Which of a patient's numbers (kind, number) tells who it is: one person's, the surest first."""
    known = [PatientIdentity(kind, number) for kind, number in numbers if kind in PATIENT_KINDS and number]
    return min(known, key=lambda each: PATIENT_KINDS.index(each.kind), default=None)


@dataclass(frozen=True)
class Event:
    """A dated event of the stay (code of 9121: 1 admitted, 2 discharged, 3 ready for discharge, 4 no
    longer ready, 13 dead)."""

    code: str
    time: datetime | None
    """Aware, UTC; for a date only, the start of that day in Europe/Oslo. None: not stated as a date or a time."""
    date_only: bool
    estimate: bool


@dataclass(frozen=True)
class Topic:
    """What a note of a dialogue is, as a code: 9155|1 reply to a ready-notice (that it came; yes or no is not coded in
    it), 9069 kind of answer, 8117 reason of a deviation, 7321 and 7322 subject."""

    code_set: str
    """Its number, or the OID of a set that is not national."""
    code: str


@dataclass(frozen=True)
class ReceiptError:
    """One reason of a receipt: a code of 8221 (or of the set named in `system`), with the text the receiver gave."""

    code: str
    system: str
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class ReceiptFacts:
    """What a receipt (AppRec, or a Bundle with MessageHeader.response) says about which message."""

    status: Literal["1", "2", "3"]
    """8258: 1 OK, 2 rejected, 3 OK with errors in part."""
    original_message_id: str
    original_message_type: str | None
    errors: tuple[ReceiptError, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The neutral facts of one message or receipt."""

    format: str
    """plo-1.6, plo-1.5, dialog-1.0, dialog-1.1, msghead (a body without grammar), apprec-1.0, apprec-1.1 or fhir-r4."""
    message_id: str
    message_type: str
    """Code of 8279 (LOG_INNLAGT, UTSKRIVNINGSRAPPORT, …); APPREC for a receipt."""
    sender: Party
    receiver: Party
    generated_at: datetime | None = None
    """GenDate / Bundle.timestamp; aware, UTC."""
    header_id: str | None = None
    """What FHIR's receipts call the message, MessageHeader.id, where that is not `message_id`; receipts have none."""
    status: str = "N"
    """7309: N new, M changed, A addition, C cancelled, H history."""
    parent_id: str | None = None
    conversation_id: str | None = None
    other_receivers: tuple[Party, ...] = ()
    patient: PatientIdentity | None = None
    acknowledgement: Literal["J", "N", "F"] | None = None
    """7304: J receipt wanted, N not, F only on error; None: not stated."""
    processing: str = "P"
    """8113: P production, T training, D debugging; absent means P."""
    events: tuple[Event, ...] = ()
    topics: tuple[Topic, ...] = ()
    """Of a dialogue's notes, in their order."""
    receipt: ReceiptFacts | None = None
    signed: bool = False
    """The received XML carries a ds:Signature (which no translation can carry)."""
    body_known: bool = True
    """False: a body that has no grammar here; the message can only be passed on as it is."""

    @property
    def is_receipt(self) -> bool:
        """Whether this is a receipt: it never gets a receipt of its own (DESIGN §4.8)."""
        return self.receipt is not None

    @property
    def lane_conversation(self) -> str:
        """The conversation this message belongs to: its first message's id when it is the first."""
        return self.conversation_id or self.message_id
