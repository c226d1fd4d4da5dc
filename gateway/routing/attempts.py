"""What does the ledger do as attempts begin and end? The units of work of dispatch.

A lane is claimed, its head is sent, the outcome is kept; in the same commit the next in the lane is begun, so a lane
with work keeps its lease until it is empty or must wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.ledger import line, messages, times
from gateway.ledger.line import Attempt
from gateway.ledger.session import Answer, Session
from gateway.routing import pace
from gateway.routing.corrections import keeps_back, original_of, waits_for_decision
from gateway.routing.ports import Loss, Translation, media_type_of
from gateway.routing.quarantine import HELD, WAITS_FOR_HELD
from gateway.settings import Endpoint
from gateway.transports.base import Deferred, Delivered, Rejected, SendResult

NEEDS_SOMEBODY = "routing.not-deliverable"


@dataclass(frozen=True)
class Claimed:
    """What there is to do for some receivers."""

    attempts: tuple[Attempt, ...]
    next_due: int | None
    """When the next lane may be tried, in microseconds; None: nothing waits."""
    paced_until: int | None = None
    """The endpoint's pace lets nothing be begun before this time."""


def claim(
    session: Session, receivers: Iterable[str], most: int, owner: str, now: int, lease_us: int
) -> Claimed:
    """Claim up to `most` lanes of these receivers, and begin an attempt at the head of each."""
    attempts: list[Attempt] = []
    dues: list[int] = []
    for receiver_her in receivers:
        while len(attempts) < most:
            wanted = most - len(attempts)
            found = session.all("due_lanes", receiver_her=receiver_her, now=now, most=wanted)
            lanes = [(row["lane_id"], line.ask_head(session, row["lane_id"])) for row in found]
            for lane_id, asked in lanes:
                attempt = take_head(session, lane_id, owner, now, lease_us, asked)
                if attempt is not None:
                    attempts.append(attempt)
            if len(lanes) < wanted:
                break
        for answer in [
            session.ask(each, receiver_her=receiver_her) for each in ("next_due", "next_lease_end")
        ]:
            dues += [row[0] for row in answer.fetchall()]
    return Claimed(tuple(attempts), min(dues, default=None))


def claim_at_pace(
    session: Session, endpoint: Endpoint, most: int, owner: str, now: int, lease_us: int, *, probing: bool
) -> Claimed:
    """As `claim`, for the receivers of an endpoint, and no more than its pace allows, if that is on. With nothing more
    queued it goes off; but one that only probes the endpoint does not know."""
    name, receivers = endpoint.her_ids[0], endpoint.her_ids
    at_pace = pace.of(session, name, endpoint.drain_per_second)
    if at_pace is None:
        return claim(session, receivers, most, owner, now, lease_us)
    allowed = at_pace.allowed(now)
    claimed = claim(session, receivers, min(most, allowed), owner, now, lease_us)
    if not probing and at_pace.may_end(now) and not _backlog(session, receivers):
        pace.end(session, name)
        return claimed
    at_pace = at_pace.took(len(claimed.attempts), now)
    pace.keep(session, name, at_pace)
    return replace(claimed, paced_until=at_pace.due() if len(claimed.attempts) == allowed else None)


def _backlog(session: Session, receivers: Iterable[str]) -> bool:
    """Whether anything is queued for these receivers that may be sent."""
    return any(
        session.one("still_queued", receiver_her=receiver_her) is not None for receiver_her in receivers
    )


def take_head(
    session: Session, lane_id: int, owner: str, now: int, lease_us: int, asked: Answer | None = None
) -> Attempt | None:
    """Begin an attempt at the first delivery of a lane that may be sent; None: the lane is empty, and given back.

    `asked`: of `line.ask_head`, if it was asked before.
    """
    asked = asked or line.ask_head(session, lane_id)
    while (head := asked.fetchone()) is not None:
        if line.is_held(head):
            line.hold(session, lane_id)
            return None
        original = original_of(session, head)
        if not keeps_back(original):
            return line.start(session, head, owner, now, now + lease_us)
        if waits_for_decision(original):
            line.park_again(session, head, now, reason=WAITS_FOR_HELD)
        else:
            line.end(
                session,
                head["delivery_id"],
                head["sequence"],
                "handed",
                now,
                reason="routing.parent-rejected",
            )
        asked = line.ask_head(session, lane_id)
    line.let_go(session, lane_id, now)
    return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the end of an attempt wants to know."""

    standing: Answer
    """How it stands."""
    following: Answer
    """What stands behind it in its lane."""


def ask(session: Session, attempt: Attempt) -> Asked:
    """Ask it, without waiting for it."""
    following = line.ask_head(session, attempt.lane_id, attempt.delivery_id)
    return Asked(line.ask_standing(session, attempt), following)


def about(attempt: Attempt) -> frozenset[str]:
    """What the questions are about, and all that the end of an attempt changes: its lane."""
    return frozenset((f"lane {attempt.lane_id}",))


def hold(
    session: Session, attempt: Attempt, made: Translation, owner: str, now: int, lease_us: int
) -> Attempt | None:
    """Keep a translation, and hold it for a person instead of sending it; then the next of the lane.

    Durable with this commit: the bytes, what they could not carry, and that they are held. A crash before it: the
    translation is made again, and held again. Doing it again is harmless: nothing is sent.
    """
    asked = ask(session, attempt)
    state = line.state_in(asked.standing)
    if state is None:
        return None
    keep_translation(session, attempt, made.data, made.loss, now)
    if state == "sending":
        line.end(session, attempt.delivery_id, attempt.sequence, "handed", now, reason=HELD)
    return take_head(session, attempt.lane_id, owner, now, lease_us, asked.following)


def keep_translation(session: Session, attempt: Attempt, data: bytes, loss: Loss, now: int) -> None:
    """Keep the outbound bytes and what they could not carry.

    Durable with this commit: the very bytes every attempt will send. A crash before it: the translation is made again,
    and gives the same bytes. Doing it again is harmless for that reason.
    """
    session.run("keep_body", content=data, media_type=media_type_of(attempt.format))
    session.run("keep_outbound", delivery_id=attempt.delivery_id)
    session.run(
        "keep_loss",
        delivery_id=attempt.delivery_id,
        mapping_version=loss.mapping_version,
        total=loss.total,
        native=loss.native,
        extension=loss.extension,
        lost=loss.lost,
        report=loss.report,
    )
    messages.note(
        session,
        attempt.sequence,
        "delivery.translated",
        now,
        delivery_id=attempt.delivery_id,
        format=attempt.format,
        lost=loss.lost,
    )


@dataclass(frozen=True)
class Ending:
    """How an attempt ended, and what follows from it for the lane."""

    attempt: Attempt
    outcome: SendResult
    wait_s: float
    """Seconds until the next attempt, should there be one."""
    may_go_on: bool
    """Whether the next delivery of the lane may be begun at once."""


def finish(
    session: Session,
    ending: Ending,
    asked: Asked,
    endpoint: Endpoint,
    owner: str,
    now: int,
    lease_us: int,
) -> Attempt | None:
    """Keep the outcome of an attempt; the lane's next attempt if one may begin now, else the lane is given back.

    Durable with this commit: what the receiver's transport said. A crash before it: the attempt is made again after the
    restart. Doing it again is harmless: the receiver gets the same bytes under the same id.
    """
    attempt = ending.attempt
    state = line.state_in(asked.standing)
    if state is None:
        return None  # the lease ran out and somebody else tries; only a receipt can end it now
    due_at = now
    if state != "sending":  # its receipt came before this
        session.run("mark_accepted", delivery_id=attempt.delivery_id, now=now)
    elif isinstance(ending.outcome, Delivered):
        _sent(session, attempt, endpoint, now)
    elif isinstance(ending.outcome, Deferred):
        due_at = _deferred(session, ending, now)
    else:
        _handed(session, attempt, ending.outcome, now)
    paced = pace.of(session, endpoint.her_ids[0], endpoint.drain_per_second) is not None
    if due_at > now or paced or not ending.may_go_on:
        line.let_go(session, attempt.lane_id, due_at)
        session.notices.receivers.add(attempt.receiver_her)
        return None
    # what is deferred may still be the head
    following = None if isinstance(ending.outcome, Deferred) else asked.following
    return take_head(session, attempt.lane_id, owner, now, lease_us, following)


def _sent(session: Session, attempt: Attempt, endpoint: Endpoint, now: int) -> None:
    """The receiver's transport has it: over, if no receipt is expected; else the receipt's time begins to run."""
    if attempt.is_receipt or attempt.acknowledgement == "N":
        line.end(session, attempt.delivery_id, attempt.sequence, "delivered", now, was_sent=True)
        return
    deadline_at = now + times.seconds(endpoint.receipt_deadline_s)
    session.run("mark_sent", delivery_id=attempt.delivery_id, now=now, deadline_at=deadline_at)
    session.notices.by(deadline_at)
    messages.note(
        session,
        attempt.sequence,
        "delivery.sent",
        now,
        delivery_id=attempt.delivery_id,
        attempt=attempt.number,
    )


def _deferred(session: Session, ending: Ending, now: int) -> int:
    """Back into line, to be tried again; or, when its time is up, to a person. Returns when the lane may go on."""
    attempt, outcome = ending.attempt, ending.outcome
    assert isinstance(outcome, Deferred)
    messages.note(
        session,
        attempt.sequence,
        "delivery.deferred",
        now,
        delivery_id=attempt.delivery_id,
        attempt=attempt.number,
        reason=outcome.reason,
        status=outcome.status,
    )
    if attempt.give_up_at is not None and now >= attempt.give_up_at:
        line.end(session, attempt.delivery_id, attempt.sequence, "handed", now, reason=NEEDS_SOMEBODY)
        return now
    session.run("mark_queued", delivery_id=attempt.delivery_id, reason=outcome.reason)
    return now + times.seconds(ending.wait_s)


def _handed(session: Session, attempt: Attempt, outcome: Rejected | Deferred | Delivered, now: int) -> None:
    """The receiver's side will not take it, and sent no receipt that says so: nobody would tell the sender."""
    reason = outcome.code if isinstance(outcome, Rejected) else NEEDS_SOMEBODY
    line.end(session, attempt.delivery_id, attempt.sequence, "handed", now, reason=reason)


def hand_over(
    session: Session, attempt: Attempt, owner: str, reason: str, now: int, lease_us: int
) -> Attempt | None:
    """Give a delivery that we cannot make (untranslatable, no endpoint) to a person; then the next of the lane."""
    asked = ask(session, attempt)
    state = line.state_in(asked.standing)
    if state is None:
        return None
    if state == "sending":
        line.end(session, attempt.delivery_id, attempt.sequence, "handed", now, reason=reason)
    return take_head(session, attempt.lane_id, owner, now, lease_us, asked.following)
