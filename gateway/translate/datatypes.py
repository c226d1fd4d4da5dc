"""How do the data types of the e-message (CV, CS, PQ, TS, URL) become FHIR data types, and back?

A codec writes one element into one place and reads it again as attributes. Codes travel as they are: V, S,
DN and OT are kept whether or not the code is known (DESIGN §4.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from lxml import etree

from gateway import terminology
from gateway.fhir.canonical import CODE_LIST_ROOT, NATIONAL_SETS, PRESENT, code_system, extension_url
from gateway.translate.codec import Attributes, Codec, Json, Marks, Notes
from gateway.translate.markup import Payload
from gateway.translate.primitives import Primitive, primitive
from gateway.translate.words import Word

ATC = "http://www.whocc.no/atc"
_OID = "urn:oid:"
_STRING = primitive("string", "string")
_CODE = primitive("code", "token")
_OID_TEXT = Primitive("uri", lambda text: _oid_address(text.strip()), lambda uri: oid_of(uri))
_ORIGINAL_TEXT = extension_url("original-text")


_INTERNATIONAL = {
    "http://snomed.info/sct": "2.16.840.1.113883.6.96",
    "http://loinc.org": "2.16.840.1.113883.6.1",
    "http://hl7.org/fhir/sid/icd-10": "2.16.840.1.113883.6.3",  # the WHO's; the Norwegian one is 7110
}
"""Sets that have an oid of their own besides their address."""


def _oid_address(oid: str) -> str | None:
    """The address of an oid; None for what no address can be made of (`9`, `1.02`: R4 wants a whole oid)."""
    return _OID + oid if re.fullmatch(r"[0-2](?:\.(?:0|[1-9]\d*+))++", oid, re.ASCII) else None


def oid_of(uri: Any) -> str | None:
    """The oid of a code system address: urn:oid, or one of the other addresses in use for the national sets."""
    if not isinstance(uri, str):
        return None
    if uri.startswith(_OID):
        return uri[len(_OID) :]
    if uri in _INTERNATIONAL:
        return _INTERNATIONAL[uri]
    number = terminology.number_of(uri)
    return CODE_LIST_ROOT.removeprefix(_OID) + number if number.isdigit() and number != uri else None


def _same_set(system: object, implied: str | None) -> bool:
    return system == implied or (
        implied is not None and oid_of(system) is not None and oid_of(system) == oid_of(implied)
    )


def _in_order(kind: Primitive, holder: Json, key: str) -> bool:
    """Whether a period's end may stand: one before its start keeps only `exact` (invariant per-1)."""
    start, end = holder.get("start"), holder.get(key)
    if key != "end" or not isinstance(start, str) or not isinstance(end, str) or not _before(end, start):
        return True
    kind.withdraw(holder, key)
    return False


def _before(one: str, other: str) -> bool:
    if "T" in one and "T" in other:
        return datetime.fromisoformat(one) < datetime.fromisoformat(other)
    shared = min(len(one.partition("T")[0]), len(other.partition("T")[0]))
    return one[:shared] < other[:shared]


def _take(kind: Primitive, holder: Json, key: str, marks: Marks) -> str | None:
    text = kind.read(holder, key)
    if text is not None:
        marks.used(holder, key)
    return text


@dataclass(frozen=True)
class Text:
    """A simple element or attribute ⇄ a primitive."""

    kind: Primitive

    @property
    def value_key(self) -> str:
        """The key of the value in an extension."""
        return self.kind.value_key

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the text in its place."""
        text = source if isinstance(source, str) else source.text or ""
        native = self.kind.write(text, holder, key)
        notes.wrote(native and (key != "end" or _in_order(self.kind, holder, key)))

    def read(self, holder: Json, key: str, marks: Marks) -> str | None:
        """The text, None if there is none; of a bound (`<5`) the number alone would say something else."""
        text = None if "comparator" in holder else self.kind.read(holder, key)
        if text is not None:
            marks.used(holder, key)
            if self.kind.shortens and len(text) < len(str(holder.get(key, ""))):
                marks.shorten(holder, key)
        return text


@dataclass(frozen=True)
class Value:
    """An element with one attribute V (TS, URL) ⇄ a primitive."""

    kind: Primitive

    @property
    def value_key(self) -> str:
        """The key of the value in an extension."""
        return self.kind.value_key

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts V in its place; an element without V is marked `present`."""
        assert not isinstance(source, str)
        text = source.get("V")
        if text is not None:
            native = self.kind.write(text, holder, key)
            notes.wrote(native and (key != "end" or _in_order(self.kind, holder, key)))
        else:
            holder["_" + key] = {"extension": [{"url": PRESENT, "valueBoolean": False}]}

    def read(self, holder: Json, key: str, marks: Marks) -> Attributes | None:
        """{V}, {} for an element without V, None for no element."""
        text = self.kind.read(holder, key)
        if text is None:
            return None
        marks.used(holder, key)
        if key in holder:
            return {"V": text}
        meta = holder.get("_" + key) or {}
        return {} if any(e.get("valueBoolean") is False for e in meta.get("extension", ())) else {"V": text}


def _coding(implied: str | None, source: etree._Element, notes: Notes) -> Json:
    """The Coding for V, S and DN; empty if none is there and no set is implied."""
    made: Json = {}
    oid, code, display = source.get("S"), source.get("V"), source.get("DN")
    is_national = oid is None or oid in NATIONAL_SETS
    if is_national and code and display and code.isalnum() and not display.isspace():  # most codes
        system = implied if oid is None else NATIONAL_SETS[oid]
        notes.wrote_natively(2 if oid is None else 3)
        made = {"system": system, "code": code, "display": display}
        return made if system else {"code": code, "display": display}
    if oid is None:
        if implied:
            made["system"] = implied
    elif oid in NATIONAL_SETS:
        made["system"] = NATIONAL_SETS[oid]
        notes.wrote(native=True)
    else:
        notes.wrote(_OID_TEXT.write(oid, made, "system"))
    if code is not None:
        notes.wrote(_CODE.write(code, made, "code"))
    if display is not None:
        notes.wrote(_STRING.write(display, made, "display"))
    return made


@dataclass(frozen=True)
class Coding:
    """CV or CS ⇄ Coding: V code, S system, DN display; OT (CV only) as an extension of the Coding."""

    implied: str | None = None
    """Address of the code set that a CS element implies (a CV states its own, or none)."""
    stated: bool = True
    """Whether the element has an attribute S (CV)."""

    value_key = "valueCoding"

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the code in its place."""
        assert not isinstance(source, str)
        made = holder[key] = _coding(self.implied, source, notes)
        text = source.get("OT")
        if text is not None:
            original: Json = {"url": _ORIGINAL_TEXT}
            notes.wrote(_STRING.write(text, original, "valueString"))
            made["extension"] = [original]
        if not made:
            made["extension"] = [{"url": PRESENT, "valueBoolean": True}]

    def read(self, holder: Json, key: str, marks: Marks) -> Attributes | None:
        """V, S, DN and OT; None if there is no Coding."""
        found = holder.get(key)
        if not isinstance(found, dict) or not found:
            return None
        marks.used(holder, key)
        attributes = _attributes(found, self.implied, self.stated, marks)
        if not attributes and _is_foreign(found.get("system"), self.implied, self.stated):
            return None
        for extension in found.get("extension", ()):
            if extension.get("url") == _ORIGINAL_TEXT:
                text = _take(_STRING, extension, "valueString", marks)
                if text is not None:
                    attributes["OT"] = text
                marks.used(extension, "url")
        return attributes


def _plain_attributes(coding: Json, implied: str | None, stated: bool, marks: Marks) -> Attributes | None:
    """V, S and DN of a Coding that says just these, as most do: nothing needs a closer look. None: it does not."""
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
    if len(coding) != 3 or not (system.__class__ is code.__class__ is display.__class__ is str):
        return None
    oid = oid_in(implied, stated)(system)
    if oid is None:
        return None
    marks.used_coding(coding)
    return {"V": code, "DN": display, "S": oid} if stated else {"V": code, "DN": display}


def _attributes(coding: Json, implied: str | None, stated: bool, marks: Marks) -> Attributes:
    """V, S and DN of a Coding. A code of a set that the element cannot name is not written: it would be taken for
    one of another set."""
    plain = _plain_attributes(coding, implied, stated, marks)
    if plain is not None:
        return plain
    system = coding.get("system")
    attributes: Attributes = {}
    parts = (("V", _CODE, "code"), ("DN", _STRING, "display"))
    for name, kind, key in parts[1:] if _is_foreign(system, implied, stated) else parts:
        text = _take(kind, coding, key, marks)
        if text is not None:
            attributes[name] = text
    oid = _take(_OID_TEXT, coding, "system", marks) if stated else None
    if oid is not None:
        attributes["S"] = oid
    elif not stated and _same_set(system, implied):
        marks.used(coding, "system")
    if marks.born_in_fhir and "V" in attributes and "DN" not in attributes:
        known = terminology.display(oid or oid_of(implied) or "", attributes["V"])
        if known:
            attributes["DN"] = known
    return {name: attributes[name] for name in ("V", "DN", "S") if name in attributes}


def set_of(coding: Json) -> str:
    """The number of the code set that a Coding names, however it is written; empty where it names none."""
    stated = coding.get("system")
    return terminology.number_of(
        stated if isinstance(stated, str) else _OID_TEXT.read(coding, "system") or ""
    )


@cache
def oid_in(implied: str | None, stated: bool) -> Callable[[str], str | None]:
    """What says how an element states a code set: the oid where it is to be stated, nothing where the element implies
    the set; None for a set that the element cannot name."""

    @lru_cache(maxsize=4096)
    def oid(system: str) -> str | None:
        if stated:
            return oid_of(system) or None
        return "" if _same_set(system, implied) else None

    return oid


def _is_foreign(system: object, implied: str | None, stated: bool) -> bool:
    if not isinstance(system, str):
        return False
    return oid_of(system) is None if stated else implied is not None and not _same_set(system, implied)


@dataclass(frozen=True)
class Concept:
    """CV or CS ⇄ CodeableConcept: V, S and DN in one Coding, OT as text."""

    implied: str | None = None
    stated: bool = True

    value_key = "valueCodeableConcept"

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the code in the place."""
        assert not isinstance(source, str)
        made: Json = {}
        coding = _coding(self.implied, source, notes)
        if coding:
            made["coding"] = [coding]
        text = source.get("OT")
        if text is not None:
            notes.wrote(_STRING.write(text, made, "text"))
        if not made:
            made = {"extension": [{"url": PRESENT, "valueBoolean": True}]}
        holder[key] = made

    def read(self, holder: Json, key: str, marks: Marks) -> Attributes | None:
        """V, S, DN and OT; None if there is no concept, or one that only says that R4 wants one."""
        found = holder.get(key)
        if not isinstance(found, dict):
            return None
        codings = found.get("coding", ())
        if codings.__class__ is list and len(found) == len(codings) == 1 and codings[0].__class__ is dict:
            plain = _plain_attributes(codings[0], self.implied, self.stated, marks)
            if plain is not None:
                return plain
        codings = [c for c in codings if isinstance(c, dict)]
        if len(found) == len(codings) == 1:
            return _attributes(codings[0], self.implied, self.stated, marks)
        text = _STRING.read(found, "text")
        if not codings and text is None:
            present = any(e.get("url") == PRESENT for e in found.get("extension", ()) if isinstance(e, dict))
            return {} if present else None
        attributes = _attributes(self._best(codings), self.implied, self.stated, marks) if codings else {}
        same = marks.born_in_fhir and text == attributes.get("DN")
        if text is not None and not same:
            name = "OT" if self.stated else "DN"
            attributes[name] = text if self.stated else attributes.get(name, text)
        if text is not None and text in attributes.values():  # else there is no attribute left to hold it
            marks.used(found, "text")
        return attributes

    def _best(self, codings: list[Json]) -> Json:
        for coding in codings:
            if _same_set(coding.get("system"), self.implied):
                return coding
        named = [c for c in codings if oid_of(c.get("system")) is not None]
        national = [c for c in named if c.get("system") not in _INTERNATIONAL]
        return next(iter((*national, *named, *codings)))


@dataclass(frozen=True)
class Quantity:
    """PQ ⇄ Quantity: V value, U unit."""

    value_key = "valueQuantity"

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the quantity in its place."""
        assert not isinstance(source, str)
        made: Json = {}
        value, unit = source.get("V"), source.get("U")
        if value is not None:
            notes.wrote(_DECIMAL.write(value, made, "value"))
        if unit is not None:
            notes.wrote(_UNIT.write(unit, made, "unit"))
        holder[key] = made or {"extension": [{"url": PRESENT, "valueBoolean": True}]}

    def read(self, holder: Json, key: str, marks: Marks) -> Attributes | None:
        """V and U; None if there is no quantity, or only a bound of one."""
        found = holder.get(key)
        if not isinstance(found, dict) or "comparator" in found:
            return None
        attributes: Attributes = {}
        for name, kind, key in (("V", _DECIMAL, "value"), ("U", _UNIT, "unit")):
            text = _take(kind, found, key, marks)
            if text is not None:
                attributes[name] = text
        present = any(e.get("url") == PRESENT for e in found.get("extension", ()) if isinstance(e, dict))
        return attributes if attributes or present else None


_DECIMAL = primitive("decimal", "double")
_UNIT = primitive("string", "token")


def codec(how: str, source: str) -> Codec:
    """The codec for the third column of a rule and the element's type (`CV`, `TS`, …, or a built-in)."""
    name, _, argument = how.partition(" ")
    stated = source == "CV"
    implied = None if stated or not argument else ATC if argument == "atc" else code_system(argument)
    if name == "concept":
        return Concept(implied, stated)
    if name == "coding":
        return Coding(implied, stated)
    if name == "quantity":
        return Quantity()
    if name == "word":
        return Word(argument)
    if name == "payload":
        return Payload(plain=source != "anyType")
    if source in ("TS", "URL"):
        return Value(primitive(name, "PointInTime" if source == "TS" else "anyURI"))
    return Text(primitive(name, source))
