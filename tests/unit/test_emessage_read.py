"""Is every input either a message of a known standard or a clear refusal, in bounded time and memory?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.emessage import read as reader
from gateway.emessage.read import MSGHEAD, read
from gateway.errors import Unreadable
from tests.support.messages import CANARIES, Admission

ADMISSION = Admission(message_id="a-1").xml


def refused(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(data)
    for canary in CANARIES:
        assert canary not in str(caught.value)
    return caught.value


def envelope(content: str) -> bytes:
    document = f"<Document><RefDoc><Content>{content}</Content></RefDoc></Document>"
    return f'<MsgHead xmlns="{MSGHEAD}">{document}</MsgHead>'.encode()


def test_a_care_message() -> None:
    message = read(ADMISSION)
    assert message.standard == "plo-1.6"
    assert message.body is not None
    assert message.body.tag.endswith("}Pasientlogistikk")
    assert message.size == len(ADMISSION)


@pytest.mark.parametrize(
    ("data", "standard"),
    [
        (envelope('<b xmlns="http://www.kith.no/xmlstds/po/Konsultasjon/2009-06-30"/>'), "plo-1.5"),
        (envelope('<b xmlns="http://www.kith.no/xmlstds/dialog/2006-10-11"/>'), "dialog-1.0"),
        (envelope('<b xmlns="http://www.kith.no/xmlstds/dialog/2013-01-23"/>'), "dialog-1.1"),
        (envelope('<b xmlns="http://www.kith.no/xmlstds/epikrise/2012-02-15"/>'), "msghead"),
        (envelope(""), "msghead"),
        (b'<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2004-11-21"/>', "apprec-1.0"),
        (b'<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2012-02-15"/>', "apprec-1.1"),
    ],
)
def test_which_standard(data: bytes, standard: str) -> None:
    assert read(data).standard == standard


def test_the_known_body_is_found_behind_an_attachment() -> None:
    attachment = b"<Document><RefDoc><Content><x xmlns='urn:other'/></Content></RefDoc></Document>"
    message = read(ADMISSION.replace(b"<Document>", attachment + b"<Document>", 1))
    assert message.standard == "plo-1.6"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "xml.empty-input"),
        (b" \r\n\t", "xml.empty-input"),
        (b"\xef\xbb\xbf", "xml.empty-input"),
        (b"ikke xml", "xml.not-well-formed"),
        (b"<a>", "xml.not-well-formed"),
        (b"<a:b/>", "xml.not-well-formed"),
        (b"<a>\x00</a>", "xml.not-well-formed"),
        (b"<a>&nbsp;</a>", "xml.not-well-formed"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xe6</a>', "xml.not-well-formed"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "xml.encoding-not-accepted"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "xml.encoding-not-accepted"),
        (b'<?xml version="1.0" encoding="utf_8"?><a/>', "xml.encoding-not-accepted"),
        ("<a/>".encode("utf-32"), "xml.encoding-not-accepted"),
        ("<a/>".encode("utf-32-le"), "xml.encoding-not-accepted"),
        ("<a/>".encode("utf-16-le"), "xml.not-well-formed"),
        ("<a/>".encode("utf-16")[:-1], "xml.not-well-formed"),
        (b"<a/>", "xml.not-a-message"),
        (b"{}", "xml.not-well-formed"),
        (b'<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2099-01-01"/>', "xml.not-a-message"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    assert refused(data).code == code


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE MsgHead>",
        b'<?xml version="1.0"?>\n<!-- x --><?p x?>\n<!DOCTYPE MsgHead SYSTEM "file:///etc/passwd">',
        b'\xef\xbb\xbf<!DOCTYPE MsgHead [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE MsgHead [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    ],
)
def test_a_doctype_is_refused_before_anything_is_expanded(prolog: bytes) -> None:
    assert refused(prolog + b"<MsgHead>&b;</MsgHead>").code == "xml.doctype"


@pytest.mark.parametrize("encoding", ["utf-32-be", "utf-32-le", "cp037", "utf-7"])
def test_bytes_are_never_taken_for_another_encoding_than_was_looked_at(encoding: str) -> None:
    text = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    assert refused(text.encode(encoding)).code in (
        "xml.not-well-formed",
        "xml.doctype",
        "xml.encoding-not-accepted",
    )
    late = f'<?xml version="1.0"{" " * 2000}encoding="utf-7"?>{text}'
    assert refused(late.encode()).code == "xml.encoding-not-accepted"


def test_a_doctype_in_utf_16_is_refused() -> None:
    assert refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".encode("utf-16")).code == "xml.doctype"


def test_words_that_look_like_a_doctype_are_text() -> None:
    text = b"<Merknad><![CDATA[<!DOCTYPE x>]]></Merknad>"
    assert (
        read(ADMISSION.replace(b"<Merknad>Kanarifuglen-synger-klinisk</Merknad>", text)).standard == "plo-1.6"
    )


def test_comments_and_instructions_leave_the_text_whole() -> None:
    data = ADMISSION.replace(b"Kanarifuglen", b"Kanari<!-- en -->fug<?p x?>l<![CDATA[en]]>")
    assert data != ADMISSION
    notes = [element.text for element in read(data).root.iter("{*}Merknad")]
    assert notes == ["Kanarifuglen-synger-klinisk"]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16"])
def test_encodings_of_the_short_list(encoding: str) -> None:
    text = (
        ADMISSION.decode()
        .replace('encoding="UTF-8"', f'encoding="{encoding}"')
        .replace("Solveig", "Åse Bjørk")
    )
    names = [element.text for element in read(text.encode(encoding)).root.iter("{*}GivenName")]
    assert names == ["Åse Bjørk"]


def test_lines_are_kept() -> None:
    message = read(ADMISSION.replace(b"<Document>", b"\n<!-- \n\n --><Document>"))
    document = next(message.root.iter("{*}Document"))
    assert document.sourceline == 4
    assert refused(ADMISSION.replace(b"</Content>", b"\n\n<")).line == 3


def test_more_bytes_than_the_limit_are_not_looked_at() -> None:
    error = refused(b"x" * (reader.MAX_BYTES + 1))
    assert error.code == "xml.too-large"
    assert error.details == {"bytes": reader.MAX_BYTES + 1, "limit": reader.MAX_BYTES}


def test_an_attachment_of_twelve_megabytes_is_read() -> None:
    content = "A" * 12_000_000
    message = read(
        envelope(
            f'<Base64Container xmlns="http://www.kith.no/xmlstds/base64container">{content}</Base64Container>'
        )
    )
    assert message.body is not None
    assert len(message.body.text or "") == 12_000_000


def test_a_text_that_is_three_times_as_long_in_utf_8_is_read() -> None:
    data = (
        f'<?xml version="1.0" encoding="windows-1252"?><MsgHead xmlns="{MSGHEAD}">{"€" * 3_400_000}</MsgHead>'
    )
    assert len(read(data.encode("windows-1252")).root.text or "") == 3_400_000


def nested(depth: int) -> bytes:
    inner = depth - 4  # MsgHead, Document, RefDoc, Content
    return envelope("<a xmlns='urn:x'>" + "<a>" * (inner - 1) + "</a>" * inner)


def test_depth_is_bounded() -> None:
    assert read(nested(reader.MAX_DEPTH)).standard == "msghead"
    for depth in (reader.MAX_DEPTH + 1, 300, 3_000, 200_000):
        assert refused(nested(depth)).code == "xml.too-deep"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<x " + " ".join(f'a{i}=""' for i in range(200_000)) + "/>", id="200 000 attributes"),
        pytest.param("<x/>" * 1_100_000, id="a million elements"),
        pytest.param("<x a='' b='' c='' d=''/>" * 300_000, id="a million attributes"),
    ],
)
def test_amounts_are_bounded(content: str) -> None:
    assert refused(envelope(content)).code == "xml.too-complex"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<x xmlns='urn:x'/>" * 150_000, id="namespaces"),
        pytest.param("&amp;" * 5_000_000, id="references"),
        pytest.param("<![CDATA[x]]>" * 500_000, id="cdata"),
        pytest.param("<!-- -->" * 500_000, id="comments"),
        pytest.param(f"<x xmlns='urn:x' a='{'&#65;' * 3_000_000}'/>", id="character references"),
    ],
)
def test_large_but_allowed_inputs_are_read_in_bounded_time(content: str) -> None:
    assert read(envelope(content)).standard == "msghead"


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    try:
        read(data)
    except Unreadable as error:
        assert error.code.startswith("xml.")


@given(st.data())
def test_any_damage_to_a_message_has_an_answer(data: st.DataObject) -> None:
    damaged = bytearray(ADMISSION)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert read(bytes(damaged)).root is not None
    except Unreadable as error:
        assert error.code.startswith("xml.")
