"""Does each business rule find what breaks it, and leave alone what does not?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.emessage import place
from gateway.emessage.read import read
from gateway.emessage.rules import MAX_OF_RULE, RULES, check
from gateway.errors import CATALOGUE
from tests.support.messages import CANARIES, Admission

GOOD = Admission(message_id="a-1")
OID = "2.16.578.1.12.4.1.1"
EXPECTED = {"rules.synthetic-identity-number", "rules.processing-not-production"}
"""Findings of the good message itself: its patient is synthetic, and it says that it is a test."""


def findings(data: bytes) -> dict[str, str]:
    """Code → severity of the findings beyond those that the good message has."""
    found = check(read(data))
    assert not [each for each in found if any(canary in repr(each) for canary in CANARIES)]
    assert all(each.layer == "rules" and each.path and each.line for each in found)
    return {each.code: each.severity for each in found if each.code not in EXPECTED}


def test_the_good_message() -> None:
    assert findings(GOOD.xml) == {}
    assert {each.code for each in check(read(GOOD.xml))} == EXPECTED


REPLACEMENTS = [
    ('<Type V="LOG_INNLAGT"/>', '<Type V=" LOG_INNLAGT "/>', {}),
    ('<Ack V="J"/>', '<Ack V=" J"/>', {}),
    ('V="FNR"', 'V="FNR "', {}),
    ('<Type V="LOG_INNLAGT"/>', '<Type V="EPIKRISE"/>', {"rules.type-body-mismatch": "error"}),
    ('<Type V="LOG_INNLAGT"/>', '<Type V="UTSKRIVNINGSRAPPORT"/>', {"rules.type-body-mismatch": "error"}),
    (
        '<Type V="LOG_INNLAGT"/>',
        '<Type V="NOE"/>',
        {"rules.type-body-mismatch": "error", "rules.type-unknown": "information"},
    ),
    (
        '<Type V="LOG_INNLAGT"/>',
        '<Type V="LOG_DOD"/>',
        {"rules.logistics-content-mismatch": "error", "rules.logistics-event-mismatch": "error"},
    ),
    (
        '<Hendelsekode V="1"',
        '<Hendelsekode V="2"',
        {"rules.logistics-event-mismatch": "error", "rules.code-drift": "warning"},
    ),
    (
        '<Hendelsekode V="1" S="2.16.578.1.12.4.1.1.9121" DN="Pasient innlagt"/>',
        '<Hendelsekode V="1" S="2.16.578.1.12.4.1.1.9999" DN="Pasient innlagt"/>',
        {"rules.code-set-unexpected": "warning"},
    ),
    ("<MsgId>a-1</MsgId>", "<MsgId> </MsgId>", {"rules.message-id-missing": "error"}),
    ("<MsgId>a-1</MsgId>", "<MsgId>a 1</MsgId>", {"rules.message-id-form": "warning"}),
    ("<MsgId>a-1</MsgId>", f"<MsgId>{'a' * 101}</MsgId>", {"rules.message-id-form": "warning"}),
    ("88810012", "x", {"rules.her-id-implausible": "warning"}),
    ("14834120012", "14834120013", {"rules.identity-number-check-digits": "warning"}),
    ('V="FNR"', 'V="DNR"', {"rules.identity-number-kind": "warning"}),
    (
        "<FamilyName>Tuvalind</FamilyName><GivenName>Solveig</GivenName>",
        "",
        {"rules.patient-name-missing": "warning"},
    ),
    ("<Id>14834120012</Id>", "<Id/>", {"rules.patient-number-missing": "warning"}),
    ('<Ack V="J"/>', '<Ack V="Q"/>', {"rules.code-not-in-set": "warning"}),
    ('<MsgType V="XML"/>', '<MsgType V="A" DN="XML-instans"/>', {"rules.code-drift": "warning"}),
    (
        "<Anslag>",
        '<x:KartlagtFunksjon xmlns:x="urn:x"><x:Vurdering>6</x:Vurdering></x:KartlagtFunksjon><Anslag>',
        {"rules.assessment-out-of-scale": "warning"},
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"), REPLACEMENTS, ids=[new[:60] for _, new, _ in REPLACEMENTS]
)
def test_broken_rules(old: str, new: str, expected: dict[str, str]) -> None:
    data = GOOD.xml.replace(old.encode(), new.encode(), 1)
    assert data != GOOD.xml
    assert findings(data) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (GOOD.with_(status="M", parent="a-0"), {}),
        (GOOD.with_(status="C", parent="a-0", conversation="a-00"), {}),
        (GOOD.with_(parent="a-0"), {}),
        (GOOD.with_(status="C"), {"rules.conversation-missing": "error"}),
        (GOOD.with_(status="A"), {"rules.conversation-missing": "error"}),
        (GOOD.with_(status="M", parent="a-1"), {"rules.conversation-points-to-itself": "error"}),
        (GOOD.with_(parent="a-1"), {"rules.conversation-on-new": "warning"}),
        (GOOD.with_(status="M", parent="", conversation="a-0"), {"rules.conversation-incomplete": "error"}),
        (
            GOOD.with_(status="M", parent="a-0", conversation="a-1"),
            {"rules.conversation-points-to-itself": "warning"},
        ),
        (GOOD.with_(status=" C", parent="a-0"), {}),
        (GOOD.with_(status="H"), {}),
        (GOOD.with_(status="X"), {"rules.status-old": "warning"}),
        (GOOD.with_(status="Q"), {"rules.status-unknown": "error"}),
    ],
)
def test_status_and_conversation(message: Admission, expected: dict[str, str]) -> None:
    assert findings(message.xml) == expected


def test_a_patient_needs_a_number_or_a_name() -> None:
    start, end = GOOD.xml.index(b"<Patient>"), GOOD.xml.index(b"</Patient>")
    assert findings(GOOD.xml[: start + 9] + GOOD.xml[end:]) == {"rules.patient-unidentified": "error"}
    assert findings(GOOD.xml[:start] + GOOD.xml[end + 10 :]) == {"rules.patient-missing": "warning"}


def test_parties_have_a_her_id() -> None:
    data = GOOD.xml.replace(b'V="HER"', b'V="LAV"')
    assert findings(data) == {
        "rules.sender-without-her-id": "warning",
        "rules.receiver-without-her-id": "warning",
    }


def coded(name: str, code: str, display: str, code_set: str | None = None) -> bytes:
    stated = f' S="{OID}.{code_set}"' if code_set else ""
    element = f'<x:{name} xmlns:x="urn:x" V="{code}" DN="{display}"{stated}/>'
    return GOOD.xml.replace(b"<Anslag>", element.encode() + b"<Anslag>")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (coded("SivilStatus", "6", "Enke/enkemann"), {"rules.code-drift": "warning"}),
        (coded("SivilStatus", "3", "Enke/enkemann"), {}),
        (coded("SivilStatus", "3", "Noe annet"), {}),
        (coded("Sprak", "SE", "NORDSAMISK"), {"rules.code-drift": "warning"}),
        (coded("Sprak", "XYZ", "Et språk"), {}),  # the set here is not complete
        (coded("Slektskap", "ZZ", "Nabo"), {"rules.code-not-in-set": "warning"}),
        (coded("TypeInnhold", "1", "Varsel om innlagt pasient", "9140"), {}),
        (coded("Overskriftskode", "99", "Ukjent", "9142"), {"rules.code-not-in-set": "warning"}),
        (coded("Overskriftskode", "99", "Uten kodeverk"), {}),
        (coded("Diagnosekode", "I50.9", "Hjertesvikt", "7110"), {}),
    ],
)
def test_codes_and_their_drift(data: bytes, expected: dict[str, str]) -> None:
    assert findings(data) == expected


def receipt(
    status: str, errors: str = "", original: str = "<Id>a-1</Id>", kind: str = "LOG_INNLAGT"
) -> bytes:
    return (
        '<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2004-11-21"><Id>r-1</Id>'
        f'<Status V="{status}"/>{errors}<OriginalMsgId><MsgType V="{kind}"/>{original}</OriginalMsgId></AppRec>'
    ).encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (receipt("1"), {}),
        (receipt("2", f'<Error V="E21" S="{OID}.8221"/>'), {}),
        (receipt("2", f'<Error V="54" S="{OID}.8222"/>'), {}),
        (receipt("2"), {"rules.receipt-without-errors": "warning"}),
        (receipt("1", f'<Error V="X99" S="{OID}.8221"/>'), {"rules.receipt-with-errors": "warning"}),
        (receipt("4"), {"rules.receipt-status-unknown": "error"}),
        (receipt("2", f'<Error S="X99" V="{OID}.8221"/>'), {"rules.receipt-swapped-code": "warning"}),
        (receipt("2", f'<Error V="Q1" S="{OID}.8221"/>'), {"rules.code-not-in-set": "warning"}),
        (receipt("1", original="<Id/>"), {"rules.receipt-original-missing": "error"}),
        (receipt("1", kind="APPREC"), {"rules.receipt-on-receipt": "error"}),
    ],
)
def test_receipts(data: bytes, expected: dict[str, str]) -> None:
    assert findings(data) == expected


def test_a_receipt_says_that_it_is_one_and_its_version() -> None:
    start = b'<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2012-02-15"><MsgType V="%s"/><MIGversion>%s</MIGversion>'
    rest = receipt("1").partition(b">")[2]
    assert findings(start % (b"APPREC", b"v1.1 2012-02-15") + rest) == {}
    assert findings(start % (b"EPIKRISE", b"1.0 2004-11-21") + rest) == {
        "rules.receipt-kind": "warning",
        "rules.receipt-version": "warning",
    }


@pytest.mark.parametrize(
    ("kind", "version", "expected"),
    [
        ("DIALOG_HELSEFAGLIG", "2013-01-23", {}),
        ("DIALOG_HELSEFAGLIG", "2006-10-11", {"rules.dialogue-version": "warning"}),
        ("DIALOG_SVAR", "2006-10-11", {}),
        ("DIALOG_AVVIK", "2013-01-23", {"rules.dialogue-version": "warning"}),
        ("DIALOG_NOTAT", "2013-01-23", {}),
    ],
)
def test_the_version_of_a_dialogue(kind: str, version: str, expected: dict[str, str]) -> None:
    head, _, rest = GOOD.xml.replace(b"LOG_INNLAGT", kind.encode()).partition(b"<Content>")
    body = f'<Content><Dialogmelding xmlns="http://www.kith.no/xmlstds/dialog/{version}"/>'.encode()
    assert findings(head + body + b"</Content>" + rest.partition(b"</Content>")[2]) == expected


@pytest.mark.timeout(60)
def test_many_findings_end_in_bounded_time_and_number() -> None:
    function = b'<x:KartlagtFunksjon xmlns:x="urn:x"><x:Vurdering>6</x:Vurdering></x:KartlagtFunksjon>'
    found = check(read(GOOD.xml.replace(b"<Anslag>", function * 50_000 + b"<Anslag>")))
    codes = [each.code for each in found if each.code not in EXPECTED]
    assert codes == ["rules.assessment-out-of-scale"] * MAX_OF_RULE + ["schema.more-findings"]
    assert found[MAX_OF_RULE - 1].path is not None
    assert "KartlagtFunksjon[100]/Vurdering" in found[MAX_OF_RULE - 1].path


def test_every_rule_has_an_id_and_every_entry_of_the_catalogue_a_rule() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.source and rule.applies in ("message", "receipt", "both") for rule in RULES)
    folder = Path(place.__file__).parent
    source = "".join(file.read_text("utf-8") for file in folder.glob("rules*.py"))
    assert not [code for code in CATALOGUE if code.startswith("rules.") and f'"{code}"' not in source]
