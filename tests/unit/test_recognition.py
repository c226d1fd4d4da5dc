"""Is it said plainly what an input is, where it is not what we take?"""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.examination import examine
from gateway.recognition import begins_as_json, is_json


@pytest.mark.parametrize("data", [b'{"a": 1}', b"\xef\xbb\xbf \n{", b"[]", " {".encode("utf-16")])
def test_json(data: bytes) -> None:
    assert is_json(data)
    assert begins_as_json(data)


@pytest.mark.parametrize("data", [b"<a/>", b"", b" \n", b"\xef\xbb\xbf<a/>", "<a/>".encode("utf-16")])
def test_xml_or_nothing(data: bytes) -> None:
    assert not is_json(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello {", "xml.neither-xml-nor-json"),
        (b"MSH|^~\\&|", "xml.neither-xml-nor-json"),
        (b"\x89PNG\r\n", "xml.neither-xml-nor-json"),
        (b"nul", "xml.neither-xml-nor-json"),
        (b"null", "json.not-an-object"),
        (b'"text"', "json.not-an-object"),
        (b" 12.5\n", "json.not-an-object"),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', "xml.fhir-as-xml"),
        (b"<Bundle/>", "xml.not-a-message"),
        (b"[1]", "json.not-an-object"),
    ],
)
def test_neither(data: bytes, code: str) -> None:
    (found,) = examine("x", data).issues
    assert (found.code, found.severity) == (code, "error")
    if data[:1] not in (b"[", b"<"):
        with pytest.raises(Unreadable):
            is_json(data)
