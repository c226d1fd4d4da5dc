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
from tests.support.messages import CANARY_LEAF, Admission
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


@pytest.mark.parametrize("place", ["key", "resourceType", "extension"])
def test_nor_as_the_name_of_something(hospital: httpx.Client, silence: list[str], place: str) -> None:
    content = bundle()
    resource = content["entry"][1]["resource"]
    if place == "key":
        resource[CANARY_LEAF] = "x"
    elif place == "resourceType":
        resource["resourceType"] = CANARY_LEAF
    else:
        resource["extension"] = [
            {"url": f"https://example.org/{CANARY_LEAF}", "valueString": CANARY_LEAF, CANARY_LEAF: True}
        ]
    response = post_fhir(hospital, json.dumps(content).encode())
    silence.append(response.text)
    assert response.status_code == 422
    assert CANARY_LEAF not in response.text
    element = Admission().xml.replace(b"<Patient>", f'<A{CANARY_LEAF} a="b"/><Patient>'.encode())
    assert CANARY_LEAF not in post_xml(hospital, element).text
