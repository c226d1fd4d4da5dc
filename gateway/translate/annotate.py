"""How does a note of the gateway's people get into a message that was translated here?

As the Annotation of its first document, which the receiver's system shows with it; one that is there already is kept.
Only a translation is annotated: what goes out as it was sent stays as it was sent.
"""

from __future__ import annotations

from lxml import etree

from gateway import parsing
from gateway.emessage.write import to_bytes
from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import extension_url

_BEFORE = ("DocumentConnection", "ContentType", "ContentDescription", "ContentCategory", "Consent")
"""What stands before the Annotation in a Document."""


def annotated(data: bytes, format: str, note: str) -> bytes:
    """The message with the note in it. Raises NotTranslatable: it has no document that a note could stand in."""
    return _in_bundle(data, note) if format == "fhir-r4" else _in_message(data, note)


def _in_message(data: bytes, note: str) -> bytes:
    root = parsing.parse_own(data)
    document = root.find("{*}Document")
    if document is None:
        raise NotTranslatable("translate.missing-content", path="MsgHead/Document")
    found = document.find("{*}Annotation")
    if found is None:
        namespace = str(document.tag).rpartition("}")[0] + "}"
        found = etree.Element(f"{namespace}Annotation")
        place = sum(1 for child in document if str(child.tag).removeprefix(namespace) in _BEFORE)
        document.insert(place, found)
    found.text = _joined(found.text, note)
    return to_bytes(root)


def _in_bundle(data: bytes, note: str) -> bytes:
    bundle = fhir_json.read(data)
    kinds = ("Composition", "DocumentReference")
    resources = [entry.get("resource") or {} for entry in bundle.get("entry", ())]
    document = next((r for kind in kinds for r in resources if r.get("resourceType") == kind), None)
    if document is None:
        raise NotTranslatable("translate.missing-content", path="MessageHeader.focus")
    extensions = document.setdefault("extension", [])
    found = next((e for e in extensions if e.get("url") == extension_url("annotation")), None)
    if found is None:
        found = {"url": extension_url("annotation")}
        extensions.append(found)
    found["valueString"] = _joined(found.get("valueString"), note)
    return fhir_json.write(bundle)


def _joined(before: str | None, note: str) -> str:
    return f"{before}\n{note}" if before else note
