"""A hospital, a municipality and the real gateway between them, over real HTTP; what is delivered stays in memory."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from gateway.emessage import apprec
from gateway.emessage.read import read as read_xml
from gateway.settings import Settings
from gateway.settings_load import from_content
from gateway.translate import convert
from gateway.translate.facts import Party
from tests.support.messages import CANARY_TEXT, HOSPITAL, MUNICIPALITY, NURSING, WARD, Admission

HOSPITAL_SECRET, MUNICIPALITY_SECRET = "hospital-secret", "municipality-secret"
GATEWAY_HER = "88899999"


def configured(folder: Path, **gateway: Any) -> Settings:
    """A hospital and a municipality; what is delivered stays in memory."""
    partners = [
        _partner("Sykehuset", [HOSPITAL, WARD], HOSPITAL_SECRET, WARD, "plo-1.6"),
        _partner("Kommunen", [MUNICIPALITY, NURSING], MUNICIPALITY_SECRET, NURSING, "plo-1.6"),
    ]
    gateway = {"ledger": f"sqlite:{folder / 'ledger.db'}", "her_id": GATEWAY_HER, **gateway}
    return from_content({"gateway": gateway, "partner": partners}, folder=folder)


def _partner(name: str, her_ids: list[str], secret: str, reached: str, format: str) -> dict[str, Any]:
    endpoint = {"her_ids": [reached], "transport": "memory", "format": format}
    return {
        "name": name,
        "her_ids": her_ids,
        "bearer_sha256": hashlib.sha256(secret.encode()).hexdigest(),
        "endpoint": [endpoint],
    }


def client_of(base_url: str, secret: str) -> httpx.Client:
    """A partner's client."""
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.Client(base_url=base_url, headers=headers, trust_env=False, timeout=60)


def post_xml(client: httpx.Client, data: bytes, accept: str = "application/json") -> httpx.Response:
    return client.post(
        "/messages", content=data, headers={"Content-Type": "application/xml", "Accept": accept}
    )


def post_fhir(client: httpx.Client, data: bytes, accept: str = "application/fhir+json") -> httpx.Response:
    headers = {"Content-Type": "application/fhir+json", "Accept": accept}
    return client.post("/fhir/$process-message", content=data, headers=headers)


def bundle(**changes: Any) -> dict[str, Any]:
    """The same kind of message as a Bundle."""
    found: dict[str, Any] = json.loads(convert(read_xml(Admission(**changes).xml), "fhir-r4").data)
    return found


def receipt_for(message: Admission, status: apprec.Status = "1") -> bytes:
    """The receiver's receipt for a message."""
    return apprec.build(
        "1.0",
        receipt_id=str(uuid4()),
        generated_at=datetime.now(UTC),
        software=("EPJ", "1"),
        sender=Party(NURSING, MUNICIPALITY),
        receiver=Party(WARD, HOSPITAL),
        status=status,
        errors=() if status == "1" else (apprec.Error("E35", CANARY_TEXT),),
        original_type=message.type,
        original_id=message.message_id,
        original_issued_at=datetime(2026, 11, 20, 13, 32, tzinfo=UTC),
    )
