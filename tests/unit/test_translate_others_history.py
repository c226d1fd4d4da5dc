"""Does what a Bundle says of where something comes from change the message only when it tells of the message?"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.fhir.canonical import code_system
from gateway.translate import convert, facts_of
from tests.support import born_bundles as by_hand
from tests.support.born import HEADER, SENDER, message

Json = dict[str, Any]
FIRST = "urn:uuid:3f0c0b1e-0000-4000-8001-000000000000"
EARLIER = "7a69e3bd-a16a-5850-bf9a-86dcaa70e6e5"
CONDITION: Json = {"resourceType": "Condition", "code": {"text": "Hoftebrudd"}, **by_hand.ABOUT}


def history(target: Json, role: str = "revision", **more: Any) -> Json:
    what = {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{EARLIER}"}}
    return {
        "resourceType": "Provenance",
        "target": [target],
        "recorded": "2026-03-12T10:00:00+01:00",
        "agent": [{"who": {"reference": SENDER}}],
        "entity": [{"role": role, "what": what}],
        **more,
    }


def with_history(found: Json, provenance: Json) -> Json:
    found["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
    )
    return found


def in_the_message(found: Json) -> tuple[str | None, str, str]:
    root = etree.fromstring(convert(found, "plo-1.6").data)
    status = root.find(".//{*}Forsendelsesstatus")
    assert status is not None
    refs = (root.findtext(f".//{{*}}{name}") or "" for name in ("RefToParent", "RefToConversation"))
    return (status.get("V"), *refs)  # type: ignore[return-value]


@pytest.mark.parametrize("role", ["source", "revision", "removal", "derivation"])
def test_where_one_of_several_things_comes_from_makes_no_conversation(role: str) -> None:
    """It would be parked as a change of a message that nobody has sent."""
    found = message("INNLEGGELSESRAPPORT", [CONDITION, by_hand.service("Hjemmesykepleie")])
    with_history(found, history({"reference": FIRST}, role))
    assert in_the_message(found) == ("N", "", "")
    facts = facts_of(found)
    assert (facts.status, facts.parent_id, facts.conversation_id) == ("N", None, None)


@pytest.mark.parametrize("operation", [("UPDATE", "M"), ("NULLIFY", "C")])
@pytest.mark.parametrize(
    "target",
    [{"reference": FIRST}, {"reference": "Bundle/7"}, {"display": "Meldingen"}, {"reference": HEADER}],
)
def test_a_change_never_arrives_as_new(target: Json, operation: tuple[str, str]) -> None:
    """The only Provenance tells of the message: the facts that keep its order and the message itself agree."""
    system = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
    activity = {"coding": [{"system": system, "code": operation[0]}]}
    found = message("LOG_INNLAGT", [by_hand.stay()])
    with_history(found, history(target, activity=activity))
    facts = facts_of(found)
    assert (facts.status, facts.parent_id) == (operation[1], EARLIER)
    assert in_the_message(found) == (operation[1], EARLIER, EARLIER)


UPDATE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "UPDATE"}]}


@pytest.mark.parametrize(
    "target",
    [
        {"reference": "Condition/77"},
        {"reference": "https://epj.example/fhir/CarePlan/7"},
        {"type": "Condition", "display": "Hoftebrudd"},
    ],
)
def test_where_something_that_is_not_here_comes_from_says_nothing_of_the_message(target: Json) -> None:
    found = with_history(message("INNLEGGELSESRAPPORT", [CONDITION]), history(target, activity=UPDATE))
    assert in_the_message(found) == ("N", "", "")
    facts = facts_of(found)
    assert (facts.status, facts.parent_id, facts.conversation_id) == ("N", None, None)


@pytest.mark.parametrize(
    "target", [{"reference": "Condition/77"}, {"reference": "https://epj.example/fhir/CarePlan/7"}]
)
def test_only_a_message_is_cancelled_in_7309(target: Json) -> None:
    activity = {"coding": [{"system": code_system("7309"), "code": "C"}]}
    found = with_history(message("INNLEGGELSESRAPPORT", [CONDITION]), history(target, activity=activity))
    assert in_the_message(found) == ("C", EARLIER, EARLIER)
    assert facts_of(found).status == "C"


OF_A_SOURCE = {"role": "source", "what": {"reference": FIRST}}


@pytest.mark.parametrize(
    ("entity", "parent"),
    [
        ([{"role": "revision", "what": {"reference": f"MessageHeader/{EARLIER}"}}], EARLIER),
        (
            [{"role": "revision", "what": {"reference": f"https://epj.example/fhir/Bundle/{EARLIER}"}}],
            EARLIER,
        ),
        ([{"role": "revision", "what": {"reference": f"urn:uuid:{EARLIER}"}}], EARLIER),
        ([OF_A_SOURCE, {"role": "revision", "what": {"identifier": {"value": EARLIER}}}], EARLIER),
        ([OF_A_SOURCE], ""),
        ([{"role": "source", "what": {"reference": "https://epj.example/fhir/Composition/7"}}], ""),
    ],
)
def test_a_parent_is_a_message_that_is_not_here(entity: list[Json], parent: str) -> None:
    """Facts and message name the same one; a source of the content is none."""
    found = with_history(
        message("INNLEGGELSESRAPPORT", [CONDITION]), history({"reference": HEADER}, entity=entity)
    )
    assert in_the_message(found)[1:] == (parent, parent)
    facts = facts_of(found)
    assert (facts.parent_id or "", facts.conversation_id or "") == (parent, parent)
