"""How does content of any type travel: text, XHTML, and what is neither?"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.errors import NotTranslatable
from gateway.fhir.validate import validate
from gateway.translate import convert, roundtrip
from tests.support.messages import Admission
from tests.support.translation import Json, back, to_fhir

DIALOG = "http://www.kith.no/xmlstds/dialog/2013-01-23"
XHTML = "http://www.w3.org/1999/xhtml"


def dialogue(content: str, attributes: str = "") -> bytes:
    """A dialogue whose note has this content."""
    body = (
        f'<dia:Dialogmelding xmlns:dia="{DIALOG}"><dia:Notat><dia:TemaKodet V="6" S="2.16.578.1.12.4.1.1.7322"/>'
        f"<dia:TekstNotatInnhold{attributes}>{content}</dia:TekstNotatInnhold></dia:Notat></dia:Dialogmelding>"
    )
    return Admission(type="DIALOG_HELSEFAGLIG", body=body).xml


def payload(bundle: Json) -> Any:
    """The payload of the note."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    return next(r for r in resources if r["resourceType"] == "Communication")["payload"][0]


def content(data: bytes) -> list[object]:
    """The element with the content: names, attributes, every text and blank in it."""
    element = etree.fromstring(data).find(f".//{{{DIALOG}}}TekstNotatInnhold")
    assert element is not None
    inner = [(e.tag, dict(e.attrib), e.text or "", e.tail or "") for e in element.iterdescendants()]
    return [dict(element.attrib), element.text or "", *inner]


def test_text_is_text() -> None:
    assert payload(to_fhir(dialogue("Går &lt;bra&gt; «nå»"))) == {"contentString": "Går <bra> «nå»"}


def test_markup_is_an_attachment_of_its_own() -> None:
    found = payload(to_fhir(dialogue(f'Går <b xmlns="{XHTML}">bra</b>, takk')))["contentAttachment"]
    assert found["contentType"] == "application/xhtml+xml"
    assert base64.b64decode(found["data"]) == f'<div xmlns="{XHTML}">Går <b>bra</b>, takk</div>'.encode()


@pytest.mark.parametrize(
    "inner",
    [
        f'<p xmlns="{XHTML}">Én</p>',
        f'\n  <p xmlns="{XHTML}">Én</p>\n  <p xmlns="{XHTML}"> To <i>tre</i> </p>\n',
        f'før <h:b xmlns:h="{XHTML}" class="a&quot;b">midt <h:br/> i</h:b> mellom <h:i xmlns:h="{XHTML}"/>etter',
        f'<div xmlns="{XHTML}"><div>i en div</div></div>',
        f'<html xmlns="{XHTML}"><head><title>t</title></head><body><p xml:lang="nb">p</p></body></html>',
        f'&#13;<pre xmlns="{XHTML}">linje\n\ttab &amp; &lt;</pre>',
    ],
)
def test_markup_comes_back_the_same(inner: str) -> None:
    source = dialogue(inner)
    bundle = to_fhir(source)
    assert content(back(bundle, "dialog-1.1")) == content(source)
    assert roundtrip(source).verdict == "lossless"
    assert validate(bundle) == ()


def test_a_picture_of_ten_megabytes_in_markup_comes_back() -> None:
    source = dialogue(f'<p xmlns="{XHTML}">Se <img src="data:image/png;base64,{"QUJD" * 2_500_001}"/></p>')
    assert roundtrip(source).verdict == "lossless"


def test_markup_with_a_doctype_is_none_however_large() -> None:
    bundle = to_fhir(dialogue(f'<p xmlns="{XHTML}">Én</p>'))
    large = f'<!DOCTYPE p [<!ENTITY e "x">]><p xmlns="{XHTML}" title="&e;">{" " * 8_000_000}</p>'
    attachment = payload(bundle)["contentAttachment"]
    for encoding in ("utf-8", "utf-16"):
        attachment["data"] = base64.b64encode(large.encode(encoding)).decode()
        assert b"TekstNotatInnhold" not in back(bundle, "dialog-1.1")


def test_markup_is_written_as_people_write_it() -> None:
    source = dialogue(f'<p xmlns="{XHTML}">Én</p>')
    assert f'<dia:TekstNotatInnhold><p xmlns="{XHTML}">Én</p>' in back(to_fhir(source), "dialog-1.1").decode()


@pytest.mark.parametrize("attributes", [' xml:space="preserve"', ' class="viktig"'])
def test_an_attribute_comes_back_too(attributes: str) -> None:
    source = dialogue("bare tekst", attributes)
    assert content(back(to_fhir(source), "dialog-1.1")) == content(source)


def test_a_type_of_its_own_is_a_loss_that_is_named() -> None:
    instance = (
        ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema"'
    )
    source = dialogue("bare tekst", instance + ' i:type="x:string"')
    assert payload(to_fhir(source)) == {"contentString": "bare tekst"}
    place = "MsgHead/Document/RefDoc/Content/Dialogmelding/Notat/TekstNotatInnhold/@type"
    assert [loss.source for loss in convert(read(source), "fhir-r4").loss.lost] == [place]
    assert [loss.source for loss in roundtrip(source).losses] == [place]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("address", ["XMLSchema-instance", "XMLSchema&#45;instance"])
@pytest.mark.parametrize("statement", ["i:type='x:string'", "i:nil='false'", "i:nil\n = 'false'"])
def test_however_it_is_written(statement: str, address: str, encoding: str) -> None:
    attributes = f' xmlns:i="http://www.w3.org/2001/{address}" xmlns:x="http://www.w3.org/2001/XMLSchema"'
    text = dialogue("bare tekst", f"{attributes} {statement}").decode().replace("UTF-8", encoding)
    assert len(convert(read(text.encode(encoding)), "fhir-r4").loss.lost) == 1


@pytest.mark.parametrize("inner", ["se :type her", f'<p xmlns="{XHTML}" class=":nil">i:type="x"</p>'])
def test_words_that_only_look_like_it_are_none(inner: str) -> None:
    assert convert(read(dialogue(inner)), "fhir-r4").loss.lost == ()


@pytest.mark.parametrize(
    "inner",
    [
        "<x>uten navnerom</x>",
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        f'<p xmlns="{XHTML}"><o:p xmlns:o="urn:office">Word</o:p></p>',
        f'<p xmlns="{XHTML}" xmlns:o="urn:office" o:x="1">Word</p>',
    ],
)
def test_other_xml_is_refused(inner: str) -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(read(dialogue(inner)), "fhir-r4")
    assert refused.value.code == "translate.unsupported-content"
    assert refused.value.path == "MsgHead/Document/RefDoc/Content/Dialogmelding/Notat/TekstNotatInnhold"


def test_an_edit_of_the_markup_is_that_edit() -> None:
    bundle = to_fhir(dialogue(f'Går <b xmlns="{XHTML}">bra</b>'))
    edited = f'<div xmlns="{XHTML}">Går <b>dårlig</b></div>'.encode()
    payload(bundle)["contentAttachment"]["data"] = base64.b64encode(edited).decode()
    expected = content(dialogue(f'Går <b xmlns="{XHTML}">dårlig</b>'))
    assert content(back(bundle, "dialog-1.1")) == expected


def test_text_instead_of_markup_is_text() -> None:
    bundle = to_fhir(dialogue(f'Går <b xmlns="{XHTML}">bra</b>'))
    del payload(bundle)["contentAttachment"]
    payload(bundle)["contentString"] = "Går bra"
    assert content(back(bundle, "dialog-1.1")) == content(dialogue("Går bra"))


@pytest.mark.parametrize(
    "data",
    [
        b"<p>not closed",
        b"%PDF-1.7",
        b'<!DOCTYPE div [<!ENTITY e "x">]><div xmlns="http://www.w3.org/1999/xhtml">&e;</div>',
        b"<p>no name space</p>",
        b"",
    ],
)
def test_an_attachment_that_is_no_markup_goes_as_a_file(data: bytes) -> None:
    bundle = to_fhir(dialogue("tekst"))
    note = payload(bundle)
    del note["contentString"]
    note["contentAttachment"] = {"contentType": "text/html", "data": base64.b64encode(data).decode()}
    made = convert(bundle, "dialog-1.1")
    assert made.loss.lost == ()
    (file,) = etree.fromstring(made.data).xpath("//*[local-name()='Base64Container']")
    assert base64.b64decode(file.text or "") == data
    assert file.getparent().getparent().findtext("{*}MimeType") == "text/html"


def test_where_only_text_can_stand_the_text_of_markup_stands_and_its_format_is_a_loss() -> None:
    body = (
        f'<dia:Dialogmelding xmlns:dia="{DIALOG}"><dia:Foresporsel><dia:TypeForesp V="1" S="2.16.578.1.12.4.1.1.9152"/>'
        f'<dia:Sporsmal>Går <b xmlns="{XHTML}">det</b> bra?</dia:Sporsmal></dia:Foresporsel></dia:Dialogmelding>'
    )
    made = convert(read(Admission(type="DIALOG_HELSEFAGLIG", body=body).xml), "dialog-1.0")
    assert "Går det bra?" in made.data.decode()
    assert [(loss.source, loss.severity) for loss in made.loss.lost] == [
        ("MsgHead/Document/RefDoc/Content/Dialogmelding/Foresporsel/Sporsmal/b", "information")
    ]


def test_markup_stays_the_text_when_something_else_is_edited() -> None:
    """It is no file, and does not become one where the Bundle is put in order."""
    bundle = to_fhir(dialogue(f'Går <b xmlns="{XHTML}">bra</b>'))
    expected = back(bundle, "dialog-1.1")
    bundle["language"] = "de"
    made = convert(bundle, "dialog-1.1")
    assert made.data == expected
    assert [each.source for each in made.loss.lost] == ["Bundle.language"]


def test_another_media_type_of_markup_is_named() -> None:
    bundle = to_fhir(dialogue(f'Går <b xmlns="{XHTML}">bra</b>'))
    expected = back(bundle, "dialog-1.1")
    payload(bundle)["contentAttachment"]["contentType"] = "text/html"
    made = convert(bundle, "dialog-1.1")
    assert made.data == expected
    assert [each.source for each in made.loss.lost] == [
        "Communication[1].payload[0].contentAttachment.contentType"
    ]
