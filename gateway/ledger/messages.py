"""How is a message kept, found again, and its trail written? Units of work use these inside a session."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from gateway.ledger.session import Answer, Row, Session

Fact = str | int | float | bool | None
MediaType = Literal["application/xml", "application/fhir+json"]


@dataclass(frozen=True)
class NewMessage:
    """What is kept of a message besides its bytes: neutral facts, no number, name or text."""

    id: str
    message_id: str
    sender_her: str
    sender_organisation_her: str | None
    receiver_her: str
    receiver_organisation_her: str | None
    format: str
    message_type: str
    status: str
    parent_id: str | None
    conversation_id: str | None
    patient_key: str | None = field(repr=False)
    content_digest: str = field(repr=False)
    """SHA-256 (hex) of the bytes as received."""
    acknowledgement: Literal["J", "N", "F"]
    processing: str
    signed: bool
    body_known: bool
    is_receipt: bool
    partner: str | None
    generated_at: int | None
    """Microseconds, as every time here."""
    received_at: int
    size: int
    dated_events: str
    """JSON."""
    header_id: str | None = None
    """The id of its MessageHeader in FHIR, where that is not `message_id`."""


@dataclass(frozen=True)
class Known:
    """A message that was accepted before."""

    sequence: int
    id: str
    content_digest: str = field(repr=False)
    """SHA-256 (hex) of the bytes as received."""
    body_id: int


@dataclass(frozen=True)
class Keys:
    """The numbers that a message and its delivery will have, and their lane if it is new; None: they are given one when
    they are kept."""

    message: int | None = None
    delivery: int | None = None
    lane: int | None = None


@dataclass(frozen=True)
class NewRefusal:
    """What is kept of a message that was not taken."""

    at: int
    partner: str | None
    code: str
    size: int
    format: str | None = None
    message_id: str | None = field(default=None, repr=False)
    message_type: str | None = None
    sender_her: str | None = None
    receiver_her: str | None = None


def find(session: Session, sender_her: str, message_id: str) -> Known | None:
    """The message a sender has given this id, if it was accepted before."""
    return known_in(ask(session, sender_her, message_id))


def ask(session: Session, sender_her: str, message_id: str) -> Answer:
    """As `find`, to be looked at with `known_in`."""
    return session.ask("find_message", sender_her=sender_her, message_id=message_id)


def known_in(answer: Answer) -> Known | None:
    """The message that was accepted before, if one was."""
    row = answer.fetchone()
    return None if row is None else Known(row["sequence"], row["id"], row["content_digest"], row["body_id"])


def ask_keys(session: Session) -> Answer:
    """Keys for a message that is about to be kept, to be looked at with `keys_in`."""
    return session.ask("new_keys")


def keys_in(answer: Answer) -> Keys:
    """The keys that were asked for."""
    return Keys(*answer.fetchone())


def body(session: Session, body_id: int) -> tuple[bytes, MediaType] | None:
    """Kept bytes and their media type; None when they have been removed after their time."""
    row = session.one("body", body_id=body_id)
    return None if row is None else (row["content"], row["media_type"])


def digest_of_removed(session: Session, body_id: int) -> str | None:
    """What stays of bytes that have been removed: equal to that of any message that says the same."""
    row = session.one("removed_body", body_id=body_id)
    return None if row is None else row["canonical_digest"]


def keep_body(session: Session, content: bytes, media_type: MediaType) -> int:
    """Keep bytes; returns their id."""
    return session.keep("keep_body", content=content, media_type=media_type)


def keep(
    session: Session, message: NewMessage, content: bytes, media_type: MediaType, key: int | None = None
) -> int:
    """Keep a message with its bytes; returns its sequence. `key`: of `Keys`."""
    session.run("keep_body", content=content, media_type=media_type)
    sequence = session.keep_under("keep_message", key, **_columns(message))
    note(session, sequence, "message.accepted", message.received_at)
    return sequence


def keep_refusal(session: Session, refusal: NewRefusal) -> None:
    """Keep the note that a message was not taken."""
    session.run("keep_refusal", **_columns(refusal))


def note(
    session: Session, sequence: int, code: str, at: int, *, delivery_id: int | None = None, **detail: Fact
) -> None:
    """Add an event to a message's trail. `detail` holds machine facts only."""
    written = json.dumps(detail, ensure_ascii=False) if detail else None
    session.run("keep_event", message=sequence, delivery_id=delivery_id, at=at, code=code, detail=written)


def ensure_fact(session: Session, name: str, value: str) -> str:
    """A fact about the ledger itself: kept the first time, and given back as it was kept ever after."""
    row: Row | None = session.one("fact_of_ledger", name=name)
    if row is None:
        session.run("keep_fact_of_ledger", name=name, value=value)
        return value
    kept: str = row["value"]
    return kept


def _columns(record: Any) -> dict[str, Any]:
    """A record's fields by name (`dataclasses.asdict` would copy deeply, which costs and is not needed)."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
