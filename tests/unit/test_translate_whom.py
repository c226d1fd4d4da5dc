"""Does what belongs to one patient of a Bundle never arrive as another's, whatever stands first?"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from lxml import etree

from gateway.bench.messages import discharge_report
from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system
from gateway.translate import Translation, convert, facts_of
from gateway.translate.born.open_bundle import OpenBundle
from tests.support.born import PATIENT, SENDER, message
from tests.support.translation import to_fhir

Json = dict[str, Any]
OTHER = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000050"
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
PER: Json = {
    "resourceType": "Patient",
    "identifier": [{"system": FNR, "value": "13116900216"}],
    "name": [{"family": "Annen", "given": ["Per"]}],
}
AT = "urn:uuid:3f0c0b1e-0000-4000-8001-{:012d}"


def bundle(*resources: Json, first: bool = False, focus: Json | None = None) -> Json:
    made = message("INNLEGGELSESRAPPORT", resources)
    made["entry"].insert(1 if first else len(made["entry"]), {"fullUrl": OTHER, "resource": PER})
    if focus:
        made["entry"][0]["resource"]["focus"].append(focus)
    return made


def condition(of: Json, text: str = "Hoftebrudd") -> Json:
    return {"resourceType": "Condition", "code": {"text": text}, "subject": of}


def composition(of: str, *entries: int) -> Json:
    named = [{"reference": AT.format(number)} for number in entries]
    code = {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "Rapport"},
        "subject": {"reference": of},
        "date": "2026-03-09",
        "author": [{"display": "EPJ"}],
        "title": "Rapport",
        "section": [{"title": "Diagnoser", "code": code, "entry": named}],
    }


def whose(made: Translation) -> str | None:
    return etree.fromstring(made.data).findtext("{*}MsgInfo/{*}Patient/{*}FamilyName")


HERS, HIS = {"reference": PATIENT}, {"reference": OTHER}


@pytest.mark.parametrize("first", [True, False])
def test_the_order_of_the_bundle_does_not_choose_the_patient(first: bool) -> None:
    found = bundle(condition(HERS), first=first)
    made = convert(found, "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert "Hoftebrudd" in made.data.decode()
    assert facts_of(found).patient == facts_of(message("INNLEGGELSESRAPPORT", [])).patient


def test_a_patient_in_focus_does_not_get_what_is_about_another() -> None:
    found = bundle(condition(HERS), focus=HIS)
    made = convert(found, "plo-1.6")
    assert whose(made) == "Annen"
    assert "Hoftebrudd" not in made.data.decode()
    assert "Condition[1].code.text" in {each.source for each in made.loss.lost}
    patient = facts_of(found).patient
    assert patient is not None
    assert patient.number == "13116900216"


def test_the_composition_says_whom_the_message_is_about() -> None:
    found = bundle(composition(PATIENT, 1), condition(HERS), focus=HIS)
    made = convert(found, "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert "Hoftebrudd" in made.data.decode()
    assert facts_of(found).patient == facts_of(message("INNLEGGELSESRAPPORT", [])).patient


def test_a_composition_that_nothing_names_says_it_too() -> None:
    found = bundle(composition(OTHER, 1), condition(HIS))
    del found["entry"][0]["resource"]["focus"]
    assert whose(convert(found, "plo-1.6")) == "Annen"
    patient = facts_of(found).patient
    assert patient is not None
    assert patient.number == "13116900216"


_PLAN: Json = {
    "resourceType": "CarePlan",
    "status": "active",
    "intent": "plan",
    "subject": HERS,
    "goal": [{"reference": AT.format(1)}],
    "activity": [{"reference": {"reference": AT.format(2)}}],
}
_GOAL: Json = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Gå i trapper"}}
_MEASURE: Json = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "code": {"text": "Sårstell"},
}
_VISIT: Json = {"resourceType": "Appointment", "status": "booked", "description": "Røntgen"}


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ([_PLAN, {**_GOAL, "subject": HIS}, {**_MEASURE, "subject": HIS}], ("Gå i trapper", "Sårstell")),
        ([composition(PATIENT, 1), condition(HIS)], ("Hoftebrudd",)),
        (
            [condition(HERS, "Gikt"), {**_VISIT, "participant": [{"status": "accepted", "actor": HIS}]}],
            ("Røntgen",),
        ),
        ([condition({"identifier": {"system": FNR, "value": "13116900216"}})], ("Hoftebrudd",)),
    ],
)
def test_what_is_about_another_is_lost_wherever_it_is_named(
    resources: list[Json], words: tuple[str, ...]
) -> None:
    made = convert(bundle(*resources), "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert not [word for word in words if word in made.data.decode()]
    assert len(
        [each for each in made.loss.lost if each.source.rpartition(".")[2] in ("text", "description")]
    ) >= len(words)


def test_a_visit_of_both_is_told() -> None:
    taking_part = [{"status": "accepted", "actor": each} for each in (HIS, HERS)]
    made = convert(bundle({**_VISIT, "participant": taking_part}), "plo-1.6")
    assert "Røntgen" in made.data.decode()


_AID: Json = {"resourceType": "Device", "id": "a", "deviceName": [{"name": "Rullestol", "type": "other"}]}
_WANTED: Json = {"resourceType": "DeviceRequest", "intent": "order", "subject": HIS}
_MEASURED: Json = {
    "resourceType": "Observation",
    "id": "a",
    "status": "final",
    "code": {"text": "Vekt"},
    "valueString": "Rullestol",
}
_REPORT: Json = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Prøve"}}
_STAY: Json = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}, "subject": HIS}
_THERE: Json = {"reference": AT.format(1)}
_SILENT = (
    [condition(HERS), _AID, {**_WANTED, "codeReference": _THERE}],
    [condition(HERS), {**_WANTED, "codeReference": {"reference": "#a"}, "contained": [_AID]}],
    [condition(HERS), _STAY, {**_MEASURED, "encounter": _THERE}],
    [condition(HERS), _MEASURED, {**_REPORT, "subject": HIS, "result": [_THERE]}],
    [
        condition(HERS),
        {**_MEASURED, "hasMember": [{"reference": AT.format(2)}]},
        {**_MEASURED, "code": {"text": "Høyde"}},
        {**_REPORT, "subject": HIS, "result": [_THERE]},
    ],
    [
        condition(HERS),
        _WANTED,
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "focus": _THERE,
            "description": "Rullestol",
        },
    ],
    [
        condition(HERS),
        {**_MEASURED, "valueString": "Noe", "encounter": {"reference": AT.format(2)}},
        _STAY,
        {**_MEASURED, "derivedFrom": [{"reference": AT.format(4)}]},
        {**_MEASURED, "valueString": "Annet", "derivedFrom": [_THERE]},
    ],
)


@pytest.mark.parametrize("resources", _SILENT)
def test_what_names_nobody_and_stands_with_another_is_not_the_patients(resources: list[Json]) -> None:
    made = convert(bundle(*resources), "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert "Rullestol" not in made.data.decode()
    assert [
        each for each in made.loss.lost if each.source.endswith((".name", ".valueString", ".description"))
    ]


@pytest.mark.parametrize(
    "resources",
    [
        [condition(HERS), _MEASURED],
        [composition(PATIENT, 1), _MEASURED, {**_REPORT, "subject": HIS, "result": [_THERE]}],
        [condition(HERS), {**_STAY, "subject": HERS}, {**_MEASURED, "encounter": _THERE}],
        [
            condition(HERS),
            {"resourceType": "Device", "deviceName": [{"name": "Vekt", "type": "other"}]},
            {**_WANTED, "codeReference": _THERE},
            {**_MEASURED, "device": _THERE},
        ],
    ],
)
def test_what_names_nobody_is_the_patients_where_the_patient_has_it(resources: list[Json]) -> None:
    assert "Rullestol" in convert(bundle(*resources), "plo-1.6").data.decode()


def test_an_event_of_anothers_stay_is_none_of_the_patients() -> None:
    code = {"coding": [{"system": code_system("9121"), "code": "1"}]}
    event = {**_MEASURED, "code": code, "effectiveDateTime": "2026-03-02"}
    found = bundle(condition(HERS), _STAY, {**event, "encounter": _THERE})
    assert facts_of(found).events == facts_of(read(convert(found, "plo-1.6").data)).events == ()


_DONE: Json = {"resourceType": "Procedure", "status": "completed", "code": {"text": "Skift"}, "subject": HERS}
_WORDED: Json = {**_THERE, "display": "Gikt"}
_OF_HERS: tuple[Json, ...] = (
    {**_DONE, "reasonReference": [_WORDED]},
    {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": HERS, "goal": [_WORDED]},
    {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "for": HERS,
        "description": "Ring",
        "focus": _WORDED,
    },
)
_ERROR = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            "code": "entered-in-error",
        }
    ]
}


@pytest.mark.parametrize("of", [HIS, HERS])
@pytest.mark.parametrize("hers", _OF_HERS)
def test_words_beside_a_reference_to_what_is_not_told_do_not_tell_it(hers: Json, of: Json) -> None:
    named = condition(of, "Noe") if of is HIS else {**condition(of, "Noe"), "verificationStatus": _ERROR}
    made = convert(bundle(hers, named), "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert "Gikt" not in made.data.decode()
    assert [each for each in made.loss.lost if each.source.endswith("display") and each.severity == "warning"]


def test_a_thing_that_is_anothers_is_not_told_with_its_use() -> None:
    use = {"resourceType": "DeviceUseStatement", "status": "active", "subject": HERS, "device": _THERE}
    made = convert(bundle(use, {**_AID, "patient": HIS}), "plo-1.6")
    assert "Rullestol" not in made.data.decode()


@pytest.mark.parametrize(
    ("focus", "words"),
    [
        (HIS, None),
        (HERS, "Rullestol"),
        (_THERE, "Gjelder: Liten Annen"),
    ],
)
def test_an_observation_of_somebody_else_is_not_the_patients(focus: Json, words: str | None) -> None:
    """R4 has a newborn's weight in the mother's record so: the subject is the mother, the focus is the newborn."""
    newborn = {
        "resourceType": "RelatedPerson",
        "patient": HERS,
        "name": [{"family": "Annen", "given": ["Liten"]}],
    }
    made = convert(bundle({**_MEASURED, "subject": HERS, "focus": [focus]}, newborn), "plo-1.6")
    assert ("Rullestol" in made.data.decode()) is bool(words)
    assert words is None or words in made.data.decode()


def test_an_event_of_somebody_else_is_none_of_the_patients() -> None:
    code = {"coding": [{"system": code_system("9121"), "code": "1"}]}
    event = {**_MEASURED, "code": code, "effectiveDateTime": "2026-03-02", "subject": HERS, "focus": [HIS]}
    found = bundle(condition(HERS), event)
    assert facts_of(found).events == facts_of(read(convert(found, "plo-1.6").data)).events == ()


@pytest.mark.parametrize(("focus", "is_told"), [(HERS, True), (HIS, False), (_THERE, False)])
def test_a_section_about_somebody_else_is_not_the_patients(focus: Json, is_told: bool) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Gikt</div>'
    text = {"status": "additional", "div": div}
    body = {**composition(PATIENT), "section": [{"title": "Barnet", "focus": focus, "text": text}]}
    made = convert(bundle(body, {"resourceType": "RelatedPerson", "patient": HERS}), "plo-1.6")
    assert ("Gikt" in made.data.decode()) is is_told
    lost = {each.source for each in made.loss.lost}
    assert ({"Composition[1].section[0].title", "Composition[1].section[0].text.div"} <= lost) is not is_told


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_of_the_same_says_the_same(order: tuple[int, ...]) -> None:
    found = bundle(condition(HERS), condition(HIS, "Gikt"))
    people = [found["entry"][1], *found["entry"][-2:]]
    found["entry"] = [*found["entry"][:1], *found["entry"][2:-2], *(people[at] for at in order)]
    made = convert(found, "plo-1.6")
    assert whose(made) == "Prøvesen"
    assert "Gikt" not in made.data.decode()


NUMBER = {"system": FNR, "value": "15833810178"}


@pytest.mark.parametrize(
    ("of", "is_told"),
    [
        ({"reference": "https://epj.example/fhir/Patient/9"}, False),
        ({"reference": "https://epj.example/fhir/Patient/9", "display": "Solveig Prøvesen"}, False),
        ({"reference": "https://epj.example/fhir/Patient/9", "identifier": NUMBER}, True),
        ({"reference": "Patient/99"}, False),
        ({"reference": "urn:uuid:3f0c0b1e-0000-4000-8000-00000000ffff"}, False),
        ({"reference": "#nobody"}, False),
        ({"reference": SENDER}, False),
        ({"identifier": NUMBER}, True),
        ({"identifier": {"system": "https://epj.example/pasient", "value": "7"}}, False),
        ({"display": "Kari Annen"}, False),
        ({"display": "Solveig Marie Prøvesen, f. 1938"}, True),
        ({"display": "PRØVESEN, Solveig"}, True),
        ({"display": "Mor til Solveig Prøvesen"}, False),
        ({"display": "Solveig Prøvesen sin datter"}, False),
        ({"display": "Solveig Prøvesen, f. 2001"}, False),
        ({"display": "Ola Hansen"}, False),
        ({"display": "Hansen"}, False),
        ({"type": "Patient"}, True),
        ({"type": "Group"}, False),
        (None, True),
    ],
)
def test_what_cannot_be_shown_to_be_the_patients_is_not_told_as_that(of: Json | None, is_told: bool) -> None:
    """A reference that leads nowhere is no word about the patient: only a number, or a name alone, tells whom."""
    found = message("INNLEGGELSESRAPPORT", [condition(of or HERS)])
    found["entry"][1]["resource"]["name"].append({"use": "maiden", "family": "Hansen"})
    made = convert(found, "plo-1.6")
    assert ("Hoftebrudd" in made.data.decode()) is is_told
    assert ("Condition[1].code.text" in {each.source for each in made.loss.lost}) is not is_told


@pytest.mark.parametrize(
    ("actor", "is_told"),
    [
        ({"reference": "Patient/99"}, False),
        ({"reference": "https://epj.example/fhir/Practitioner/9"}, True),
        ({"display": "Dr. Lege"}, True),
    ],
)
def test_a_visit_is_the_patients_unless_it_names_another(actor: Json, is_told: bool) -> None:
    visit = {**_VISIT, "participant": [{"status": "accepted", "actor": actor}]}
    made = convert(message("INNLEGGELSESRAPPORT", [visit]), "plo-1.6")
    assert ("Røntgen" in made.data.decode()) is is_told


def test_another_patient_is_told_nothing_of() -> None:
    made = convert(bundle(condition(HERS)), "plo-1.6")
    assert "Annen" not in made.data.decode()
    assert "Patient[2].name[0].family" in {each.source for each in made.loss.lost}


@pytest.mark.parametrize(
    "same",
    [
        {"identifier": [NUMBER]},
        {"name": [{"text": "Solveig Prøvesen"}], "birthDate": "1938-03-15"},
    ],
)
def test_the_patient_who_stands_there_twice_is_one(same: Json) -> None:
    found = message(
        "INNLEGGELSESRAPPORT", [condition(HERS), condition({"reference": OTHER}, "Gikt"), condition(HERS)]
    )
    found["entry"].append({"fullUrl": OTHER, "resource": {"resourceType": "Patient", **same}})
    assert "Gikt" in convert(found, "plo-1.6").data.decode()


_NO_NUMBER: Json = {"identifier": [{"system": FNR, "use": "official"}, {"value": "7"}]}
_NEWBORN: Json = {"name": [{"family": "Annen", "given": ["Gutt"]}], "birthDate": "2026-03-01"}


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        (_NO_NUMBER, _NO_NUMBER),
        ({"identifier": [NUMBER]}, {"identifier": [{**NUMBER, "use": "old"}]}),
        ({**_NEWBORN, "multipleBirthInteger": 1}, {**_NEWBORN, "multipleBirthInteger": 2}),
        ({**_NEWBORN, "gender": "male"}, {**_NEWBORN, "gender": "female"}),
        *[
            [{"name": [{"family": "Annen"}], "birthDate": "2026-03-01"}] * 2,
            [{**_NEWBORN, "birthDate": "2026"}] * 2,
        ],
    ],
)
def test_two_of_whom_little_is_known_are_two(hers: Json, his: Json) -> None:
    """Twins, and patients whose number is not known: what both lack makes them not the same."""
    found = message("INNLEGGELSESRAPPORT", [condition(HERS), condition(HIS, "Gikt")])
    found["entry"][1]["resource"] = {"resourceType": "Patient", **hers}
    found["entry"].append({"fullUrl": OTHER, "resource": {"resourceType": "Patient", **his}})
    made = convert(found, "plo-1.6")
    assert "Gikt" not in made.data.decode()
    assert "Condition[2].code.text" in {each.source for each in made.loss.lost}


def test_a_body_about_somebody_who_is_not_there_is_refused() -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(message("INNLEGGELSESRAPPORT", [composition("Patient/99", 1), condition(HERS)]), "plo-1.6")
    assert refused.value.path == "Composition.subject"


@pytest.mark.parametrize(
    "of",
    [
        {"identifier": NUMBER},
        {"display": "Solveig Prøvesen"},
        {"reference": "https://epj.example/fhir/Patient/9"},
    ],
)
def test_a_message_of_which_no_patient_is_there_is_refused_where_it_names_one(of: Json) -> None:
    """It would be about nobody; and of two who are named so, both would stand in it."""
    found = message("INNLEGGELSESRAPPORT", [condition(of), condition({"display": "Per Annen"}, "Gikt")])
    del found["entry"][1]
    with pytest.raises(NotTranslatable) as refused:
        convert(found, "plo-1.6")
    assert refused.value.path == "Condition.subject"


@pytest.mark.parametrize("base", ["https://a.example", "https://b.example"])
def test_of_two_servers_patients_with_one_id_each_is_its_own_servers(base: str) -> None:
    found = bundle(composition("Patient/1"), condition(HERS))
    patients = [found["entry"][1], found["entry"][-1]]
    for server, entry in zip(("https://a.example", "https://b.example"), patients, strict=True):
        entry["fullUrl"], entry["resource"] = f"{server}/Patient/1", {**entry["resource"], "id": "1"}
    body = next(e for e in found["entry"] if e["resource"]["resourceType"] == "Composition")
    found["entry"][0]["resource"]["focus"] = [{"reference": f"{base}/Composition/c"}]
    body["fullUrl"], body["resource"]["section"] = f"{base}/Composition/c", []
    found["entry"].remove(next(e for e in found["entry"] if e["resource"]["resourceType"] == "Condition"))
    assert facts_of(found).patient == facts_of(read(convert(found, "plo-1.6").data)).patient is not None


def test_of_a_message_of_ours_nothing_goes_to_a_patient_who_says_nothing_of_himself() -> None:
    """Such a Patient holds nothing that could be left unread."""
    found = convert(read(discharge_report()), "fhir-r4").bundle
    assert found is not None
    found["entry"].append({"fullUrl": OTHER, "resource": {"resourceType": "Patient", "id": OTHER[9:]}})
    diagnoses = [
        each["resource"] for each in found["entry"] if each["resource"]["resourceType"] == "Condition"
    ]
    text = diagnoses[0]["code"]["coding"][0]["display"]
    assert text in convert(found, "plo-1.6").data.decode()
    diagnoses[0]["subject"] = HIS
    made = convert(found, "plo-1.6")
    assert text not in made.data.decode()
    assert "Condition[1].code.coding[0].display" in {each.source for each in made.loss.lost}


def test_documents_about_several_patients_are_no_message() -> None:
    """The envelope names one patient: the document of the other was left out, and nobody was told."""
    found = bundle(composition(PATIENT, 1), condition(HERS))
    other = "urn:uuid:3f0c0b1e-0000-4000-8007-000000000001"
    found["entry"].append({"fullUrl": other, "resource": composition(OTHER)})
    found["entry"][0]["resource"]["focus"] = [{"reference": AT.format(0)}, {"reference": other}]
    with pytest.raises(NotTranslatable) as refused:
        convert(found, "plo-1.6")
    assert (refused.value.code, refused.value.path) == (
        "translate.unsupported-content",
        "MessageHeader.focus",
    )


def test_an_edit_leaves_the_documents_of_a_message_of_ours_where_they_are() -> None:
    """Each document says of the patient what it says: it was taken for another's, and left out."""
    source = next(
        made
        for made in (RandomMessage("plo-1.6", seed).text("p4") for seed in range(200))
        if OpenBundle(to_fhir(made)).has_documents_of_several()
    )
    found = to_fhir(source)
    before = convert(found, "plo-1.6").data
    found["entry"][0]["resource"]["reason"] = {"text": "fordi"}
    after = convert(found, "plo-1.6")
    assert after.data == before
    assert [each.source for each in after.loss.lost] == ["MessageHeader[1].reason.text"]
