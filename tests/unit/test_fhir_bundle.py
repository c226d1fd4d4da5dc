"""Do references lead where R4 says, and is a Bundle in which one leads nowhere refused?"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.bundle import BundleIndex, message_header, resources, split_restful
from gateway.fhir.profiles import OURS
from gateway.fhir.validate import validate
from tests.support.fhir_bundle import bundle_of, full_url, reference, rich_bundle

Resource = dict[str, Any]
HEADER: Resource = {
    "resourceType": "MessageHeader",
    "eventCoding": {"code": "x"},
    "source": {"endpoint": "urn:x"},
}


def message(**named: Resource) -> Resource:
    """A message Bundle with a MessageHeader and these resources."""
    return bundle_of({"header": dict(HEADER), **named})


def observation(subject: Resource) -> Resource:
    """An Observation about `subject`."""
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject}


def codes(resource: Resource) -> list[tuple[str, str | None]]:
    """What the validator says: code and path."""
    return [(found.code, found.path) for found in validate(resource)]


def restful(**named: Resource) -> Resource:
    """The same message with addresses on a server instead of ``urn:uuid:``."""
    bundle = message(**named)
    for entry in bundle["entry"]:
        entry["resource"].setdefault("id", "1")
        entry["fullUrl"] = (
            f"https://a.example/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"
        )
    return bundle


SUBJECT_PATH = "Bundle.entry[1].resource.ofType(Observation).subject"


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        (reference("patient"), []),
        ({"reference": "Patient/p"}, []),
        ({"reference": "Patient/p/_history/3"}, []),
        ({"reference": "https://elsewhere.example/Patient/p"}, []),
        ({"identifier": {"value": "1"}}, []),
        ({"display": "Kari"}, []),
        (reference("nobody"), [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "Patient/q"}, [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "Device/p"}, [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "Patient?name=x"}, [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "urn:oid:1.2.3"}, [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "x"}, [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]),
        ({"reference": "#p"}, [("invariant.ref-1", f"{SUBJECT_PATH}.reference")]),
        (reference("header"), [("fhir.reference-target", SUBJECT_PATH)]),
        ({"reference": "https://elsewhere.example/Goal/1"}, [("fhir.reference-target", SUBJECT_PATH)]),
        ({"type": "Goal", "identifier": {"value": "1"}}, [("fhir.reference-target", SUBJECT_PATH)]),
        ({"type": "Device", **reference("patient")}, [("fhir.reference-target", f"{SUBJECT_PATH}.type")]),
        ({"type": "Pasient", "display": "x"}, [("fhir.unknown-resource-type", f"{SUBJECT_PATH}.type")]),
        ({"type": "Patient", **reference("patient")}, []),
        ({"type": "https://example.org/own-type", "display": "x"}, []),
    ],
)
def test_reference_in_a_message(subject: Resource, found: list[tuple[str, str]]) -> None:
    assert (
        codes(message(observation=observation(subject), patient={"resourceType": "Patient", "id": "p"}))
        == found
    )


def test_a_type_and_id_that_two_resources_have_is_no_reference() -> None:
    first, second = (
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Patient", "id": "p", "active": True},
    )
    bundle = message(observation=observation({"reference": "Patient/p"}), first=first, second=second)
    assert codes(bundle) == [("fhir.bad-reference", f"{SUBJECT_PATH}.reference")]


def test_a_relative_reference_follows_the_server_of_its_entry() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    bundle = restful(observation=observation({"reference": "Patient/p"}), patient=patient)
    other = {"resourceType": "Patient", "id": "p", "active": True}
    bundle["entry"].append({"fullUrl": "https://b.example/fhir/Patient/p", "resource": other})
    index = BundleIndex(bundle)
    assert codes(bundle) == []
    assert index.resolve("Patient/p", bundle["entry"][1]["resource"]) is bundle["entry"][2]["resource"]
    assert index.resolve("Patient/p") is None
    assert index.resolve("https://b.example/fhir/Patient/p/_history/1") is other


def test_outside_a_message_a_reference_may_point_anywhere() -> None:
    assert codes(observation({"reference": "Patient/1"})) == []
    assert codes(observation({"reference": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11"})) == []
    assert codes(observation({"reference": "Goal/1"})) == [("fhir.reference-target", "Observation.subject")]


def test_a_contained_target_has_a_type_too() -> None:
    inner = {"resourceType": "Medication", "id": "m", "code": {"text": "x"}}
    resource = observation({"reference": "#m"}) | {"contained": [inner]}
    assert codes(resource) == [("fhir.reference-target", "Observation.subject")]


def test_no_message_header() -> None:
    bundle = message(patient={"resourceType": "Patient"})
    bundle["entry"].reverse()
    assert codes(bundle) == [("fhir.no-message-header", "Bundle.entry[0]")]
    assert message_header(bundle) is None
    del bundle["entry"]
    assert codes(bundle) == [("fhir.no-message-header", "Bundle")]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, [("fhir.bad-full-url", "Bundle.entry[1]")]),
        ("Patient/p", [("fhir.bad-full-url", "Bundle.entry[1].fullUrl")]),
        ("urn:uuid:x", [("fhir.bad-value", "Bundle.entry[1].fullUrl")]),
        ("https://a.example/Patient/q", [("fhir.bad-full-url", "Bundle.entry[1].fullUrl")]),
        ("https://a.example/Goal/p", [("fhir.bad-full-url", "Bundle.entry[1].fullUrl")]),
        ("https://a.example/Patient/p", []),
        (full_url("header"), [("fhir.duplicate-full-url", "Bundle.entry[1].fullUrl")]),
    ],
)
def test_full_url(value: str | None, found: list[tuple[str, str]]) -> None:
    bundle = message(patient={"resourceType": "Patient", "id": "p"})
    if value is None:
        del bundle["entry"][1]["fullUrl"]
    else:
        bundle["entry"][1]["fullUrl"] = value
    assert codes(bundle) == found


def test_a_collection_needs_no_full_url() -> None:
    assert (
        codes(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Patient"}}],
            }
        )
        == []
    )


def test_a_message_inside_parameters_is_judged_as_one() -> None:
    bundle = message(observation=observation(reference("nobody")))
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "content", "resource": bundle}]}
    path = f"Parameters.parameter[0].resource.ofType(Bundle).{SUBJECT_PATH.removeprefix('Bundle.')}.reference"
    assert codes(parameters) == [("fhir.bad-reference", path)]


def test_a_message_inside_a_message_is_judged_as_one() -> None:
    inner = {"resourceType": "Bundle", "type": "message"}
    assert codes(message(inner=inner)) == [
        ("fhir.no-message-header", "Bundle.entry[1].resource.ofType(Bundle)")
    ]


def test_a_profile_that_an_entry_claims_is_asked_for_where_all_else_is_plain() -> None:
    named = {"observation": observation(reference("patient")), "patient": {"resourceType": "Patient"}}
    assert codes(message(**named)) == []
    named["observation"]["meta"] = {"profile": [f"{OURS}nothing"]}
    path = "Bundle.entry[1].resource.ofType(Observation).meta.profile[0]"
    assert codes(message(**named)) == [("fhir.unknown-profile", path)]


def test_the_order_of_entries_after_the_first_does_not_matter() -> None:
    bundle = rich_bundle()
    bundle["entry"] = bundle["entry"][:1] + bundle["entry"][:0:-1]
    assert codes(bundle) == []


def test_looking_things_up() -> None:
    bundle = rich_bundle()
    index = BundleIndex(bundle)
    header = message_header(bundle)
    assert header is bundle["entry"][0]["resource"]
    assert len(resources(bundle)) == 30
    assert [each["lifecycleStatus"] for each in resources(bundle, "Goal")] == ["active", "active"]
    composition = index.resolve(header["focus"][0]["reference"], header)
    assert composition is not None
    assert composition["resourceType"] == "Composition"
    assert index.full_url(composition) == full_url("report")
    (statement,) = [each for each in resources(bundle, "MedicationStatement") if "contained" in each]
    assert index.resolve("#medisin", statement) is statement["contained"][0]
    assert index.resolve("#", statement) is statement
    assert index.resolve("#medisin") is None
    assert index.resolve(None) is None
    assert index.resolve("Patient/pasient-1") is resources(bundle, "Patient")[0]


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("Patient/1", ("", "Patient", "1")),
        ("Patient/1/_history/2", ("", "Patient", "1")),
        ("https://a.example/fhir/Patient/1", ("https://a.example/fhir", "Patient", "1")),
        ("Pasient/1", None),
        ("urn:uuid:x", None),
        ("/Patient/1", None),
        ("Patient/a_b", None),
    ],
)
def test_split_restful(address: str, parts: tuple[str, str, str] | None) -> None:
    assert split_restful(address) == parts
