"""What the resources of a message say once its receiver rejected it, and when it came after its own correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.simulator.reading import see
from gateway.simulator.receipts import Answer, receipt_id, write_receipt
from gateway.translate import convert
from tests.integration.test_api_fhir_resources import STORY, found
from tests.integration.test_api_fhir_writing import page
from tests.support import stores
from tests.support.pathway_house import PathwayHouse, pathway_house

Json = dict[str, Any]
REPORT, CHANGED = "utskrivningsrapport", "utskrivningsrapport-endret"
BOTH, ONCE = "1 tablett kl 08 og 13", "1 tablett kl 08"


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PathwayHouse]:
    if request.param == "sqlite":
        with pathway_house(tmp_path) as made:
            yield made
    elif not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    else:
        with stores.on_postgres(), pathway_house(tmp_path) as made:
            yield made


@pytest.fixture
def lyngvik(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as client:
        yield client


def answer(house: PathwayHouse, client: httpx.Client, key: str, status: Literal["1", "2"]) -> None:
    """The receiver answers a message; each answer has an id of its own."""
    message = see(house.messages[key].body)
    meant = Answer(status, "E35" if status == "2" else None)
    body, kind = write_receipt(message, meant, "1.0", datetime.now(UTC))
    own = receipt_id(message)
    body = body.replace(own.encode(), f"{status}{own[1:]}".encode())
    taken = client.post("/messages", content=body, headers={"Content-Type": kind})
    assert taken.status_code == 202, taken.text
    house.wait()


def medicine(client: httpx.Client) -> Json:
    """The medicine of the report whose dose the correction changes."""
    (only,) = [each for each in found(client, "MedicationStatement") if "Økt under oppholdet" in str(each)]
    return only


def said(client: httpx.Client) -> tuple[str, str]:
    """Its dose and its status."""
    now = medicine(client)
    return now["dosage"][0]["text"], now["status"]


def test_what_was_rejected_is_no_fact(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    house.hand_in(*STORY)
    dose, status = said(lyngvik)
    assert dose == ONCE and status != "entered-in-error"
    answer(house, lyngvik, CHANGED, "2")
    assert said(lyngvik) == (BOTH, status), "what holds is what the message before said"
    answer(house, lyngvik, REPORT, "2")
    assert said(lyngvik) == (BOTH, "entered-in-error")
    wrong = {
        goal["id"] for goal in found(lyngvik, "Goal") if goal.get("lifecycleStatus") == "entered-in-error"
    }
    assert wrong, "the report held goals"
    assert not wrong & {row.id for row in page(house).goals}
    answer(house, lyngvik, REPORT, "1")
    assert said(lyngvik) == (BOTH, status), "it was taken after all"
    assert "entered-in-error" not in {goal.get("lifecycleStatus") for goal in found(lyngvik, "Goal")}
    assert wrong <= {row.id for row in page(house).goals}


def test_a_rejected_report_fills_in_nothing(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    house.hand_in(*STORY[:7], REPORT)
    answer(house, lyngvik, REPORT, "2")
    house.hand_in("utskrevet")
    tasks = [task for task in found(lyngvik, "Task") if "basedOn" in task]
    assert any("MedicationStatement" in str(task.get("input")) for task in tasks)
    assert not [task for task in tasks if medicine(lyngvik)["id"] in str(task.get("input"))]


def test_the_original_that_comes_after_its_correction_is_an_earlier_version(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    house.hand_in(*STORY[:7], CHANGED, REPORT)
    changed = medicine(lyngvik)
    assert said(lyngvik)[0] == ONCE, "the correction holds"
    history = lyngvik.get(f"/fhir/MedicationStatement/{changed['id']}/_history").json()
    told = [entry["resource"]["dosage"][0]["text"] for entry in history["entry"]]
    assert told == [ONCE, BOTH, ONCE]
    headers = [
        each["eventCoding"]["code"]
        for each in (
            entry["resource"] for entry in lyngvik.get("/fhir/MessageHeader?_count=50").json()["entry"]
        )
    ]
    assert headers.count("UTSKRIVNINGSRAPPORT") == 2


def test_a_rejection_that_names_the_message_as_fhir_does_is_one(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    """A MsgId that is no FHIR id has another name in FHIR. The delivery was rejected, and its content was told on."""
    named = house.messages[REPORT]
    body = named.body.replace(named.message_id.encode(), f"{named.message_id}_plo".encode())
    house.messages[REPORT] = replace(named, body=body)
    house.hand_in(*STORY[:7], REPORT)
    assert said(lyngvik)[1] != "entered-in-error"
    received = see(convert(read(body), "fhir-r4").data)
    rejection, kind = write_receipt(received, Answer("2", "E35"), "fhir", datetime.now(UTC))
    taken = lyngvik.post("/fhir/$process-message", content=rejection, headers={"Content-Type": kind})
    assert taken.status_code == 202, taken.text
    house.wait()
    assert said(lyngvik)[1] == "entered-in-error"


def test_a_goal_that_holds_as_removed_is_removed_in_every_view(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    """A change leaves the goals out, and one that has them again is rejected."""
    changed = house.messages[CHANGED]
    root = etree.fromstring(changed.body)
    for each in root.findall(".//{*}InfoMaalForventetRes"):
        each.getparent().remove(each)
    written = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    body = written.replace(changed.message_id.encode(), str(uuid4()).encode())
    house.hand_in(*STORY[:7], REPORT, "utskrevet")
    before = {each["id"] for each in found(lyngvik, "Goal")}
    with house.client("hospital") as hospital:
        headers = {"Content-Type": "application/xml"}
        taken = hospital.post("/messages", content=body, headers=headers)
    assert taken.status_code == 202, taken.text
    house.wait()
    removed = before - {each["id"] for each in found(lyngvik, "Goal")}
    assert removed and not removed & {row.id for row in page(house).goals}
    house.hand_in(CHANGED)
    assert removed <= {row.id for row in page(house).goals}
    answer(house, lyngvik, CHANGED, "2")
    assert not removed & {each["id"] for each in found(lyngvik, "Goal")}
    assert not removed & {row.id for row in page(house).goals}
