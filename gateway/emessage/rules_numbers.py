"""Are the numbers in a message possible: identity numbers, organisation numbers, HER-ids, HPR numbers?

A wrong number is a warning: the sender may know the person only so. What it blocks is the receiver's
configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from gateway import identifiers
from gateway.emessage.place import finding, local_name
from gateway.emessage.read import EMessage, code_of
from gateway.errors import Issue

_KIND_OF_CODE = {"FNR": "fnr", "DNR": "dnr", "HNR": "hnr", "FHN": "fhn"}
_SIMPLE = {
    "ENH": (identifiers.organisation_number, "rules.organisation-number-check-digit"),
    "HER": (identifiers.her_id, "rules.her-id-implausible"),
    "HPR": (identifiers.hpr_number, "rules.hpr-number-implausible"),
}


def numbers(message: EMessage) -> Iterator[Issue]:
    """Every Id that is followed by its type (TypeId, or Type in AdditionalId), in envelope, body and receipt."""
    for kind in message.root.iter("{*}TypeId", "{*}Type"):
        number = kind.getprevious()
        if number is None or local_name(number) != "Id":
            continue
        if text := (number.text or "").strip():
            yield from _number(code_of(kind), text, number)


def _number(code: str, text: str, place: etree._Element) -> Iterator[Issue]:
    if code in _SIMPLE:
        plausible, problem = _SIMPLE[code]
        if not plausible(text):
            yield finding(problem, "warning", place)
    elif code in _KIND_OF_CODE:
        number = identifiers.identity_number(text)
        if not number.valid:
            yield finding("rules.identity-number-check-digits", "warning", place)
        elif number.kind != _KIND_OF_CODE[code]:
            yield finding("rules.identity-number-kind", "warning", place)
        if number.valid and number.synthetic:
            yield finding("rules.synthetic-identity-number", "information", place)
