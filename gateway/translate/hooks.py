"""What needs more than one path? Pairs of functions that complete an object after writing and prepare it
before reading.

`complete` may add what follows from the values (the system of an identifier follows from its type);
`prepare` returns the
object as the rules read it (a copy when something is different): where a derived value was edited in FHIR,
the edit wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway import terminology
from gateway.fhir.canonical import code_system
from gateway.translate.datatypes import oid_of
from gateway.translate.words import ADDRESS_TYPES, MAIN

Json = dict[str, Any]
Prepared = tuple[Json, tuple[str, ...]]
"""The object as the rules read it, and the keys of the object that were read for that."""

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
    "http://hl7.no/fhir/NamingSystem/FHNR": "FHN",
    "http://hl7.no/fhir/NamingSystem/HPR": "HPR",
    "http://hl7.no/fhir/NamingSystem/DUFN": "DUF",
    "http://hl7.no/fhir/NamingSystem/HERid": "HER",
    "http://hl7.no/fhir/NamingSystem/RESHid": "RSH",
    "http://hl7.no/fhir/NamingSystem/AKO": "AKO",
    "http://data.brreg.no/begrep/28155": "ENH",
}
_SYSTEMS = {**PERSON_IDENTIFIERS, **ORGANISATION_IDENTIFIERS}
_KINDS = {address: kind for kind, address in _SYSTEMS.items()} | _OTHER_ADDRESSES


def identifier_kind(system: object) -> str | None:
    """The type code (8116 or 9051) that an Identifier.system stands for; None if it is not one of the national ones."""
    return _KINDS.get(system) if isinstance(system, str) else None


_A_DAY = len("2026-03-09")


def is_out_of_use(identifier: object) -> bool:
    """Whether a number says that it is not the one's any more: the e-message cannot say that of a number, and whoever
    reads it would take it for the one in use."""
    return isinstance(identifier, dict) and identifier.get("use") == "old"


def is_of_another_time(said: Json, now: str) -> bool:
    """Whether a name, an address or a number says that it is over by then, or has not begun."""
    period = said.get("period")
    period = period if isinstance(period, dict) else {}
    end, start = (str(period.get(key, ""))[:_A_DAY] for key in ("end", "start"))
    return said.get("use") == "old" or bool(end and end < now[: len(end)]) or start > now[: len(start)]


def _type(identifier: Json) -> Json:
    """The first Coding of the type; empty if there is none."""
    codings = identifier.get("type", {}).get("coding", ())
    return next((coding for coding in codings if isinstance(coding, dict)), {})


def _complete_identifier(identifier: Json) -> None:
    system = _SYSTEMS.get(str(_type(identifier).get("code")))
    if system:
        identifier["system"] = system


def _prepare_identifier(identifier: Json) -> Prepared:
    if is_out_of_use(identifier):
        return {}, ()
    kind = identifier_kind(identifier.get("system"))
    if kind is None:
        return identifier, ()
    stated = _type(identifier)
    if kind == stated.get("code") and ("system" not in stated or oid_of(stated["system"]) is not None):
        return identifier, ("system",)
    return {**identifier, "type": {"coding": _codings(kind)}}, ("system",)


def _codings(kind: str) -> list[Json]:
    """The kind in each code set that has it: a HER-id may be an organisation's or a person's."""
    names = ((code_set, terminology.display(code_set, kind)) for code_set in ("9051", "8116"))
    return [
        {"system": code_system(code_set), "code": kind, "display": name} for code_set, name in names if name
    ]


_TELECOM = re.compile(r"(tel|mailto|fax|sms):(.+)", re.DOTALL)
_TELECOM_SYSTEMS = {"tel": "phone", "mailto": "email", "fax": "fax", "sms": "sms"}
_TELECOM_SCHEMES = {system: scheme for scheme, system in _TELECOM_SYSTEMS.items()}


def _complete_telecom(telecom: Json) -> None:
    if telecom.get("use") == MAIN:
        del telecom["use"]
        telecom["rank"] = 1
    value = telecom.get("value")
    if value is None:
        if "_value" in telecom:
            telecom["system"] = "other"
        return
    match = _TELECOM.fullmatch(value)
    twice = match is not None and match[2].startswith(f"{match[1]}:")  # read as an address in full
    if match and match[2].strip() and not twice and "_value" not in telecom:
        telecom["system"], telecom["value"] = _TELECOM_SYSTEMS[match[1]], match[2]
    else:
        telecom["system"] = "url" if value.startswith(("http:", "https:")) else "other"


def _prepare_telecom(telecom: Json) -> Prepared:
    prepared: Json = telecom
    system, value = telecom.get("system"), telecom.get("value")
    used: tuple[str, ...] = () if system == "pager" else ("system",)  # no address says that it is a pager's
    if "use" not in telecom and telecom.get("rank") == 1:
        prepared, used = {**telecom, "use": MAIN}, (*used, "rank")
    scheme = _TELECOM_SCHEMES.get(system) if isinstance(system, str) else None
    if scheme is not None and isinstance(value, str) and not value.startswith(scheme + ":"):
        prepared = {**prepared, "value": f"{scheme}:{value}"}
    return prepared, used


def _complete_address(address: Json) -> None:
    if address.get("use") in ADDRESS_TYPES:
        address["type"] = address.pop("use")


def _prepare_address(address: Json) -> Prepared:
    kind = address.get("type")
    if "use" in address or kind not in ADDRESS_TYPES:
        return address, ()
    return {**address, "use": kind}, ("type",)


HOOKS: dict[str, tuple[Callable[[Json], None], Callable[[Json], Prepared]]] = {
    "identifier": (_complete_identifier, _prepare_identifier),
    "telecom": (_complete_telecom, _prepare_telecom),
    "address": (_complete_address, _prepare_address),
}
