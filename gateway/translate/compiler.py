"""How are the mapping definitions bound to the grammar of a standard?

Once at start, for each standard: every line finds its element in the grammar, its path is parsed, its
codec chosen. What is left over on either side is found by `coverage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import isfunction
from threading import RLock
from typing import Any

from lxml import etree

from gateway import terminology
from gateway.emessage.grammar import AttributeUse, ElementUse, Group, Structure, structure
from gateway.translate import finding, hooks, ordinary, places, sources, wording
from gateway.translate.codec import Attributes, Json
from gateway.translate.content import Content, Rule
from gateway.translate.datatypes import codec
from gateway.translate.following import Scene
from gateway.translate.links import LinkRule
from gateway.translate.notation import Definition, Line, MappingError
from gateway.translate.paths import Path
from gateway.translate.reading import Reading
from gateway.translate.rules import (
    ConstantRule,
    ElsewhereRule,
    InsideRule,
    ValueRule,
    may_stand_at,
)
from gateway.translate.source import Source
from gateway.translate.state import State

Writer = Callable[[etree._Element, Json, State], bool | None]
"""Writes an element into the object of FHIR that paths start from; for a part: whether the element says anything."""
Reader = Callable[[Json, Reading], bool]
"""Writes the content of an element as an object of FHIR says it; whether it said anything."""
_DATATYPES = frozenset({"CV", "CS", "TS", "URL", "PQ"})


@dataclass(eq=False)
class Mapping:
    """The definitions bound to one standard."""

    structure: Structure
    definitions: dict[str, Definition]

    def __post_init__(self) -> None:
        self._contents: dict[tuple[str, str], Content] = {}
        self._ready: dict[tuple[str, str], Content] = {}
        """The contents that are whole; another thread sees only these."""
        self._compiling = RLock()
        self._names: dict[str, Any] = {
            name: value for name, value in vars(places).items() if isfunction(value)
        } | {
            "event_code": finding.event_code,
            "may_stand_at": may_stand_at,
            **{name: getattr(ordinary, name) for name in ordinary.CALLED},
        }
        """What the generated functions know: each other, what they call, and their constants."""
        self._parts = {
            line.how.removeprefix("use ").partition(" ")[0]
            for definition in self.definitions.values()
            for line in _all_lines(definition.lines)
            if line.how.startswith("use ") and line.source != "."
        }
        self._reading: dict[str, Any] = {
            name: value for name, value in vars(finding).items() if isfunction(value)
        } | {"element": wording.element, "attribute": wording.attribute, "text_of": wording.text}
        """What the generated functions that read a Bundle know: each other, what they call, and their constants."""

    def writer(self, name: str, kind: str) -> Writer:
        """The function that writes an element of a grammar type into FHIR, by a definition."""
        writer: Writer = self._names[self._called(name, kind)]
        return writer

    def source(self, name: str, kind: str) -> str:
        """The text of that function, for a reader."""
        return self._source(name, kind).text()

    def reader(self, name: str, kind: str) -> Reader:
        """The function that writes the content of an element of a grammar type, by a definition, as FHIR says it."""
        reader: Reader = self._reading[self._called(name, kind)]
        return reader

    def reader_source(self, name: str, kind: str) -> str:
        """The text of that function, for a person who reads it."""
        return self._source_of_reader(name, kind).text()

    def _called(self, name: str, kind: str) -> str:
        """What the function is called in generated code; it is generated when it is first called."""
        called = f"{name}_of_{kind.replace(':', '_')}"
        if called in self._reading:
            return called

        def write(element: etree._Element, holder: Json, state: State) -> bool | None:
            with self._compiling:
                writer: Writer = self._source(name, kind).function(called)
            return writer(element, holder, state)

        def read(holder: Json, reading: Reading) -> bool:
            with self._compiling:
                reader: Reader = self._source_of_reader(name, kind).function(called)
            return reader(holder, reading)

        self._names.setdefault(called, write)
        self._reading.setdefault(called, read)
        return called

    def _source(self, name: str, kind: str) -> Source:
        out, content = Source(self._names), self.content(name, kind)
        said = "said" if name in self._parts else None
        with out.block(f"def {self._called(name, kind)}(element, holder, state)"):
            out.line(f'"""{kind} → {self.definitions[name].target} ({name})."""')
            out.line("counted = state.counted")
            if said:
                out.line("said = False")
            content.written(out, "element", "holder", said)
            if said:
                out.line("return said")
        return out

    def _source_of_reader(self, name: str, kind: str) -> Source:
        out, content = Source(self._reading), self.content(name, kind)
        with out.block(f"def {self._called(name, kind)}(holder, reading)"):
            out.line(f'"""{self.definitions[name].target} ({name}) → {kind}."""')
            out.line("text, missing, read = reading.out, reading.missing, reading.read")
            out.line("put = text.append")
            out.line("said = False")
            content.found(Scene(out, self.structure))
            out.line("return said")
        return out

    def content(self, name: str, kind: str) -> Content:
        """The compiled rules of a definition for one grammar type. Raises `MappingError`."""
        key = (name, kind)
        if key not in self._ready:
            with self._compiling:
                self._compiled(name, kind)
                self._ready.update(self._contents)
        return self._ready[key]

    def _compiled(self, name: str, kind: str) -> Content:
        key = (name, kind)
        if key not in self._contents:
            definition = self.definitions[name]
            self._contents[key] = content = self._empty(kind)
            self._fill(content, definition, definition.lines)
        return self._contents[key]

    def _empty(self, kind: str) -> Content:
        complex_type = self.structure.complex_type(kind)
        if complex_type is None:
            raise MappingError(kind, "has no elements to map")
        return Content(complex_type, self.structure)

    def _fill(
        self, content: Content, definition: Definition, lines: tuple[Line, ...], within: str = ""
    ) -> None:
        """`within`: path of the object that the lines stand in, where that is not the definition's own."""
        uses = (
            {use.name.partition(":")[2]: use for use in content.kind.content.uses()}
            if content.kind.content
            else {}
        )
        attributes = {use.name: use for use in content.kind.attributes}
        for line in lines:
            if line.source == ".":
                self._fill(content, definition, self.definitions[line.how.removeprefix("use ")].lines, within)
            elif line.source.startswith("@"):
                use = attributes.get(line.source[1:])
                if use is not None:
                    self._attribute(content, use, line)
            else:
                use_of = uses.get(line.source.rpartition(":")[2])
                if use_of is not None:
                    rule = self._rule(use_of, line, definition, within)
                    if isinstance(rule, InsideRule) and content.kind.content:
                        rule.certain = use_of.name in _certain(content.kind.content)
                    content.add(use_of.name, rule)
        self._bind_siblings(content)

    def _attribute(self, content: Content, use: AttributeUse, line: Line) -> None:
        name = self.structure.tag(use.name) if ":" in use.name else use.name
        if line.how == "constant":
            content.fixed[name] = use.fixed or ""
            return
        how, options = _options(line.how)
        chosen = codec(how, self.structure.simple_base(use.type) if use.type else "string")
        content.attributes[name] = (Path(line.path, chosen.value_key), chosen)
        if "default" in options:
            content.defaults[name] = options["default"]

    def _rule(self, use: ElementUse, line: Line, definition: Definition, within: str) -> Rule:
        tag = self.structure.tag(use.name)
        how, options = _options(line.how)
        if how == "constant":
            return ConstantRule(use, tag, Path(line.path, ""))
        if how == "elsewhere":
            return ElsewhereRule(use)
        if how.startswith("-> "):
            return self._link(use, line.path, how[3:], tag, definition)
        if line.children or how.startswith("use "):
            return self._inside(use, line, options, definition, within)
        chosen = codec(how, use.type if use.type in _DATATYPES else self.structure.simple_base(use.type))
        unless = {}
        for part in options.get("unless", "").split(", "):
            if part:
                code, _, path = part.partition(" ")
                unless[code] = Path(path, chosen.value_key)
        return ValueRule(
            use,
            self.structure,
            Path(line.path, chosen.value_key),
            chosen,
            how,
            _fhir_path(definition, within),
            _default(use, how, options),
            unless,
            tag,
            "assumed" in options,
        )

    def _link(self, use: ElementUse, path: str, name: str, tag: str, owner: Definition) -> LinkRule:
        where, path = _where(path)
        return LinkRule(
            use,
            self.structure,
            where,
            None if where in ("entry", "section") else Path(path, "valueReference"),
            self.definitions[name],
            lambda: self.content(name, use.type),
            tag,
            self._called(name, use.type),
            owner.with_resource,
        )

    def _inside(
        self, use: ElementUse, line: Line, options: dict[str, str], definition: Definition, within: str
    ) -> InsideRule:
        how, tag = _options(line.how)[0], self.structure.tag(use.name)
        called = ""
        if how.startswith("use "):
            content, called = self._compiled(how[4:], use.type), self._called(how[4:], use.type)
        else:
            content = self._empty(use.type)
            self._fill(content, definition, line.children, _below(within, line.path))
        hook = hooks.HOOKS[options["via"]] if "via" in options else None
        return InsideRule(use, self.structure, Path(line.path, ""), content, tag, called, hook)

    @staticmethod
    def _bind_siblings(content: Content) -> None:
        links = [rule for rule in content.rules.values() if isinstance(rule, LinkRule)]
        for rule in links:
            same = [
                other
                for other in links
                if other is not rule
                and (other.where, other.path and other.path.text)
                == (rule.where, rule.path and rule.path.text)
            ]
            rule.siblings = tuple(other for other in same if other.definition.when)


def _all_lines(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        yield line
        yield from _all_lines(line.children)


def _below(within: str, path: str) -> str:
    """The path of an object inside another; one that begins with a resource stands where it says."""
    if path == ".":
        return within
    return path if path[0].isupper() or not within else f"{within}.{path}"


def _fhir_path(definition: Definition, within: str) -> str:
    """The path of the object that a definition's values stand in, as people who know FHIR read it."""
    if within[:1].isupper():
        return within
    owner = definition.target if definition.is_resource else definition.name
    return f"{owner}.{within}" if within else owner


def _certain(group: Group) -> set[str]:
    """The elements of a group that stand in every content of it."""
    if group.kind == "choice" or group.minimum == 0:
        return set()
    inner = [part for part in group.parts if isinstance(part, Group)]
    own = {part.name for part in group.parts if isinstance(part, ElementUse) and part.minimum}
    return own.union(*map(_certain, inner))


def _default(use: ElementUse, how: str, options: dict[str, str]) -> str | Attributes | None:
    """The value of the option `default` or `assumed`: a code with its display where the element is coded."""
    value = options.get("default", options.get("assumed"))
    if value is None or use.type not in ("CS", "CV"):
        return value
    return {"V": value, "DN": terminology.display(how.partition(" ")[2], value) or value}


def _where(path: str) -> tuple[str, str]:
    """How the place of a resource is named, and the path to the reference."""
    if path in ("entry", "section"):
        return path, ""
    if path.startswith("with."):
        return "with", path.removeprefix("with.")
    kind, _, rest = path.partition(" ")
    if kind == "member":
        return kind, f"ext({rest})[]"
    return (kind, rest) if kind == "inside" else ("path", path)


def _options(how: str) -> tuple[str, dict[str, str]]:
    """The third column: what comes first, and the options after it (via, default, assumed, unless)."""
    words = how.split("  ")
    first, options = words[0], {}
    for mark in (" via ",):
        if mark in first:
            first, _, options[mark.strip()] = first.partition(mark)
    for word in words[1:]:
        key, _, value = word.strip().partition(" ")
        if key:
            options[key] = value
    return first, options


def definitions() -> dict[str, Definition]:
    """The definitions in use."""
    return sources.definitions().all


@cache
def mapping(standard: str) -> Mapping:
    """The mapping of a standard (plo-1.6, plo-1.5, apprec-1.0, …), compiled once."""
    return Mapping(structure(standard), definitions())
