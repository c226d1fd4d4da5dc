"""After all the dying: is every accepted message over in exactly one way, and does the ledger say what partners saw?

The ledger is held against what the sender was told and against what each partner saw.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from gateway.ledger.check import check
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import FlowRow, MessageFilter
from gateway.ledger.store import Ledger
from tests.chaos.partners import Partners, Record
from tests.chaos.traffic import Traffic

ORDER = (
    "SELECT d.lane_id, m.message_id FROM deliveries d JOIN messages m ON m.sequence = d.message "
    "WHERE d.position IS NOT NULL ORDER BY d.lane_id, d.position"
)
FINAL_EVENTS = frozenset(
    f"delivery.{state}" for state in ("acknowledged", "rejected", "cancelled", "delivered", "annuls")
)


def flows(reader: LedgerReader) -> list[FlowRow]:
    """Every message and receipt that is held, with its delivery."""
    found: list[FlowRow] = []
    before: int | None = None
    while page := reader.list_messages(MessageFilter(receipts=True), before=before, limit=500):
        found.extend(page)
        before = page[-1].message.sequence
    return found


def is_open(row: FlowRow, partners: Partners) -> bool:
    """Whether something must still happen to it: `sent` is legal where the receiver owes no receipt."""
    assert row.delivery is not None
    if row.delivery.state != "sent":
        return not row.delivery.is_final
    record = partners.messages.get(row.message.message_id)
    return record is None or bool(_plan(record))


async def is_over(reader: LedgerReader, partners: Partners) -> bool:
    """Whether nothing is open that must not be, and no receipt is owed. What partners say is newer than what was read:
    it counts only if nothing has moved meanwhile, else the way home of a receipt that just came would not be seen."""
    before = partners.progress
    rows = await asyncio.to_thread(flows, reader)
    is_still = partners.progress == before and not partners.owes
    return is_still and not any(is_open(row, partners) for row in rows)


def _plan(record: Record) -> list[str]:
    return [status for status in record.plan if status != "?"]


def faults(traffic: Traffic, partners: Partners, ledger: Ledger, touched: Collection[str] = ()) -> list[str]:
    """Everything that should not be; empty when all is well.

    `touched`: our ids of messages that somebody acted on. They are held, too; what became of them is that person's.
    """
    reader, connection = LedgerReader(ledger), ledger.reading()
    every = flows(reader)
    rows = [row for row in every if row.message.id not in touched]
    messages = {row.message.message_id: row for row in rows if not row.message.is_receipt}
    receipts = {row.message.message_id: row for row in rows if row.message.is_receipt}
    held = {row.message.message_id: row for row in every}
    known = {id: each for id, each in partners.messages.items() if id in messages or id not in held}
    home = {id: each for id, each in partners.home.items() if id in receipts or id not in held}
    return [
        *(f"{found.kind}: {found.message}" for found in check(ledger).findings),
        *traffic.wrong,
        *partners.wrong,
        *([f"{partners.owes} receipts were never taken"] if partners.owes else ()),
        *_accepted(traffic, {id: row for id, row in held.items() if not row.message.is_receipt}),
        *_open(every),
        *_one_each(rows),
        *(
            fault
            for row in messages.values()
            for fault in _state(row, partners.messages.get(row.message.message_id))
        ),
        *_home(receipts, partners),
        *_receipts(reader, messages, known),
        *_arrivals(known, messages),
        *_arrivals(home, receipts),
        *_order(connection, {**known, **home}),
        *_trails(reader, messages.values()),
    ]


def _accepted(traffic: Traffic, messages: dict[str, FlowRow]) -> Iterator[str]:
    for id, sent in traffic.sent.items():
        if len(sent.ids) > 1:
            yield f"{id} was answered with {len(sent.ids)} ids"
        if sent.ids and id not in messages:
            yield f"{id} was accepted and is lost"
        elif sent.ids and messages[id].message.id not in sent.ids:
            yield f"{id} is held under another id than was answered"
    for id in messages.keys() - traffic.sent.keys():
        yield f"{id} was never sent"


def _one_each(rows: list[FlowRow]) -> Iterator[str]:
    seen: set[str] = set()
    for row in rows:
        if row.message.id in seen:
            yield f"{row.message.message_id} has two deliveries"
        seen.add(row.message.id)


def _open(rows: list[FlowRow]) -> Iterator[str]:
    for row in rows:
        if row.delivery is not None and row.delivery.state in ("queued", "sending", "parked"):
            yield f"{row.message.message_id} is still {row.delivery.state}"


def _state(row: FlowRow, record: Record | None) -> Iterator[str]:
    """Whether the delivery's state says what the receiver saw and said."""
    assert row.delivery is not None
    state, id = row.delivery.state, row.message.message_id
    taken = record is not None and record.was_taken
    said = [status for status in record.answered if status != "?"] if record else []
    if state in ("sent", "acknowledged", "delivered") and not taken:
        yield f"{id} is {state}, but its receiver does not have it"
    if said and state != ("rejected" if said[0] == "2" else "acknowledged"):
        yield f"{id} is {state}, its receiver said {said}"
    if state == "acknowledged" and not said:
        yield f"{id} is acknowledged, but nobody said so"
    if state == "rejected" and not said and (record is None or record.fate != "refused with a receipt"):
        yield f"{id} is rejected, but nobody said so"
    if state == "cancelled" and record is not None:
        yield f"{id} is cancelled, but its receiver has seen it"
    if state == "handed" and (row.delivery.reason is None or taken):
        yield f"{id} is handed over ({row.delivery.reason}), taken: {taken}"
    if state == "handed" and row.delivery.reason == "routing.not-deliverable":
        yield f"{id} was given up"


def _home(receipts: dict[str, FlowRow], partners: Partners) -> Iterator[str]:
    for id, row in receipts.items():
        assert row.delivery is not None
        if row.delivery.state != "delivered" or id not in partners.home:
            yield f"receipt {id} is {row.delivery.state}, at home: {id in partners.home}"


def _receipts(
    reader: LedgerReader, messages: dict[str, FlowRow], records: dict[str, Record]
) -> Iterator[str]:
    """Every receipt the gateway took is held for its message; only the first may have changed anything."""
    for id, record in records.items():
        said = [status for status in record.answered if status != "?"]
        held = reader.receipts(messages[id].message.id) if id in messages else ()
        if [receipt.status for receipt in held][: len(said)] != said:
            yield f"{id}: the receipts {said} were taken, {[receipt.status for receipt in held]} are held"
        if sum(receipt.effect == "settled" for receipt in held) > 1:
            yield f"{id} was settled twice"


def _arrivals(records: dict[str, Record], held: dict[str, FlowRow]) -> Iterator[str]:
    for id, record in records.items():
        if id not in held:
            yield f"{id} arrived and is not in the ledger"
            continue
        keys = {arrival.key for arrival in record.arrivals}
        if len(keys) != 1 or not next(iter(keys)).startswith(held[id].message.id):
            yield f"{id} arrived under {len(keys)} ids"
        if len({arrival.checksum for arrival in record.arrivals}) != 1:
            yield f"{id} arrived with different bytes"


def _order(connection: Any, records: dict[str, Record]) -> Iterator[str]:
    """Within a lane nothing arrives for the first time before what stands in front of it has."""
    lanes: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(ORDER).fetchall():
        if row["message_id"] in records:
            lanes[row["lane_id"]].append(row["message_id"])
    for lane, ids in lanes.items():
        places = [records[id].arrivals[0].place for id in ids]
        if places != sorted(places):
            yield f"lane {lane} was not kept in order"


def _trails(reader: LedgerReader, rows: Any) -> Iterator[str]:
    """A delivery ends once. What a person was handed may go on when what it waited for comes; and where no receipt was
    expected, one that comes all the same tells more than "delivered" did."""
    for row in rows:
        ends = [event.code for event in reader.trail(row.message.id) if event.code in FINAL_EVENTS]
        if len(ends) > 1 and ends[0] == "delivery.delivered" and row.message.acknowledgement != "J":
            del ends[0]
        if len(ends) > 1:
            yield f"{row.message.message_id} ended {len(ends)} times: {ends}"
