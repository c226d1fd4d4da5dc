"""Which names do our own FHIR artefacts and the Norwegian code lists have?

Every canonical URL of the project is made here from one base. An installation replaces it by the environment variable
`SOMLOS_CANONICAL_BASE`, before anything is started: profiles, extensions and code systems then have its address in
everything that is written, checked and published.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

from gateway import terminology
from gateway.errors import ConfigurationError

PUBLISHED_BASE: Final = "https://fhir.somlos.no"
"""The base that stands in the files of `profiles/`."""
BASE_VARIABLE: Final = "SOMLOS_CANONICAL_BASE"
"""The environment variable by which an installation has a base of its own."""


def _base(stated: str) -> str:
    """The base as stated.

    :raises ConfigurationError: it is no address, or ends in a slash.
    """
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-:]+(/[A-Za-z0-9._~\-]+)*", stated):
        raise ConfigurationError("configuration.bad-value", path=BASE_VARIABLE)
    return stated


BASE: Final = _base(os.environ.get(BASE_VARIABLE) or PUBLISHED_BASE)
"""Canonical base of our profiles, extensions and code systems on this installation."""

CODE_LIST_ROOT: Final = "urn:oid:2.16.578.1.12.4.1.1."
"""Norwegian national code lists ("Volven"/FinnKode): the list number follows."""

MESSAGE_ID_SYSTEM: Final = "urn:ietf:rfc:3986"
"""Identifier.system of an identifier whose value is itself a URI, such as a message's ``urn:uuid:``."""


def extension_url(name: str) -> str:
    """The canonical URL of our extension called ``name`` (lower case words with hyphens)."""
    return f"{BASE}/StructureDefinition/{name}"


def profile_url(name: str) -> str:
    """The canonical URL of our profile called ``name``; profiles and extensions share one name space."""
    return f"{BASE}/StructureDefinition/{name}"


def code_system(number: int | str) -> str:
    """The ``Coding.system`` of a national code list, such as 8279 (message type)."""
    return f"{CODE_LIST_ROOT}{number}"


def is_of(coding: dict[str, Any], system: str) -> bool:
    """Whether a Coding is of a national code list, by any of the addresses in use for it."""
    stated = coding.get("system")
    return stated == system or (
        isinstance(stated, str) and CODE_LIST_ROOT + terminology.number_of(stated) == system
    )


def code_in_extension(holder: dict[str, Any], name: str, code_set: str) -> str | None:
    """The code in the first extension of ours with that name, if it is of the national set or names no set."""
    found = (e.get("valueCoding") for e in holder.get("extension", ()) if e.get("url") == extension_url(name))
    coding = next(found, None)
    if not isinstance(coding, dict) or ("system" in coding and not is_of(coding, code_system(code_set))):
        return None
    code: str | None = coding.get("code")
    return code


NATIONAL_SETS: Final = {
    f"{CODE_LIST_ROOT.removeprefix('urn:oid:')}{number}": code_system(number) for number in range(1000, 10000)
}
"""Oid of a national code list → its ``Coding.system``. Almost every code of a message is of one of these."""


def own_code_system(name: str) -> str:
    """The ``Coding.system`` of a code system of ours."""
    return f"{BASE}/CodeSystem/{name}"


def component_system() -> str:
    """The code system whose codes are the element names of the e-message components."""
    return own_code_system("plo-component")


def error_system() -> str:
    """The code system whose codes are the codes of our error catalogue."""
    return own_code_system("error")


EXACT: Final = extension_url("exact")
"""On a primitive: the source text, where the native value alone would not reproduce it."""

PRESENT: Final = extension_url("present")
"""On a primitive or element: the source had this element, but empty."""

ORDER: Final = extension_url("order")
"""On an element: its position among elements of other kinds in the source."""

DATA_ABSENT_REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
"""HL7's extension that says why a value which R4 demands is missing."""
