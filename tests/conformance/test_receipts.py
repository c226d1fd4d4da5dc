"""Does the official schema accept the receipts that we write?"""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from lxml import etree

from gateway.emessage import apprec
from gateway.emessage.apprec import Error
from gateway.translate.facts import Party

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
GATEWAY = Party("88899001", "88899001", "Sømløs", "Sømløs")
WARD = Party("88810012", "88810001", "Medisinsk sengepost", "Fjellheim sykehus")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("status", ["1", "2", "3"])
def test_receipts_are_valid(
    standards: Path, version: Literal["1.0", "1.1"], status: Literal["1", "2", "3"]
) -> None:
    spec = importlib.util.spec_from_file_location("official", standards / "standards/official_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    official = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(official)
    data = apprec.build(
        version,
        receipt_id="r-1",
        generated_at=NOW,
        software=("Sømløs", "0.1.0"),
        sender=GATEWAY,
        receiver=WARD,
        status=status,
        errors=() if status == "1" else (Error("E21", "Ukjent mottaker"), Error("X99")),
        original_type="LOG_INNLAGT",
        original_id="a-1",
        original_issued_at=NOW,
    )
    official.schema(f"apprec-{version}").assertValid(etree.fromstring(data))
