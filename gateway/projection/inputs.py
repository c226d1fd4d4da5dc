"""What becomes of a resource that was made or changed at the API?

It is an input of the ledger first; its effects follow from it, now and when everything is made anew:

    Goal                    a new version; who said it and whether it was evaluated
    Task of a plan          the task is done, begun or declined; what the plan fixed stays as it is
    Task of another kind    stands for itself; with an owner, it follows up the goal it is for (focus)
    Task of a ready-notice  businessStatus 6 or 7 is the municipality's coded answer (NPR)
    QuestionnaireResponse   what was asked and answered; completed, it does the task that its questionnaire belongs to
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from gateway.errors import Refusal
from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.calendar import day_of
from gateway.projection import goals
from gateway.projection.definitions import plan_definition
from gateway.projection.plans import CLOSED_AFTER
from gateway.projection.stay_resources import NPR_TIMES, PATHWAY_CODES
from gateway.records import resources
from gateway.records.resources import New, span_of

Json = dict[str, Any]
WRITTEN: Final = ("Goal", "QuestionnaireResponse", "Task")
"""Types that may be made or changed at the API."""
FIXED: Final = (
    "basedOn",
    "code",
    "for",
    "encounter",
    "focus",
    "instantiatesCanonical",
    "intent",
    "restriction",
    "authoredOn",
)
"""Of a task of ours: what only the plan or the notice says."""
OPEN: Final = ("draft", "requested", "received", "accepted", "ready", "on-hold")
FAILED: Final = ("rejected", "cancelled", "failed", "entered-in-error")
REPLY: Final = "reply-to-ready-notice"


@dataclass(frozen=True)
class Written:
    """A resource that came in."""

    id: str
    """Of the input."""
    at: int
    by_whom: str
    patient_key: str
    content: Json = field(repr=False)
    parties: frozenset[str]


def keep(session: Session, said: Written) -> int:
    """Keep a resource as an input of the ledger, with its effects; returns the version.

    Durable after the commit: the input and what follows from it. A crash before it: neither, and the caller has no
    answer. Doing it again is harmless: equal content makes no new version. It is done again where something that came
    before has not been looked at yet, after that: so the last word is the last.

    :raises Refusal: records.other-patient, records.words-of-patient, records.fixed-element
    """
    body = fhir_json.write(said.content)
    session.run("keep_body", content=body, media_type="application/fhir+json")
    row = session.one("last_body")
    assert row is not None
    input_id, has_its_turn = keep_input(
        session,
        said,
        "resource",
        {"type": said.content["resourceType"], "id": said.content["id"], "parties": sorted(said.parties)},
        body_id=row["body_id"],
    )
    return apply(session, said, input_id, alone=not has_its_turn)


def keep_input(
    session: Session, said: Written, kind: str, detail: Json, *, body_id: int | None = None
) -> tuple[int, bool]:
    """Keep what was said here; returns its number, and whether it has its turn now: something that came before may not
    have been looked at (again) yet."""
    input_id = session.keep(
        "keep_input",
        id=said.id,
        at=said.at,
        by_whom=said.by_whom,
        kind=kind,
        patient_key=said.patient_key or None,
        detail=json.dumps(detail),
        body_id=body_id,
    )
    of = {"inputs": input_id, "patient_key": said.patient_key or None}
    return input_id, bool(session.change("projection_said", name="records", **of))


def apply(session: Session, said: Written, input_id: int, *, again: bool = False, alone: bool = False) -> int:
    """What follows from an input. `again`: when everything is made anew; its coded answer is an input already.
    `alone`: what came before has not had its turn, and what it does to others must wait for that."""
    content = said.content
    known = session.one("resource_content", resource_type=content["resourceType"], id=content["id"])
    before = resources.stored(known) if known is not None else None
    if known is not None and known["patient_key"] not in (None, said.patient_key) and not again:
        raise Refusal("records.other-patient")
    if content["resourceType"] == "Task" and before is not None and _is_ours(before):
        _check_fixed(before, content)
        if _code(before) == REPLY:
            if not again:
                _answer(session, said, before)
            return int(known["version"]) if known is not None else 0
    elif content["resourceType"] == "Task" and _is_ours(content):
        raise Refusal("records.fixed-element", path="Task.code")
    if content["resourceType"] == "Goal" and before is not None:
        _check_words(before, content)
    new = New(content, "api", said.patient_key, said.parties, input_id=input_id)
    version = resources.put(session, new, said.at)
    if content["resourceType"] == "Task":
        _note_task(session, said, input_id)
    elif content["resourceType"] == "Goal":
        goals.note_goal(session, content, said.patient_key, said.at, input_id=input_id)
    else:
        goals.note_answers(session, content, said.patient_key, said.at, input_id)
        if not alone:
            _note_done(session, said, input_id)
    session.run("link_goals", patient_key=said.patient_key)
    return version


def _is_ours(task: Json) -> bool:
    return any(c.get("system") == PATHWAY_CODES for c in (task.get("code") or {}).get("coding", ()))


def _code(task: Json) -> str | None:
    codes = (task.get("code") or {}).get("coding", ())
    return next((c.get("code") for c in codes if c.get("system") == PATHWAY_CODES), None)


def _check_fixed(before: Json, content: Json) -> None:
    for name in FIXED:
        if before.get(name) != content.get(name):
            raise Refusal("records.fixed-element", path=f"Task.{name}")


def _check_words(before: Json, content: Json) -> None:
    """The patient's own words stay as they were said: other words are another goal."""
    if goals.voice_of(before) == "patient":
        same = (before.get("description") or {}).get("text") == (content.get("description") or {}).get("text")
        if not same or goals.voice_of(content) != "patient":
            raise Refusal("records.words-of-patient", path="Goal.description.text")


def _answer(session: Session, said: Written, task: Json) -> None:
    """The municipality's coded answer to a ready-notice."""
    codings = (said.content.get("businessStatus") or {}).get("coding", ())
    code = next((c.get("code") for c in codings if c.get("system") == NPR_TIMES), None)
    if code not in ("6", "7"):
        raise Refusal("records.answer-not-coded", path="Task.businessStatus")
    row = session.one("message_of_task", task_id=task["focus"]["reference"].rpartition("/")[2])
    if row is None:
        raise Refusal("api.not-found")
    start = (said.content.get("executionPeriod") or {}).get("start")
    span = span_of(start) if isinstance(start, str) else None
    moment = {"at": times.moment(span[0]).isoformat(), "is_day": len(str(start)) == 10} if span else None
    detail = {
        "about": [row["sender_her"], row["message_id"]],
        "code": code,
        "source": "task",
        "moment": moment,
    }
    keep_input(session, _again(said), "statement", detail)


def _again(said: Written) -> Written:
    return Written(str(uuid4()), said.at, said.by_whom, said.patient_key, said.content, said.parties)


def _note_task(session: Session, said: Written, input_id: int) -> None:
    row = session.one("plan_task", task_id=said.content["id"])
    if row is None:
        return
    status = said.content.get("status")
    if status == "completed":
        _done(session, row, said, input_id, "task")
    elif status in FAILED:
        _set(session, row, input_id, _Done("cancelled", how="task"))
    else:
        _set(session, row, input_id, _Done("in-progress" if status == "in-progress" else "requested"))


def _note_done(session: Session, said: Written, input_id: int) -> None:
    """A completed questionnaire does the task it belongs to: one, however often it is told or amended."""
    definition = plan_definition()
    if definition is None or said.content.get("status") not in ("completed", "amended"):
        return
    url = goals.questionnaire_of(said.content)
    action = next((each for each in definition.actions if each.questionnaire == url), None)
    if action is None:
        return
    output = {
        "type": {"text": "Svar"},
        "valueReference": {"reference": f"QuestionnaireResponse/{said.content['id']}"},
    }
    of = {"patient_key": said.patient_key, "action": action.id}
    if any(output in _output_of(session, row) for row in session.all("answered_tasks_of_action", **of)):
        return
    based = [str(each.get("reference", "")) for each in said.content.get("basedOn", ())]
    plan_id = next((each.rpartition("/")[2] for each in based if each.startswith("CarePlan/")), None)
    closed_after = times.seconds(CLOSED_AFTER.total_seconds())
    row = session.one(
        "open_task_of_action",
        **of,
        plan_id=plan_id,
        input_id=input_id,
        told_at=said.at,
        closed_after=closed_after,
    )
    if row is None:
        return
    task = session.one("plan_task", task_id=row["task_id"])
    known = session.one("resource_content", resource_type="Task", id=row["task_id"])
    if task is None or known is None:
        return
    _done(session, task, said, input_id, "questionnaire", role=action.role)
    content = resources.stored(known)
    content |= {"status": "completed", "output": [output]}
    resources.put(session, New(content, "api", said.patient_key, said.parties), said.at)


def _output_of(session: Session, task: Row) -> list[Json]:
    known = session.one("resource_content", resource_type="Task", id=task["task_id"])
    output: list[Json] = [] if known is None else resources.stored(known).get("output", [])
    return output


@dataclass(frozen=True)
class _Done:
    """How a task stands by what was said."""

    state: str
    at: int | None = None
    role: str | None = None
    how: str | None = None


def _done(
    session: Session, row: Row, said: Written, input_id: int, how: str, *, role: str | None = None
) -> None:
    period = said.content.get("executionPeriod") or {}
    told = period.get("end") or said.content.get("authored") or said.content.get("lastModified")
    span = span_of(told) if isinstance(told, str) else None
    at = min(span[0], said.at) if span else said.at
    roles = [
        c.get("code") for concept in said.content.get("performerType", ()) for c in concept.get("coding", ())
    ]
    stated = role or next((code for code in roles if isinstance(code, str)), None)
    _set(session, row, input_id, _Done("completed", at, stated, how))


def _set(session: Session, row: Row, input_id: int, done: _Done) -> None:
    session.run(
        "task_done",
        task_id=row["task_id"],
        state=done.state,
        done_at=done.at,
        done_day=day_of(times.moment(done.at)).isoformat() if done.at is not None else None,
        done_role=done.role,
        done_by=done.how,
        input_id=input_id,
    )
