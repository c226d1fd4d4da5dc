"""How does JSON come in and go out without losing a digit or hiding a key?

Reading is hardened: UTF-8 only (a byte order mark is accepted and dropped: systems on Windows write it, and RFC 8259
lets a reader ignore it), no duplicate keys, no NaN, no lone surrogates, at most 35 MB, 100 levels and 1 000 000 values.
Numbers with a fraction or exponent become `decimal.Decimal` and keep their digits.

Duplicate keys: no fast reader reports them, and the standard library's `object_pairs_hook` costs 3.6 times as much
as msgspec. A text that comes out the same when it is written again has none (compact JSON, as most systems send it). Of
any other text the keys are counted and compared with the keys that came out (`_has_duplicate_keys`); only a text in
which counting is not certain is read again by the standard library.

Depth: nearly every text is shown to be flat enough by its brackets alone (`_is_flat`); of others the levels are walked.
"""

from __future__ import annotations

import json as standard_json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import msgspec

from gateway.errors import Fact, Unreadable
from gateway.fhir import json_place

MAX_BYTES: Final = 35 * 1024 * 1024
MAX_DEPTH: Final = 100
"""Levels of objects and lists; the outermost object is level 1."""
MAX_VALUES: Final = 1_000_000
"""Upper bound of objects, lists and values; bounds the memory that 35 MB of ``[],[],[]`` would take."""
MAX_NUMBER_LENGTH: Final = 1_000
"""Characters of one number, as it stands, and digits before or after its point when it is written out."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SPACE_BEFORE_COLON: Final = re.compile(rb'"[ \t\r\n]+:')
_NOT_A_NUMBER: Final = re.compile(rb"[:,\[]\s*[+-]?(?:NaN|Infinity)\b")
_NULL_CHARACTER: Final = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_POSITION: Final = re.compile(r"\(byte (\d+)\)")

_NO_MARK: Final = bytes(set(range(256)) - set(b'"{}[]'))
"""All bytes but quotes and brackets."""

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if abs(value.adjusted()) > MAX_NUMBER_LENGTH:  # written out, 1e99999999 fills the memory
        raise ValueError
    return value


_decoder: Final = msgspec.json.Decoder(float_hook=_decimal)


def read(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`; raises `Unreadable` (``json.*``) with the line where one can be named."""
    if len(data) > MAX_BYTES:
        raise Unreadable("json.too-large", details={"bytes": len(data), "limit": MAX_BYTES})
    if data.startswith(_BYTE_ORDER_MARK):
        data = data[len(_BYTE_ORDER_MARK) :]
    if not data.strip():
        raise Unreadable("json.empty-input")
    if len(data) > MAX_VALUES and data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise Unreadable("json.too-many-values", details={"limit": MAX_VALUES})
    is_escaped = b"\\" in data
    if is_escaped and b"\\u0000" in data and (found := _NULL_CHARACTER.search(data)):
        raise _refused("json.null-character", json_place.of_offset(data, found.end() - 1))
    resource = _decode(data)
    if not isinstance(resource, dict):
        raise Unreadable("json.not-an-object")
    unescaped = _without_escapes(data) if is_escaped else data
    keys = None if _is_flat(unescaped) else _count_keys(resource, data)
    if _encoder.encode(resource) != data and _has_duplicate_keys(
        data, _count_keys(resource, data) if keys is None else keys
    ):
        raise _refused("json.duplicate-key", json_place.of_duplicate_key(data))
    return resource


def read_own(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, which `write` made: the digits of its numbers stay, and nothing is checked again."""
    resource: dict[str, Any] = _decoder.decode(data)
    return resource


def write(resource: dict[str, Any]) -> bytes:
    """The resource as UTF-8 JSON without white space, keys in the order given, decimals with their digits."""
    return _encoder.encode(resource)


def _decode(data: bytes) -> Any:
    try:
        return _decoder.decode(data)
    except RecursionError:
        raise _too_deep(data) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable("json.not-utf-8", line=line) from None
    except msgspec.ValidationError:
        spot = json_place.of_long_number(data, MAX_NUMBER_LENGTH)
        raise _refused("json.number-too-long", spot, MAX_NUMBER_LENGTH) from None
    except msgspec.DecodeError as error:
        _refuse_malformed(data, str(error))


def _refuse_malformed(data: bytes, library_message: str) -> NoReturn:
    """Our own words for what the reader stumbled over; of its message only the position is used."""
    position = _POSITION.search(library_message)
    at = int(position[1]) if position else len(data)
    if b"\x00" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("json.not-utf-8")
    not_a_number = _NOT_A_NUMBER.search(data, max(0, at - 16), at + 16)
    spot = json_place.of_offset(data, at)
    raise _refused("json.not-a-number" if not_a_number else "json.not-json", spot)


def _refused(code: str, spot: json_place.Spot | None, limit: int | None = None) -> Unreadable:
    details: dict[str, Fact] = {} if limit is None else {"limit": limit}
    if spot is None:
        return Unreadable(code, details=details)
    return Unreadable(code, path=spot.path, line=spot.line, details=details)


def _too_deep(data: bytes) -> Unreadable:
    return _refused("json.too-deep", json_place.of_depth(data, MAX_DEPTH), MAX_DEPTH)


def _without_escapes(data: bytes) -> bytes | None:
    """The text without what is escaped; None where there is much of it, or an escaped backslash: look closely."""
    if data.count(b"\\") * 100 > len(data):
        return None
    first, *escaped = data.split(b"\\")
    return None if b"" in escaped else b"".join([first, *[part[1:] for part in escaped]])


def _is_flat(unescaped: bytes | None) -> bool:
    r"""Whether the brackets of a (well-formed) text show that it has at most `MAX_DEPTH` levels; no: look closely.

    Without what is escaped, a string is two quotes with its own brackets between them. Where the quotes go away in
    pairs, no bracket stood in a string: one that did would leave an odd run of quotes before it. Of the other brackets,
    taking away those with nothing inside takes at most one level away.
    """
    if unescaped is None:
        return False
    marks = unescaped.translate(None, _NO_MARK).replace(b'""', b"")
    if b'"' in marks:
        return False
    for _ in range(MAX_DEPTH // 2):
        marks = marks.replace(b"{}", b"").replace(b"[]", b"")
        if not marks:
            return True
    return False


def _count_keys(resource: dict[str, Any], data: bytes) -> int:
    """How many keys the objects have in all; raises `Unreadable` when they are nested too deeply."""
    level: list[Any] = [resource]
    keys = depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep(data)
        below: list[Any] = []
        push = below.append
        for node in level:
            values = node
            if node.__class__ is dict:
                keys += len(node)
                values = node.values()
            for value in values:
                if value.__class__ is dict or value.__class__ is list:
                    push(value)
        level = below
    return keys


def _has_duplicate_keys(data: bytes, keys: int) -> bool:
    r"""Whether an object of the (well-formed) text has a key twice, when `keys` is the number of keys read from it.

    Every key ends in a quote and a colon. When no white space stands between any quote and colon, and no ``\":`` stands
    in the text, each ``":`` is the end of a key or the start of a string that begins with a colon. So the count is
    `keys` + duplicates + such strings, and equals `keys` only when there are no duplicates. Otherwise: look closely.
    """
    if b'\\":' not in data and not _SPACE_BEFORE_COLON.search(data) and data.count(b'":') == keys:
        return False
    try:
        standard_json.loads(data, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str)
    except _DuplicateKeyError:
        return True
    return False


class _DuplicateKeyError(Exception):
    """Leaves the standard reader at the first object with a key twice."""


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    collected = dict(pairs)
    if len(collected) != len(pairs):
        raise _DuplicateKeyError
    return collected
