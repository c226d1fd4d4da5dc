"""A canary is put into every leaf of a message in turn: does it ever come back, or stand in a log?

What the sender is told of its own message (its MsgId, in the answer to an accepted message) is the one exception.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from lxml import etree

from gateway.app import create_app
from tests.support.live_server import live_server
from tests.support.messages import CANARY_LEAF, CANARY_NAME, Admission
from tests.support.two_partners import HOSPITAL_SECRET, bundle, client_of, configured, post_fhir, post_xml


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        live_server(create_app(configured(tmp_path_factory.mktemp("gateway")))) as url,
        client_of(url, HOSPITAL_SECRET) as client,
    ):
        yield client


def every_leaf_of_xml() -> Iterator[bytes]:
    """The message with the canary in one leaf after the other: texts, then attributes."""
    message = etree.fromstring(Admission(parent="p").xml)
    for number, element in enumerate(message.iter(etree.Element)):
        if not len(element):
            changed = copy.deepcopy(message)
            list(changed.iter(etree.Element))[number].text = CANARY_LEAF
            yield etree.tostring(changed)
        for name in element.attrib:
            changed = copy.deepcopy(message)
            list(changed.iter(etree.Element))[number].set(name, CANARY_LEAF)
            yield etree.tostring(changed)


def every_leaf_of_json(node: Any) -> Iterator[None]:
    """Put the canary into one leaf after the other, and back what was there."""
    places = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(places):
        if isinstance(value, dict | list):
            yield from every_leaf_of_json(value)
        else:
            node[key] = CANARY_LEAF
            yield
            node[key] = value


def every_object(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON document, the document too."""
    if isinstance(node, dict):
        yield node
    for each in list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_object(each)


def check(response: httpx.Response, said: list[str]) -> None:
    assert response.status_code in (202, 400, 403, 409, 422)
    said.append(str(response.headers))
    if response.status_code == 202:
        id = response.json()["id"]
        said.append(id)
    else:
        said.append(response.text)


def test_in_no_leaf_of_xml_does_it_come_back(hospital: httpx.Client, silence: list[str]) -> None:
    said: list[str] = []
    for data in every_leaf_of_xml():
        check(post_xml(hospital, data), said)
    assert len(said) > 80
    assert CANARY_LEAF not in "".join(said)
    silence.extend(said)


def test_in_no_leaf_of_a_bundle_does_it_come_back(hospital: httpx.Client, silence: list[str]) -> None:
    said: list[str] = []
    content = bundle()
    for _ in every_leaf_of_json(content):
        check(post_fhir(hospital, json.dumps(content).encode()), said)
    assert len(said) > 200
    assert CANARY_LEAF not in "".join(said)
    silence.extend(said)


@pytest.mark.parametrize("name", [f"A{CANARY_LEAF}", CANARY_NAME])
def test_nor_as_the_name_of_any_element_or_attribute(
    hospital: httpx.Client, silence: list[str], name: str
) -> None:
    """Before each element one of that name, and an attribute of that name on each element."""
    message = etree.fromstring(Admission().xml)
    for number, element in enumerate(message.iter(etree.Element)):
        beside, on = copy.deepcopy(message), copy.deepcopy(message)
        list(on.iter(etree.Element))[number].set(name, "x")
        places = [on]
        if element.getparent() is not None:
            list(beside.iter(etree.Element))[number].addprevious(etree.Element(name))
            places.append(beside)
        for changed in places:
            response = post_xml(hospital, etree.tostring(changed))
            assert response.status_code == 422
            silence.append(response.text)


@pytest.mark.parametrize("name", [CANARY_LEAF, CANARY_NAME, f"_{CANARY_NAME}"])
def test_nor_as_a_key_anywhere(hospital: httpx.Client, silence: list[str], name: str) -> None:
    content = bundle()
    for node in every_object(content):
        node[name] = "x"
        response = post_fhir(hospital, json.dumps(content).encode())
        assert response.status_code == 422
        silence.append(response.text)
        del node[name]


@pytest.mark.parametrize("place", ["resourceType", "extension"])
def test_nor_as_the_name_of_something(hospital: httpx.Client, silence: list[str], place: str) -> None:
    content = bundle()
    resource = content["entry"][1]["resource"]
    if place == "resourceType":
        resource["resourceType"] = CANARY_LEAF
    else:
        url = f"https://example.org/{CANARY_LEAF}"
        resource["extension"] = [{"url": url, "valueString": CANARY_LEAF, CANARY_LEAF: True}]
    response = post_fhir(hospital, json.dumps(content).encode())
    silence.append(response.text)
    assert response.status_code == 422


PATHS = ("/{}", "/messages/{}", "/messages/{}/receipts", "/messages/{}/receipts/{}", "/fhir/{}", "/health/{}")
PAGES = ("/console/{}", "/console/messages/{}", "/console/errors/{}", "/console/static/{}")


@pytest.mark.parametrize("canary", [CANARY_LEAF, CANARY_NAME])
@pytest.mark.parametrize("path", [*PATHS, *PAGES])
def test_nor_from_an_address(hospital: httpx.Client, silence: list[str], path: str, canary: str) -> None:
    response = hospital.get(path.format(canary, canary), params={canary: canary})
    assert response.status_code == 404
    silence.append(response.text + str(response.headers))


@pytest.mark.parametrize(
    "query",
    [
        *("/messages?{}={}", "/fhir/metadata?_format={}{}", "/fhir/metadata?{}={}", "/health/live?{}={}"),
        *("/console/messages/x?part={}{}", "/console/refused?{}={}"),
    ],
)
def test_nor_from_a_parameter(hospital: httpx.Client, silence: list[str], query: str) -> None:
    response = hospital.get(query.format(CANARY_LEAF, CANARY_NAME))
    silence.append(response.text + str(response.headers))


@pytest.mark.parametrize("target", [CANARY_NAME, CANARY_LEAF, f"plo-{CANARY_LEAF}"])
def test_nor_as_a_format_asked_for(hospital: httpx.Client, silence: list[str], target: str) -> None:
    response = hospital.post("/fhir/$convert", params={"to": target}, content=Admission().xml)
    assert response.status_code == 422
    silence.append(response.text)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Type", f"application/{CANARY_NAME}"),
        ("Content-Type", f"application/xml; charset={CANARY_NAME}"),
        ("Content-Encoding", CANARY_NAME),
        ("Accept", f"text/{CANARY_NAME}"),
        ("Accept-Language", CANARY_NAME),
        ("Authorization", f"Bearer {CANARY_LEAF}"),
        ("Authorization", f"{CANARY_NAME} {CANARY_LEAF}"),
        ("Cookie", f"{CANARY_NAME}={CANARY_LEAF}"),
        ("X-Request-Id", CANARY_LEAF),
        ("X-Forwarded-For", CANARY_NAME),
        ("Host", CANARY_NAME),
        ("Origin", f"https://{CANARY_NAME}"),
        (CANARY_NAME, CANARY_LEAF),
    ],
)
def test_nor_from_a_header(hospital: httpx.Client, silence: list[str], header: str, value: str) -> None:
    headers = {"Content-Type": "application/xml", header: value}
    response = hospital.post("/messages", content=b"<a/>", headers=headers)
    assert response.status_code >= 400
    silence.append(response.text + str(response.headers))


def test_nor_as_a_method(hospital: httpx.Client, silence: list[str]) -> None:
    response = hospital.request(CANARY_NAME, "/messages")
    assert response.status_code >= 400
    silence.append(response.text + str(response.headers))
