"""Are the receipts we write valid, true to the catalogue, and only ever negative when they are our own?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.emessage import apprec
from gateway.emessage.apprec import Error
from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import CATALOGUE

VERSIONS: tuple[Literal["1.0", "1.1"], ...] = ("1.0", "1.1")
NOW = datetime(2026, 11, 21, 9, 30, 15, 250_000, UTC)


@dataclass(frozen=True)
class Unit:
    her_id: str | None = "88810012"
    organisation_her_id: str | None = "88810001"
    name: str = "Medisinsk sengepost"
    organisation_name: str = "Fjellheim sykehus"


@dataclass(frozen=True)
class Original:
    message_id: str = "a-1"
    message_type: str = "LOG_INNLAGT"
    generated_at: datetime | None = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    sender: Unit = Unit()


GATEWAY = Unit("88899001", "88899001", "Sømløs", "Sømløs")


def written(data: bytes, *names: str) -> list[str | None]:
    """The texts (or codes) of the elements with these local names."""
    elements = etree.fromstring(data).iter(*(f"{{*}}{name}" for name in names))
    return [element.get("V") or element.text for element in elements]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("code", [code for code, entry in CATALOGUE.items() if entry.apprec])
def test_our_own_receipt_is_a_valid_rejection(version: Literal["1.0", "1.1"], code: str) -> None:
    data = apprec.negative(Original(), code, sender=GATEWAY, message_id="r-1", now=NOW, version=version)
    message = read(data)
    assert message.standard == f"apprec-{version}"
    assert [each for each in validate(message) if each.code != "rules.receipt-on-receipt"] == []
    assert written(data, "Status") == ["2"]
    assert written(data, "Error") == [CATALOGUE[code].apprec]
    [error] = etree.fromstring(data).iter("{*}Error")
    assert error.get("OT") == f"{CATALOGUE[code].no} ({code})"
    assert error.get("S") == "2.16.578.1.12.4.1.1.8221"


def test_parties_times_and_ids() -> None:
    data = apprec.negative(Original(), "xml.not-well-formed", sender=GATEWAY, message_id="r-1", now=NOW)
    assert written(data, "Id") == ["r-1", "88899001", "88810001", "88810012", "a-1"]
    assert written(data, "Name") == ["Sømløs", "Fjellheim sykehus", "Medisinsk sengepost"]
    assert written(data, "GenDate", "IssueDate") == ["2026-11-21T10:30:15+01:00", "2026-07-01T12:00:00+02:00"]


def test_what_no_receipt_can_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="no receipt"):
        apprec.negative(Original(), "us.not-stored", sender=GATEWAY, message_id="r-1", now=NOW)
    with pytest.raises(ValueError, match="no date"):
        apprec.negative(Original(generated_at=None), "xml.doctype", sender=GATEWAY, message_id="r-1", now=NOW)


TEXT = st.text(max_size=20)


@given(st.sampled_from(VERSIONS), st.sampled_from(["1", "2", "3"]), st.lists(TEXT, max_size=3), TEXT, TEXT)
def test_any_text_gives_a_valid_receipt(
    version: Literal["1.0", "1.1"],
    status: Literal["1", "2", "3"],
    errors: list[str],
    name: str,
    original_id: str,
) -> None:
    data = apprec.build(
        version,
        receipt_id=original_id,
        generated_at=NOW,
        software=(name, name),
        sender=Unit(name=name),
        receiver=Unit(None, None, "", ""),
        status=status,
        errors=tuple(Error(code, text=name) for code in errors),
        original_type=name,
        original_id=original_id,
        original_issued_at=NOW,
    )
    found = validate(read(data))
    assert [each for each in found if each.layer == "schema"] == []
