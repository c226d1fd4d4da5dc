"""What may a person decide about a delivery that is held (quarantine), and what follows?

| decision | becomes                                                                                             |
|----------|-----------------------------------------------------------------------------------------------------|
| release  | queued at the end of its lane, with the bytes that were looked at; what waited for it goes behind it |
| forward  | the same, with the person's note in the message (Document/Annotation), where the receiver reads it   |
| refuse   | handed and settled: the receiver never gets it; what waited for it goes to a person                  |

No receipt is sent for a refusal: after acceptance a failure of ours is not told to the sender as his fault, and a
positive receipt is only ever the receiver's (DESIGN §4.8). The person who refuses tells the sender; the sender sees
that a person has the message when he asks for its receipts, and no AppRec comes.

Durable after a decision: it, who made it and why, and its effect, in one commit. A crash before it: none of them. Doing
it again is harmless: the delivery is held no more, so the state does not allow it twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway.errors import Refusal
from gateway.ledger import line, messages, times
from gateway.ledger.session import Row, Session
from gateway.routing import placing
from gateway.routing.corrections import OnItsWay, changes_of
from gateway.routing.partners import Partners
from gateway.routing.quarantine import is_held_row

Annotate = Callable[[bytes, str, str], bytes]
"""Content, format and note → the content with the note in it."""


class Act(Protocol):
    """Who decides, and why: both stand in the trail."""

    @property
    def by(self) -> str: ...
    @property
    def why(self) -> str: ...


def release(session: Session, row: Row, partners: Partners, act: Act, now: int) -> None:
    """Let a held delivery go as it is.

    :raises Refusal: operations.state-forbids, .body-removed, .not-configured
    """
    _expect_held(row)
    _let_go(session, row, partners, act, now, "action.released")


def forward(
    session: Session, row: Row, note: str, annotate: Annotate, partners: Partners, act: Act, now: int
) -> None:
    """Let a held delivery go with a note for its receiver.

    The bytes received are not touched: the note stands in the translation that is kept with the delivery.

    :raises Refusal: as `release`; operations.note-not-possible: it goes out as it was sent, byte for byte
    """
    _expect_held(row)
    outbound = session.one("outbound_of", delivery_id=row["delivery_id"])
    if outbound is None or row["unchanged"]:
        raise Refusal("operations.note-not-possible")
    data = annotate(outbound["content"], row["format"], note)
    session.run("replace_outbound", body_id=outbound["body_id"], content=data)
    _let_go(session, row, partners, act, now, "action.forwarded")


def refuse(session: Session, row: Row, act: Act, now: int) -> None:
    """Never send a held delivery.

    :raises Refusal: operations.state-forbids
    """
    _expect_held(row)
    _told(session, row, act, now, "action.refused")
    decide_against(session, row, now, "operations.refused")
    session.run("mark_settled", delivery_id=row["delivery_id"], now=now)


def decide_against(session: Session, row: Row, now: int, reason: str) -> None:
    """Keep that a held delivery will not be sent; corrections that waited for it go to a person."""
    line.end(session, row["delivery_id"], row["sequence"], "handed", now, reason=reason)
    _hand_over_waiting(session, OnItsWay.of(row), now)


def _hand_over_waiting(session: Session, one: OnItsWay, now: int) -> None:
    for waiting in changes_of(session, one).waiting:
        line.end(
            session,
            waiting["delivery_id"],
            waiting["message"],
            "handed",
            now,
            reason="routing.parent-rejected",
        )
        _hand_over_waiting(session, one._replace(message_id=waiting["message_id"]), now)


def _let_go(session: Session, row: Row, partners: Partners, act: Act, now: int, event: str) -> None:
    if row["removed_at"] is not None:
        raise Refusal("operations.body-removed")
    route = partners.route_to(row["receiver_her"])
    if route is None:
        raise Refusal("operations.not-configured")
    _told(session, row, act, now, event)
    give_up_at = now + times.seconds(route.endpoint.give_up_after_s)
    line.requeue(
        session,
        row["delivery_id"],
        row["sequence"],
        row["lane_id"],
        row["receiver_her"],
        now,
        give_up_at=give_up_at,
    )
    placing.release_waiting(session, OnItsWay.of(row), row["lane_id"], give_up_at, now)


def _expect_held(row: Row) -> None:
    if not is_held_row(row):
        raise Refusal("operations.state-forbids", details={"state": row["state"]})


def _told(session: Session, row: Row, act: Act, now: int, event: str) -> None:
    messages.note(
        session, row["sequence"], event, now, delivery_id=row["delivery_id"], by=act.by, why=act.why
    )
