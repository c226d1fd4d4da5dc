"""Is the XHTML of a narrative harmless and well-formed?

R4 allows the basic formatting elements of HTML 4 in one ``div``: no scripts, forms, frames, event handlers, and no document
type or entities. We also allow no reference that a reader's browser would fetch from elsewhere: links and pictures point
into the resource (``#…``, ``data:image/…``), and links may name an http(s) address that a person chooses to follow.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from gateway.fhir.problem import Problems, Walk, only

NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
_PREFIX: Final = f"{{{NAMESPACE}}}"
_DIV: Final = _PREFIX + "div"

ELEMENTS: Final = frozenset(
    "a abbr acronym address b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i"
    " img kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var".split()
)
ATTRIBUTES: Final = frozenset(
    "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite"
    " class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev"
    " rowspan rules scope shape span src start style summary tabindex title type valign value vspace width".split()
)
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_XML_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_ADDRESS: Final = re.compile(r"#|https?://|mailto:|tel:|(?!/)[\w\-./]+(?:#|$)", re.ASCII)
_PICTURE: Final = re.compile(r"#|(?!/)[\w\-./]+$|data:image/(?:png|jpeg|gif);base64,", re.ASCII)
_STYLE_FETCHES: Final = re.compile(r"url\s*\(|expression|@import|behavior|javascript:|\\", re.IGNORECASE)


def check_xhtml(value: Any, walk: Walk) -> Problems:
    """The div of a narrative: well-formed, allowed elements and attributes only, not empty."""
    if value.__class__ is not str:
        return only("fhir.too-many" if value.__class__ is list else "fhir.wrong-type")
    return None if _is_allowed(value) else only("fhir.bad-narrative")


def _is_allowed(text: str) -> bool:
    root = _parse(text)
    if root is None or root.tag != _DIV:
        return False
    has_content = False
    for element in root.iter():
        if element.tag is etree.Comment:
            has_content = has_content or bool((element.tail or "").strip())
            continue
        if not isinstance(element.tag, str) or not _is_allowed_element(element):
            return False
        own_text = element.text if element is root else f"{element.text or ''}{element.tail or ''}"
        has_content = has_content or element.tag == _PREFIX + "img" or bool((own_text or "").strip())
    return has_content


def _parse(text: str) -> etree._Element | None:
    """The root, or None when it is not well-formed or declares a document type."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _is_allowed_element(element: etree._Element) -> bool:
    tag = str(element.tag)
    if not tag.startswith(_PREFIX) or tag[len(_PREFIX) :] not in ELEMENTS:
        return False
    return all(_is_allowed_attribute(tag[len(_PREFIX) :], str(name), str(value)) for name, value in element.items())


def _is_allowed_attribute(tag: str, name: str, value: str) -> bool:
    if name in (_XML_LANG, _XML_SPACE):
        return True
    if name not in ATTRIBUTES:
        return False
    if name in ("href", "cite", "longdesc"):
        return _ADDRESS.match(value) is not None
    if name == "src":
        return tag == "img" and _PICTURE.match(value) is not None
    return name != "style" or _STYLE_FETCHES.search(value) is None
