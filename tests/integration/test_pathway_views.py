"""Do the page of a stay, /ops and /fhir say the same of its deadlines, answers, tasks and goals?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.integration.test_api_pathways import WHO, message_of, stays
from tests.support.pathway_house import pathway_house


def resources(client: httpx.Client, kind: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in client.get(f"/fhir/{kind}?_count=100").json()["entry"]]


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
