"""What is an ordinary value in FHIR?

Most values of an e-message say just what they should, and become what stands here. For anything else (a code with a
text of its own, white space alone, an unknown set) there is None: the codec takes a closer look (`datatypes.py`). Of
an ordinary value it would make the same.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from gateway.fhir.canonical import NATIONAL_SETS
from gateway.translate.codec import Codec, Json
from gateway.translate.datatypes import Coding, Concept, Text

TRUTH = {"true": True, "false": False}
"""Text of a boolean → its value."""


class Ordinary(NamedTuple):
    """How generated code takes the ordinary values of a codec; in all of it the name `value` is what was found."""

    found: str
    """The code that finds the value of an element (`{}`)."""
    test: str
    """Whether it is an ordinary one."""
    made: str
    """What it is in FHIR."""
    values: str = "1"
    """How many values of the e-message it holds."""


def ordinary_of(codec: Codec) -> Ordinary | None:
    """How the ordinary values of a codec are taken; None where each needs its closer look."""
    if isinstance(codec, Text) and codec.kind.is_text:
        return Ordinary("{}.text", "value and not value.isspace()", "value")
    if isinstance(codec, Text) and codec.kind.is_truth:
        return Ordinary("TRUTH.get({}.text)", "value is not None", "value")
    if not isinstance(codec, Coding | Concept):
        return None
    made = "value" if isinstance(codec, Coding) else "{'coding': [value]}"
    if codec.stated:
        return Ordinary("stated_coding({})", "value", made, "len(value)")
    if codec.implied:
        return Ordinary(f"implied_coding({{}}, {codec.implied!r})", "value", made, "2")
    return None


def stated_coding(element: etree._Element) -> Json | None:
    """The Coding of an element that states its code set (CV): S, V and DN; V and DN where it states none."""
    code, display, oid = element.get("V"), element.get("DN"), element.get("S")
    if not code or not display or not code.isalnum() or display.isspace():
        return None
    if oid is None:
        return {"code": code, "display": display} if len(element.attrib) == 2 else None
    system = NATIONAL_SETS.get(oid)
    if system is None or len(element.attrib) != 3:
        return None
    return {"system": system, "code": code, "display": display}


def implied_coding(element: etree._Element, system: str) -> Json | None:
    """The Coding of an element that implies its code set (CS): V and DN."""
    code, display = element.get("V"), element.get("DN")
    if not code or not display or not code.isalnum() or display.isspace() or len(element.attrib) != 2:
        return None
    return {"system": system, "code": code, "display": display}
