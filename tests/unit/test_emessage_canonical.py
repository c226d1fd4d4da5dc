"""Is the same content the same digest, and other content another?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.emessage.canonical import digest
from gateway.emessage.read import read
from tests.support.messages import Admission

MESSAGE = Admission(message_id="a-1", number="14834120012")
TEXT = MESSAGE.xml.decode()
SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>'


def digest_of(text: str, encoding: str = "utf-8") -> str:
    return digest(read(text.encode(encoding)))


SAME = {
    "comment": TEXT.replace("<MsgInfo>", "<!-- c --><MsgInfo><?p i?>"),
    "comment in text": TEXT.replace("klinisk", "klin<!-- c -->isk"),
    "signature": TEXT.replace("</MsgHead>", SIGNATURE + "</MsgHead>"),
    "signature between white space": TEXT.replace("</MsgHead>", f"\n  {SIGNATURE}\n</MsgHead>"),
    "white space between elements": TEXT.replace("><", ">\n\t<"),
    "prefix": TEXT.replace("log:", "x:").replace("xmlns:log", "xmlns:x"),
    "quotes": TEXT.replace('V="XML"', "V='XML'"),
    "character reference": TEXT.replace("klinisk", "&#107;linisk"),
    "cdata": TEXT.replace("klinisk", "<![CDATA[klinisk]]>"),
    "schema location": TEXT.replace(
        "<MsgHead ", '<MsgHead xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a b" '
    ),
    "attribute order": TEXT.replace(
        '<Hendelsekode V="1" S="2.16.578.1.12.4.1.1.9121" DN="Pasient innlagt"/>',
        '<Hendelsekode DN="Pasient innlagt" S="2.16.578.1.12.4.1.1.9121" V="1"/>',
    ),
    "empty element": TEXT.replace('<MsgType V="XML"/>', '<MsgType V="XML"></MsgType>'),
}
OTHER = {
    "text": TEXT.replace("klinisk", "klinisk."),
    "white space in text": TEXT.replace("klinisk", "klinisk "),
    "attribute": TEXT.replace('V="XML"', 'V="A"'),
    "attribute gone": TEXT.replace('V="XML"', ""),
    "element gone": TEXT.replace("<GivenName>Solveig</GivenName>", ""),
    "element twice": TEXT.replace("<GivenName>Solveig</GivenName>", "<GivenName>Solveig</GivenName>" * 2),
    "namespace": TEXT.replace("2012-04-01", "2012-04-02"),
    "moved text": TEXT.replace("<GivenName>Solveig</GivenName>", "<GivenName/>Solveig"),
    "signature inside": TEXT.replace("<MsgInfo>", f"<MsgInfo>{SIGNATURE}"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_the_same_content(text: str) -> None:
    assert text != TEXT
    assert digest_of(text) == digest_of(TEXT)


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_other_content(text: str) -> None:
    assert text != TEXT
    assert digest_of(text) != digest_of(TEXT)


def test_the_encoding_is_no_content() -> None:
    text = TEXT.replace("Solveig", "Åse")
    assert digest_of(text) == digest_of(text.replace("UTF-8", "iso-8859-1"), "iso-8859-1")
    assert digest_of(text) == digest_of(text.replace("UTF-8", "utf-16"), "utf-16")


def test_a_typed_value_is_its_resolved_name() -> None:
    def typed(prefix: str, namespace: str) -> str:
        names = f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:{prefix}="{namespace}"'
        return TEXT.replace("<GivenName>", f'<GivenName {names} i:type="{prefix}:string">')

    assert digest_of(typed("a", "urn:1")) == digest_of(typed("b", "urn:1"))
    assert digest_of(typed("a", "urn:1")) != digest_of(typed("a", "urn:2"))


NAMES = st.sampled_from(["a", "b", "{urn:x}a"])
TEXTS = st.text(st.sampled_from("ab<&\"'> \n="), max_size=4)
LEAVES = st.tuples(NAMES, st.dictionaries(st.sampled_from(["p", "q"]), TEXTS), TEXTS)


def tree_of(leaves: list[tuple[str, dict[str, str], str]]) -> etree._Element:
    root = etree.fromstring(TEXT.encode())
    for name, attributes, text in leaves:
        etree.SubElement(root, name, attributes).text = text
    return root


@given(st.lists(LEAVES, max_size=3), st.lists(LEAVES, max_size=3))
def test_digests_are_equal_exactly_when_canonical_xml_is(
    left: list[tuple[str, dict[str, str], str]], right: list[tuple[str, dict[str, str], str]]
) -> None:
    one, other = (etree.tostring(tree_of(leaves), encoding="unicode") for leaves in (left, right))
    same = etree.canonicalize(one, rewrite_prefixes=True) == etree.canonicalize(other, rewrite_prefixes=True)
    assert (digest_of(one) == digest_of(other)) is same
