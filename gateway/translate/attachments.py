"""How does the content of an attachment travel?

A base64 container becomes a Binary that the DocumentReference's attachment points to; its text is kept as
it is, line breaks
included, because base64Binary allows them. A Content element without anything in it is marked present.
"""

from __future__ import annotations

from lxml import etree

from gateway.fhir.canonical import PRESENT
from gateway.translate import places
from gateway.translate.codec import Json
from gateway.translate.finding import object_at
from gateway.translate.paths import Path
from gateway.translate.primitives import primitive
from gateway.translate.reading import Reading
from gateway.translate.state import State
from gateway.translate.wording import element

_DATA = primitive("base64Binary", "base64Binary")
_PATH = Path("content[0].attachment", "")


def write(content: etree._Element, document: Json, state: State) -> None:
    """The base64 container of a Content element into a Binary of its own."""
    attachment: Json = places.item(document, "content", 0).setdefault("attachment", {})
    if len(content) == 0:
        attachment.setdefault("extension", []).append({"url": PRESENT, "valueCode": "Content"})
        return
    binary = state.create("Binary", "Binary")
    state.counted.place = content[0], None, "Binary.data", False
    state.counted.wrote(_DATA.write(content[0].text or "", binary, "data"))
    attachment["url"] = state.reference_to(binary)["reference"]


def read(document: Json, reading: Reading) -> str | None:
    """The Content element of a DocumentReference; None if its attachment points to a file outside, or to nothing."""
    attachment = (object_at(document, "content", 0) or {}).get("attachment", {})
    binary = reading.resource_at(attachment.get("url"))
    if binary is not None and binary.get("resourceType") == "Binary":
        reading.used(attachment, "url")
        reading.used(binary, "data")
        container = element("b64:Base64Container", _DATA.read(binary, "data") or "")
        return f"<Content>{container}</Content>"
    if any(
        e.get("url") == PRESENT and e.get("valueCode") == "Content" for e in attachment.get("extension", ())
    ):
        return "<Content/>"
    return None
