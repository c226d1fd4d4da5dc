"""How does a correction or cancellation stand to what it changes, on its way to one receiver? (DESIGN §4.4)

A receiver must never see a message after a change of it, nor a change of what never reached it. By itself nothing gets
out of order; these questions are asked where a person sends something once more, or elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.ledger.session import Answer, Row, Session
from gateway.routing.quarantine import is_held_row

CORRECTIONS: Final = frozenset({"M", "A", "C"})
ENDED_BADLY: Final = frozenset({"rejected", "handed", "cancelled"})
UNDER_WAY_OR_THERE: Final = frozenset({"queued", "sending", "sent", "delivered", "acknowledged"})
CHANGE_WENT_FIRST: Final = "routing.change-went-first"
WAITED_TOO_LONG: Final = "routing.parent-missing-deadline"


class OnItsWay(NamedTuple):
    """A message on its way to one receiver."""

    message_id: str
    sender_her: str
    receiver_her: str

    @classmethod
    def of(cls, row: Row, receiver_her: str | None = None) -> OnItsWay:
        """The message of a row, on its way to the row's receiver (or to another)."""
        return cls(row["message_id"], row["sender_her"], receiver_her or row["receiver_her"])


def named_original(status: str, parent_id: str | None, conversation_id: str | None) -> str | None:
    """The id of the message that a correction says it changes; None: it is none, or names none."""
    return (parent_id or conversation_id) if status in CORRECTIONS else None


def original_of(session: Session, row: Row, receiver_her: str | None = None) -> Row | None:
    """What became of the message that this one changes, on its way to the same receiver (or to another); None: it
    changes none that is here."""
    named = named_original(row["status"], row["parent_id"], row["conversation_id"])
    if named is None or row["is_receipt"]:
        return None
    return delivery_of(session, OnItsWay(named, row["sender_her"], receiver_her or row["receiver_her"]))


def delivery_of(session: Session, one: OnItsWay) -> Row | None:
    """What became of a message on its way; None: it is not here."""
    return session.one("delivery_to", **one._asdict())


def keeps_back(original: Row | None) -> bool:
    """Whether a change of it must not be sent: it has not been sent itself, and does not stand in line."""
    return original is not None and original["state"] not in UNDER_WAY_OR_THERE


def waits_for_decision(original: Row | None) -> bool:
    """Whether a person holds it, or it waits itself for one that a person holds: a change of it waits, too."""
    return original is not None and (original["state"] == "parked" or is_held_row(original))


@dataclass(frozen=True)
class Changes:
    """What names one message as that which it changes."""

    waiting: tuple[Row, ...]
    """In the order they came: parked for it, or with a person because they waited too long."""
    went_first: bool
    """Whether one has been sent, or stands in line, without it: a person sent it."""


def changes_of(session: Session, one: OnItsWay) -> Changes:
    """What names this message as that which it changes, on its way to the same receiver."""
    return changes_in(ask_changes(session, one))


def ask_changes(session: Session, one: OnItsWay) -> Answer:
    """As `changes_of`, to be looked at with `changes_in`."""
    return session.ask("changes_named", **one._asdict())


def changes_in(answer: Answer) -> Changes:
    """What names the message that was asked about."""
    rows = answer.fetchall()
    return Changes(
        waiting=tuple(row for row in rows if _waits(row)),
        went_first=any(row["state"] in UNDER_WAY_OR_THERE for row in rows),
    )


def _waits(row: Row) -> bool:
    handed = row["state"] == "handed" and row["reason"] == WAITED_TOO_LONG and row["settled_at"] is None
    return bool(row["state"] == "parked" or handed)
