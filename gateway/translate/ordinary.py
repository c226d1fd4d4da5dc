"""What is an ordinary value in FHIR?

Most values of an e-message say just what they should, and become what stands here. For anything else (a code with a
text of its own, white space alone, an unknown set) there is None: the codec takes a closer look (`datatypes.py`). Of
an ordinary value it would make the same.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from lxml import etree

from gateway.fhir.canonical import NATIONAL_SETS
from gateway.translate.codec import Codec, Json
from gateway.translate.datatypes import Coding, Concept, Quantity, Text, Value
from gateway.translate.paths import Path
from gateway.translate.primitives import PLAIN_NUMBER, Primitive, uri_text
from gateway.translate.source import Source
from gateway.translate.words import Word, whole_words

TRUTH = {"true": True, "false": False}
"""Text of a boolean → its value."""
_DAY = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])")
"""A day that every month has."""

CALLED = ("TRUTH", "is_address", "is_day", "whole_word", "plain_quantity", "stated_coding", "implied_coding")
"""What the generated code calls of this module."""


class Ordinary(NamedTuple):
    """How generated code takes the ordinary values of a codec. What it finds is called `value`."""

    found: str
    """The code that finds it, for an element (`{element}`) or its text (`{text}`)."""
    test: str
    """Whether it is an ordinary one."""
    made: str = "value"
    """What it is in FHIR."""
    values: str = "1"
    """How many values of the e-message it holds."""


def ordinary_of(codec: Codec) -> Ordinary | None:
    """How the ordinary values of a codec are taken; None where each needs its closer look."""
    if isinstance(codec, Text | Value):
        return _of_text("{text}" if isinstance(codec, Text) else "{element}.get('V')", codec.kind)
    if isinstance(codec, Word):
        return Ordinary(f"whole_word({{element}}, {codec.code_set!r})", "value")
    if isinstance(codec, Quantity):
        return Ordinary("plain_quantity({element})", "value", values="2")
    if not isinstance(codec, Coding | Concept):
        return None
    made = "value" if isinstance(codec, Coding) else "{'coding': [value]}"
    if codec.stated:
        return Ordinary("stated_coding({element})", "value", made, "len(value)")
    if codec.implied:
        return Ordinary(f"implied_coding({{element}}, {codec.implied!r})", "value", made, "2")
    return None


def _of_text(text: str, kind: Primitive) -> Ordinary | None:
    if kind.is_text:
        return Ordinary(text, "value and not value.isspace()")
    if kind.is_code:
        return Ordinary(text, "value and value.isalnum()")
    if kind.is_day:
        return Ordinary(text, "value and is_day(value)")
    if kind.is_address:
        return Ordinary(text, "value and is_address(value)")
    if kind.is_truth:
        return Ordinary(f"TRUTH.get({text})", "value is not None")
    return None


def write_value(out: Source, codec: Codec, named: str, path: Path, element: str, holder: str) -> None:
    """The code that writes the value of an element into its slot: an ordinary one at once, any other by its codec,
    whose name in the code is `named`."""
    _write(out, codec, named, path, (element, None), f"{element}.text", holder)


def write_attribute(
    out: Source, codec: Codec, named: str, path: Path, element: str, attribute: str, holder: str
) -> None:
    """The code that writes an attribute of an element, whose text it knows as `text`."""
    _write(out, codec, named, path, (element, attribute), "text", holder)


def _write(
    out: Source, codec: Codec, named: str, path: Path, place: tuple[str, str | None], text: str, holder: str
) -> None:
    element, attribute = place
    ordinary = ordinary_of(codec) if path.key != "end" else None  # an end is held against its start
    if ordinary is None:
        _by_codec(out, named, path, place, holder)
        return
    out.line(f"value = {ordinary.found.format(element=element, text=text)}")
    with out.block(f"if {ordinary.test}"):
        out.line(path.put(ordinary.made, holder))
        extended = f"counted.extended({element}, {attribute!r}, {path.text!r}, {ordinary.values})"
        out.line(extended if path.in_extension else f"counted.native += {ordinary.values}")
    with out.block("else"):
        _by_codec(out, named, path, place, holder)


def _by_codec(out: Source, named: str, path: Path, place: tuple[str, str | None], holder: str) -> None:
    element, attribute = place
    out.line(f"counted.place = {element}, {attribute!r}, {path.text!r}, {path.in_extension}")
    out.line(path.written(named, "text" if attribute else element, holder))


def is_address(text: str) -> bool:
    """Whether a text stands as it is in FHIR, and is an address to whom it comes back."""
    return not text.isspace() and uri_text(text) is not None


def is_day(text: str) -> bool:
    """Whether it is one day that every month has; of others the calendar is asked."""
    return _DAY.fullmatch(text) is not None


def whole_word(element: etree._Element, code_set: str) -> str | None:
    """The word that says all that a code and its display do."""
    return whole_words(code_set).get((element.get("V"), element.get("DN")))


def plain_quantity(element: etree._Element) -> Json | None:
    """The Quantity of a number as we write it, with a unit."""
    value, unit = element.get("V"), element.get("U")
    if not value or not unit or unit.isspace() or not PLAIN_NUMBER.fullmatch(value):
        return None
    return {"value": Decimal(value), "unit": unit}


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
