"""Has every element of every grammar a rule, and does every rule name an element that exists?"""

from __future__ import annotations

import pytest

from gateway import package_data
from gateway.emessage.grammar import STANDARDS
from gateway.translate.compiler import definitions, mapping
from gateway.translate.coverage import uncovered, unknown_lines
from gateway.translate.documents import bodies
from gateway.translate.notation import read_definitions
from gateway.translate.sources import TABLES

ENVELOPE = (
    ("MsgInfo", "mh:MsgInfo"),
    ("List", "mh:PatientReport"),
    ("Composition", "mh:Document"),
    ("DocumentReference", "mh:Document"),
)
RECEIPTS = [standard for standard in STANDARDS if standard.startswith("apprec-")]
MESSAGES = [standard for standard in STANDARDS if standard not in RECEIPTS]


@pytest.mark.parametrize("standard", MESSAGES)
def test_every_element_of_the_envelope_has_a_rule(standard: str) -> None:
    bound = mapping(standard)
    assert [missing for name, kind in ENVELOPE for missing in uncovered(bound, name, kind)] == []


@pytest.mark.parametrize("standard", MESSAGES)
def test_every_element_of_every_body_has_a_rule(standard: str) -> None:
    bound = mapping(standard)
    known = bodies(bound)
    assert len(known) == {"plo": 7, "dialog": 1, "msghead": 0}[standard.partition("-")[0]]
    assert [missing for body, name in known.items() for missing in uncovered(bound, name, body)] == []


@pytest.mark.parametrize("standard", RECEIPTS)
def test_every_element_of_the_receipt_has_a_rule(standard: str) -> None:
    assert uncovered(mapping(standard), "AppRec", "ar:AppRec") == []


def test_an_element_without_a_rule_is_found() -> None:
    bound = mapping("dialog-1.1")
    assert "dia:Dialogmelding/dia:Notat" in uncovered(bound, "Foresporsel", "dia:Dialogmelding")


def test_every_line_names_what_exists() -> None:
    assert unknown_lines(definitions()) == []


@pytest.mark.parametrize(
    ("right", "typo", "found"),
    [
        ("    TemaKodet ", "    TemeKodet ", "Notat/TemeKodet"),
        (
            "        Kontaktenhet ",
            "        Kontaktenhetx ",
            "RollerRelatertNotat/TilknyttetEnhet/Kontaktenhetx",
        ),
        ("Notat = Communication: dia:Notat", "Notat = Communication: dia:Notet", "Notat: dia:Notet"),
        (
            "use Helsepersonell",
            "use Helsepersonel",
            "RollerRelatertNotat/HealthcareProfessional/. Helsepersonel",
        ),
        (
            "basedOn[0]                           -> Foresporsel",
            "basedOn[0]  -> Foresporsol",
            "Notat/Foresporsel Foresporsol",
        ),
    ],
)
def test_a_typo_is_found(right: str, typo: str, found: str) -> None:
    files = {
        file.name: file.read_text(encoding="utf-8")
        for file in package_data.mappings().glob("*.map")
        if file.stem not in TABLES
    }
    assert files["dialog.map"].count(right) >= 1
    files["dialog.map"] = files["dialog.map"].replace(right, typo)
    assert found in unknown_lines(read_definitions(files))
