"""What becomes of a receipt's parties, and of whom it concerns, in FHIR?"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.emessage.read import read
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system, extension_url
from gateway.fhir.validate import validate
from gateway.translate import convert, facts_of, roundtrip
from gateway.translate.receipts import with_original
from tests.support.translation import Json, to_fhir

AR = "http://www.kith.no/xmlstds/apprec/2004-11-21"


def her(number: str) -> str:
    """An id as HER-id."""
    return f'<Id>{number}</Id><TypeId V="HER"/>'


PARTIES = {
    "institution": (f"<Inst><Name>Legekontor</Name>{her('1')}</Inst>", ("1", "1")),
    "department": (
        f"<Inst><Name>Sykehus</Name>{her('1')}<Dept><Name>Post</Name>{her('2')}</Dept></Inst>",
        ("2", "1"),
    ),
    "person": (
        f"<Inst><Name>Legekontor</Name>{her('1')}<HCPerson><Name>Lin</Name>{her('3')}</HCPerson></Inst>",
        ("3", "1"),
    ),
    "professional": (f'<HCProf><Type V="LE"/><Name>Lin</Name>{her("3")}</HCProf>', ("3", "3")),
    "additional": (
        '<Inst><Name>Legekontor</Name><Id>974760924</Id><TypeId V="ENH"/>'
        '<AdditionalId><Id>1</Id><Type V="HER"/></AdditionalId></Inst>',
        ("1", "1"),
    ),
    "none": ('<Inst><Name>Legekontor</Name><Id>974760924</Id><TypeId V="ENH"/></Inst>', (None, None)),
}
ADDRESS = (
    '<Address><Type V="PST" DN="Postadresse"/><StreetAdr>Bryggen 1</StreetAdr><PostalCode>9999</PostalCode>'
    '<City>Lyngvik</City><TeleAddress V="tel:+4700000051"/><TeleAddress V="mailto:post@lyngvik.example"/></Address>'
)


def receipt(sender: str, receiver: str, status: str = "1") -> bytes:
    """An AppRec 1.0 between two parties."""
    return (
        f'<AppRec xmlns="{AR}"><MsgType V="APPREC"/><MIGversion>1.0 2004-11-21</MIGversion>'
        "<GenDate>2026-11-20T14:32:00</GenDate><Id>0f0e0d0c-0b0a-4908-8706-050403020100</Id>"
        f"<Sender><HCP>{sender}</HCP></Sender><Receiver><HCP>{receiver}</HCP></Receiver>"
        f'<Status V="{status}"/><OriginalMsgId><MsgType V="LOG_INNLAGT"/>'
        "<IssueDate>2026-11-20T14:31:00</IssueDate><Id>a-1</Id></OriginalMsgId></AppRec>"
    ).encode()


def resources(bundle: Json, kind: str) -> list[Any]:
    """The resources of a type."""
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("kind", PARTIES)
def test_the_parties_are_the_same_in_both_formats(kind: str) -> None:
    party, (level_2, level_1) = PARTIES[kind]
    source = receipt(party, PARTIES["institution"][0])
    one, other = facts_of(read(source)), facts_of(to_fhir(source))
    assert (one.sender.her_id, one.sender.organisation_her_id) == (level_2, level_1)
    assert one.sender == other.sender
    assert (one.sender.name, one.sender.organisation_name) == (
        other.sender.name,
        other.sender.organisation_name,
    )
    assert one.receiver == other.receiver
    assert one.receipt == other.receipt
    assert roundtrip(source).verdict == "lossless"


def test_address_and_telephone_are_fhirs_own() -> None:
    bundle = to_fhir(receipt(PARTIES["institution"][0] + ADDRESS, PARTIES["professional"][0]))
    found = next(r for r in resources(bundle, "Organization") if r.get("name") == "Legekontor")
    assert found["address"] == [
        {"type": "postal", "line": ["Bryggen 1"], "postalCode": "9999", "city": "Lyngvik"}
    ]
    assert found["telecom"] == [
        {"value": "+4700000051", "system": "phone"},
        {"value": "post@lyngvik.example", "system": "email"},
    ]
    [person] = resources(bundle, "Practitioner")
    assert person["name"] == [{"text": "Lin"}]
    assert validate(bundle) == ()


def test_an_edited_address_is_edited_in_the_receipt() -> None:
    bundle = to_fhir(receipt(PARTIES["institution"][0] + ADDRESS, PARTIES["institution"][0]))
    found = next(r for r in resources(bundle, "Organization") if "address" in r)
    found["address"][0]["city"] = "Havnsund"
    found["telecom"][0]["value"] = "+4700000052"
    made = convert(bundle, "apprec-1.0")
    assert b"<City>Havnsund</City>" in made.data
    assert b'V="tel:+4700000052"' in made.data
    assert made.loss.lost == ()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("1", "fatal-error", "2"),
        ("2", "ok", "1"),
        ("3", "fatal-error", "2"),
        ("1", "ok", "1"),
        ("3", "ok", "3"),
    ],
)
def test_an_edited_response_code_wins(status: str, code: str, expected: str) -> None:
    bundle = to_fhir(receipt(PARTIES["institution"][0], PARTIES["institution"][0], status))
    bundle["entry"][0]["resource"]["response"]["code"] = code
    made = convert(bundle, "apprec-1.0")
    assert facts_of(read(made.data)).receipt == facts_of(bundle).receipt
    assert facts_of(bundle).receipt.status == expected  # type: ignore[union-attr]


@pytest.mark.parametrize("identifier", ["", "  ", "med rom", "æ-1", "x" * 80])
def test_an_id_that_is_none_in_fhir_comes_back(identifier: str) -> None:
    source = receipt(PARTIES["institution"][0], PARTIES["institution"][0])
    source = source.replace(b"<Id>a-1</Id>", f"<Id>{identifier}</Id>".encode())
    bundle = to_fhir(source)
    assert validate(bundle) == ()
    assert roundtrip(source).verdict == "lossless"
    bundle["entry"][0]["resource"]["response"]["identifier"] = "another-1"
    assert b"<Id>another-1</Id>" in convert(bundle, "apprec-1.0").data


def test_a_receipt_without_context_is_refused_by_its_fhir_path() -> None:
    """R4 has no place for when the original was issued, and nobody is there who would know."""
    bundle = to_fhir(receipt(PARTIES["institution"][0], PARTIES["professional"][0]))
    (header,) = resources(bundle, "MessageHeader")
    del header["response"]["extension"], header["reason"]
    with pytest.raises(NotTranslatable) as refusal:
        convert(bundle, "apprec-1.0")
    assert refusal.value.path == "MessageHeader.response.extension(original-issued)"


def test_what_is_known_of_the_original_is_added_once_and_to_a_copy() -> None:
    bundle = to_fhir(receipt(PARTIES["institution"][0], PARTIES["professional"][0]))
    (header,) = resources(bundle, "MessageHeader")
    assert with_original(bundle, "a-1", "LOG_UTSKREVET", datetime(2026, 1, 2, tzinfo=UTC)) == bundle
    header["reason"] = {"coding": [{"system": "http://example.org/reasons", "code": "admit"}]}
    header["response"] = {"identifier": "a-1", "code": "ok"}
    before = copy.deepcopy(bundle)
    stated = with_original(bundle, "a/1", "LOG_UTSKREVET", datetime(2026, 7, 2, tzinfo=UTC))
    assert bundle == before
    assert with_original(stated, "a/1", "LOG_INNLAGT", None) == stated
    said = facts_of(read(convert(stated, "apprec-1.0").data)).receipt
    assert said is not None
    assert (said.original_message_id, said.original_message_type) == ("a/1", "LOG_UTSKREVET")
    assert resources(stated, "MessageHeader")[0]["response"]["extension"][0]["valueDateTime"] == (
        "2026-07-02T02:00:00+02:00"
    )


def test_a_kind_of_identifier_that_its_system_contradicts_is_told_as_lost() -> None:
    bundle = to_fhir(receipt(PARTIES["professional"][0], PARTIES["institution"][0]))
    practitioner = next(
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Practitioner"
    )
    practitioner["identifier"][0]["type"]["coding"][0]["code"] = "FNR"
    made = convert(bundle, "apprec-1.0")
    assert b'V="FNR"' not in made.data
    assert "Practitioner[1].identifier[0].type.coding[0].code" in [each.source for each in made.loss.lost]


def test_a_persons_her_id_without_a_kind_is_named_as_one() -> None:
    bundle = to_fhir(receipt(PARTIES["professional"][0], PARTIES["institution"][0]))
    for entry in bundle["entry"]:
        for identifier in entry["resource"].get("identifier", ()):
            del identifier["type"]
    made = convert(bundle, "apprec-1.0")
    assert made.data.count(b'<TypeId V="HER" DN="HER-id"/>') == 2
    assert not made.loss.lost


def born(code: str, *outcomes: list[Json], inside: bool = False) -> Json:
    """A receipt that was no AppRec before, with an OperationOutcome for each list of issues; the last is named."""
    found = to_fhir(receipt(PARTIES["institution"][0], PARTIES["institution"][0]))
    del found["meta"]
    header = found["entry"][0]["resource"]
    response = {"identifier": "a-1", "code": code}
    for number, issues in enumerate(outcomes):
        made = {"resourceType": "OperationOutcome", "id": f"o{number}", "issue": issues}
        url = f"#o{number}" if inside else f"urn:uuid:3f0c0b1e-0000-4000-8000-00000000000{number}"
        if inside:
            header.setdefault("contained", []).append(made)
        else:
            found["entry"].append({"fullUrl": url, "resource": made})
        response["details"] = {"reference": url}  # type: ignore[assignment]
    header["response"] = response
    return with_original(found, "a-1", "LOG_INNLAGT", datetime(2026, 11, 20, tzinfo=UTC))


def issue(severity: str, **more: Any) -> Json:
    return {"severity": severity, "code": "processing", **more}


SAID = {"details": {"text": "Ukjent pasient"}}


def told(bundle: Json) -> tuple[str, list[str]]:
    """Status and words of the errors, in the facts of both."""
    facts, again = facts_of(bundle).receipt, facts_of(read(convert(bundle, "apprec-1.1").data)).receipt
    assert facts is not None
    assert facts == again
    return facts.status, [each.text for each in facts.errors]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("code", "severity", "status"),
    [
        ("ok", "fatal", "2"),
        ("ok", "error", "3"),
        ("ok", "warning", "3"),
        ("fatal-error", "information", "2"),
        ("transient-error", "error", "2"),
    ],
)
def test_what_failed_arrives_as_that_wherever_it_is_said(
    code: str, severity: str, status: str, inside: bool
) -> None:
    """An action that failed was not accepted; the reason reaches the sender too."""
    assert told(born(code, [issue(severity, **SAID)], inside=inside)) == (status, ["Ukjent pasient"])


def test_what_only_informs_is_no_error_of_what_was_accepted() -> None:
    bundle = born("ok", [issue("information", details={"text": "Alt vel"})])
    assert told(bundle) == ("1", [])
    assert "OperationOutcome[1].issue[0].details.text" in {
        each.source for each in convert(bundle, "apprec-1.0").loss.lost
    }


def test_a_receipt_that_was_ok_and_became_fatal_is_a_rejection() -> None:
    bundle = born("ok", [issue("fatal", **SAID)])
    extension = {
        "url": extension_url("receipt-status"),
        "valueCoding": {"system": code_system("8258"), "code": "1"},
    }
    bundle["entry"][0]["resource"]["response"]["extension"].append(extension)
    assert told(bundle)[0] == "2"


@pytest.mark.parametrize(
    ("said", "words"),
    [({"diagnostics": "Ukjent pasient"}, "Ukjent pasient"), ({}, "processing"), (SAID, "Ukjent pasient")],
)
def test_a_rejection_never_arrives_without_its_reason(said: Json, words: str) -> None:
    assert told(born("fatal-error", [issue("error", **said)])) == ("2", [words])


@pytest.mark.parametrize("inside", [False, True])
def test_the_issues_of_all_outcomes_arrive_those_named_first(inside: bool) -> None:
    other, named = ([issue("error", details={"text": text})] for text in "BA")
    bundle = born("fatal-error", other, named, inside=inside)
    assert told(bundle) == ("2", ["A", "B"])
    assert convert(bundle, "apprec-1.0").loss.lost == ()


def test_the_code_of_8221_is_the_error_whichever_stands_first() -> None:
    other, own = (
        {"system": "https://x.example/k", "code": "9"},
        {"system": code_system("8221"), "code": "E10"},
    )
    bundle = born("fatal-error", [issue("error", details={"coding": [other, own]})])
    facts = facts_of(bundle).receipt
    assert facts is not None
    again = facts_of(read(convert(bundle, "apprec-1.0").data)).receipt
    assert again is not None
    assert again.errors[0].code == "E10"
    assert facts.errors[0].code == "E10"


def test_an_edited_id_of_the_original_wins() -> None:
    source = receipt(PARTIES["institution"][0], PARTIES["institution"][0]).replace(b">a-1<", b">a_1<")
    bundle = to_fhir(source)
    bundle["entry"][0]["resource"]["response"]["identifier"] = "b-2"
    facts, again = facts_of(bundle).receipt, facts_of(read(convert(bundle, "apprec-1.0").data)).receipt
    assert facts is not None
    assert facts == again
    assert facts.original_message_id == "b-2"
