"""Does a person who reads the e-message see first that something is not so, not done, or not to be done?"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import NotTranslatable
from gateway.fhir import tables
from gateway.translate import Translation, convert, facts_of
from gateway.translate.born.tables import wordlist
from tests.support import born_bundles as by_hand
from tests.support.born import PATIENT, message
from tests.support.translation import to_fhir

Json = dict[str, Any]
ABOUT, OF, HL7 = by_hand.ABOUT, by_hand.OF, by_hand.HL7
NOTE = {"note": [{"text": "Fra tidligere"}]}
MEDICATION = {"medicationCodeableConcept": {"text": "Marevan 2,5 mg"}}
ORDER = {"status": "active", "intent": "order", **ABOUT}
MEASURE = {"resourceType": "ServiceRequest", **ORDER, "code": {"text": "Mobilisering"}}


def to_plo(*resources: Json, kind: str = "UTSKRIVNINGSRAPPORT") -> Translation:
    bundle = message(kind, resources)
    made = convert(bundle, "plo-1.6")
    assert [each for each in validate(read(made.data)) if each.severity == "error"] == []
    assert convert(to_fhir(made.data), made.format).data == made.data
    return made


def element(made: Translation, name: str) -> list[str]:
    return [found.text or "" for found in etree.fromstring(made.data).iter(f"{{*}}{name}")]


def kinds(made: Translation) -> dict[str, tuple[str, str]]:
    return {each.source: (each.kind, each.severity) for each in made.loss.entries}


@pytest.mark.parametrize(
    ("resource", "name", "begins"),
    [
        (
            {"resourceType": "MedicationRequest", **ORDER, **MEDICATION, **NOTE, "doNotPerform": True},
            "Merknad",
            "SKAL IKKE GIS; Fra",
        ),
        (
            {"resourceType": "MedicationRequest", **ORDER, **MEDICATION, **NOTE, "intent": "proposal"},
            "Merknad",
            "Hensikt: forslag; Fra",
        ),
        (
            {"resourceType": "MedicationStatement", **ABOUT, **MEDICATION, **NOTE, "status": "not-taken"},
            "Merknad",
            "Status: IKKE TATT; Fra",
        ),
        ({**MEASURE, **NOTE, "doNotPerform": True}, "Merknad", "SKAL IKKE UTFØRES; Fra"),
        ({**MEASURE, **NOTE, "status": "on-hold"}, "Merknad", "Status: satt på vent; Fra"),
        (
            {
                "resourceType": "Goal",
                "lifecycleStatus": "rejected",
                "description": {"text": "Gå"},
                **ABOUT,
                **NOTE,
            },
            "Notat",
            "Status: AVVIST",
        ),
        (
            {
                "resourceType": "Condition",
                "verificationStatus": by_hand.coded(f"{HL7}/condition-ver-status", "unconfirmed"),
                "code": {"text": "Diabetes"},
                **ABOUT,
                **NOTE,
            },
            "DiagnoseBeskrivelse",
            "Sikkerhet: ikke bekreftet; Fra",
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "verificationStatus": by_hand.coded(f"{HL7}/allergyintolerance-verification", "unconfirmed"),
                "code": {"text": "Nøtter"},
                **OF,
                **NOTE,
            },
            "Notat",
            "Sikkerhet: ikke bekreftet",
        ),
        (
            {
                "code": {"text": "Hofteoperasjon"},
                **NOTE,
                **ABOUT,
                "resourceType": "Procedure",
                "status": "not-done",
            },
            "Notat",
            "IKKE UTFØRT: Behandling eller inngrep\nStatus: IKKE UTFØRT\nGjelder: Hofteoperasjon",
        ),
        (
            {
                "vaccineCode": {"text": "MMR"},
                **OF,
                "occurrenceString": "i fjor",
                "resourceType": "Immunization",
                "status": "not-done",
            },
            "Notat",
            "IKKE UTFØRT: Vaksinasjon\nStatus",
        ),
        (
            {
                "resourceType": "CommunicationRequest",
                "payload": [{"contentString": "Ring"}],
                "status": "active",
                "doNotPerform": True,
                **ABOUT,
            },
            "Notat",
            "SKAL IKKE UTFØRES: Forespørsel\nSKAL IKKE UTFØRES\nInnhold: Ring",
        ),
        (
            {
                "resourceType": "Consent",
                "policyRule": {"text": "Innsyn"},
                "scope": {"text": "x"},
                "category": [{"text": "y"}],
                "status": "rejected",
                "provision": {"period": {"end": "2026-05-01"}, "type": "deny"},
                "patient": {"reference": PATIENT},
            },
            "Notat",
            "AVVIST: Samtykke eller reservasjon\nStatus: AVVIST\nBestemmelse: NEKTER",
        ),
        (
            {"resourceType": "Observation", "code": {"text": "Vekt"}, **ABOUT, "status": "cancelled"},
            "Notat",
            "AVBRUTT: Observasjon\nStatus: AVBRUTT\nGjelder: Vekt",
        ),
    ],
)
def test_what_changes_the_meaning_stands_first(resource: Json, name: str, begins: str) -> None:
    assert element(to_plo(resource), name)[0].startswith(begins)


def test_what_is_said_of_one_of_several_stands_with_it() -> None:
    details = [
        {"detail": {"status": "in-progress", "description": "Gå tur"}},
        {"detail": {"description": "Løpe", "status": "on-hold", "doNotPerform": True}},
    ]
    plan = {"resourceType": "CarePlan", **ORDER, "intent": "option", "title": "Plan B", "activity": details}
    (told,) = element(to_plo(plan), "Notat")
    assert told.split("\n") == [
        "Plan",
        "Hensikt: mulighet",
        "Tittel: Plan B",
        "Tiltak: Gå tur",
        "SKAL IKKE UTFØRES; Status: satt på vent; Tiltak: Løpe",
    ]


# what is only an option, or recommended


def test_one_of_several_options_is_no_measure() -> None:
    made = to_plo({**MEASURE, "intent": "option"})
    assert element(made, "IverksatteTiltak") == element(made, "AnbefaltVidereTiltak") == []
    assert element(made, "Notat") == ["Tiltak\nHensikt: mulighet\nGjelder: Mobilisering"]


@pytest.mark.parametrize(
    ("intent", "kind"), [("plan", "rendered"), ("filler-order", "implied"), ("directive", "implied")]
)
def test_an_intent_that_is_written_as_an_order_stands_in_the_report(intent: str, kind: str) -> None:
    plan = {
        "resourceType": "CarePlan",
        **ORDER,
        "intent": "plan",
        "activity": [{"reference": {"reference": "ServiceRequest/s"}}],
    }
    for resources in ([{**MEASURE, "intent": intent}], [plan, {**MEASURE, "id": "s", "intent": intent}]):
        made = to_plo(*resources)
        assert element(made, "IntervensjonTiltakBeskrivelse") == ["Mobilisering"]
        assert kinds(made)["ServiceRequest[1].intent"] == (kind, "information")


def test_what_a_proposal_holds_is_recommended() -> None:
    detail = {"detail": {"status": "not-started", "description": "Gå tur"}}
    made = to_plo({"resourceType": "CarePlan", **ORDER, "intent": "proposal", "activity": [detail]})
    assert len(element(made, "AnbefaltVidereTiltak")) == 1
    assert element(made, "IverksatteTiltak") == []


# stays that are not as they seem


@pytest.mark.parametrize(
    ("status", "estimates"),
    [
        ("planned", ["true", "true"]),
        ("in-progress", ["false", "true"]),
        ("finished", ["false", "false"]),
        ("cancelled", []),
        ("entered-in-error", []),
    ],
)
def test_what_has_not_happened_is_no_event(status: str, estimates: list[str]) -> None:
    stay = by_hand.stay(status, period={"start": "2026-03-01", "end": "2026-03-09"})
    made = to_plo(stay, {"resourceType": "Condition", "code": {"text": "Hoftebrudd"}, **ABOUT})
    assert element(made, "Anslag") == estimates
    if not estimates:
        assert any("Periode: 01.03.2026 – 09.03.2026" in text for text in element(made, "Notat"))


def test_a_notice_of_a_stay_that_never_was_is_a_cancellation() -> None:
    bundle = message("LOG_INNLAGT", [by_hand.stay("cancelled")])
    made = convert(bundle, "plo-1.6")
    assert (facts_of(bundle).status, facts_of(read(made.data)).status) == ("C", "C")
    assert kinds(made)["Encounter[1].status"][0] == "rendered"


def test_a_notice_that_tells_of_more_than_a_stay_that_never_was_is_refused() -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(message("LOG_INNLAGT", [by_hand.stay("cancelled"), MEASURE]), "plo-1.6")
    assert (refused.value.code, refused.value.path) == ("translate.missing-content", "Encounter.status")


def test_what_is_said_to_be_an_error_by_its_verification_is_taken_back() -> None:
    error = by_hand.coded(f"{HL7}/condition-ver-status", "entered-in-error")
    condition = {"resourceType": "Condition", "verificationStatus": error, "code": {"text": "Gikt"}, **ABOUT}
    made = convert(message("UTSKRIVNINGSRAPPORT", [condition]), "plo-1.6")
    assert facts_of(read(made.data)).status == "C"
    assert any("FEILREGISTRERT" in text for text in element(made, "DiagnoseBeskrivelse"))


def test_the_patient_who_was_told_something_is_no_next_of_kin() -> None:
    told = {
        "resourceType": "Communication",
        "status": "not-done",
        "payload": [{"contentString": "Om vedtaket"}],
        "recipient": [{"reference": PATIENT}],
        **ABOUT,
    }
    assert element(to_plo(told), "Notat") == [
        "IKKE UTFØRT: Informasjon\nStatus: IKKE UTFØRT\nInnhold: Om vedtaket"
    ]


# a medication's status


@pytest.mark.parametrize(("status", "remarks"), [("active", ["Status: i bruk"]), ("unknown", [])])
def test_that_a_medication_is_taken_is_said(status: str, remarks: list[str]) -> None:
    """A row of the list does not say it: read back, it is `unknown` (DESIGN §5), and the words stand with it."""
    made = to_plo({"resourceType": "MedicationStatement", "status": status, **ABOUT, **MEDICATION})
    assert element(made, "Merknad") == remarks
    assert made.loss.lost == ()
    found = [entry["resource"] for entry in to_fhir(made.data)["entry"]]
    (row,) = [each for each in found if each["resourceType"] == "MedicationStatement"]
    assert row["status"] == "unknown"
    assert [note["text"] for note in row.get("note", ())] == remarks


# lists, people, things, prescriptions


@pytest.mark.parametrize(
    ("resource", "name", "reads"),
    [
        (
            {**MEASURE, "doNotPerform": True},
            "IntervensjonTiltakBeskrivelse",
            "SKAL IKKE UTFØRES: Mobilisering",
        ),
        (
            {**MEASURE, "code": by_hand.national("9151", "15"), "status": "revoked", **NOTE},
            "BetegnelseTjeneste",
            "TRUKKET TILBAKE",
        ),
        (
            {
                "resourceType": "Goal",
                "lifecycleStatus": "rejected",
                "description": {"text": "Bo på hjemmet"},
                "expressedBy": {"reference": PATIENT},
                **ABOUT,
            },
            "Notat",
            "AVVIST: Bo på hjemmet",
        ),
    ],
)
def test_a_text_that_is_read_before_any_remark_says_it_itself(resource: Json, name: str, reads: str) -> None:
    condition = {"resourceType": "Condition", "code": {"text": "Gikt"}, **ABOUT}  # not all is taken back
    assert element(to_plo(condition, resource), name) == [reads]


def test_a_note_of_a_dialogue_that_was_not_sent_says_so() -> None:
    note = {"resourceType": "Communication", "status": "not-done", **ABOUT}
    made = convert(message("DIALOG_NOTAT", [{**note, "payload": [{"contentString": "Sendt"}]}]), "plo-1.6")
    assert element(made, "TekstNotatInnhold") == ["IKKE UTFØRT: Sendt"]


def test_an_aid_that_is_only_proposed_has_that_status() -> None:
    aid = {"resourceType": "DeviceRequest", **ORDER, "intent": "proposal"}
    made = to_plo({**aid, "codeCodeableConcept": {"text": "Personløfter"}})
    row = next(etree.fromstring(made.data).iter("{*}Status"))
    assert (row.get("V"), row.get("DN")) == ("1", "Foreslått")
    assert (
        kinds(made)["DeviceRequest[1].intent"][0] == kinds(made)["DeviceRequest[1].status"][0] == "rendered"
    )


def test_a_thing_is_named_where_its_use_is_told() -> None:
    thing = {"resourceType": "Device", "id": "d", "deviceName": [{"name": "Rullator", "type": "other"}]}
    use = {
        "resourceType": "DeviceUseStatement",
        "status": "stopped",
        "device": {"reference": "Device/d"},
        **ABOUT,
    }
    (told,) = element(to_plo(use, thing), "Notat")
    assert told.startswith("STOPPET: Bruk av hjelpemiddel\nStatus: STOPPET\n")
    assert "Rullator" in told


def test_a_list_of_changes_says_what_went() -> None:
    went = {"resourceType": "MedicationStatement", "id": "m", "status": "completed", **ABOUT, **MEDICATION}
    changes = {
        "resourceType": "List",
        "status": "current",
        "mode": "changes",
        "title": "Endringer",
        **ABOUT,
        "entry": [{"deleted": True, "item": {"reference": "MedicationStatement/m"}}],
    }
    made = to_plo(went, changes)
    assert element(made, "Notat") == [
        "Liste\nListen er: endringer\nTittel: Endringer\nTATT UT AV LISTEN; Marevan 2,5 mg"
    ]
    assert made.loss.gravest == "information"


def test_a_next_of_kin_who_is_no_longer_one_says_so_first() -> None:
    person = {"resourceType": "RelatedPerson", "active": False, **OF, "name": [{"text": "Anne Berg"}]}
    old = {"system": "phone", "value": "+4791111111", "use": "old"}
    now = {"system": "phone", "value": "+4790000000", "use": "mobile"}
    made = to_plo({**person, "telecom": [old, now]})
    assert element(made, "Merknad") == ["IKKE LENGER PÅRØRENDE ELLER KONTAKT"]
    assert "91111111" not in made.data.decode()
    assert kinds(made)["RelatedPerson[1].telecom[0].value"] == ("lost", "information")


def test_why_a_prescription_was_stopped_stands_with_it() -> None:
    reason = {"statusReason": {"text": "Nyresvikt"}}
    order = {"resourceType": "MedicationRequest", **ORDER, **MEDICATION, **reason, "status": "stopped"}
    made = to_plo(order)
    assert element(made, "Merknad") == ["Begrunnelse for status: Nyresvikt"]
    row = next(etree.fromstring(made.data).iter("{*}StatusTilForskrivningen"))
    assert row.get("V") == "2"


def test_a_code_that_the_status_contradicts_stands_in_the_report() -> None:
    stopped = by_hand.national("9104", "2", "Seponering")
    statement = {"resourceType": "MedicationStatement", "status": "active", "statusReason": [stopped]}
    made = to_plo({**statement, **ABOUT, **MEDICATION})
    assert not list(etree.fromstring(made.data).iter("{*}StatusTilForskrivningen"))
    assert kinds(made)["MedicationStatement[1].statusReason[0].coding[0].code"] == ("lost", "warning")


def test_that_no_allergy_is_known_stands_first() -> None:
    none = by_hand.coded(by_hand.SNOMED, "716186003", "No known allergy")
    made = to_plo({"resourceType": "AllergyIntolerance", "code": none, **OF})
    assert element(made, "Notat") == ["INGEN KJENT: Overfølsomhet – Gjelder: No known allergy"]


# words


def test_every_code_that_r4_binds_has_a_norwegian_word() -> None:
    words = wordlist()
    missing = {
        f"{kind}.{element.name}|{code}"
        for kind in words.tellings
        for element in tables.elements(kind)
        if element.value_set and element.types[0].name == "code" and not words.is_never(element.name, kind)
        for codes in tables.value_set(element.value_set).values()
        for code in codes
        if not words.word(f"{kind}.{element.name}", code)
        and not words.is_silent(f"{kind}.{element.name}", code)
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("coding", "state", "words"),
    [
        ({"code": "exp"}, "2", "DØD"),
        ({"code": "exp", "display": "Expired"}, "2", "Expired"),
        ({"code": "aadvice"}, None, "SKREV SEG UT MOT MEDISINSK RÅD"),
    ],
)
def test_that_a_patient_died_is_no_code_in_a_foreign_tongue(
    coding: Json, state: str | None, words: str
) -> None:
    coding = {"system": f"{HL7}/discharge-disposition", **coding}
    stay = by_hand.stay(
        "finished",
        period={"start": "2026-03-08", "end": "2026-03-12T12:00:00+01:00"},
        hospitalization={"dischargeDisposition": {"coding": [coding]}},
    )
    root = etree.fromstring(to_plo(stay, kind="LOG_UTSKREVET").data)
    (to,) = root.iter("{*}UtTil")
    assert (to.get("V"), to.get("OT")) == ("88", words)
    assert [each.get("V") for each in root.iter("{*}Uttilstand")] == ([state] if state else [])
