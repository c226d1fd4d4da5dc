"""When are two XML messages the same message, so that the second is a duplicate and not another content?

The digest covers every element, attribute and text. Left out is what carries nothing a receiver reads:

- comments and processing instructions (the reader drops them already) and a ds:Signature of the envelope: a resent
  message may be signed anew;
- the order of attributes, xsi:schemaLocation, and namespaces that are declared but not used;
- white space between elements, because taking out a signature or a comment leaves some behind, and because software
  that indents on the way changes nothing a clinician reads;
- namespace prefixes: an integration engine on the way often rewrites them, and a sender whose repeated message were
  refused as "other content" for that could do nothing about it. A name is its namespace and local name. Only values
  of xsi:type hold a prefix; it is resolved.

Plain C14N is not used, as it depends on prefixes and needs the square of the number of namespace declarations.
"""

from __future__ import annotations

import hashlib

from lxml import etree

from gateway.emessage.read import MSGHEAD, EMessage

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_LOCATIONS = (
    "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
)
_BLANK = " \t\r\n"


def digest(message: EMessage) -> str:
    """SHA-256 (hex) over the content of a message: equal for equal content, whatever the spelling."""
    parts = _parts(message.root)
    return hashlib.sha256("\x00".join(parts).encode("utf-8")).hexdigest()


def _parts(root: etree._Element) -> list[str]:
    """Marks, names and values in document order; the mark says what follows, so no two contents share a list."""
    parts: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        signature = element.tag == _SIGNATURE and _is_envelope(element.getparent())
        if event == "start" and signature:
            walk.skip_subtree()
        elif event == "start":
            parts += (
                "<",
                str(element.tag),
                *_attributes(element),
                *_text(element.text, leaf=len(element) == 0),
            )
        else:
            parts += () if signature else (">",)
            parts += () if element is root else _text(element.tail, leaf=False)
    return parts


def _is_envelope(element: etree._Element | None) -> bool:
    return element is not None and element.tag == f"{{{MSGHEAD}}}MsgHead"


def _attributes(element: etree._Element) -> list[str]:
    parts: list[str] = []
    for name, value in sorted(element.attrib.items()):
        if name not in _LOCATIONS:
            parts += ("@", str(name), _resolved(element, value) if name == _TYPE else value)
    return parts


def _resolved(element: etree._Element, name: str) -> str:
    prefix, colon, local = name.strip(_BLANK).rpartition(":")
    return f"{{{element.nsmap.get(prefix if colon else None, '')}}}{local}"


def _text(text: str | None, *, leaf: bool) -> tuple[str, ...]:
    """The text as it is; in an element that has elements, white space alone is none."""
    return ("=", text) if text and (leaf or text.strip(_BLANK)) else ()
