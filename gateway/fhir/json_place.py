"""Where in a JSON text is what cannot be read? Line, and path with the names that FHIR has.

Only asked when a text is refused; a text that is too large for a second look gets no path. Names that FHIR does not
have are content and become ``?``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from gateway.fhir import tables

MOST_LOOKED_AT: Final = 2_000_000
"""Bytes of a text that are looked at again."""
MOST_STEPS: Final = 12
"""Steps of a path that are told."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]+')


@dataclass(frozen=True)
class Spot:
    """A place in the text."""

    line: int
    path: str | None


@dataclass
class _Level:
    """An object or list that is open."""

    is_list: bool
    at: int = 0
    key: str | None = None
    keys: set[str] = field(default_factory=set)
    expects_key: bool = True


Wanted = Callable[[list[_Level], bytes, int], bool]
"""Whether the place is here: the levels open around a token, the token, and where it begins."""


def of_offset(data: bytes, offset: int) -> Spot:
    """The place of a byte."""
    levels: list[_Level] = []
    found = _first(data, lambda levels, token, start: start + len(token) > offset, levels)
    return found or Spot(_line(data, offset), _path(levels))


def of_duplicate_key(data: bytes) -> Spot | None:
    """The first key that stands twice in one object."""
    return _first(data, _is_duplicate)


def of_depth(data: bytes, limit: int) -> Spot | None:
    """Where more levels are open than allowed."""
    return _first(data, lambda levels, token, start: len(levels) > limit)


def of_long_number(data: bytes, limit: int) -> Spot | None:
    """The first number with more digits than allowed, as it stands or written out."""
    return _first(data, lambda levels, token, start: token[:1] in b"-0123456789" and _is_long(token, limit))


def _is_long(number: bytes, limit: int) -> bool:
    try:
        return len(number) > limit or abs(Decimal(number.decode()).adjusted()) > limit
    except (InvalidOperation, UnicodeDecodeError):  # an exponent beyond all bounds, or no number
        return True


def _is_duplicate(levels: list[_Level], token: bytes, start: int) -> bool:
    level = levels[-1] if levels else None
    return (
        level is not None
        and not level.is_list
        and level.expects_key
        and token[:1] == b'"'
        and _text(token) in level.keys
    )


def _first(data: bytes, wanted: Wanted, levels: list[_Level] | None = None) -> Spot | None:
    """The first place that is wanted; `levels`: is left with those open at the end of the text."""
    if len(data) > MOST_LOOKED_AT:
        return None
    levels = [] if levels is None else levels
    for match in _TOKEN.finditer(data):
        token, start = match[0], match.start()
        if wanted(levels, token, start):
            if token[:1] == b'"' and levels and not levels[-1].is_list and levels[-1].expects_key:
                levels[-1].key = _text(token)
            return Spot(_line(data, start), _path(levels))
        _take(levels, token)
    return None


def _take(levels: list[_Level], token: bytes) -> None:
    """What a token does to the levels; a text that is no JSON may do anything, and is followed as far as it goes."""
    level = levels[-1] if levels else None
    if token in (b"{", b"["):
        levels.append(_Level(token == b"["))
    elif token in (b"}", b"]"):
        if levels:
            levels.pop()
    elif level is None:
        return
    elif token == b",":
        level.at += 1
        level.expects_key = True
    elif token == b":":
        level.expects_key = False
    elif token[:1] == b'"' and level.expects_key and not level.is_list:
        level.key = _text(token)
        level.keys.add(level.key)


def _text(token: bytes) -> str:
    try:
        return str(json.loads(token))
    except ValueError:  # also what is no UTF-8
        return "?"


def _path(levels: list[_Level]) -> str | None:
    known = tables.element_names()
    path = ""
    for level in levels[:MOST_STEPS]:
        if level.is_list:
            path += f"[{level.at}]"
        elif level.key is not None:
            name = level.key if level.key.removeprefix("_") in known or level.key == "resourceType" else "?"
            path += f".{name}" if path else name
    return path + ("…" if len(levels) > MOST_STEPS else "") or None


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
