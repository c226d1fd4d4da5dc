"""Does the FHIR API survive everything its own statement invites to? Requests are drawn from its CapabilityStatement
and from the OpenAPI description: types, ids, versions, search parameters with values that fit and values that do
not, headers, and bodies that were right before something in them was changed.

No answer may be a 5xx; what is refused is an OperationOutcome; and no answer repeats an identity number.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.test_api_fhir_resources import STORY
from tests.integration.test_api_fhir_writing import DAY_ZERO, goal
from tests.support.pathway_house import SOLVEIG, PathwayHouse, pathway_house

Json = dict[str, Any]
MANY = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FHIR = "application/fhir+json"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PathwayHouse]:
    with pathway_house(tmp_path_factory.mktemp("gateway"), DAY_ZERO) as found:
        found.hand_in(*STORY)
        yield found


@pytest.fixture(scope="module")
def client(house: PathwayHouse) -> Iterator[httpx.Client]:
    with house.client("lyngvik") as found:
        yield found


@pytest.fixture(scope="module")
def statement(client: httpx.Client) -> dict[str, Json]:
    found: Json = client.get("/fhir/metadata").json()
    return {each["type"]: each for each in found["rest"][0]["resource"]}


@pytest.fixture(scope="module")
def known(client: httpx.Client, statement: dict[str, Json]) -> dict[str, list[Json]]:
    """Resources that there are."""
    found = {}
    for kind, said in statement.items():
        if "search-type" in {each["code"] for each in said["interaction"]}:
            page = client.get(f"/fhir/{kind}?_count=5").json()
            found[kind] = [entry["resource"] for entry in page.get("entry", ())]
    return found


TEXT = st.text(max_size=40)
VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "",
            "|",
            "a|",
            "|a",
            "a|b",
            ",",
            "Patient/x",
            "Patient/",
            "ge2026",
            "lt2026-02-30",
            "eq",
            "2026-03-29T02:30",
        ]
    ),
    st.sampled_from(
        ["finished", "active", "2026-11-22", "ge2020-01-01", "lt2099-12-31T23:59:59Z", "-1", "0", "9" * 30]
    ),
    st.datetimes().map(lambda at: at.isoformat()),
    st.integers().map(str),
)
NAMES = st.one_of(
    TEXT,
    st.sampled_from(
        ["_count", "_before", "_id", "_lastUpdated", "_sort", "_include", "patient", "identifier"]
    ),
)
IDS = st.one_of(TEXT, st.sampled_from(["x", "1", "%00", "..", "a" * 64, "a" * 65, "_history", "$apply"]))


def judge(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (str(answer.request.method), answer.status_code)
    assert SOLVEIG not in str(answer.headers)
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.json()["resourceType"] == "OperationOutcome", answer.text[:200]


@given(data=st.data())
@MANY
def test_searches(client: httpx.Client, statement: dict[str, Json], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(statement)))
    own = [each["name"] for each in statement[kind].get("searchParam", ())] or ["_id"]
    names = st.one_of(st.sampled_from(own), NAMES)
    pairs = data.draw(st.lists(st.tuples(names, VALUES), max_size=5))
    if data.draw(st.booleans()):
        judge(client.get(f"/fhir/{kind}", params=pairs))
    else:
        form = httpx.QueryParams(pairs)
        named = {
            "Content-Type": data.draw(
                st.sampled_from(["application/x-www-form-urlencoded", FHIR, "text/plain"])
            )
        }
        judge(client.post(f"/fhir/{kind}/_search", content=str(form).encode(), headers=named))


@given(data=st.data())
@MANY
def test_reads(
    client: httpx.Client, statement: dict[str, Json], known: dict[str, list[Json]], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from([*sorted(statement), "Basic", "Nothing", "patient"]))
    there = [resource["id"] for resource in known.get(kind, ())]
    id = data.draw(st.one_of(st.sampled_from(there), IDS) if there else IDS)
    rest = data.draw(
        st.sampled_from(["", "/_history", "/_history/1", "/_history/999", "/_history/x", "/$everything"])
    )
    headers = data.draw(
        st.sampled_from([{}, {"If-None-Match": 'W/"1"'}, {"Accept": "text/html"}, {"If-Match": "x"}])
    )
    judge(client.get(f"/fhir/{kind}/{quote(id, safe='%$')}{rest}", headers=headers))


def changed(data: st.DataObject, content: Json) -> Any:
    """The content with something in it that was not there, or is not there any more."""
    found = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(0, 3))):
        node: Any = found
        while isinstance(node, dict | list) and node:
            keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
                what = data.draw(st.sampled_from(["remove", "replace", "double"]))
                if what == "remove":
                    del node[key]
                elif what == "replace":
                    node[key] = data.draw(
                        st.one_of(
                            st.none(),
                            st.booleans(),
                            st.integers(),
                            TEXT,
                            st.just({}),
                            st.just([]),
                            st.just([{}]),
                        )
                    )
                else:
                    node[key] = [node[key], node[key]]
                break
            node = node[key]
    return found


@given(data=st.data())
@MANY
def test_writes(
    client: httpx.Client, known: dict[str, list[Json]], statement: dict[str, Json], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["Goal", "Task", "QuestionnaireResponse"]))
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "https://fhir.somlos.no/Questionnaire/sykepleier",
        "subject": known["Encounter"][0]["subject"],
        "basedOn": [{"reference": f"CarePlan/{known['CarePlan'][0]['id']}"}],
        "item": [{"linkId": "helse", "answer": [{"valueString": "x"}]}],
    }
    seeds = {
        "Goal": [goal(client), *known["Goal"]],
        "Task": known["Task"],
        "QuestionnaireResponse": [response],
    }
    content = changed(data, data.draw(st.sampled_from(seeds[kind])))
    body = data.draw(st.one_of(st.just(json.dumps(content).encode()), st.binary(max_size=30)))
    headers = {
        "Content-Type": data.draw(st.sampled_from([FHIR, FHIR, FHIR, "application/xml", "text/plain"]))
    }
    match = data.draw(st.sampled_from([None, 'W/"1"', 'W/"2"', '"1"', "*", "x", 'W/"99999999999999"']))
    if match:
        headers["If-Match"] = match
    condition = data.draw(
        st.sampled_from([None, "status=x", "category=y", "=", "identifier=1", "patient=Patient/x&_count=1"])
    )
    if condition:
        headers["If-None-Exist"] = condition
    if data.draw(st.booleans()):
        judge(client.post(f"/fhir/{kind}", content=body, headers=headers))
    else:
        id = content.get("id") if isinstance(content, dict) else None
        named = id if isinstance(id, str) and id.isascii() and id.replace("-", "").isalnum() else "made-up"
        judge(client.put(f"/fhir/{kind}/{named}", content=body, headers=headers))


@given(data=st.data())
@settings(MANY, max_examples=80)
def test_operations_and_other_methods(
    client: httpx.Client, known: dict[str, list[Json]], data: st.DataObject
) -> None:
    given_parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueString": known["Encounter"][0]["subject"]["reference"]},
            {"name": "reason", "valueCode": data.draw(st.sampled_from(["yearly", "new-user", "x"]))},
            {"name": "start", "valueDate": data.draw(st.one_of(st.dates().map(str), TEXT))},
            {"name": "organization", "valueString": data.draw(st.one_of(st.just("1"), TEXT))},
        ],
    }
    content = changed(data, given_parameters)
    address = data.draw(
        st.sampled_from(
            [
                "/fhir/PlanDefinition/helhetlig-pasientforlop-hjemme/$apply",
                "/fhir/PlanDefinition/x/$apply",
                "/fhir/Goal/x/$apply",
                "/fhir/Patient",
                "/fhir/Encounter/x",
            ]
        )
    )
    method = data.draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]))
    judge(
        client.request(method, address, content=json.dumps(content).encode(), headers={"Content-Type": FHIR})
    )
