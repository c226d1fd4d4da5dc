"""What would happen if these were sent again, and how is it done once somebody has agreed?

A preview changes nothing and says for each delivery whether it would be sent, where to, in which format, and whether
the receiver has it already. It has a mark; beginning the replay needs that mark, and is refused when what would happen
is no longer what was shown. Every message keeps its id and, where its format stays, its bytes.

One node at a time does the work, one delivery after the other, at the replay's rate, in the order in which the
messages came. Durable with each step: that the delivery is queued again, and that the replay has come so far. A crash
between two steps: the next node goes on. Doing a step again is harmless: the item says that it was done.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.errors import Refusal, SomlosError
from gateway.ledger.operations import Item, OperationsReader, Selection
from gateway.ledger.session import Session
from gateway.operations import actions
from gateway.operations.actions import Act
from gateway.routing.corrections import keeps_back, named_original
from gateway.routing.partners import Partners
from gateway.settings_operations import ReplaySettings

MOST: Final = 10_000
"""Deliveries in one replay."""
NEVER: Final = 2**62
"""A time that nothing is after."""
SHOWN: Final = 200
"""Deliveries that a preview tells one by one; the sums are over all."""


@dataclass(frozen=True)
class Prospect:
    """What would become of one delivery."""

    item: Item
    obstacle: str | None
    """Code of the error catalogue: why it would be left as it is; None: it would be sent."""

    def as_json(self, partners: Partners) -> dict[str, Any]:
        """The delivery as a preview tells it."""
        item = self.item
        route = partners.route_to(item.receiver_her)
        endpoint = route.endpoint if route else None
        return {
            "delivery": item.id,
            "message": item.message,
            "type": item.message_type,
            "status": item.status,
            "sender": item.sender_her,
            "receiver": item.receiver_her,
            "partner": route.partner.name if route else None,
            "endpoint": None
            if endpoint is None
            else {
                "transport": endpoint.transport,
                "host": urlsplit(endpoint.url).netloc if endpoint.url else None,
                "format": endpoint.format,
            },
            "state": item.state,
            "alreadyAcknowledged": item.state == "acknowledged",
            "mayHaveIt": item.attempts > 0,
            "effect": "left" if self.obstacle else "resend",
            "reason": self.obstacle,
            "sameId": True,
        }


@dataclass(frozen=True)
class Preview:
    """What a replay would do."""

    prospects: tuple[Prospect, ...]
    per_second: float
    again: bool

    @property
    def to_send(self) -> tuple[Prospect, ...]:
        """Those that would be sent."""
        return tuple(each for each in self.prospects if each.obstacle is None)

    @property
    def mark(self) -> str:
        """Names exactly what was shown."""
        seen = [(each.item.id, each.item.state, each.item.attempts, each.obstacle) for each in self.prospects]
        said = json.dumps([seen, self.per_second, self.again])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    def as_json(self, partners: Partners) -> dict[str, Any]:
        """The preview as /ops tells it."""
        sending = self.to_send
        left = Counter(each.obstacle for each in self.prospects if each.obstacle is not None)
        return {
            "preview": self.mark,
            "selected": len(self.prospects),
            "resend": len(sending),
            "left": dict(left),
            "alreadyAcknowledged": sum(each.item.state == "acknowledged" for each in sending),
            "receivers": dict(Counter(each.item.receiver_her for each in sending)),
            "perSecond": self.per_second,
            "takesSeconds": round(len(sending) / self.per_second, 1),
            "deliveries": [each.as_json(partners) for each in self.prospects[:SHOWN]],
        }


def preview(
    reader: OperationsReader, partners: Partners, wanted: Selection, *, per_second: float, again: bool
) -> Preview:
    """What would become of each delivery that is selected.

    :raises Refusal: operations.too-many-selected
    """
    items = reader.selected(wanted, limit=MOST + 1)
    if len(items) > MOST:
        raise Refusal("operations.too-many-selected", details={"limit": MOST})
    sent: set[tuple[str, str, str]] = set()
    prospects = []
    waiting = {row["delivery_id"] for row in reader.all("waiting_in_replays", since=NEVER)}
    for item in items:
        code = actions.obstacle(item, partners, again=again) or original_missing(reader, item, sent)
        if code is None and item.id in waiting:
            code = "operations.in-replay"
        if code is None:
            sent.add((item.sender_her, item.message_id, item.receiver_her))
        prospects.append(Prospect(item, code))
    return Preview(tuple(prospects), per_second, again)


def original_missing(reader: OperationsReader, item: Item, sent: set[tuple[str, str, str]]) -> str | None:
    """A correction goes only where its original has been, or goes before it in the same replay."""
    named = named_original(item.status, item.parent_id, item.conversation_id)
    if named is None or (item.sender_her, named, item.receiver_her) in sent:
        return None
    original = reader.one(
        "delivery_to", message_id=named, sender_her=item.sender_her, receiver_her=item.receiver_her
    )
    return "operations.original-not-delivered" if keeps_back(original) else None


def begin(
    session: Session, shown: Preview, wanted: Selection, act: Act, now: int, *, since: int = NEVER
) -> int:
    """Keep a replay that is to be done; returns its id. What another replay took up after `since`, when this one was
    previewed, is not sent twice.

    :raises Refusal: operations.nothing-selected, operations.preview-outdated
    """
    if not shown.to_send:
        raise Refusal("operations.nothing-selected")
    waiting = {row["delivery_id"] for row in session.all("waiting_in_replays", since=since)}
    if any(each.item.id in waiting for each in shown.to_send):
        raise Refusal("operations.preview-outdated")
    replay_id = session.keep(
        "keep_replay",
        begun_at=now,
        by_whom=act.by,
        why=act.why,
        selection=json.dumps(said(wanted) | {"again": shown.again}),
        per_second=shown.per_second,
    )
    for place, each in enumerate(shown.to_send, 1):
        session.run("keep_replay_item", replay_id=replay_id, place=place, delivery_id=each.item.id)
    return replay_id


def said(wanted: Selection) -> dict[str, Any]:
    """A selection as it was asked for."""
    found = {name: getattr(wanted, name) for name in wanted.__dataclass_fields__}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
        if value not in (None, False)
    }


def step(session: Session, replay_id: int, partners: Partners, now: int) -> bool:
    """Send the next delivery of a replay again; False: there is none any more, and it is done."""
    running = session.one("running_replay")
    if running is None or running["replay_id"] != replay_id:
        return False
    row = session.one("next_replay_item", replay_id=replay_id)
    if row is None:
        end(session, replay_id, "done", None, now)
        return False
    act = Act(running["by_whom"], running["why"])
    again = bool(json.loads(running["selection"]).get("again"))
    try:
        actions.resend(session, row["delivery_id"], partners, act, now, again=again)
        outcome = "resent"
    except SomlosError as error:
        outcome = error.code
    session.run("replay_item_done", replay_id=replay_id, place=row["place"], now=now, outcome=outcome)
    return True


def end(session: Session, replay_id: int, state: str, reason: str | None, now: int) -> bool:
    """Give a running replay its end; False: it was over."""
    return bool(session.change("end_replay", replay_id=replay_id, state=state, reason=reason, now=now))


def too_many_negative(answered: int, negative: int, settings: ReplaySettings) -> bool:
    """Whether so many were rejected that going on would do harm. Pure."""
    return negative >= settings.stop_negative and negative >= settings.stop_share * answered


def stop_if_negative(session: Session, replay_id: int, settings: ReplaySettings, now: int) -> bool:
    """Stop a replay when too many of what it sent came to a bad end."""
    row = session.one("replay", replay_id=replay_id)
    if row is None or not too_many_negative(row["answered"], row["negative"], settings):
        return False
    return end(session, replay_id, "stopped", "operations.replay-negative", now)
