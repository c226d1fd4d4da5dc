"""How does a delivery stand in line, who works on a lane, and how does an attempt end? (DESIGN §4.1, §4.5)

    queued ──▶ sending ──▶ sent ──▶ acknowledged | rejected          parked ──▶ queued
       ▲          │          └────▶ delivered (no receipt expected)     └─────▶ handed
       └──────────┘ deferred                          queued ──▶ cancelled, handed

A lane is claimed with a lease; only the one that holds it sends, one delivery at a time, in the order of `position`. A
parked delivery stands outside the line and holds nobody up. The lane moves on when the receiver's transport has
accepted; receipts run beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from gateway.ledger import messages, times
from gateway.ledger.session import Answer, Row, Session

NEVER: Final = 2**62
"""Later than any time, in microseconds."""

FinalState = Literal["acknowledged", "rejected", "cancelled", "delivered", "handed"]


@dataclass(frozen=True)
class Original:
    """What the ledger knows of the message that a receipt is about."""

    message_id: str = field(repr=False)
    message_type: str
    generated_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """A delivery whose lane is claimed: everything that is needed to send it."""

    delivery_id: int
    lane_id: int
    sequence: int
    id: str
    message_id: str = field(repr=False)
    sender_her: str
    receiver_her: str
    message_type: str
    source_format: str
    format: str
    unchanged: bool
    is_receipt: bool
    acknowledgement: str
    number: int
    """Which attempt this is, from 1."""
    content: bytes = field(repr=False)
    """The outbound bytes; the received ones while `needs_translation`."""
    media_type: str
    needs_translation: bool
    """The outbound bytes have not been made yet."""
    give_up_at: int | None
    lease: str
    """Names this very lease: after it has run out, the lane's next lease has another name."""
    lease_until: int
    original: Original | None = None
    """Of a receipt that must be translated: what it is about."""


def ask_lane(session: Session, key: str) -> Answer:
    """The lane with this key, for `lane`."""
    return session.ask("find_lane", lane_key=key)


def lane(
    session: Session, key: str, receiver_her: str, asked: Answer | None = None, number: int | None = None
) -> int:
    """The lane with this key; it is made if it is not there. `asked`: of `ask_lane`, if it was asked before; `number`:
    of `messages.Keys`."""
    session.reach(receiver_her)
    row = (asked or ask_lane(session, key)).fetchone()
    if row is not None:
        found: int = row["lane_id"]
        return found
    return session.keep_under("keep_lane", number, lane_key=key, receiver_her=receiver_her)


def end_of_line(session: Session, lane_id: int) -> int:
    """The position behind everyone who ever stood in this lane."""
    row = session.one("last_position", lane_id=lane_id)
    return 1 if row is None else row["position"] + 1


@dataclass(frozen=True)
class NewDelivery:
    """A message on its way to one receiver, as it begins."""

    message: int
    is_receipt: bool
    receiver_her: str
    lane_id: int
    format: str
    unchanged: bool
    key: int | None = None
    """Of `messages.Keys`."""


def queue(session: Session, new: NewDelivery, now: int, *, give_up_at: int) -> int:
    """Put a delivery at the end of its lane; returns its id."""
    delivery_id = _keep(session, new, "queued", now, deadline_at=give_up_at, in_line=True)
    messages.note(session, new.message, "delivery.queued", now, delivery_id=delivery_id)
    _has_work(session, new.lane_id, new.receiver_her, now)
    session.notices.by(give_up_at)
    return delivery_id


def park(
    session: Session, new: NewDelivery, now: int, *, until: int, reason: str = "routing.parent-missing"
) -> int:
    """Let a delivery wait outside the line; returns its id."""
    delivery_id = _keep(session, new, "parked", now, deadline_at=until, reason=reason)
    messages.note(session, new.message, "delivery.parked", now, delivery_id=delivery_id)
    session.notices.by(until)
    return delivery_id


def keep_final(
    session: Session, new: NewDelivery, state: FinalState, now: int, *, event: str, reason: str | None = None
) -> int:
    """Keep a delivery that is over as it begins; returns its id."""
    delivery_id = _keep(session, new, state, now, final_at=now, reason=reason)
    messages.note(session, new.message, event, now, delivery_id=delivery_id, **_reason(reason))
    return delivery_id


def _keep(
    session: Session,
    new: NewDelivery,
    state: str,
    now: int,
    *,
    deadline_at: int | None = None,
    final_at: int | None = None,
    reason: str | None = None,
    in_line: bool = False,
) -> int:
    return session.keep_under(
        "keep_delivery",
        new.key,
        message=new.message,
        is_receipt=new.is_receipt,
        receiver_her=new.receiver_her,
        lane_id=new.lane_id,
        in_line=in_line,
        state=state,
        format=new.format,
        unchanged=new.unchanged,
        body_id=None,
        reason=reason,
        created_at=now,
        deadline_at=deadline_at,
        final_at=final_at,
    )


def park_again(session: Session, row: Row, now: int, *, reason: str) -> None:
    """Take the head of a lane out of the line until a person has decided about what it corrects; its limit runs on."""
    session.run("mark_parked", delivery_id=row["delivery_id"], reason=reason)
    messages.note(
        session, row["sequence"], "delivery.parked", now, delivery_id=row["delivery_id"], reason=reason
    )
    session.notices.by(row["deadline_at"])


def release(
    session: Session,
    delivery_id: int,
    sequence: int,
    lane_id: int,
    receiver_her: str,
    now: int,
    *,
    give_up_at: int,
) -> None:
    """Put a parked delivery at the end of the line of `lane_id`: what it waited for stands before it."""
    position = end_of_line(session, lane_id)
    session.run(
        "mark_released", delivery_id=delivery_id, position=position, lane_id=lane_id, deadline_at=give_up_at
    )
    messages.note(session, sequence, "delivery.released", now, delivery_id=delivery_id)
    _has_work(session, lane_id, receiver_her, now)
    session.notices.by(give_up_at)


def requeue(
    session: Session,
    delivery_id: int,
    sequence: int,
    lane_id: int,
    receiver_her: str,
    now: int,
    *,
    give_up_at: int,
) -> None:
    """Put a delivery that was over, or whose receipt is missing, at the end of a lane once more."""
    position = end_of_line(session, lane_id)
    session.run(
        "mark_requeued", delivery_id=delivery_id, position=position, lane_id=lane_id, deadline_at=give_up_at
    )
    messages.note(session, sequence, "delivery.requeued", now, delivery_id=delivery_id)
    _has_work(session, lane_id, receiver_her, now)
    session.notices.by(give_up_at)


def end(
    session: Session,
    delivery_id: int,
    sequence: int,
    state: FinalState,
    now: int,
    *,
    reason: str | None = None,
    receipt_status: str | None = None,
    was_sent: bool = False,
    event: str | None = None,
) -> None:
    """Give a delivery its final state, and say so in the trail."""
    session.run(
        "mark_final",
        delivery_id=delivery_id,
        state=state,
        reason=reason,
        receipt_status=receipt_status,
        was_sent=was_sent,
        now=now,
    )
    messages.note(
        session, sequence, event or f"delivery.{state}", now, delivery_id=delivery_id, **_reason(reason)
    )


def refresh(session: Session, lane_id: int, receiver_her: str, now: int) -> None:
    """After a delivery left the line otherwise than by being sent: let the next one have its turn."""
    session.reach(receiver_her)
    session.run("refresh_lane", lane_id=lane_id, now=now)
    session.notices.receivers.add(receiver_her)


def _has_work(session: Session, lane_id: int, receiver_her: str, now: int) -> None:
    session.reach(receiver_her)
    session.run("lane_has_work", lane_id=lane_id, now=now)
    session.notices.receivers.add(receiver_her)


def _reason(reason: str | None) -> dict[str, messages.Fact]:
    return {"reason": reason} if reason else {}


def ask_head(session: Session, lane_id: int, but: int = 0) -> Answer:
    """The first delivery in line, to be looked at later; other than the delivery `but`."""
    return session.ask("head_of_lane", lane_id=lane_id, but=but)


def start(session: Session, row: Row, owner: str, now: int, lease_until: int) -> Attempt:
    """Begin an attempt at the head of a lane, and lease the lane.

    Durable after the commit: that an attempt is under way, and until when nobody else may make one. A crash from then
    on leaves the delivery `sending`: it goes back into line at the next start, or when the lease has run out. Sending
    it again is harmless: it has the same bytes and the same id.
    """
    number = row["attempts"] + 1
    if row["state"] == "sending":  # by somebody whose lease has run out
        messages.note(session, row["sequence"], "delivery.recovered", now, delivery_id=row["delivery_id"])
    lease = f"{owner}/{row['delivery_id']}/{number}"
    session.run("start_attempt", delivery_id=row["delivery_id"])
    session.run("lease_lane", lane_id=row["lane_id"], lease=lease, lease_until=lease_until, now=now)
    needs_translation = not row["unchanged"] and row["body_id"] is None
    return Attempt(
        delivery_id=row["delivery_id"],
        lane_id=row["lane_id"],
        sequence=row["sequence"],
        id=row["id"],
        message_id=row["message_id"],
        sender_her=row["sender_her"],
        receiver_her=row["receiver_her"],
        message_type=row["message_type"],
        source_format=row["source_format"],
        format=row["format"],
        unchanged=bool(row["unchanged"]),
        is_receipt=bool(row["is_receipt"]),
        acknowledgement=row["acknowledgement"],
        number=number,
        content=row["content"],
        media_type=row["media_type"],
        needs_translation=needs_translation,
        give_up_at=row["deadline_at"],
        lease=lease,
        lease_until=lease_until,
        original=original_of_receipt(session, row["sequence"])
        if row["is_receipt"] and needs_translation
        else None,
    )


def original_of_receipt(session: Session, sequence: int) -> Original | None:
    """The message that a receipt is about."""
    row = session.one("original_of_receipt", sequence=sequence)
    if row is None:
        return None
    return Original(row["message_id"], row["message_type"], times.optional(row["generated_at"]))


def ask_standing(session: Session, attempt: Attempt) -> Answer:
    """How an attempt stands, to be looked at with `state_in`."""
    return session.ask(
        "attempt_stands", lane_id=attempt.lane_id, lease=attempt.lease, delivery_id=attempt.delivery_id
    )


def state_in(answer: Answer) -> str | None:
    """The delivery's present state, which a receipt may have ended meanwhile; None: the lane is not leased for this
    attempt any more."""
    row = answer.fetchone()
    return None if row is None else row["state"]


def is_held(row: Row) -> bool:
    """Whether the head of a lane may not be sent now: its receiver is paused, or drained of what came before it."""
    return bool(
        row["hold"] == "paused" or (row["hold"] == "draining" and row["created_at"] > row["held_since"])
    )


def hold(session: Session, lane_id: int) -> None:
    """Give the lane back, and let it rest until the hold on its receiver ends."""
    session.run("hold_lane", lane_id=lane_id)


def let_go(session: Session, lane_id: int, due_at: int) -> None:
    """Give the lane back; its next delivery, if there is one, may be tried at `due_at`."""
    session.run("release_lane", lane_id=lane_id, due_at=due_at)


def recover(session: Session, now: int, *, alone: bool) -> None:
    """At the start: what was under way when its node ended goes back into line, to be tried at once.

    `alone`: there is no other node, so no lease that is found means anything; else only what is not leased any more.

    Durable before it: every attempt that was begun and not ended. A crash here does nothing: it is done at the next
    start. Trying again is harmless: same bytes, same id.
    """
    leased_until = NEVER if alone else now
    session.run("recover_events", now=now, leased_until=leased_until)
    session.run("recover_deliveries", leased_until=leased_until)
    session.run("recover_lanes", now=now, leased_until=leased_until)


def give_back(session: Session, owner: str, now: int) -> None:
    """At the end of one node of several: what it was sending goes back into line, and its lanes may be taken over at
    once, not only when the leases have run out.

    Durable after it: that nobody works on them, and that all of it waits its turn. A crash before it: the others wait
    for the leases. Doing it again is harmless: a lease that is not ours any more is left alone.
    """
    for row in session.all("receivers_of_owner", owner=owner):
        session.notices.receivers.add(row["receiver_her"])
    session.run("give_events_back", owner=owner, now=now)
    session.run("give_deliveries_back", owner=owner)
    session.run("give_lanes_back", owner=owner, now=now)
