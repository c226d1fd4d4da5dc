"""Is what other vendors write said once, by name, and where a nurse looks for it?"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.fhir.canonical import code_system
from gateway.translate import Translation, convert
from tests.support import born_bundles as by_hand
from tests.support.born import PATIENT, message
from tests.support.translation import to_fhir

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
PDF = base64.b64encode(b"%PDF-1.4 not really").decode()


def to_plo(*resources: Json, kind: str = "INNLEGGELSESRAPPORT", **patient: Any) -> Translation:
    bundle = message(kind, resources)
    bundle["entry"][1]["resource"] |= patient
    made = convert(bundle, "plo-1.6")
    assert [each for each in validate(read(made.data)) if each.severity == "error"] == []
    assert convert(to_fhir(made.data), made.format).data == made.data
    return made


def notes(made: Translation) -> list[str]:
    return [text for text in etree.fromstring(made.data).itertext() if text.strip()]


def lost(made: Translation) -> set[str]:
    return {each.source for each in made.loss.lost}


@pytest.mark.parametrize("inside", [True, False])
def test_who_is_referred_to_is_told_by_name(inside: bool) -> None:
    doctor: Json = {
        "resourceType": "Practitioner",
        "id": "dr",
        "name": [{"family": "Lie", "given": ["Kari"]}],
    }
    condition: Json = {
        "resourceType": "Condition",
        "code": {"text": "Gikt"},
        "asserter": {"reference": "#dr" if inside else "Practitioner/dr"},
        **by_hand.ABOUT,
    }
    made = to_plo(condition | {"contained": [doctor]}) if inside else to_plo(condition, doctor)
    assert any("Opplyst av: Kari Lie" in text for text in notes(made))
    assert not [source for source in lost(made) if ".name" in source or "display" in source]


def test_a_name_that_stands_where_it_is_referred_to_is_not_lost() -> None:
    """Who provides a service has an element; the report named the same words as lost."""
    zone = {"resourceType": "Organization", "id": "z", "name": "Sone vest"}
    service = {**by_hand.service("Hjemmesykepleie"), "managingOrganization": {"reference": "#z"}}
    made = to_plo({**service, "contained": [zone]}, kind="ORIENTERING_TJENESTETILBUD")
    assert etree.fromstring(made.data).find(".//{*}TjenestenLevertAv").text == "Sone vest"  # type: ignore[union-attr]
    assert "EpisodeOfCare[1].contained[0].name" not in lost(made)


def test_who_is_carried_by_a_rule_is_not_told_again() -> None:
    nurse = {"resourceType": "Practitioner", "id": "n", "name": [{"family": "Vik", "given": ["Tone"]}]}
    given = {
        "resourceType": "Communication",
        "status": "completed",
        **by_hand.ABOUT,
        "payload": [{"contentString": "Fortalt om sårstell"}],
        "sender": {"reference": "Practitioner/n"},
        "recipient": [{"reference": PATIENT}],
        "sent": "2026-03-12",
    }
    made = to_plo(given, nurse, kind="UTSKRIVNINGSRAPPORT")
    assert sum("Vik" in text for text in notes(made)) == 1


@pytest.mark.parametrize("kind", ["DIALOG_HELSEFAGLIG", "UTSKRIVNINGSRAPPORT"])
def test_a_file_inside_a_resource_becomes_an_attachment(kind: str) -> None:
    told = {
        "resourceType": "Communication",
        "status": "completed",
        **by_hand.ABOUT,
        "sent": "2026-03-12T10:00:00+01:00",
        "payload": [
            {"contentString": "Se bildet"},
            {"contentAttachment": {"contentType": "image/png", "title": "Sår 3. mai", "data": PDF}},
        ],
    }
    made = to_plo(told, kind=kind)
    root = etree.fromstring(made.data)
    (document,) = [d for d in root.iter("{*}Document") if d.find(".//{*}Base64Container") is not None]
    assert document.findtext(".//{*}Base64Container") == PDF
    assert document.findtext(".//{*}MimeType") == "image/png"
    assert document.findtext(".//{*}Description") == "Sår 3. mai"
    assert document.find(".//{*}MsgType").get("V") == "A"  # type: ignore[union-attr]
    assert not [source for source in lost(made) if "contentAttachment" in source]


def test_a_document_that_holds_its_data_is_an_attachment_and_so_is_its_second_content() -> None:
    files = [
        {"attachment": {"contentType": "application/pdf", "title": name, "data": PDF}} for name in ("a", "b")
    ]
    document = {"resourceType": "DocumentReference", "status": "current", "content": files, **by_hand.ABOUT}
    made = to_plo({"resourceType": "Condition", "code": {"text": "Gikt"}, **by_hand.ABOUT}, document)
    root = etree.fromstring(made.data)
    assert [
        e.findtext("{*}Description") for e in root.iter("{*}RefDoc") if e.find("{*}Description") is not None
    ] == [
        "a",
        "b",
    ]
    assert [e.text for e in root.iter("{*}Base64Container")] == [PDF, PDF]


def plan_with(activity: str, status: str = "active") -> Json:
    """A plan with one activity that holds its details itself."""
    return {
        "resourceType": "CarePlan",
        "status": status,
        "intent": "plan",
        **by_hand.ABOUT,
        "activity": [{"detail": {"status": "in-progress", "description": activity}}],
    }


def measures(made: Translation) -> list[str | None]:
    return [e.text for e in etree.fromstring(made.data).iter("{*}IntervensjonTiltakBeskrivelse")]


def test_the_activities_of_every_plan_are_measures() -> None:
    made = to_plo(plan_with("Næringsdrikk"), plan_with("Gangtrening"))
    assert sorted(filter(None, measures(made))) == ["Gangtrening", "Næringsdrikk"]


@pytest.mark.parametrize(
    ("status", "told"), [("on-hold", "satt på vent"), ("draft", "utkast"), ("completed", "fullført")]
)
def test_what_a_plan_that_is_not_in_effect_would_do_stands_under_its_status(status: str, told: str) -> None:
    made = to_plo(plan_with("Næringsdrikk"), plan_with("Gangtrening", status))
    assert measures(made) == ["Næringsdrikk"]
    (plan,) = [text for text in notes(made) if "Gangtrening" in text]
    assert plan.index(f"Status: {told}") < plan.index("Gangtrening")


def test_the_usual_name_is_no_news_and_a_former_one_is() -> None:
    names = [{"use": "official", "family": "Tuvalind"}, {"use": "maiden", "family": "Nes"}]
    made = to_plo(by_hand.stay(), name=names)
    (told,) = [text for text in notes(made) if "Nes" in text]
    assert "tidligere navn" in told
    assert "official" not in told


def test_why_a_section_is_empty_stands_with_its_title() -> None:
    nil = by_hand.coded(f"{by_hand.HL7}/list-empty-reason", "nilknown", "Nil Known")
    empty = {"title": "Allergier", "emptyReason": nil}
    div = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">ingen</div>'}
    composition = by_hand.BUNDLES["report_with_narrative"]()["entry"][4]["resource"]
    for section in (empty, empty | {"text": div}):
        made = to_plo(composition | {"section": [section]})
        assert any("Allergier" in text and "Tomt fordi: ingen kjente" in text for text in notes(made))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"valueCodeableConcept": {"coding": [{"system": code_system("8408"), "code": "11"}]}}, "Sykehjem"),
        (
            {
                "valueInteger": 22,
                "referenceRange": [{"low": {"value": 12}, "high": {"value": 20}, "text": "voksen"}],
            },
            "Referanseområde: 12 – 20; voksen",
        ),
        (
            {
                "valueRatio": {
                    "numerator": {"value": 1, "unit": "mg"},
                    "denominator": {"value": 2, "unit": "ml"},
                }
            },
            "1 mg per 2 ml",
        ),
        ({"valueQuantity": {"value": Decimal("0.0000001"), "unit": "g"}}, "0,0000001 g"),
        ({"valueQuantity": {"value": Decimal("1.0E+2"), "unit": "g"}}, "100 g"),
        ({"valueQuantity": {"value": 3, "system": UCUM, "code": "1"}}, "Verdi: 3\n"),
        ({"valueDateTime": "2026-10-25T02:30:00+02:00"}, "25.10.2026 kl. 02:30 (sommertid)"),
        ({"valueDateTime": "2026-10-25T02:30:00+01:00"}, "25.10.2026 kl. 02:30 (vintertid)"),
        ({"valueDateTime": "2026-10-25T03:30:00+01:00"}, "25.10.2026 kl. 03:30\n"),
    ],
)
def test_a_value_is_told_whole(said: Json, told: str) -> None:
    found = {"resourceType": "Observation", "status": "final", "code": {"text": "Funn"}, **by_hand.ABOUT}
    made = to_plo(found | said)
    assert any(told in f"{text}\n" for text in notes(made))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "order",
                "code": {"coding": [{"system": code_system("9151"), "code": "15"}]},
                "quantityQuantity": {"value": 5, "comparator": "<", "unit": "timer"},
            },
            "Mengde: <5",
        ),
        (
            {
                "resourceType": "MedicationStatement",
                "status": "active",
                "medicationReference": {"reference": "#m"},
                "contained": [
                    {
                        "resourceType": "Medication",
                        "id": "m",
                        "code": {"text": "Morfin"},
                        "ingredient": [
                            {
                                "itemCodeableConcept": {"text": "morfin"},
                                "strength": {
                                    "numerator": {"value": 5, "comparator": "<", "unit": "mg"},
                                    "denominator": {"value": 1, "unit": "ml"},
                                },
                            }
                        ],
                    }
                ],
            },
            "Styrke: <5 mg per 1 ml",
        ),
    ],
)
def test_a_bound_is_not_told_as_the_number(said: Json, told: str) -> None:
    """Less than five arrived as five, with the word Comparator in a note."""
    made = to_plo({**said, **by_hand.ABOUT}, kind="UTSKRIVNINGSRAPPORT")
    assert any(told in text for text in notes(made))
    assert not list(etree.fromstring(made.data).iter("{*}Styrke", "{*}AntallEnheterOnsket"))


def morphine(strength: Json) -> tuple[Json, Json]:
    row = {"resourceType": "MedicationStatement", "status": "active", **by_hand.ABOUT}
    parts = {"numerator": strength, "denominator": {"value": 1, "unit": "tablett"}}
    contents = [{"itemCodeableConcept": {"text": "morfin"}, "strength": parts}]
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "M"}, "ingredient": contents}
    return {**row, "medicationReference": {"reference": "Medication/m"}}, medication


def test_a_unit_for_machines_is_the_unit_where_no_other_is_said() -> None:
    made = to_plo(*morphine({"value": 5, "system": UCUM, "code": "ug"}))
    found = etree.fromstring(made.data).find(".//{*}Styrke")
    assert dict(found.attrib) == {"V": "5", "U": "ug"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("unit", "code", "severity"),
    [
        ("mg", "ug", "error"),
        ("kg", "g", "error"),
        ("mmol/L", "umol/L", "error"),
        ("mg", "mg", "information"),
        ("µg", "ug", "information"),
        ("ml", "mL", "information"),
        ("milligram", "mg", "information"),
        ("tabletter", "{tbl}", "information"),
    ],
)
def test_two_units_of_one_number_are_grave(unit: str, code: str, severity: str) -> None:
    """The words for people are told; that machines were told a thousand times less must stop somebody."""
    value = {"value": 5, "unit": unit, "system": UCUM, "code": code}
    found = {"resourceType": "Observation", "status": "final", "code": {"text": "Funn"}, **by_hand.ABOUT}
    lines = to_plo({**found, "valueQuantity": value}).loss.lost
    assert [each.severity for each in lines if each.source.endswith("valueQuantity.code")] == [severity]


@pytest.mark.parametrize(("status", "is_told"), [("preliminary", True), ("final", False)])
def test_a_preliminary_document_says_so(status: str, is_told: bool) -> None:
    """It may be incomplete or unverified, and arrived as any other."""
    document: Json = {
        "resourceType": "Composition",
        "status": status,
        "date": "2026-03-09",
        "title": "Rapport",
    }
    document |= {"type": {"text": "Rapport"}, "author": [{"display": "EPJ"}], **by_hand.ABOUT}
    made = to_plo(document, {"resourceType": "Condition", "code": {"text": "Gikt"}, **by_hand.ABOUT})
    assert any("Status: foreløpig" in text for text in notes(made)) is is_told
    assert "Composition[1].status" not in lost(made)


def test_a_medication_of_which_only_a_number_is_known_is_grave() -> None:
    row = {"resourceType": "MedicationStatement", "status": "active", **by_hand.ABOUT}
    number = {"system": "https://fest.example", "value": "123"}
    lines = to_plo({**row, "medicationReference": {"identifier": number}}).loss.lost
    assert "error" in {each.severity for each in lines if each.source.endswith("identifier.value")}
    lines = to_plo({**row, "medicationReference": {"identifier": number, "display": "Marevan"}}).loss.lost
    assert "error" not in {each.severity for each in lines}


@pytest.mark.parametrize(
    ("planned", "told"),
    [
        (
            {"resourceType": "ServiceRequest", "intent": "plan", "code": {"text": "Sårstell"}},
            "Hensikt: plan",
        ),
        (
            {"resourceType": "DeviceRequest", "intent": "plan", "codeCodeableConcept": {"text": "Seng"}},
            "Hensikt: plan",
        ),
        (
            {
                "resourceType": "CarePlan",
                "intent": "plan",
                "activity": [{"detail": {"status": "not-started", "description": "Sårstell"}}],
            },
            "Status: ikke begynt",
        ),
    ],
)
def test_what_is_only_planned_is_not_told_as_begun(planned: Json, told: str) -> None:
    """The e-message has measures that are in effect, and those that are recommended; an aid in use, or proposed."""
    made = to_plo({**planned, "status": "active", **by_hand.ABOUT})
    assert any(told in text for text in notes(made))
    assert not [each for each in made.loss.lost if each.source.endswith(("intent", "status"))]


@pytest.mark.parametrize(
    "done",
    [
        {"resourceType": "Procedure", "code": {"text": "Kateter lagt inn"}},
        {
            "resourceType": "MedicationAdministration",
            "medicationCodeableConcept": {"text": "Morfin"},
            "effectiveDateTime": "2026-03-01",
        },
        {"resourceType": "Communication", "payload": [{"contentString": "Fortalt om sårstell"}]},
    ],
)
def test_what_nobody_knows_was_done_is_not_told_as_done(done: Json) -> None:
    """R4 wants a status; `unknown` is ours where the e-message says none, and the sender's word where he does."""
    made = to_plo({**done, "status": "unknown", **by_hand.ABOUT})
    assert any("Status: ukjent" in text for text in notes(made))


def test_a_question_and_its_answer_stand_without_numbers() -> None:
    item = {"linkId": "1.2", "text": "Hva er viktig for deg?", "answer": [{"valueString": "Hunden min"}]}
    form = {"resourceType": "QuestionnaireResponse", "status": "completed", **by_hand.ABOUT, "item": [item]}
    (told,) = [text for text in notes(to_plo(form)) if "Hunden min" in text]
    assert told == "Skjema – Hva er viktig for deg?; Svar: Hunden min"


def test_the_name_of_one_who_is_contained_is_told_once() -> None:
    inner = {"resourceType": "Practitioner", "id": "w", "name": [{"text": "Dr Vik"}]}
    allergy = {
        "resourceType": "AllergyIntolerance",
        "code": {"text": "Lateks"},
        "contained": [inner],
        **by_hand.OF,
    }
    made = to_plo({**allergy, "recorder": {"reference": "#w"}})
    assert "Registrert av: Dr Vik" in notes(made)
    assert lost(made) == set()


# what moved to where the rules look, and was not read there


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": {"coding": [{"display": "Warfarin"}]}},
        {"medicationReference": {"display": "Warfarin"}},
    ],
)
@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest"])
def test_a_stopped_medication_says_so_where_no_list_is(kind: str, named: Json) -> None:
    """An application for services has no list of medications: "in use" would be the opposite."""
    more = {"intent": "order"} if kind == "MedicationRequest" else {}
    row = {"resourceType": kind, "status": "stopped", **more, **named, **by_hand.ABOUT}
    made = to_plo(by_hand.stay(), row, kind="HELSEOPPL_SOKNAD")
    (told,) = [text for text in notes(made) if "Warfarin" in text]
    assert told.startswith("STOPPET: ")
    assert "Seponering" not in told
    assert told.count("Warfarin") == 1
    assert f"{kind}[1].status" in {each.source for each in made.loss.entries if each.kind == "rendered"}
    assert {source for source in lost(made) if "code.text" in source or "Concept.text" in source} == set()


def test_the_status_of_a_medication_that_stands_nowhere_is_lost() -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "status": "stopped",
        "medicationCodeableConcept": {"text": "Warfarin"},
        **by_hand.ABOUT,
    }
    made = convert(message("LOG_INNLAGT", [by_hand.stay(), statement]), "plo-1.6")
    found = {each.source: each.severity for each in made.loss.lost}
    assert found["MedicationStatement[1].status"] == "error"
    assert "MedicationStatement[1].medicationCodeableConcept.text" in found


def test_what_was_put_together_is_named_once_and_by_its_own_place() -> None:
    """A name with two given names that only a text tells; a street that is only a text, told nowhere."""
    doctor = {
        "resourceType": "Practitioner",
        "id": "dr",
        "name": [{"given": ["Kari", "Anne"]}],
        "address": [{"text": "Storgata 1, Lillevik"}],
    }
    made = to_plo(
        {"resourceType": "Flag", "status": "active", "code": {"text": "Smitte"}, **by_hand.ABOUT}
        | {"author": {"reference": "Practitioner/dr"}},
        doctor,
    )
    assert any("Kari Anne" in text for text in notes(made))
    found = {each.source: each.kind for each in made.loss.entries}
    assert len(found) == len(made.loss.entries)
    assert [found[f"Practitioner[1].name[0].given[{at}]"] for at in (0, 1)] == ["rendered", "rendered"]
    assert found["Practitioner[1].address[0].text"] == "lost"
    assert "Practitioner[1].address[0].line[0]" not in found


def test_where_else_an_attachment_is_found_is_named_as_lost() -> None:
    content = {"contentType": "application/pdf", "data": PDF, "url": "https://bilder.example/7"}
    made = to_plo({"resourceType": "Media", "status": "completed", "content": content, **by_hand.ABOUT})
    assert lost(made) == {"Media[1].content.url"}


def test_a_number_no_longer_in_use_is_named_value_by_value() -> None:
    old = {"system": "phone", "value": "22000000", "use": "old", "period": {"end": "2020-01-01"}}
    made = to_plo(by_hand.service("Hjemmesykepleie"), telecom=[old])
    assert {"Patient[1].telecom[0].value", "Patient[1].telecom[0].period.end"} <= lost(made)
    assert "Patient[1].telecom[0].period" not in lost(made)


@pytest.mark.parametrize("first", [0, 1])
def test_the_address_in_use_is_the_one_that_is_carried(first: int) -> None:
    addresses = [{"use": "old", "city": "Gamleby"}, {"use": "home", "city": "Nyby"}]
    made = to_plo(by_hand.service("Hjemmesykepleie"), address=[addresses[first], addresses[1 - first]])
    root = etree.fromstring(made.data)
    assert root.findtext(".//{*}MsgInfo/{*}Patient/{*}Address/{*}City") == "Nyby"
    assert f"Patient[1].address[{first}].city" in lost(made)


@pytest.mark.parametrize("period", [{"end": "2015"}, {"end": "2026-03-08"}, {"start": "2027-01-01"}])
def test_what_is_over_or_has_not_begun_is_not_the_one_in_use(period: Json) -> None:
    """By the time of the message; a name, an address and a number may say it without the word `old`."""
    made = to_plo(
        {"resourceType": "Condition", "code": {"text": "Gikt"}, **by_hand.ABOUT},
        name=[{"family": "Annen", "period": period}, {"family": "Nå"}],
        address=[{"line": ["Annen vei 1"], "period": period}, {"line": ["Veien 2"]}],
        telecom=[{"system": "phone", "value": "11", "period": period}, {"system": "phone", "value": "22"}],
        contact=[
            {
                "name": {"text": "Per"},
                "telecom": [{"system": "phone", "value": "33", "period": period}],
            }
        ],
        communication=[{"language": {"text": "norsk"}}, {"language": {"text": "polsk"}, "preferred": True}],
    )
    root = etree.fromstring(made.data)
    patient = root.find(".//{*}MsgInfo/{*}Patient")
    assert patient is not None
    assert patient.findtext("{*}FamilyName") == "Nå"
    assert patient.findtext("{*}Address/{*}StreetAdr") == "Veien 2"
    assert [each.get("V") for each in root.iter("{*}TeleAddress")] == ["tel:22"]
    assert "Patient[1].telecom[0].value" in lost(made)


@pytest.mark.parametrize(
    "period", [{"end": "2026-03-09"}, {"start": "2026"}, {"start": "2015", "end": "2030"}]
)
def test_what_lasts_is_in_use(period: Json) -> None:
    made = to_plo(
        {"resourceType": "Condition", "code": {"text": "Gikt"}, **by_hand.ABOUT},
        address=[{"line": ["Veien 2"], "period": period}, {"line": ["Annen vei 1"]}],
    )
    assert etree.fromstring(made.data).findtext(".//{*}Patient/{*}Address/{*}StreetAdr") == "Veien 2"
