"""Does a message state the same facts as an e-message and as the Bundle made of it?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.translate import convert, facts_of

NOT_COMPARED = ("format",)
"""What two formats of one message say differently by their nature."""


@pytest.mark.examples("standards/examples/v1.6/*.xml")
def test_both_formats_state_the_same_facts(example: Path) -> None:
    message = read(example.read_bytes())
    of_the_message = asdict(facts_of(message))
    of_the_bundle = asdict(facts_of(fhir_json.read(convert(message, "fhir-r4").data)))
    for name in NOT_COMPARED:
        del of_the_message[name], of_the_bundle[name]
    assert of_the_bundle == of_the_message


@pytest.mark.examples("standards/examples/apprec/AppRec*.xml")
def test_a_receipt_says_the_same_of_the_same_message(example: Path) -> None:
    message = read(example.read_bytes())
    receipt = facts_of(message).receipt
    assert receipt is not None
    again = facts_of(fhir_json.read(convert(message, "fhir-r4").data)).receipt
    assert again is not None
    assert (again.status, again.original_message_id, [e.code for e in again.errors]) == (
        receipt.status,
        receipt.original_message_id,
        [e.code for e in receipt.errors],
    )
