"""Can a partner make and change what is its to say, and only that, and does it have its effects?"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from gateway.errors import Refusal
from gateway.ledger import times
from gateway.pathway.calendar import day_of
from gateway.projection.desk import Desk
from gateway.projection.projector import Projector
from gateway.simulator.cast import HOSPITAL
from gateway.simulator.compose import compose, new_ids
from gateway.simulator.steps import story
from gateway.simulator.template import Clock
from tests.integration.test_api_fhir_resources import STORY, found, the
from tests.support.pathway_house import PathwayHouse, pathway_house

Json = dict[str, Any]
DAY_ZERO = date.today() - timedelta(days=6)
HOME = DAY_ZERO + timedelta(days=3)
"""The day of discharge; the plan goes on now."""
BASE = "https://fhir.somlos.no"
CODES = f"{BASE}/CodeSystem/pathway"
ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path_factory.mktemp("gateway"), DAY_ZERO) as found:
        found.hand_in(*STORY)
        yield found


@pytest.fixture
def lyngvik(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as client:
        yield client


def put(client: httpx.Client, content: Json, version: str | None = None) -> httpx.Response:
    headers = {"If-Match": f'W/"{version}"'} if version else {}
    address = f"/fhir/{content['resourceType']}/{content['id']}"
    return client.put(address, json=content, headers={**headers, "Content-Type": "application/fhir+json"})


def post(client: httpx.Client, content: Json, **headers: str) -> httpx.Response:
    named = {"Content-Type": "application/fhir+json", **headers}
    return client.post(f"/fhir/{content['resourceType']}", json=content, headers=named)


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def task_of(client: httpx.Client, action: str) -> Json:
    return the(client, "Task", code=f"{CODES}|{action}")


def goal(client: httpx.Client, words: str = "Jeg vil gå til postkassen selv.") -> Json:
    patient = the(client, "Encounter", type="stay")["subject"]
    return {
        "resourceType": "Goal",
        "meta": {"profile": [f"{BASE}/StructureDefinition/somlos-patient-goal"]},
        "lifecycleStatus": "active",
        "category": [{"coding": [{"system": CODES, "code": "what-matters"}]}],
        "description": {"text": words},
        "subject": patient,
        "expressedBy": patient,
        "target": [{"dueDate": "2026-04-20"}],
    }


def hand_in_another(house: PathwayHouse, key: str) -> None:
    """A message as that of the story, two days after the discharge."""
    step = next(step for step in story() if step.key == key)
    message = compose(step, new_ids(), Clock(HOME + timedelta(days=2)))
    with house.client(HOSPITAL.key) as hospital:
        answer = hospital.post("/messages", content=message.body, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 202, answer.text


def messages_made_anew(house: PathwayHouse, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Everything is made anew, and only messages have had their turn again; the rest has when what is returned is
    called."""
    projector, portion = house.services.projector, Projector.portion
    assert isinstance(projector, Projector)
    loop = house.services.ledger._listeners[0][0]

    async def only_messages(self: Projector) -> bool:
        return bool(self._read("messages_to_project", position=0, most=1)) and await portion(self)

    def go_on() -> None:
        monkeypatch.setattr(Projector, "portion", portion)
        asyncio.run_coroutine_threadsafe(projector.catch_up(), loop).result()

    monkeypatch.setattr(Projector, "portion", only_messages)
    asyncio.run_coroutine_threadsafe(projector.rebuild(), loop).result()
    asyncio.run_coroutine_threadsafe(projector.catch_up(), loop).result()
    return go_on


def page(house: PathwayHouse) -> Any:
    reader = house.services.pathway
    now = times.moment(house.services.ledger.clock())
    stay = next(each for each in reader.stays(now=now) if each.state == "ute")
    return reader.stay(stay.id, now=now)


def test_a_task_that_is_done_is_done(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    task = task_of(lyngvik, "nurse-assessment")
    done = {
        **task,
        "status": "completed",
        "executionPeriod": {"end": f"{HOME + timedelta(days=1)}T10:00:00+01:00"},
    }
    answer = put(lyngvik, done, task["meta"]["versionId"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'W/"{answer.json()["meta"]["versionId"]}"'
    rows = {row.action: row for row in page(house).plans[0].tasks}
    row = rows["nurse-assessment"]
    assert (row.state, row.done_by, row.done_role) == ("completed", "task", "nurse")
    assert day_of(row.done_at).isoformat() == str(HOME + timedelta(days=1))
    assert task_of(lyngvik, "nurse-assessment")["status"] == "completed"


def test_the_version_must_be_named_and_be_the_present_one(lyngvik: httpx.Client) -> None:
    task = task_of(lyngvik, "nurse-assessment")
    begun = {**task, "status": "in-progress"}
    assert put(lyngvik, begun).status_code == 428
    assert put(lyngvik, begun, "77").status_code == 412
    assert put(lyngvik, begun, task["meta"]["versionId"]).status_code == 200
    again = put(lyngvik, {**task, "status": "completed"}, task["meta"]["versionId"])
    assert (again.status_code, code_of(again)) == (412, "records.version-conflict")


def test_what_the_plan_fixed_stays(lyngvik: httpx.Client) -> None:
    task = task_of(lyngvik, "gp-consultation")
    later = copy.deepcopy(task)
    later["restriction"]["period"]["end"] = "2027-01-01T00:00:00+01:00"
    answer = put(lyngvik, later, task["meta"]["versionId"])
    assert (answer.status_code, code_of(answer)) == (422, "records.fixed-element")


def test_the_patients_words_stay_and_the_goal_is_evaluated(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    made = post(lyngvik, goal(lyngvik))
    assert made.status_code == 201, made.text
    kept = made.json()
    other = {**kept, "description": {"text": "Pasienten skal mobiliseres."}}
    answer = put(lyngvik, other, "1")
    assert (answer.status_code, code_of(answer)) == (422, "records.words-of-patient")
    evaluated = {
        **kept,
        "achievementStatus": {"coding": [{"system": ACHIEVEMENT, "code": "achieved"}]},
        "statusDate": "2026-04-18",
    }
    assert put(lyngvik, evaluated, "1").status_code == 200
    row = next(each for each in page(house).goals if each.id == kept["id"])
    assert (row.voice, row.achievement) == ("patient", "achieved")
    assert day_of(row.evaluated_at).isoformat() == "2026-04-18"
    plan = the(lyngvik, "CarePlan", category="home-plan")
    assert {"reference": f"Goal/{kept['id']}"} in plan["goal"]


def test_the_same_goal_is_made_once(lyngvik: httpx.Client) -> None:
    patient = the(lyngvik, "Encounter", type="stay")["subject"]["reference"]
    condition = f"patient={patient}&category=what-matters&start-date=2026-03-28"
    wanted = {**goal(lyngvik), "startDate": "2026-03-28"}
    first = post(lyngvik, wanted, **{"If-None-Exist": condition})
    second = post(lyngvik, wanted, **{"If-None-Exist": condition})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_a_number_keeps_its_digits(
    house: PathwayHouse, lyngvik: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a text when it was read again, in what messages said too."""
    weight = {"measure": {"text": "Vekt"}, "detailQuantity": {"value": "digits", "unit": "kg"}}
    content = json.dumps({**goal(lyngvik), "target": [weight]}).replace('"digits"', "62.50")
    made = lyngvik.post("/fhir/Goal", content=content, headers={"Content-Type": "application/fhir+json"})
    assert made.status_code == 201, made.text
    address = f"/fhir/Goal/{made.json()['id']}"
    assert '"value":62.50' in lyngvik.get(address).text
    messages_made_anew(house, monkeypatch)()
    assert '"value":62.50' in lyngvik.get(address).text


def test_asked_answered_and_a_goal_are_three_things(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    patient = the(lyngvik, "Encounter", type="stay")["subject"]
    plan = the(lyngvik, "CarePlan", category="home-plan")
    goals = len(found(lyngvik, "Goal"))
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}/Questionnaire/hva-er-viktig|0.1.0",
        "status": "completed",
        "basedOn": [{"reference": f"CarePlan/{plan['id']}"}],
        "subject": patient,
        "authored": f"{HOME}T12:00:00+01:00",
        "item": [
            {"linkId": "spurt", "answer": [{"valueBoolean": True}]},
            {"linkId": "svar", "answer": [{"valueCoding": {"system": CODES, "code": "declined"}}]},
        ],
    }
    assert post(lyngvik, response).status_code == 201
    found_page = page(house)
    assert [answer for _, answer in found_page.wishes] == ["declined"]
    assert len(found(lyngvik, "Goal")) == goals
    row = next(each for each in found_page.plans[0].tasks if each.action == "what-matters")
    assert (row.state, row.done_by) == ("completed", "questionnaire")
    assert task_of(lyngvik, "what-matters")["output"][0]["valueReference"]["reference"].startswith(
        "QuestionnaireResponse/"
    )


@pytest.mark.parametrize(("message", "status"), [("innlagt-arvid", "completed"), ("innlagt", "requested")])
def test_an_answer_does_its_task_at_once_unless_a_message_about_the_patient_waits(
    house: PathwayHouse,
    lyngvik: httpx.Client,
    message: str,
    status: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy gateway there is always some message that was not looked at."""

    async def nothing(self: Projector) -> bool:
        return False

    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}/Questionnaire/hva-er-viktig|0.1.0",
        "status": "completed",
        "subject": the(lyngvik, "Encounter", type="stay")["subject"],
        "authored": f"{HOME}T12:00:00+01:00",
    }
    with monkeypatch.context() as waiting:
        waiting.setattr(Projector, "portion", nothing)
        hand_in_another(house, message)
        assert post(lyngvik, response).status_code == 201
        assert task_of(lyngvik, "what-matters")["status"] == status
        condition = f"patient={response['subject']['reference']}&start-date=1900-01-01"
        answer = post(lyngvik, goal(lyngvik), **{"If-None-Exist": condition})
        assert answer.status_code == 201, "nothing is made anew: what was said stands"


def test_an_amended_answer_does_no_other_task(lyngvik: httpx.Client) -> None:
    """It names no plan, and two plans go on."""
    plan = the(lyngvik, "CarePlan", category="home-plan")
    patient = the(lyngvik, "Encounter", type="stay")["subject"]
    applied = {
        "subject": {"valueString": patient["reference"]},
        "reason": {"valueCode": "yearly"},
        "start": {"valueDate": date.today().isoformat()},
        "organization": {"valueString": plan["author"]["identifier"]["value"]},
    }
    given = {
        "resourceType": "Parameters",
        "parameter": [{"name": name, **value} for name, value in applied.items()],
    }
    address = "/fhir/PlanDefinition/helhetlig-pasientforlop-hjemme/$apply"
    assert lyngvik.post(address, json=given).status_code == 200
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}/Questionnaire/hva-er-viktig|0.1.0",
        "status": "completed",
        "subject": patient,
        "authored": f"{HOME}T12:00:00+01:00",
    }
    made = post(lyngvik, response).json()
    amended = put(lyngvik, {**made, "status": "amended"}, made["meta"]["versionId"])
    assert amended.status_code == 200, amended.text
    tasks = found(lyngvik, "Task", code=f"{CODES}|what-matters")
    assert sorted(each["status"] for each in tasks) == ["completed", "requested"]


def test_a_coded_answer_to_a_ready_notice(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    task = task_of(lyngvik, "reply-to-ready-notice")
    vague = put(lyngvik, {**task, "status": "completed"}, task["meta"]["versionId"])
    assert code_of(vague) == "records.answer-not-coded"
    system = f"{BASE}/CodeSystem/npr-time-type"
    said = {
        **task,
        "businessStatus": {"coding": [{"system": system, "code": "7"}]},
        "executionPeriod": {"start": str(HOME)},
    }
    answer = put(lyngvik, said, task["meta"]["versionId"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["businessStatus"]["coding"][0]["code"] == "7"
    entries = [each.entry for each in page(house).timeline]
    assert [(e.npr, e.source) for e in entries if e.what == "answer"] == [("7", "task")]


def test_a_readmission_ends_the_plan(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    hand_in_another(house, "innlagt")
    house.wait()
    assert the(lyngvik, "CarePlan", category="home-plan")["status"] == "revoked"
    task = task_of(lyngvik, "extended-assessment")
    assert (task["status"], task["statusReason"]["coding"][0]["code"]) == ("cancelled", "readmitted")
    assert task_of(lyngvik, "discharge-information")["status"] == "completed"


def test_the_yearly_plan_is_applied_once(lyngvik: httpx.Client) -> None:
    patient = the(lyngvik, "Encounter", type="stay")["subject"]
    given = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueString": patient["reference"]},
            {"name": "reason", "valueCode": "yearly"},
            {"name": "start", "valueDate": "2026-09-01"},
            {"name": "organization", "valueString": "88820001"},
        ],
    }
    address = "/fhir/PlanDefinition/helhetlig-pasientforlop-hjemme/$apply"
    organisation = the(lyngvik, "CarePlan", category="home-plan")["author"]["identifier"]["value"]
    given["parameter"][3]["valueString"] = organisation
    named = {"Content-Type": "application/fhir+json"}
    answers = [lyngvik.post(address, json=given, headers=named) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200], answers[0].text
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(found(lyngvik, "CarePlan", category="home-plan")) == 2
    given["parameter"][1]["valueCode"] = "because"
    assert lyngvik.post(address, json=given, headers=named).status_code == 400


def test_everything_made_anew_is_as_it_was(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    task = task_of(lyngvik, "nurse-assessment")
    put(lyngvik, {**task, "status": "completed"}, task["meta"]["versionId"])
    post(lyngvik, goal(lyngvik))
    kinds = ("Encounter", "CarePlan", "Task", "Goal", "Communication", "MedicationStatement", "EpisodeOfCare")

    def everything() -> dict[str, list[Json]]:
        return {
            kind: sorted((_without_meta(each) for each in found(lyngvik, kind)), key=str) for kind in kinds
        }

    before, rows = everything(), page(house)
    loop = house.services.ledger._listeners[0][0]
    projector = house.services.projector
    assert isinstance(projector, Projector)
    asyncio.run_coroutine_threadsafe(projector.rebuild(), loop).result()
    house.wait()
    after = everything()
    for kind in kinds:
        assert after[kind] == before[kind]
    assert page(house).plans == rows.plans
    assert page(house).stay == rows.stay


def test_what_is_said_while_everything_is_made_anew_passes_over_nothing(
    house: PathwayHouse, lyngvik: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages are in again, what was said before is not: it must still have its turn, and the last word is the
    last."""
    first = post(lyngvik, goal(lyngvik)).json()
    task = task_of(lyngvik, "nurse-assessment")
    put(lyngvik, {**task, "status": "in-progress"}, task["meta"]["versionId"])
    go_on = messages_made_anew(house, monkeypatch)
    assert lyngvik.get(f"/fhir/Goal/{first['id']}").status_code == 404, "it is said again later"
    second = post(lyngvik, goal(lyngvik, "Jeg vil sove hjemme.")).json()
    task = task_of(lyngvik, "nurse-assessment")
    put(lyngvik, {**task, "status": "completed"}, task["meta"]["versionId"])
    go_on()
    house.wait()
    for each in (first, second):
        assert _without_meta(lyngvik.get(f"/fhir/Goal/{each['id']}").json()) == _without_meta(each)
    assert task_of(lyngvik, "nurse-assessment")["status"] == "completed"


def _without_meta(content: Json) -> Json:
    """Without the version; and when a message was delivered is learnt later than the message."""
    return {name: value for name, value in content.items() if name not in ("meta", "received")}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"resourceType": "Goal"}, 422),
        (
            {
                "resourceType": "Goal",
                "lifecycleStatus": "active",
                "description": {"text": "x"},
                "subject": {"reference": "Patient/x"},
            },
            422,
        ),
        (
            {
                "resourceType": "Goal",
                "lifecycleStatus": "made-up",
                "description": {"text": "x"},
                "subject": {"display": "x"},
            },
            422,
        ),
        ({"resourceType": "Task"}, 422),
        ({"resourceType": "Patient"}, 422),
        ([], 400),
        ("x", 400),
    ],
)
def test_what_is_wrong_is_told(lyngvik: httpx.Client, content: Any, status: int) -> None:
    answer = lyngvik.post("/fhir/Goal", json=content, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_task_with_an_owner_follows_up_a_goal(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    own = post(lyngvik, goal(lyngvik, "Jeg vil klippe plenen selv.")).json()

    def linked() -> int:
        query = "SELECT linked FROM goals WHERE goal_id = :id"
        reading = house.services.ledger.reading()
        return int(reading.execute(query, {"id": own["id"]}).fetchone()["linked"])

    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "plan",
        "focus": {"reference": f"Goal/{own['id']}"},
        "for": own["subject"],
        "description": "Øve på trappen",
    }
    assert post(lyngvik, task).status_code == 201
    assert linked() == 0, "nobody has it to do"
    owner = {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "88820001"}}
    made = post(lyngvik, {**task, "owner": owner})
    assert made.status_code == 201
    assert linked() == 1
    again = put(lyngvik, {**made.json(), "status": "completed"}, "1")
    assert again.status_code == 200
    assert linked() == 1


def test_a_task_of_a_plan_cannot_be_made(lyngvik: httpx.Client) -> None:
    task = {key: value for key, value in task_of(lyngvik, "nurse-assessment").items() if key != "id"}
    answer = post(lyngvik, task)
    assert (answer.status_code, code_of(answer)) == (422, "records.fixed-element")
    assert put(lyngvik, {**task, "id": "made-up"}).status_code == 422


def test_what_was_said_here_is_forgotten_in_its_time(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    from gateway.formats import Formats
    from gateway.operations import retention
    from gateway.settings import Retention
    from gateway.workers import Workers

    first = post(lyngvik, goal(lyngvik, "Jeg vil sitte i hagen."))
    made = first.json()
    changed = {**made, "lifecycleStatus": "completed"}
    assert put(lyngvik, changed, "1").status_code == 200
    ledger = house.services.ledger
    loop = ledger._listeners[0][0]
    now = ledger.clock()

    digest = Workers(Formats(), 0).canonical_digest

    def run(days: int) -> retention.Removed:
        when = now + days * retention.DAY
        reader = house.services.operations.reader
        kept = Retention(bodies_days=30)
        expected = retention.due(reader, kept, when)
        doing = asyncio.run_coroutine_threadsafe(retention.run(ledger, reader, kept, when, digest), loop)
        assert doing.result() == expected
        return expected

    assert run(29).said == 0
    assert lyngvik.get(f"/fhir/Goal/{made['id']}").status_code == 200
    assert run(31).said >= 2
    assert lyngvik.get(f"/fhir/Goal/{made['id']}").status_code == 404
    bodies = ledger.reading().execute("SELECT content FROM bodies", {}).fetchall()
    versions = ledger.reading().execute("SELECT content FROM resource_versions", {}).fetchall()
    assert not [row for row in (*bodies, *versions) if "sitte i hagen" in bytes(row["content"]).decode()]
    query = "SELECT voice FROM goals WHERE goal_id = :id"
    assert ledger.reading().execute(query, {"id": made["id"]}).fetchone()["voice"] == "patient"
    assert run(31).said == 0
    assert house.services.projector is not None
    asyncio.run_coroutine_threadsafe(house.services.projector.rebuild(), loop).result()
    house.wait()
    assert lyngvik.get(f"/fhir/Goal/{made['id']}").status_code == 404


def test_a_resource_stays_with_its_patient(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    """Whoever sees it would read of another patient."""
    made = post(lyngvik, goal(lyngvik)).json()
    moved = {**made, "lifecycleStatus": "completed"}
    desk = house.services.desk
    assert desk is not None
    writing = desk.write(moved, "another patient", frozenset(), "a test", lambda session: None)
    with pytest.raises(Refusal, match=r"records\.other-patient"):
        asyncio.run_coroutine_threadsafe(writing, house.services.ledger._listeners[0][0]).result()


def test_of_two_at_once_one_makes_it(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    patient = the(lyngvik, "Encounter", type="stay")["subject"]["reference"]
    condition = f"patient={patient}&category=what-matters&start-date=2026-03-28"
    wanted = {**goal(lyngvik), "startDate": "2026-03-28"}
    both_asked = threading.Barrier(2)
    read = Desk.write

    async def together(self: Desk, *said: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            await asyncio.to_thread(both_asked.wait, 5)
        return await read(self, *said)

    def make(_: int) -> httpx.Response:
        with house.client("lyngvik") as client:
            return post(client, wanted, **{"If-None-Exist": condition})

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Desk, "write", together)
        answers = list(pool.map(make, range(2)))
    assert sorted(each.status_code for each in answers) == [200, 201]
    assert answers[0].json() == answers[1].json()


def test_the_answer_is_the_version_that_was_made(
    house: PathwayHouse, lyngvik: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though another changes it before the answer is written, or everything is removed to be made anew."""
    write = Desk.write
    rebuild = house.services.projector
    assert rebuild is not None

    async def overtaken(self: Desk, *said: Any) -> Any:
        made = await write(self, *said)
        await rebuild.rebuild()
        return made

    monkeypatch.setattr(Desk, "write", overtaken)
    answer = post(lyngvik, goal(lyngvik))
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"1"')


def test_what_may_be_there_is_not_made_while_records_are_made_anew(
    house: PathwayHouse, lyngvik: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = the(lyngvik, "Encounter", type="stay")["subject"]["reference"]
    condition = f"patient={patient}&category=what-matters&start-date=2026-03-28"
    wanted = {**goal(lyngvik), "startDate": "2026-03-28"}
    made = post(lyngvik, wanted).json()
    go_on = messages_made_anew(house, monkeypatch)
    for answer in (post(lyngvik, wanted, **{"If-None-Exist": condition}), put(lyngvik, made)):
        assert (answer.status_code, code_of(answer)) == (503, "us.records-anew")
    go_on()
    assert post(lyngvik, wanted, **{"If-None-Exist": condition}).json()["id"] == made["id"]
    assert put(lyngvik, made).status_code == 428


def test_a_message_about_what_was_made_here_is_kept(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    """Under the id that its own resource will have: the records go on."""
    ledger, projector = house.services.ledger, house.services.projector
    assert projector is not None
    row = ledger.reading().execute(
        "SELECT r.id FROM resources r WHERE r.resource_type = 'Goal' AND r.source = 'message' ORDER BY r.id",
        {},
    )
    id = row.fetchone()["id"]
    loop = ledger._listeners[0][0]
    content = {**lyngvik.get(f"/fhir/Goal/{id}").json(), "lifecycleStatus": "completed"}

    async def before_the_message() -> None:
        desk = house.services.desk
        key = projector._read("resource_now", resource_type="Goal", id=id)[0]["patient_key"]
        assert desk is not None
        await projector.rebuild()
        await desk.write(content, key, frozenset(), "a test", lambda session: None)

    asyncio.run_coroutine_threadsafe(before_the_message(), loop).result()
    house.wait()
    assert lyngvik.get(f"/fhir/Goal/{id}").json()["lifecycleStatus"] == "completed"
