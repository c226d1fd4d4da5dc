"""Do the page of a stay, /ops and /fhir say the same of its deadlines, answers, tasks and goals?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.test_api_fhir_resources import STORY
from tests.integration.test_api_fhir_writing import put
from tests.integration.test_api_pathways import WHO, message_of, stays
from tests.support.pathway_house import PathwayHouse, pathway_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path) as found:
        found.hand_in(*STORY)
        yield found


@pytest.fixture
def operator(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("operator") as client:
        yield client


@pytest.fixture
def lyngvik(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as client:
        yield client


def resources(client: httpx.Client, kind: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in client.get(f"/fhir/{kind}?_count=100").json()["entry"]]


def test_a_settled_deadline_is_settled_in_every_view(operator: httpx.Client) -> None:
    stay, clock = next(
        (stay, clock) for stay in stays(operator) for clock in stay["clocks"] if clock["state"] == "missed"
    )
    assert clock["settled"] is False
    assert operator.post(f"/ops/pathways/clocks/{clock['id']}/settle", json=WHO).status_code == 200
    clocks = {each["id"]: each for one in stays(operator) for each in one["clocks"]}
    assert clocks[clock["id"]]["settled"] is True
    assert "Avklart av en person" in operator.get(f"/console/pathways/{stay['id']}").text


def test_a_goal_that_was_given_up_is_not_shown_as_one_that_is_worked_for(
    operator: httpx.Client, lyngvik: httpx.Client
) -> None:
    goal, *_ = resources(lyngvik, "Goal")
    stay = next(each for each in stays(operator) if each["state"] == "ute")
    for status, word in (("active", "Pågår"), ("cancelled", "Oppgitt"), ("rejected", "Avslått")):
        version = lyngvik.get(f"/fhir/Goal/{goal['id']}").json()["meta"]["versionId"]
        assert put(lyngvik, {**goal, "lifecycleStatus": status}, version).status_code == 200
        goals = operator.get(f"/console/pathways/{stay['id']}").text.partition('id="goals"')[2]
        assert f'<p class="small">{word}</p>' in goals.partition("</section>")[0]


def test_a_task_that_is_over_is_not_late(operator: httpx.Client, lyngvik: httpx.Client) -> None:
    stay = next(each for each in stays(operator) if each["state"] == "ute")
    open_tasks = [each for each in resources(lyngvik, "Task") if each["status"] == "requested"]
    late = operator.get(f"/console/pathways/{stay['id']}").text.count("tone-text-bad")
    assert late
    for task in open_tasks:
        if "basedOn" in task:
            refused = {**task, "status": "rejected"}
            assert put(lyngvik, refused, task["meta"]["versionId"]).status_code == 200
    tasks = operator.get(f"/console/pathways/{stay['id']}").text.partition('id="tasks"')[2]
    assert "tone-text-bad" not in tasks.partition("</section>")[0]


def test_what_answers_a_ready_notice_answers_its_task_and_nothing_else_does(tmp_path: Path) -> None:
    with pathway_house(tmp_path) as house, house.client("operator") as operator:
        house.hand_in("innlagt", "klar")
        notice = message_of(house, "klar")

        def say(code: str, day: str) -> tuple[int, str, list[str]]:
            said = {**WHO, "message": notice, "code": code, "day": day}
            assert operator.post("/ops/pathways/answers", json=said).status_code == 200
            (task,) = [
                each
                for each in resources(operator, "Task")
                if each["code"]["coding"][0]["code"] == "reply-to-ready-notice"
            ]
            codes = [each["code"] for each in task.get("businessStatus", {}).get("coding", ())]
            unanswered = operator.get("/ops/pathways/due").json()["unanswered"]
            return len(unanswered), task["status"], codes

        assert say("12", "2026-03-26") == (1, "requested", [])
        assert say("7", "2026-03-28") == (0, "completed", ["7"])
        assert say("6", "2026-03-26") == (0, "completed", ["7"]), "until then"
        page = house.services.pathway.stay(stays(operator)[0]["id"], now=datetime.now(UTC))
        assert page is not None
        assert [each.answer for each in page.notices] == ["7"]


@pytest.mark.parametrize(
    ("days_ago", "plan", "status", "has_end"),
    [(6, True, "active", False), (90, True, "finished", False), (6, False, "finished", True)],
)
def test_an_episode_lasts_until_the_plan_is_over(
    tmp_path: Path, days_ago: int, plan: bool, status: str, has_end: bool
) -> None:
    """It was active for ever, unless the patient had died."""
    day = date.today() - timedelta(days=days_ago)
    with pathway_house(tmp_path, day, pathway={"plan": plan}) as house, house.client("lyngvik") as lyngvik:
        house.hand_in("innlagt", "klar")
        assert [each["status"] for each in resources(lyngvik, "EpisodeOfCare")] == ["active"]
        house.hand_in(*STORY[2:])
        stays_told = [each for each in resources(lyngvik, "Encounter") if "episodeOfCare" in each]
        (stay,) = [each for each in stays_told if each["status"] == "finished"]
        reference = stay["episodeOfCare"][0]["reference"]
        episode = lyngvik.get(f"/fhir/{reference}").json()
        assert (episode["status"], "end" in episode["period"]) == (status, has_end)
        assert [each["status"] for each in resources(lyngvik, "CarePlan") if "encounter" in each] == (
            [{"active": "active", "finished": "completed"}[status]] if plan else []
        )
