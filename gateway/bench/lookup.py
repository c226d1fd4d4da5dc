"""How quickly is a patient's messages found among very many? Measured on a ledger filled with made-up messages.

The ledger's own reader is asked, as the pages ask it, with patients in random order. The messages share one small body:
bodies stand in a table of their own, and no list reads them.
"""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path
from typing import Final

from gateway.bench.usage import usage
from gateway.ledger import line, messages
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import MessageFilter
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger, database_at

IN_A_COMMIT: Final = 20_000
MESSAGES_OF_A_PATIENT: Final = 10
ASKED: Final = 500


class NotFound(Exception):
    """A patient's messages are not all there; the argument says how many were found."""


def fill(ledger: Ledger, number: int) -> None:
    """Put `number` made-up messages, all delivered, into an empty ledger."""
    for first in range(1, number + 1, IN_A_COMMIT):
        last = min(first + IN_A_COMMIT - 1, number)
        ledger.write_now(partial(_seed, first=first, last=last, number=number))


def _seed(session: Session, *, first: int, last: int, number: int) -> None:
    body_id = messages.keep_body(session, b"<seeded/>", "application/xml")
    flags = {"yes": True, "no": False}
    span = {"first": first, "last": last}
    session.run("seed_messages", **span, **flags, body_id=body_id, patients=_patients(number))
    session.run("seed_deliveries", **span, **flags, lane_id=line.lane(session, "seeded", "88840011"))
    session.run("seed_events", **span)


def _patients(number: int) -> int:
    return max(1, number // MESSAGES_OF_A_PATIENT)


def look_up(folder: Path, ledger: str, number: int, seed: int) -> dict[str, float]:
    """Milliseconds to find the messages of a patient, first of all and in general.

    :raises NotFound: a patient's messages were not all found.
    """
    kind, _, place = ledger.partition(":")
    address = f"sqlite:{folder / place}" if kind == "sqlite" else ledger
    opened = Ledger(database_at(address))
    opened.open()
    before = usage({})
    fill(opened, number)
    filled = usage({}).since(before)
    opened.close()
    held = Ledger(database_at(address))
    reader = LedgerReader(held)
    chance = random.Random(seed)
    took = []
    for _ in range(ASKED):
        key = f"{'0' * 56}{10_000_000 + chance.randrange(_patients(number))}"
        began = time.perf_counter()
        found = reader.list_messages(MessageFilter(patient_key=key, receipts=True))
        took.append((time.perf_counter() - began) * 1000)
        if len(found) != MESSAGES_OF_A_PATIENT:
            raise NotFound(str(len(found)))
    held.close()
    first, slowest, ordered = took[0], max(took), sorted(took)
    return {
        "firstMs": first,
        "p50Ms": ordered[len(ordered) // 2],
        "slowestMs": slowest,
        "fillSeconds": filled.wall,
    }
