"""Is what the messages say found again over FHIR: read, searched, in its versions, by those who may?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.fhir.validate import validate
from gateway.simulator.cast import PATIENTS
from tests.support import stores
from tests.support.pathway_house import SOLVEIG, PathwayHouse, pathway_house

STORY = (
    *("innlagt", "innleggelsesrapport", "varsel", "feilsendt", "innlagt-arvid", "klar", "tilbakemelding"),
    *("utskrivningsrapport", "utskrevet", "utskrivningsrapport-endret"),
)
IDENTITY = {"patient.identifier": f"urn:oid:2.16.578.1.12.4.1.4.1|{SOLVEIG}"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path_factory.mktemp("gateway")) as found:
        found.hand_in(*STORY)
        yield found


@pytest.fixture(scope="module")
def lyngvik(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as client:
        yield client


def found(client: httpx.Client, kind: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.post(f"/fhir/{kind}/_search", data={**IDENTITY, **asked})
    assert answer.status_code == 200, answer.text
    whole = answer.json()
    assert whole["resourceType"] == "Bundle"
    assert whole["total"] >= len(whole.get("entry", ()))
    return [entry["resource"] for entry in whole.get("entry", ())]


def the(client: httpx.Client, kind: str, **asked: str) -> dict[str, Any]:
    (one,) = found(client, kind, **asked)
    return one


def test_one_stay_as_an_encounter(lyngvik: httpx.Client) -> None:
    stay = the(lyngvik, "Encounter", type="stay")
    assert stay["status"] == "finished"
    assert stay["period"]["start"] == "2026-03-24T14:20:00+01:00"
    assert stay["subject"]["reference"].startswith("Patient/")
    episode = lyngvik.get(f"/fhir/{stay['episodeOfCare'][0]['reference']}")
    assert episode.json()["status"] == "finished", "its plan was over long ago"


def test_what_matters_to_the_patient_is_a_goal_in_her_words(lyngvik: httpx.Client) -> None:
    goals = found(lyngvik, "Goal")
    own = [goal for goal in goals if goal.get("expressedBy", {}).get("reference", "").startswith("Patient/")]
    assert own
    assert own[0]["subject"]["reference"] == own[0]["expressedBy"]["reference"]


def test_the_plan_has_its_dated_tasks(lyngvik: httpx.Client) -> None:
    plan = the(lyngvik, "CarePlan", category="home-plan")
    tasks = {
        task["code"]["coding"][0]["code"]: task
        for task in found(lyngvik, "Task", **{"based-on": f"CarePlan/{plan['id']}"})
    }
    assert tasks["nurse-assessment"]["restriction"]["period"]["end"] == "2026-03-30T23:59:59+02:00"
    assert tasks["gp-consultation"]["status"] == "requested"
    assert tasks["discharge-information"]["status"] == "completed"
    assert tasks["nurse-assessment"]["input"]


def test_a_change_is_a_new_version_of_the_same_resource(lyngvik: httpx.Client) -> None:
    doses = found(lyngvik, "MedicationStatement")
    changed = [each for each in doses if each["meta"]["versionId"] == "2"]
    assert len(changed) == 1
    id = changed[0]["id"]
    history = lyngvik.get(f"/fhir/MedicationStatement/{id}/_history").json()
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]
    first = lyngvik.get(f"/fhir/MedicationStatement/{id}/_history/1").json()
    assert first != changed[0]
    assert first["id"] == id


def test_nobody_else_sees_it(house: PathwayHouse, lyngvik: httpx.Client) -> None:
    stay = the(lyngvik, "Encounter", type="stay")
    with house.client("bjorkelia") as other:
        assert found(other, "Encounter") == []
        assert other.get(f"/fhir/Encounter/{stay['id']}").status_code == 404
    with house.client("operator") as operator:
        assert operator.get(f"/fhir/Encounter/{stay['id']}").status_code == 200
    with httpx.Client(base_url=house.url, trust_env=False, timeout=60) as stranger:
        assert stranger.get(f"/fhir/Encounter/{stay['id']}").status_code == 401


def test_reading_leaves_a_record_without_the_patients_number(
    house: PathwayHouse, lyngvik: httpx.Client
) -> None:
    stay = the(lyngvik, "Encounter", type="stay")
    lyngvik.get(f"/fhir/Encounter/{stay['id']}")
    with house.client("operator") as operator:
        events = operator.get("/fhir/AuditEvent?action=R&_count=5")
        assert f"Encounter/{stay['id']}" in events.text
        assert SOLVEIG not in events.text


def test_an_identity_number_is_not_taken_in_an_address(lyngvik: httpx.Client) -> None:
    answer = lyngvik.get("/fhir/Goal", params=IDENTITY)
    assert answer.status_code == 400
    assert SOLVEIG not in answer.text
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "api.identity-in-address"


def test_pages_follow_each_other_without_gap_or_repetition(lyngvik: httpx.Client) -> None:
    whole = [each["id"] for each in found(lyngvik, "Communication")]
    page = lyngvik.post("/fhir/Communication/_search", data={**IDENTITY, "_count": "2"}).json()
    seen = [entry["resource"]["id"] for entry in page["entry"]]
    while following := next((link["url"] for link in page["link"] if link["relation"] == "next"), None):
        assert SOLVEIG not in following
        page = lyngvik.get(following).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert seen == whole
    assert len(whole) == page["total"] > 4


def test_the_statement_names_what_is_served(lyngvik: httpx.Client) -> None:
    (rest,) = lyngvik.get("/fhir/metadata").json()["rest"]
    types = {each["type"]: {i["code"] for i in each["interaction"]} for each in rest["resource"]}
    clinical = "CarePlan Goal Encounter EpisodeOfCare Task Communication"
    for kind in f"{clinical} MessageHeader Provenance AuditEvent MeasureReport".split():
        assert {"read", "vread", "history-instance", "search-type"} <= types[kind], kind
        assert lyngvik.get(f"/fhir/{kind}").status_code == 200
    for each in rest["resource"]:
        for parameter in each.get("searchParam", ()):
            value = {"date": "2026-03-24", "token": "x", "reference": "x", "uri": "x"}[parameter["type"]]
            answer = lyngvik.get(f"/fhir/{each['type']}", params={parameter["name"]: value})
            assert answer.status_code in (200, 400), (each["type"], parameter["name"])


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"status": "finished"}, 1),
        ({"status": "in-progress"}, 0),
        ({"date": "2026-03-25"}, 0),
        ({"date": "ge2026-03-24"}, 1),
        ({"date": "lt2026-03-24"}, 0),
        ({"date": "gt2026-03-28"}, 0),
        ({"_lastUpdated": "ge2026-01-01"}, 1),
        ({"class": "http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP"}, 1),
        ({"class": "http://terminology.hl7.org/CodeSystem/v3-ActCode|"}, 1),
        ({"class": "AMB,IMP"}, 1),
        ({"class": "a,b,c,d,e,f,g,h,i,j,k,l,IMP"}, 1),
        ({"_id": "nobody"}, 0),
    ],
)
def test_searches(lyngvik: httpx.Client, asked: dict[str, str], number: int) -> None:
    assert len(found(lyngvik, "Encounter", type="stay", **asked)) == number


@pytest.mark.parametrize(
    "address",
    [
        "/fhir/Goal?made-up=1",
        "/fhir/Goal?_count=-1",
        "/fhir/Goal?start-date=yesterday",
        "/fhir/Goal?start-date=2026-13-45",
        "/fhir/Goal?patient=%00",
        "/fhir/Encounter?date=eq9999-12-31T99:99",
        "/fhir/Goal?" + "&".join(["status=x"] * 40),
    ],
)
def test_a_bad_search_gets_an_outcome(lyngvik: httpx.Client, address: str) -> None:
    answer = lyngvik.get(address)
    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "address",
    ["/fhir/Nothing/1", "/fhir/Goal/none", "/fhir/Basic", "/fhir/Goal/x/_history", "/fhir/Goal/x/_history/y"],
)
def test_what_is_not_there_is_not_found(lyngvik: httpx.Client, address: str) -> None:
    answer = lyngvik.get(address)
    assert answer.status_code == 404, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_number_and_name_stand_nowhere_but_in_bodies_and_resources(house: PathwayHouse) -> None:
    reading = house.services.ledger.reading()
    holding = set()
    for table in stores.tables(reading):
        for row in reading.execute(f"SELECT * FROM {table}", {}).fetchall():
            text = " ".join(str(value) for value in row)
            if SOLVEIG in text or PATIENTS["solveig"].family_name in text:
                holding.add(table)
    assert holding == {"bodies", "resource_versions"}


def test_a_message_names_the_service_that_sent_it_and_either_level_finds_it(lyngvik: httpx.Client) -> None:
    every = [one for one in found(lyngvik, "Communication") if "encounter" in one]
    assert every
    for one in every:
        assert [issue for issue in validate(one) if issue.severity == "error"] == []
        service, whole = one["sender"]["identifier"], one["contained"][0]
        assert one["sender"]["reference"] == f"#{whole['id']}"
        assert whole["identifier"] == [service] and whole["partOf"]["identifier"] != service
        for identifier in (service, whole["partOf"]["identifier"]):
            value = f"{identifier['system']}|{identifier['value']}"
            asked = found(lyngvik, "Communication", **{"sender:identifier": value})
            assert one["id"] in [each["id"] for each in asked]
        others = {each["sender"]["identifier"]["value"] for each in every} - {service["value"]}
        for other in others:
            asked = found(lyngvik, "Communication", **{"sender:identifier": f"{service['system']}|{other}"})
            assert one["id"] not in [each["id"] for each in asked]


def test_a_message_is_found_by_the_service_it_went_to(lyngvik: httpx.Client) -> None:
    every = [one for one in found(lyngvik, "Communication") if "encounter" in one]
    named = {each["identifier"]["value"] for one in every for each in one["recipient"]}
    system = "urn:oid:2.16.578.1.12.4.1.2"
    for her_id in named:
        expected = {
            one["id"] for one in every if her_id in {each["identifier"]["value"] for each in one["recipient"]}
        }
        for value in (f"{system}|{her_id}", her_id):
            asked = found(lyngvik, "Communication", **{"recipient:identifier": value})
            assert {one["id"] for one in asked if "encounter" in one} == expected
    assert any(len(one["recipient"]) == 2 for one in every), "the organisation, and the service within it"
    for name in ("recipient:nonsense", "sent:identifier", "status:identifier"):
        assert lyngvik.get("/fhir/Communication", params={name: "x"}).status_code == 400
