"""What do the municipalities' record systems tell in FHIR of the plan that followed a patient home?

Answers to the questionnaires (QuestionnaireResponse), the person's goals (Goal) and the tasks that follow them up
(Task), as a municipality would hand them in at the FHIR API. The first checklist and the GP's consultation are told by
messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid5

from gateway.fhir.canonical import BASE, own_code_system, profile_url
from gateway.pathway.calendar import day_of
from gateway.simulator.quarter.letters import SPACE, letters_of
from gateway.simulator.quarter.truth import Goal, Stay
from gateway.translate.state import derived_id

Json = dict[str, Any]
QUESTIONNAIRES: Final = {2: "sykepleier", 4: "utvidet"}
CODES: Final = own_code_system("pathway")
HER: Final = "urn:oid:2.16.578.1.12.4.1.2"
ACHIEVEMENT: Final = "http://terminology.hl7.org/CodeSystem/goal-achievement"
WORDS: Final = (
    "Jeg vil gå til butikken selv.",
    "Jeg vil sove i min egen seng.",
    "Jeg vil være med på koret igjen.",
)


@dataclass(frozen=True)
class Told:
    """One resource that is handed in."""

    at: datetime
    """When it was written; aware, UTC."""
    content: Json = field(repr=False)
    """Without its subject: the patient's id is the gateway's."""
    version: str | None = None
    """The version that this one changes; None: it is new."""


def plan_id(stay: Stay, seed: int) -> str:
    """The id of the CarePlan that the discharge starts: it follows from the stay's first message."""
    first = next(letters_of(stay, seed))
    return derived_id("plan", derived_id("stay", first.sender.service_her, first.id))


def told_of(stay: Stay, seed: int) -> Iterator[Told]:
    """Everything that is told of the plan, in the order of its dates."""
    if stay.plan is None:
        return
    plan = {"reference": f"CarePlan/{plan_id(stay, seed)}"}
    told = [
        Told(done, _response(QUESTIONNAIRES[number], plan, done, [], f"{seed}/{stay.number}"))
        for number, done in stay.plan.checklists.items()
        if number in QUESTIONNAIRES
    ]
    if stay.plan.asked:
        answer = {"valueCoding": {"system": CODES, "code": stay.plan.answer}}
        items = [
            {"linkId": "spurt", "answer": [{"valueBoolean": True}]},
            {"linkId": "svar", "answer": [answer]},
        ]
        told.append(
            Told(
                stay.plan.asked,
                _response("hva-er-viktig", plan, stay.plan.asked, items, f"{seed}/{stay.number}"),
            )
        )
    for goal in stay.plan.goals:
        content = _goal(goal, stay.number, f"{seed}/{stay.number}/{goal.voice}")
        told.append(Told(goal.stated, content))
        if goal.evaluated:
            told.append(Told(goal.evaluated, content | _evaluation(goal.evaluated), version="1"))
        if goal.followed_up:
            owner = stay.municipality.her_id
            told.append(Told(goal.followed_up, _task(content["id"], owner, goal.followed_up)))
    yield from sorted(told, key=lambda each: each.at)


def with_subject(content: Json, patient: Json) -> Json:
    """A resource about a patient (a Reference)."""
    named = {**content, "for" if content["resourceType"] == "Task" else "subject": patient}
    if content["resourceType"] == "Goal" and "meta" in content:
        named["expressedBy"] = patient
    return named


def _response(questionnaire: str, plan: Json, at: datetime, items: list[Json], of: str) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": str(uuid5(SPACE, f"response {of} {questionnaire}")),
        "questionnaire": f"{BASE}/Questionnaire/{questionnaire}",
        "status": "completed",
        "basedOn": [plan],
        "authored": at.isoformat(),
        **({"item": items} if items else {}),
    }


def _goal(goal: Goal, number: int, of: str) -> Json:
    own = goal.voice == "patient"
    return {
        "resourceType": "Goal",
        "id": str(uuid5(SPACE, f"goal {of}")),
        **({"meta": {"profile": [profile_url("somlos-patient-goal")]}} if own else {}),
        "lifecycleStatus": "active",
        "category": [{"coding": [{"system": CODES, "code": "what-matters" if own else "vicarious"}]}],
        "description": {"text": WORDS[number % len(WORDS)]},
        "startDate": day_of(goal.stated).isoformat(),
        **({"target": [{"dueDate": goal.review.isoformat()}]} if goal.review else {}),
    }


def _task(goal_id: str, owner: str, at: datetime) -> Json:
    return {
        "resourceType": "Task",
        "id": str(uuid5(SPACE, f"task {goal_id}")),
        "status": "in-progress",
        "intent": "plan",
        "focus": {"reference": f"Goal/{goal_id}"},
        "authoredOn": at.isoformat(),
        "owner": {"identifier": {"system": HER, "value": owner}},
    }


def _evaluation(at: datetime) -> Json:
    coding = {"system": ACHIEVEMENT, "code": "improving"}
    return {"achievementStatus": {"coding": [coding]}, "statusDate": day_of(at).isoformat()}
