"""Is a message accepted once, seen by its sender only, and are its receipts and translations to be had?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from gateway.app import create_app
from gateway.emessage import apprec
from gateway.emessage.read import read as read_xml
from gateway.translate import roundtrip
from tests.support.live_server import live_server
from tests.support.messages import (
    CANARY_TEXT,
    Admission,
)
from tests.support.two_partners import (
    HOSPITAL_SECRET,
    MUNICIPALITY_SECRET,
    client_of,
    configured,
    post_xml,
    receipt_for,
)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_server(create_app(configured(tmp_path_factory.mktemp("gateway")))) as url:
        yield url


@pytest.fixture
def hospital(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url, HOSPITAL_SECRET) as client:
        yield client


@pytest.fixture
def municipality(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url, MUNICIPALITY_SECRET) as client:
        yield client


# --- acceptance


def test_accepted_once_answered_alike_twice_and_seen_by_its_sender_only(
    hospital: httpx.Client, municipality: httpx.Client, silence: list[str]
) -> None:
    message = Admission()
    first, second = post_xml(hospital, message.xml), post_xml(hospital, message.xml)
    assert (first.status_code, first.content) == (second.status_code, second.content) == (202, first.content)
    id = first.json()["id"]
    assert first.json() == {"id": id, "status": "accepted", "messageId": message.message_id}
    seen = hospital.get(f"/messages/{id}")
    receipts = hospital.get(f"/messages/{id}/receipts")
    silence.append(first.text + seen.text + receipts.text)
    assert seen.json()["type"] == "LOG_INNLAGT"
    assert len(seen.json()["deliveries"]) == 1
    assert receipts.json()["receipts"] == []
    for path in (f"/messages/{id}", f"/messages/{id}/receipts", f"/messages/{uuid4()}"):
        assert municipality.get(path).status_code == 404


def test_many_at_once_are_each_accepted_once(base_url: str) -> None:
    import asyncio

    message = Admission()

    async def all_at_once() -> set[tuple[int, bytes]]:
        headers = {"Authorization": f"Bearer {HOSPITAL_SECRET}", "Content-Type": "application/xml"}
        async with httpx.AsyncClient(
            base_url=base_url, headers=headers, trust_env=False, timeout=60
        ) as client:
            posts = [client.post("/messages", content=message.xml) for _ in range(12)]
            return {(each.status_code, each.content) for each in await asyncio.gather(*posts)}

    ((status, _),) = asyncio.run(all_at_once())
    assert status == 202


# --- receipts of the receiver


@pytest.mark.parametrize("status", ["1", "2"])
def test_receipts_can_be_fetched_by_the_sender_in_either_format(
    hospital: httpx.Client, municipality: httpx.Client, silence: list[str], status: apprec.Status
) -> None:
    message = Admission()
    id = post_xml(hospital, message.xml).json()["id"]
    receipt = receipt_for(message, status)
    assert post_xml(municipality, receipt).status_code == 202
    answer = hospital.get(f"/messages/{id}/receipts")
    silence.append(answer.text)
    (told,) = answer.json()["receipts"]
    assert told["status"] == status
    assert [error["code"] for error in told["errors"]] == ([] if status == "1" else ["E35"])
    (delivery,) = hospital.get(f"/messages/{id}").json()["deliveries"]
    assert delivery["state"] == ("acknowledged" if status == "1" else "rejected")
    as_it_came = hospital.get(told["href"], headers={"Accept": "application/xml"})
    assert (as_it_came.content, as_it_came.headers["content-type"]) == (receipt, "application/xml")
    in_fhir = hospital.get(told["href"], headers={"Accept": "application/fhir+json"})
    header = in_fhir.json()["entry"][0]["resource"]
    assert header["resourceType"] == "MessageHeader"
    assert header["response"]["code"] == ("ok" if status == "1" else "fatal-error")
    assert municipality.get(told["href"]).status_code == 404
    assert hospital.get(f"/messages/{id}/receipts/{uuid4()}").status_code == 404


def test_a_receipt_for_a_receipt_is_refused_and_never_answered_with_one(
    hospital: httpx.Client, municipality: httpx.Client
) -> None:
    message = Admission()
    post_xml(hospital, message.xml)
    refused = post_xml(hospital, receipt_for(message), accept="application/xml")
    assert refused.status_code in (403, 422)
    assert refused.headers["content-type"] == "application/problem+json"
    unknown = post_xml(municipality, receipt_for(Admission()), accept="application/xml")
    assert unknown.json()["code"] == "receipt.unknown-original"


# --- convert and validate


def test_convert_there_and_back(hospital: httpx.Client) -> None:
    message = Admission()
    xml = {"Content-Type": "application/xml"}
    there = hospital.post("/fhir/$convert", content=message.xml, headers=xml)
    assert there.status_code == 200
    assert there.headers["content-type"] == "application/fhir+json"
    assert "lost=0" in there.headers["x-somlos-loss"]
    back = hospital.post(
        "/fhir/$convert", content=there.content, headers={"Content-Type": "application/fhir+json"}
    )
    assert back.headers["content-type"].startswith("application/xml")
    assert roundtrip(message.xml).verdict == "lossless"
    assert read_xml(back.content).standard == "plo-1.6"
    older = hospital.post("/fhir/$convert", params={"to": "plo-1.5"}, content=message.xml, headers=xml)
    assert read_xml(older.content).standard == "plo-1.5"


@pytest.mark.parametrize(
    ("target", "data", "code"),
    [
        ("word-97", Admission().xml, "translate.unknown-target"),
        ("apprec-1.0", Admission().xml, "translate.wrong-kind"),
        ("fhir-r4", Admission().xml[:-9], "xml.not-well-formed"),
        (
            "fhir-r4",
            Admission().xml.replace(b"<MIGversion>v1.2 2006-05-24</MIGversion>", b""),
            "translate.invalid-source",
        ),
    ],
    ids=["no such format", "a message is no receipt", "half", "invalid"],
)
def test_what_cannot_be_converted(
    hospital: httpx.Client, silence: list[str], target: str, data: bytes, code: str
) -> None:
    response = hospital.post("/fhir/$convert", params={"to": target}, content=data)
    silence.append(response.text)
    assert 400 <= response.status_code < 500
    assert response.headers["x-somlos-error"] == code
    assert response.json()["resourceType"] == "OperationOutcome"


def test_validate_tells_the_findings_and_nothing_of_the_content(
    hospital: httpx.Client, silence: list[str]
) -> None:
    good = hospital.post("/fhir/$validate", content=Admission().xml)
    wrong = hospital.post("/fhir/$validate", content=Admission().xml.replace(b"FNR", b"XYZ"))
    goal = {"resourceType": "Goal", "lifecycleStatus": "dreaming", "description": {"text": CANARY_TEXT}}
    resource = hospital.post("/fhir/$validate", content=json.dumps(goal).encode())
    silence.append(good.text + wrong.text + resource.text)
    assert {each.status_code for each in (good, wrong, resource)} == {200}
    assert "error" not in {issue["severity"] for issue in good.json()["issue"]}
    expressions = [issue.get("expression") for issue in resource.json()["issue"]]
    assert ["Goal.lifecycleStatus"] in expressions
