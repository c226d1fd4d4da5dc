"""For which purposes may somebody read what a message says, or look for a patient?

A purpose is chosen from a list, with words of the person's own where they are needed. It stands in the audit as it was
stated; it holds no number that may be an identity number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

PURPOSES: Final = ("undelivered", "deviation", "danger", "translation", "care", "other")
"""Each is a text `purpose.<code>`."""
LONGEST: Final = 200
SHORTEST_OTHER: Final = 10
"""Characters of a purpose that is not on the list."""
NUMBER: Final = re.compile(r"[0-9](?:[ .-]?[0-9]){10}")
"""Eleven digits, however they are grouped: it may be an identity number."""


def stated(form: Mapping[str, Any]) -> str | None:
    """The purpose a form states, as the audit keeps it; None: none that can be taken."""
    code, words = str(form.get("purpose", "")), " ".join(str(form.get("words", "")).split())
    if code not in PURPOSES or len(words) > LONGEST or NUMBER.search(words) or not words.isprintable():
        return None
    if code == "other" and len(words) < SHORTEST_OTHER:
        return None
    return f"{code}: {words}" if words else code


def parts(purpose: str) -> tuple[str, str]:
    """The code of a purpose and the person's own words."""
    code, _, words = purpose.partition(": ")
    return code, words
