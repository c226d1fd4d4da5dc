"""Which element is missing, where the schema only says that it did not expect the one that is there?

libxml2 names what it expected at a place; of that only names are taken that our grammar has. The element is
missing when it must stand before the one found and stands nowhere in its parent; else the one found is too
many, in the wrong order or unknown.
"""

from __future__ import annotations

import re

from lxml import etree

from gateway.emessage.grammar import ComplexType, ElementUse, Structure

_EXPECTED = re.compile(r"Expected is (?:one of )?\( ([^()]*) \)\.\s*$")


def missing_before(element: etree._Element, message: str, grammar: Structure) -> str | None:
    """Local name of the element that must stand before this one and is missing (`A|B`: one of them); None: none is.

    `message` is what libxml2 says about the unexpected `element`.
    """
    parent = element.getparent()
    uses = [] if parent is None else _uses(parent, grammar)
    tags = [grammar.tag(use.name) for use in uses]
    if parent is None or element.tag not in tags:
        return None
    before = uses[: tags.index(str(element.tag))]
    present = {str(child.tag) for child in parent}
    return _told([use for use in before if grammar.tag(use.name) not in present], message, grammar)


def missing_inside(parent: etree._Element, message: str, grammar: Structure) -> str | None:
    """Local name of the element that is missing at the end of `parent`; None when it cannot be named."""
    return _told(_uses(parent, grammar), message, grammar)


def _told(uses: list[ElementUse], message: str, grammar: Structure) -> str | None:
    """Those of `uses` that libxml2 expects and that must stand; where that is a choice, all its branches."""
    expected = _expected(message)
    wanted = [use for use in uses if grammar.tag(use.name) in expected]
    if not wanted:
        return None
    after = uses[uses.index(wanted[-1]) + 1 :]  # libxml2 names no more than ten
    required = [use for use in wanted if use.minimum] or [use for use in after if use.minimum][:1] or wanted
    return "|".join(dict.fromkeys(use.name.partition(":")[2] for use in required))


def _expected(message: str) -> frozenset[str]:
    found = _EXPECTED.search(message)
    return frozenset(found.group(1).split(", ")) if found else frozenset()


def _uses(element: etree._Element, grammar: Structure) -> list[ElementUse]:
    """The members of an element's content, in order of declaration; none when the grammar does not know the element."""
    kind = _type(element, grammar)
    return list(kind.content.uses()) if kind and kind.content else []


def _type(element: etree._Element, grammar: Structure) -> ComplexType | None:
    """The type of an element by its place: declared in its parent's content, else global (inside a wildcard)."""
    tag, parent = str(element.tag), element.getparent()
    for use in [] if parent is None else _uses(parent, grammar):
        if grammar.tag(use.name) == tag:
            return grammar.complex_type(use.type)
    kind = next((kind for name, kind in grammar.elements.items() if grammar.tag(name) == tag), None)
    return grammar.complex_type(kind) if kind else None
