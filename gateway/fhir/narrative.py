"""Is the XHTML of a narrative harmless and well-formed?

R4 allows the basic formatting elements of HTML 4 in one ``div``: no scripts, forms, frames, event handlers, and no
document type or entities. Pictures that a reader's browser would fetch from elsewhere are legal in R4 but tell a
stranger who reads when: they are a warning, and no page of ours shows them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from gateway import parsing
from gateway.fhir.problem import Problem, Problems, Walk, only

NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
_PREFIX: Final = f"{{{NAMESPACE}}}"
_DIV: Final = _PREFIX + "div"
MAX_NARRATIVE: Final = 1024 * 1024
"""Characters; more is refused unread."""

_ELEMENT_NAMES: Final = """
    a abbr acronym address b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr
    i img kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var"""
_ATTRIBUTE_NAMES: Final = """
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset
    cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel
    rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace width"""
ELEMENTS: Final = frozenset(_ELEMENT_NAMES.split())
ATTRIBUTES: Final = frozenset(_ATTRIBUTE_NAMES.split())
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_XML_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_RUNS_CODE: Final = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_PICTURE_INSIDE: Final = re.compile(r"\s*data:\s*image/(?:png|jpeg|gif)\s*;", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:|[/\\]{2})")
_STYLE_RUNS_CODE: Final = re.compile(
    r"expression\s*\(|@import|behavior\s*:|-moz-binding|javascript\s*:|\\", re.IGNORECASE
)
_STYLE_ADDRESS: Final = re.compile(r"url\(\s*['\"]?([^)]*)", re.IGNORECASE)


def check_xhtml(value: Any, walk: Walk) -> Problems:
    """The div of a narrative: well-formed, allowed elements and attributes only, not empty."""
    if value.__class__ is not str:
        return only("fhir.too-many" if value.__class__ is list else "fhir.wrong-type")
    root = _parse(value) if len(value) <= MAX_NARRATIVE else None
    if root is None or root.tag != _DIV or not _has_content(root):
        return only("fhir.bad-narrative")
    elements = [element for element in root.iter() if not isinstance(element, etree._Comment)]
    if not all(_is_allowed(element) for element in elements):
        return only("fhir.bad-narrative")
    if any(_fetches(element) for element in elements):
        return [Problem("fhir.narrative-fetches", severity="warning")]
    return None


def _parse(text: str) -> etree._Element | None:
    """The root, or None when it is not well-formed or declares a document type."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return parsing.parse(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _has_content(root: etree._Element) -> bool:
    """Some text, or a picture (txt-2)."""
    return root.find(f".//{_PREFIX}img") is not None or any(text.strip() for text in root.itertext(tag="*"))


def _is_allowed(element: etree._Element) -> bool:
    tag = element.tag
    if not isinstance(tag, str) or not tag.startswith(_PREFIX) or tag[len(_PREFIX) :] not in ELEMENTS:
        return False
    return all(_is_allowed_attribute(str(name), str(value)) for name, value in element.items())


def _is_allowed_attribute(name: str, value: str) -> bool:
    if name in (_XML_LANG, _XML_SPACE):
        return True
    if name in ("href", "cite", "longdesc", "src"):
        address = "".join(value.split())  # as browsers read it
        return _RUNS_CODE.match(address) is None or (
            name == "src" and _PICTURE_INSIDE.match(address) is not None
        )
    return name in ATTRIBUTES and (name != "style" or _STYLE_RUNS_CODE.search(value) is None)


def _fetches(element: etree._Element) -> bool:
    """Whether showing the element makes a browser ask another host."""
    addresses = [str(element.get("src", "")), *_STYLE_ADDRESS.findall(str(element.get("style", "")))]
    return any(_ELSEWHERE.match(address) and not _PICTURE_INSIDE.match(address) for address in addresses)
