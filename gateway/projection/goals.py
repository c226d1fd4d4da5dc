"""Who said a goal, was it looked at again, and was it asked what matters? Three facts that are kept apart.

A goal is the patient's own when the patient expressed it and its words stand there; another's who spoke for the
patient is vicarious; every other is a professional's. Asked, answered and "a goal exists" are told by three
different things: the answered questionnaire, its answer, and the Goal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from gateway.fhir.canonical import BASE
from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.pathway.calendar import day_of
from gateway.projection.definitions import WHAT_MATTERS
from gateway.projection.resources import IN_ERROR
from gateway.projection.stay_resources import PATHWAY_CODES
from gateway.records.resources import span_of

Json = dict[str, Any]
Voice = Literal["patient", "vicarious", "professional"]
_ACHIEVEMENT: Final = "http://terminology.hl7.org/CodeSystem/goal-achievement"
ANSWERS: Final = ("answered", "declined", "unable")


def voice_of(goal: Json) -> Voice:
    """Who said it."""
    expressed = goal.get("expressedBy")
    speaker = str(expressed.get("reference", "")).partition("/")[0] if isinstance(expressed, dict) else ""
    words = (goal.get("description") or {}).get("text")
    if speaker == "Patient" and isinstance(words, str) and words.strip():
        return "patient"
    codes = {c.get("code") for concept in goal.get("category", ()) for c in concept.get("coding", ())}
    return "vicarious" if speaker == "RelatedPerson" or "vicarious" in codes else "professional"


def note_goal(
    session: Session,
    goal: Json,
    patient_key: str,
    at: int,
    message: int | None = None,
    input_id: int | None = None,
) -> None:
    """Write the row of a Goal. `message` or `input_id`: which tells it."""
    codes = (goal.get("achievementStatus") or {}).get("coding", ())
    achievement = next((c.get("code") for c in codes if c.get("system") == _ACHIEVEMENT), None)
    evaluated = span_of(goal.get("statusDate")) if achievement else None
    targets = goal.get("target") or [{}]
    review = targets[0].get("dueDate") if isinstance(targets[0], dict) else None
    session.run(
        "keep_goal",
        goal_id=goal["id"],
        patient_key=patient_key,
        voice=voice_of(goal),
        lifecycle=goal.get("lifecycleStatus") or "unknown",
        stated_at=_stated(goal, at),
        review_day=review if isinstance(review, str) and len(review) == 10 else None,
        evaluated_at=(evaluated[0] if evaluated else at) if achievement else None,
        achievement=achievement,
        message=message,
        input_id=input_id,
        erroneous=int(goal.get("lifecycleStatus") == IN_ERROR),
    )


def _stated(goal: Json, at: int) -> int:
    """When it was said: its start, where it states one, but not later than it came here."""
    span = span_of(goal.get("startDate"))
    return min(span[0], at) if span else at


def note_answers(session: Session, response: Json, patient_key: str, at: int, input_id: int) -> None:
    """Write whether it was asked what matters, where a questionnaire says so."""
    if not is_what_matters(response):
        return
    if (
        response.get("status") not in ("completed", "amended", "in-progress")
        or _answer(response, "spurt") is not True
    ):
        session.run("remove_wish", wish_id=response["id"])
        return
    said = _answer(response, "svar")
    code = said.get("code") if isinstance(said, dict) and said.get("system") == PATHWAY_CODES else None
    span = span_of(response.get("authored"))
    asked = times.moment(span[0] if span else at)
    session.run(
        "keep_wish",
        wish_id=response["id"],
        patient_key=patient_key,
        asked_at=times.of(asked),
        asked_day=day_of(asked).isoformat(),
        answer=code if code in ANSWERS else "open",
        input_id=input_id,
    )


def is_what_matters(response: Json) -> bool:
    """Whether it answers the questionnaire «Hva er viktig for deg?»."""
    return questionnaire_of(response) == f"{BASE}/Questionnaire/{WHAT_MATTERS}"


def questionnaire_of(response: Json) -> str:
    """The canonical address of the questionnaire, without its version."""
    return str(response.get("questionnaire", "")).partition("|")[0]


def _answer(response: Json, link: str) -> Any:
    left = list(response.get("item", ()))
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left += item.get("item", ())
            answers = item.get("answer")
            if item.get("linkId") == link and answers:
                return next((v for k, v in answers[0].items() if k.startswith("value")), None)
    return None


def when(response: Json, fallback: datetime) -> datetime:
    """When a response was written."""
    span = span_of(response.get("authored"))
    return times.moment(span[0]) if span else fallback
