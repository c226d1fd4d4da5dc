"""What may a person do with a delivery, and what becomes of it?

| action    | while it is                                   | becomes                                                  |
|-----------|-----------------------------------------------|----------------------------------------------------------|
| resend    | handed (a dead letter), rejected, overdue     | queued again at the end of its lane: same id, same bytes |
|           | acknowledged, delivered: if asked expressly   |                                                          |
| redirect  | handed (a dead letter)                        | settled; a new delivery to the other receiver is queued  |
| cancel    | handed (a dead letter), parked, queued        | cancelled                                                |
| release, forward, refuse | held (quarantine)              | as `quarantine` says; a held one is never just resent    |
| hand-over | handed (a dead letter), parked, queued, sent  | handed and settled: the person has taken care of it      |

Each action is an event with who and why, in the same commit as its effect. Durable after it: both. A crash before it:
neither. Doing it again is harmless: the state does not allow it twice, and a key gives the same answer (`once.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

from gateway.errors import Refusal
from gateway.ledger import line, messages, times
from gateway.ledger.line import NewDelivery
from gateway.ledger.operations import Item
from gateway.ledger.session import Row, Session
from gateway.operations.quarantine import decide_against
from gateway.routing.corrections import (
    CHANGE_WENT_FIRST,
    OnItsWay,
    changes_of,
    keeps_back,
    original_of,
)
from gateway.routing.partners import Partners, Route, Way, way_of
from gateway.routing.placing import release_waiting
from gateway.routing.quarantine import is_held, is_held_row

Action = Literal["resend", "redirect", "cancel", "hand-over", "release", "forward", "refuse"]
ACTIONS: Final[tuple[str, ...]] = get_args(Action)
_EVENTS: Final = {
    "resend": "action.resent",
    "redirect": "action.redirected",
    "cancel": "action.cancelled",
    "hand-over": "action.handed-over",
}


@dataclass(frozen=True)
class Act:
    """Who does it, and why: both stand in the trail."""

    by: str
    why: str


class _Standing(Protocol):
    """What decides which actions make sense."""

    @property
    def state(self) -> str: ...
    @property
    def settled(self) -> bool: ...
    @property
    def overdue(self) -> bool: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def unchanged(self) -> bool: ...


@dataclass(frozen=True)
class _Stand:
    state: str
    settled: bool
    overdue: bool
    reason: str | None
    unchanged: bool


def _stand_of(row: Row) -> _Stand:
    return _Stand(
        row["state"],
        row["settled_at"] is not None,
        bool(row["overdue"]),
        row["reason"],
        bool(row["unchanged"]),
    )


@dataclass(frozen=True)
class _Shape:
    """What decides in which format a receiver gets a message."""

    is_receipt: bool
    message_type: str
    format: str
    body_known: bool
    signed: bool


def allowed(standing: _Standing, *, again: bool = False) -> tuple[str, ...]:
    """The actions that make sense now; `again`: also to send what the receiver has already."""
    if standing.settled:
        return ()
    state, held = standing.state, is_held(standing)
    resend = state in ("handed", "rejected") or (state == "sent" and standing.overdue)
    resend = resend or (again and state in ("acknowledged", "delivered"))
    possible = {
        "resend": resend and not held,
        "redirect": state == "handed",
        "cancel": state in ("handed", "parked", "queued"),
        "hand-over": state in ("handed", "parked", "queued", "sent"),
        "release": held,
        "forward": held and not standing.unchanged,
        "refuse": held,
    }
    return tuple(name for name, can in possible.items() if can)


def obstacle(item: Item, partners: Partners, *, again: bool) -> str | None:
    """Why a delivery cannot be sent again, by its code; None: it can. Does not look at the original of a correction."""
    route = partners.route_to(item.receiver_her)
    found = _state_obstacle(item, again)
    if found is not None:
        return found
    if item.body_removed:
        return "operations.body-removed"
    if route is None:
        return "operations.not-configured"
    shape = _Shape(item.is_receipt, item.message_type, item.source_format, item.body_known, item.signed)
    way = way_of(shape, route)
    return way if isinstance(way, str) else None


def _state_obstacle(standing: _Standing, again: bool) -> str | None:
    if "resend" in allowed(standing, again=again):
        return None
    received = standing.state in ("acknowledged", "delivered")
    return "operations.already-received" if received else "operations.state-forbids"


def found(session: Session, delivery_id: int) -> Row:
    """The delivery to act on.

    :raises Refusal: api.not-found
    """
    row = session.one("delivery_to_act_on", delivery_id=delivery_id)
    if row is None:
        raise Refusal("api.not-found")
    return row


def _expect(row: Row, action: Action) -> None:
    if action not in allowed(_stand_of(row)):
        raise Refusal("operations.state-forbids", details={"state": row["state"]})


def _told(session: Session, row: Row, action: Action, act: Act, now: int, **more: messages.Fact) -> None:
    messages.note(
        session,
        row["sequence"],
        _EVENTS[action],
        now,
        delivery_id=row["delivery_id"],
        by=act.by,
        why=act.why,
        **more,
    )


def resend(
    session: Session, delivery_id: int, partners: Partners, act: Act, now: int, *, again: bool = False
) -> None:
    """Queue a delivery once more, in the format its receiver takes now.

    :raises Refusal: api.not-found; operations.state-forbids, .already-received, .body-removed, .not-configured,
        .original-not-delivered; routing.*: the receiver does not take it any more.
    """
    row = found(session, delivery_id)
    code = _state_obstacle(_stand_of(row), again)
    if code is None and row["removed_at"] is not None:
        code = "operations.body-removed"
    if code is not None:
        raise Refusal(code, details={"state": row["state"]})
    route, way = _reached(row, row["receiver_her"], partners)
    lane_id = _lane_behind_original(session, row, row["receiver_her"]) or row["lane_id"]
    if (way.format, way.unchanged) != (row["format"], bool(row["unchanged"])):
        session.run("forget_loss", delivery_id=delivery_id)
        session.run("change_format", delivery_id=delivery_id, format=way.format, unchanged=int(way.unchanged))
    _told(session, row, "resend", act, now)
    give_up_at = now + times.seconds(route.endpoint.give_up_after_s)
    line.requeue(
        session,
        delivery_id,
        row["sequence"],
        lane_id,
        row["receiver_her"],
        now,
        give_up_at=give_up_at,
    )
    release_waiting(session, OnItsWay.of(row), lane_id, give_up_at, now)


def _lane_behind_original(session: Session, row: Row, to: str) -> int | None:
    """The lane that the original of a correction goes, or went, to this receiver in; None: it did not go there.

    :raises Refusal: operations.original-not-delivered
    """
    original = original_of(session, row, to)
    if keeps_back(original):
        raise Refusal("operations.original-not-delivered")
    return None if original is None else int(original["lane_id"])


def redirect(session: Session, delivery_id: int, to: str, partners: Partners, act: Act, now: int) -> int:
    """Send a dead letter to another configured receiver; returns the id of the new delivery.

    :raises Refusal: api.not-found; operations.state-forbids, .not-configured, .same-receiver, .already-there,
        .other-environment, .body-removed, .original-not-delivered; routing.change-went-first; other routing.*: that
        receiver does not take it.
    """
    row = found(session, delivery_id)
    _expect(row, "redirect")
    if row["is_receipt"]:
        raise Refusal("operations.state-forbids", details={"state": row["state"]})
    if row["removed_at"] is not None:
        raise Refusal("operations.body-removed")
    if to == row["receiver_her"]:
        raise Refusal("operations.same-receiver")
    route, way = _reached(row, to, partners)
    _same_environment(row, route, partners)
    if session.one("has_delivery_to", message=row["sequence"], receiver_her=to) is not None:
        raise Refusal("operations.already-there")
    one = OnItsWay.of(row, to)
    if changes_of(session, one).went_first:
        raise Refusal(CHANGE_WENT_FIRST)
    lane_id = _lane_behind_original(session, row, to) or _lane_of(session, row, to)
    _told(session, row, "redirect", act, now, receiver=to)
    _decide(session, row, now, "operations.redirected")
    session.run("mark_settled", delivery_id=delivery_id, now=now)
    new = NewDelivery(
        message=row["sequence"],
        is_receipt=False,
        receiver_her=to,
        lane_id=lane_id,
        format=way.format,
        unchanged=way.unchanged,
    )
    give_up_at = now + times.seconds(route.endpoint.give_up_after_s)
    delivery_id = line.queue(session, new, now, give_up_at=give_up_at)
    release_waiting(session, one, lane_id, give_up_at, now)
    return delivery_id


def _lane_of(session: Session, row: Row, to: str) -> int:
    of = row["patient_key"] or row["conversation_id"] or row["message_id"]
    kind = "patient" if row["patient_key"] else f"conversation|{row['sender_her']}"
    return line.lane(session, f"{to}|{kind}|{of}", to)


def cancel(session: Session, delivery_id: int, act: Act, now: int) -> None:
    """Give a delivery up; whoever waits behind it goes on.

    :raises Refusal: api.not-found, operations.state-forbids
    """
    row = found(session, delivery_id)
    _expect(row, "cancel")
    _told(session, row, "cancel", act, now)
    _decide(session, row, now, "operations.cancelled")
    line.end(session, delivery_id, row["sequence"], "cancelled", now, reason="operations.cancelled")
    line.refresh(session, row["lane_id"], row["receiver_her"], now)


def hand_over(session: Session, delivery_id: int, act: Act, now: int) -> None:
    """Keep that a person has taken care of it in another way.

    :raises Refusal: api.not-found, operations.state-forbids
    """
    row = found(session, delivery_id)
    _expect(row, "hand-over")
    _told(session, row, "hand-over", act, now)
    _decide(session, row, now, "operations.handed-over")
    if row["state"] != "handed":
        line.end(session, delivery_id, row["sequence"], "handed", now, reason="operations.handed-over")
        line.refresh(session, row["lane_id"], row["receiver_her"], now)
    session.run("mark_settled", delivery_id=delivery_id, now=now)


def _decide(session: Session, row: Row, now: int, reason: str) -> None:
    """What was held is decided: it is held no more, and what waited for it goes to a person."""
    if is_held_row(row):
        decide_against(session, row, now, reason)


def _reached(row: Row, her_id: str, partners: Partners) -> tuple[Route, Way]:
    """How the receiver is reached, and in which format it takes this message.

    :raises Refusal: operations.not-configured, or the code that says why it does not take it
    """
    route = partners.route_to(her_id)
    if route is None:
        raise Refusal("operations.not-configured")
    shape = _Shape(
        bool(row["is_receipt"]),
        row["message_type"],
        row["source_format"],
        bool(row["body_known"]),
        bool(row["signed"]),
    )
    way = way_of(shape, route)
    if isinstance(way, str):
        raise Refusal(way)
    return route, way


def _same_environment(row: Row, route: Route, partners: Partners) -> None:
    """Test stays in test and production in production (DESIGN §4.11); whether a patient is synthetic is not known here,
    so that the marks of the two receivers must agree."""
    before = partners.route_to(row["receiver_her"])
    if before is not None and before.environment != route.environment:
        raise Refusal("operations.other-environment")
    if route.environment == "test" and row["processing"] == "P":
        raise Refusal("routing.production-to-test")
    if route.environment == "production" and row["processing"] in ("T", "D"):
        raise Refusal("routing.test-to-production")
