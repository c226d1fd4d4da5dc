"""Do the statements of `records/` mean the same on PostgreSQL? The main ways once more, on a ledger there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger.session import Session
from gateway.records import resources, stays
from tests.integration.test_api_fhir_resources import STORY, found, the
from tests.integration.test_api_fhir_writing import DAY_ZERO, goal, page, post, put, task_of
from tests.support import stores
from tests.support.pathway_house import PathwayHouse, pathway_house

pytestmark = pytest.mark.skipif(not stores.has_postgres(), reason=stores.WITHOUT_POSTGRES)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PathwayHouse]:
    with stores.on_postgres(), pathway_house(tmp_path, DAY_ZERO) as found:
        found.hand_in(*STORY)
        yield found


def test_reading_searching_writing_and_making_anew(house: PathwayHouse) -> None:
    with house.client("lyngvik") as client:
        for kind, said in (
            (each["type"], each) for each in client.get("/fhir/metadata").json()["rest"][0]["resource"]
        ):
            for parameter in said.get("searchParam", ()):
                value = {"date": "ge2020-01-01", "reference": "Goal/x"}.get(parameter["type"], "x|y")
                answer = client.get(f"/fhir/{kind}", params={parameter["name"]: value})
                assert answer.status_code in (200, 400), (kind, parameter["name"])
        stay = the(client, "Encounter", type="stay")
        assert client.get(f"/fhir/Encounter/{stay['id']}/_history").json()["total"] >= 1
        task = task_of(client, "nurse-assessment")
        assert put(client, {**task, "status": "completed"}, task["meta"]["versionId"]).status_code == 200
        made = post(client, goal(client))
        assert made.status_code == 201
        goals = len(found(client, "Goal"))
        rows = page(house).plans
        loop = house.services.ledger._listeners[0][0]
        assert house.services.projector is not None
        asyncio.run_coroutine_threadsafe(house.services.projector.rebuild(), loop).result()
        house.wait()
        assert len(found(client, "Goal")) == goals
        assert page(house).plans == rows
    with house.client("operator") as operator:
        assert operator.get("/ops/pathways/due").status_code == 200
        assert operator.get("/ops/pathways/stays?missed=true").status_code == 200


def test_what_a_message_said_is_forgotten(house: PathwayHouse) -> None:
    ledger = house.services.ledger
    everything = ledger.reading().execute("SELECT sequence FROM messages ORDER BY sequence", {}).fetchall()

    def forget(session: Session) -> None:
        for row in everything:
            resources.forget(session, row["sequence"])
            stays.forget(session, row["sequence"])

    ledger.write_now(forget)
    left = (
        ledger.reading()
        .execute("SELECT COUNT(*) AS n FROM resources WHERE source IN ('message', 'cancelled')", {})
        .fetchone()
    )
    assert left["n"] == 0
    for table in ("stays", "clocks", "stay_messages", "unplaced", "pathway_events"):
        assert ledger.reading().execute(f"SELECT COUNT(*) AS n FROM {table}", {}).fetchone()["n"] == 0, table
