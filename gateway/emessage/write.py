"""How does an element tree become the bytes of a message?

Always UTF-8: two element names of the care messages hold a Norwegian letter (`Formål`, `Funksjonsområde`), which
libxml2 cannot write in a narrower encoding.
"""

from __future__ import annotations

from lxml import etree


def to_bytes(root: etree._Element) -> bytes:
    """The message as UTF-8 with an XML declaration; no white space is added."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
