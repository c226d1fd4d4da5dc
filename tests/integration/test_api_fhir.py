"""Does the FHIR API say what and where when what it gets is wrong, and the whole report when it converts?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.app import create_app
from gateway.emessage.read import read as read_xml
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import profile_url
from gateway.fhir.validate import validate
from gateway.translate import convert
from tests.support.live_server import live_server
from tests.support.messages import Admission
from tests.support.story import told
from tests.support.two_partners import HOSPITAL_SECRET, client_of, configured

JSON = {"Content-Type": "application/fhir+json"}
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    app = create_app(configured(tmp_path_factory.mktemp("gateway")))
    with live_server(app) as url, client_of(url, HOSPITAL_SECRET) as client:
        yield client


def bundle() -> dict[str, Any]:
    return fhir_json.read(convert(read_xml(Admission().xml), "fhir-r4").data)


def _dangling() -> bytes:
    made = bundle()
    made["entry"][0]["resource"]["sender"] = {"reference": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"}
    return fhir_json.write(made)


def _of_r5() -> bytes:
    made = bundle()
    destination = made["entry"][0]["resource"]["destination"][0]
    destination["endpointUrl"] = "urn:oid:1.2"
    return fhir_json.write(made)


WRONG = {
    "not JSON": (b'{"resourceType": "Bundle",\n "type": message}', "json.not-json", "type", 2),
    "no object": (b"[1, 2]", "json.not-an-object", None, None),
    "half": (b'{"resourceType": "Bundle", "entry": [{"full', "json.not-json", "entry[0]", 1),
    "a key twice": (
        b'{"resourceType":"Bundle","entry":[\n{"fullUrl":"urn:a","fullUrl":"urn:b"}]}',
        "json.duplicate-key",
        "entry[0].fullUrl",
        2,
    ),
    "2000 levels": (
        b'{"resourceType":"Bundle","entry":' + b"[" * 2000 + b"]" * 2000 + b"}",
        "json.too-deep",
        "entry" + "[0]" * 11 + "…",
        1,
    ),
    "NaN": (
        b'{"resourceType":"Observation",\n\n"valueQuantity":{"value":NaN}}',
        "json.not-a-number",
        "valueQuantity.value",
        3,
    ),
    "a null character": (
        b'{"resourceType":"Patient","name":[{"family":"\\u0000"}]}',
        "json.null-character",
        None,
        1,
    ),
    "Latin-1": ('{"resourceType":"Patient","id":"\xe6"}'.encode("latin-1"), "json.not-utf-8", None, 1),
    "R5": (
        _of_r5(),
        "fhir.other-version",
        "Bundle.entry[0].resource.ofType(MessageHeader).destination[0].endpointUrl",
        None,
    ),
    "a type of R5": (b'{"resourceType":"Transport"}', "fhir.other-version", "resourceType", None),
    "a reference to nothing": (
        _dangling(),
        "fhir.bad-reference",
        "Bundle.entry[0].resource.ofType(MessageHeader).sender.reference",
        None,
    ),
}


@pytest.mark.parametrize("address", ["/fhir/$validate", "/fhir/$convert", "/fhir/$process-message"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_told_with_what_and_where(hospital: httpx.Client, address: str, name: str) -> None:
    data, code, path, line = WRONG[name]
    answer = hospital.post(address, content=data, headers=JSON)
    outcome = answer.json()
    assert answer.headers["content-type"] == "application/fhir+json"
    assert validate(outcome) == ()
    assert (answer.status_code == 200) == (address == "/fhir/$validate" and code.startswith("fhir."))
    told = [each for each in outcome["issue"] if each["details"]["coding"][0]["code"] == code]
    assert told, outcome
    assert told[0]["severity"] == "error"
    if path is not None:
        assert path in [each["expression"][0] for each in told]
    if line is not None:
        assert told[0]["extension"][0]["valueInteger"] == line
        assert f"line {line}" in told[0]["diagnostics"]


@pytest.mark.parametrize("address", ["/fhir/$validate", "/fhir/$convert", "/fhir/$process-message"])
def test_40_megabytes_are_too_much(hospital: httpx.Client, address: str) -> None:
    data = b'{"resourceType":"Bundle","type":"message","id":"' + b"a" * 40_000_000 + b'"}'
    answer = hospital.post(address, content=data, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["issue"][0]["code"] == "too-long"
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "api.body-too-large"


def test_what_is_stated_to_be_json_is_read_as_json(hospital: httpx.Client) -> None:
    answer = hospital.post("/fhir/$validate", content=b"hello", headers=JSON)
    assert answer.headers["x-somlos-error"] == "json.not-json"
    other = hospital.post("/fhir/$validate", content=b"hello", headers=XML)
    assert other.headers["x-somlos-error"].startswith("xml.")


def test_content_stated_to_be_of_another_version_is_not_taken(hospital: httpx.Client) -> None:
    header = {"Content-Type": 'application/fhir+json; fhirVersion="5.0"'}
    assert hospital.post("/fhir/$validate", content=b"{}", headers=header).status_code == 415
    header = {"Content-Type": "application/fhir+json; fhirVersion=4.0"}
    assert (
        hospital.post("/fhir/$validate", content=fhir_json.write(bundle()), headers=header).status_code == 200
    )


# $convert with the report


def _parameter(answer: httpx.Response, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in answer.json()["parameter"] if each["name"] == name)
    return found


def test_convert_with_the_report_either_way(hospital: httpx.Client) -> None:
    xml = Admission().xml
    plain = hospital.post("/fhir/$convert", content=xml, headers=XML)
    there = hospital.post("/fhir/$convert", params={"report": "true"}, content=xml, headers=XML)
    assert validate(there.json()) == ()
    assert _parameter(there, "return")["resource"] == plain.json()
    counts = {each["name"]: each.get("valueInteger") for each in _parameter(there, "report")["part"]}
    assert f"total={counts['total']}; native={counts['native']}" in there.headers["x-somlos-loss"]
    entries = [each for each in _parameter(there, "report")["part"] if each["name"] == "entry"]
    assert len(entries) == counts["extension"] + counts["exact"] + counts["lost"]
    assert all({part["name"] for part in each["part"]} >= {"kind", "source"} for each in entries)
    targets = [part["valueString"] for each in entries for part in each["part"] if part["name"] == "target"]
    assert targets
    assert [each for each in targets if not each[:1].isupper()] == [], "a whole place, from the resource on"
    back = hospital.post("/fhir/$convert", params={"report": "true"}, content=plain.content, headers=JSON)
    assert validate(back.json()) == ()
    binary = _parameter(back, "return")["resource"]
    assert read_xml(base64.b64decode(binary["data"])).standard == "plo-1.6"
    assert _parameter(back, "format")["valueCode"] == "plo-1.6"


def test_what_nobody_said_is_told_with_its_severity(hospital: httpx.Client) -> None:
    """For it the gateway holds a message."""
    older = convert(read_xml(told()["innleggelsesrapport-arvid"].body), "plo-1.5").data
    given: dict[str, Any] = hospital.post("/fhir/$convert", content=older, headers=XML).json()
    patient = next(e["fullUrl"] for e in given["entry"] if e["resource"]["resourceType"] == "Patient")
    condition = {"resourceType": "Condition", "subject": {"reference": patient}, "code": {"text": "Astma"}}
    given["entry"].append({"fullUrl": f"urn:uuid:{uuid4()}", "resource": condition})
    asked = {"report": "true", "to": "plo-1.5"}
    made = hospital.post("/fhir/$convert", params=asked, content=json.dumps(given), headers=JSON)
    assert validate(made.json()) == ()
    entries = [each["part"] for each in _parameter(made, "report")["part"] if each["name"] == "entry"]
    (assumed,) = [{part["name"]: part.get("valueCode") for part in parts} for parts in entries]
    assert (assumed["kind"], assumed["severity"]) == ("assumed", "error")
    assert made.headers["x-somlos-loss"].endswith("lost=0; gravest=error")


@pytest.mark.parametrize("target", ["fhir", "fhir-r4"])
def test_the_target_is_named_as_on_the_command_line_or_in_full(target: str, hospital: httpx.Client) -> None:
    xml = Admission().xml
    asked = hospital.post("/fhir/$convert", params={"to": target}, content=xml, headers=XML)
    assert asked.json() == hospital.post("/fhir/$convert", content=xml, headers=XML).json()


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ([("report", "yes")], "api.bad-parameter", "report"),
        ([("target", "plo-1.5")], "api.unknown-parameter", None),
        ([("to", "plo-1.5"), ("to", "plo-1.6")], "api.unknown-parameter", None),
    ],
)
def test_convert_looks_at_each_parameter(
    hospital: httpx.Client, given: list[tuple[str, str]], code: str, path: str | None
) -> None:
    answer = hospital.post("/fhir/$convert", params=given, content=Admission().xml, headers=XML)
    assert answer.status_code == 400
    issue = answer.json()["issue"][0]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue.get("expression") == ([path] if path else None)
    usual = {"report": "false", "_format": "json"}
    assert (
        hospital.post("/fhir/$convert", params=usual, content=Admission().xml, headers=XML).status_code == 200
    )


def test_convert_looks_at_each_part_of_parameters(hospital: httpx.Client) -> None:
    sent = {"resourceType": "Parameters", "parameter": [{"name": "target", "valueCode": "plo-1.5"}]}
    answer = hospital.post("/fhir/$convert", json=sent)
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "api.unknown-parameter"


def test_convert_takes_parameters(hospital: httpx.Client) -> None:
    xml = {"resourceType": "Binary", "contentType": "application/xml"}
    xml["data"] = base64.b64encode(Admission().xml).decode()
    sent = {
        "resourceType": "Parameters",
        "parameter": [{"name": "content", "resource": xml}, {"name": "to", "valueCode": "plo-1.5"}],
    }
    answer = hospital.post("/fhir/$convert", json=sent)
    binary = _parameter(answer, "return")["resource"]
    assert read_xml(base64.b64decode(binary["data"])).standard == "plo-1.5"


def test_what_is_not_valid_is_refused_with_its_findings(hospital: httpx.Client) -> None:
    answer = hospital.post("/fhir/$convert", content=_dangling(), headers=JSON)
    codes = [each["details"]["coding"][0]["code"] for each in answer.json()["issue"]]
    assert (answer.status_code, codes) == (422, ["translate.invalid-source", "fhir.bad-reference"])


# $validate by profiles

GOAL = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Gå i butikken"},
    "subject": {"reference": "Patient/1"},
}
STRICT = profile_url("somlos-patient-goal")


def _found(answer: httpx.Response) -> list[tuple[str, list[str] | None]]:
    return [(each["details"]["coding"][0]["code"], each.get("expression")) for each in answer.json()["issue"]]


def test_a_resource_is_held_against_the_profile_that_is_named(hospital: httpx.Client) -> None:
    assert _found(hospital.post("/fhir/$validate", json=GOAL)) == [("fhir.no-findings", None)]
    strict = hospital.post("/fhir/$validate", params={"profile": STRICT}, json=GOAL)
    assert _found(strict) == [("fhir.profile", ["Goal.expressedBy"])]
    unknown = hospital.post("/fhir/$validate", params={"profile": "http://example.org/x"}, json=GOAL)
    assert _found(unknown) == [("fhir.unknown-profile", ["Goal"])]


def test_validate_takes_parameters_and_a_type(hospital: httpx.Client) -> None:
    sent = {
        "resourceType": "Parameters",
        "parameter": [{"name": "profile", "valueUri": STRICT}, {"name": "resource", "resource": GOAL}],
    }
    answer = hospital.post("/fhir/Goal/$validate", content=json.dumps(sent).encode(), headers=JSON)
    assert _found(answer) == [("fhir.profile", ["Goal.expressedBy"])]
    wrong = hospital.post("/fhir/Patient/$validate", json=GOAL)
    assert _found(wrong) == [("fhir.wrong-type", ["resourceType"])]
