"""Does a person's note get into a message before it is forwarded?"""

from __future__ import annotations

import base64

import pytest

from gateway.emessage.read import MSGHEAD, read
from gateway.translate import convert
from gateway.translate.annotate import annotated
from tests.support.messages import Admission

CONTAINER = '<b:Base64Container xmlns:b="http://www.kith.no/xmlstds/base64container">{}</b:Base64Container>'


@pytest.mark.parametrize("size", [3, 8_000_000], ids=["small", "one text of more than ten megabytes"])
def test_a_note_stands_in_a_message_of_any_size(size: int) -> None:
    body = CONTAINER.format(base64.b64encode(b"x" * size).decode())
    message = Admission(body=body).xml
    noted = read(annotated(message, "plo-1.6", "Ring avdelingen")).root
    assert noted.findtext(f".//{{{MSGHEAD}}}Document/{{{MSGHEAD}}}Annotation") == "Ring avdelingen"


def test_a_note_stands_in_a_bundle() -> None:
    made = convert(read(Admission().xml), "fhir-r4")
    assert b"Ring avdelingen" in annotated(made.data, "fhir-r4", "Ring avdelingen")
