"""How do the tests of the console come by a ledger that looks like a working day?

The messages of the story (real bodies, made-up people) are written into a real ledger in every state a delivery can
have, with trail, receipts, translation and loss report. Nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from fastapi import FastAPI

from gateway.console import create_console
from gateway.ledger import line, messages, times
from gateway.ledger.line import NewDelivery
from gateway.ledger.messages import MediaType, NewMessage, NewRefusal
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import STATES
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.routing.credentials import Credentials
from gateway.routing.partners import Partners
from gateway.services import GatewayServices
from gateway.settings import Settings, from_content
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, SERVICES
from gateway.simulator.compose import compose, new_ids
from gateway.simulator.steps import Step, root_of, story
from gateway.simulator.template import Clock

_SPACE = UUID("6f0a5b3e-3a2d-4c0e-9d5f-5b6c7a1e0c11")
_ENDS = ("sent", "overdue", "queued", "retrying", "parked", "handed", "sending", "delivered", "partly")
REPORT = {
    "mappingVersion": "1",
    "total": 212,
    "native": 181,
    "extension": 27,
    "exact": 2,
    "lost": 2,
    "entries": [
        {"source": "MsgHead/MsgInfo/Patient/Address/City", "target": "", "kind": "lost"},
        {"source": "MsgHead/MsgInfo/Sender/Organisation/OrganisationName", "target": "", "kind": "lost"},
        {"source": "MsgHead/MsgInfo/Receiver", "target": "Bundle.entry[1]", "kind": "rendered"},
        {"source": "MsgHead/MsgInfo/Type/@DN", "target": "Bundle.entry[0].resource", "kind": "extension"},
    ],
    "notes": ["assumed: MedicationStatement.status = unknown"],
}
BUNDLE = b'{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","id":"a"}}]}'


def settings(*, demo: bool = True) -> Settings:
    """The partners of the story; nothing can be reached."""
    partners = [
        {
            "name": each.name,
            "her_ids": [each.her_id, *(s.her_id for s in SERVICES.values() if s.organisation == each)],
        }
        for each in (HOSPITAL, LYNGVIK, BJORKELIA)
    ]
    return from_content({"gateway": {"demo": demo}, "partner": partners})


def services(ledger: Ledger, configured: Settings) -> GatewayServices:
    """What the console gets to work with: a real ledger; nothing that takes in or sends."""
    absent: Any = None
    return GatewayServices(
        settings=configured,
        credentials=Credentials(configured),
        partners=Partners(configured),
        intake=absent,
        reader=LedgerReader(ledger),
        ledger=ledger,
        dispatcher=absent,
    )


def application(made: GatewayServices) -> FastAPI:
    """The console as an application. As in the gateway, somebody listens to the ledger on the application's loop."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        made.ledger.listen(lambda notices: None)
        yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(create_console(made))
    return app


@dataclass(frozen=True)
class Written:
    """One message as it was written into the ledger."""

    id: str
    step: Step
    state: str


class Seed:
    """Writes messages of the story into an open ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told = 0

    def tell(
        self, *, ending_at: datetime, spread: timedelta, ends: dict[str, str] | None = None
    ) -> list[Written]:
        """The whole story once, its messages spread evenly up to `ending_at`; `ends` gives steps another state."""
        self._told += 1
        ids, steps = new_ids(), story()
        clock = Clock(date(2026, 11, 18))
        written = []
        for number, step in enumerate(steps, start=1):
            at = ending_at - spread * (len(steps) - number) / len(steps)
            state = (ends or {}).get(step.key, step.ends)
            written.append(Written(self.write(step, ids, clock, at, state), step, state))
        return written

    def write(self, step: Step, ids: dict[str, str], clock: Clock, at: datetime, state: str) -> str:
        """One message in a state; returns our id of it."""
        body = compose(step, ids, clock)
        sender, receiver = SERVICES[step.sender], SERVICES[step.receiver]
        content_format = "fhir-r4" if step.is_fhir else "plo-1.6"
        new = NewMessage(
            id=str(uuid5(_SPACE, body.message_id)),
            message_id=body.message_id,
            sender_her=sender.her_id,
            sender_organisation_her=sender.organisation.her_id,
            receiver_her=receiver.her_id,
            receiver_organisation_her=receiver.organisation.her_id,
            format=content_format if step.type != "EPIKRISE" else "msghead",
            message_type=step.type,
            status=step.status,
            parent_id=ids[step.parent] if step.parent else None,
            conversation_id=ids[root_of(step).key] if step.parent else None,
            patient_key="0" * 64,
            content_digest=body.message_id,
            acknowledgement="J",
            processing="T",
            signed=False,
            body_known=step.type != "EPIKRISE",
            is_receipt=False,
            partner=sender.organisation.name,
            generated_at=times.of(at) - 4 * times.SECOND,
            received_at=times.of(at),
            size=len(body.body),
            dated_events="[]",
        )
        media_type: MediaType = "application/fhir+json" if step.is_fhir else "application/xml"
        self._ledger.write_now(lambda session: _keep(session, new, body.body, media_type, state))
        return new.id

    def refuse(self, code: str, at: datetime) -> None:
        """Note that a message was not taken."""
        refusal = NewRefusal(
            times.of(at), HOSPITAL.name, code, 4711, "plo-1.6", None, "LOG_INNLAGT", "88810012", "99999999"
        )
        self._ledger.write_now(lambda session: messages.keep_refusal(session, refusal))


def _keep(session: Session, new: NewMessage, content: bytes, media_type: MediaType, state: str) -> None:
    sequence = messages.keep(session, new, content, media_type)
    lane = line.lane(session, f"{new.receiver_her}/{new.conversation_id or new.message_id}", new.receiver_her)
    translated = new.receiver_organisation_her == LYNGVIK.her_id or new.format == "fhir-r4"
    target = ("plo-1.6" if new.format == "fhir-r4" else "fhir-r4") if translated else new.format
    delivery = NewDelivery(sequence, False, new.receiver_her, lane, target, not translated)
    at = new.received_at
    if state == "parked":
        line.park(session, delivery, at, until=at + 86_400 * times.SECOND)
        return
    if state == "cancelled":
        line.keep_final(session, delivery, "cancelled", at, event="delivery.cancelled")
        return
    delivery_id = line.queue(session, delivery, at, give_up_at=at + 3 * 86_400 * times.SECOND)
    if state == "queued":
        return
    head = line.head(session, lane)
    assert head is not None
    attempt = line.start(session, head, "seed", at + 50_000, at + 60 * times.SECOND)
    messages.note(session, sequence, "delivery.attempt", at + 50_000, delivery_id=delivery_id, attempt=1)
    if state == "sending":
        return
    if state == "retrying":
        session.run("mark_queued", delivery_id=delivery_id, reason="transport.unreachable")
        messages.note(
            session, sequence, "delivery.deferred", at + times.SECOND, delivery_id=delivery_id, attempt=1,
            reason="transport.unreachable",
        )  # fmt: skip
        line.let_go(session, lane, times.now() + 90 * times.SECOND)
        return
    if state == "handed":
        line.end(
            session, delivery_id, sequence, "handed", at + times.SECOND, reason="routing.not-deliverable"
        )
        line.let_go(session, lane, at)
        return
    if translated:
        other = BUNDLE if target == "fhir-r4" else b"<MsgHead><MsgInfo><MsgId>a</MsgId></MsgInfo></MsgHead>"
        session.run(
            "keep_outbound",
            delivery_id=delivery_id,
            body_id=messages.keep_body(
                session, other, "application/fhir+json" if target == "fhir-r4" else "application/xml"
            ),
        )
        counts = {name: REPORT[name] for name in ("total", "native", "extension", "lost")}
        session.run(
            "keep_loss", delivery_id=delivery_id, mapping_version="1", report=json.dumps(REPORT), **counts
        )
        messages.note(
            session,
            sequence,
            "delivery.translated",
            at + 80_000,
            delivery_id=delivery_id,
            format=target,
            lost=2,
        )
    sent = at + times.SECOND
    deadline = sent + 86_400 * times.SECOND
    session.run("mark_sent", delivery_id=delivery_id, now=sent, deadline_at=deadline)
    messages.note(session, sequence, "delivery.sent", sent, delivery_id=delivery_id)
    line.let_go(session, attempt.lane_id, sent)
    if state == "sent":
        return
    if state == "overdue":
        session.run("mark_overdue", delivery_id=delivery_id)
        messages.note(session, sequence, "receipt.overdue", sent + times.SECOND, delivery_id=delivery_id)
        return
    if state == "delivered":
        line.end(session, delivery_id, sequence, "delivered", sent)
        return
    _receipt(session, new, sequence, delivery_id, {"rejected": "2", "partly": "3"}.get(state, "1"), sent)


def _receipt(
    session: Session, new: NewMessage, sequence: int, delivery_id: int, status: str, sent: int
) -> None:
    """The receiver's receipt: a message of its own, which settles the delivery."""
    at = sent + 11 * times.SECOND
    receipt_id = str(uuid4())
    receipt = replace(
        new,
        id=str(uuid5(_SPACE, receipt_id)),
        message_id=receipt_id,
        sender_her=new.receiver_her,
        receiver_her=new.sender_her,
        format="apprec-1.1",
        message_type="APPREC",
        status="N",
        parent_id=new.message_id,
        acknowledgement="N",
        is_receipt=True,
        received_at=at,
        generated_at=at,
        size=900,
        content_digest=receipt_id,
    )
    own = messages.keep(session, receipt, b"<AppRec><MsgType V='APPREC'/></AppRec>", "application/xml")
    errors = [] if status == "1" else [{"code": "E35", "system": "2.16.578.1.12.4.1.1.8221"}]
    session.run(
        "keep_receipt", message=own, original=sequence, delivery_id=delivery_id, status=status,
        errors=json.dumps(errors), effect="settled", received_at=at,
    )  # fmt: skip
    lane = line.lane(session, f"{receipt.receiver_her}/receipts", receipt.receiver_her)
    home = NewDelivery(own, True, receipt.receiver_her, lane, "apprec-1.1", True)
    line.keep_final(session, home, "delivered", at + 200_000, event="delivery.delivered")
    messages.note(session, sequence, "receipt.received", at, delivery_id=delivery_id, status=status)
    state: Any = "rejected" if status == "2" else "acknowledged"
    line.end(session, delivery_id, sequence, state, at, receipt_status=status)
    messages.note(session, sequence, "receipt.sent-home", at + 1000, delivery_id=delivery_id)


def working_day(ledger: Ledger) -> dict[str, Written]:
    """A day's traffic in every state, newest a few seconds ago; a message for every state, by the state's name."""
    seed, now = Seed(ledger), datetime.now(UTC)
    hour = timedelta(hours=1)
    for hours in (22, 19, 15, 14, 12, 11, 9, 8, 6, 5, 4):
        seed.tell(ending_at=now - hours * hour, spread=hour)
    keys = [step.key for step in story()]
    # The newest telling shows every state; the last steps, which stand on top of the list, are the calm ones.
    unusual = dict(zip((key for key in keys if key not in ("klar-arvid", "feilsendt")), _ENDS, strict=False))
    shown = seed.tell(ending_at=now - 2 * hour, spread=hour, ends=unusual)
    shown += seed.tell(
        ending_at=now - timedelta(seconds=8), spread=hour, ends=dict.fromkeys(keys[-1:], "sent")
    )
    seed.refuse("routing.unknown-receiver", now - hour)
    seed.refuse("xml.doctype", now - timedelta(minutes=4))
    return {each.state: each for each in shown}


def ledger_at(path: Path) -> Ledger:
    """An open ledger in this folder."""
    ledger = Ledger(path / "console.db")
    ledger.open()
    return ledger


assert set(_ENDS) - {"overdue", "retrying", "partly"} <= set(STATES)
