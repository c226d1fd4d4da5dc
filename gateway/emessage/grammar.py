"""Which elements does a message have, in which order, how often, of which type?

The structure of every message is declared once, in the text files beside this module (folder `grammar/`). Parser,
writer, validator (`schema.py` compiles the declaration to XSD), coverage check and mapping tables derive from it.

The notation, by example:

    namespace po                            a namespace; one address a version, or `any`
        1.6  http://www.kith.no/xmlstds/po/poKomponent/2012-04-01
    element ParorendeForesatt               a global element with its own content
        Slektskap?          CS              a local element: name, how often (none, ?, *, +), type
        po:Foresporsel?                     no type: a reference to a global element, or its own content indented
        choice+                             a group: choice or sequence, its members indented
        any*                other lax       a wildcard: namespace and how strictly its elements are checked
        @V?                 token           an attribute (? = optional); `= text` after the type: a fixed value
        text                base64Binary    the element has text of this type, and no elements
        mixed                               text may stand between the elements
    type Person                             a content that several elements share and that has a name in the standard
    simple oid    token pattern \\d+         a restricted or united simple type
    declares CS CV                          data types (of no namespace here) that this namespace declares as its own
        ... [1.6]                           a line that holds for this version only

Names, order, cardinalities and types are facts of the standards named in the files' first lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

PLO_BODIES = ("p1", "p3", "p4", "p5", "p6", "p7", "p8")
_ENVELOPE = ("mh", "b64", "ds")
_PLO = (*_ENVELOPE, "kith", "fk1", "m1", "epj1", "epj2", "epj3", "po", *PLO_BODIES)
STANDARDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "plo-1.6": ("1.6", _PLO),
    "plo-1.5": ("1.5", _PLO),
    "dialog-1.0": ("1.0", (*_ENVELOPE, "kith", "fk1", "dia")),
    "dialog-1.1": ("1.1", (*_ENVELOPE, "kith", "fk1", "dia")),
    "apprec-1.0": ("1.0", ("ar",)),
    "apprec-1.1": ("1.1", ("kith", "ar")),
    "msghead": ("any", _ENVELOPE),
}
"""Standard → (its version in the notation, the prefixes of the namespaces it is made of)."""

_FILES = ("datatypes", "msghead", "person", "epj", "components", "bodies", "dialog", "apprec", "signature")
_CARDINALITY: dict[str, tuple[int, int | None]] = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}


@dataclass(frozen=True)
class ElementUse:
    """An element as a member of a content: `name` is `prefix:Name`, `type` a key of `Structure.types` or a built-in."""

    name: str
    type: str
    minimum: int
    maximum: int | None
    reference: bool
    fixed: str | None = None

    @property
    def repeats(self) -> bool:
        """Whether the element may stand more than once."""
        return self.maximum is None


@dataclass(frozen=True)
class Wildcard:
    """A place for elements of other namespaces (`namespace` any|other, `process` strict|lax)."""

    namespace: str
    process: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class Group:
    """A sequence or choice of members, itself with a cardinality."""

    kind: str
    parts: tuple[ElementUse | Wildcard | Group, ...]
    minimum: int = 1
    maximum: int | None = 1

    def uses(self) -> Iterator[ElementUse]:
        """Every element of the group and of the groups inside it, in order of declaration."""
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.uses()
            elif isinstance(part, ElementUse):
                yield part


@dataclass(frozen=True)
class AttributeUse:
    """An attribute: `name` without prefix is unqualified."""

    name: str
    type: str
    required: bool
    fixed: str | None = None


@dataclass(frozen=True)
class ComplexType:
    """A content: elements (`content`), attributes, or text of a simple type (`text`)."""

    name: str
    content: Group | None
    attributes: tuple[AttributeUse, ...]
    text: str | None = None
    mixed: bool = False


@dataclass(frozen=True)
class SimpleType:
    """A restricted (`pattern`, `enumeration`) or united (`union`) simple type."""

    name: str
    base: str
    pattern: str | None = None
    enumeration: tuple[str, ...] = ()
    union: tuple[str, ...] = ()


@dataclass(frozen=True)
class Structure:
    """The grammar of one standard: every namespace, global element and type of it, resolved for its version."""

    standard: str
    namespaces: dict[str, str] = field(repr=False)
    elements: dict[str, str] = field(repr=False)
    """Global element (`prefix:Name`) → its type."""
    attributes: dict[str, SimpleType] = field(repr=False)
    types: dict[str, ComplexType | SimpleType] = field(repr=False)
    declared: dict[str, dict[str, str]] = field(repr=False)
    """Prefix → the types that its namespace declares, which a message may name in xsi:type: local name → key of
    `types`."""

    def complex_type(self, name: str) -> ComplexType | None:
        """The complex type of that key; None for simple types and built-ins."""
        found = self.types.get(name)
        return found if isinstance(found, ComplexType) else None

    def simple_base(self, name: str) -> str:
        """The built-in type a simple type restricts (a union is `PointInTime` and stays so)."""
        found = self.types.get(name)
        return found.base if isinstance(found, SimpleType) and not found.union else name

    def tag(self, name: str) -> str:
        """`prefix:Name` as lxml writes it: `{namespace}Name`."""
        prefix, _, local = name.partition(":")
        return f"{{{self.namespaces[prefix]}}}{local}"


@dataclass
class _Line:
    indent: int
    words: list[str]
    rest: str
    version: str | None


def _lines(text: str) -> Iterator[_Line]:
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        version = re.search(r"\s\[([\d.]+)\]\s*$", raw)
        line = raw[: version.start()] if version else raw
        words = line.split()
        yield _Line(
            (len(line) - len(line.lstrip())) // 4,
            words,
            line.split(None, 1)[1].strip() if len(words) > 1 else "",
            version.group(1) if version else None,
        )


def _blocks(lines: list[_Line], version: str) -> Iterator[tuple[_Line, list[_Line]]]:
    """Each line that holds for the version, with the deeper lines below it."""
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and lines[end].indent > lines[start].indent:
            end += 1
        if lines[start].version in (None, version):
            yield lines[start], lines[start + 1 : end]
        start = end


class _Reader:
    """Reads the files for one standard."""

    def __init__(self, standard: str) -> None:
        self.version, self.prefixes = STANDARDS[standard]
        self.standard = standard
        self.prefix = ""
        self.namespaces: dict[str, str] = {}
        self.elements: dict[str, str] = {}
        self.attributes: dict[str, SimpleType] = {}
        self.types: dict[str, ComplexType | SimpleType] = {}
        self.declared: dict[str, dict[str, str]] = {}

    def read(self, texts: list[str]) -> Structure:
        for text in texts:
            self.prefix = ""
            for head, below in _blocks(list(_lines(text)), self.version):
                self._declaration(head, below)
        self.types = {name: self._resolved(found) for name, found in self.types.items()}
        elements = {
            name: self._type_key(name.partition(":")[0], kind) for name, kind in self.elements.items()
        }
        return Structure(self.standard, self.namespaces, elements, self.attributes, self.types, self.declared)

    def _declaration(self, head: _Line, below: list[_Line]) -> None:
        kind, name = head.words[0], head.words[1]
        if kind == "namespace":
            self.prefix = name
            for line in below:
                if line.words[0] in ("any", self.version) and name in self.prefixes:
                    self.namespaces[name] = line.words[1]
                    self.declared[name] = {}
            return
        if self.prefix and self.prefix not in self.namespaces:
            return
        if kind == "declares":
            self.declared[self.prefix].update({each: each for each in head.words[1:]})
            return
        key = f"{self.prefix}:{name}" if self.prefix else name
        if self.prefix and kind in ("type", "simple"):
            self.declared[self.prefix][name] = key
        if kind == "simple":
            self.types[key] = _simple(key, head.words[2:])
        elif kind == "attribute":
            self.attributes[key] = _simple(key, head.words[2:])
        elif kind == "element" and len(head.words) > 2:
            self.elements[key] = head.words[2]
        else:
            self.types[key] = self._content(key, below)
            if kind == "element":
                self.elements[key] = key

    def _content(self, name: str, lines: list[_Line]) -> ComplexType:
        attributes, text, mixed, members = [], None, False, []
        for head, below in _blocks(lines, self.version):
            word = head.words[0]
            if word.startswith("@"):
                attributes.append(_attribute(head))
            elif word == "text":
                text = head.words[1]
            elif word == "mixed":
                mixed = True
            else:
                members.append(self._member(head, below, name))
        content = Group("sequence", tuple(members)) if members else None
        if len(members) == 1 and isinstance(members[0], Group):
            content = members[0]
        return ComplexType(name, content, tuple(attributes), text, mixed)

    def _member(self, head: _Line, below: list[_Line], owner: str) -> ElementUse | Wildcard | Group:
        """A member of the content of `owner` (a key of `types`)."""
        word = head.words[0]
        sign = word[-1] if word[-1] in "?*+" else ""
        name, (minimum, maximum) = word.rstrip("?*+"), _CARDINALITY[sign]
        if name in ("choice", "sequence"):
            parts = tuple(self._member(h, b, owner) for h, b in _blocks(below, self.version))
            return Group(name, parts, minimum, maximum)
        if name == "any":
            return Wildcard(head.words[1], head.words[2], minimum, maximum)
        qualified = name if ":" in name else f"{self.prefix}:{name}"
        kind, _, fixed = head.rest.partition(" = ")
        if below:
            kind = f"{owner}/{name}"
            self.types[kind] = self._content(kind, below)
        return ElementUse(qualified, kind or "", minimum, maximum, not kind, fixed or None)

    def _resolved(self, found: ComplexType | SimpleType) -> ComplexType | SimpleType:
        if isinstance(found, SimpleType) or found.content is None:
            return found
        prefix = found.name.partition(":")[0]
        return ComplexType(
            found.name, self._group(prefix, found.content), found.attributes, found.text, found.mixed
        )

    def _group(self, prefix: str, group: Group) -> Group:
        parts: list[ElementUse | Wildcard | Group] = []
        for part in group.parts:
            if isinstance(part, Group):
                parts.append(self._group(prefix, part))
            elif isinstance(part, ElementUse):
                own, kind = (
                    (part.name.partition(":")[0], self.elements[part.name])
                    if part.reference
                    else (prefix, part.type)
                )
                key = self._type_key(own, kind)
                parts.append(
                    ElementUse(part.name, key, part.minimum, part.maximum, part.reference, part.fixed)
                )
            else:
                parts.append(part)
        return Group(group.kind, tuple(parts), group.minimum, group.maximum)

    def _type_key(self, prefix: str, kind: str) -> str:
        if kind in self.types:
            return kind
        return f"{prefix}:{kind}" if f"{prefix}:{kind}" in self.types else kind


def _simple(name: str, words: list[str]) -> SimpleType:
    if words[0] == "union":
        return SimpleType(name, "string", union=tuple(words[1:]))
    rule, value = (words[1], " ".join(words[2:])) if len(words) > 1 else ("", "")
    return SimpleType(
        name,
        words[0],
        pattern=value if rule == "pattern" else None,
        enumeration=tuple(part.strip() for part in value.split("|")) if rule == "enum" else (),
    )


def _attribute(head: _Line) -> AttributeUse:
    word = head.words[0][1:]
    kind, _, fixed = f" {head.rest} ".partition(" = ")
    return AttributeUse(word.rstrip("?"), kind.strip(), not word.endswith("?"), fixed.strip() or None)


@cache
def structure(standard: str) -> Structure:
    """The grammar of one standard (a key of `STANDARDS`), read once from the package's own files."""
    folder = resources.files("gateway.emessage") / "grammar"
    return _Reader(standard).read([(folder / f"{name}.txt").read_text(encoding="utf-8") for name in _FILES])
