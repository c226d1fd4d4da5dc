"""Answers that messages fill in: who reads them, how a person goes on with them, that they go with their message."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import httpx
import pytest

from gateway.fhir.validate import validate
from gateway.records import resources
from tests.integration.test_api_fhir_resources import found
from tests.integration.test_api_fhir_writing import BASE, DAY_ZERO, STORY, put, task_of
from tests.support.pathway_house import PathwayHouse, pathway_house

Json = dict[str, Any]
FROM = f"{BASE}/StructureDefinition/prefilled-from"
LIMIT_S = 60


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path_factory.mktemp("gateway"), DAY_ZERO) as found:
        found.hand_in(*STORY)
        run(found, all_delivered(found))
        yield found


@pytest.fixture
def lyngvik(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as client:
        yield client


def run(house: PathwayHouse, what: Coroutine[Any, Any, Any]) -> None:
    """On the gateway's own loop."""
    asyncio.run_coroutine_threadsafe(what, house.services.ledger._listeners[0][0]).result()


async def all_delivered(house: PathwayHouse) -> None:
    """Until the projection knows that every message has been delivered."""
    ledger = house.services.ledger
    async with asyncio.timeout(LIMIT_S):
        while True:
            version = ledger.version
            query = "SELECT message FROM pathway_events WHERE undelivered = 1"
            if not ledger.reading().execute(query, {}).fetchall():
                return
            await ledger.changed(version)


def responses(client: httpx.Client) -> dict[str, Json]:
    """By questionnaire."""
    return {
        each["questionnaire"].partition("|")[0].rpartition("/")[2]: each
        for each in found(client, "QuestionnaireResponse")
    }


def answers(items: list[Json]) -> dict[str, Json]:
    found = {item["linkId"]: item["answer"][0] for item in items if "answer" in item}
    return found | {key: value for item in items for key, value in answers(item.get("item", [])).items()}


def sources(answer: Json) -> list[str]:
    return [each["valueReference"]["reference"] for each in answer["extension"] if each["url"] == FROM]


def test_what_messages_answer_stands_in_responses_that_the_tasks_refer_to(lyngvik: httpx.Client) -> None:
    by = responses(lyngvik)
    assert by.keys() == {"utskrivning", "hva-er-viktig", "utvidet"}
    for response in by.values():
        assert response["status"] == "in-progress"
        assert [issue for issue in validate(response) if issue.severity == "error"] == []
        for answer in answers(response["item"]).values():
            for source in sources(answer):
                assert lyngvik.get(f"/fhir/{source}").status_code == 200
    assert answers(by["utskrivning"]["item"])["informasjon.legemiddelliste"]["valueBoolean"] is True
    body = answers(by["utvidet"]["item"])["funksjon.fysisk"]
    assert "Bevege seg utendørs: 4 – Må ha følge ute" in body["valueString"].splitlines()
    assert answers(by["hva-er-viktig"]["item"]).keys() == {"ord"}, "that it was asked no message says"
    for action, id in (("discharge-information", "utskrivning"), ("extended-assessment", "utvidet")):
        referred = [each["valueReference"]["reference"] for each in task_of(lyngvik, action)["input"]]
        assert f"QuestionnaireResponse/{by[id]['id']}" in referred


def test_they_are_the_municipalitys_to_read(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    with house.client("hospital") as hospital:
        for response in responses(lyngvik).values():
            assert hospital.get(f"/fhir/QuestionnaireResponse/{response['id']}").status_code == 404


def test_who_goes_on_with_one_has_it(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    response = responses(lyngvik)["hva-er-viktig"]
    asked = {"linkId": "spurt", "answer": [{"valueBoolean": True}]}
    said = {**response, "status": "completed", "item": [asked, *response["item"]]}
    answer = put(lyngvik, said, response["meta"]["versionId"])
    assert answer.status_code == 200, answer.text
    assert put(lyngvik, said, response["meta"]["versionId"]).status_code == 412
    assert task_of(lyngvik, "what-matters")["status"] == "completed"
    projector = house.services.projector
    assert projector is not None
    keys = house.services.ledger.reading().execute("SELECT patient_key FROM plans", {}).fetchall()
    run(house, projector.anew(row["patient_key"] for row in keys))
    again = responses(lyngvik)["hva-er-viktig"]
    assert (again["status"], again["meta"]["versionId"]) == ("completed", answer.json()["meta"]["versionId"])


def test_what_repeats_a_message_goes_with_it(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    before = responses(lyngvik)["utvidet"]
    ledger = house.services.ledger
    kind = "SELECT sequence FROM messages WHERE message_type = 'INNLEGGELSESRAPPORT'"
    (row,) = ledger.reading().execute(kind, {}).fetchall()
    run(house, ledger.write(lambda session: resources.forget(session, row["sequence"])))
    query = "SELECT COUNT(*) AS number FROM resource_versions WHERE CAST(content AS TEXT) LIKE '%stokk inne%'"
    assert lyngvik.get(f"/fhir/QuestionnaireResponse/{before['id']}").status_code == 404
    assert ledger.reading().execute(query, {}).fetchone()["number"] == 0
