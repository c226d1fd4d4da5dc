"""Is a document carried whole, and one with more content than the translation knows refused rather than in part?"""

from __future__ import annotations

import base64

import pytest

from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.translate import convert, roundtrip
from tests.support.messages import Admission
from tests.support.translation import to_fhir

CONTAINER = '<b:Base64Container xmlns:b="http://www.kith.no/xmlstds/base64container">{}</b:Base64Container>'
DATA = base64.b64encode(b"Kopi av papirjournal").decode()
ATTACHMENT = CONTAINER.format(DATA)


def message(*contents: str) -> bytes:
    """A message with an admission, and a document for each further content."""
    further = "".join(
        f'<Document><RefDoc><MsgType V="A"/><Content>{content}</Content></RefDoc></Document>'
        for content in contents
    )
    return Admission().xml.replace(b"</MsgHead>", further.encode() + b"</MsgHead>")


def test_attachments_are_binaries_that_documents_refer_to() -> None:
    bundle = to_fhir(message(ATTACHMENT, CONTAINER.format("QUJD")))
    resources = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    documents = [each for each in resources.values() if each["resourceType"] == "DocumentReference"]
    addresses = [document["content"][0]["attachment"]["url"] for document in documents]
    assert [resources[address]["data"] for address in addresses] == [DATA, "QUJD"]


@pytest.mark.parametrize("content", [ATTACHMENT, CONTAINER.format(""), ""])
def test_a_document_with_one_content_comes_back(content: str) -> None:
    assert roundtrip(message(content)).verdict == "lossless"


@pytest.mark.parametrize(
    "content", [ATTACHMENT * 2, ATTACHMENT + '<x xmlns="urn:x"/>', '<x xmlns="urn:x"/>' + ATTACHMENT]
)
def test_a_document_with_several_contents_is_not_carried_in_part(content: str) -> None:
    with pytest.raises(NotTranslatable) as refused:
        convert(read(message(content)), "fhir-r4")
    assert refused.value.code == "translate.no-grammar"


@pytest.mark.parametrize("type_", ["LOG_INNLAGT", "LOG_UTSKREVET", "LOG_DOD", "EPIKRISE"])
@pytest.mark.parametrize("content", [ATTACHMENT, ""])
def test_attachments_alone_come_back_whatever_the_message_calls_itself(type_: str, content: str) -> None:
    assert roundtrip(Admission(type=type_, body=content).xml).verdict == "lossless"


def test_a_comment_is_no_content() -> None:
    assert roundtrip(message(f"<!-- skannet -->{ATTACHMENT}")).verdict == "lossless"


def test_a_fixed_version_that_is_left_empty_comes_back_empty() -> None:
    data = Admission().xml.replace(b"<MIGversion>v1.2 2006-05-24</MIGversion>", b"<MIGversion/>")
    assert not validate_schema(read(data))
    made = convert(read(data), "fhir-r4")
    assert (made.loss.lost, roundtrip(data).verdict) == ((), "lossless")
    assert b"<MIGversion/>" in convert(fhir_json.read(made.data), "plo-1.6").data
