"""Do the facts of a Bundle that others composed say what the e-message made of it says?"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.errors import NotTranslatable, SomlosError
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import convert, facts_of
from gateway.translate.born.body import body_of_type
from gateway.translate.born.open_bundle import components
from gateway.translate.logistics import TELLING_OF_STAY
from tests.support import born_bundles as by_hand
from tests.support.born import BODY_TYPES, HEADER, PATIENT, RECEIVER, SENDER, message, organisation, patient
from tests.support.messages import Admission

Json = dict[str, Any]
PERIOD = {"start": "2026-03-08", "end": "2026-03-12"}
ORGANISATION = organisation("8095678", "Hjemmetjenesten")
PERSON: Json = {
    "resourceType": "Practitioner",
    "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.2", "value": "8095678"}],
    "name": [{"family": "Lege"}],
}


def facts_alike(found: Json) -> Any:
    """The facts, which are those of the e-message too."""
    facts, told = facts_of(found), facts_of(read(convert(found, "plo-1.6").data))
    names = ("message_type", "status", "parent_id", "conversation_id", "patient", "events", "processing")
    for name in names:
        assert getattr(facts, name) == getattr(told, name)
    for one, other in ((facts.sender, told.sender), (facts.receiver, told.receiver)):
        assert (one.her_id, one.organisation_her_id) == (other.her_id, other.organisation_her_id)
    return facts


def at(found: Json, url: str) -> Json:
    return next(each for each in found["entry"] if each["fullUrl"] == url)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", BODY_TYPES)
@pytest.mark.parametrize(
    "status", ["planned", "arrived", "in-progress", "finished", "cancelled", "entered-in-error"]
)
def test_a_stay_has_the_events_that_the_message_tells(kind: str, status: str) -> None:
    """A planned stay admits nobody, one that never was has no events, and most reports tell of none."""
    found = message(kind, [by_hand.stay(status, period=PERIOD), by_hand.service("Hjemmesykepleie")])
    if kind == "HELSEOPPL_SOKNAD" and status in ("cancelled", "entered-in-error"):
        assert facts_of(found).events == ()  # PLO has no such application without a stay
    else:
        facts_alike(found)


@pytest.mark.parametrize("kind", BODY_TYPES)
def test_the_reports_that_tell_of_a_stay_are_those_with_room_for_it(kind: str) -> None:
    assert (kind in TELLING_OF_STAY) == ("OpplysningOpphold" in components(str(body_of_type(kind))))


def test_a_planned_admission_is_an_estimate() -> None:
    [event] = facts_alike(message("LOG_INNLAGT", [by_hand.stay("planned", period=PERIOD)])).events
    assert event.estimate


@pytest.mark.parametrize("code", ["M", "A", "N"])
@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_stay_that_is_taken_back_is_told_by_a_cancellation_only(code: str, status: str) -> None:
    """What a change says of a stay that never was is no admission."""
    made = by_hand.stay(status, period=PERIOD)
    with pytest.raises(NotTranslatable) as refused:
        convert(stated("LOG_INNLAGT", made, code), "plo-1.6")
    assert refused.value.path == "Encounter.status"
    assert facts_alike(stated("UTSKRIVNINGSRAPPORT", made, code)).events == ()


def stated(kind: str, resource: Json, code: str) -> Json:
    found = message(kind, [resource])
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": HEADER}],
        "activity": {"coding": [{"system": code_system("7309"), "code": code}]},
        "entity": [{"role": "revision", "what": {"identifier": {"value": "earlier-1"}}}],
    }
    found["entry"].append(
        {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8003-000000000001", "resource": provenance}
    )
    return found


def test_a_cancellation_repeats_what_it_takes_back_however_it_says_so() -> None:
    found = stated("LOG_INNLAGT", by_hand.stay("entered-in-error", period=PERIOD), "C")
    assert [event.code for event in facts_alike(found).events] == ["1"]


def on_three_levels() -> Json:
    """A message between two units of one department of a trust."""
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    department, trust = (f"urn:uuid:3f0c0b1e-0000-4000-8006-00000000000{number}" for number in (1, 2))
    found["entry"] += [
        {
            "fullUrl": department,
            "resource": {**organisation("1000", "Klinikk"), "partOf": {"reference": trust}},
        },
        {"fullUrl": trust, "resource": organisation("999", "Helseforetak")},
    ]
    for url in (SENDER, RECEIVER):
        at(found, url)["resource"]["partOf"] = {"reference": department}
    return found


def test_a_unit_further_down_is_the_party_and_not_what_it_is_part_of() -> None:
    """A receiver takes the second level of organisations for it: it saw the department, and answered it."""
    found = on_three_levels()
    facts = facts_alike(found)
    assert (facts.sender.her_id, facts.sender.organisation_her_id) == ("8095678", "999")
    assert (facts.receiver.her_id, facts.receiver.organisation_her_id) == ("8091234", "999")
    assert "Organization[3].name" in {each.source for each in convert(found, "plo-1.6").loss.lost}


def test_of_a_message_of_ours_the_second_level_is_the_party() -> None:
    """As in the e-message that it was."""
    own = Admission().xml
    unit = b"<OrganisationName>Enhet</OrganisationName>"
    inner = (
        b"<Organisation><OrganisationName>Rom 4</OrganisationName>" + _ident("8100001") + b"</Organisation>"
    )
    at_end = own.index(b"</Organisation>", own.index(unit))
    source = read(own[:at_end] + inner + own[at_end:])
    assert validate_schema(source) == ()
    found = convert(source, "fhir-r4").bundle
    assert found is not None
    assert facts_of(found).sender == facts_of(source).sender
    assert convert(found, "plo-1.6").loss.lost == ()


def _ident(her_id: str) -> bytes:
    return f'<Ident><Id>{her_id}</Id><TypeId V="HER" S="2.16.578.1.12.4.1.1.9051"/></Ident>'.encode()


def test_a_circle_of_organisations_ends() -> None:
    found = on_three_levels()
    found["entry"][-1]["resource"]["partOf"] = {"reference": found["entry"][-2]["fullUrl"]}
    assert facts_alike(found).sender.her_id == "8095678"


PARTIES: dict[str, list[Json]] = {
    "a role": [
        {
            "resourceType": "PractitionerRole",
            "organization": {"reference": "#o"},
            "contained": [{**ORGANISATION, "id": "o"}],
        }
    ],
    "a person": [PERSON],
    "a role that only names a person": [
        {
            "resourceType": "PractitionerRole",
            "practitioner": {"reference": "#p"},
            "contained": [{**PERSON, "id": "p"}],
        }
    ],
}


@pytest.mark.parametrize("kind", PARTIES)
@pytest.mark.parametrize("url", [SENDER, RECEIVER])
def test_a_party_has_its_number_in_the_message(kind: str, url: str) -> None:
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    at(found, url)["resource"] = PARTIES[kind][0]
    facts = facts_alike(found)
    assert (facts.sender if url == SENDER else facts.receiver).her_id == "8095678"


@pytest.mark.parametrize("version", ["", "/_history/2"])
def test_a_reference_in_another_form_leads_to_the_same(version: str) -> None:
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    base = "https://epj.example/fhir/Organization/7"
    at(found, SENDER)["fullUrl"] = base
    at(found, HEADER)["resource"]["sender"] = {"reference": base + version}
    assert facts_alike(found).sender.her_id == "8095678"


def test_a_patient_inside_the_stay_is_the_patient() -> None:
    stay = {
        **by_hand.stay(period=PERIOD),
        "subject": {"reference": "#p"},
        "contained": [{**patient(), "id": "p"}],
    }
    found = message("LOG_INNLAGT", [stay])
    found["entry"] = [each for each in found["entry"] if each["fullUrl"] != PATIENT]
    assert facts_alike(found).patient.number == patient()["identifier"][0]["value"]


def test_the_times_of_somebody_elses_stay_are_no_events_of_the_patients() -> None:
    """Neither where an edit made it another's, nor where it stands first."""
    own = convert(message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)]), "plo-1.6").data
    edited = fhir_json.read(convert(read(own), "fhir-r4").data)
    stay = next(r["resource"] for r in edited["entry"] if r["resource"]["resourceType"] == "Encounter")
    stay["subject"] = {"reference": "https://epj.example/fhir/Patient/7"}
    with pytest.raises(NotTranslatable) as refused:
        convert(edited, "plo-1.6")
    assert refused.value.code == "translate.missing-content"
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    another = {**by_hand.stay(period={"start": "2020-01-01"}), "subject": stay["subject"]}
    found["entry"].insert(
        1, {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8004-000000000001", "resource": another}
    )
    assert [str(event.time)[:4] for event in facts_alike(found).events] == ["2026"]


@pytest.mark.parametrize(
    "inside",
    [
        {"identifier": patient()["identifier"]},
        {"name": patient()["name"], "birthDate": patient()["birthDate"]},
    ],
)
def test_a_patient_inside_a_resource_who_stands_in_the_bundle_is_that_one(inside: Json) -> None:
    """His name was a note in a message about a number."""
    contained = {"resourceType": "Patient", "id": "p", **inside}
    stay = {**by_hand.stay(period=PERIOD), "subject": {"reference": "#p"}, "contained": [contained]}
    found = message("LOG_INNLAGT", [stay])
    assert facts_alike(found).patient.number == patient()["identifier"][0]["value"]
    told = convert(found, "plo-1.6")
    assert "<FamilyName>Prøvesen</FamilyName>" in told.data.decode()
    assert told.data.decode().count("Prøvesen") == 1


def event(code: str, status: str = "final", **further: Any) -> Json:
    coding = {"system": code_system("9121"), "code": code}
    found = {"resourceType": "Observation", "status": status, "code": {"coding": [coding]}}
    return {**found, "subject": {"reference": PATIENT}, **further}


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_an_event_that_never_was_is_none(status: str) -> None:
    told = event("1", status, effectiveDateTime="2026-03-10T08:00:00+01:00")
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD), told])
    assert [str(each.time)[:10] for each in facts_alike(found).events] == ["2026-03-07"]  # of the stay
    lost = {each.source for each in convert(found, "plo-1.6").loss.lost}
    assert "Observation[1].effectiveDateTime" in lost


@pytest.mark.parametrize(
    "time",
    [
        {"effectiveInstant": "2026-03-10T08:00:00+01:00"},
        {"effectivePeriod": {"start": "2026-03-10T08:00:00+01:00"}},
    ],
)
@pytest.mark.parametrize("kind", ["LOG_INNLAGT", "UTSKRIVNINGSRAPPORT"])
def test_the_time_of_an_event_in_another_form_is_its_time(kind: str, time: Json) -> None:
    [found] = facts_alike(message(kind, [event("1", **time)])).events
    assert str(found.time) == "2026-03-10 07:00:00+00:00"


def test_an_event_of_a_report_without_a_time_has_that_of_the_stay() -> None:
    found = message("UTSKRIVNINGSRAPPORT", [by_hand.stay(period={"start": "2026-03-08"}), event("1")])
    assert [str(each.time)[:10] for each in facts_alike(found).events] == ["2026-03-07"]


def test_what_was_an_error_does_not_say_whom_the_message_is_about() -> None:
    other = "urn:uuid:3f0c0b1e-0000-4000-8005-000000000001"
    wrong = event("4", "entered-in-error", effectiveDateTime="2026-03-10")
    right = event("4", subject={"reference": other}, effectiveDateTime="2026-03-10")
    found = message("MEDISINSKE_OPPLYSNINGER", [wrong, right])
    number = {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "13116900216"}
    found["entry"].append({"fullUrl": other, "resource": {"resourceType": "Patient", "identifier": [number]}})
    assert facts_of(found).patient == facts_of(read(convert(found, "plo-1.6").data)).patient
    assert facts_of(found).patient.number == "13116900216"  # type: ignore[union-attr]


def test_a_change_names_what_it_changes_where_only_its_document_is_said_to_be_one() -> None:
    """It was sent as a change of nothing, and parked."""
    found = stated("UTSKRIVNINGSRAPPORT", by_hand.stay(period=PERIOD), "M")
    document = "urn:uuid:3f0c0b1e-0000-4000-8005-000000000002"
    composition = {
        "resourceType": "Composition",
        "status": "amended",
        "type": {"text": "Rapport"},
        "subject": {"reference": PATIENT},
        "date": "2026-03-12",
        "author": [{"reference": SENDER}],
        "title": "Rapport",
    }
    found["entry"].append({"fullUrl": document, "resource": composition})
    at(found, HEADER)["resource"]["focus"] = [{"reference": document}]
    found["entry"][-2]["resource"]["target"] = [{"reference": document}]
    facts = facts_alike(found)
    assert (facts.status, facts.parent_id) == ("M", "earlier-1")


def test_what_an_error_is_a_version_of_says_nothing_of_the_message() -> None:
    """A new message was sent as one that cancels another."""
    wrong = event("4", "entered-in-error", effectiveDateTime="2026-03-10")
    found = stated("UTSKRIVNINGSRAPPORT", by_hand.stay(period=PERIOD), "N")
    found["entry"].insert(-1, {"fullUrl": "urn:uuid:3f0c0b1e-0000-4000-8005-000000000003", "resource": wrong})
    provenance = found["entry"][-1]["resource"]
    provenance["target"] = [{"reference": found["entry"][-2]["fullUrl"]}]
    provenance["entity"][0]["role"] = "removal"
    del provenance["activity"]
    at(found, HEADER)["resource"]["focus"].append({"reference": found["entry"][-2]["fullUrl"]})
    facts = facts_alike(found)
    assert (facts.status, facts.parent_id) == ("N", None)


def edited(name: str) -> Json:
    """A message of ours in FHIR, to be edited."""
    stay = by_hand.stay(period=PERIOD)
    own = convert(message(name, [stay]), "plo-1.6").data
    return fhir_json.read(convert(read(own), "fhir-r4").data)


@pytest.mark.parametrize("url", ["sender", "patient"])
def test_a_number_whose_system_says_what_it_is_keeps_its_kind(url: str) -> None:
    """Whatever set its type is said in: the number arrived without a kind, and so as nobody's."""
    found = edited("LOG_INNLAGT")
    kind = "Organization" if url == "sender" else "Patient"
    for entry in found["entry"]:
        if entry["resource"]["resourceType"] == kind:
            entry["resource"]["identifier"][0]["type"]["coding"][0]["system"] = "https://epj.example/kinds"
    facts = facts_alike(found)
    assert facts.sender.her_id == "8095678"
    assert facts.patient is not None


def test_a_number_that_says_its_kind_has_it_whatever_its_system_is() -> None:
    found = edited("LOG_INNLAGT")
    for entry in found["entry"]:
        for identifier in entry["resource"].get("identifier", ()):
            if entry["resource"]["resourceType"] == "Organization":
                identifier["system"] = "https://epj.example/numbers"
    assert facts_alike(found).sender.her_id == "8095678"


@pytest.mark.parametrize(
    ("name", "code_set", "code", "is_grave"),
    [("processing-status", "8113", "T", True), ("acknowledgement", "7304", "J", False)],
)
@pytest.mark.parametrize("system", ["own", "none", "another"])
def test_a_code_of_the_header_counts_where_the_message_says_it(
    name: str, code_set: str, code: str, is_grave: bool, system: str
) -> None:
    """A test that arrived as a message of production would be taken for true: that is held."""
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    stated = {"own": code_system(code_set), "another": "https://epj.example/codes"}.get(system)
    coding = {"code": code} | ({"system": stated} if stated else {})
    extension = {"url": extension_url(name), "valueCoding": coding}
    at(found, HEADER)["resource"]["extension"] = [extension]
    made = convert(found, "plo-1.6")
    facts, told = facts_of(found), facts_of(read(made.data))
    assert (facts.processing, facts.acknowledgement) == (told.processing, told.acknowledgement)
    assert (code in (facts.processing, facts.acknowledgement)) is (system != "another")
    if system == "another":
        assert (made.loss.gravest_lost == "error") is is_grave


@pytest.mark.parametrize("kind", ["role", "extension"])
def test_a_person_who_is_none_is_not_told_as_one(kind: str) -> None:
    """It was a fault of ours."""
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    if kind == "role":
        role = {"resourceType": "PractitionerRole", "practitioner": {"reference": RECEIVER}}
        at(found, SENDER)["resource"] = role
    else:
        extension = {
            "url": extension_url("health-professional"),
            "valueReference": {"reference": RECEIVER},
        }
        at(found, SENDER)["resource"]["extension"] = [extension]
    assert facts_of(found).sender.her_id == (None if kind == "role" else "8095678")


@pytest.mark.parametrize("code", ["C", "M", "NULLIFY"])
def test_a_status_that_names_no_set_is_the_status(code: str) -> None:
    """The message said it, and the facts that it was new."""
    found = stated("LOG_INNLAGT", by_hand.stay(period=PERIOD), code)
    del found["entry"][-1]["resource"]["activity"]["coding"][0]["system"]
    assert facts_alike(found).status == code[0].replace("N", "C")


def test_a_message_to_two_is_refused_and_not_told_to_the_first_of_them() -> None:
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    header = at(found, HEADER)["resource"]
    header["destination"].append({"endpoint": "https://b.example", "receiver": {"reference": SENDER}})
    for refuse in (facts_of, lambda bundle: convert(bundle, "plo-1.6")):
        with pytest.raises(SomlosError) as refused:
            refuse(found)  # type: ignore[operator]
        assert (refused.value.code, refused.value.path) == (
            "fhir.several-destinations",
            "MessageHeader.destination",
        )


@pytest.mark.parametrize(("kind", "is_known"), [("DKF", True), ("PAS", False)])
def test_only_a_number_that_is_one_persons_tells_who_the_patient_is(kind: str, is_known: bool) -> None:
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    coding = {"system": code_system("8116"), "code": kind, "display": "Annet nummer"}
    at(found, PATIENT)["resource"]["identifier"] = [{"value": "N 123", "type": {"coding": [coding]}}]
    assert (facts_alike(found).patient is not None) is is_known


@pytest.mark.parametrize("key", ["security", "tag"])
@pytest.mark.parametrize("where", ["Bundle", "MessageHeader", "a message of ours"])
def test_a_message_that_is_labelled_as_a_test_is_none_of_production(key: str, where: str) -> None:
    """R4 has a label for it, and the receiver of the e-message took the test for true."""
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    if where == "a message of ours":
        found = edited("LOG_INNLAGT")
    header = found["entry"][0]["resource"]
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    holder = header if where == "MessageHeader" else found
    holder.setdefault("meta", {}).setdefault(key, []).append(label)
    assert facts_alike(found).processing == "T"
    made = convert(found, "plo-1.6")
    assert b'<ProcessingStatus V="T"' in made.data
    assert not [each for each in made.loss.lost if ".meta." in each.source]


def test_what_the_header_says_of_the_message_counts_before_a_label() -> None:
    found = message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    found["meta"] = {"security": [label]}
    coding = {"system": code_system("8113"), "code": "D", "display": "Debugging"}
    extension = {"url": extension_url("processing-status"), "valueCoding": coding}
    at(found, HEADER)["resource"]["extension"] = [extension]
    assert facts_alike(found).processing == "D"


@pytest.mark.parametrize(("code", "is_labelled"), [("T", True), ("D", True), ("P", False)])
def test_a_test_is_labelled_for_who_does_not_know_our_extension(code: str, is_labelled: bool) -> None:
    own = read(
        Admission().xml.replace(b'<ProcessingStatus V="T"/>', f'<ProcessingStatus V="{code}"/>'.encode())
    )
    made = convert(own, "fhir-r4").bundle
    assert made is not None
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    assert (label in made["meta"]["tag"]) is is_labelled
    assert convert(made, "plo-1.6").loss.lost == ()


@pytest.mark.parametrize("whose", [PATIENT, SENDER, RECEIVER])
@pytest.mark.parametrize("ours", [False, True])
def test_a_number_that_is_out_of_use_is_nobodys(whose: str, ours: bool) -> None:
    """R4 says of an old number that it must not be used; it was the patient's, where it stood first."""
    found = edited("LOG_INNLAGT") if ours else message("LOG_INNLAGT", [by_hand.stay(period=PERIOD)])
    kind = {PATIENT: "Patient", SENDER: "Organization", RECEIVER: "Organization"}[whose]
    holders = [each["resource"] for each in found["entry"] if each["resource"]["resourceType"] == kind]
    holder = holders[-1 if whose == RECEIVER else 0]
    before = facts_of(found)
    old = {**holder["identifier"][0], "value": "13116900216", "use": "old"}
    holder["identifier"].insert(0, old)
    facts = facts_alike(found)
    assert (facts.patient, facts.sender, facts.receiver) == (before.patient, before.sender, before.receiver)
    made = convert(found, "plo-1.6")
    assert b"13116900216" not in made.data
    assert made.data.count(b"<Ident>") == 3
    assert any(each.source.endswith("identifier[0].value") for each in made.loss.lost)
