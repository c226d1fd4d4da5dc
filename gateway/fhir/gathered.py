"""Are all texts, codes, ids and addresses of a resource legal? Asked of all of them together.

A look at each value costs a call or three; a look at all of them joined costs a few calls in all: joined texts have a
control character if one of them has. The answer is the one that `primitives` gives for each value; where the joined
look cannot tell, each is asked for.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.fhir.canonical import NATIONAL_SETS
from gateway.fhir.primitives import (
    CHECKS,
    CONTROL,
    ID_FORM,
    MAX_TEXT,
    OID_FORM,
    UUID_FORM,
    check_code,
    check_uri,
)
from gateway.fhir.problem import Walk

_KNOWN: Final = frozenset(NATIONAL_SETS.values())
"""Addresses that stand in every message and need no look at their letters."""
_check_time: Final = CHECKS["dateTime"]
_IDS: Final = re.compile(rf"(?:{ID_FORM}\n)*+").fullmatch
_ADDRESSES: Final = re.compile(rf"(?:(?:{UUID_FORM}|{OID_FORM}|(?!urn:oid:|urn:uuid:)[!-~]++)\n)*+").fullmatch
_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_UUID: Final = b"urn:uuid:00000000-0000-0000-0000-000000000000\n".translate(_DIGITS_ALIKE)


def are_legal(walk: Walk) -> bool:
    """Whether all values gathered are legal values of their types."""
    try:
        addresses, pointers = set(walk.addresses) - _KNOWN, set(walk.pointers)
        if _are_uuids(walk.full_urls):
            pointers.difference_update(walk.full_urls)
        else:
            addresses.update(walk.full_urls)
        return (
            _are_texts([*walk.texts, *pointers])
            and _are_codes(walk.codes, walk)
            and _are_lines(walk.ids, _IDS)
            and _are_addresses(list(addresses), walk)
            and all(_check_time(value, walk) is None for value in set(walk.times))
        )
    except TypeError:  # one of them is not even a string
        return False


def _are_uuids(values: list[str]) -> bool:
    """Whether each is the ``urn:uuid:`` of a UUID: all are alike, once their digits are. (That takes the d for a digit
    too; an address with another one there is as legal.)"""
    lines = "\n".join([*values, ""]).encode("ascii", "replace")
    return lines.translate(_DIGITS_ALIKE) == len(values) * _UUID


def _are_texts(values: list[str]) -> bool:
    joined = "".join(values)
    if len(joined) > MAX_TEXT and any(len(value) > MAX_TEXT for value in values):
        return False
    return all(values) and (joined.isprintable() or CONTROL.search(joined) is None)


def _are_codes(values: list[str], walk: Walk) -> bool:
    joined = "".join(values)
    plainly = all(values) and " " not in joined and joined.isprintable() and len(joined) <= MAX_TEXT
    return plainly or all(check_code(value, walk) is None for value in values)


def _are_addresses(values: list[str], walk: Walk) -> bool:
    return _are_lines(values, _ADDRESSES) or all(check_uri(value, walk) is None for value in values)


def _are_lines(values: list[str], match: Any) -> bool:
    """Whether each value alone is one line of the form that matches."""
    lines = "\n".join([*values, ""])
    return lines.count("\n") == len(values) and match(lines) is not None
