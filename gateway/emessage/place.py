"""How is a place in a message written, so that a person finds it and nothing of the content is told?"""

from __future__ import annotations

import re

from lxml import etree

from gateway.errors import Issue, Severity, issue

_TELLING = re.compile(r"\d{4}")


def path_of(element: etree._Element) -> str:
    """The place of an element by local names; `[n]` counts equal siblings where there are several."""
    return "/".join(reversed([_step(each) for each in (element, *element.iterancestors())]))


def safe_name(name: str) -> str:
    """The name, or `?` when it is so odd that it could carry content (an identity number, a text)."""
    return "?" if len(name) > 64 or _TELLING.search(name) else name


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def _step(element: etree._Element) -> str:
    name = safe_name(local_name(element))
    parent = element.getparent()
    alike = [] if parent is None else list(parent.iterchildren(etree.QName(element)))
    return f"{name}[{alike.index(element) + 1}]" if len(alike) > 1 else name


def finding(code: str, severity: Severity, element: etree._Element) -> Issue:
    """A finding of the business rules at an element."""
    return issue(code, severity=severity, layer="rules", path=path_of(element), line=element.sourceline)
