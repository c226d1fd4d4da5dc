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
from copy import deepcopy

from lxml import etree

from gateway.emessage.read import MSGHEAD, EMessage

_ENVELOPE = f"{{{MSGHEAD}}}MsgHead"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TYPE = f"{_XSI}type"
_INSTANCE = frozenset({_TYPE, f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})
_BLANK = " \t\r\n"


def digest(message: EMessage) -> str:
    """SHA-256 (hex) over the content of a message: equal for equal content, whatever the spelling."""
    return hashlib.sha256("\x00".join(_parts(message.root)).encode("utf-8")).hexdigest()


def _parts(root: etree._Element) -> list[str]:
    """Names and values in document order.

    An element is its tag, `#` how many elements it has, `@` name and value for each attribute, `=` text, `~` the text
    after it. As no tag starts with such a mark and no value holds the NUL between the parts, no two contents share a
    list.
    """
    parts: list[str] = []
    add = parts.append
    for element in _without_signature(root).iter():
        children, text, tail = len(element), element.text, element.tail
        add(str(element.tag))
        if children:
            add(f"#{children}")
        if attributes := element.items():
            attributes.sort()
            for name, value in attributes:
                if name not in _INSTANCE:
                    add(f"@{name}\x00{value}")
                elif name == _TYPE:
                    add(f"@{name}\x00{_resolved(element, value)}")
        if text and (not children or text.strip(_BLANK)):
            add(f"={text}")
        if tail and tail.strip(_BLANK):
            add(f"~{tail}")
    return parts


def _without_signature(root: etree._Element) -> etree._Element:
    if root.tag != _ENVELOPE or root.find(_SIGNATURE) is None:
        return root
    copied = deepcopy(root)
    for signature in copied.findall(_SIGNATURE):
        copied.remove(signature)
    return copied


def _resolved(element: etree._Element, name: str) -> str:
    prefix, colon, local = name.strip(_BLANK).rpartition(":")
    return f"{{{element.nsmap.get(prefix if colon else None, '')}}}{local}"
