"""Which names do our own FHIR artefacts and the Norwegian code lists have?

Every canonical URL of the project is made here from one constant, so that an installation can replace the base.
"""

from __future__ import annotations

from typing import Final

BASE: Final = "https://fhir.somlos.no"
"""Canonical base of our profiles, extensions and code systems."""

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
