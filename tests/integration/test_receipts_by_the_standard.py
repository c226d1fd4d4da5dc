"""Does a receipt that is plain R4, with nothing of ours in it, settle its message and come home as an AppRec?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.fhir import json as fhir_json
from gateway.routing.outcomes import Refused
from gateway.translate import convert, facts_of
from gateway.translate.facts_xml import moment
from tests.integration.test_whole_way import RealHouse, configured, running, take
from tests.support.messages import NURSING, WARD, Admission

pytestmark = pytest.mark.usefixtures("store")

ODD_IDS = ("../../etc/x", "urn:uuid:8c6f2d4e-0d5b-4b4e-9a57-0a1b2c3d4e5f", "m" * 80, "a b æ")
HER = "urn:oid:2.16.578.1.12.4.1.2"


def plain_receipt(header_id: str, sender: str = NURSING, receiver: str = WARD) -> bytes:
    """What a FHIR server answers with that knows R4 and nothing of Norwegian receipts: the example that we publish,
    between our two parties."""
    receipt: Any = json.loads(Path("profiles/examples/receipt.json").read_text("utf-8"))
    assert "extension" not in json.dumps(receipt)
    text = json.dumps(receipt).replace("8095678", receiver).replace("8091234", sender)
    receipt = json.loads(text.replace("5f0f6b0e-6a3f-4a34-9a35-1d5a7c1f0005", str(uuid4())))
    receipt["entry"][0]["resource"]["response"]["identifier"] = header_id
    return json.dumps(receipt).encode()


def header_of(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["entry"][0]["resource"]
    return found


async def sent(house: RealHouse, message: Admission) -> tuple[str, str]:
    """Our id of a message that was sent as FHIR, and the id of its MessageHeader."""
    ours = await take(house, message.xml, "xml", "hospital")
    await house.until(ours, "sent")
    return ours, str(header_of(fhir_json.read(house.transport.sent[-1].body))["id"])


@pytest.mark.parametrize("message_id", ["8c6f2d4e-0d5b-4b4e-9a57-0a1b2c3d4e5f", "m-1", *ODD_IDS])
async def test_a_plain_receipt_comes_home(tmp_path: Path, message_id: str) -> None:
    message = Admission(message_id=message_id)
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours, header_id = await sent(house, message)
        assert (header_id == message_id) is (message_id not in ODD_IDS)
        home = await take(house, plain_receipt(header_id), "fhir", "town")
        assert house.delivery(ours).state == "acknowledged"
        await house.until(home, "delivered")
        came_home = read(house.transport.sent[-1].body)
    assert [issue for issue in validate(came_home) if issue.severity == "error"] == []
    said = facts_of(came_home).receipt
    assert said is not None
    assert (said.status, said.original_message_id, said.original_message_type) == (
        "1",
        message_id,
        "LOG_INNLAGT",
    )
    assert moment(came_home.root.findtext("{*}OriginalMsgId/{*}IssueDate")) == moment("2026-11-20T14:32:00")


async def test_what_the_receipt_says_itself_stays(tmp_path: Path) -> None:
    receipt = json.loads(plain_receipt("m-1"))
    header = header_of(receipt)
    header["reason"] = {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.8279", "code": "LOG_UTSKREVET"}]}
    header["response"]["extension"] = [
        {
            "url": "https://fhir.somlos.no/StructureDefinition/original-issued",
            "valueDateTime": "2026-01-02T03:04:05Z",
        }
    ]
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        await sent(house, Admission(message_id="m-1"))
        home = await take(house, json.dumps(receipt).encode(), "fhir", "town")
        await house.until(home, "delivered")
        original = read(house.transport.sent[-1].body).root.find("{*}OriginalMsgId")
    assert original is not None
    kind = original.find("{*}MsgType")
    assert kind is not None
    assert (kind.get("V"), original.findtext("{*}IssueDate")) == ("LOG_UTSKREVET", "2026-01-02T03:04:05Z")


def born_in_fhir(message_id: str, header_id: str) -> bytes:
    """A Bundle whose MessageHeader has an id of its own."""
    bundle = fhir_json.read(convert(read(Admission(message_id=message_id).xml), "fhir-r4").data)
    header_of(bundle)["id"] = header_id
    return fhir_json.write(bundle)


async def test_a_bundles_own_header_is_what_receipts_name(tmp_path: Path) -> None:
    data = born_in_fhir("8c6f2d4e-0d5b-4b4e-9a57-0a1b2c3d4e5f", "header-7")
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours = await take(house, data, "fhir", "hospital")
        await house.until(ours, "sent")
        assert house.transport.sent[0].body == data
        await take(house, plain_receipt("header-7"), "fhir", "town")
        assert house.delivery(ours).state == "acknowledged"


async def test_a_header_that_stands_for_several_messages_settles_none(tmp_path: Path) -> None:
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        both = [await take(house, born_in_fhir(str(uuid4()), "header"), "fhir", "hospital") for _ in range(2)]
        for ours in both:
            await house.until(ours, "sent")
        outcome = await house.services.intake.accept(
            plain_receipt("header"), "fhir", house.credential("town")
        )
        assert isinstance(outcome, Refused)
        assert outcome.code == "receipt.unknown-original"
        assert [house.delivery(ours).state for ours in both] == ["sent", "sent"]


async def test_somebody_elses_receipt_settles_nothing(tmp_path: Path) -> None:
    """The id of the MessageHeader can be computed by anybody; it proves no more than the MsgId does."""
    async with running(configured(tmp_path, {"format": "fhir-r4"})) as house:
        ours, header_id = await sent(house, Admission(message_id=ODD_IDS[0]))
        outcome = await house.services.intake.accept(
            plain_receipt(header_id, sender=WARD), "fhir", house.credential("hospital")
        )
        assert isinstance(outcome, Refused)
        assert house.delivery(ours).state == "sent"
