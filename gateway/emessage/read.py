"""What is this input: which standard, which body, or why can it not be read?

Reading is bounded before it is clever: size, encoding, a DOCTYPE and the amount of markup are judged on the
bytes, so that libxml2 never sees what could make it expand, fetch or fill the memory. Depth, attributes of
one element and what the root is are judged on the tree. Whatever is wrong leaves as `Unreadable` with a
code of the catalogue; libxml2's own words never do.

Comments and processing instructions are dropped while parsing, so `foo<!-- -->bar` is the one text `foobar`.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache

from lxml import etree

from gateway import parsing
from gateway.emessage.grammar import PLO_BODIES, STANDARDS, structure
from gateway.errors import Unreadable

MAX_BYTES = 35 * 1024 * 1024
"""Largest input read, in bytes (the national limit for a message is about 35 MB)."""
MAX_MARKUP = 1_000_000
"""Most `<` and, apart, most `=` in an input: bounds elements and attributes, and with them memory (some 250
MB)."""
MAX_DEPTH = 256
"""Deepest element read; the root is at depth 1: libxml2's own bound. No valid message is deeper than some forty."""
MAX_ATTRIBUTES = 64
"""Most attributes of one element."""

ENCODINGS = {
    codecs.lookup(name).name: name
    for name in (
        "utf-8",
        "iso-8859-1",
        "iso-8859-15",
        "windows-1252",
        "us-ascii",
        "utf-16",
        "utf-16le",
        "utf-16be",
    )
}
"""Python's name of each encoding that is read → the name libxml2 knows it by."""
MSGHEAD = "http://www.kith.no/xmlstds/msghead/2006-05-24"
_FHIR = "http://hl7.org/fhir"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NO_BOM = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, b"<\x00\x00\x00", b"\x00\x00\x00<")
_DECLARED = re.compile(r"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_DECLARATION = 1024  # bytes in which an XML declaration must end
_SPACE = re.compile(rb"[ \t\r\n]*")
_HUGE = 3 * 1024 * 1024
"""From this size on libxml2's own bounds are lifted: an attachment is one text of 10 MB and more, and a text in
windows-1252 can be three times as long in UTF-8, where libxml2 counts."""
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_TOO_WIDE = etree.XPath(f"boolean(descendant-or-self::*/@*[{MAX_ATTRIBUTES + 1}])")
_CONTENTS, _CONTENTS_OF_REPORTS = (
    etree.XPath(f"{where}mh:Document/mh:RefDoc/mh:Content/*", namespaces={"mh": MSGHEAD})
    for where in ("", "mh:PatientReport/")
)
_RESOURCE_LIMIT = 114  # XML_ERR_RESOURCE_LIMIT: libxml2's own bounds, behind ours


@dataclass(frozen=True)
class EMessage:
    """A message or receipt as it was read: the tree and what it is."""

    root: etree._Element = field(repr=False)
    standard: str
    """plo-1.6, plo-1.5, dialog-1.0, dialog-1.1, apprec-1.0, apprec-1.1; msghead for a body without grammar
    here."""
    body: etree._Element | None = field(repr=False)
    """The element of the (first) known body; for msghead the first content of a document, if any; None for
    a receipt."""
    size: int
    """Length of the input in bytes."""
    tags: int = MAX_MARKUP
    """At least as many as it has elements."""


def read(data: bytes) -> EMessage:
    """The message in `data`; Unreadable (xml.*) when it is none. No schema is asked yet."""
    _bound(data)
    encoding = _encoding(data)
    if encoding.startswith("utf-16"):
        text, encoding = _as_utf8(data, encoding), "utf-8"
    else:
        text = data
    _refuse_markup(text)
    return _classified(_parse(text, ENCODINGS[encoding]), len(data), text.count(b"<"))


def _bound(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise Unreadable("xml.too-large", details={"bytes": len(data), "limit": MAX_BYTES})
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("xml.empty-input", details={"bytes": len(data)})


def _encoding(data: bytes) -> str:
    """The Python name of the encoding, from byte order mark or declaration; Unreadable when it is not on the list.

    libxml2 is told this encoding, so that it cannot take the bytes for another one than we have looked at.
    """
    if data.startswith(_UTF_32):
        raise Unreadable("xml.encoding-not-accepted", line=1)
    found = next((name for mark, name in (*_BOMS, *_NO_BOM) if data.startswith(mark)), None)
    head = data[:_DECLARATION].decode(found or "latin-1", "replace").removeprefix("\ufeff")
    declared = _DECLARED.match(head)
    name = declared.group(1) if declared else "utf-8"
    listed = _listed(name)
    if listed not in ENCODINGS or (head.startswith("<?xml ") and "?>" not in head):
        raise Unreadable("xml.encoding-not-accepted", line=1)
    return found or listed


@lru_cache(maxsize=64)
def _listed(name: str) -> str:
    """The Python name of an encoding that libxml2 knows by this name too; empty when one of them does not know it.

    What goes on as it came is read by others: not everybody knows `utf_8`.
    """
    try:
        etree.XMLParser(encoding=name)
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _as_utf8(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode("utf-8")
    except UnicodeError:
        raise Unreadable("xml.not-well-formed", line=1) from None


def _refuse_markup(data: bytes) -> None:
    """Refuse a DOCTYPE and more markup than we hold; `data` is in an encoding that extends ASCII."""
    if _has_doctype(data):
        raise Unreadable("xml.doctype")
    if len(data) > MAX_MARKUP and max(data.count(b"<"), data.count(b"=")) > MAX_MARKUP:
        raise Unreadable("xml.too-complex", details={"bytes": len(data), "limit": MAX_MARKUP})


def _has_doctype(data: bytes) -> bool:
    """Whether a DOCTYPE stands before the root element (the only place where XML has one)."""
    at = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    while True:
        space = _SPACE.match(data, at)
        at = space.end() if space else at
        if data.startswith(b"<!--", at):
            end, length = data.find(b"-->", at + 4), 3
        elif data.startswith(b"<?", at):
            end, length = data.find(b"?>", at + 2), 2
        else:
            return data.startswith(b"<!DOCTYPE", at)
        if end < 0:
            return False
        at = end + length


def _parse(data: bytes, encoding: str) -> etree._Element:
    """The tree; `encoding` overrides what the input declares."""
    parser = etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=len(data) > _HUGE,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = parsing.parse(data, parser)
    except etree.XMLSyntaxError as error:
        code = "xml.too-deep" if error.code == _RESOURCE_LIMIT else "xml.not-well-formed"
        raise Unreadable(code, line=error.lineno or None) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("xml.doctype")
    if len(data) > _HUGE and _TOO_DEEP(root):
        raise Unreadable("xml.too-deep", details={"limit": MAX_DEPTH})
    if _TOO_WIDE(root):
        raise Unreadable("xml.too-complex", details={"limit": MAX_ATTRIBUTES})
    return root


@cache
def _bodies() -> dict[str, str]:
    """Namespace of a body → the standard whose grammar holds it."""
    return {
        structure(standard).namespaces[prefix]: standard
        for standard, (_, prefixes) in STANDARDS.items()
        for prefix in prefixes
        if prefix in (*PLO_BODIES, "dia")
    }


@cache
def _receipts() -> dict[str, str]:
    """Root tag of a receipt → its standard."""
    return {structure(name).tag("ar:AppRec"): name for name in STANDARDS if name.startswith("apprec")}


def _classified(root: etree._Element, size: int, tags: int) -> EMessage:
    """The message by its root, and for an envelope by the first body whose namespace has a grammar."""
    if root.tag in _receipts():
        return EMessage(root, _receipts()[root.tag], None, size, tags)
    if root.tag != f"{{{MSGHEAD}}}MsgHead":
        fhir = str(root.tag).startswith(f"{{{_FHIR}}}")
        raise Unreadable("xml.fhir-as-xml" if fhir else "xml.not-a-message", line=root.sourceline)
    contents = list(contents_of(root))
    for element in contents:
        standard = _bodies().get(etree.QName(element).namespace or "")
        if standard:
            return EMessage(root, standard, element, size, tags)
    return EMessage(root, "msghead", contents[0] if contents else None, size, tags)


def code_of(element: etree._Element) -> str:
    """The code (V) of an element, with the white space that its type (token) does not count left out; empty when it has
    none."""
    return " ".join(element.get("V", "").split())


def contents_of(root: etree._Element) -> list[etree._Element]:
    """The content elements of the documents of an envelope, in order; attachments are among them."""
    found: list[etree._Element] = _CONTENTS(root)
    found += _CONTENTS_OF_REPORTS(root)
    return found
