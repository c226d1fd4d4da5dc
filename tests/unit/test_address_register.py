"""Does the comparison with the address register say what differs, and nothing that is the same?"""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import Refusal
from gateway.operations.address_register import differences, parties_of, snippet
from gateway.settings import Partner

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PARTNER = Partner.model_validate(
    {
        "name": "Lyngvik kommune",
        "her_ids": ["88820001", "88820011"],
        "endpoint": [
            {
                "her_ids": ["88820011"],
                "transport": "http",
                "url": "https://lyngvik.example",
                "format": "plo-1.6",
                "types": ["LOG_INNLAGT", "EPIKRISE"],
            }
        ],
    }
)
SAME: list[dict[str, Any]] = [
    {"herId": 88820001, "name": "Lyngvik kommune"},
    {"herId": 88820011, "name": "PLO", "parentHerId": 88820001, "messageTypes": ["LOG_INNLAGT", "EPIKRISE"]},
]


def found(*changed: dict[str, Any]) -> list[tuple[str, str]]:
    parties = {each["herId"]: dict(each) for each in SAME}
    for each in changed:
        parties.setdefault(each["herId"], {}).update(each)
    data = json.dumps(list(parties.values())).encode()
    return [(each.kind, each.her_id) for each in differences(parties_of(data), [PARTNER], NOW)]


def test_the_same_on_both_sides_is_no_difference() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"herId": 88820001, "name": "Lyngvik og Bjørkelia kommune"}, "name"),
        ({"herId": 88820011, "validTo": "2026-12-01T00:00:00"}, "ending"),
        ({"herId": 88820011, "validTo": "2026-11-22T12:00:00"}, "ended"),
        ({"herId": 88820011, "messageTypes": ["LOG_INNLAGT", "EPIKRISE", "DIALOG_SVAR"]}, "type-new"),
        ({"herId": 88820011, "messageTypes": ["EPIKRISE"]}, "type-gone"),
        ({"herId": 88820012, "name": "Legevakt", "parentHerId": 88820001}, "new"),
        ({"herId": 88820011, "currentSigningCertificate": {"validTo": "2026-12-20T00:00:00Z"}}, "signing"),
        (
            {"herId": 88820011, "currentEncryptionCertificate": {"validTo": "2026-01-01T00:00:00Z"}},
            "encryption",
        ),
    ],
)
def test_one_difference(changed: dict[str, Any], kind: str) -> None:
    assert found(changed) == [(kind, str(changed["herId"]))]


@pytest.mark.parametrize(
    "changed",
    [
        {"herId": 88820011, "validTo": "2027-06-01T00:00:00"},
        {"herId": 88820011, "currentSigningCertificate": {"validTo": "2026-12-23T00:00:00Z"}},
        {"herId": 99990001, "name": "Noen andre", "parentHerId": 99990000},
        {"herId": 88820011, "validTo": "snart", "messageTypes": None},
    ],
)
def test_what_is_far_off_or_of_others_is_no_difference(changed: dict[str, Any]) -> None:
    assert found(changed) == []


def test_what_the_file_does_not_hold_is_missing_and_the_snippet_says_what_would_be() -> None:
    parties = parties_of(
        json.dumps([SAME[0] | {"name": 'Nye "Lyngvik"'}, {"herId": "5", "parentHerId": 88820001}]).encode()
    )
    all_of_them = differences(parties, [PARTNER], NOW)
    assert [each.kind for each in all_of_them] == ["name", "missing", "new"]
    said = tomllib.loads(snippet(all_of_them, [PARTNER]))
    assert said == {"partner": [{"name": 'Nye "Lyngvik"', "her_ids": ["88820001", "5"]}]}


def test_without_differences_there_is_no_snippet() -> None:
    assert snippet((), [PARTNER]) == ""


@pytest.mark.parametrize(
    "data", [b"", b"<xml/>", b"[]", b'{"name": "x"}', b"[1, true]", b"\xff", b"[" * 100_000]
)
def test_what_is_no_export_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parties_of(data)
    assert refused.value.code == "operations.register-not-readable"
