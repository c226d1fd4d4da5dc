"""Does validation say what is wrong, where, in our words, and in bounded time?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.emessage.read import MSGHEAD, read
from gateway.emessage.validate import MAX_ISSUES, validate, validate_schema
from tests.support.messages import CANARIES, CANARY_NAME, CANARY_NUMBER, Admission

ADMISSION = Admission(message_id="a-1").xml


def codes(data: bytes) -> list[tuple[str, str | None]]:
    return [(found.code, found.path) for found in validate_schema(read(data))]


def test_a_valid_message_has_no_finding() -> None:
    assert validate_schema(read(ADMISSION)) == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("<MsgId>a-1</MsgId>", "", "schema.missing-element", "MsgHead/MsgInfo/MsgId"),
        ("<MsgId>a-1</MsgId>", "<MsgId/>" * 2, "schema.unexpected-element", "MsgHead/MsgInfo/MsgId[2]"),
        ("<MsgId>", "<Ack/><MsgId>", "schema.unexpected-element", "MsgHead/MsgInfo/Ack[1]"),
        (
            "<MsgId>a-1</MsgId>",
            '<MsgId>a-1</MsgId><MsgId xmlns="">a-1</MsgId>',
            "schema.unexpected-element",
            "MsgHead/MsgInfo/MsgId[2]",
        ),
        (
            "<MsgId>a-1</MsgId>",
            "<Rart/><MsgId>a-1</MsgId>",
            "schema.unexpected-element",
            "MsgHead/MsgInfo/?[4]",
        ),
        ("<MsgId>a-1</MsgId>", "<MsgId><x/></MsgId>", "schema.elements-not-allowed", "MsgHead/MsgInfo/MsgId"),
        ("<MsgInfo>", "<MsgInfo>x", "schema.text-not-allowed", "MsgHead/MsgInfo"),
        (
            '<MsgType V="XML"/>',
            '<MsgType V="XML">x</MsgType>',
            "schema.content-not-allowed",
            "MsgHead/Document/RefDoc/MsgType",
        ),
        ("2026-11-20T14:32:00", "i går", "schema.bad-value", "MsgHead/MsgInfo/GenDate"),
        (
            '<MsgType V="XML"/>',
            f'<MsgType n{CANARY_NUMBER}="XML"/>',
            "schema.attribute-not-allowed",
            "MsgHead/Document/RefDoc/MsgType/@?",
        ),
        (
            "<GivenName>",
            '<GivenName V="1">',
            "schema.attribute-not-allowed",
            "MsgHead/MsgInfo/Patient/GivenName/@V",
        ),
        (
            "2026-11-20T14:20:00",
            "tidlig",
            "schema.bad-attribute-value",
            "MsgHead/Document/RefDoc/Content/Pasientlogistikk/MeldingInnlagtPasient/TidsfestetHendelse"
            "/TidspunktForHendelse/@V",
        ),
        (
            "<Anslag>false</Anslag>",
            "<Anslag>nei</Anslag>",
            "schema.bad-value",
            "MsgHead/Document/RefDoc/Content/Pasientlogistikk/MeldingInnlagtPasient/TidsfestetHendelse/Anslag",
        ),
        ("v1.2 2006-05-24", "v1.1", "schema.bad-value", "MsgHead/MsgInfo/MIGversion"),
    ],
)
def test_findings(old: str, new: str, code: str, path: str) -> None:
    damaged = ADMISSION.replace(old.encode(), new.encode(), 1)
    assert damaged != ADMISSION
    assert (code, path) in codes(damaged)


def test_a_missing_element_is_named() -> None:
    data = f'<MsgHead xmlns="{MSGHEAD}"><MsgInfo/></MsgHead>'.encode()
    assert ("schema.missing-element", "MsgHead/MsgInfo/Type") in codes(data)


def test_one_of_several_missing_elements_is_named_so() -> None:
    without = ADMISSION[: ADMISSION.index(b"<Document>")] + b"</MsgHead>"
    assert codes(without) == [("schema.missing-element", "MsgHead/Document|PatientReport")]


def test_equal_siblings_are_counted() -> None:
    document = ADMISSION[ADMISSION.index(b"<Document>") : ADMISSION.index(b"</MsgHead>")]
    data = ADMISSION.replace(b"</MsgHead>", document.replace(b"false", b"x") + b"</MsgHead>")
    [(code, path)] = codes(data)
    assert code == "schema.bad-value"
    assert (path or "").startswith("MsgHead/Document[2]/RefDoc/Content/Pasientlogistikk/")


def test_a_care_message_type_with_an_unknown_body_is_invalid() -> None:
    unknown = ADMISSION.replace(b"/2012-04-01", b"/2099-01-01")
    assert read(unknown).standard == "msghead"
    [(code, path)] = codes(unknown)
    assert (code, path) == ("schema.unknown-body", "MsgHead/Document/RefDoc/Content/Pasientlogistikk")


def test_a_body_without_grammar_has_its_envelope_checked() -> None:
    discharge = Admission(type="EPIKRISE", body='<e xmlns="urn:epikrise"><a>{status}</a></e>').xml
    found = validate(read(discharge))
    assert [(each.code, each.severity) for each in found if each.code == "rules.body-not-validated"] == [
        ("rules.body-not-validated", "information")
    ]
    assert not [each for each in found if each.severity == "error"]
    broken = discharge.replace(b"<GenDate>", b"<GenDate>x")
    assert [each.code for each in validate_schema(read(broken))] == ["schema.bad-value"]


def test_no_value_and_no_name_that_is_not_ours_stands_in_a_finding() -> None:
    data = ADMISSION
    for canary in CANARIES:
        data = data.replace(f">{canary}<".encode(), f"><x{canary}>{canary}</x{canary}><".encode())
    data = data.replace(b'V="FNR"', f'V="FNR" n{CANARY_NUMBER}="{CANARY_NUMBER}"'.encode())
    data = data.replace(b'V="HER"', f'V="HER" {CANARY_NAME}="{CANARY_NAME}"'.encode())
    data = data.replace(b"<GenDate>", f"<{CANARY_NAME}/><GenDate>{CANARY_NUMBER}".encode())
    found = validate(read(data))
    assert len(found) > 3
    for canary in CANARIES:
        assert canary not in repr(found)


def wide(count: int) -> bytes:
    documents = "<Document><x/></Document>" * count
    return f'<MsgHead xmlns="{MSGHEAD}"><MsgInfo/>{documents}</MsgHead>'.encode()


@pytest.mark.timeout(60)
def test_many_faults_end_in_bounded_time_and_number() -> None:
    for count in (200, 400, 100_000):
        found = validate_schema(read(wide(count)))
        assert len(found) <= MAX_ISSUES + 1
        assert found[0].code == "schema.missing-element"
    assert [each.code for each in validate_schema(read(wide(400)))][-1] == "schema.more-findings"


def test_a_wide_message_gets_the_same_verdict() -> None:
    event = b"<Ident><Id>1</Id><TypeId V='LAV'/></Ident>" * 600
    valid = ADMISSION.replace(b"</Patient>", event + b"</Patient>")
    assert validate_schema(read(valid)) == ()
    invalid = valid.replace(b"<Anslag>false", b"<Anslag>nei")
    assert [each.code for each in validate_schema(read(invalid))] == ["schema.bad-value"]


SIGNATURE = """<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="a"><SignedInfo Id=" a">
<CanonicalizationMethod Algorithm="a"/><SignatureMethod Algorithm="b"/><Reference Id="1">
<DigestMethod Algorithm="c"/><DigestValue>AAAA</DigestValue></Reference></SignedInfo>
<SignatureValue Id="b">AAAA</SignatureValue></Signature></MsgHead>"""


def test_an_id_that_is_used_twice_is_named_so_in_a_wide_message_too() -> None:
    signed = ADMISSION.replace(b"</MsgHead>", SIGNATURE.encode())
    twice = ("schema.duplicate-id", "MsgHead/Signature/SignedInfo/@Id")
    assert codes(signed) == [
        twice,
        ("schema.bad-attribute-value", "MsgHead/Signature/SignedInfo/Reference/@Id"),
    ]
    many = b"<Ident><Id>1</Id><TypeId V='LAV'/></Ident>" * 600
    wide_one = signed.replace(b"</Patient>", many + b"</Patient>").replace(b'Id="1"', b"")
    assert codes(wide_one) == [twice]
    assert codes(wide_one.replace(b'" a"', b'"c"')) == []


def test_threads_do_not_mix_up_findings() -> None:
    broken = ADMISSION.replace(b"<Anslag>false", b"<Anslag>nei")
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda data: len(codes(data)), [ADMISSION, broken] * 100))
    assert results == [0, 1] * 100
