"""Are the facts of a message what its codes say, however its software writes them?"""

from __future__ import annotations

from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.translate import convert, facts_of, roundtrip
from tests.support.messages import Admission

RECEIPT = """<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2004-11-21"><MsgType V="APPREC"/>
<MIGversion>1.0 2004-11-21</MIGversion><GenDate>2026-03-12T10:00:00</GenDate><Id>r-1</Id>
<Sender><HCP><Inst/></HCP></Sender><Receiver><HCP><Inst/></HCP></Receiver>
<Status V="{status}"/><OriginalMsgId><MsgType V="LOG_INNLAGT"/><IssueDate>2026-03-12T09:00:00</IssueDate>
<Id>a-1</Id></OriginalMsgId></AppRec>"""


def test_white_space_around_a_code_does_not_count() -> None:
    """The type of a code is token: the schema takes it, so its meaning must not be lost."""
    plain = Admission(message_id="a-1", status="C", parent="a-0").xml
    for code in ("LOG_INNLAGT", "C", "HER", "FNR", "J"):
        spaced = plain.replace(f'V="{code}"'.encode(), f'V=" {code} "'.encode())
        assert spaced != plain
        assert validate_schema(read(spaced)) == ()
        assert facts_of(read(spaced)) == facts_of(read(plain))
    test = plain.replace(b"</MsgId>", b'</MsgId><ProcessingStatus V=" T"/>')
    assert facts_of(read(test)).processing == "T"


def test_a_receipt_of_acceptance_stays_one() -> None:
    accepted, spaced = (read(RECEIPT.format(status=status).encode()) for status in ("1", " 1 "))
    assert validate_schema(spaced) == ()
    assert facts_of(spaced) == facts_of(accepted)


def test_a_receipt_says_in_both_formats_which_message_it_is_about() -> None:
    """Its id may be one that FHIR does not take for an id."""
    receipt = read(RECEIPT.format(status="1").replace("a-1", "2026/12 a").encode())
    made = convert(receipt, "fhir-r4").bundle
    assert made is not None
    assert facts_of(receipt).receipt == facts_of(made).receipt
    header = made["entry"][0]["resource"]
    header["response"]["identifier"] = "another"
    assert facts_of(made).receipt.original_message_id == "another"  # type: ignore[union-attr]


def test_a_person_with_a_number_is_the_party_beside_a_unit_without() -> None:
    """Both formats name whom the message is for: in FHIR it was the organisation around them."""
    unit = b'<Id>88810012</Id><TypeId V="%s" S="2.16.578.1.12.4.1.1.9051"/></Ident></Organisation>'
    person = (
        b'<HealthcareProfessional><Ident><Id>8100002</Id><TypeId V="HER"/></Ident></HealthcareProfessional>'
    )
    source = read(Admission().xml.replace(unit % b"HER", unit % b"LOK" + person))
    assert validate_schema(source) == ()
    made = convert(source, "fhir-r4").bundle
    assert made is not None
    assert facts_of(source).sender.her_id == facts_of(made).sender.her_id == "8100002"


def test_a_status_with_white_space_around_comes_back_as_it_was() -> None:
    source = Admission(message_id="a-1", status="M", parent="a-0").xml.replace(b'V="M"', b'V="&#10; M"')
    assert roundtrip(source).verdict == "lossless"
