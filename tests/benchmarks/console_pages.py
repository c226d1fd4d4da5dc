"""How quickly does each page of the console answer with very many messages? `python -m tests.benchmarks.console_pages`

A ledger with made-up messages between 5 hospitals and 95 municipalities over 60 days, most of them acknowledged, some
rejected, overdue, stopped, on their way; the console in a process of its own, asked over HTTP. Every page is asked
ROUNDS times after one that does not count; the wall time of the whole answer is printed, and the processor time that
the server took for it: on a machine that others use, too, the second is the one to compare.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from gateway.ledger import line, messages, times
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.settings import Settings
from gateway.settings_load import from_content
from tests.browser import seed
from tests.support.live_server import live_server

ROUNDS = 15
IN_A_COMMIT = 50_000
DAYS = 60
HOSPITALS, MUNICIPALITIES = 5, 95
LIMITS_MS = {"/console": 150, "/console/flow": 150}
OTHERS_MS = 300

MESSAGES = """
INSERT INTO messages (id, message_id, sender_her, sender_organisation_her, receiver_her, receiver_organisation_her,
    format, message_type, status, parent_id, conversation_id, patient_key, content_digest, acknowledgement, processing,
    signed, body_known, is_receipt, partner, generated_at, received_at, body_id, size, dated_events)
WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last),
sides AS (SELECT n, 1000 + n % 5 AS hospital, 2000 + (n * 31) % 95 AS municipality, n % 3 = 0 AS back FROM numbers)
SELECT printf('00000000-0000-4000-8000-%012d', n), printf('00000000-0000-4000-9000-%012d', n),
    CASE WHEN back THEN municipality ELSE hospital END || '2',
    CASE WHEN back THEN municipality ELSE hospital END || '1',
    CASE WHEN back THEN hospital ELSE municipality END || '2',
    CASE WHEN back THEN hospital ELSE municipality END || '1',
    'plo-1.6',
    CASE n % 8 WHEN 0 THEN 'LOG_INNLAGT' WHEN 1 THEN 'LOG_UTSKRIVNINGSKLAR' WHEN 2 THEN 'HELSEOPPL_SOKNAD'
    WHEN 3 THEN 'UTSKRIVNINGSRAPPORT' WHEN 4 THEN 'EPIKRISE' WHEN 5 THEN 'DIALOG_SVAR' WHEN 6 THEN 'INNLEGGELSESRAPPORT'
    ELSE CASE WHEN n % 400 = 7 THEN 'MELDING_FRAVAR' ELSE 'LOG_UTSKREVET' END END,
    'N', NULL, NULL, printf('%064d', (n * 7919) % :patients), 'bench', 'J', 'T', 0, 1, 0, 'bench',
    :begin + n * :step, :begin + n * :step, :body_id, 20000, '[]'
FROM sides"""

DELIVERIES = """
INSERT INTO deliveries (message, is_receipt, receiver_her, lane_id, position, state, format, unchanged, attempts,
    reason, receipt_status, overdue, created_at, deadline_at, sent_at, final_at)
SELECT m.sequence, 0, m.receiver_her, :lane_id, m.sequence,
    CASE WHEN n > :all - 200 THEN 'sent' WHEN n % 20011 = 0 THEN 'handed' WHEN n % 9001 = 0 THEN 'sent'
    WHEN n % 101 = 0 THEN 'rejected' ELSE 'acknowledged' END,
    m.format, 1, 1, CASE WHEN n % 20011 = 0 THEN 'routing.not-deliverable' END,
    CASE WHEN n > :all - 200 OR n % 20011 = 0 OR n % 9001 = 0 THEN NULL WHEN n % 101 = 0 THEN '2' ELSE '1' END,
    n % 9001 = 0 AND n <= :all - 200 AND n % 20011 <> 0, m.received_at, m.received_at + 86400000000,
    m.received_at + 900000,
    CASE WHEN n > :all - 200 OR n % 9001 = 0 THEN NULL ELSE m.received_at + 11000000 END
FROM (SELECT *, sequence AS n FROM messages WHERE sequence BETWEEN :first AND :last) m"""

EVENTS = """
INSERT INTO events (message, at, code) SELECT m.sequence, m.received_at, c.code
FROM messages m CROSS JOIN (SELECT 'message.accepted' AS code UNION ALL SELECT 'delivery.acknowledged') c
WHERE m.sequence BETWEEN :first AND :last"""


def settings() -> Settings:
    """The partners."""
    organisations = [(f"Sykehus {n}", 1000 + n) for n in range(HOSPITALS)]
    organisations += [(f"Kommune {n}", 2000 + n) for n in range(MUNICIPALITIES)]
    partners = [
        {
            "name": name,
            "her_ids": [f"{number}1", f"{number}2"],
            "endpoint": [
                {
                    "her_ids": [f"{number}2"],
                    "transport": "http",
                    "url": f"https://{number}.example",
                    "format": "plo-1.6",
                }
            ],
        }
        for name, number in organisations
    ]
    return from_content({"gateway": {"demo": True}, "partner": partners})


def fill(ledger: Ledger, number: int) -> None:
    """Put the messages into an empty ledger."""
    now = times.of(datetime.now(UTC))
    begin = now - DAYS * 86_400 * times.SECOND
    for first in range(1, number + 1, IN_A_COMMIT):
        last = min(first + IN_A_COMMIT - 1, number)
        ledger.write_now(
            partial(_fill, first=first, last=last, number=number, begin=begin, step=(now - begin) // number)
        )


def _fill(session: Session, *, first: int, last: int, number: int, begin: int, step: int) -> None:
    body_id = messages.keep_body(session, b"<seeded/>", "application/xml")
    lane_id = line.lane(session, "bench", "20002")
    run: Any = session._connection.execute
    span = {"first": first, "last": last}
    run(MESSAGES, span | {"begin": begin, "step": step, "body_id": body_id, "patients": max(1, number // 10)})
    run(DELIVERIES, span | {"all": number, "lane_id": lane_id})
    run(EVENTS, span)


def serve(place: str, told: Any) -> None:
    """The console, until it is ended; tells its address, and its processor time whenever it is asked."""
    ledger = Ledger(Path(place))
    ledger.open()
    services = seed.services(ledger, settings())
    services.operations.traffic.warm(datetime.now(UTC))
    with live_server(seed.application(services)) as address:
        told.send(address)
        while told.recv():
            told.send(time.process_time())


def pages(number: int) -> dict[str, tuple[str, str, dict[str, str]]]:
    """A name, and what is asked: method, address, form."""
    id = f"00000000-0000-4000-8000-{number // 2:012d}"
    found = {
        "home": "/console",
        "flow": "/console/flow",
        "flow, 7 days": "/console/flow?span=7d",
        "flow, a small partner": "/console/flow?partner=20031",
        "flow, a large partner": "/console/flow?partner=10011",
        "flow, rejected": "/console/flow?state=rejected",
        "flow, sending (none)": "/console/flow?state=sending",
        "flow, a rare type": "/console/flow?type=MELDING_FRAVAR",
        "flow, a type there is none of": "/console/flow?type=HENVISNING",
        "flow, rare type of a large partner": "/console/flow?partner=10011&type=MELDING_FRAVAR",
        "flow, old": f"/console/flow?before={number // 10}",
        "message": f"/console/messages/{id}",
        "report": f"/console/messages/{id}/report.json",
        "find an id": f"/console/find?id=00000000-0000-4000-9000-{number // 3:012d}",
        "find nothing": "/console/find?id=nothing",
        "find a time": "/console/find?since=2026-10-20&until=2026-10-21",
        "find partner, type, time": "/console/find?partner=20031&type=EPIKRISE&since=2026-10-20&until=2026-11-20",
        "partners": "/console/partners",
        "alarms": "/console/alarms?all=1",
        "pathways": "/console/pathways",
        "measures": "/console/measures",
        "refused": "/console/refused",
        "errors": "/console/errors",
        "workbench": "/console/workbench",
    }
    return {name: ("GET", path, {}) for name, path in found.items()} | {
        "find a patient": ("POST", "/console/find/patient", {"number": "14834120012"})
    }


def main() -> None:
    """Measure, and print a line for each page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="keeps the ledger here for another run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = (asked.folder or Path(temporary)) / "pages.db"
        if not place.exists():
            ledger = Ledger(place)
            ledger.open()
            fill(ledger, asked.messages)
            ledger.close()
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(str(place), theirs))
        server.start()
        try:
            measure(ours, asked.messages)
        finally:
            ours.send(False)
            server.join()


def measure(told: Any, number: int) -> None:
    """Ask every page."""
    address = told.recv()
    print(f"{number} messages; milliseconds at the server: wall median, wall longest, processor time, limit")
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        token = client.get("/console/find").text.partition('name="form_token" value="')[2].partition('"')[0]
        for name, (method, path, form) in pages(number).items():
            ask = partial(
                client.request,
                method,
                path,
                data={"form_token": token} | form if form else None,
                headers={"origin": address},
            )
            assert ask().status_code == 200, name
            told.send(True)
            before, walls = told.recv(), []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                ask()
                walls.append((time.perf_counter() - began) * 1000)
            told.send(True)
            spent = (told.recv() - before) * 1000 / ROUNDS
            limit = LIMITS_MS.get(path, OTHERS_MS)
            over = "  OVER" if statistics.median(walls) > limit else ""
            print(
                f"{name:38}{statistics.median(walls):8.1f}{max(walls):8.1f}{spent:8.1f}{limit:6}{over}",
                flush=True,
            )


if __name__ == "__main__":
    main()
