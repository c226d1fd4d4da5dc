"""What happens after the discharge, told with time running fast forward?

The story was written some weeks ago on its own calendar, so the days after it have passed too: the plan's tasks
fell due, one after the other. Here the municipality's record system says over FHIR what it did on those days, and
what it did not do stands as late. Everything is asked of the running gateway; nothing is taken for granted.

    day 3    the plan is there, made of the discharge message
    day 4    the nurse has assessed Solveig, and asked her what matters
    day 10   the epikrise never came: a clock is missed
    day 17   nobody has seen that the GP was visited: a task is late
    day 28   the extended assessment is done, and Solveig's own goal is looked at again
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import httpx

from gateway.fhir.canonical import BASE
from gateway.simulator.cast import LYNGVIK, PATIENTS
from gateway.simulator.stage import Stage

Json = dict[str, Any]
DISCHARGED: Final = 3
"""Day of the story."""
LIMIT_S: Final = 30.0
POLL_S: Final = 0.1
CODES: Final = f"{BASE}/CodeSystem/pathway"
ACHIEVEMENT: Final = "http://terminology.hl7.org/CodeSystem/goal-achievement"
_FHIR: Final = {"Content-Type": "application/fhir+json"}


@dataclass(frozen=True)
class Told:
    """One thing that happened."""

    day: int
    """Of the story."""
    well: bool
    """Whether it is as it should be; a missed clock and a late task are not, and the story wants them."""
    no: str
    en: str


class NotSo(Exception):
    """Something did not come about as the story says; the argument is what."""


class Afterwards:
    """The weeks after the discharge."""

    def __init__(self, stage: Stage, day_zero: date, tell: Callable[[Told], None]) -> None:
        """`day_zero`: the day of admission."""
        self._stage = stage
        self._day_zero = day_zero
        self._tell = tell
        self._identity = {"patient.identifier": PATIENTS["solveig"].number}

    async def run(self) -> None:
        """Tell it.

        :raises NotSo: something is not as the story says.
        """
        secret = self._stage.secrets[LYNGVIK.key]
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(
            base_url=f"{self._stage.address}/fhir", headers=headers, timeout=30, trust_env=False
        ) as client:
            plan = await self._plan(client)
            await self._nurse(client, plan)
            await self._missed_clock()
            await self._late_task(client)
            await self._after_four_weeks(client, plan)

    def _on(self, day: int, time: str = "10:00") -> str:
        return f"{self._day_zero + timedelta(days=day)}T{time}:00Z"

    async def _plan(self, client: httpx.AsyncClient) -> Json:
        async with asyncio.timeout(LIMIT_S):
            while not (plans := await self._found(client, "CarePlan", category="home-plan")):
                await asyncio.sleep(POLL_S)
        tasks = await self._found(client, "Task", **{"based-on": f"CarePlan/{plans[0]['id']}"})
        dated = [task for task in tasks if "restriction" in task]
        self._tell(
            Told(
                DISCHARGED,
                True,
                f"Planen følger Solveig hjem: {len(dated)} oppgaver med dato",
                f"The plan follows Solveig home: {len(dated)} tasks with a date",
            )
        )
        return plans[0]

    async def _nurse(self, client: httpx.AsyncClient, plan: Json) -> None:
        task = await self._task(client, "nurse-assessment")
        done = {**task, "status": "completed", "executionPeriod": {"end": self._on(4)}}
        await self._put(client, done)
        answer = {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": f"{BASE}/Questionnaire/hva-er-viktig|0.1.0",
            "status": "completed",
            "basedOn": [{"reference": f"CarePlan/{plan['id']}"}],
            "subject": plan["subject"],
            "authored": self._on(4, "10:30"),
            "item": [
                {"linkId": "spurt", "answer": [{"valueBoolean": True}]},
                {"linkId": "svar", "answer": [{"valueCoding": {"system": CODES, "code": "answered"}}]},
            ],
        }
        await self._post(client, answer)
        self._tell(
            Told(
                4,
                True,
                "Sykepleieren har vurdert Solveig, og spurt hva som er viktig for henne",
                "The nurse has assessed Solveig, and asked what matters to her",
            )
        )

    async def _missed_clock(self) -> None:
        found = await self._ops("/ops/pathways/stays", missed="true")
        missed = [
            c
            for stay in found["stays"]
            for c in stay["clocks"]
            if c["state"] == "missed" and c["kind"] == "epikrise"
        ]
        if not missed:
            raise NotSo("no clock was missed")
        self._tell(
            Told(
                DISCHARGED + 7,
                False,
                "Fristen for epikrisen til kommunen er ute: den kom aldri",
                "The clock for the epikrise to the municipality is missed: it never came",
            )
        )

    async def _late_task(self, client: httpx.AsyncClient) -> None:
        due = await self._ops("/ops/pathways/due")
        if not any(task["action"] == "gp-consultation" and task["late"] for task in due["tasks"]):
            raise NotSo("no task fell due")
        task = await self._task(client, "gp-consultation")
        self._tell(
            Told(
                DISCHARGED + 14,
                task["status"] == "completed",
                "Oppgaven «Konsultasjon hos fastlegen» forfalt uten at noen har meldt den gjort",
                "The task “Konsultasjon hos fastlegen” fell due, and nobody has said that it was done",
            )
        )

    async def _after_four_weeks(self, client: httpx.AsyncClient, plan: Json) -> None:
        assessment = {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": f"{BASE}/Questionnaire/utvidet|0.1.0",
            "status": "completed",
            "basedOn": [{"reference": f"CarePlan/{plan['id']}"}],
            "subject": plan["subject"],
            "authored": self._on(DISCHARGED + 25),
        }
        await self._post(client, assessment)
        if (await self._task(client, "extended-assessment"))["status"] != "completed":
            raise NotSo("the extended assessment is not done")
        goals = [
            goal
            for goal in await self._found(client, "Goal")
            if str(goal.get("expressedBy", {}).get("reference", "")).startswith("Patient/")
        ]
        if not goals:
            raise NotSo("there is no goal of the patient's own")
        evaluated = {
            **goals[0],
            "achievementStatus": {"coding": [{"system": ACHIEVEMENT, "code": "improving"}]},
            "statusDate": str(self._day_zero + timedelta(days=DISCHARGED + 25)),
        }
        kept = await self._put(client, evaluated)
        if kept["description"] != goals[0]["description"]:
            raise NotSo("the patient's words were changed")
        self._tell(
            Told(
                DISCHARGED + 25,
                True,
                f"Solveigs eget mål er sett på igjen: «{goals[0]['description']['text']}»: på vei",
                f"Solveig's own goal is looked at again: “{goals[0]['description']['text']}”: improving",
            )
        )

    # --- asking

    async def _found(self, client: httpx.AsyncClient, kind: str, **asked: str) -> list[Json]:
        answer = await client.post(f"/{kind}/_search", data={**self._identity, **asked})
        _expect(answer)
        return [entry["resource"] for entry in answer.json().get("entry", ())]

    async def _task(self, client: httpx.AsyncClient, action: str) -> Json:
        found = await self._found(client, "Task", code=f"{CODES}|{action}")
        if not found:
            raise NotSo(f"there is no task {action}")
        return found[0]

    async def _put(self, client: httpx.AsyncClient, content: Json) -> Json:
        version = {"If-Match": f'W/"{content["meta"]["versionId"]}"'}
        address = f"/{content['resourceType']}/{content['id']}"
        answer = await client.put(address, json=content, headers={**_FHIR, **version})
        _expect(answer)
        kept: Json = answer.json()
        return kept

    async def _post(self, client: httpx.AsyncClient, content: Json) -> None:
        _expect(await client.post(f"/{content['resourceType']}", json=content, headers=_FHIR))

    async def _ops(self, path: str, **asked: str) -> Json:
        async with httpx.AsyncClient(base_url=self._stage.address, timeout=30, trust_env=False) as client:
            answer = await client.get(path, params=asked)
        _expect(answer)
        found: Json = answer.json()
        return found


def _expect(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise NotSo(f"{answer.request.method} {answer.url.path}: {answer.status_code}")
