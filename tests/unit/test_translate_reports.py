"""Does a message about several patients keep each patient's content with that patient?"""

from __future__ import annotations

import time
from typing import Any

import pytest

from gateway.emessage.read import read
from gateway.emessage.sample import RandomMessage
from gateway.fhir.validate import validate
from gateway.translate import convert, facts_of
from tests.support.messages import Admission
from tests.support.translation import Json, shuffled, to_fhir

MESSAGE_HEAD = "http://www.kith.no/xmlstds/msghead/2006-05-24"


def with_reports(*numbers: str, own: bool = False) -> bytes:
    """An admission as reports, one for each identity number; with a patient of the message's own, or none."""
    text = Admission().xml.decode()
    before, document = text.split("<Document>", 1)
    document = "<Document>" + document.removesuffix("</MsgHead>")
    start, end = before.index("<Patient>"), before.index("</Patient>") + len("</Patient>")
    patient = before[start:end]
    head = before if own else before[:start] + before[end:]
    reports = "".join(
        f"<PatientReport><CaseNo>{at}</CaseNo>{document}{_with_number(patient, number)}</PatientReport>"
        for at, number in enumerate(numbers)
    )
    return f"{head}{reports}</MsgHead>".encode()


def _with_number(patient: str, number: str) -> str:
    before, _, after = patient.partition("<Id>")
    return f"{before}<Id>{number}{after[after.index('</Id>') :]}"


def resources(bundle: Json, kind: str) -> list[Any]:
    """The resources of a type."""
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def by_url(bundle: Json, reference: Json) -> Any:
    """The resource a reference points to."""
    return next(e["resource"] for e in bundle["entry"] if e["fullUrl"] == reference["reference"])


def numbers_of(bundle: Json, references: list[Json]) -> list[str]:
    """The identity numbers of the patients referred to."""
    return [by_url(bundle, reference)["identifier"][0]["value"] for reference in references]


def test_each_report_is_a_list_with_its_patient() -> None:
    bundle = to_fhir(with_reports("14834120012", "14834120020"))
    lists = [by_url(bundle, reference) for reference in bundle["entry"][0]["resource"]["focus"]]
    assert [found["resourceType"] for found in lists] == ["List", "List"]
    assert [found["identifier"][0]["value"] for found in lists] == ["0", "1"]
    assert numbers_of(bundle, [found["subject"] for found in lists]) == ["14834120012", "14834120020"]
    assert validate(bundle) == ()


@pytest.mark.parametrize("own", [False, True])
def test_everything_of_a_report_is_about_its_patient(own: bool) -> None:
    bundle = shuffled(to_fhir(with_reports("14834120020", "14834120039", own=own)), 3)
    for found in resources(bundle, "List"):
        number = numbers_of(bundle, [found["subject"]])
        composition = by_url(bundle, found["entry"][0]["item"])
        stay = by_url(bundle, composition["encounter"])
        entries = composition["section"][0]["entry"]
        about = [composition, stay, *(by_url(bundle, entry) for entry in entries)]
        assert numbers_of(bundle, [each["subject"] for each in about]) == number * len(about)
        assert len(about) == 3


@pytest.mark.parametrize("seed", range(6))
def test_no_report_refers_to_the_patient_of_another(seed: int) -> None:
    source = RandomMessage("plo-1.6", seed, chance=0.6).text(None, reports=True)
    bundle = to_fhir(source)
    urls = {e["fullUrl"]: e["resource"] for e in bundle["entry"]}
    subjects = [found["subject"]["reference"] for found in resources(bundle, "List") if "subject" in found]
    for found in resources(bundle, "List"):
        reached = _reached([entry["item"]["reference"] for entry in found["entry"]], urls)
        assert reached & set(subjects) <= {found.get("subject", {}).get("reference")}


def _reached(start: list[str], urls: dict[str, Any]) -> set[str]:
    """Every address that the documents refer to, directly or through others (the message itself is no way)."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        url = waiting.pop()
        if url not in found and urls[url]["resourceType"] not in ("MessageHeader", "Organization"):
            found.add(url)
            waiting += _references(urls[url])
    return found


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return []


@pytest.mark.parametrize(
    ("numbers", "own", "expected"),
    [
        (["14834120020"], False, "14834120020"),
        (["14834120020", "14834120039"], False, None),
        (["14834120020", "14834120039"], True, "14834120012"),
    ],
)
def test_the_patient_of_the_message_is_its_own_or_that_of_its_only_report(
    numbers: list[str], own: bool, expected: str | None
) -> None:
    source = with_reports(*numbers, own=own)
    for facts in (facts_of(read(source)), facts_of(shuffled(to_fhir(source), 1))):
        assert (facts.patient.number if facts.patient else None) == expected
        assert facts.status == "N"
        assert facts.body_known


def test_what_the_documents_of_a_list_do_not_name_is_not_moved_to_another_patient() -> None:
    bundle = to_fhir(with_reports("14834120020", "14834120039"))
    bundle["entry"].append(
        {
            "fullUrl": "urn:uuid:0b1c0de0-0000-4000-8000-000000000001",
            "resource": {
                "resourceType": "AllergyIntolerance",
                "patient": resources(bundle, "List")[1]["subject"],
                "code": {"text": "penicillin"},
            },
        }
    )
    made = convert(bundle, "plo-1.6")
    assert b"penicillin" not in made.data
    assert [loss.source for loss in made.loss.lost] == ["AllergyIntolerance[1].code.text"]


def test_many_reports_take_no_longer_each() -> None:
    def cost(number: int) -> float:
        """Seconds of processor time for each, the least of three times."""
        message, times = read(with_reports(*("13116900216",) * number)), []
        for _ in range(3):
            began = time.process_time()
            convert(message, "fhir-r4")
            times.append(time.process_time() - began)
        return min(times) / number

    assert cost(4_000) < 3 * cost(500)
