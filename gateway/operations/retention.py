"""What has been kept for long enough, and how is it removed without touching anything that is not over?

Bodies go first: their content, as received and as sent; what is known of the message stays, and a repetition of it is
still recognised. Later the message is forgotten, with its deliveries, receipts, trail and loss report. Nothing is
touched that is open, that waits for a person, that a running replay needs, or that has not been over for the whole
time; this is asked once more in the very commit that removes.

Durable with each commit: the removal of some messages as a whole. A crash between two: the next run goes on. Doing it
again is harmless: what is gone is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.ledger import messages, times
from gateway.ledger.operations import OperationsReader
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.records import resources, stays
from gateway.settings import Retention

IN_A_LIST: Final = 10_000
IN_A_COMMIT: Final = 100
DAY: Final = times.seconds(24 * 3600)
ANSWERS_KEPT: Final = 30 * DAY
"""For how long the answer to a request with a key is remembered."""
OSLO: Final = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Removed:
    """What a run removed, or would remove."""

    bodies: int
    """Messages whose content is removed."""
    messages: int
    """Messages that are forgotten."""


def before(now: int, days: int | None) -> int | None:
    """The time before which something must have been over; None: it is kept for ever."""
    return None if days is None else now - days * DAY


def due(reader: OperationsReader, settings: Retention, now: int) -> Removed:
    """How much a run would remove now."""
    return Removed(
        _count(reader, "bodies_to_remove", before(now, settings.bodies_days)),
        _count(reader, "families_to_remove", before(now, settings.metadata_days)),
    )


def _count(reader: OperationsReader, query: str, limit: int | None) -> int:
    found, after = 0, 0
    while limit is not None and (rows := reader.all(query, before=limit, after=after, most=IN_A_LIST)):
        found, after = found + len(rows), rows[-1]["sequence"]
    return found


async def run(ledger: Ledger, reader: OperationsReader, settings: Retention, now: int) -> Removed:
    """Remove what has been kept for long enough."""
    bodies = forgotten = 0
    limit = before(now, settings.bodies_days)
    if limit is not None:

        def without_body(session: Session, sequence: int, limit: int) -> bool:
            return remove_bodies(session, sequence, limit, ledger.clock())

        bodies = await _each(ledger, reader, "bodies_to_remove", limit, without_body)
    limit = before(now, settings.metadata_days)
    if limit is not None:
        forgotten = await _each(ledger, reader, "families_to_remove", limit, forget)
        until = limit
        await ledger.write(lambda session: _remove_lists(session, until))
    await ledger.write(lambda session: session.run("remove_actions", before=now - ANSWERS_KEPT))
    return Removed(bodies, forgotten)


async def _each(
    ledger: Ledger,
    reader: OperationsReader,
    query: str,
    limit: int,
    remove: Callable[[Session, int, int], bool],
) -> int:
    removed, after = 0, 0
    while rows := await reader.in_thread(
        partial(reader.all, query, before=limit, after=after, most=IN_A_LIST)
    ):
        sequences = [row["sequence"] for row in rows]
        after = sequences[-1]
        for start in range(0, len(sequences), IN_A_COMMIT):
            some = sequences[start : start + IN_A_COMMIT]

            def unit(session: Session, some: list[int] = some) -> int:
                return sum(remove(session, sequence, limit) for sequence in some)

            removed += await ledger.write(unit)
    return removed


def remove_bodies(session: Session, sequence: int, limit: int, now: int) -> bool:
    """Remove the content of one message; False: it may not be removed after all."""
    if session.one("may_be_removed", sequence=sequence, before=limit) is None:
        return False
    session.run("remove_bodies", sequence=sequence, nothing=b"", now=now)
    resources.forget(session, sequence)
    messages.note(session, sequence, "message.body-removed", now)
    return True


def forget(session: Session, sequence: int, limit: int) -> bool:
    """Forget a message and its receipts; False: they may not be forgotten after all."""
    if session.one("family_may_be_removed", sequence=sequence, before=limit) is None:
        return False
    family = [sequence, *(row["message"] for row in session.all("receipts_of_family", sequence=sequence))]
    session.run("remove_receipts", sequence=sequence)
    for member in family:
        bodies = [row["body_id"] for row in session.all("bodies_of", sequence=member)]
        lanes = [row["lane_id"] for row in session.all("lanes_of", sequence=member)]
        resources.forget(session, member)
        stays.forget(session, member)
        for query in (
            "remove_losses",
            "remove_alarms",
            "remove_replay_items",
            "remove_events",
            "remove_deliveries",
            "remove_message",
        ):
            session.run(query, sequence=member)
        for body_id in bodies:
            session.run("remove_body", body_id=body_id)
        for lane_id in lanes:
            session.run("remove_empty_lane", lane_id=lane_id)
    return True


def _remove_lists(session: Session, limit: int) -> None:
    for query in ("remove_refusals", "remove_closed_alarms", "remove_empty_replays"):
        session.run(query, before=limit)


def next_run(settings: Retention, now: datetime) -> datetime:
    """When retention is looked after next. `now`: aware."""
    hour, minute = (int(part) for part in settings.at.split(":"))
    local = now.astimezone(OSLO)
    at = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if at <= local:
        at = (local + timedelta(days=1)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at.astimezone(now.tzinfo)


def as_json(settings: Retention, removed: Removed) -> dict[str, Any]:
    """What /ops tells."""
    return {
        "bodiesDays": settings.bodies_days,
        "metadataDays": settings.metadata_days,
        "bodies": removed.bodies,
        "messages": removed.messages,
    }
