"""How does a text of the e-message become a FHIR primitive, and the same text again?

The value rule (DESIGN §5): the native value carries the meaning. If writing the native value back would
not give the source
text, the primitive also has our extension `exact`; if no legal native value exists it has only `exact`; an element that
is there but empty is marked `present`. Going back, `exact` is used only while it means the same as the native value:
an edit in FHIR wins.

Each kind is a pair of pure functions: `native` (text → JSON value, None if there is no legal one) and
`text` (JSON value → text as the e-message writes it, None if the e-message cannot hold it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fhir.canonical import EXACT, PRESENT
from gateway.fhir.primitives import CONTROL, is_uri

Json = dict[str, Any]
OSLO = ZoneInfo("Europe/Oslo")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(Z|[+-]\d\d:\d\d)?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_FRACTION = re.compile(r"\.\d++")
_YEAR = re.compile(r"(\d{4})(-(?:0[1-9]|1[0-2]))?(Z|[+-]\d\d:\d\d)?")
PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,7})(?:\.[0-9]{0,6}[1-9])?")
"""A number as we write it, with no more digits than survive everywhere."""
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = (int, float, Decimal)
_BASE64 = re.compile(r"\s*+(?:[0-9A-Za-z+/=]{4}\s*+)++")
"""What R4 takes as base64: groups of four, with white space only between them. Never goes back: a long text with one
group that is broken by a space would take for ever."""
_URI = re.compile(
    r"""(?:[A-Za-z][A-Za-z0-9+.\-]*: | (?![^/?\#]*:))             # a scheme, or none
        (?://(?:[^/?\#\[\]%@]*@)?(?:[^/?\#\[\]%@:]+(?::[0-9]{1,5})?)?(?![^/?\#])|(?!//))   # a server, or none
        (?:[^\#\[\]%]++|%[0-9A-Fa-f]{2})*+ (?:\#(?:[^\#\[\]%]++|%[0-9A-Fa-f]{2})*+)?""",
    re.VERBOSE,
)
"""An anyURI that every validator takes; characters that an address writes with `%` may stand as they are. Where a group
repeats it never goes back: Python would remember each time, a hundred bytes for each of a long text."""


@dataclass(frozen=True)
class Primitive:
    """One pair of primitive types: how an e-message type is written as a FHIR type."""

    fhir: str
    native: Callable[[str], Any]
    text: Callable[[Any], str | None]

    @property
    def value_key(self) -> str:
        """The key of the value in an extension: valueString, valueDateTime, …"""
        return "value" + self.fhir[0].upper() + self.fhir[1:]

    @property
    def is_text(self) -> bool:
        """Whether any text stands as it is, but for one that is only white space."""
        return self.native is _string and self.text is _plain

    @property
    def is_address(self) -> bool:
        """Whether an address stands as it is, but for one that is only white space."""
        return self.native is _string and self.text is uri_text

    @property
    def is_truth(self) -> bool:
        """Whether the texts `true` and `false` are the values themselves."""
        return self.native is _boolean and self.text is _boolean_text

    @property
    def is_code(self) -> bool:
        """Whether a code of letters and digits stands as it is."""
        return self.native is _code and self.text is _plain

    @property
    def is_day(self) -> bool:
        """Whether a day of the calendar stands as it is."""
        return self.native in (_date, _date_time) and self.text in (_plain, _full_date_text)

    @property
    def is_plain(self) -> bool:
        """Whether a native string is the text itself."""
        return self.text is _plain

    @property
    def shortens(self) -> bool:
        """Whether the e-message may have only the beginning of a native value."""
        return self.text in (_full_date_text, _year_text)

    def write(self, text: str, holder: Json, key: str) -> bool:
        """Puts the text in its place; whether a native value stands there afterwards."""
        if not text:
            holder["_" + key] = {"extension": [{"url": PRESENT, "valueBoolean": True}]}
            return False
        native = self.native(text)
        if native is not None:
            holder[key] = native
            if native is text and self.text is _plain:  # most texts: the value is the text
                return True
            if native.__class__ is Decimal and self.text is _decimal_text and PLAIN_NUMBER.fullmatch(text):
                return True
        if native is None or self.text(native) != text or not _survives_binary(native):
            holder["_" + key] = {"extension": [{"url": EXACT, "valueString": text}]}
        return native is not None

    def withdraw(self, holder: Json, key: str) -> None:
        """Takes the native value away where it must not stand (a period that ends before it starts);
        `exact` keeps it."""
        marks = [
            {"url": EXACT, "valueString": self.read(holder, key)},
            {"url": PRESENT, "valueBoolean": True},
        ]
        del holder[key]
        holder["_" + key] = {"extension": marks}

    def read(self, holder: Json, key: str) -> str | None:
        """The text for the e-message; None if nothing stands there (or nothing the e-message can hold)."""
        native = holder.get(key)
        meta = holder.get("_" + key)
        if meta is None:
            return None if native is None else self.text(native)
        exact, present = _marks(meta)
        if native is None:
            if exact is not None and (present or self.native(exact) is None):
                return exact
            return "" if present and exact is None else None
        if exact is not None and self._same(exact, native):
            return exact
        return self.text(native)

    def _same(self, exact: str, native: Any) -> bool:
        meant = self.native(exact)
        if meant is None:
            return False
        if isinstance(meant, Decimal) and isinstance(native, _NUMBER) and not isinstance(native, bool):
            value = native if isinstance(native, Decimal) else Decimal(repr(native))
            return meant == value or Decimal(repr(float(meant))) == value
        if isinstance(meant, str) and isinstance(native, str) and self.native in (_date_time, _instant):
            return _without_last_zeros(meant) == _without_last_zeros(native)
        return bool(meant == native) and isinstance(meant, bool) == isinstance(native, bool)


def _survives_binary(native: Any) -> bool:
    """Whether a number keeps its digits in software that reads JSON numbers as binary floating point."""
    return not isinstance(native, Decimal) or Decimal(repr(float(native))) == native


def _marks(meta: Any) -> tuple[str | None, bool]:
    exact, present = None, False
    extensions = meta.get("extension") if isinstance(meta, dict) else None
    for extension in extensions if isinstance(extensions, list) else ():
        if (
            isinstance(extension, dict)
            and extension.get("url") == EXACT
            and isinstance(extension.get("valueString"), str)
        ):
            exact = extension["valueString"]
        elif isinstance(extension, dict) and extension.get("url") == PRESENT:
            present = True
    return exact, present


def _string(text: str) -> str | None:
    return text if text.strip() else None


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _code(text: str) -> str | None:
    if text.isalnum():  # most codes
        return text
    joined = " ".join(text.split())
    return (text if joined == text else joined) or None


def _id(text: str) -> str | None:
    return text if re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", text) else None


def _uri(text: str) -> str | None:
    return text if is_uri(text) else None


def uri_text(value: Any) -> str | None:
    """An address as an anyURI; None for what is none."""
    if not isinstance(value, str) or not (value.isprintable() or CONTROL.search(value) is None):
        return None
    return value if _URI.fullmatch(value.strip()) else None


def _boolean(text: str) -> bool | None:
    return _TRUTH.get(text.strip())


def _boolean_text(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else None


def _integer(text: str) -> int | None:
    if not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text, re.ASCII):
        return None
    value = int(text)
    return value if -(2**31) <= value < 2**31 else None


def _integer_text(value: Any) -> str | None:
    whole = isinstance(value, _NUMBER) and not isinstance(value, bool) and value == int(value)
    return str(int(value)) if whole else None


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 400 else None


def _decimal_text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, _NUMBER):
        return None
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if number == 0:
        return "0"
    digits = format(number, "f")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) or "0"


def _is_real(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _date(text: str) -> str | None:
    text = text.strip()
    if _DATE.fullmatch(text):
        return text[:10] if _is_real(text[:10]) else None
    match = _YEAR.fullmatch(text)
    return text[:4] + (match[2] or "") if match and int(match[1]) > 0 else None


def _date_time(text: str) -> str | None:
    text = text.strip()
    match = _TIME.fullmatch(text)
    if not match:
        return _date(text)
    day, clock, fraction, zone = match.groups()
    late = clock == "24:00:00"
    try:
        moment = datetime.fromisoformat(f"{day}T{'00:00:00' if late else clock}")
        if late:
            moment += timedelta(days=1)
    except (ValueError, OverflowError):  # no such day or hour, or the day after the last one
        return None
    local = moment.isoformat() if late else text[:19]
    return f"{local}{fraction or ''}{zone or oslo_offset(moment)}"


def oslo_offset(moment: datetime) -> str:
    """The offset of Europe/Oslo at a local time, as +01:00; the autumn hour means its first occurrence
    (DESIGN §4.12)."""
    return _zone(OSLO.utcoffset(moment))


@lru_cache(maxsize=100)
def _zone(offset: timedelta | None) -> str:
    minutes = int((offset or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _without_last_zeros(moment: str) -> str:
    """The moment without the zeros that some software writes at the end of a second's fraction."""
    return _FRACTION.sub(lambda found: found[0].rstrip("0").rstrip("."), moment)


def _instant(text: str) -> str | None:
    value = _date_time(text)
    return value if value and "T" in value else None


def _full_date_text(value: Any) -> str | None:
    text = _plain(value)
    return text[:10] if text and len(text) >= 10 else None


def _year_text(value: Any) -> str | None:
    text = _plain(value)
    return text[:4] if text else None


def _full_time_text(value: Any) -> str | None:
    text = _plain(value)
    return text if text and "T" in text else None


def _base64(text: str) -> str | None:
    return text if _BASE64.fullmatch(text) else None


_NATIVE: dict[str, Callable[[str], Any]] = {
    "string": _string,
    "markdown": _string,
    "code": _code,
    "id": _id,
    "uri": _uri,
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "dateTime": _date_time,
    "instant": _instant,
    "base64Binary": _base64,
}
_TEXT_BY_SOURCE: dict[str, Callable[[Any], str | None]] = {
    "boolean": _boolean_text,
    "integer": _integer_text,
    "decimal": _decimal_text,
    "double": _decimal_text,
    "date": _full_date_text,
    "gYear": _year_text,
    "dateTime": _full_time_text,
    "anyURI": uri_text,
}


def primitive(fhir: str, source: str) -> Primitive:
    """The pair for a FHIR primitive type and an XML Schema built-in (or `PointInTime`, the union of TS)."""
    return Primitive(fhir, _NATIVE[fhir], _TEXT_BY_SOURCE.get(source, _plain))
