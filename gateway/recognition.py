"""Is this input XML, JSON or neither?

Told by how it begins. Who sent something else is told that, and not that his XML is wrong.
"""

from __future__ import annotations

import json
from typing import Final

from gateway.errors import Unreadable

_BEFORE: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""Byte order marks, spaces, and the empty half of a letter in UTF-16."""
_HEAD: Final = 4096
_MOST_LOOKED_AT: Final = 65_536
"""Bytes of a value that are looked at to know whether it is JSON."""


def is_json(data: bytes) -> bool:
    """Whether the content is a JSON object (or list); else it is XML, or nothing at all.

    Raises Unreadable for content that begins as neither.
    """
    if begins_as_json(data):
        return True
    if _first(data) not in (b"", b"<"):
        raise Unreadable("json.not-an-object" if _is_a_value(data) else "xml.neither-xml-nor-json")
    return False


def begins_as_json(data: bytes) -> bool:
    """Whether the first character says JSON."""
    return _first(data) in (b"{", b"[")


def _first(data: bytes) -> bytes:
    return data[:_HEAD].lstrip(_BEFORE)[:1]


def _is_a_value(data: bytes) -> bool:
    """Whether it is JSON of another kind: a text, a number, null."""
    try:
        json.loads(data[:_MOST_LOOKED_AT].decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True
