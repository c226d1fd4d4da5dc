"""Does the story's content arrive in the other format: rich messages there and back, the plan born in FHIR as PLO?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import etree

from gateway import translate
from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.fhir import json as fhir_json
from tests.support.story import told

TOLD = told()
PLO = [k for k, m in TOLD.items() if not m.step.is_fhir and m.step.type not in ("EPIKRISE", "DIALOG_SVAR")]
BUNDLE = json.loads(TOLD["innleggelsesrapport"].body)


@pytest.fixture(scope="module")
def report() -> etree._Element:
    """The Innleggelsesrapport that the hospital gets."""
    source = fhir_json.read(TOLD["innleggelsesrapport"].body)
    return etree.fromstring(translate.convert(source, "plo-1.6").data)


def resources(kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in BUNDLE["entry"] if e["resource"]["resourceType"] == kind]


def texts(report: etree._Element, name: str) -> list[str]:
    return [element.text or "" for element in report.iter(f"{{*}}{name}")]


def codes(report: etree._Element, name: str) -> list[str | None]:
    return [element.get("V") for element in report.iter(f"{{*}}{name}")]


@pytest.mark.parametrize("key", PLO)
def test_rich_messages_survive_there_and_back(key: str) -> None:
    assert translate.roundtrip(TOLD[key].body).verdict == "lossless"


@pytest.mark.parametrize("key", [k for k, m in TOLD.items() if not m.step.is_fhir])
def test_our_own_rules_find_nothing_to_complain_about(key: str) -> None:
    found = validate(read(TOLD[key].body))
    assert [each.code for each in found if each.severity != "information"] == []


def test_what_matters_to_the_patient_arrives_in_her_words(report: etree._Element) -> None:
    (own,) = [goal for goal in resources("Goal") if goal["category"][0]["text"] == "Hva er viktig for deg?"]
    notes = report.findall(".//{*}InfoFraSykepleier/{*}Journaltekst")
    in_her_words = [note for note in notes if note.find("{*}Overskriftskode").get("V") == "13"]  # type: ignore[union-attr]
    assert own["description"]["text"] in [note.findtext("{*}Notat") for note in in_her_words]


def test_goals_and_measures_of_the_professionals_arrive(report: etree._Element) -> None:
    goals = [goal["description"]["text"] for goal in resources("Goal")]
    assert texts(report, "Beskrivelse") == goals[1:]
    measures = [each["code"]["text"] for each in resources("ServiceRequest")]
    assert texts(report, "IntervensjonTiltakBeskrivelse") == measures
    assert codes(report, "FasteUkedager") == ["2", "5", "1", "4"]


def test_medicines_allergies_services_and_function_arrive(report: etree._Element) -> None:
    assert texts(report, "Navn") == [each["code"]["text"] for each in resources("Medication")]
    dosages = [dosage for each in resources("MedicationStatement") for dosage in each["dosage"]]
    doses = [dosage["text"] for dosage in dosages if "text" in dosage]
    assert len(doses) == 5
    assert len(codes(report, "InngaarIMultidose")) == len(dosages)
    assert texts(report, "DosVeiledEnkel") == doses
    assert codes(report, "StatusTilForskrivningen") == ["2"]
    assert texts(report, "AllergiskMot") == [each["code"]["text"] for each in resources("AllergyIntolerance")]
    assert report.find(".//{*}StatusHjelpemiddel/{*}Status").attrib == {"V": "6", "DN": "Aktiv"}  # type: ignore[union-attr]
    services = [each["type"][0] for each in resources("EpisodeOfCare")]
    assert codes(report, "IPLOStjenestetype") == [each["coding"][0]["code"] for each in services]
    assert texts(report, "BetegnelseTjeneste") == [each["text"] for each in services]
    scores = [each for each in resources("Observation") if "valueInteger" in each]
    assert texts(report, "Vurdering") == [str(each["valueInteger"]) for each in scores]
    assert codes(report, "Funksjonsvariabel") == [each["code"]["coding"][0]["code"] for each in scores]


def test_next_of_kin_and_contacts_arrive(report: etree._Element) -> None:
    assert codes(report, "Slektskap") == ["DA", "BB"]
    assert "tel:+4700000012" in codes(report, "TeleAddress")
    assert codes(report, "RoleToPatient") == ["6", "9"]
