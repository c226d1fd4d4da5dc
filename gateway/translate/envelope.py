"""How does a whole message become a message Bundle, and a Bundle a message?

The envelope (MsgInfo) is mapped by its definition; this module adds what is more than one rule: the ids, the documents
(a known body becomes a Composition, anything else a DocumentReference, in the order of MessageHeader.focus) and what
R4 demands.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from gateway.emessage.grammar import STANDARDS
from gateway.emessage.read import EMessage
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import BASE, own_code_system, profile_url
from gateway.translate import documents, processing
from gateway.translate.codec import Json
from gateway.translate.compiler import Mapping, mapping
from gateway.translate.identity import MESSAGE_ID_SYSTEM, UUID, without_address
from gateway.translate.reading import Reading
from gateway.translate.required import complete, is_absent
from gateway.translate.state import State, derived_id
from gateway.translate.whom import is_about, patient_of

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
MESSAGE_ID = f"{BASE}/NamingSystem/message-id"
STANDARD = own_code_system("e-message-standard")
TRANSLATED = {"system": own_code_system("origin"), "code": "translated-from-e-message"}
"""Tag of a Bundle that the gateway made of an e-message; content born in FHIR does not have it. Beside it stands the
e-message's standard, in the code system `STANDARD`."""


def to_bundle(message: EMessage) -> tuple[Json, State]:
    """The message Bundle of a message in a MsgHead, and the state with what was written how.

    Raises NotTranslatable for a body without grammar or mapping.
    """
    bound = mapping(message.standard)
    info = message.root[0]
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "message",
        "meta": origin_of(message.standard),
        "entry": [],
    }
    message_id = _message_id(info)
    state = State(bundle, (_sender_her_id(info), message_id))
    bundle["id"] = state.derived_id("Bundle")
    header = message_header(state, message_id)
    bound.writer("MsgInfo", "mh:MsgInfo")(info, bundle, state)
    set_message_header(bundle, state)
    processing.label(bundle, header)
    header["focus"] = documents.write(message.root, bound, state)
    complete(state)
    claim(header, "somlos-message-header")
    order = ("resourceType", "id", "meta", "identifier", "type", "timestamp", "_timestamp", "entry")
    return {key: bundle[key] for key in order if key in bundle}, state


def origin_of(standard: str) -> Json:
    """Bundle.meta: the profile it meets; that the gateway made it, of an e-message of that standard."""
    tags = [dict(TRANSLATED), {"system": STANDARD, "code": standard}]
    return {"profile": [profile_url("somlos-message")], "tag": tags}


def claim(header: Json, profile: str) -> None:
    """States the profile that the MessageHeader meets; without a message type (DN alone) it meets none."""
    event = header.get("eventCoding", {})
    if "system" in event and ("code" in event or "_code" in event):
        header["meta"] = {"profile": [profile_url(profile)]}


def _message_id(info: etree._Element) -> str:
    for stated in info.iterchildren("{*}MsgId"):
        return (stated.text or "").strip()
    return ""


def _sender_her_id(info: etree._Element) -> str:
    found = ""
    for sender in info.iterchildren("{*}Sender"):
        for ident in sender.iter("{*}Ident"):
            said = {str(part.tag).rpartition("}")[2]: part for part in reversed(ident)}
            if "TypeId" in said and said["TypeId"].get("V") == "HER":
                found = (said["Id"].text or "").strip() if "Id" in said else ""
    return found


def is_translated(bundle: Json) -> bool:
    """Whether the gateway made the Bundle of an e-message."""
    return TRANSLATED in _tags(bundle)


def standard_of(bundle: Json) -> str | None:
    """The standard of the e-message that the Bundle was made of; None for a Bundle born in FHIR."""
    found = next((tag.get("code") for tag in _tags(bundle) if tag.get("system") == STANDARD), None)
    return found if found in STANDARDS else None


def _tags(bundle: Json) -> list[Json]:
    tags = bundle.get("meta", {}).get("tag", ())
    return [tag for tag in tags if isinstance(tag, dict)]


def derived_header_id(info: etree._Element) -> str | None:
    """The id of the MessageHeader of a message (MsgInfo) whose MsgId is no FHIR id; None: its id is the MsgId."""
    message_id = _message_id(info)
    if _FHIR_ID.fullmatch(message_id):
        return None
    return derived_id(_sender_her_id(info), message_id, "MessageHeader")


def message_header(state: State, message_id: str) -> Json:
    """The MessageHeader, first in the Bundle: its id is the MsgId where that is a FHIR id (DESIGN §4.3)."""
    derived = state.derived_id("MessageHeader")
    identifier = message_id if _FHIR_ID.fullmatch(message_id) else derived
    url = f"urn:uuid:{message_id.lower() if UUID.fullmatch(message_id) else derived}"
    header: Json = {"resourceType": "MessageHeader", "id": identifier}
    state.add(header, url)
    state.singletons["MessageHeader"] = header
    return header


def set_message_header(bundle: Json, state: State) -> None:
    """Says what kind of identifier the message id is: a UUID is written as an address, anything else under
    our own name."""
    identifier = bundle.get("identifier")
    if identifier and "value" in identifier:
        uuid = UUID.fullmatch(identifier["value"])
        identifier["system"] = MESSAGE_ID_SYSTEM if uuid else MESSAGE_ID
        identifier["value"] = f"urn:uuid:{identifier['value']}" if uuid else identifier["value"]


def from_bundle(bundle: Json, standard: str) -> Reading:
    """The reading of a message Bundle, with the text of MsgHead in a PLO version.

    Raises NotTranslatable with the FHIR path of content that PLO demands and the Bundle lacks.
    """
    bound = mapping(standard)
    bundle = {**bundle, "identifier": message_identifier(bundle)}
    reading = Reading(
        bundle, _key(bundle), born_in_fhir=not is_translated(bundle), has_fillers=is_translated(bundle)
    )
    header = _first(bundle, "MessageHeader")
    reading.singletons["MessageHeader"] = header
    focus = [r for r in map(reading.follow, header.get("focus", ())) if r is not None]
    _find_singletons(reading, header, focus)
    _read_info(bound, reading)
    begin = len(reading.out)
    documents.read(focus, bound, reading)
    if len(reading.out) == begin:
        raise NotTranslatable("translate.missing-content", path="MessageHeader.focus")
    reading.refuse_what_is_missing()
    return reading


def message_identifier(bundle: Json) -> Json:
    """Bundle.identifier with the MsgId as the e-message writes it; the MessageHeader's id where the Bundle has none."""
    identifier = dict(bundle.get("identifier") or {})
    if isinstance(identifier.get("value"), str):
        identifier["value"] = without_address(identifier)
    elif "_value" not in identifier:
        identifier["value"] = _first(bundle, "MessageHeader").get("id") or bundle.get("id")
    return identifier


def _key(bundle: Json) -> tuple[str, str]:
    return ("", str(bundle["identifier"].get("value")))


def _first(bundle: Json, resource_type: str) -> Json:
    for entry in bundle.get("entry", ()):
        if entry.get("resource", {}).get("resourceType") == resource_type:
            return entry["resource"]  # type: ignore[no-any-return]
    raise NotTranslatable("fhir.no-message-header")


def _find_singletons(reading: Reading, header: Json, focus: list[Json]) -> None:
    """The patient, stay and provenance of the message: those of its first body, or a patient in focus."""
    several = any(resource.get("resourceType") == "List" for resource in focus)

    def follow(reference: Any) -> Json | None:
        return reading.resource_at(reference and reference.get("reference"))

    patient = patient_of(focus, follow)
    if patient is not None:
        reading.singletons["Patient"] = patient
    for entry in reading.bundle.get("entry", ()):
        resource: Any = entry.get("resource", {})
        kind = resource.get("resourceType")
        is_stay = kind == "Encounter" and is_about(resource, patient or {}, follow)
        if (kind == "Patient" or is_stay) and not several:
            reading.singletons.setdefault(kind, resource)
        elif kind == "Provenance":
            reading.provenances.append(resource)
            targets = [t.get("reference") for t in resource.get("target", ()) if isinstance(t, dict)]
            if reading.url_of(header) in targets or f"MessageHeader/{header.get('id')}" in targets:
                reading.singletons.setdefault(kind, resource)


def _read_info(bound: Mapping, reading: Reading) -> None:
    patient = reading.singletons.get("Patient")
    if patient is not None and is_absent(patient):
        del reading.singletons["Patient"]
    reading.out.append("<MsgInfo>")
    bound.reader("MsgInfo", "mh:MsgInfo")(reading.bundle, reading)
    reading.out.append("</MsgInfo>")
    if patient is not None:
        reading.singletons["Patient"] = patient
