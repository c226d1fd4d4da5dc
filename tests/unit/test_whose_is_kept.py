"""Of two patients in a Bundle, is only the message's own kept as hers, and told of her pathway?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.projection.interpret import Interpretation, interpret
from gateway.projection.resources import Named
from gateway.records.resources import Written
from tests.support.born import PATIENT, message

Json = dict[str, Any]
PER = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000050"
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
NAMED = Named("our id", "8095678", "the message", "8091234|the message", "her-id")
ACCEPTED = datetime(2026, 3, 9, tzinfo=UTC)
HIS, HERS = {"subject": {"reference": PER}}, {"subject": {"reference": PATIENT}}
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


def told(message_type: str, *resources: Json, first: bool) -> Interpretation:
    """What is told by a message that holds another patient, too; `first`: he stands before the message's."""
    made = message(message_type, resources)
    identifier = [{"system": FNR, "value": "13116900216"}]
    per = {"resourceType": "Patient", "identifier": identifier, "name": [{"family": "Annen"}]}
    made["entry"].insert(1 if first else len(made["entry"]), {"fullUrl": PER, "resource": per})
    return interpret(msgspec.json.encode(made), "fhir", ACCEPTED, NAMED)


def composition(*entries: int) -> Json:
    url = "urn:uuid:3f0c0b1e-0000-4000-8001-{:012d}"
    named = [{"reference": url.format(number)} for number in entries]
    return {"resourceType": "Composition", "status": "final", **HERS, "section": [{"entry": named}]}


def stay(of: Json, code: str, system: str = DISPOSITION) -> Json:
    where = {"dischargeDisposition": {"coding": [{"system": system, "code": code}]}}
    period = {"start": "2026-03-08T10:00:00+01:00", "end": "2026-03-12T12:00:00+01:00"}
    return {
        "resourceType": "Encounter",
        "status": "finished",
        **of,
        "period": period,
        "hospitalization": where,
    }


def kept(found: Interpretation) -> list[Json]:
    assert found.resources is not None
    return [_content(each) for each in found.resources]


def _content(each: Written) -> Json:
    content: Json = msgspec.json.decode(each.content)
    return content


@pytest.mark.parametrize("first", [True, False])
def test_nothing_of_another_patient_is_kept_as_hers(first: bool) -> None:
    found = told(
        "UTSKRIVNINGSRAPPORT",
        composition(1),
        {"resourceType": "Condition", **HERS, "code": {"text": "hennes"}},
        {"resourceType": "Condition", **HIS, "code": {"text": "hans"}},
        {"resourceType": "Goal", **HIS, "lifecycleStatus": "active", "description": {"text": "hans"}},
        {"resourceType": "MedicationStatement", **HIS, "status": "active"},
        stay(HIS, "home"),
        first=first,
    )
    resources = kept(found)
    (patient,) = [each for each in resources if each["resourceType"] == "Patient"]
    assert (patient["id"], patient["name"][0]["family"]) == ("her-id", "Prøvesen")
    assert [each["code"]["text"] for each in resources if each["resourceType"] == "Condition"] == ["hennes"]
    assert not {"Goal", "MedicationStatement", "Encounter"} & {each["resourceType"] for each in resources}
    assert found.event is not None
    assert (found.event.medication_list, found.event.discharged_to) == (False, None)


def test_what_is_entered_in_error_is_no_list_of_medications() -> None:
    statement = {"resourceType": "MedicationStatement", **HERS, "status": "entered-in-error"}
    found = told("UTSKRIVNINGSRAPPORT", composition(1), statement, first=False)
    assert found.event is not None
    assert found.event.medication_list is False


@pytest.mark.parametrize(
    ("code", "to", "condition"), [("exp", "88", "2"), ("home", "1", None), ("snf", "88", None)]
)
def test_a_disposition_of_hl7_says_what_the_national_codes_do(
    code: str, to: str | None, condition: str | None
) -> None:
    found = told("LOG_UTSKREVET", stay(HERS, code), first=False)
    assert found.event is not None
    assert (found.event.discharged_to, found.event.discharge_condition) == (to, condition)
