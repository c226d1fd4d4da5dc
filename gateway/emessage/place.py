"""How is a place in a message written, so that a person finds it and nothing of the content is told?

A path is made of our own words only: a name that no grammar has may be a person's name or number, and is
written `?`. What is at such a place is then found by its position.
"""

from __future__ import annotations

from functools import cache

from lxml import etree

from gateway.emessage.grammar import STANDARDS, ComplexType, structure
from gateway.errors import Issue, Severity, issue

UNKNOWN = "?"
_INSTANCE = frozenset({"type", "nil", "schemaLocation", "noNamespaceSchemaLocation"})


def path_of(element: etree._Element) -> str:
    """The place of an element by local names, from the root down.

    `Name[n]` counts siblings of that name where there are several; `?[n]` is an element whose name is none of ours, the
    n-th of all elements inside its parent.
    """
    return "/".join(reversed([_step(each) for each in (element, *element.iterancestors())]))


def attribute_step(name: str) -> str:
    """The last step of the path to an attribute (local name): `@V`, or `@?` when the name is none of ours."""
    return f"@{name if name in _attribute_names() else UNKNOWN}"


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    tag = str(element.tag)
    return tag[tag.rfind("}") + 1 :]


def finding(code: str, severity: Severity, element: etree._Element) -> Issue:
    """A finding of the business rules at an element."""
    return issue(code, severity=severity, layer="rules", path=path_of(element), line=element.sourceline)


def _step(element: etree._Element) -> str:
    name, parent = local_name(element), element.getparent()
    known = name in _element_names()
    if parent is None:
        return name if known else UNKNOWN
    if not known:
        return f"{UNKNOWN}[{parent.index(element) + 1}]"
    alike = f"{{*}}{name}"  # in whatever namespace: the path does not say which
    before = sum(1 for _ in element.itersiblings(alike, preceding=True))
    several = before or next(element.itersiblings(alike), None) is not None
    return f"{name}[{before + 1}]" if several else name


@cache
def _element_names() -> frozenset[str]:
    """Local names of all elements of all standards."""
    names = {name for standard in STANDARDS for name in structure(standard).elements}
    names |= {use.name for kind in _contents() if kind.content for use in kind.content.uses()}
    return frozenset(name.partition(":")[2] for name in names)


@cache
def _attribute_names() -> frozenset[str]:
    """Local names of all attributes of all standards, and of those that every XML message may have."""
    return _INSTANCE | {use.name.rpartition(":")[2] for kind in _contents() for use in kind.attributes}


def _contents() -> list[ComplexType]:
    kinds = [kind for standard in STANDARDS for kind in structure(standard).types.values()]
    return [kind for kind in kinds if isinstance(kind, ComplexType)]
