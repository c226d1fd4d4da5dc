"""How does the plan that follows a patient home stand in rows and in FHIR?

The plan and its dates follow from the stay; what was done is told by messages (`gateway/pathway/plan.py`) or at the
API, and the API's word stays: a task that was done there is done, whatever is worked out anew. Each task is a Task
that refers to the CarePlan, to its Questionnaire, and to what the messages already say about it (`input`: nothing
is entered twice). Where messages answer questions of the Questionnaire, a QuestionnaireResponse in progress has
those answers (`prefilled.py`), until somebody goes on with it at the API: from then on it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.calendar import day_of, end_of
from gateway.pathway.plan import Plan, PlanDefinition, Planned, plan_of, plan_on, starts
from gateway.pathway.stays import Stays
from gateway.projection import prefilled
from gateway.projection.definitions import role_names
from gateway.projection.stay_resources import PATHWAY_CODES, coding, instant, organisation, subject
from gateway.records import resources
from gateway.records.resources import New
from gateway.records.stays import Known, Settled
from gateway.translate.state import derived_id

Json = dict[str, Any]
CLOSED_AFTER: Final = timedelta(days=14)
"""So long after its last day a plan is closed, though not everything in it was done."""
PREFILLED: Final = {
    "discharge-information": ("MedicationStatement", "Appointment"),
    "what-matters": ("Goal",),
    "nurse-assessment": ("MedicationStatement", "AllergyIntolerance", "DeviceRequest", "Goal"),
    "gp-consultation": ("MedicationStatement", "Condition"),
    "extended-assessment": ("Goal", "DeviceRequest"),
    "daily-plan": ("Goal",),
}
"""What the messages say about a task."""
MOST_PREFILLED: Final = 40
MOST_READ: Final = 200
"""Resources of one type that questions are answered from: the newest."""
_REASONS: Final = {
    "readmitted": "Innlagt igjen",
    "died": "Død",
    "discharge-cancelled": "Utskrivningen er tatt tilbake",
}


@dataclass(frozen=True)
class Kept:
    """A plan to keep."""

    id: str
    patient_key: str
    stay_id: str | None
    reason: str
    plan: Plan
    parties: frozenset[str]
    at: int
    lists: tuple[str, ...] = ()
    """References to the messages that brought the list of medicines to the municipality."""
    input_id: int | None = None
    """What was said that started it."""


def keep(
    session: Session,
    definition: PlanDefinition,
    of: Known,
    found: Stays,
    settled: Iterable[Settled],
    now: datetime,
) -> None:
    """Write the plans of a patient's discharges, and end those whose discharge does not stand any more."""
    died = found.died.at if found.died else None
    standing = set()
    for each in settled:
        if not starts(each.stay):
            continue
        plan = plan_of(definition, each.stay, found.stays, of.events.values(), died)
        parties = frozenset({each.stay.trust, *each.stay.municipalities})
        id = plan_id(each.id)
        standing.add(id)
        keep_plan(
            session,
            definition,
            Kept(id, of.patient_key, each.id, "discharge", plan, parties, times.of(now), _lists(each, plan)),
        )
    for row in session.all("plans_of_patient", patient_key=of.patient_key):
        if row["reason"] != "discharge":
            day = date.fromisoformat(row["started_day"])
            plan = plan_on(
                definition, day, end_of(day), row["municipality_her"], found.stays, of.events.values(), died
            )
            parties = frozenset({row["municipality_her"]})
            again = Kept(row["plan_id"], of.patient_key, None, row["reason"], plan, parties, times.of(now))
            keep_plan(session, definition, again)
        elif row["plan_id"] not in standing and row["state"] != "revoked":
            _revoke(session, row, times.of(now))


def plan_id(stay_id: str) -> str:
    """The id of the plan of a discharge."""
    return derived_id("plan", stay_id)


def started_id(patient_key: str, municipality: str, reason: str, day: str) -> str:
    """The id of a plan that no discharge started."""
    return derived_id("plan", patient_key, municipality, reason, day)


def start(
    session: Session, definition: PlanDefinition, patient_key: str, detail: Json, at: int, input_id: int
) -> None:
    """Write a plan that was started without a discharge. `detail`, `at`, `input_id`: of its input."""
    municipality, reason, day = detail["municipality"], detail["reason"], date.fromisoformat(detail["day"])
    id = started_id(patient_key, municipality, reason, detail["day"])
    plan = plan_on(definition, day, end_of(day), municipality, (), (), None)
    kept = Kept(id, patient_key, None, reason, plan, frozenset({municipality}), at, input_id=input_id)
    keep_plan(session, definition, kept)


def keep_plan(session: Session, definition: PlanDefinition, kept: Kept) -> None:
    """Write one plan with its tasks."""
    rows = {row["action"]: row for row in session.all("tasks_of_plan", plan_id=kept.id)}
    states = {
        task.action.id: _state_of(task, rows.get(task.action.id), kept.plan) for task in kept.plan.tasks
    }
    state, reason = _plan_state(definition, kept, states)
    session.run(
        "keep_plan",
        plan_id=kept.id,
        patient_key=kept.patient_key,
        stay_id=kept.stay_id,
        reason=kept.reason,
        definition=f"{definition.url}|{definition.version}",
        municipality_her=kept.plan.municipality,
        started_day=kept.plan.started.isoformat(),
        state=state,
        state_reason=reason,
        state_at=kept.at,
        input_id=kept.input_id,
    )
    for task in kept.plan.tasks:
        _keep_prefilled(session, kept, task, states[task.action.id], rows.get(task.action.id))
        _keep_task(session, kept, task, states[task.action.id], rows.get(task.action.id), reason)
    _put(session, kept, _care_plan(session, definition, kept, state, reason))


def _lists(settled: Settled, plan: Plan) -> tuple[str, ...]:
    """The messages that brought the list of medicines: those that the municipality has."""
    return tuple(
        f"Communication/{derived_id('communication', *document.key)}"
        for document in settled.stay.documents
        if document.live and document.current.medication_list
        if document.current.counterpart == plan.municipality and document.told("delivered")
    )


def response_id(plan_id: str, action: str) -> str:
    """The id of the QuestionnaireResponse in which messages answer the questions of a task."""
    return derived_id("prefilled", plan_id, action)


def _keep_prefilled(session: Session, kept: Kept, task: Planned, state: str, row: Row | None) -> None:
    """Write what messages answer of a task's questions; what somebody has gone on with stays as it is.

    A task that a message alone has done leaves questions open that only a person can answer.
    """
    if task.action.questionnaire is None:
        return
    id = response_id(kept.id, task.action.id)
    known = session.one("resource_content", resource_type="QuestionnaireResponse", id=id)
    by_api = row is not None and row["done_by"] in ("task", "questionnaire")
    going_on = state in ("requested", "in-progress") or (state == "completed" and not by_api)
    if (known is None and not going_on) or (known is not None and known["source"] == "api"):
        return
    asked = {"patient_key": kept.patient_key, "her_id": kept.plan.municipality, "most": MOST_READ}
    kinds = prefilled.asks_for(task.action.questionnaire)
    rows = [row for kind in kinds for row in session.all("prefilled_from", resource_type=kind, **asked)]
    said = prefilled.read(rows)
    answers = prefilled.prefilled(task.action.questionnaire, kept.lists, said)
    if known is None and not answers:
        return
    content = {
        "resourceType": "QuestionnaireResponse",
        "id": id,
        "basedOn": [{"reference": f"CarePlan/{kept.id}"}],
        "questionnaire": task.action.questionnaire,
        "status": "in-progress" if going_on else "stopped",
        "subject": subject(kept.patient_key),
        **answers,
    }
    own = frozenset({kept.plan.municipality})
    resources.put(session, New(content, "pathway", kept.patient_key, own), kept.at)


def task_id(plan_id: str, action: str) -> str:
    """The id of a task of a plan."""
    return derived_id("plan-task", plan_id, action)


def _state_of(task: Planned, row: Row | None, plan: Plan) -> str:
    if (
        row is not None
        and row["done_by"] in ("task", "questionnaire")
        and row["state"] in ("completed", "cancelled")
    ):
        told: str = row["state"]
        return told
    if task.done_at is not None and (plan.ended is None or task.done_at <= plan.ended):
        return "completed"
    if plan.ended is not None:
        return "cancelled" if task.due_at is None or plan.ended <= task.due_at else "failed"
    return "in-progress" if row is not None and row["state"] == "in-progress" else "requested"


def _plan_state(definition: PlanDefinition, kept: Kept, states: dict[str, str]) -> tuple[str, str | None]:
    if kept.plan.ended is not None:
        return "revoked", kept.plan.reason
    dated = [task.action.id for task in kept.plan.tasks if task.due_at]
    if all(states[action] == "completed" for action in dated):
        return "completed", "done"
    last = max((task.due_at for task in kept.plan.tasks if task.due_at), default=end_of(kept.plan.started))
    closed = times.moment(kept.at) > last + CLOSED_AFTER
    return ("completed", "window-closed") if closed else ("active", None)


def _keep_task(
    session: Session, kept: Kept, task: Planned, state: str, row: Row | None, reason: str | None
) -> None:
    by_api = row is not None and row["done_by"] in ("task", "questionnaire")
    by_message = state == "completed" and not by_api
    done = times.of(task.done_at) if by_message and task.done_at else None
    values = {
        "task_id": task_id(kept.id, task.action.id),
        "plan_id": kept.id,
        "action": task.action.id,
        "checklist": task.action.checklist,
        "role": task.action.role,
        "due_day": task.due_day.isoformat() if task.due_day else None,
        "due_at": times.of(task.due_at) if task.due_at else None,
        "state": state,
        "state_reason": reason if state in ("cancelled", "failed") else None,
        "done_at": row["done_at"] if row is not None and by_api else done,
        "done_day": row["done_day"] if row is not None and by_api else _day(task.done_at) if done else None,
        "done_role": row["done_role"] if row is not None and by_api else task.action.role if done else None,
        "done_by": row["done_by"] if row is not None and by_api else "message" if done else None,
    }
    session.run("keep_plan_task", **values)
    _put(session, kept, _task(session, kept, task, values))


def _day(at: datetime | None) -> str | None:
    return day_of(at).isoformat() if at else None


def _revoke(session: Session, row: Row, now: int) -> None:
    """The discharge that started it does not stand any more."""
    session.run("revoke_plan", plan_id=row["plan_id"], reason="discharge-cancelled", now=now)
    session.run("cancel_tasks", plan_id=row["plan_id"], reason="discharge-cancelled")
    for task in session.all("tasks_of_plan", plan_id=row["plan_id"]):
        if task["state"] == "cancelled":
            _change(
                session,
                "Task",
                task["task_id"],
                {"status": "cancelled", "statusReason": _why("discharge-cancelled")},
                now,
            )
    _change(session, "CarePlan", row["plan_id"], {"status": "revoked"}, now)


def _change(session: Session, resource_type: str, id: str, changes: Json, now: int) -> None:
    known = session.one("resource_content", resource_type=resource_type, id=id)
    if known is not None and not known["deleted"]:
        content = {**resources.stored(known), **changes}
        resources.put(session, New(content, "pathway", known["patient_key"]), now)


def _why(reason: str) -> Json:
    return coding(reason, _REASONS[reason]) if reason in _REASONS else {"text": reason}


def _put(session: Session, kept: Kept, content: Json) -> None:
    resources.put(session, New(content, "pathway", kept.patient_key, kept.parties), kept.at)


def _care_plan(
    session: Session, definition: PlanDefinition, kept: Kept, state: str, reason: str | None
) -> Json:
    goals = [
        row
        for row in session.all("goals_of_patient", patient_key=kept.patient_key)
        if row["voice"] == "patient" and row["lifecycle"] not in ("cancelled", "rejected")
    ]
    found: Json = {
        "resourceType": "CarePlan",
        "id": kept.id,
        "instantiatesCanonical": [f"{definition.url}|{definition.version}"],
        "status": state,
        "intent": "plan",
        "category": [coding("home-plan", "Plan etter utskrivning")],
        "title": definition.title,
        "subject": subject(kept.patient_key),
        "period": {"start": kept.plan.started.isoformat()},
        "author": organisation(kept.plan.municipality),
        "goal": [{"reference": f"Goal/{row['goal_id']}"} for row in goals],
        "activity": [
            {"reference": {"reference": f"Task/{task_id(kept.id, task.action.id)}"}}
            for task in kept.plan.tasks
        ],
    }
    if kept.stay_id:
        found["encounter"] = {"reference": f"Encounter/{kept.stay_id}"}
    if kept.plan.ended:
        found["period"]["end"] = _day(max(kept.plan.ended, end_of(kept.plan.started)))
    if reason in _REASONS:
        found["note"] = [{"text": _REASONS[str(reason)]}]
    return {name: value for name, value in found.items() if value != []}


def _task(session: Session, kept: Kept, task: Planned, values: dict[str, Any]) -> Json:
    known = session.one("resource_content", resource_type="Task", id=values["task_id"])
    before = resources.stored(known) if known is not None else {}
    found: Json = {
        "resourceType": "Task",
        "id": values["task_id"],
        "instantiatesCanonical": task.action.questionnaire,
        "basedOn": [{"reference": f"CarePlan/{kept.id}"}],
        "status": values["state"],
        "intent": "plan",
        "code": {"coding": [{"system": PATHWAY_CODES, "code": task.action.id, "display": task.action.title}]},
        "for": subject(kept.patient_key),
        "authoredOn": kept.plan.started.isoformat(),
        "performerType": [coding(task.action.role, role_names()[task.action.role][0])],
        "owner": organisation(kept.plan.municipality) if task.action.role not in ("hospital", "gp") else None,
        "input": _input(session, kept, task, values["state"], known),
    }
    if kept.stay_id:
        found["encounter"] = {"reference": f"Encounter/{kept.stay_id}"}
    if task.due_at is not None:
        found["restriction"] = {"period": {"end": instant(task.due_at)}}
    if values["state_reason"]:
        found["statusReason"] = _why(values["state_reason"])
    if values["done_at"] and values["done_by"] == "message":
        found["executionPeriod"] = {"end": instant(times.moment(values["done_at"]))}
    for name in (
        "owner",
        "performerType",
        "executionPeriod",
        "output",
        "note",
        "focus",
        "lastModified",
        "businessStatus",
    ):
        if known is not None and known["source"] == "api" and name in before:
            found[name] = before[name]
    return {name: value for name, value in found.items() if value not in (None, [])}


def _input(session: Session, kept: Kept, task: Planned, state: str, known: Row | None) -> list[Json]:
    """What is already there for a task. It follows the messages until the task is done, and then stays as it was."""
    open_still = state in ("requested", "in-progress") and (known is None or known["source"] != "api")
    before = resources.stored(known).get("input") if known is not None and not open_still else None
    found: list[Json] = list(before or _prefilled(session, kept, task.action.id))
    answers = f"QuestionnaireResponse/{response_id(kept.id, task.action.id)}"
    if any((each.get("valueReference") or {}).get("reference") == answers for each in found):
        return found
    if resources.now(session, *answers.split("/")) is not None:
        found.append(
            {"type": coding("prefilled", "Fra meldingene"), "valueReference": {"reference": answers}}
        )
    return found


def _prefilled(session: Session, kept: Kept, action: str) -> list[Json]:
    """What the messages say about a task, as references."""
    return [
        {
            "type": coding("prefilled", "Fra meldingene"),
            "valueReference": {"reference": f"{kind}/{row['id']}"},
        }
        for kind in PREFILLED.get(action, ())
        for row in session.all(
            "prefilled", patient_key=kept.patient_key, resource_type=kind, most=MOST_PREFILLED
        )
    ]
