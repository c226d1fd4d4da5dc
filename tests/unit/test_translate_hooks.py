"""Does what follows from another value get written, and read back where it was edited or born in FHIR?"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.canonical import code_system
from gateway.translate.hooks import HOOKS, identifier_kind

Json = dict[str, Any]

OID = "urn:oid:2.16.578.1.12.4.1"


def kind(number: int, code: str, display: str | None = None) -> Json:
    coding = {"system": code_system(number), "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def completed(hook: str, found: Json) -> Json:
    HOOKS[hook][0](found)
    return found


def prepared(hook: str, found: Json) -> Json:
    before = dict(found)
    made, _ = HOOKS[hook][1](found)
    assert found == before  # the Bundle itself is never changed
    return made


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("FNR", f"{OID}.4.1"),
        ("DNR", f"{OID}.4.2"),
        ("HPR", f"{OID}.4.4"),
        ("HER", f"{OID}.2"),
        ("ENH", f"{OID}.4.101"),
    ],
)
def test_the_system_of_an_identifier_follows_from_its_type(code: str, system: str) -> None:
    assert completed("identifier", {"type": kind(8116, code), "value": "1"})["system"] == system
    assert identifier_kind(system) == code


def test_a_type_that_is_not_national_gives_no_system() -> None:
    assert completed("identifier", {"type": kind(8116, "XXX"), "value": "1"}) == {
        "type": kind(8116, "XXX"),
        "value": "1",
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"system": f"{OID}.4.1"}, kind(8116, "FNR", "Fødselsnummer")),
        (
            {"system": f"{OID}.2"},
            {"coding": [kind(code_set, "HER", "HER-id")["coding"][0] for code_set in (9051, 8116)]},
        ),
        ({"system": "http://hl7.no/fhir/NamingSystem/HPR"}, kind(8116, "HPR", "HPR-nummer")),
        # edited: the system was changed and the type left behind
        ({"system": f"{OID}.4.2", "type": kind(8116, "FNR", "Fødselsnummer")}, kind(8116, "DNR", "D-nummer")),
        # not edited: the type stays as it came
        ({"system": f"{OID}.4.1", "type": kind(8116, "FNR", "fnr")}, kind(8116, "FNR", "fnr")),
        ({"system": "urn:example", "type": kind(8116, "LOK")}, kind(8116, "LOK")),
    ],
)
def test_the_type_of_an_identifier_follows_from_its_system(found: Json, expected: Json) -> None:
    assert prepared("identifier", found)["type"] == expected


@pytest.mark.parametrize("system", ["urn:example", None, 7, ""])
def test_other_systems_are_no_national_ones(system: object) -> None:
    assert identifier_kind(system) is None


@pytest.mark.parametrize(
    ("value", "system", "rest"),
    [
        ("tel:+4773555555", "phone", "+4773555555"),
        ("mailto:post@eksempel.no", "email", "post@eksempel.no"),
        ("fax:1", "fax", "1"),
        ("sms:1", "sms", "1"),
        ("http://eksempel.no", "url", "http://eksempel.no"),
        ("73 55 55 55", "other", "73 55 55 55"),
        ("tel:", "other", "tel:"),
        ("tel: ", "other", "tel: "),
        ("tel:tel:73555555", "other", "tel:tel:73555555"),
        ("mailto:mailto:a@b.no", "other", "mailto:mailto:a@b.no"),
        ("tel:fax:73555555", "phone", "fax:73555555"),
    ],
)
def test_an_address_of_telecom_there_and_back(value: str, system: str, rest: str) -> None:
    found = completed("telecom", {"value": value})
    assert found == {"system": system, "value": rest}
    assert prepared("telecom", found)["value"] == value


@pytest.mark.parametrize("extra", [{"extension": []}, None])
def test_a_value_that_is_only_exact_keeps_its_scheme(extra: Json | None) -> None:
    assert completed("telecom", {"_value": extra}) == {"_value": extra, "system": "other"}
    assert completed("telecom", {"use": "work"}) == {"use": "work"}


def test_the_main_telephone_has_rank_1() -> None:
    found = completed("telecom", {"use": "main", "value": "tel:1"})
    assert found == {"rank": 1, "system": "phone", "value": "1"}
    assert prepared("telecom", found)["use"] == "main"
    assert prepared("telecom", {**found, "use": "work"})["use"] == "work"
    assert "use" not in prepared("telecom", {**found, "rank": 2})


@pytest.mark.parametrize("word", ["postal", "physical"])
def test_some_kinds_of_address_are_its_type(word: str) -> None:
    found = completed("address", {"use": word, "city": "Lyngvik"})
    assert found == {"type": word, "city": "Lyngvik"}
    assert prepared("address", found)["use"] == word
    assert prepared("address", {**found, "use": "home"})["use"] == "home"


@pytest.mark.parametrize("address", [{"use": "home"}, {"type": "both"}, {}])
def test_other_addresses_stay_as_they_are(address: Json) -> None:
    assert completed("address", dict(address)) == address
    assert prepared("address", address) == address
