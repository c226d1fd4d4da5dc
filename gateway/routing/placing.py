"""Where does an accepted message stand in line, and what does it mean for those it corrects? (DESIGN §4.4, §4.5)

| The message                                      | becomes                                                       |
|--------------------------------------------------|---------------------------------------------------------------|
| N, H                                             | queued, and whatever waited for it is queued behind it        |
| M, A, C; its original is not here                | parked until that comes, with a limit                         |
| M, A, C; its original was rejected, or a person  | handed to a person                                            |
| has it, or it was cancelled                      |                                                               |
| M, A; a person holds its original (quarantine)   | parked until the person has decided, with a limit             |
| any; a person sent a change of it before it came | handed to a person: it would undo the change                    |
| C; nothing of what it cancels was ever tried     | all of it is cancelled, the cancellation too: the receiver    |
|                                                  | never hears of either                                         |
| M, A, C otherwise                                | queued in the lane of its original, behind it                 |
| M, A, C that names no original                   | queued in its patient's lane, so that it overtakes nothing    |

A cancellation that came before its original is not counted as "never tried": both are delivered, in order, so that the
receiver can mark the content as cancelled and the sender gets its receipts. Annulling is all or nothing: once the
receiver may have seen any version, the cancellation travels.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ledger import line, messages, times
from gateway.ledger.line import NewDelivery
from gateway.ledger.messages import Keys
from gateway.ledger.session import Answer, Row, Session
from gateway.routing import corrections, quarantine
from gateway.routing.arrival import Arrival
from gateway.routing.corrections import CHANGE_WENT_FIRST, CORRECTIONS, ENDED_BADLY, OnItsWay, named_original
from gateway.routing.partners import Route, Way
from gateway.routing.quarantine import HELD, WAITS_FOR_HELD, is_held_row

LONGEST_CHAIN = 100
"""Versions of one message that are looked at."""


@dataclass(frozen=True)
class Asked:
    """What `place` will want to know of a message that is about to be kept."""

    changes: Answer
    """What names it as that which it changes."""
    conversation: Answer | None
    """The lane of its conversation's first; None: it belongs to none."""
    lane_key: str
    lane: Answer
    """The lane with that key."""


def ask(session: Session, arrival: Arrival) -> Asked:
    """Ask what `place` wants to know, without waiting for it."""
    kept = arrival.kept
    key = _lane_key(arrival)
    conversation = None
    if kept.conversation_id:
        conversation = session.ask(
            "lane_of_conversation",
            conversation_id=kept.conversation_id,
            sender_her=kept.sender_her,
            receiver_her=kept.receiver_her,
        )
    changes = corrections.ask_changes(session, OnItsWay(kept.message_id, kept.sender_her, kept.receiver_her))
    return Asked(changes, conversation, key, line.ask_lane(session, key))


def about(arrival: Arrival) -> frozenset[str]:
    """What a message that is no cancellation asks about: what it is called, what it names, and its lane. Another one
    that comes in changes the answers only if it shares one of them; but for one, which means nothing: where it releases
    what waited for it, a message of the same conversation may be put into the lane in which that has waited."""
    kept = arrival.kept
    return frozenset(
        filter(None, (kept.message_id, kept.parent_id, kept.conversation_id, _lane_key(arrival)))
    )


def place(
    session: Session,
    arrival: Arrival,
    sequence: int,
    route: Route,
    way: Way,
    parked_limit_s: float,
    asked: Asked,
    keys: Keys,
) -> None:
    """Begin the delivery of a message that was just kept; `asked` before that."""
    kept, now = arrival.kept, arrival.now
    one = OnItsWay(kept.message_id, kept.sender_her, kept.receiver_her)
    original = _original_of(session, arrival)
    lane_id = original["lane_id"] if original else _lane_of(session, arrival, asked, keys.lane)
    new = NewDelivery(
        message=sequence,
        is_receipt=False,
        receiver_her=kept.receiver_her,
        lane_id=lane_id,
        format=way.format,
        unchanged=way.unchanged,
        key=keys.delivery,
    )
    changes = corrections.changes_in(asked.changes)
    give_up_at = now + times.seconds(route.endpoint.give_up_after_s)
    if changes.went_first:
        line.keep_final(session, new, "handed", now, event="delivery.handed", reason=CHANGE_WENT_FIRST)
    else:
        _begin(session, arrival, new, original, route, parked_limit_s)
    if changes.waiting:
        release_waiting(session, one, lane_id, give_up_at, now)


def _begin(
    session: Session,
    arrival: Arrival,
    new: NewDelivery,
    original: Row | None,
    route: Route,
    parked_limit_s: float,
) -> None:
    kept, now = arrival.kept, arrival.now
    if kept.status in CORRECTIONS:
        if named_original(kept.status, kept.parent_id, kept.conversation_id) is None:
            messages.note(session, new.message, "delivery.without-original", now)
        elif original is None or original["state"] == "parked":
            line.park(session, new, now, until=now + times.seconds(parked_limit_s))
            return
        elif kept.status == "C" and _annul(session, original, arrival):
            line.keep_final(session, new, "cancelled", now, event="delivery.annuls")
            return
        elif is_held_row(original):
            until = now + times.seconds(parked_limit_s)
            line.park(session, new, now, until=until, reason=WAITS_FOR_HELD)
            return
        elif original["state"] in ENDED_BADLY:
            line.keep_final(
                session, new, "handed", now, event="delivery.handed", reason="routing.parent-rejected"
            )
            return
    if quarantine.holds(quarantine.gravest(arrival.issues), route.endpoint.hold_findings):
        line.keep_final(session, new, "handed", now, event="delivery.handed", reason=HELD)
        return
    line.queue(session, new, now, give_up_at=now + times.seconds(route.endpoint.give_up_after_s))


def _original_of(session: Session, arrival: Arrival) -> Row | None:
    """What became of the message that this one corrects, on its way to the same receiver."""
    kept = arrival.kept
    named = named_original(kept.status, kept.parent_id, kept.conversation_id)
    if named is None:
        return None
    return corrections.delivery_of(session, OnItsWay(named, kept.sender_her, kept.receiver_her))


def _lane_of(session: Session, arrival: Arrival, asked: Asked, number: int | None) -> int:
    """The lane of the conversation's first, else the patient's, else the conversation's own."""
    if asked.conversation is not None and (row := asked.conversation.fetchone()) is not None:
        first: int = row["lane_id"]
        return first
    return line.lane(session, asked.lane_key, arrival.kept.receiver_her, asked.lane, number)


def _lane_key(arrival: Arrival) -> str:
    kept = arrival.kept
    if kept.patient_key:
        return f"{kept.receiver_her}|patient|{kept.patient_key}"
    return f"{kept.receiver_her}|conversation|{kept.sender_her}|{arrival.facts.lane_conversation}"


def _annul(session: Session, original: Row, arrival: Arrival) -> bool:
    """Take everything a cancellation cancels out of the line, if none of it was ever tried."""
    chain = _versions(session, original, arrival)
    if not all(_was_never_tried(row) for row in chain):
        return False
    for row in chain:
        line.end(session, row["delivery_id"], row["message"], "cancelled", arrival.now)
    line.refresh(session, original["lane_id"], arrival.kept.receiver_her, arrival.now)
    return True


def _was_never_tried(row: Row) -> bool:
    if row["state"] == "queued":
        return not row["attempts"]
    return bool(row["state"] == "parked" or quarantine.was_never_tried(row))


def _versions(session: Session, original: Row, arrival: Arrival) -> list[Row]:
    """Every version of the message that `original` is one of: up to the first, and from there all changes of it."""
    kept = arrival.kept
    between = {"sender_her": kept.sender_her, "receiver_her": kept.receiver_her}
    first = original
    for _ in range(LONGEST_CHAIN):
        named = named_original(first["status"], first["parent_id"], first["conversation_id"])
        if named is None:
            break
        earlier = session.one("delivery_to", message_id=named, **between)
        if earlier is None:
            break
        first = earlier
    found = {first["delivery_id"]: first}
    open_ends = [first]
    while open_ends and len(found) < LONGEST_CHAIN:
        for row in session.all("changes_of", message_id=open_ends.pop()["message_id"], **between):
            if row["delivery_id"] not in found:
                found[row["delivery_id"]] = row
                open_ends.append(row)
    return list(found.values())


def release_waiting(session: Session, one: OnItsWay, lane_id: int, give_up_at: int, now: int) -> None:
    """Queue what was parked for this message behind it, and what was parked for those, in the order it came. Nothing
    goes behind one that waits itself, or that a person holds."""
    waiting = corrections.changes_of(session, one).waiting
    if not waiting or corrections.waits_for_decision(corrections.delivery_of(session, one)):
        return
    for row in waiting:
        line.release(
            session, row["delivery_id"], row["message"], lane_id, one.receiver_her, now, give_up_at=give_up_at
        )
        release_waiting(session, one._replace(message_id=row["message_id"]), lane_id, give_up_at, now)
