"""Was anything lost, changed or doubled in a run that was measured?

Each accepted message stands in the ledger once, in its final state, and arrived at its receiver under one id; where
nothing was translated, with the very bytes that were sent; where receipts were asked for, its receipt came home.
A figure of a run that does not pass is not shown.
"""

from __future__ import annotations

from gateway.bench.load import Handed
from gateway.bench.rig import Rig
from gateway.ledger.check import check
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import FlowRow, MessageFilter
from gateway.ledger.store import Ledger

PAGE = 1000
EVERYTHING = MessageFilter(receipts=True)


class NotProven(Exception):
    """Something was lost, changed or doubled: the argument says what, and how many."""


async def prove(
    rig: Rig, ledger: Ledger, handed: Handed, *, unchanged: bool, receipts: bool, repeats: bool = False
) -> None:
    """Hold the ledger and the partners against what was accepted. `repeats`: the gateway was killed, so a message may
    have been sent again (under the same id).

    :raises NotProven: they differ.
    """
    report = await rig.report()
    arrived, home = report["messages"], report["receipts"]
    held = held_messages(LedgerReader(ledger))
    state = "acknowledged" if receipts else "delivered"
    seen = await rig.seen()
    checked = check(ledger)
    wrong = {
        "wrong in the ledger": len(checked.findings),
        "refused": len(handed.refused) + seen["refused"],
        "not in the ledger": len(handed.accepted.keys() - held.keys()),
        "not final": sum(held[id].state != state for id in handed.accepted if id in held),
        "did not arrive": len(handed.accepted.keys() - arrived.keys()),
        "never accepted": len(arrived.keys() - handed.accepted.keys()),
        "under two ids": sum(len(each["ids"]) != 1 for each in arrived.values()),
        "twice": 0 if repeats else sum(each["times"] != 1 for each in arrived.values()),
        "changed": unchanged
        and sum(each["checksum"] != handed.checksums.get(id) for id, each in arrived.items()),
        "receipt not home": receipts and len(handed.accepted.keys() - home.keys()),
    }
    found = {what: number for what, number in wrong.items() if number}
    if found:
        raise NotProven(str(found))


class Held:
    """What the ledger says of a message: its delivery's state."""

    def __init__(self, row: FlowRow) -> None:
        self.id = row.message.id
        self.state = row.delivery.state if row.delivery else ""


def held_messages(reader: LedgerReader) -> dict[str, Held]:
    """MsgId of every message that is held, without receipts.

    :raises NotProven: a receipt has not reached its sender durably.
    """
    found: dict[str, Held] = {}
    before: int | None = None
    while page := reader.list_messages(EVERYTHING, before=before, limit=PAGE):
        for row in page:
            if not row.message.is_receipt:
                found[row.message.message_id] = Held(row)
            elif row.delivery is None or row.delivery.state != "delivered":
                raise NotProven("a receipt is not delivered")
        before = page[-1].message.sequence
    return found
