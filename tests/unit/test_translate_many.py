"""Does a Bundle with much of the same take no longer for each, and does what would have no end get an answer?"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from gateway.bench.messages import discharge_report
from gateway.emessage.read import read
from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import code_system
from gateway.fhir.validate import validate
from gateway.translate import convert, facts_of
from gateway.translate.places import concept_of_component
from gateway.translate.reading import MOST_CHARACTERS, MOST_NESTED

Json = dict[str, Any]
FEW, MANY = 750, 6_000


@cache
def report() -> Json:
    bundle = convert(read(discharge_report()), "fhir-r4").bundle
    assert bundle is not None
    return bundle


def first(bundle: Json, kind: str) -> Json:
    found: Json = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    return found


def address(number: int) -> str:
    return f"urn:uuid:11111111-0000-4000-8000-{number:012}"


def with_more(number: int, kind: str, **said: Any) -> Json:
    """The report with so many resources more about its patient."""
    bundle = copy.deepcopy(report())
    patient = next(e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    for one in range(number):
        resource = {"resourceType": kind, "id": f"r{one}", **copy.deepcopy(said)}
        resource["subject"] = {"reference": patient}
        bundle["entry"].append({"fullUrl": address(one), "resource": resource})
    return bundle


def observations(number: int) -> Json:
    return with_more(number, "Observation", status="final", code={"text": "Puls"}, valueString="72")


def medications(number: int) -> Json:
    return with_more(
        number, "MedicationStatement", status="active", medicationCodeableConcept={"text": "Paracet"}
    )


def goals_of_other_plans(number: int) -> Json:
    """Each named by a plan of its own; they are put together."""
    bundle = with_more(number, "Goal", lifecycleStatus="active", description={"text": "Gå tur"})
    patient = bundle["entry"][-1]["resource"]["subject"]
    for one in range(number):
        plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": patient}
        plan["goal"] = [{"reference": address(one)}]
        bundle["entry"].append({"fullUrl": address(number + one), "resource": plan})
    return bundle


def codings(number: int) -> Json:
    bundle = copy.deepcopy(report())
    first(bundle, "Condition")["code"]["coding"] += [
        {"system": f"http://example.org/{one}", "code": "a", "display": f"Ordet {one}"}
        for one in range(number)
    ]
    return bundle


def contained(number: int) -> Json:
    bundle = copy.deepcopy(report())
    row = first(bundle, "MedicationStatement")
    row["contained"] = [{"resourceType": "Organization", "id": f"c{n}", "name": "A"} for n in range(number)]
    row["extension"] = [
        {"url": "http://example.org/of", "valueReference": {"reference": f"#c{n}"}} for n in range(number)
    ]
    return bundle


def files(number: int) -> Json:
    return with_more(
        number,
        "DocumentReference",
        status="current",
        content=[{"attachment": {"contentType": "text/plain", "data": "QQ=="}}],
    )


def sections(number: int) -> Json:
    """Each says its content as narrative only, before the ones that the message has."""
    bundle = copy.deepcopy(report())
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Sov godt</div>'
    said = {"title": "Natt", "text": {"status": "additional", "div": div}}
    composition = first(bundle, "Composition")
    composition["section"] = [*(copy.deepcopy(said) for _ in range(number)), *composition["section"]]
    return bundle


def named_by_number(number: int) -> Json:
    """Each about somebody else than the patient, who has as many numbers."""
    bundle = with_more(number, "Observation", status="final", code={"text": "Puls"}, valueString="72")
    systems = [f"http://example.org/{one}" for one in range(number)]
    first(bundle, "Patient")["identifier"] = [{"system": each, "value": "1"} for each in systems]
    for entry, system in zip(bundle["entry"][-number:], systems, strict=True):
        entry["resource"]["subject"] = {"identifier": {"system": system, "value": "2"}}
    return bundle


def events(number: int) -> Json:
    """All in the section of a report that has nothing but events."""
    code = {"coding": [{"system": code_system("9121"), "code": "4"}]}
    said = {"status": "final", "code": code, "effectiveDateTime": "2026-03-10"}
    bundle = with_more(number, "Observation", **said)
    entries = [{"reference": address(one)} for one in range(number)]
    section = {"code": concept_of_component("OpplysningOpphold"), "entry": entries}
    first(bundle, "Composition")["section"].append(section)
    return bundle


def documents(number: int) -> Json:
    """Each about somebody else."""
    bundle = copy.deepcopy(report())
    body = {key: value for key, value in first(bundle, "Composition").items() if key != "section"}
    for one in range(number):
        patient = {"resourceType": "Patient", "name": [{"family": f"Person {one}"}]}
        document = {**body, "subject": {"reference": address(one)}}
        bundle["entry"].append({"fullUrl": address(one), "resource": patient})
        bundle["entry"].append({"fullUrl": address(number + one), "resource": document})
    first(bundle, "MessageHeader")["focus"] = [{"reference": address(number + one)} for one in range(number)]
    return bundle


def cost(work: Callable[[Json], object], bundle: Json) -> float:
    """Seconds of processor time, the least of two times."""
    times = []
    for _ in range(2):
        began = time.process_time()
        work(bundle)
        times.append(time.process_time() - began)
    return min(times)


KINDS = [
    observations,
    medications,
    goals_of_other_plans,
    codings,
    contained,
    files,
    sections,
    named_by_number,
    events,
]


@pytest.mark.parametrize("kind", KINDS)
def test_many_of_a_kind_take_no_longer_each(kind: Callable[[int], Json]) -> None:
    def work(bundle: Json) -> None:
        assert not [found for found in validate(bundle) if found.severity == "error"]
        convert(bundle, "plo-1.6")

    few, many = cost(work, kind(FEW)), cost(work, kind(MANY))
    assert many / MANY < 2.5 * few / FEW


def test_many_documents_about_different_people_are_refused_as_soon_as_few() -> None:
    def work(bundle: Json) -> None:
        with pytest.raises(NotTranslatable):
            convert(bundle, "plo-1.6")

    bundles = documents(FEW), documents(MANY)
    for bundle in bundles:
        del bundle["meta"]
        facts_of(bundle)
    few, many = (cost(work, bundle) for bundle in bundles)
    assert many / MANY < 2.5 * few / FEW


def test_organisations_inside_each_other_without_end_are_refused() -> None:
    bundle = copy.deepcopy(report())
    for one in range(MANY):
        organisation = {
            "resourceType": "Organization",
            "name": "A",
            "partOf": {"reference": address(one + 1)},
        }
        bundle["entry"].append({"fullUrl": address(one), "resource": organisation})
    del bundle["entry"][-1]["resource"]["partOf"]
    first(bundle, "MessageHeader")["sender"] = {"reference": address(0)}
    assert not [found for found in validate(bundle) if found.severity == "error"]
    assert facts_of(bundle).sender is not None
    with pytest.raises(NotTranslatable) as refused:
        convert(bundle, "plo-1.6")
    assert (refused.value.code, refused.value.path) == (
        "translate.unsupported-content",
        "Organization.partOf",
    )
    assert MANY > MOST_NESTED


def test_what_is_referred_to_again_and_again_does_not_become_a_message_without_end() -> None:
    bundle = copy.deepcopy(report())
    header = first(bundle, "MessageHeader")
    header["focus"] = header["focus"] * 10_000
    assert len(fhir_json.write(bundle)) < MOST_CHARACTERS / 20
    with pytest.raises(NotTranslatable) as refused:
        convert(bundle, "plo-1.6")
    assert refused.value.code == "translate.too-large"
