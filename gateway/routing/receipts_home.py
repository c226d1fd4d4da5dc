"""Which message is this receipt about, what does it mean for its delivery, and how does it get home to the sender?

The first receipt decides; a later one is kept, shown and carried home, and changes no state. A receipt is a message
of its own: it has a delivery to the original sender, in the sender's format, and is never answered with a receipt.
"""

from __future__ import annotations

import json
from typing import Literal

from gateway.ledger import line, messages, times
from gateway.ledger.line import FinalState, NewDelivery
from gateway.ledger.messages import Keys
from gateway.ledger.rows import ReceiptEffect
from gateway.ledger.session import Answer, Row, Session
from gateway.routing.arrival import Arrival
from gateway.routing.partners import Partners, Way, way_of_receipt
from gateway.translate.facts import Facts, Party, ReceiptFacts

SETTLED = frozenset({"acknowledged", "rejected"})
NOT_FOUND = ("receipt.unknown-original", "receipt.not-the-receiver")


def ask_original(session: Session, arrival: Arrival) -> Answer:
    """Which messages the receipt may be about, to be looked at with `original_of`."""
    receipt = arrival.facts.receipt
    assert receipt is not None
    return session.ask("originals", message_id=receipt.original_message_id)


def original_of(session: Session, arrival: Arrival, asked: Answer) -> Row | str:
    """The delivery this receipt is about; or the code that says why there is none.

    The id alone proves nothing: the receipt must come from the one the message was sent to (the caller's credential has
    been held against that HER-id already) and go to the one who sent it.
    """
    facts = arrival.facts
    assert facts.receipt is not None
    named = facts.receipt.original_message_id
    found = _original_among(asked.fetchall(), facts)
    if found in NOT_FOUND and facts.format == "fhir-r4":
        by_header = _by_header(session, named, facts)
        return by_header if by_header is not None else found
    return found


def _by_header(session: Session, header_id: str, facts: Facts) -> Row | None:
    """The delivery of the message whose MessageHeader the receipt names; None: there is none, or there are several."""
    party = facts.sender
    candidates = session.all(
        "originals_by_header",
        header_id=header_id,
        receiver_her=party.her_id,
        receiver_organisation_her=party.organisation_her_id,
    )
    fitting = [row for row in candidates if not isinstance(_original_among([row], facts), str)]
    return fitting[0] if len(fitting) == 1 else None


def _original_among(candidates: list[Row], facts: Facts) -> Row | str:
    if not candidates:
        return "receipt.unknown-original"
    to_sender = [
        row
        for row in candidates
        if not _stated(facts.receiver)
        or _is_one_of(facts.receiver, row["sender_her"], row["sender_organisation_her"])
    ]
    for row in to_sender:
        if _is_one_of(facts.sender, row["receiver_her"], row["receiver_organisation_her"]):
            return "receipt.on-receipt" if row["is_receipt"] else row
    return "receipt.not-the-receiver" if to_sender else "receipt.unknown-original"


def _stated(party: Party) -> bool:
    return bool(party.her_id or party.organisation_her_id)


def _is_one_of(party: Party, her_id: str | None, organisation_her_id: str | None) -> bool:
    """Whether the party is the communication party itself, or named by its organisation only."""
    if party.her_id == her_id:
        return True
    named_by_organisation = party.her_id in (None, party.organisation_her_id)
    return (
        named_by_organisation
        and party.organisation_her_id is not None
        and (party.organisation_her_id == organisation_her_id)
    )


def take_in(
    session: Session, arrival: Arrival, sequence: int, original: Row, partners: Partners, keys: Keys
) -> None:
    """Settle the original's delivery and begin the receipt's own way home.

    Durable with this commit: the receipt, the state it gives, and the delivery that carries it home. A crash before it:
    the receiver has no answer and sends the receipt again. Doing it again is harmless: the same receipt is a duplicate,
    and another one that says the same changes nothing.
    """
    receipt = arrival.facts.receipt
    assert receipt is not None
    session.reach(original["receiver_her"])
    effect = _settle(session, arrival, original, receipt)
    session.run(
        "keep_receipt",
        message=sequence,
        original=original["message"],
        delivery_id=original["delivery_id"],
        status=receipt.status,
        errors=json.dumps([{"code": error.code, "system": error.system} for error in receipt.errors]),
        effect=effect,
        received_at=arrival.now,
    )
    _send_home(session, arrival, sequence, original, partners, keys)


def _settle(session: Session, arrival: Arrival, original: Row, receipt: ReceiptFacts) -> ReceiptEffect:
    effect = _effect(original, receipt.status)
    event = "received" if effect == "settled" else effect
    reason = "receipt.contradicts" if effect == "contradictory" else None
    messages.note(
        session,
        original["message"],
        f"receipt.{event}",
        arrival.now,
        delivery_id=original["delivery_id"],
        status=receipt.status,
        receipt=arrival.kept.id,
        **({"reason": reason} if reason else {}),
    )
    if effect == "settled":
        state: FinalState = "rejected" if receipt.status == "2" else "acknowledged"
        line.end(
            session,
            original["delivery_id"],
            original["message"],
            state,
            arrival.now,
            reason="receipt.rejected" if state == "rejected" else None,
            receipt_status=receipt.status,
            was_sent=True,
        )
        line.refresh(session, original["lane_id"], original["receiver_her"], arrival.now)
    return effect


def _effect(original: Row, status: Literal["1", "2", "3"]) -> ReceiptEffect:
    """The first receipt settles a delivery, whatever state it is in, except one that was cancelled here."""
    if original["state"] in SETTLED:
        return "repeated" if original["receipt_status"] == status else "contradictory"
    return "unexpected" if original["state"] == "cancelled" else "settled"


def _send_home(
    session: Session, arrival: Arrival, sequence: int, original: Row, partners: Partners, keys: Keys
) -> None:
    """Begin the receipt's delivery to the sender of the original."""
    sender_her = original["sender_her"]
    route = partners.route_to(sender_her)
    patient_or_conversation = original["patient_key"] or original["conversation_id"] or original["message_id"]
    lane_key = f"{sender_her}|receipts|{patient_or_conversation}"
    lane_id = line.lane(session, lane_key, sender_her, number=keys.lane)
    way = way_of_receipt(arrival.facts, route) if route else Way(arrival.facts.format, unchanged=True)
    new = NewDelivery(
        message=sequence,
        is_receipt=True,
        receiver_her=sender_her,
        lane_id=lane_id,
        format=way.format,
        unchanged=way.unchanged,
        key=keys.delivery,
    )
    if route is None:  # the sender has no endpoint: it fetches its receipts
        line.keep_final(session, new, "delivered", arrival.now, event="delivery.to-fetch")
        return
    line.queue(
        session, new, arrival.now, give_up_at=arrival.now + times.seconds(route.endpoint.give_up_after_s)
    )
    messages.note(session, original["message"], "receipt.sent-home", arrival.now, receipt=arrival.kept.id)
