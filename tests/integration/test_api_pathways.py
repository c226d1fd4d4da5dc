"""Can an operator see pathways, settle what messages leave open, and have everything made anew?"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from gateway.settings_load import from_content
from tests.integration.test_api_fhir_resources import STORY
from tests.support.pathway_house import SOLVEIG, PathwayHouse, pathway_house

WHO = {"by": "Kari Drift", "why": "lest i journalen"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path) as found:
        found.hand_in(*STORY)
        yield found


@pytest.fixture
def operator(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("operator") as client:
        yield client


def stays(operator: httpx.Client, **asked: str) -> list[dict[str, Any]]:
    answer = operator.get("/ops/pathways/stays", params=asked)
    assert answer.status_code == 200, answer.text
    assert SOLVEIG not in answer.text
    found: list[dict[str, Any]] = answer.json()["stays"]
    return found


def message_of(house: PathwayHouse, key: str) -> str:
    sent = house.messages[key].message_id
    return next(
        row.message.id for row in house.services.reader.list_messages() if row.message.message_id == sent
    )


def test_stays_with_their_clocks(operator: httpx.Client) -> None:
    assert sorted(stay["state"] for stay in stays(operator)) == ["innlagt", "ute"]
    for stay in stays(operator, missed="true"):
        assert "missed" in {clock["state"] for clock in stay["clocks"]}
    assert len(stays(operator, open="true")) == 1
    assert operator.get("/ops/pathways").json()["waiting"] == 0
    assert operator.get("/ops/pathways/due").status_code == 200
    assert operator.get("/ops/pathways/stays", params={"trust": "x"}).status_code == 400


def test_a_person_takes_a_message_out_of_its_stay_and_puts_it_back(
    house: PathwayHouse, operator: httpx.Client
) -> None:
    end, admission = message_of(house, "utskrevet"), message_of(house, "innlagt")
    said = {**WHO, "message": end, "belongsWith": None}
    assert operator.post("/ops/pathways/decisions", json=said).json() == {"stay": None}
    assert len(stays(operator, open="true")) == 2
    back = operator.post("/ops/pathways/decisions", json={**said, "belongsWith": admission})
    assert back.json()["stay"] is not None
    assert len(stays(operator, open="true")) == 1
    other = {**said, "belongsWith": message_of(house, "innlagt-arvid")}
    assert operator.post("/ops/pathways/decisions", json=other).status_code == 404  # another patient's


def test_what_a_person_says_stands_after_everything_is_made_anew(
    house: PathwayHouse, operator: httpx.Client
) -> None:
    stay = next(each for each in stays(operator) if each["state"] == "ute")
    answer = {**WHO, "message": message_of(house, "klar"), "code": "6", "day": "2026-03-26"}
    assert operator.post("/ops/pathways/answers", json=answer).json() == {"stay": stay["id"]}
    condition = {**WHO, "condition": "declared-ready", "met": True}
    assert operator.post(f"/ops/pathways/stays/{stay['id']}/conditions", json=condition).status_code == 200
    group = {**WHO, "dimension": "priority-group", "code": "frail-older", "validFrom": "2026-03-24"}
    assert operator.post(f"/ops/pathways/stays/{stay['id']}/dimensions", json=group).status_code == 200
    clock = next(each for each in stay["clocks"] if each["state"] == "missed")
    assert operator.post(f"/ops/pathways/clocks/{clock['id']}/settle", json=WHO).status_code == 200
    assert operator.post(f"/ops/pathways/clocks/{clock['id']}/settle", json=WHO).status_code == 404

    def said() -> list[tuple[str, ...]]:
        reading = house.services.ledger.reading()
        days = reading.execute("SELECT day, state FROM basis_days ORDER BY day", {}).fetchall()
        groups = reading.execute("SELECT dimension, code FROM dimensions", {}).fetchall()
        return [tuple(row) for row in (*days, *groups)]

    before = said()
    assert ("2026-03-26", "cannot-receive") in before
    assert operator.post("/ops/pathways/rebuild", json=WHO).status_code == 200
    house.wait()
    assert said() == before
    assert operator.post("/ops/pathways/rebuild", json={"by": "x"}).status_code == 400


def what_stands(house: PathwayHouse) -> list[list[tuple[str, ...]]]:
    """What is made of messages: which stay they belong to, the goals, and the resources."""
    reading = house.services.ledger.reading()
    questions = (
        "SELECT stay_id, message FROM stay_messages",
        "SELECT goal_id, message, lifecycle FROM goals",
        "SELECT r.resource_type, r.id, v.content FROM resources r "
        "JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version",
    )
    return [sorted(tuple(row) for row in reading.execute(each, {}).fetchall()) for each in questions]


def test_at_whatever_moment_everything_is_made_anew_the_same_stands_in_the_end(
    house: PathwayHouse, operator: httpx.Client
) -> None:
    """One removal right after another, and one in the midst of what the other began."""
    random = Random(1)
    operator.post("/ops/pathways/rebuild", json=WHO)
    house.wait()
    in_the_end = what_stands(house)
    for _ in range(25):
        for _ in range(random.choice([1, 2, 3])):
            assert operator.post("/ops/pathways/rebuild", json=WHO).status_code == 200
            for _ in range(random.randrange(8)):  # meanwhile some of it is made
                assert operator.get("/ops/pathways").status_code == 200
        house.wait()
        assert what_stands(house) == in_the_end


def test_the_basis_for_payment_is_told_condition_by_condition_with_the_rate_of_each_day(
    tmp_path: Path,
) -> None:
    rate = {"valid_from": "2026-03-25", "valid_to": "2026-03-26", "nok": "5000.50", "source": "made up"}
    with pathway_house(tmp_path, day_rate=[rate]) as house, house.client("operator") as operator:
        house.hand_in(*STORY)
        stay = next(each for each in stays(operator) if each["state"] == "ute")["id"]
        answer = {**WHO, "message": message_of(house, "klar"), "code": "6", "day": "2026-03-26"}
        assert operator.post("/ops/pathways/answers", json=answer).status_code == 200
        address = f"/ops/pathways/stays/{stay}"
        told = operator.get(f"{address}/basis")
        assert SOLVEIG not in told.text
        (basis,) = told.json()["basis"]
        assert basis["notice"] == message_of(house, "klar")
        by_code = {each["code"]: each for each in basis["conditions"]}
        assert by_code["declared-ready"]["state"] == "unknown"
        assert {each["source"] for each in basis["conditions"]} >= {"FOR-2011-11-18-1115 § 9"}
        days = {each["day"]: each for each in basis["days"]}
        assert days["2026-03-26"] == {
            "day": "2026-03-26",
            "state": "cannot-receive",
            "rateNok": "5000.50",
            "rateSource": "made up",
        }
        assert {each["rateNok"] for day, each in days.items() if day > "2026-03-26"} <= {None}
        condition = {**WHO, "condition": "declared-ready", "met": False}
        assert operator.post(f"{address}/conditions", json=condition).status_code == 200
        (settled,) = operator.get(f"{address}/basis").json()["basis"]
        assert (settled["verdict"], basis["verdict"]) == ("not-met", "unknown")
        assert operator.get("/ops/pathways/stays/none/basis").status_code == 404


def test_nobody_but_an_operator(house: PathwayHouse) -> None:
    with house.client("lyngvik") as partner:
        assert partner.get("/ops/pathways").status_code == 401
        assert partner.post("/ops/pathways/rebuild", json=WHO).status_code == 401


def test_the_example_of_an_agreement_can_be_used() -> None:
    text = (Path(__file__).parents[2] / "docker" / "somlos.toml").read_text("utf-8")
    example = text[text.index("# [[agreement]]") :]
    content = tomllib.loads("\n".join(line.removeprefix("# ") for line in example.splitlines()))
    (agreement,) = from_content(content).agreement
    assert agreement.reply is not None
    assert agreement.reply.amount == 3
