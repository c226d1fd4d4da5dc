"""How do the tests of the console come by a ledger that looks like a working day?

The messages of the story (real bodies, made-up people) are written into a real ledger in every state a delivery can
have, with trail, receipts, translation and loss report. Nothing is sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from fastapi import FastAPI

from gateway.accounts.service import Accounts
from gateway.certificates import Certificate, CertificateKind
from gateway.certificates import Named as Held
from gateway.console import create_console
from gateway.formats import Formats, loss_of
from gateway.ledger import certificates, line, messages, times
from gateway.ledger.line import Attempt, NewDelivery
from gateway.ledger.messages import MediaType, NewMessage, NewRefusal
from gateway.ledger.patient_key import PatientKeys
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import STATES
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.operations.alarms import Trouble, Watch
from gateway.operations.measuring import Measures
from gateway.operations.service import Operations
from gateway.operations.trials import Trials
from gateway.projection.desk import Desk
from gateway.projection.interpret import Interpretation, interpret
from gateway.projection.projector import Projector
from gateway.projection.resources import Named
from gateway.records.reader import PathwayReader
from gateway.routing.attempts import keep_translation
from gateway.routing.credentials import Credentials
from gateway.routing.dispatch import Dispatcher
from gateway.routing.partners import Partners
from gateway.routing.ports import Content
from gateway.routing.quarantine import HELD
from gateway.services import GatewayServices
from gateway.settings import Settings
from gateway.settings_load import from_content
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, PATIENTS, SERVICES, Organisation
from gateway.simulator.compose import compose, new_ids
from gateway.simulator.steps import Step, root_of, story
from gateway.simulator.template import Clock
from gateway.translate import Loss, LossReport
from gateway.translate.annotate import annotated
from gateway.transports.memory import MemoryTransport

KEYS = PatientKeys(b"a patient key for tests only")
_SPACE = UUID("6f0a5b3e-3a2d-4c0e-9d5f-5b6c7a1e0c11")
_ENDS = ("sent", "overdue", "queued", "retrying", "parked", "handed", "sending", "delivered", "partly")
DAY = 86_400 * times.SECOND
LOSSY = LossReport(
    mapping_version="1",
    total=212,
    native=181,
    extension=27,
    exact=2,
    entries=(
        Loss("MsgHead/MsgInfo/Patient/Address/City", "", "lost"),
        Loss("MsgHead/MsgInfo/Sender/Organisation/OrganisationName", "", "lost"),
        Loss("MsgHead/MsgInfo/Receiver", "Organization.name", "rendered"),
        Loss("MsgHead/MsgInfo/Type/@DN", "MessageHeader.eventCoding.display", "extension"),
    ),
    notes=("assumed: MedicationStatement.status = unknown",),
)


def settings(*, demo: bool = True, sign_in: bool = False, address: str | None = None) -> Settings:
    """The partners of the story; nothing can be reached."""
    partners = [
        {
            "name": each.name,
            "her_ids": [each.her_id, *(s.her_id for s in SERVICES.values() if s.organisation == each)],
            "environment": "test",
            "endpoint": [
                {
                    "her_ids": [s.her_id for s in SERVICES.values() if s.organisation == each],
                    "transport": "http",
                    "url": f"https://epj-{each.her_id}.example/messages",
                    "format": "fhir-r4" if each == LYNGVIK else "plo-1.6",
                    "pass_on": ["EPIKRISE"],
                }
            ],
        }
        for each in (HOSPITAL, LYNGVIK, BJORKELIA)
    ]
    console = {"sign_in": "local" if sign_in else "none"} | ({"address": address} if address else {})
    return from_content({"gateway": {"demo": demo}, "console": console, "partner": partners})


def services(ledger: Ledger, configured: Settings) -> GatewayServices:
    """What the console gets to work with: a real ledger; nothing that takes in or sends."""
    absent: Any = None
    transports = {"http": MemoryTransport()}  # whoever tries an endpoint out is answered
    partners, credentials = Partners(configured), Credentials(configured)
    dispatcher = Dispatcher(  # is never started: nothing is sent
        ledger, absent, partners, credentials, absent, transports, clock=ledger.clock, lease_s=60
    )
    return GatewayServices(
        settings=configured,
        credentials=credentials,
        partners=partners,
        intake=absent,
        reader=LedgerReader(ledger),
        ledger=ledger,
        dispatcher=dispatcher,
        operations=Operations(configured, ledger, partners, dispatcher, annotated, absent),
        trials=Trials(configured, ledger, partners, dispatcher, absent),
        pathway=PathwayReader(ledger),
        measures=Measures(ledger, partners),
        patient_keys=KEYS,
        accounts=Accounts(configured.console, ledger, partners),
        desk=Desk(ledger, _projector(ledger), clock=ledger.clock),
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
        facts = Formats().read(body.body, "fhir" if step.is_fhir else "xml").facts
        assert facts is not None
        new = NewMessage(
            id=str(uuid5(_SPACE, body.message_id)),
            message_id=body.message_id,
            sender_her=sender.her_id,
            sender_organisation_her=sender.organisation.her_id,
            receiver_her=receiver.her_id,
            receiver_organisation_her=receiver.organisation.her_id,
            format=facts.format,
            message_type=step.type,
            status=step.status,
            parent_id=ids[step.parent] if step.parent else None,
            conversation_id=ids[root_of(step).key] if step.parent else None,
            patient_key=self._patient_key(step),
            content_digest=body.message_id,
            acknowledgement="J",
            processing="T",
            signed=False,
            body_known=facts.body_known,
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

    def _patient_key(self, step: Step) -> str:
        """Each telling is about people of its own; the first about those of the story."""
        return KEYS.of(PATIENTS[step.patient].number + ("" if self._told <= 1 else f" {self._told}"))

    def refuse(self, code: str, at: datetime) -> None:
        """Note that a message was not taken."""
        refusal = NewRefusal(
            times.of(at), HOSPITAL.name, code, 4711, "plo-1.6", None, "LOG_INNLAGT", "88810012", "99999999"
        )
        self._ledger.write_now(lambda session: messages.keep_refusal(session, refusal))


def _keep(session: Session, new: NewMessage, content: bytes, media_type: MediaType, state: str) -> None:
    """Keep a message and bring its delivery into a state, step by step as the gateway does."""
    sequence = messages.keep(session, new, content, media_type)
    lane = line.lane(session, f"{new.receiver_her}/{new.conversation_id or new.message_id}", new.receiver_her)
    translated = new.receiver_organisation_her == LYNGVIK.her_id or new.format == "fhir-r4"
    target = ("plo-1.6" if new.format == "fhir-r4" else "fhir-r4") if translated else new.format
    delivery = NewDelivery(sequence, False, new.receiver_her, lane, target, not translated)
    at = new.received_at
    if state == "parked":
        line.park(session, delivery, at, until=at + DAY)
    elif state == "cancelled":
        line.keep_final(session, delivery, "cancelled", at, event="delivery.cancelled")
    else:
        line.queue(session, delivery, at, give_up_at=at + 3 * DAY)
        if state != "queued":
            _attempt(session, new, lane, state)


def _attempt(session: Session, new: NewMessage, lane: int, state: str) -> None:
    """The first attempt at the delivery that stands first in its lane, and how it ended."""
    head, at = line.ask_head(session, lane).fetchone(), new.received_at
    assert head is not None
    attempt = line.start(session, head, "seed", at + 50_000, at + 60 * times.SECOND)
    note = partial(messages.note, session, attempt.sequence, delivery_id=attempt.delivery_id)
    note("delivery.attempt", at + 50_000, attempt=1)
    if state == "sending":
        return
    later = at + times.SECOND
    if state == "retrying":
        reason = "transport.unreachable"
        session.run("mark_queued", delivery_id=attempt.delivery_id, reason=reason)
        note("delivery.deferred", later, attempt=1, reason=reason)
        line.let_go(session, lane, times.now() + 90 * times.SECOND)
        return
    line.let_go(session, lane, later)
    if state == "handed":
        line.end(
            session, attempt.delivery_id, attempt.sequence, "handed", later, reason="routing.not-deliverable"
        )
        return
    if attempt.needs_translation:
        _translate(session, attempt, at + 80_000, lossy=state in ("rejected", "held"))
    if state == "held":
        line.end(session, attempt.delivery_id, attempt.sequence, "handed", later, reason=HELD)
        return
    session.run("mark_sent", delivery_id=attempt.delivery_id, now=later, deadline_at=later + DAY)
    note("delivery.sent", later)
    _sent(session, new, attempt, state, later)


def _translate(session: Session, attempt: Attempt, at: int, *, lossy: bool) -> None:
    """Keep the translation, which is real; its report says that something was lost where a test wants that."""
    content: Content = "fhir" if attempt.media_type == "application/fhir+json" else "xml"
    translation = Formats().convert(attempt.content, content, attempt.format)
    keep_translation(session, attempt, translation.data, loss_of(LOSSY) if lossy else translation.loss, at)


def _sent(session: Session, new: NewMessage, attempt: Attempt, state: str, sent: int) -> None:
    """What became of a message that the receiver's transport has."""
    if state == "overdue":
        session.run("mark_overdue", delivery_id=attempt.delivery_id)
        messages.note(session, attempt.sequence, "receipt.overdue", sent, delivery_id=attempt.delivery_id)
    elif state == "delivered":
        line.end(session, attempt.delivery_id, attempt.sequence, "delivered", sent)
    elif state != "sent":
        status = {"rejected": "2", "partly": "3"}.get(state, "1")
        _receipt(session, new, attempt.sequence, attempt.delivery_id, status, sent)


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


def working_day(ledger: Ledger, *, pathways: bool = False) -> dict[str, Written]:
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
    troubles: list[Trouble] = [("endpoint-down", endpoint_of(BJORKELIA))]
    ledger.write_now(lambda session: certificates.keep(session, _certificates(now), times.of(now)))
    ledger.write_now(lambda session: Watch(settings(), "seed").look(session, troubles, times.now()))
    if pathways:
        project(ledger)
    return {each.state: each for each in shown}


def endpoint_of(organisation: Organisation) -> str:
    """The endpoint of a partner, by its first HER-id."""
    return next(service.her_id for service in SERVICES.values() if service.organisation == organisation)


def _certificates(now: datetime) -> list[Held]:
    """One of each kind; they have long, soon, and have ended; one serves two partners."""
    held: list[tuple[Organisation, CertificateKind, int]] = [
        (HOSPITAL, "server", 300),
        (HOSPITAL, "client", 200),
        (LYNGVIK, "server", 12),
        (LYNGVIK, "client", 200),
        (BJORKELIA, "signing", -2),
        (BJORKELIA, "encryption", 0),
    ]
    return [
        Held(
            endpoint_of(organisation),
            kind,
            Certificate(
                fingerprint=hashlib.sha256(f"{kind} {days}".encode()).hexdigest(),
                subject="Driftssenteret AS (974760673)" if kind == "client" else organisation.name,
                issuer="Prøveutstederen AS",
                valid_from=now - timedelta(days=400),
                valid_to=now + timedelta(days=days, hours=2),
            ),
        )
        for organisation, kind, days in held
    ]


def project(ledger: Ledger) -> None:
    """Let `records/` catch up with what was written, in a thread that has no event loop yet."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _project(ledger)).result()


class Reading:
    """Reads messages here and now; the gateway has processes of its own for it."""

    async def interpret(
        self, data: bytes, content: Content, accepted: datetime, named: Named
    ) -> Interpretation:
        return interpret(data, content, accepted, named)


def _projector(ledger: Ledger) -> Projector:
    return Projector(settings(), ledger, Reading(), "seed", clock=ledger.clock)


async def _project(ledger: Ledger) -> None:
    projector = _projector(ledger)
    await ledger.write(lambda session: session.run("begin_projection", name="records"))
    await projector.catch_up()


def ledger_at(path: Path) -> Ledger:
    """An open ledger in this folder."""
    ledger = Ledger(path / "console.db")
    ledger.open()
    return ledger


assert set(_ENDS) - {"overdue", "retrying", "partly"} <= set(STATES)
