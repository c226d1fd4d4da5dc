"""What has been kept for long enough, and how is it removed without touching anything that is not over?

Bodies go first: their content, as received and as sent; what is known of the message stays, with a digest by which a
repetition of it is still recognised. Later the message is forgotten, with its deliveries, receipts, trail and loss
report. Nothing is touched that is open, that waits for a person, that a running replay needs, or that has not been over
for the whole time; this is asked once more in the very commit that removes. While records are made anew, what has not
had its turn again is not touched either: what was known of it stays known when its content is gone.

Durable with each commit: the removal of some messages as a whole. A crash between two: the next run goes on. Doing it
again is harmless: what is gone is not found.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.errors import SomlosError
from gateway.ledger import messages, times
from gateway.ledger.operations import OperationsReader
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.records import resources, stays
from gateway.routing.ports import Content, content_of
from gateway.settings_operations import Retention

Digest = Callable[[bytes, Content], Awaitable[str]]
"""Equal for two messages that say the same, however they are spelled; see `Reader.canonical_digest`."""
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
    said: int = 0
    """Resources that were said at the API, whose content is removed: by the same time as bodies."""


def before(now: int, days: int | None) -> int | None:
    """The time before which something must have been over; None: it is kept for ever."""
    return None if days is None else now - days * DAY


def due(reader: OperationsReader, settings: Retention, now: int) -> Removed:
    """How much a run would remove now."""
    return Removed(
        _count(reader, "bodies_to_remove", before(now, settings.bodies_days)),
        _count(reader, "families_to_remove", before(now, settings.metadata_days)),
        _count(reader, "said_to_remove", before(now, settings.bodies_days)),
    )


def _count(reader: OperationsReader, query: str, limit: int | None) -> int:
    found, after = 0, 0
    while limit is not None and (rows := reader.all(query, before=limit, after=after, most=IN_A_LIST)):
        found, after = found + len(rows), rows[-1]["sequence"]
    return found


async def run(
    ledger: Ledger, reader: OperationsReader, settings: Retention, now: int, digest: Digest
) -> Removed:
    """Remove what has been kept for long enough."""
    bodies = forgotten = said = 0
    limit = before(now, settings.bodies_days)
    if limit is not None:
        async for some in _in_commits(reader, "bodies_to_remove", limit):
            digests = [(sequence, await _digest_of(reader, sequence, digest)) for sequence in some]
            bodies += await ledger.write(partial(_remove_all_bodies, digests, limit, ledger.clock()))
        async for some in _in_commits(reader, "said_to_remove", limit):
            said += await ledger.write(partial(_each, remove_said, some, ledger.clock()))
    limit = before(now, settings.metadata_days)
    if limit is not None:
        async for some in _in_commits(reader, "families_to_remove", limit):
            forgotten += await ledger.write(partial(_each, forget, some, limit))
        until = limit
        await ledger.write(lambda session: _remove_lists(session, until))
    await ledger.write(lambda session: session.run("remove_actions", before=now - ANSWERS_KEPT))
    return Removed(bodies, forgotten, said)


async def _in_commits(reader: OperationsReader, query: str, limit: int) -> AsyncIterator[list[int]]:
    """What a query finds, so many at a time as share a commit."""
    after = 0
    while rows := await reader.in_thread(
        partial(reader.all, query, before=limit, after=after, most=IN_A_LIST)
    ):
        sequences = [row["sequence"] for row in rows]
        after = sequences[-1]
        for start in range(0, len(sequences), IN_A_COMMIT):
            yield sequences[start : start + IN_A_COMMIT]


async def _digest_of(reader: OperationsReader, sequence: int, digest: Digest) -> str | None:
    """What stays of the bytes as received; None: they are gone already, or today's software cannot read them."""
    row = await reader.in_thread(partial(reader.one, "body_to_remove", sequence=sequence))
    try:
        return None if row is None else await digest(bytes(row["content"]), content_of(row["format"]))
    except SomlosError:
        return None


def _each(
    remove: Callable[[Session, int, int], bool], sequences: list[int], value: int, session: Session
) -> int:
    return sum(remove(session, sequence, value) for sequence in sequences)


def _remove_all_bodies(digests: list[tuple[int, str | None]], limit: int, now: int, session: Session) -> int:
    return sum(remove_bodies(session, sequence, digest, limit, now) for sequence, digest in digests)


def remove_bodies(session: Session, sequence: int, digest: str | None, limit: int, now: int) -> bool:
    """Remove the content of one message, all but its digest; False: it may not be removed after all."""
    if session.one("may_be_removed", sequence=sequence, before=limit) is None:
        return False
    session.run("remove_bodies", sequence=sequence, nothing=b"", canonical_digest=digest, now=now)
    resources.forget(session, sequence)
    messages.note(session, sequence, "message.body-removed", now)
    return True


def remove_said(session: Session, input_id: int, now: int) -> bool:
    """Remove the content of what was said at the API, and the version it made; False: it is removed already, or
    waits for its turn.

    A resource that says something newer stays as it is now. What measures count of it (a goal's dates, that a task was
    done) has no words and stays.
    """
    row = session.one("said", sequence=input_id)
    if row is None:
        return False
    session.run("remove_said", body_id=row["body_id"], nothing=b"", now=now)
    detail = json.loads(row["detail"])
    resources.forget_said(session, detail["type"], detail["id"], input_id)
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
        "said": removed.said,
    }
