"""Does the real gateway, over real HTTP, answer every kind of wrong input clearly, keep nothing of it and tell nothing?

Each wrong input holds a canary identity number, a canary name and a canary text; none may come back or be logged.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from lxml import etree

from gateway.app import create_app
from tests.support.live_server import live_server
from tests.support.messages import (
    CANARY_NAME,
    CANARY_NUMBER,
    HOSPITAL,
    MUNICIPALITY,
    NURSING,
    WARD,
    Admission,
)
from tests.support.two_partners import (
    GATEWAY_HER,
    HOSPITAL_SECRET,
    bundle,
    client_of,
    configured,
    post_fhir,
    post_xml,
)

BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_server(create_app(configured(tmp_path_factory.mktemp("gateway")))) as url:
        yield url


@pytest.fixture
def hospital(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url, HOSPITAL_SECRET) as client:
        yield client


def without_header() -> bytes:
    content = bundle()
    content["entry"] = [
        each for each in content["entry"] if each["resource"]["resourceType"] != "MessageHeader"
    ]
    return json.dumps(content).encode()


def changed(patient: dict[str, Any]) -> bytes:
    """The Bundle with this in its Patient."""
    content = bundle()
    next(
        each["resource"] for each in content["entry"] if each["resource"]["resourceType"] == "Patient"
    ).update(patient)
    return json.dumps(content).encode()


def to_two() -> dict[str, Any]:
    """The Bundle with its receiver named twice."""
    content = bundle()
    content["entry"][0]["resource"]["destination"] *= 2
    return content


def with_identifier(value: str | None) -> dict[str, Any]:
    """The Bundle with this MsgId; None: without anything that could be one."""
    content = bundle()
    header = content["entry"][0]["resource"]
    if value is not None:
        content["identifier"]["value"] = value
        return content
    for resource in (content, header):
        resource.pop("id", None)
    del content["identifier"]
    return content


@dataclass
class Wrong:
    """A wrong input and the answer it must get."""

    code: str
    status: int
    data: Callable[[], bytes]
    post: Callable[..., httpx.Response] = post_xml


WRONG = {
    "nothing": Wrong("xml.empty-input", 400, lambda: b""),
    "not XML": Wrong("xml.not-well-formed", 400, lambda: f"Hei {CANARY_NAME} {CANARY_NUMBER}".encode()),
    "half an XML": Wrong("xml.not-well-formed", 400, lambda: Admission().xml[:-20]),
    "another XML": Wrong(
        "xml.not-a-message", 422, lambda: f"<{CANARY_NAME}>{CANARY_NUMBER}</{CANARY_NAME}>".encode()
    ),
    "an element too many": Wrong(
        "schema.unexpected-element",
        422,
        lambda: Admission().xml.replace(
            b"<Patient>",
            f'<{CANARY_NAME} navn="{CANARY_NAME}">{CANARY_NUMBER}</{CANARY_NAME}><Patient>'.encode(),
        ),
    ),
    "an attribute too many": Wrong(
        "schema.attribute-not-allowed",
        422,
        lambda: Admission().xml.replace(b"<Patient>", f'<Patient {CANARY_NAME}="{CANARY_NUMBER}">'.encode()),
    ),
    "a namespace that is none": Wrong(
        "schema.unexpected-element",
        422,
        lambda: Admission().xml.replace(b"<Patient>", f'<x xmlns="urn:{CANARY_NAME}"/><Patient>'.encode()),
    ),
    "an element too few": Wrong(
        "schema.missing-element",
        422,
        lambda: Admission().xml.replace(b"<GenDate>2026-11-20T14:32:00</GenDate>", b""),
    ),
    "a value that is none": Wrong(
        "schema.bad-value",
        422,
        lambda: Admission().xml.replace(b"2026-11-20T14:32:00", CANARY_NUMBER.encode()),
    ),
    "a text for a yes or no": Wrong(
        "schema.bad-value",
        422,
        lambda: Admission().xml.replace(b"<Anslag>false", f"<Anslag>{CANARY_NAME} {CANARY_NUMBER}".encode()),
    ),
    "a DOCTYPE": Wrong(
        "xml.doctype",
        400,
        lambda: Admission(prologue=f'<!DOCTYPE MsgHead [<!ENTITY a "{CANARY_NAME}">]>').xml,
    ),
    "an external entity": Wrong(
        "xml.doctype", 400, lambda: Admission(prologue='<!DOCTYPE M SYSTEM "file:///etc/passwd">').xml
    ),
    "an entity bomb": Wrong(
        "xml.doctype",
        400,
        lambda: (
            Admission(
                prologue=f'<!DOCTYPE MsgHead [<!ENTITY l0 "{CANARY_NAME}">{BOMB}]>', family_name="&l9;"
            ).xml
        ),
    ),
    "40 MB": Wrong("api.body-too-large", 413, lambda: b"<a>" + CANARY_NUMBER.encode() * 3_700_000 + b"</a>"),
    "an unknown receiver": Wrong(
        "routing.unknown-receiver", 422, lambda: Admission(receiver=("88840001", "88840002")).xml
    ),
    "a sender that is somebody else": Wrong(
        "routing.sender-not-covered",
        403,
        lambda: Admission(sender=(MUNICIPALITY, NURSING), receiver=(HOSPITAL, WARD)).xml,
    ),
    "a body of another type": Wrong(
        "rules.type-body-mismatch", 422, lambda: Admission(type="UTSKRIVNINGSRAPPORT").xml
    ),
    "an id that is empty": Wrong("rules.message-id-missing", 422, lambda: Admission(message_id=" ").xml),
    "an id without end": Wrong(
        "routing.message-id-too-long", 422, lambda: Admission(message_id="a" * 256).xml
    ),
    "an id without end in FHIR": Wrong(
        "routing.message-id-too-long",
        422,
        lambda: json.dumps(with_identifier("a" * 256)).encode(),
        post_fhir,
    ),
    "a Bundle that no id tells from others": Wrong(
        "rules.message-id-missing", 422, lambda: json.dumps(with_identifier(None)).encode(), post_fhir
    ),
    "not JSON": Wrong("json.not-json", 400, lambda: f"{{Hei {CANARY_NAME}}}".encode(), post_fhir),
    "no Bundle": Wrong(
        "fhir.not-a-bundle",
        422,
        lambda: json.dumps({"resourceType": "Patient", "name": [{"family": CANARY_NAME}]}).encode(),
        post_fhir,
    ),
    "a Bundle that is no message": Wrong(
        "fhir.not-a-message-bundle",
        422,
        lambda: json.dumps({"resourceType": "Bundle", "type": "collection"}).encode(),
        post_fhir,
    ),
    "an unknown key": Wrong("fhir.unknown-element", 422, lambda: changed({CANARY_NAME: True}), post_fhir),
    "a text for a code": Wrong("fhir.bad-code", 422, lambda: changed({"gender": CANARY_NAME}), post_fhir),
    "a Bundle without MessageHeader": Wrong("fhir.no-message-header", 422, without_header, post_fhir),
    "a message to two receivers": Wrong(
        "fhir.several-destinations", 422, lambda: json.dumps(to_two()).encode(), post_fhir
    ),
    "the same key twice": Wrong(
        "json.duplicate-key",
        400,
        lambda: f'{{"resourceType": "Bundle", "id": "{CANARY_NUMBER}", "id": "b"}}'.encode(),
        post_fhir,
    ),
    "an unknown receiver in FHIR": Wrong(
        "routing.unknown-receiver",
        422,
        lambda: json.dumps(bundle(receiver=("88840001", "88840002"))).encode(),
        post_fhir,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input(hospital: httpx.Client, silence: list[str], name: str) -> None:
    wrong = WRONG[name]
    response = wrong.post(hospital, wrong.data())
    silence.append(response.text + str(response.headers))
    assert response.status_code == wrong.status
    assert response.headers["x-somlos-error"] == wrong.code
    assert wrong.code in response.text
    if wrong.post is post_fhir:
        assert response.json()["resourceType"] == "OperationOutcome"


def test_the_same_id_with_other_content(hospital: httpx.Client, silence: list[str]) -> None:
    first = Admission()
    assert post_xml(hospital, first.xml).status_code == 202
    response = post_xml(hospital, first.with_(family_name="Annet").xml)
    silence.append(response.text)
    assert response.status_code == 409
    assert response.json()["code"] == "routing.same-id-other-content"
    assert post_xml(hospital, first.xml).status_code == 202


def test_the_same_id_with_other_content_in_fhir(hospital: httpx.Client, silence: list[str]) -> None:
    content = bundle()
    assert post_fhir(hospital, json.dumps(content).encode()).status_code == 202
    for entry in content["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"]["name"][0]["family"] = "Annet"
    response = post_fhir(hospital, json.dumps(content).encode())
    silence.append(response.text)
    assert response.status_code == 409


def test_no_credential_and_a_wrong_one(base_url: str, silence: list[str]) -> None:
    with httpx.Client(base_url=base_url, trust_env=False, timeout=60) as stranger:
        without = post_xml(stranger, Admission().xml)
        stranger.headers["Authorization"] = "Bearer guessed"
        guessed = post_xml(stranger, Admission().xml)
    silence.append(without.text + guessed.text)
    assert (without.status_code, without.json()["code"]) == (401, "routing.no-credential")
    assert (guessed.status_code, guessed.json()["code"]) == (401, "routing.unknown-credential")


# --- negative receipts


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_refusal_can_be_a_negative_receipt(
    tmp_path: Path, standards: Path, silence: list[str], version: str
) -> None:
    spec = importlib.util.spec_from_file_location("official", standards / "standards/official_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    official = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(official)
    settings = configured(tmp_path)
    sender = settings.partner[0].model_copy(update={"accepts_apprec": version})
    settings = settings.model_copy(update={"partner": (sender, settings.partner[1])})
    message = Admission(receiver=("88840001", "88840002"))
    with live_server(create_app(settings)) as url:
        headers = {"Authorization": f"Bearer {HOSPITAL_SECRET}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
            response = post_xml(client, message.xml, accept="application/xml")
    silence.append(response.text)
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("application/xml")
    assert response.headers["x-somlos-error"] == "routing.unknown-receiver"
    receipt = etree.fromstring(response.content)
    assert official.schema(f"apprec-{version}").validate(receipt)
    text = {each.tag.rpartition("}")[2]: each for each in receipt.iter(etree.Element)}
    assert text["Status"].get("V") == "2"
    assert text["Error"].get("V") == "E21"
    original = receipt.find("{*}OriginalMsgId/{*}Id")
    assert original is not None
    assert original.text == message.message_id
    assert GATEWAY_HER in [each.text for each in receipt.iterfind("{*}Sender//{*}Id")]
    assert WARD in [each.text for each in receipt.iterfind("{*}Receiver//{*}Id")]


def test_an_id_too_long_is_told_in_the_receipt(hospital: httpx.Client) -> None:
    response = post_xml(hospital, Admission(message_id="a" * 256).xml, accept="application/xml")
    receipt = etree.fromstring(response.content)
    (error,) = receipt.iterfind("{*}Error")
    assert error.get("V") == "E10"
    assert receipt.findtext("{*}OriginalMsgId/{*}Id") == "a" * 256


def test_without_an_id_there_is_nothing_a_receipt_could_name(hospital: httpx.Client) -> None:
    response = post_xml(hospital, Admission(message_id="").xml, accept="application/xml")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["apprec"] == "E10"


def test_the_longest_id_is_taken(hospital: httpx.Client) -> None:
    assert (
        post_xml(hospital, Admission(message_id=("å" + str(uuid4())).ljust(255, "x")).xml).status_code == 202
    )


def test_what_cannot_be_read_gets_no_receipt_but_the_code_of_one(hospital: httpx.Client) -> None:
    response = post_xml(hospital, b"<a>", accept="application/xml")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["apprec"] == "T01"


def test_a_message_in_somebody_elses_name_gets_no_receipt(hospital: httpx.Client) -> None:
    message = Admission(sender=(MUNICIPALITY, NURSING), receiver=(HOSPITAL, WARD))
    response = post_xml(hospital, message.xml, accept="application/xml")
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
