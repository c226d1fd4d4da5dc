"""How does a whole message become a message Bundle, and a Bundle a message?

The envelope (MsgInfo) is mapped by its definition; this module adds what is more than one rule: the ids, the documents
(a known body becomes a Composition, anything else a DocumentReference, in the order of MessageHeader.focus) and what
R4 demands.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from gateway.emessage.grammar import PLO_BODIES
from gateway.emessage.read import EMessage
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import BASE, component_system, own_code_system
from gateway.translate import attachments
from gateway.translate.compiler import Mapping, mapping
from gateway.translate.content import Place
from gateway.translate.paths import Json
from gateway.translate.required import complete, is_absent, is_filler
from gateway.translate.state import State, derived_id

UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
MESSAGE_ID_SYSTEM = "urn:ietf:rfc:3986"
MESSAGE_ID = f"{BASE}/NamingSystem/message-id"
_STATUS_OF_COMPOSITION = {"N": "final", "M": "amended", "A": "amended", "C": "entered-in-error"}
_ROLE_OF_PARENT = {"M": "revision", "A": "derivation", "C": "removal"}
_STATUS_OF_STAY = {
    "MeldingInnlagtPasient": "in-progress",
    "MeldingUtskrivningsklarPasient": "in-progress",
    "AvmeldingUtskrivningsklarPasient": "in-progress",
    "MeldingOmUtskrevetPasient": "finished",
    "OrienteringOmDod": "finished",
}
_INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
TRANSLATED = {"system": own_code_system("origin"), "code": "translated-from-e-message"}
"""Tag of a Bundle that the gateway made of an e-message; content born in FHIR does not have it."""


def definition_of(body: str) -> str:
    """The definition that maps a body element (`prefix:Name`)."""
    return "Logistikk" if body.startswith("p1:") else "Body"


def to_bundle(message: EMessage) -> tuple[Json, State]:
    """The message Bundle of a PLO message (any version), and the state with what was written how.

    Raises NotTranslatable for a body without grammar or mapping.
    """
    if not message.standard.startswith("plo-"):
        raise NotTranslatable("translate.no-grammar")
    bound = mapping(message.standard)
    info = message.root[0]
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "message",
        "meta": {"tag": [dict(TRANSLATED)]},
        "entry": [],
    }
    message_id = (info.findtext("{*}MsgId") or "").strip()
    state = State(bundle, (_sender_her_id(info), message_id))
    bundle["id"] = derived_id(*state.key, "Bundle")
    header = message_header(state, message_id)
    bound.content("MsgInfo", "mh:MsgInfo").write(info, Place(bundle), state)
    set_message_header(bundle, state)
    if message.root.find("{*}PatientReport") is not None:
        raise NotTranslatable("translate.unsupported-content", path="MsgHead/PatientReport")
    documents = [
        _document(document, bound, state) for document in message.root if _name(document) == "Document"
    ]
    header["focus"] = [state.reference_to(resource) for resource in documents]
    header["focus"] += [document["encounter"] for document in documents if "encounter" in document]
    complete(state)
    order = ("resourceType", "id", "meta", "identifier", "type", "timestamp", "_timestamp", "entry")
    return {key: bundle[key] for key in order if key in bundle}, state


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _sender_her_id(info: etree._Element) -> str:
    found = info.findall("{*}Sender//{*}Ident")
    ids = [
        i.findtext("{*}Id") or ""
        for i in found
        if (t := i.find("{*}TypeId")) is not None and t.get("V") == "HER"
    ]
    return ids[-1].strip() if ids else ""


def message_header(state: State, message_id: str) -> Json:
    """The MessageHeader, first in the Bundle: its id is the MsgId where that is a FHIR id (DESIGN §4.3)."""
    derived = derived_id(*state.key, "MessageHeader")
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


def _document(document: etree._Element, bound: Mapping, state: State) -> Json:
    """A Document: a Composition where its body is known, else a DocumentReference with its attachment."""
    found = _known_body(document, bound)
    if found is None:
        reference = state.create("DocumentReference", "DocumentReference")
        bound.content("DocumentReference", "mh:Document").write(document, Place(reference), state)
        content = document.find("{*}RefDoc/{*}Content")
        if content is not None:
            attachments.write(content, reference, state)
        return reference
    body, name = found
    message_level = _set_aside(state) if "Composition" in state.singletons else {}
    composition = state.singletons["Composition"] = state.create("Composition", "Composition")
    bound.content("Composition", "mh:Document").write(document, Place(composition), state)
    composition["type"] = {"coding": [{"system": component_system(), "code": name.partition(":")[2]}]}
    bound.content(definition_of(name), name).write(body, Place(composition, composition), state)
    _composition_status(composition, body)
    _encounter(composition, body, state)
    _provenance(state)
    if message_level:
        _of_this_document(composition, state)
        state.singletons.update(message_level)
    return composition


_OF_THE_FIRST_BODY = ("Patient", "Provenance", "Encounter")


def _set_aside(state: State) -> dict[str, Json]:
    """A second body has a patient, a provenance and a stay of its own; those of the message stand aside meanwhile."""
    return {kind: state.singletons.pop(kind) for kind in _OF_THE_FIRST_BODY if kind in state.singletons} or {
        "": {}
    }


def _of_this_document(composition: Json, state: State) -> None:
    patient, provenance = state.singletons.pop("Patient", None), state.singletons.pop("Provenance", None)
    state.singletons.pop("Encounter", None)
    if patient is not None:
        composition["subject"] = state.reference_to(patient)
    if provenance is not None:
        provenance["target"] = [state.reference_to(composition)]


def _known_body(document: etree._Element, bound: Mapping) -> tuple[etree._Element, str] | None:
    content = document.find("{*}RefDoc/{*}Content")
    if content is None:
        return None
    names = {
        bound.structure.tag(name): name
        for name in bound.structure.elements
        if name.partition(":")[0] in PLO_BODIES
    }
    for child in content:
        if _name(child) == "Base64Container":
            return None
        if len(content) > 1 or str(child.tag) not in names:
            raise NotTranslatable("translate.no-grammar")
        return child, names[str(child.tag)]
    return None


def _composition_status(composition: Json, body: etree._Element) -> None:
    sent = body.find("{*}InformasjonOmForsendelsen/{*}Forsendelsesstatus")
    status = _STATUS_OF_COMPOSITION.get(sent.get("V", "") if sent is not None else "")
    if status:
        composition["status"] = status


def _encounter(composition: Json, body: etree._Element, state: State) -> None:
    """A logistics message is about a stay: its Encounter is there whatever the message says of it."""
    kinds = [_name(child) for child in body] if _name(body) == "Pasientlogistikk" else []
    kind = next((name for name in kinds if name in _STATUS_OF_STAY), None)
    if kind is None:
        return
    encounter = state.the("Encounter", create=True)
    assert encounter is not None
    cancelled = composition.get("status") == "entered-in-error"
    encounter["status"] = "entered-in-error" if cancelled else _STATUS_OF_STAY[kind]
    encounter["class"] = dict(_INPATIENT)
    composition["encounter"] = state.reference_to(encounter)


def _provenance(state: State) -> None:
    provenance = state.singletons.get("Provenance")
    if provenance and "entity" in provenance:
        codings = provenance.get("activity", {}).get("coding", [{}])
        role = _ROLE_OF_PARENT.get(str(codings[0].get("code")))
        if role:
            provenance["entity"][0]["role"] = role


def from_bundle(bundle: Json, standard: str) -> tuple[etree._Element, State]:
    """The MsgHead of a message Bundle in a PLO version, and the state with what was read.

    Raises NotTranslatable with the FHIR path of content that PLO demands and the Bundle lacks.
    """
    bound = mapping(standard)
    bundle = {**bundle, "identifier": message_identifier(bundle)}
    born = not any(tag.get("code") == TRANSLATED["code"] for tag in bundle.get("meta", {}).get("tag", ()))
    state = State(bundle, _key(bundle), born_in_fhir=born)
    header = _first(bundle, "MessageHeader")
    state.is_filler = is_filler
    state.singletons["MessageHeader"] = header
    focus = [state.follow(reference) for reference in header.get("focus", ())]
    state.first_body = next(
        (r for r in focus if r is not None and r.get("resourceType") == "Composition"), None
    )
    _find_singletons(state, header)
    root = etree.Element(bound.structure.tag("mh:MsgHead"), nsmap=_namespaces(bound))
    info = etree.SubElement(root, bound.structure.tag("mh:MsgInfo"))
    _read_info(info, bound, state)
    for resource in focus:
        if resource is not None and resource.get("resourceType") in ("Composition", "DocumentReference"):
            root.append(_read_document(resource, bound, state))
    if len(root) == 1:
        raise NotTranslatable("translate.missing-content", path="MessageHeader.focus")
    state.refuse_what_is_missing()
    etree.cleanup_namespaces(root)
    return root, state


def message_identifier(bundle: Json) -> Json:
    """Bundle.identifier with the MsgId as the e-message writes it; the MessageHeader's id where the Bundle has none."""
    identifier = dict(bundle.get("identifier") or {})
    if isinstance(identifier.get("value"), str):
        identifier["value"] = identifier["value"].removeprefix("urn:uuid:")
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


def _namespaces(bound: Mapping) -> dict[str | None, str]:
    uris = bound.structure.namespaces
    prefixes: dict[str | None, str] = {name: uri for name, uri in uris.items() if name not in ("mh", "ds")}
    prefixes[None] = uris["mh"]
    return prefixes


def _find_singletons(state: State, header: Json) -> None:
    """The patient, stay and provenance of the message: those of its first body."""
    patient = state.follow(state.first_body.get("subject")) if state.first_body is not None else None
    if patient is not None:
        state.singletons["Patient"] = patient
    for entry in state.bundle.get("entry", ()):
        resource: Any = entry.get("resource", {})
        kind = resource.get("resourceType")
        if kind in ("Patient", "Encounter"):
            state.singletons.setdefault(kind, resource)
        elif kind == "Provenance":
            state.provenances.append(resource)
            targets = [t.get("reference") for t in resource.get("target", ()) if isinstance(t, dict)]
            if (
                state.reference_to(header)["reference"] in targets
                or f"MessageHeader/{header.get('id')}" in targets
            ):
                state.singletons.setdefault(kind, resource)


def _read_info(info: etree._Element, bound: Mapping, state: State) -> None:
    patient = state.singletons.get("Patient")
    if patient is not None and is_absent(patient):
        del state.singletons["Patient"]
    bound.content("MsgInfo", "mh:MsgInfo").read(info, Place(state.bundle), state)
    if patient is not None:
        state.singletons["Patient"] = patient


def _read_document(resource: Json, bound: Mapping, state: State) -> etree._Element:
    kind = resource["resourceType"]
    document = etree.Element(bound.structure.tag("mh:Document"))
    content_tag = bound.structure.tag("mh:Content")
    if kind == "DocumentReference":
        content = attachments.read(resource, content_tag, bound.structure.tag("b64:Base64Container"), state)
        bound.content(kind, "mh:Document").read(document, Place(resource), state)
        if content is not None:
            refdoc = document[-1]
            for file in refdoc.findall(bound.structure.tag("mh:FileReference")):
                refdoc.remove(file)
            refdoc.append(content)
        return document
    message_level = dict(state.singletons)
    state.singletons["Composition"] = resource
    _find_document_singletons(resource, state)
    bound.content(kind, "mh:Document").read(document, Place(resource), state)
    name = _body_name(resource, bound)
    state.used_all(resource["type"])
    content = etree.SubElement(document[-1], content_tag)
    body = etree.SubElement(content, bound.structure.tag(name))
    bound.content(definition_of(name), name).read(body, Place(resource, resource), state)
    state.singletons = message_level
    return document


def _find_document_singletons(composition: Json, state: State) -> None:
    """Patient, stay and provenance of this body: its own where it has them."""
    first = state.first_body is composition
    of_the_message = state.singletons.get("Patient")
    for kind, reference in (("Patient", "subject"), ("Encounter", "encounter")):
        own = state.follow(composition.get(reference))
        if own is not None and own.get("resourceType") == kind:
            state.singletons[kind] = own
        elif not first:
            state.singletons.pop(kind, None)
    if not first and state.singletons.get("Patient") is of_the_message:
        state.singletons.pop("Patient", None)
    address = state.reference_to(composition)["reference"]
    own = next(
        (p for p in state.provenances if any(t.get("reference") == address for t in p.get("target", ()))),
        None,
    )
    if own is not None or not first:
        state.singletons.pop("Provenance", None)
    if own is not None:
        state.singletons["Provenance"] = own


def _body_name(composition: Json, bound: Mapping) -> str:
    codings = composition.get("type", {}).get("coding", ())
    code = next((c.get("code") for c in codings if c.get("system") == component_system()), None)
    for prefix in PLO_BODIES:
        if f"{prefix}:{code}" in bound.structure.elements:
            return f"{prefix}:{code}"
    raise NotTranslatable("translate.unknown-message-type", path="Composition.type")
