"""Does a secret name its own partner and nobody else's?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from gateway.routing.credentials import Credentials
from gateway.settings_load import from_content


def credentials(tmp_path: Path, secrets: dict[str, str | None]) -> Credentials:
    partners: list[dict[str, Any]] = []
    for number, (name, secret) in enumerate(secrets.items(), 1):
        hashed = {} if secret is None else {"bearer_sha256": hashlib.sha256(secret.encode()).hexdigest()}
        partners.append({"name": name, "her_ids": [f"8881000{number}"], **hashed})
    gateway = {"ledger": f"sqlite:{tmp_path / 'ledger.db'}"}
    return Credentials(from_content({"gateway": gateway, "partner": partners}, folder=tmp_path))


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_each_secret_names_its_partner(tmp_path: Path, name: str) -> None:
    known = credentials(tmp_path, {"first": "a", "second": "b", "third": "c"})
    found = known.of_bearer({"first": "a", "second": "b", "third": "c"}[name])
    assert found is not None
    assert found.partner == name


@pytest.mark.parametrize("shown", ["", "d", "A", "a ", hashlib.sha256(b"a").hexdigest(), "æ", "ab"])
def test_another_secret_names_nobody(tmp_path: Path, shown: str) -> None:
    assert credentials(tmp_path, {"first": "a", "second": "b"}).of_bearer(shown) is None


def test_without_a_secret_one_acts_for_those_that_have_none(tmp_path: Path) -> None:
    found = credentials(tmp_path, {"first": "a", "open": None}).anonymous()
    assert found is not None
    assert found.her_ids == {"88810002"}
    assert credentials(tmp_path, {"first": "a"}).anonymous() is None
