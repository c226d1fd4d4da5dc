"""Is a code list known by every address in use for it, from the facts to the e-message?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway import terminology
from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import CODE_LIST_ROOT
from gateway.fhir.validate import validate
from gateway.translate import convert, facts_of
from tests.support.translation import verdict


@pytest.mark.examples("standards/examples/v1.6/*.xml")
@pytest.mark.parametrize("root", terminology.OTHER_ROOTS)
def test_a_message_with_the_other_addresses_is_the_same_message(example: Path, root: str) -> None:
    data = example.read_bytes()
    bundle = fhir_json.read(convert(read(data), "fhir-r4").data)
    text = fhir_json.write(bundle).decode().replace(f'"system":"{CODE_LIST_ROOT}', f'"system":"{root}')
    other = fhir_json.read(text.encode())
    assert other != bundle
    assert [found for found in validate(other) if found.severity == "error"] == []
    there, here = facts_of(other), facts_of(bundle)
    assert (there.message_type, there.status, there.patient) == (here.message_type, here.status, here.patient)
    assert verdict(data, convert(other, "plo-1.6").data).losses == ()
    assert json.dumps(other, default=str).count(root) > 3
