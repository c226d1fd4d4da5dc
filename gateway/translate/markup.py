"""How does content of any type travel: text, or text with XHTML in it?

Plain text is a Communication's contentString. With markup it is a contentAttachment: a `div` that stands for the
element and holds what the element held, so that it comes back the same. Other XML has no place in FHIR and is refused.
"""

from __future__ import annotations

import base64
import binascii
import copy
from dataclasses import dataclass

from lxml import etree

from gateway import parsing
from gateway.errors import NotTranslatable
from gateway.translate.codec import Json, Marks, Notes
from gateway.translate.loss import element_path
from gateway.translate.primitives import primitive

XHTML = "http://www.w3.org/1999/xhtml"
_DIV = f"{{{XHTML}}}div"
_MEDIA_TYPE = "application/xhtml+xml"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LARGE = 8_000_000
"""Bytes from which on libxml2 must be told that a text may be large."""
_TEXT = primitive("string", "string")
_DATA = primitive("base64Binary", "base64Binary")


@dataclass(frozen=True)
class Payload:
    """An element with text or XHTML ⇄ a payload."""

    plain: bool
    """Whether the element can hold text only: of markup it gets the text, and the report says what was lost."""

    value_key = ""

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the content in a payload. Raises NotTranslatable for XML that is not XHTML."""
        assert not isinstance(source, str)
        made: Json = {}
        if len(source) == 0 and not _attributes(source):
            notes.wrote(_TEXT.write(source.text or "", made, "contentString"))
        else:
            attachment = made["contentAttachment"] = {"contentType": _MEDIA_TYPE}
            data = base64.b64encode(_division(source)).decode("ascii")
            notes.wrote(_DATA.write(data, attachment, "data"))
        holder[key] = made

    def read(self, holder: Json, key: str, marks: Marks) -> str | etree._Element | None:
        """The text, or an element whose content is the content; None if the payload holds neither."""
        payload = holder.get(key)
        if not isinstance(payload, dict):
            return None
        text = _TEXT.read(payload, "contentString")
        if text is not None:
            marks.used(payload, "contentString")
            return text
        attachment = payload.get("contentAttachment")
        if not isinstance(attachment, dict):
            return None
        division = _parsed(attachment.get("data"))
        if division is None:
            return None
        marks.used(attachment, "data")
        if self.plain:
            return "".join(division.itertext())
        if attachment.get("contentType") == _MEDIA_TYPE:
            marks.used(attachment, "contentType")
        return division


def holds_markup(attachment: Json) -> bool:
    """Whether the data of an attachment is what an element can hold as its content."""
    return _parsed(attachment.get("data")) is not None


def _attributes(element: etree._Element) -> list[str]:
    return [str(name) for name in element.attrib if not str(name).startswith(_INSTANCE)]


def _division(source: etree._Element) -> bytes:
    """The content of the element in a `div` of XHTML."""
    for element in source.iter():
        foreign = any(name.startswith("{") and not name.startswith(_XML) for name in _attributes(element))
        if foreign or (element is not source and not _is_markup(element)):
            raise NotTranslatable("translate.unsupported-content", path=element_path(source))
    made = etree.Element(_DIV, nsmap={None: XHTML})
    made.attrib.update(source.attrib)
    made.text = source.text
    made.extend(copy.deepcopy(child) for child in source)
    etree.strip_attributes(made, _INSTANCE + "*")
    etree.cleanup_namespaces(made)
    return etree.tostring(made, encoding="unicode").encode()


def _parser(content: bytes) -> etree.XMLParser:
    """Takes a text of any size where nothing can expand: a picture inside XHTML is one text."""
    is_large = len(content) > _LARGE and b"<!DOCTYPE" not in content
    return etree.XMLParser(
        encoding="utf-8" if is_large else None,  # so that no other encoding hides a DOCTYPE
        huge_tree=is_large,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )


def _is_markup(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(f"{{{XHTML}}}")


def _parsed(data: object) -> etree._Element | None:
    """The XHTML of an attachment as a `div`; None for anything else."""
    try:
        content = base64.b64decode(data if isinstance(data, str) else "")
        root = parsing.parse(content, _parser(content))
    except (etree.XMLSyntaxError, binascii.Error, ValueError):
        return None
    if root.getroottree().docinfo.internalDTD is not None or not all(map(_is_markup, root.iter())):
        return None
    if root.tag == _DIV:
        return root
    made = etree.Element(_DIV)
    made.append(root)
    return made
