"""Are the facts of a message what its codes say, however its software writes them?"""

from __future__ import annotations

from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.translate import facts_of
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
