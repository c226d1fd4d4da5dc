"""What becomes of a dialogue: as FHIR, born in FHIR, in which version, and in its facts?"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.emessage.validate import validate_schema
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system, extension_url
from gateway.fhir.validate import validate
from gateway.translate import convert, e_message_format, facts_of, roundtrip
from gateway.translate.facts import Topic
from tests.support.messages import Admission
from tests.support.translation import Json, back, to_fhir, verdict

V10, V11 = "http://www.kith.no/xmlstds/dialog/2006-10-11", "http://www.kith.no/xmlstds/dialog/2013-01-23"
CAN_RECEIVE = '<TemaKodet V="1" S="2.16.578.1.12.4.1.1.9155"/>'
REQUEST = (
    '<Foresporsel><TypeForesp V="4" S="2.16.578.1.12.4.1.1.9152" DN="Legemiddelopplysninger"/>'
    "<Sporsmal>Hva bruker hun?</Sporsmal><DokIdForesp>f-1</DokIdForesp></Foresporsel>"
)
NURSE = (
    '<RollerRelatertNotat><RoleToPatient V="24" S="2.16.578.1.12.4.1.1.9034"/><HealthcareProfessional>'
    '<TypeHealthcareProfessional V="SP"/><FamilyName>Strandvoll</FamilyName><GivenName>Mona</GivenName>'
    "</HealthcareProfessional></RollerRelatertNotat>"
)
REPLY = f"{CAN_RECEIVE}<Tema>Vi kan ta imot</Tema><TekstNotatInnhold>Fra i morgen.</TekstNotatInnhold>"


def dialogue(inner: str, message_type: str = "DIALOG_SVAR", namespace: str = V10) -> bytes:
    """A dialogue message with this inside."""
    body = f'<Dialogmelding xmlns="{namespace}">{inner}</Dialogmelding>'
    return Admission(type=message_type, body=body).xml


def resources(bundle: Json, kind: str) -> list[Any]:
    """The resources of a type."""
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def text(data: bytes, name: str) -> list[str]:
    """The texts of the elements of that name."""
    return [found.text or "" for found in etree.fromstring(data).iter(f"{{*}}{name}")]


# as FHIR


def test_a_reply_is_a_communication() -> None:
    bundle = to_fhir(dialogue(f"<Notat>{REPLY}<DatoNotat>2026-11-20</DatoNotat></Notat>"))
    [note] = resources(bundle, "Communication")
    assert note["category"][0]["coding"][0]["code"] == "1"
    assert note["topic"] == {"text": "Vi kan ta imot"}
    assert note["payload"] == [{"contentString": "Fra i morgen."}]
    assert note["sent"] == "2026-11-20"
    assert validate(bundle) == ()


def test_the_question_that_is_answered_is_what_the_answer_is_based_on() -> None:
    source = dialogue(f"<Notat>{REPLY}{REQUEST}</Notat>")
    bundle = to_fhir(source)
    [note], [request] = resources(bundle, "Communication"), resources(bundle, "CommunicationRequest")
    url = next(e["fullUrl"] for e in bundle["entry"] if e["resource"] is request)
    assert note["basedOn"] == [{"reference": url}]
    assert request["payload"] == [{"contentString": "Hva bruker hun?"}]
    assert roundtrip(source).verdict == "lossless"


def test_a_person_in_a_role_is_what_a_note_is_about_too() -> None:
    bundle = to_fhir(dialogue(f"<Notat>{REPLY}{NURSE}</Notat>"))
    [note], roles = resources(bundle, "Communication"), resources(bundle, "PractitionerRole")
    [role] = [r for r in roles if r.get("code", [{}])[0].get("coding", [{}])[0].get("code") == "24"]
    url = next(e["fullUrl"] for e in bundle["entry"] if e["resource"] is role)
    assert note["about"] == [{"reference": url}]
    [person] = resources(bundle, "Practitioner")
    assert person["name"] == [{"family": "Strandvoll", "given": ["Mona"]}]


# its version


@pytest.mark.parametrize(("namespace", "standard"), [(V10, "dialog-1.0"), (V11, "dialog-1.1")])
@pytest.mark.parametrize("message_type", ["DIALOG_SVAR", "DIALOG_HELSEFAGLIG"])
def test_it_goes_back_in_the_version_it_came_in(namespace: str, standard: str, message_type: str) -> None:
    source = dialogue(f"<Notat>{REPLY}</Notat>", message_type, namespace)
    for target in ("plo-1.6", "plo-1.5", standard):
        made = convert(to_fhir(source), target)
        assert made.format == standard
        assert verdict(source, made.data).verdict == "lossless"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (dialogue(f"<Notat>{REPLY}</Notat>", namespace=V11), "dialog-1.1"),
        (RandomMessage("plo-1.5", 1).text("p7"), "plo-1.5"),
        (RandomMessage("plo-1.6", 1).text("p7"), "plo-1.6"),
        (RandomMessage("apprec-1.1", 1).text(), "apprec-1.1"),
    ],
    ids=["dialogue", "plo-1.5", "plo-1.6", "receipt"],
)
def test_a_bundle_leaves_in_the_format_it_came_in(source: bytes, expected: str) -> None:
    bundle = to_fhir(source)
    assert e_message_format(bundle) == expected
    del bundle["meta"]
    usual = {"dialog-1.1": "dialog-1.0", "apprec-1.1": "apprec-1.0"}
    assert e_message_format(bundle) == usual.get(expected, "plo-1.6")


@pytest.mark.parametrize("target", ["plo-1.6", "dialog-1.0"])
def test_it_is_no_care_message(target: str) -> None:
    source = read(dialogue(f"<Notat>{REPLY}</Notat>"))
    assert convert(source, target).format == "dialog-1.0"


def test_a_care_message_is_no_dialogue() -> None:
    for source in (read(Admission().xml), to_fhir(Admission().xml)):
        with pytest.raises(NotTranslatable) as refused:
            convert(source, "dialog-1.0")
        assert refused.value.code == "translate.wrong-kind"


def test_a_part_of_a_dialogue_is_no_body() -> None:
    body = f'<Notat xmlns="{V10}">{REPLY}</Notat>'
    with pytest.raises(NotTranslatable) as refused:
        convert(read(Admission(type="DIALOG_SVAR", body=body).xml), "fhir-r4")
    assert refused.value.code == "translate.no-grammar"


# born in FHIR


def born(message_type: str, *own: Json, focus: int = 1) -> Json:
    """A Bundle as a FHIR system writes it: the header's focus is the content itself."""
    bundle = to_fhir(Admission(type=message_type).xml)
    patient = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    kept = [
        e
        for e in bundle["entry"]
        if e["resource"]["resourceType"] in ("MessageHeader", "Patient", "Organization")
    ]
    urls = [f"urn:uuid:0b1c0de0-0000-4000-8000-00000000000{at}" for at in range(len(own))]
    for resource in own:
        if resource["resourceType"] != "Binary":
            resource["subject"] = {"reference": patient["fullUrl"]}
    made = [{"fullUrl": url, "resource": resource} for url, resource in zip(urls, own, strict=True)]
    kept[0]["resource"]["focus"] = [{"reference": url} for url in urls[:focus]]
    del bundle["meta"]
    return {**bundle, "entry": [*kept, *made]}


def coded(number: str, code: str) -> list[Json]:
    """A list with one concept of a national code set."""
    return [{"coding": [{"system": code_system(number), "code": code}]}]


NOTE = {
    "resourceType": "Communication",
    "status": "completed",
    "category": coded("7322", "6"),
    "topic": {"text": "Råd"},
    "payload": [{"contentString": "Trenger fysioterapeut."}],
}
QUESTION = {
    "resourceType": "CommunicationRequest",
    "status": "active",
    "category": coded("9152", "4"),
    "payload": [{"contentString": "Hva bruker hun?"}],
}


@pytest.mark.parametrize(
    ("message_type", "standard"),
    [("DIALOG_HELSEFAGLIG", "dialog-1.1"), ("DIALOG_SVAR", "dialog-1.0"), ("DIALOG_AVVIK", "dialog-1.0")],
)
def test_a_communication_becomes_a_note_in_the_version_its_type_is_agreed_in(
    message_type: str, standard: str
) -> None:
    bundle = born(message_type, dict(NOTE))
    assert validate(bundle) == ()
    made = convert(bundle, "plo-1.6")
    assert made.format == standard
    assert validate_schema(read(made.data)) == ()
    assert text(made.data, "TekstNotatInnhold") == ["Trenger fysioterapeut."]
    assert text(made.data, "Tema") == ["Råd"]
    assert made.loss.lost == ()
    assert "Communication[1].status" in {loss.source for loss in made.loss.entries if loss.kind == "implied"}


def test_a_communication_request_becomes_a_question() -> None:
    made = convert(born("DIALOG_FORESPORSEL", dict(QUESTION)), "plo-1.6")
    assert validate_schema(read(made.data)) == ()
    assert text(made.data, "Sporsmal") == ["Hva bruker hun?"]


def test_several_notes_keep_the_order_of_the_focus() -> None:
    notes = [{**NOTE, "topic": {"text": name}} for name in ("første", "andre", "tredje")]
    bundle = born("DIALOG_SVAR", *notes, focus=3)
    bundle["entry"][0]["resource"]["focus"].reverse()
    assert text(back(bundle, "plo-1.6"), "Tema") == ["tredje", "andre", "første"]


def test_an_attachment_goes_with_the_note() -> None:
    data = base64.b64encode(b"%PDF-1.7").decode()
    attachment = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "url": "urn:uuid:0b1c0de0-0000-4000-8000-000000000002",
                }
            }
        ],
    }
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": data}
    made = convert(born("DIALOG_HELSEFAGLIG", dict(NOTE), attachment, binary, focus=2), "plo-1.6")
    assert made.format == "dialog-1.1"
    assert validate_schema(read(made.data)) == ()
    assert text(made.data, "TekstNotatInnhold") == ["Trenger fysioterapeut."]
    assert text(made.data, "Base64Container") == [data]


def test_who_sends_the_note_is_named_in_it() -> None:
    nurse = {
        "resourceType": "PractitionerRole",
        "telecom": [{"system": "phone", "value": "+4700000051"}],
    }
    bundle = born("DIALOG_HELSEFAGLIG", dict(NOTE), nurse)
    del nurse["subject"]
    bundle["entry"][-2]["resource"]["sender"] = {"reference": bundle["entry"][-1]["fullUrl"]}
    assert validate(bundle) == ()
    made = convert(bundle, "plo-1.6")
    found = etree.fromstring(made.data).find(".//{*}RollerRelatertNotat//{*}TeleAddress")
    assert found is not None
    assert found.get("V") == "tel:+4700000051"
    assert [(e.source, e.kind) for e in made.loss.entries if e.kind == "rendered"] == [
        ("Communication[1].sender", "rendered")
    ]


# facts


def test_the_facts_of_a_reply() -> None:
    source = dialogue(f"<Notat>{REPLY}</Notat>")
    for facts in (facts_of(read(source)), facts_of(to_fhir(source))):
        assert facts.status == "N"
        assert facts.topics == (Topic("9155", "1"),)
        assert facts.patient is not None
        assert facts.patient.kind == "FNR"
        assert facts.body_known


def test_a_body_without_grammar_is_not_known_and_an_attachment_alone_is_no_body() -> None:
    other = Admission(type="EPIKRISE", body='<E xmlns="urn:epikrise"/>').xml
    assert not facts_of(read(other)).body_known
    container = "http://www.kith.no/xmlstds/base64container"
    alone = Admission(
        type="EPIKRISE", body=f'<b:Base64Container xmlns:b="{container}">QQ==</b:Base64Container>'
    ).xml
    assert facts_of(read(alone)).body_known
    assert roundtrip(alone).verdict == "lossless"


def test_what_a_dialogue_has_no_room_for_is_grave() -> None:
    """It holds questions or notes: a note beside a question that it does not answer is not sent in silence."""
    bundle = to_fhir(dialogue(f"<Notat>{REPLY}{REQUEST}</Notat>"))
    del resources(bundle, "Communication")[0]["basedOn"]
    [request] = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "CommunicationRequest"]
    [body] = resources(bundle, "Composition")
    body["section"].insert(0, {**body["section"][0], "entry": [{"reference": request["fullUrl"]}]})
    for section in body["section"][:1]:
        section["code"] = {"coding": [{**section["code"]["coding"][0], "code": "Foresporsel"}]}
    made = convert(bundle, "dialog-1.0")
    assert b"Fra i morgen." not in made.data
    lost = {each.source: each.severity for each in made.loss.lost}
    assert lost["Communication[1].payload[0].contentString"] == "error"


def test_the_topics_of_a_dialogue_whose_body_nothing_names_are_facts_too() -> None:
    bundle = to_fhir(dialogue(f"<Notat>{REPLY}</Notat>"))
    del resources(bundle, "MessageHeader")[0]["focus"]
    topics = (Topic("9155", "1"),)
    assert facts_of(read(convert(bundle, "dialog-1.0").data)).topics == topics
    assert facts_of(bundle).topics == topics


def test_a_value_that_the_e_message_cannot_hold_is_refused_by_its_place() -> None:
    bundle = to_fhir(Admission().xml)
    [body] = resources(bundle, "Composition")
    oid = {"url": extension_url("oid-reference"), "valueString": "no oid"}
    body.setdefault("extension", []).append(oid)
    with pytest.raises(NotTranslatable) as refused:
        convert(bundle, "plo-1.6")
    assert refused.value.path == "MsgHead/Document/OidRef"
