"""What does R4 say about every type: which elements, how often, of which type, with which codes?

`r4.json` is made by `make_tables.py` from HL7's definitions (source and checksum stand in it). Its notation:

    "Patient": {"kind": "resource", "base": "DomainResource", "elements": {
        "gender": "0..1 code {administrative-gender}",                 a required binding to a value set of the table
        "contact": "0..* Patient.contact",                             a type declared inside another
        "deceased[x]": "0..1 boolean dateTime",                        a choice of types
        "managingOrganization": "0..1 Reference(Organization)", …}}    what may be referred to

A type also has the elements of its base. Value sets map a code system to its codes; where R4 binds to a set that cannot
be enumerated (languages, media types, units, currencies) there is no binding here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

FILE: Final = Path(__file__).with_name("r4.json")

_ELEMENT: Final = re.compile(r"(\d+)\.\.(\d+|\*) ([^{]*?)(?: \{(.+)\})?")
_TYPE: Final = re.compile(r"([\w.]+)(?:\(([\w|]+)\))?")


@dataclass(frozen=True)
class ElementType:
    """One type an element may have; `targets` are the resource types a Reference may point to (None: any)."""

    name: str
    targets: frozenset[str] | None

    @property
    def suffix(self) -> str:
        """What the type adds to the name of a choice: ``String``; a SimpleQuantity is written as ``Quantity``."""
        return "Quantity" if self.name == "SimpleQuantity" else self.name[0].upper() + self.name[1:]


@dataclass(frozen=True)
class Element:
    """One element of a type; the name of a choice ends in ``[x]``."""

    name: str
    required: bool
    repeats: bool
    types: tuple[ElementType, ...]
    value_set: str | None

    def names(self) -> dict[str, ElementType]:
        """The names the element has in JSON: one, or one for each type of a choice (``valueString``)."""
        if not self.name.endswith("[x]"):
            return {self.name: self.types[0]}
        stem = self.name[:-3]
        return {stem + kind.suffix: kind for kind in self.types}


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = msgspec.json.decode(FILE.read_bytes())
    return table


@cache
def resource_types() -> frozenset[str]:
    """The names of R4's resource types, without the abstract ones."""
    return frozenset(name for name, entry in _table()["types"].items() if entry["kind"] == "resource")


def is_declared(type_name: str) -> bool:
    """Whether the type has elements in the table; the others are primitive."""
    return type_name in _table()["types"]


def is_a(type_name: str, ancestor: str) -> bool:
    """Whether the type is, or is derived from, `ancestor`."""
    while type_name and type_name != ancestor:
        type_name = _table()["types"][type_name]["base"]
    return bool(type_name)


@cache
def elements(type_name: str) -> tuple[Element, ...]:
    """The elements of a type, inherited ones first."""
    entry = _table()["types"][type_name]
    inherited = elements(entry["base"]) if entry["base"] else ()
    return inherited + tuple(_element(name, notation) for name, notation in entry["elements"].items())


@cache
def element_names() -> frozenset[str]:
    """The names in JSON of all elements of all types."""
    return frozenset(
        name for kind in _table()["types"] for element in elements(kind) for name in element.names()
    )


@cache
def newer_names() -> dict[str, frozenset[str]]:
    """By type of R4, the names that only R5 has there; under ``-`` R5's own resource types (`make_r5_names.py`)."""
    lines = FILE.with_name("r5.txt").read_text("utf-8").splitlines()
    words = (line.split() for line in lines if not line.startswith("#"))
    return {kind: frozenset(names) for kind, *names in words}


@cache
def value_set(name: str) -> dict[str, frozenset[str]]:
    """The codes of a value set by code system."""
    return {system: frozenset(codes) for system, codes in _table()["value_sets"][name].items()}


def _element(name: str, notation: str) -> Element:
    parts = _ELEMENT.fullmatch(notation)
    assert parts is not None, f"r4.json: {name}"
    minimum, maximum, types, bound = parts.groups()
    return Element(name, minimum != "0", maximum != "1", tuple(map(_element_type, types.split())), bound)


def _element_type(notation: str) -> ElementType:
    parts = _TYPE.fullmatch(notation)
    assert parts is not None, f"r4.json: {notation}"
    return ElementType(parts[1], frozenset(parts[2].split("|")) if parts[2] else None)
