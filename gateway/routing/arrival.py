"""What is known of a message that may come in, ready for the one commit that takes it in?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from typing import Literal

import msgspec

from gateway.errors import Issue
from gateway.ledger import times
from gateway.ledger.messages import NewMessage
from gateway.ledger.patient_key import PatientKeys
from gateway.routing.ports import media_type_of
from gateway.settings import Partner
from gateway.translate.facts import Event, Facts


@dataclass(frozen=True)
class Arrival:
    """A message on the threshold."""

    facts: Facts = field(repr=False)
    data: bytes = field(repr=False)
    kept: NewMessage = field(repr=False)
    """What the ledger will hold of it besides the bytes."""
    now: int
    """Microseconds."""
    issues: tuple[Issue, ...] = ()
    """What is wrong with it, and did not keep it out."""

    @property
    def media_type(self) -> Literal["application/xml", "application/fhir+json"]:
        """The media type of the received bytes."""
        return media_type_of(self.facts.format)


def arrival_of(
    facts: Facts,
    data: bytes,
    *,
    id: str,
    partner: str,
    owner: Partner | None,
    keys: PatientKeys,
    now: int,
    issues: tuple[Issue, ...] = (),
) -> Arrival:
    """Make the patient key of the identity number, and leave the number behind."""
    stated = facts.acknowledgement or (owner.ack_default if owner else "J")
    kept = NewMessage(
        id=id,
        message_id=facts.message_id,
        sender_her=facts.sender.her_id or "",
        sender_organisation_her=facts.sender.organisation_her_id,
        receiver_her=facts.receiver.her_id or "",
        receiver_organisation_her=facts.receiver.organisation_her_id,
        format=facts.format,
        message_type=facts.message_type,
        status=facts.status,
        parent_id=facts.parent_id,
        conversation_id=facts.conversation_id,
        patient_key=keys.of(facts.patient.number) if facts.patient and facts.patient.number.strip() else None,
        content_digest=digest_of(data),
        acknowledgement="N" if facts.is_receipt else stated,
        processing=facts.processing,
        signed=facts.signed,
        body_known=facts.body_known,
        is_receipt=facts.is_receipt,
        partner=partner or (owner.name if owner else None),
        generated_at=times.of(facts.generated_at) if facts.generated_at else None,
        received_at=now,
        size=len(data),
        dated_events=msgspec.json.encode([_event(event) for event in facts.events]).decode(),
        header_id=facts.header_id,
    )
    return Arrival(facts, data, kept, now, issues)


def digest_of(data: bytes) -> str:
    """SHA-256 (hex) of the bytes as received: a message whose id is known is mostly told by it."""
    return hashlib.sha256(data).hexdigest()


def _event(event: Event) -> dict[str, str | bool | None]:
    return {
        "code": event.code,
        "time": event.time.astimezone(UTC).isoformat() if event.time else None,
        "date_only": event.date_only,
        "estimate": event.estimate,
    }
