"""Which elements of the grammar have no rule, and which lines of the definitions name what no standard has?"""

from __future__ import annotations

from gateway.emessage.grammar import STANDARDS, Structure, structure
from gateway.translate.compiler import Mapping
from gateway.translate.content import Content
from gateway.translate.links import LinkRule
from gateway.translate.notation import Definition, Line
from gateway.translate.rules import InsideRule


def uncovered(bound: Mapping, name: str, kind: str) -> list[str]:
    """The elements and attributes reachable from a grammar type that no rule carries (`Type/Element`)."""
    missing: list[str] = []
    seen: set[tuple[int, str]] = set()

    def visit(content: Content, place: str) -> None:
        if (id(content), place) in seen or place.count("/") > 12:
            return
        seen.add((id(content), place))
        for attribute in content.kind.attributes:
            tag = bound.structure.tag(attribute.name) if ":" in attribute.name else attribute.name
            if tag not in content.attributes and tag not in content.fixed:
                missing.append(f"{place}/@{attribute.name}")
        for use in content.kind.content.uses() if content.kind.content else ():
            rule = content.rules.get(bound.structure.tag(use.name))
            here = f"{place}/{use.name}"
            if rule is None:
                missing.append(here)
            elif isinstance(rule, InsideRule):
                visit(rule.content, here)
            elif isinstance(rule, LinkRule) and rule.where != "inside":
                visit(rule.content(), here)

    visit(bound.content(name, kind), kind)
    return missing


def unknown_lines(found: dict[str, Definition]) -> list[str]:
    """The grammar types and elements that definitions name and no standard has (`Definition/Element`): a typo."""
    structures = [structure(standard) for standard in STANDARDS]
    unknown: list[str] = []

    def visit(lines: tuple[Line, ...], kinds: list[tuple[Structure, str]], place: str) -> None:
        for line in lines:
            here = f"{place}/{line.source}"
            used = line.how.partition(" ")[2] if line.how.startswith(("use ", "-> ")) else None
            if used is not None and used.partition(" ")[0] not in found:
                unknown.append(f"{here} {used}")
            below = kinds if line.source == "." else _named(line.source, kinds)
            if not below:
                unknown.append(here)
            visit(line.children, below, here)

    for name, definition in found.items():
        for kind in definition.types:
            if not any(one.complex_type(kind) for one in structures):
                unknown.append(f"{name}: {kind}")
        visit(definition.lines, [(one, kind) for one in structures for kind in definition.types], name)
    return unknown


def _named(source: str, kinds: list[tuple[Structure, str]]) -> list[tuple[Structure, str]]:
    """The types of the element or @attribute of that name in the contents of the given types."""
    found = []
    for grammar, kind in kinds:
        complex_type = grammar.complex_type(kind)
        if complex_type is None:
            continue
        uses = complex_type.content.uses() if complex_type.content else ()
        found += [
            (grammar, use.type) for use in uses if use.name.partition(":")[2] == source.rpartition(":")[2]
        ]
        found += [(grammar, use.type) for use in complex_type.attributes if f"@{use.name}" == source]
    return found
