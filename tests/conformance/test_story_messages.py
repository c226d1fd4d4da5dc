"""Does the official schema accept the story's messages and the simulated EPJ's receipts, and FHIR its Bundles?"""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

import fhirkit
import pytest
from lxml import etree

from gateway.fhir import json as fhir_json
from gateway.simulator.reading import see
from gateway.simulator.receipts import Answer, ReceiptFormat, write_receipt
from gateway.simulator.steps import story
from gateway.translate import convert
from gateway.translate.receipts import with_original
from tests.support.story import told

TOLD = told()
NOW = datetime(2026, 3, 30, 8, 15, tzinfo=UTC)
OK, NO, IN_PART = Answer(), Answer("2", "E35"), Answer("3", "X99")


@cache
def official(standards: Path) -> ModuleType:
    """The loader of the official schemas that lies beside them."""
    spec = importlib.util.spec_from_file_location(
        "official_schemas", standards / "standards/official_schemas.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def findings(standards: Path, version: str, body: bytes) -> list[str]:
    """What the official schema says."""
    schema = official(standards).schema(version)
    schema.validate(etree.fromstring(body))
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


@pytest.mark.parametrize("key", [s.key for s in story() if not s.is_fhir and s.type != "EPIKRISE"])
def test_messages_follow_the_official_schema(standards: Path, key: str) -> None:
    version = "dialog-1.0" if TOLD[key].step.type == "DIALOG_SVAR" else "1.6"
    assert findings(standards, version, TOLD[key].body) == []


def test_the_epikrise_has_a_valid_envelope_and_a_body_of_its_own(standards: Path) -> None:
    found = findings(standards, "1.6", TOLD["epikrise"].body)
    assert len(found) == 1
    assert "epikrise" in found[0]


@pytest.mark.parametrize("answer", [OK, NO, IN_PART], ids=["ok", "rejected", "in-part"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_receipts_follow_the_official_schema(standards: Path, version: ReceiptFormat, answer: Answer) -> None:
    body, _ = write_receipt(see(TOLD["innlagt"].body), answer, version, NOW)
    assert findings(standards, f"apprec-{version}", body) == []


def test_the_bundle_is_sound_fhir() -> None:
    assert fhirkit.validate(TOLD["innleggelsesrapport"].body.decode()) == []


@pytest.mark.parametrize("answer", [OK, NO, IN_PART], ids=["ok", "rejected", "in-part"])
def test_fhir_receipts_are_sound_fhir(answer: Answer) -> None:
    body, _ = write_receipt(see(TOLD["innlagt"].body), answer, "fhir", NOW)
    assert fhirkit.validate(body.decode()) == []
    seen = see(body)
    assert (seen.kind, seen.original) == ("receipt", TOLD["innlagt"].message_id)
    assert (seen.receipt_status, list(seen.receipt_codes)) == (
        answer.status,
        [answer.code] * bool(answer.code),
    )


def test_the_plan_born_in_fhir_becomes_a_message_the_official_schema_accepts(standards: Path) -> None:
    translated = convert(fhir_json.read(TOLD["innleggelsesrapport"].body), "plo-1.6")
    assert findings(standards, "1.6", translated.data) == []


@pytest.mark.parametrize("answer", [OK, NO, IN_PART], ids=["ok", "rejected", "in-part"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_receipts_born_in_fhir_become_valid_apprecs(standards: Path, version: str, answer: Answer) -> None:
    body, _ = write_receipt(see(TOLD["innlagt"].body), answer, "fhir", NOW)
    stated = with_original(fhir_json.read(body), TOLD["innlagt"].message_id, "LOG_INNLAGT", NOW)
    translated = convert(stated, f"apprec-{version}")
    assert findings(standards, f"apprec-{version}", translated.data) == []
    seen = see(translated.data)
    assert (seen.receipt_status, list(seen.receipt_codes)) == (
        answer.status,
        [answer.code] * bool(answer.code),
    )
    assert seen.original == TOLD["innlagt"].message_id
