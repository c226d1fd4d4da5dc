"""A gateway whose messages are plain: what a message says stands in it as JSON, so tests of routing need no format.

The ledger, the lanes, the writer and the transports are the real ones. `Plain` is the real interface that the format
rooms fill in the product; a translation of it wraps the same facts, so both directions can be looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from gateway.app import Running
from gateway.errors import NotTranslatable, Unreadable, issue
from gateway.ledger.line import Original
from gateway.ledger.rows import DeliveryRow
from gateway.routing.credentials import Credential
from gateway.routing.outcomes import Accepted, Duplicate, IntakeOutcome, Refused
from gateway.routing.ports import Content, Loss, Reading, Translation
from gateway.settings import Endpoint, Settings
from gateway.settings_load import from_content
from gateway.translate.facts import (
    Facts,
    Party,
    PatientIdentity,
    ReceiptError,
    ReceiptFacts,
)
from gateway.transports.base import Delivered, Outgoing, Reached, ReachResult, SendResult
from tests.support import stores

HOSPITAL, WARD = "88810001", "88810012"
TOWN, NURSING = "88820001", "88820011"
VILLAGE, CARE = "88830001", "88830011"
LIMIT_S = 60.0
"""How long a test waits for what it expects."""


LOST_NOTHING = Loss("plain", 1, 1, 0, 0, '{"losses":[]}')


class Plain:
    """Reads and translates plain messages."""

    def __init__(self) -> None:
        self.translated = 0

    async def read(self, data: bytes, content: Content) -> Reading:
        """The facts as they stand in the message."""
        try:
            said = json.loads(data)
        except ValueError:
            raise Unreadable("xml.not-well-formed", line=1) from None
        if said.get("invalid"):
            return Reading(
                None, (issue("schema.unexpected-element", layer="schema", path="MsgHead", line=3),)
            )
        wrong = said.get("wrong")
        found = (issue("rules.identity-number-check-digits", severity=wrong, layer="rules"),) if wrong else ()
        return Reading(facts_in(said), found)

    async def canonical_digest(self, data: bytes, content: Content) -> str:
        """Of the message as JSON, spelled in one way."""
        return hashlib.sha256(json.dumps(json.loads(data), sort_keys=True).encode()).hexdigest()

    async def convert(
        self, data: bytes, content: Content, target_format: str, original: Original | None = None
    ) -> Translation:
        """The same facts under another format's name; a message that says so cannot be translated."""
        said = json.loads(data)
        self.translated += 1
        if said.get("untranslatable"):
            raise NotTranslatable("translate.unsupported-content")
        if said.get("breaks"):
            raise RuntimeError("14834120012 Tuvalind")
        loss = replace(LOST_NOTHING, gravest=said.get("loses"))
        return Translation(json.dumps({**said, "format": target_format}, sort_keys=True).encode(), loss)

    def annotate(self, data: bytes, format: str, note: str) -> bytes:
        """The note as one more fact."""
        return json.dumps({**json.loads(data), "note": note}, sort_keys=True).encode()


def facts_in(said: dict[str, Any]) -> Facts:
    """What a plain message says."""
    receipt = said.get("receipt")
    return Facts(
        format=said["format"],
        message_id=said["message_id"],
        message_type=said["message_type"],
        sender=Party(said["sender"][1], said["sender"][0]),
        receiver=Party(said["receiver"][1], said["receiver"][0]),
        status=said["status"],
        parent_id=said["parent_id"],
        conversation_id=said["conversation_id"],
        patient=PatientIdentity("FNR", said["patient"]) if said["patient"] else None,
        acknowledgement=said["acknowledgement"],
        processing=said["processing"],
        receipt=None
        if receipt is None
        else ReceiptFacts(
            receipt["status"],
            receipt["original"],
            None,
            tuple(ReceiptError(code, "8221", "text") for code in receipt["errors"]),
        ),
        signed=said["signed"],
        body_known=said["body_known"],
    )


def message(message_id: str | None = None, **said: Any) -> bytes:
    """A plain message from the ward to the nursing service; arguments say what is otherwise."""
    content = {
        "format": "plo-1.6",
        "message_id": message_id or str(uuid4()),
        "message_type": "UTSKRIVNINGSRAPPORT",
        "sender": (HOSPITAL, WARD),
        "receiver": (TOWN, NURSING),
        "status": "N",
        "parent_id": None,
        "conversation_id": None,
        "patient": "14834120012",
        "acknowledgement": "J",
        "processing": "P",
        "receipt": None,
        "signed": False,
        "body_known": True,
        **said,
    }
    return json.dumps(content).encode()


def change(id: str, of: str, **said: Any) -> bytes:
    """A change (M, unless told otherwise) of a message."""
    return message(id, **{"status": "M", "parent_id": of, "conversation_id": of, **said})


def cancellation(id: str, of: str, **said: Any) -> bytes:
    """A cancellation (C) of a message."""
    return change(id, of, status="C", **said)


def receipt(original: str, status: str = "1", **said: Any) -> bytes:
    """A plain receipt from the nursing service for a message of the ward."""
    errors = ["E35"] if status == "2" else []
    return message(
        said.pop("message_id", None),
        **{
            "format": "apprec-1.0",
            "message_type": "APPREC",
            "sender": (TOWN, NURSING),
            "receiver": (HOSPITAL, WARD),
            "patient": None,
            "acknowledgement": None,
            "receipt": {"status": status, "original": original, "errors": errors},
            **said,
        },
    )


class Scripted:
    """A transport that a test directs: outcomes for each message id, gates to hold attempts, and what was sent."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.outcomes: dict[str, deque[SendResult]] = {}
        self.always: dict[str, SendResult] = {}
        """By the address of the endpoint."""
        self.gates: dict[str, asyncio.Event] = {}
        """An attempt at a message with a gate waits until it is opened."""
        self.on_send: Callable[[Outgoing], Any] | None = None
        self.reached: dict[str, ReachResult] = {}
        self.certificates: dict[str, bytes] = {}
        """By the address of the endpoint, too."""
        self._changed = asyncio.Condition()

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Do as the test said; else deliver."""
        async with self._changed:
            self.sent.append(outgoing)
            self._changed.notify_all()
        if self.on_send is not None:
            await self.on_send(outgoing)
        gate = self.gates.get(outgoing.message_id)
        if gate is not None:
            await gate.wait()
        planned = self.outcomes.get(outgoing.message_id)
        if planned:
            return planned.popleft()
        return self.always.get(endpoint.url or "", Delivered())

    async def reach(self, endpoint: Endpoint) -> ReachResult:
        """As the test said; else it is there."""
        return self.reached.get(endpoint.url or "", Reached())

    def presented(self, endpoint: Endpoint) -> bytes | None:
        """The certificate that the test gave."""
        return self.certificates.get(endpoint.url or "")

    async def close(self) -> None:
        """Nothing is held."""

    async def attempts(self, number: int) -> list[Outgoing]:
        """Wait until there were that many attempts."""
        async with asyncio.timeout(LIMIT_S), self._changed:
            await self._changed.wait_for(lambda: len(self.sent) >= number)
        return self.sent

    def ids(self) -> list[str]:
        """The message ids sent, in order."""
        return [each.message_id for each in self.sent]


def held(*ids: str) -> Scripted:
    """A transport that holds attempts at these messages until their gates are opened."""
    transport = Scripted()
    transport.gates = {id: asyncio.Event() for id in ids}
    return transport


def settings(folder: Path, *, town: dict[str, Any] | None = None, **gateway: Any) -> Settings:
    """A hospital (XML), a town (XML unless told otherwise) and a village (FHIR); waits are short."""
    quick = {"first_wait_s": 0.01, "max_wait_s": 0.05}

    def partner(name: str, her_ids: list[str], format: str, **more: Any) -> dict[str, Any]:
        endpoint = {
            "her_ids": her_ids[1:],
            "transport": "memory",
            "url": f"http://{name}.invalid/messages",
            "format": format,
            **quick,
            **more.pop("endpoint", {}),
        }
        return {"name": name, "her_ids": her_ids, "endpoint": [endpoint], **more}

    return from_content(
        {
            "gateway": {**stores.gateway_settings(folder), **gateway},
            "partner": [
                partner("hospital", [HOSPITAL, WARD], "plo-1.6"),
                partner("town", [TOWN, NURSING], "plo-1.6", **(town or {})),
                partner("village", [VILLAGE, CARE], "fhir-r4", endpoint={"pass_on": ["EPIKRISE"]}),
            ],
        },
        folder=folder,
    )


class House:
    """A running gateway with plain messages, and short ways to ask it."""

    def __init__(self, configured: Settings, transport: Scripted) -> None:
        self.plain = Plain()
        self.transport = transport
        self.running = Running(
            configured,
            self.plain,
            self.plain,
            {"memory": transport, "http": transport},
            annotate=self.plain.annotate,
        )
        self.services = self.running.services
        self.reader = self.services.reader

    def credential(self, partner: str) -> Credential:
        """What a partner shows."""
        return self.services.credentials.of_partner(partner)

    async def hand_in(self, data: bytes, partner: str = "hospital") -> IntakeOutcome:
        """Hand a message in."""
        content: Content = "fhir" if json.loads(data)["format"] == "fhir-r4" else "xml"
        return await self.services.intake.accept(data, content, self.credential(partner))

    async def accepted(self, data: bytes, partner: str = "hospital") -> str:
        """Hand a message in that is taken; gives our id."""
        outcome = await self.hand_in(data, partner)
        assert isinstance(outcome, Accepted | Duplicate), outcome
        return outcome.id

    async def refused(self, data: bytes, partner: str = "hospital") -> str:
        """Hand a message in that is not taken; gives the code."""
        outcome = await self.hand_in(data, partner)
        assert isinstance(outcome, Refused), outcome
        return outcome.code

    def delivery(self, id: str) -> DeliveryRow:
        """The one delivery of a message."""
        (found,) = self.reader.deliveries(id)
        return found

    async def until(self, id: str, *states: str) -> DeliveryRow:
        """Wait until a delivery is in one of these states."""
        return await self.until_true(lambda: self.delivery(id) if self.delivery(id).state in states else None)

    async def until_true(self, question: Callable[[], Any]) -> Any:
        """Wait until the ledger gives a true answer; asks after each commit."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                version = self.services.ledger.version
                if answer := question():
                    return answer
                await self.services.ledger.changed(version)

    def trail(self, id: str) -> list[str]:
        """The codes of a message's events."""
        return [event.code for event in self.reader.trail(id)]


@contextlib.asynccontextmanager
async def running(configured: Settings, transport: Scripted | None = None) -> AsyncIterator[House]:
    """A gateway that runs while the block does."""
    house = House(configured, transport or Scripted())
    await house.running.start()
    try:
        yield house
    finally:
        await house.services.operations.stop()
        await house.services.dispatcher.stop(grace_s=0)
        house.services.ledger.close()
