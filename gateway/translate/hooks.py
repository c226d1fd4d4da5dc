"""What needs more than one path? Pairs of functions that complete an object after writing and prepare it
before reading.

`complete` may add what follows from the values (the system of an identifier follows from its type);
`prepare` returns the
object as the rules read it (a copy when something is different): where a derived value was edited in FHIR,
the edit wins.
"""

from __future__ import annotations

import re
from typing import Any

from gateway import terminology
from gateway.fhir.canonical import code_system

Json = dict[str, Any]

PERSON_IDENTIFIERS = {
    "FNR": "urn:oid:2.16.578.1.12.4.1.4.1",
    "DNR": "urn:oid:2.16.578.1.12.4.1.4.2",
    "FHN": "urn:oid:2.16.578.1.12.4.1.4.3",
    "HPR": "urn:oid:2.16.578.1.12.4.1.4.4",
    "DUF": "urn:oid:2.16.578.1.12.4.1.4.5",
}
"""Code of 8116 → Identifier.system (no-basis 2.2.2)."""
HER = "urn:oid:2.16.578.1.12.4.1.2"
ORGANISATION_IDENTIFIERS = {
    "HER": HER,
    "ENH": "urn:oid:2.16.578.1.12.4.1.4.101",
    "RSH": "urn:oid:2.16.578.1.12.4.1.4.102",
    "AKO": "urn:oid:2.16.578.1.12.4.1.4.107",
}
"""Code of 9051 → Identifier.system (no-basis 2.2.2)."""
_OTHER_ADDRESSES = {
    "http://hl7.no/fhir/NamingSystem/FNR": "FNR",
    "http://hl7.no/fhir/NamingSystem/DNR": "DNR",
    "http://hl7.no/fhir/NamingSystem/HPR": "HPR",
    "http://hl7.no/fhir/NamingSystem/HERid": "HER",
    "http://hl7.no/fhir/NamingSystem/RESHid": "RSH",
    "http://data.brreg.no/begrep/28155": "ENH",
}
_SYSTEMS = {**PERSON_IDENTIFIERS, **ORGANISATION_IDENTIFIERS}


def identifier_kind(system: object) -> str | None:
    """The type code (8116 or 9051) that an Identifier.system stands for; None if it is not one of the national ones."""
    known = {address: kind for kind, address in _SYSTEMS.items()} | _OTHER_ADDRESSES
    return known.get(system) if isinstance(system, str) else None


def _type_code(identifier: Json) -> str | None:
    codings = identifier.get("type", {}).get("coding", ())
    return next((c.get("code") for c in codings if isinstance(c, dict)), None)


def _complete_identifier(identifier: Json) -> None:
    system = _SYSTEMS.get(_type_code(identifier) or "")
    if system:
        identifier["system"] = system


def _prepare_identifier(identifier: Json) -> Json:
    kind = identifier_kind(identifier.get("system"))
    if kind is None or kind == _type_code(identifier):
        return identifier
    code_set = "8116" if kind in PERSON_IDENTIFIERS else "9051"
    coding = {
        "system": code_system(code_set),
        "code": kind,
        "display": terminology.display(code_set, kind) or kind,
    }
    return {**identifier, "type": {"coding": [coding]}}


_TELECOM = re.compile(r"(tel|mailto|fax|sms):(.+)", re.DOTALL)
_TELECOM_SYSTEMS = {"tel": "phone", "mailto": "email", "fax": "fax", "sms": "sms"}
_USES = {"H": "home", "HP": "home", "MC": "mobile", "WP": "work", "WC": "work", "WD": "work"}


def _complete_telecom(telecom: Json) -> None:
    value = telecom.get("value")
    if value is None:
        if "_value" in telecom:
            telecom["system"] = "other"
        return
    match = _TELECOM.fullmatch(value)
    if match and match[2].strip() and "_value" not in telecom:
        telecom["system"], telecom["value"] = _TELECOM_SYSTEMS[match[1]], match[2]
    else:
        telecom["system"] = "url" if value.startswith(("http:", "https:")) else "other"


def _prepare_telecom(telecom: Json) -> Json:
    scheme = next((s for s, name in _TELECOM_SYSTEMS.items() if name == telecom.get("system")), None)
    value = telecom.get("value")
    if scheme is None or not isinstance(value, str) or value.startswith(scheme + ":"):
        return telecom
    return {**telecom, "value": f"{scheme}:{value}"}


_ADDRESS_USES = {"H": "home", "HP": "home", "TMP": "temp", "WP": "work", "BAD": "old", "INV": "billing"}
_ADDRESS_TYPES = {"PST": "postal", "RES": "physical"}


def _complete_address(address: Json) -> None:
    code = next(
        (
            e["valueCoding"].get("code")
            for e in address.get("extension", ())
            if e.get("url", "").endswith("/address-type") and "valueCoding" in e
        ),
        None,
    )
    if code in _ADDRESS_USES:
        address["use"] = _ADDRESS_USES[code]
    if code in _ADDRESS_TYPES:
        address["type"] = _ADDRESS_TYPES[code]


def _same(value: Json) -> Json:
    return value


HOOKS = {
    "identifier": (_complete_identifier, _prepare_identifier, ("system",)),
    "telecom": (_complete_telecom, _prepare_telecom, ("system",)),
    "address": (_complete_address, _same, ()),
}
