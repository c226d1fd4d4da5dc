"""What the resources of a message say once its receiver rejected it, and when it came after its own correction."""

from __future__ import annotations

import asyncio
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
from gateway.operations.retention import remove_said
from gateway.projection.projector import Projector
from gateway.simulator.reading import see
from gateway.simulator.receipts import Answer, receipt_id, write_receipt
from gateway.translate import convert
from tests.integration.test_api_fhir_resources import STORY, found
from tests.integration.test_api_fhir_writing import page, put
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


def test_a_change_that_was_taken_after_all_holds_again(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    """What the original says had been put back, and stayed."""
    house.hand_in(*STORY)
    answer(house, lyngvik, CHANGED, "2")
    assert said(lyngvik)[0] == BOTH
    answer(house, lyngvik, CHANGED, "1")
    assert said(lyngvik)[0] == ONCE
    made_anew(house)
    assert said(lyngvik)[0] == ONCE


def test_what_was_said_at_the_api_and_put_back_is_removed_with_it(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    house.hand_in(*STORY[:7], REPORT, "utskrevet")
    before = found(lyngvik, "Goal")[0]
    done = {**before, "lifecycleStatus": "completed", "note": [{"text": "Kom til Haukeland igjen."}]}
    done.pop("_lifecycleStatus", None)
    assert put(lyngvik, done, before["meta"]["versionId"]).status_code == 200
    house.hand_in(CHANGED)
    answer(house, lyngvik, CHANGED, "2")
    assert lyngvik.get(f"/fhir/Goal/{before['id']}").json()["note"] == done["note"]

    async def remove() -> None:
        ledger = house.services.ledger
        (row,) = ledger.reading().execute("SELECT input_id FROM inputs").fetchall()
        await ledger.write(lambda session: remove_said(session, row["input_id"], ledger.clock()))

    loop = house.services.ledger._listeners[0][0]
    asyncio.run_coroutine_threadsafe(remove(), loop).result()
    left = house.services.ledger.reading().execute("SELECT content FROM resource_versions").fetchall()
    assert not [row for row in left if b"Haukeland igjen" in bytes(row["content"])]


def test_what_was_said_at_the_api_holds_again_once_the_change_after_it_was_rejected(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    """It went back to what the original said, and what the municipality had said was lost."""
    house.hand_in(*STORY[:7], REPORT, "utskrevet")
    before = found(lyngvik, "Goal")[0]
    id, said_first = before["id"], standing(house, lyngvik, before["id"])
    done = {**before, "lifecycleStatus": "completed"}
    done.pop("_lifecycleStatus", None)
    assert put(lyngvik, done, before["meta"]["versionId"]).status_code == 200
    assert standing(house, lyngvik, id) == ("completed", "completed")
    house.hand_in(CHANGED)
    assert standing(house, lyngvik, id) == said_first, "the change says it all again"
    answer(house, lyngvik, CHANGED, "2")
    assert standing(house, lyngvik, id) == ("completed", "completed")
    as_it_happened = told(house, lyngvik, id)
    made_anew(house)
    assert told(house, lyngvik, id) == as_it_happened
    answer(house, lyngvik, CHANGED, "1")
    assert standing(house, lyngvik, id) == said_first
    as_it_happened = told(house, lyngvik, id)
    made_anew(house)
    assert told(house, lyngvik, id) == as_it_happened


def standing(house: PathwayHouse, client: httpx.Client, id: str) -> tuple[str, str]:
    """How a goal stands under /fhir, and on the page of its stay."""
    row = next(row for row in page(house).goals if row.id == id)
    return client.get(f"/fhir/Goal/{id}").json().get("lifecycleStatus", "unknown"), row.lifecycle


def told(house: PathwayHouse, client: httpx.Client, id: str) -> tuple[list[str], Any]:
    """All that was ever said of a goal, and its row."""
    history = client.get(f"/fhir/Goal/{id}/_history").json()["entry"]
    row = next(row for row in page(house).goals if row.id == id)
    return [entry["resource"].get("lifecycleStatus", "unknown") for entry in history], row


def made_anew(house: PathwayHouse) -> None:
    """Everything is made anew."""
    projector = house.services.projector
    assert isinstance(projector, Projector)
    loop = house.services.ledger._listeners[0][0]
    asyncio.run_coroutine_threadsafe(projector.rebuild(), loop).result()
    house.wait()
