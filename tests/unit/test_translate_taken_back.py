"""Does what is not so, or no more, never arrive as its opposite, wherever it stands?"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.fhir.canonical import extension_url
from gateway.translate import Translation, convert
from tests.support import born_bundles as by_hand
from tests.support.born import message

Json = dict[str, Any]
STAY = by_hand.stay("finished", period={"start": "2026-03-08", "end": "2026-03-12"})
AT = "urn:uuid:3f0c0b1e-0000-4000-8001-{:012d}"


def to_plo(*resources: Json, kind: str = "INNLEGGELSESRAPPORT") -> Translation:
    return convert(message(kind, resources), "plo-1.6")


def texts(made: Translation, name: str) -> list[str | None]:
    return [each.text for each in etree.fromstring(made.data).iter(f"{{*}}{name}")]


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ({"status": "scheduled", "doNotPerform": True}, "SKAL IKKE UTFØRES"),
        ({"status": "cancelled"}, "AVBRUTT"),
        ({"status": "stopped"}, "STOPPET"),
    ],
)
def test_an_activity_inside_a_plan_is_denied_before_its_name(said: Json, denied: str) -> None:
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", **by_hand.ABOUT}
    made = to_plo({**plan, "activity": [{"detail": {**said, "description": "Sårstell"}}]})
    assert texts(made, "IntervensjonTiltakBeskrivelse") == [f"{denied}: Sårstell"]
    assert not [each for each in made.loss.lost if each.source.endswith(("description", "doNotPerform"))]


@pytest.mark.parametrize("status", ["cancelled", "noshow", "arrived", "checked-in", "fulfilled", "waitlist"])
def test_a_visit_that_does_not_stand_is_not_booked(status: str) -> None:
    visit = {
        "resourceType": "Appointment",
        "status": status,
        "extension": [{"url": extension_url("booked"), "valueBoolean": True}],
        "description": "Hjertepoliklinikk",
        "participant": [{"status": "accepted", "actor": by_hand.ABOUT["subject"]}],
    }
    made = to_plo(STAY, visit, kind="UTSKRIVNINGSRAPPORT")
    assert texts(made, "BestiltKontrolltime") == []
    assert [text for text in texts(made, "Merknad") if text and text.startswith("Status: ")]
    assert "Appointment[1].extension[0].valueBoolean" in {each.source for each in made.loss.lost}
    assert to_booked({**visit, "status": "booked"}) == ["true"]


def test_a_visit_that_is_not_agreed_yet_is_not_booked() -> None:
    """Nor one in error at all; that nothing is booked may stand beside it."""
    told = {"resourceType": "Appointment", "description": "Hjertepoliklinikk"}
    for status, value, expected in (
        ("pending", True, []),
        ("pending", False, ["false"]),
        ("entered-in-error", True, []),
        ("booked", True, ["true"]),
    ):
        booked = {"url": extension_url("booked"), "valueBoolean": value}
        assert to_booked({**told, "status": status, "extension": [booked]}) == expected


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, []),
        ({"requestedPeriod": [{"start": "2026-04-01T10:00:00+02:00"}]}, []),
        ({"requestedPeriod": [{"start": "2026-05-07T12:00:00+02:00"}]}, ["07.05.2026"]),
    ],
)
def test_a_booked_visit_is_told_as_booked_at_its_own_time(more: Json, asked: list[str]) -> None:
    """It was told as a tentative one, with its time in a remark."""
    start = "2026-04-01T10:00:00+02:00"
    visit = {
        "resourceType": "Appointment",
        "status": "booked",
        "description": "Sykehuset",
        "start": start,
        **more,
    }
    made = to_plo(STAY, visit, kind="UTSKRIVNINGSRAPPORT")
    assert (texts(made, "BestiltKontrolltime"), texts(made, "TidspunktTime")) == (["true"], [start])
    assert texts(made, "InformasjonOmTentativTime") == []
    assert not made.loss.lost
    assert all(each in made.data.decode() for each in asked)


def to_booked(visit: Json) -> list[str | None]:
    return texts(to_plo(STAY, visit, kind="UTSKRIVNINGSRAPPORT"), "BestiltKontrolltime")


@pytest.mark.parametrize(
    "allergy",
    [
        {
            "code": {
                "coding": [{"system": by_hand.SNOMED, "code": "716186003", "display": "No known allergy"}]
            }
        },
        {
            "code": {"text": "Penicillin"},
            "verificationStatus": by_hand.coded(f"{by_hand.HL7}/allergyintolerance-verification", "refuted"),
        },
    ],
)
def test_a_cancellation_lists_no_allergy_that_never_was(allergy: Json) -> None:
    """What was told as a negation is taken back as one."""
    body = {
        "resourceType": "Composition",
        "status": "entered-in-error",
        "type": {"text": "Rapport"},
        "date": "2026-03-09",
        "author": [{"display": "EPJ"}],
        "title": "Rapport",
        **by_hand.ABOUT,
    }
    penicillin = {"resourceType": "AllergyIntolerance", "code": {"text": "Lateks"}, **by_hand.OF}
    made = to_plo(body, {"resourceType": "AllergyIntolerance", **allergy, **by_hand.OF}, penicillin)
    assert texts(made, "AllergiskMot") == ["Lateks"]
    assert [text for text in texts(made, "Notat") if text and text.startswith(("INGEN KJENT", "AVKREFTET"))]


MEDICATION: Json = {"resourceType": "Medication", "code": {"text": "Warfarin"}, "form": {"text": "tablett"}}


def row(status: str, number: int) -> Json:
    named = {"medicationReference": {"reference": AT.format(number)}}
    return {"resourceType": "MedicationStatement", "status": status, **named, **by_hand.ABOUT}


def test_a_medication_without_a_row_is_not_told_as_one() -> None:
    """Its row was removed: its name alone would be read as in use."""
    found = message("INNLEGGELSESRAPPORT", [MEDICATION])
    del found["entry"][0]["resource"]["focus"]
    made = convert(found, "plo-1.6")
    assert b"Warfarin" not in made.data
    assert "Medication[1].code.text" in {each.source for each in made.loss.lost}


def test_a_medication_whose_rows_are_errors_is_not_told() -> None:
    made = to_plo(row("entered-in-error", 2), row("entered-in-error", 2), MEDICATION)
    assert "Warfarin" not in made.data.decode()
    assert "Medication[1].code.text" in {each.source for each in made.loss.lost}


def test_a_medication_stands_with_the_row_that_is_believed() -> None:
    made = to_plo(row("entered-in-error", 2), row("active", 2), MEDICATION)
    assert texts(made, "Navn") == ["Warfarin"]


@pytest.mark.parametrize(("status", "denied"), [("rejected", "AVVIST"), ("cancelled", "AVBRUTT")])
def test_a_goal_that_nobody_has_is_denied_before_it_is_told(status: str, denied: str) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": status,
        "description": {"text": "Gå i trapper"},
        **by_hand.ABOUT,
    }
    made = to_plo(goal)
    assert texts(made, "Beskrivelse") == [f"{denied}: Gå i trapper"]
    assert not made.loss.lost


def test_an_aid_that_is_one_of_several_options_is_not_in_use() -> None:
    aid = {"resourceType": "DeviceRequest", "status": "active", "codeCodeableConcept": {"text": "Rullator"}}
    made = to_plo(STAY, {**aid, "intent": "option", **by_hand.ABOUT}, kind="UTSKRIVNINGSRAPPORT")
    assert texts(made, "StatusHjelpemiddel") == []
    assert [text for text in texts(made, "Notat") if text and "mulighet" in text and "Rullator" in text]
    ordered = to_plo(STAY, {**aid, "intent": "order", **by_hand.ABOUT}, kind="UTSKRIVNINGSRAPPORT")
    assert texts(ordered, "BetegnelseHjelpemiddel") == ["Rullator"]
