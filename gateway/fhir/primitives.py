"""Is this JSON value a legal value of an R4 primitive type?

One function per type; they answer with problems or None. Beyond the regular expressions of R4: dates stand in the
calendar, base64 can be decoded, numbers are in their range, and text has no control characters (XML could not carry
them).
"""

from __future__ import annotations

import binascii
import re
from decimal import Decimal
from typing import Any, Final

from gateway.fhir.narrative import check_xhtml
from gateway.fhir.problem import Check, Problem, Problems, Walk, only

MAX_TEXT: Final = 1024 * 1024
"""Characters a string may have by R4; more is told as a warning: a long text is never refused for its length."""

CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WORD = r"[^\s\x00-\x08\x0e-\x1b\ufffe\uffff]++"
_CODE: Final = re.compile(rf"{_WORD}(?:[ \t\r\n]{_WORD})*+").fullmatch
ID_FORM: Final = r"[A-Za-z0-9\-.]{1,64}"
_ID: Final = re.compile(ID_FORM).fullmatch
_URI: Final = re.compile(r"\S+").fullmatch
OID_FORM: Final = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*+))++"
_OID: Final = re.compile(OID_FORM).fullmatch
UUID_FORM: Final = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID: Final = re.compile(UUID_FORM).fullmatch
_UUID_ANY_CASE: Final = re.compile(UUID_FORM, re.IGNORECASE | re.ASCII).fullmatch

_YEAR = r"(?!0000)[0-9]{4}"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_ZONED_TIME = f"T{_CLOCK}{_ZONE}"
_MONTH_DAY = r"-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]){time})?"
_TIME: Final = re.compile(_CLOCK).fullmatch
_DATE: Final = re.compile(f"{_YEAR}(?:{_MONTH_DAY.format(time='')})?").fullmatch
_DATE_TIME: Final = re.compile(f"{_YEAR}(?:{_MONTH_DAY.format(time=f'(?:{_ZONED_TIME})?')})?").fullmatch
_INSTANT: Final = re.compile(f"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]){_ZONED_TIME}").fullmatch

_NO_WHITE_SPACE: Final = str.maketrans("", "", " \t\r\n")
_LATE_DAYS: Final = frozenset(
    f"{month:02}-{day}"
    for month in range(1, 13)
    for day in (29, 30, 31)
    if month != 2 and (day < 31 or month not in (4, 6, 9, 11))
)
"""The last days of months as ``MM-DD``, but for that of a leap year."""


def check_string(value: Any, walk: Walk) -> Problems:
    """string and markdown: not empty."""
    if value.__class__ is not str:
        return wrong_kind(value)
    if not value:
        return only("fhir.empty")
    if not value.isprintable() and CONTROL.search(value):
        return only("fhir.bad-character")
    if len(value) > MAX_TEXT:
        return [Problem("fhir.long-text", severity="warning")]
    return None


def check_boolean(value: Any, walk: Walk) -> Problems:
    """boolean."""
    return None if value is True or value is False else wrong_kind(value)


def check_decimal(value: Any, walk: Walk) -> Problems:
    """decimal: any JSON number."""
    kind = value.__class__
    if kind is Decimal or kind is int:
        return None
    return None if kind is float and abs(value) < float("inf") else wrong_kind(value)


def _integer(lowest: int) -> Check:
    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is not int:
            return wrong_kind(value)
        return None if lowest <= value < 2**31 else only("fhir.bad-value")

    return check


def _matching(match: Any) -> Check:
    """Text that a regular expression matches as a whole."""

    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is not str:
            return wrong_kind(value)
        if len(value) <= MAX_TEXT and match(value):
            return None
        return only("fhir.bad-value" if value else "fhir.empty")

    return check


def check_code(value: Any, walk: Walk) -> Problems:
    """code: no white space but single characters between the words, and what no string may have."""
    if value.__class__ is not str:
        return wrong_kind(value)
    if value and len(value) <= MAX_TEXT and ((" " not in value and value.isprintable()) or _CODE(value)):
        return None
    return only("fhir.bad-value" if value else "fhir.empty")


def _calendar(match: Any) -> Check:
    """A date or time whose day exists in its month."""

    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is not str:
            return wrong_kind(value)
        if match(value) is None:
            return only("fhir.bad-value" if value else "fhir.empty")
        if value[8:10] < "29" or value[5:10] in _LATE_DAYS:
            return None
        return None if value[5:10] == "02-29" and _is_leap(int(value[:4])) else only("fhir.bad-value")

    return check


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def check_base64(value: Any, walk: Walk) -> Problems:
    """base64Binary; white space between the characters is allowed."""
    if value.__class__ is not str:
        return wrong_kind(value)
    if not value:
        return only("fhir.empty")
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        return _check_spaced_base64(value)
    return None


def _check_spaced_base64(value: str) -> Problems:
    joined = value.translate(_NO_WHITE_SPACE)
    if not joined or len(joined) == len(value):
        return only("fhir.bad-value")
    try:
        binascii.a2b_base64(joined, strict_mode=True)
    except ValueError:
        return only("fhir.bad-value")
    return None


def check_uri(value: Any, walk: Walk) -> Problems:
    """uri, url, canonical."""
    if value.__class__ is not str:
        return wrong_kind(value)
    if _UUID(value) or is_uri(value):  # by far the most are UUIDs
        return None
    return only("fhir.bad-value" if value else "fhir.empty")


def is_uri(value: str) -> bool:
    """Whether a text is a uri: no white space in it; what calls itself an OID or UUID is one."""
    if (" " in value or not value.isprintable() or not value) and not _URI(value):
        return False
    if value[:4] != "urn:":
        return True
    if value.startswith("urn:oid:"):
        return _OID(value) is not None
    return not value.startswith("urn:uuid:") or _UUID_ANY_CASE(value) is not None


def wrong_kind(value: Any) -> list[Problem]:
    """What to say of a value that is not of the JSON kind expected."""
    return only("fhir.too-many" if value.__class__ is list else "fhir.wrong-type")


CHECKS: Final[dict[str, Check]] = {
    "base64Binary": check_base64,
    "boolean": check_boolean,
    "canonical": check_uri,
    "code": check_code,
    "date": _calendar(_DATE),
    "dateTime": _calendar(_DATE_TIME),
    "decimal": check_decimal,
    "id": _matching(_ID),
    "instant": _calendar(_INSTANT),
    "integer": _integer(-(2**31)),
    "markdown": check_string,
    "oid": _matching(_OID),
    "positiveInt": _integer(1),
    "string": check_string,
    "time": _matching(_TIME),
    "unsignedInt": _integer(0),
    "uri": check_uri,
    "url": check_uri,
    "uuid": _matching(_UUID),
    "xhtml": check_xhtml,
}
"""The check of each primitive type by its name in R4."""
