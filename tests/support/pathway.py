"""Messages of one patient as the pathway's rules read them, written shortly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.pathway.calendar import OSLO
from gateway.pathway.events import FROM_MUNICIPALITY, RECEIPT, Happening, MessageKey, Moment, PathwayEvent

TRUST, WARD, MUNICIPALITY, SERVICE = "1000", "1001", "2000", "2001"
CODES = {"admitted": "1", "discharged": "2", "ready": "3", "withdrawn": "4", "died": "13"}


def at(text: str) -> datetime:
    """A time on the wall in Norway ("2026-03-02T10:00"), in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


def moment(text: str) -> Moment:
    """A time, or a day ("2026-03-02")."""
    return Moment(at(text), "T" not in text)


def message(message_id: str, kind: str, sent: str, **said: Any) -> PathwayEvent:
    """A message. `admitted`, `ready`, `withdrawn`, `discharged`, `died` are its events; the rest are fields."""
    happenings = tuple(Happening(CODES[word], moment(said.pop(word))) for word in list(said) if word in CODES)
    upwards = kind in FROM_MUNICIPALITY or kind == RECEIPT
    event = PathwayEvent(
        key=MessageKey(SERVICE if upwards else WARD, message_id),
        kind=kind,
        sender_organisation=MUNICIPALITY if upwards else TRUST,
        trust=TRUST,
        counterpart=MUNICIPALITY,
        sent=at(sent),
        accepted=at(sent),
        happenings=happenings,
    )
    return replace(event, **said)


def key_of(message_id: str, sender: str = WARD) -> MessageKey:
    """The key of a message by its id."""
    return MessageKey(sender, message_id)
