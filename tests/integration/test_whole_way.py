"""Does a real message go through in the receiver's format, and its receipt come home in the sender's?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Running
from gateway.emessage import apprec
from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.formats import Formats
from gateway.routing.outcomes import Accepted, Refused
from gateway.settings import Settings
from gateway.settings_load import from_content
from gateway.translate import convert, facts_of
from gateway.translate.facts import Party
from gateway.translate.roundtrip import compare
from gateway.workers import Workers
from tests.support import stores
from tests.support.messages import CANARIES, HOSPITAL, MUNICIPALITY, NURSING, WARD, Admission
from tests.support.plain import House, Scripted

pytestmark = pytest.mark.usefixtures("store")

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def configured(folder: Path, town: dict[str, Any]) -> Settings:
    """A hospital with XML, and a municipality as the test wants it."""
    return from_content(
        {
            "gateway": stores.gateway_settings(folder),
            "partner": [
                {
                    "name": "hospital",
                    "her_ids": [HOSPITAL, WARD],
                    "endpoint": [{"her_ids": [WARD], "transport": "memory", "format": "plo-1.6"}],
                },
                {
                    "name": "town",
                    "her_ids": [MUNICIPALITY, NURSING],
                    "endpoint": [{"her_ids": [NURSING], "transport": "memory", **town}],
                },
            ],
        },
        folder=folder,
    )


class RealHouse(House):
    """A running gateway with the real formats."""

    def __init__(self, settings: Settings, transport: Scripted) -> None:
        self.transport = transport
        workers = Workers(Formats(), 0)
        self.running = Running(settings, workers, workers, {"memory": transport})
        self.services = self.running.services
        self.reader = self.services.reader


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[RealHouse]:
    house = RealHouse(settings, Scripted())
    await house.running.start()
    try:
        yield house
    finally:
        await house.running.stop()


def receipt_for(message: Admission, status: str, *errors: apprec.Error) -> bytes:
    """The nursing service's AppRec 1.1 for a message."""
    return apprec.build(
        "1.1",
        receipt_id="0f0e0d0c-0b0a-4908-8706-050403020100",
        generated_at=NOW,
        software=("EPJ", "1"),
        sender=Party(NURSING, MUNICIPALITY, "Sykepleietjeneste PLO", "Lyngvik kommune"),
        receiver=Party(WARD, HOSPITAL, "Somatikk PLO meldingsmottak", "Havnsund sykehus HF"),
        status=status,  # type: ignore[arg-type]
        errors=errors,
        original_type=message.type,
        original_id=message.message_id,
        original_issued_at=NOW,
    )


async def take(house: RealHouse, data: bytes, content: Any, partner: str) -> str:
    outcome = await house.services.intake.accept(data, content, house.credential(partner))
    assert isinstance(outcome, Accepted), outcome
    return outcome.id


@pytest.mark.parametrize(
    ("status", "state"), [("1", "acknowledged"), ("2", "rejected"), ("3", "acknowledged")]
)
async def test_xml_to_fhir_and_the_receipt_home(tmp_path: Path, status: str, state: str) -> None:
    message = Admission()
    errors = () if status == "1" else (apprec.Error("E35", "Pasienten er ukjent"),)
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours = await take(house, message.xml, "xml", "hospital")
        await house.until(ours, "sent")
        bundle = fhir_json.read(house.transport.sent[0].body)
        assert facts_of(bundle).message_id == message.message_id
        answer = convert(read(receipt_for(message, status, *errors)), "fhir-r4").data
        home = await take(house, answer, "fhir", "town")
        delivery = house.delivery(ours)
        assert (delivery.state, delivery.receipt_status) == (state, status)
        await house.until(home, "delivered")
        came_home = facts_of(read(house.transport.sent[1].body))
        assert came_home.format == "apprec-1.0"
        assert came_home.receipt is not None
        assert (came_home.receipt.status, came_home.receipt.original_message_id) == (
            status,
            message.message_id,
        )
        assert [error.code for error in came_home.receipt.errors] == [error.code for error in errors]
        (row,) = house.reader.receipts(ours)
        assert [error.code for error in row.errors] == [error.code for error in errors]


async def test_xml_to_xml_is_the_same_bytes(tmp_path: Path) -> None:
    message = Admission()
    async with running(configured(tmp_path, {"format": "plo-1.6"})) as house:
        ours = await take(house, message.xml, "xml", "hospital")
        await house.until(ours, "sent")
        assert house.transport.sent[0].body == message.xml
        await take(house, receipt_for(message, "1"), "xml", "town")
        assert house.delivery(ours).state == "acknowledged"


async def test_change_of_a_real_message_shares_its_lane_and_type(tmp_path: Path) -> None:
    message = Admission()
    changed = Admission(status="M", parent=message.message_id, conversation=message.message_id)
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        early = await take(house, changed.xml, "xml", "hospital")
        assert house.delivery(early).state == "parked"
        await take(house, message.xml, "xml", "hospital")
        await house.until(early, "sent")
        sent = [facts_of(fhir_json.read(each.body)) for each in house.transport.sent]
        assert [each.status for each in sent] == ["N", "M"]


def reply(content: str = "Fra i morgen.") -> Admission:
    """A dialogue that answers a notice."""
    body = (
        '<Dialogmelding xmlns="http://www.kith.no/xmlstds/dialog/2006-10-11"><Notat>'
        '<TemaKodet V="1" S="2.16.578.1.12.4.1.1.9155"/>'
        f"<TekstNotatInnhold>{content}</TekstNotatInnhold></Notat></Dialogmelding>"
    )
    return Admission(type="DIALOG_SVAR", body=body)


@pytest.mark.parametrize("town", [{"format": "plo-1.6"}, {"format": "fhir-r4", "pass_on": ["DIALOG_SVAR"]}])
async def test_a_dialogue_taken_as_it_is_is_the_same_bytes(tmp_path: Path, town: dict[str, Any]) -> None:
    message = reply("<x>any XML at all</x>")
    async with running(configured(tmp_path, town)) as house:
        ours = await take(house, message.xml, "xml", "hospital")
        await house.until(ours, "sent")
        assert house.transport.sent[0].body == message.xml


async def test_a_dialogue_reaches_a_fhir_system(tmp_path: Path) -> None:
    message = reply()
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours = await take(house, message.xml, "xml", "hospital")
        await house.until(ours, "sent")
        bundle = fhir_json.read(house.transport.sent[0].body)
        assert "Communication" in [entry["resource"]["resourceType"] for entry in bundle["entry"]]


async def test_a_dialogue_of_a_fhir_system_arrives_as_a_dialogue(tmp_path: Path) -> None:
    message = read(reply().xml)
    async with running(configured(tmp_path, {"format": "plo-1.6"})) as house:
        ours = await take(house, convert(message, "fhir-r4").data, "fhir", "hospital")
        await house.until(ours, "sent")
        arrived = read(house.transport.sent[0].body)
        assert arrived.standard == "dialog-1.0"
        assert compare(message.root, arrived.root).verdict == "lossless"


async def test_a_dialogue_that_fhir_cannot_say_goes_to_a_person(tmp_path: Path) -> None:
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours = await take(house, reply("<x>any XML at all</x>").xml, "xml", "hospital")
        await house.until(ours, "handed")
        assert house.transport.sent == []


async def test_body_of_another_type_is_refused(tmp_path: Path) -> None:
    message = Admission(type="UTSKRIVNINGSRAPPORT")
    async with running(configured(tmp_path, {"format": "plo-1.6"})) as house:
        outcome = await house.services.intake.accept(message.xml, "xml", house.credential("hospital"))
        assert isinstance(outcome, Refused)
        assert outcome.code == "rules.type-body-mismatch"


async def test_notice_of_another_type_is_refused(tmp_path: Path) -> None:
    message = Admission(type="LOG_UTSKREVET")
    async with running(configured(tmp_path, {"format": "plo-1.6"})) as house:
        outcome = await house.services.intake.accept(message.xml, "xml", house.credential("hospital"))
        assert isinstance(outcome, Refused)
        assert outcome.code == "rules.logistics-content-mismatch"


async def test_bundle_without_message_header_is_refused(tmp_path: Path) -> None:
    async with running(configured(tmp_path, {"format": "plo-1.6"})) as house:
        bundle = {"resourceType": "Bundle", "type": "message", "entry": []}
        outcome = await house.services.intake.accept(
            json.dumps(bundle).encode(), "fhir", house.credential("hospital")
        )
        assert isinstance(outcome, Refused)
        assert outcome.facts is None


async def test_nothing_of_the_patient_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = Admission()
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours = await take(house, message.xml, "xml", "hospital")
        await house.until(ours, "sent")
        loss = house.reader.loss(house.delivery(ours).id)
        assert loss is not None
        shown = "".join(capsys.readouterr()) + json.dumps(loss.report) + repr(house.reader.list_messages())
    for canary in CANARIES:
        assert canary not in shown
