"""How do the documents of a message become Compositions and DocumentReferences, and back?

A known body becomes a Composition, anything else a DocumentReference, in the order of MessageHeader.focus. The first
body shares patient, provenance and stay with the message; a further one has its own. A report on one of several
patients (PatientReport) becomes a List of its documents, whose subject is its patient.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from lxml import etree

from gateway import terminology
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import component_system
from gateway.translate import attachments, wording
from gateway.translate.codec import Json
from gateway.translate.compiler import Mapping
from gateway.translate.reading import Reading
from gateway.translate.required import complete, is_absent
from gateway.translate.state import State
from gateway.translate.version import STATUS_BY_COMPOSITION, stands_beside

_BODY_DEFINITIONS = ("Body", "Logistikk", "Dialogmelding")
"""The definitions whose grammar types are bodies."""
STATUS_OF_COMPOSITION = {"N": "final", "M": "amended", "A": "amended", "C": "entered-in-error"}
_ROLE_OF_PARENT = {"M": "revision", "A": "derivation", "C": "removal"}
_STATUS_OF_STAY = {
    "MeldingInnlagtPasient": "in-progress",
    "MeldingUtskrivningsklarPasient": "in-progress",
    "AvmeldingUtskrivningsklarPasient": "in-progress",
    "MeldingOmUtskrevetPasient": "finished",
    "OrienteringOmDod": "finished",
}
_INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
_LOGISTICS = "p1:Pasientlogistikk"
_STATUS_ELEMENT = "po:Forsendelsesstatus"
_V = re.compile(r' V="([^"]*)"')
_OF_ONE_BODY = ("Patient", "Provenance", "Encounter")


@lru_cache(maxsize=16)
def bodies(bound: Mapping) -> dict[str, str]:
    """The body elements of a standard (`prefix:Name`), each with the definition that maps it."""
    return {
        name: definition
        for definition in _BODY_DEFINITIONS
        for name in bound.definitions[definition].types
        if name in bound.structure.elements
    }


@lru_cache(maxsize=16)
def _names_of_bodies(bound: Mapping) -> dict[str, str]:
    """Tag → name of a body element."""
    return {bound.structure.tag(name): name for name in bodies(bound)}


# to FHIR


def write(root: etree._Element, bound: Mapping, state: State) -> list[Json]:
    """The documents of a MsgHead as resources; the references of MessageHeader.focus.

    Raises NotTranslatable for a body without grammar.
    """
    reports = [child for child in root if _name(child) == "PatientReport"]
    if reports:
        return _write_reports(reports, bound, state)
    documents = [_write_document(child, bound, state) for child in root if _name(child) == "Document"]
    focus = [state.reference_to(document) for document in documents]
    return focus + [document["encounter"] for document in documents if "encounter" in document]


def _write_reports(reports: list[etree._Element], bound: Mapping, state: State) -> list[Json]:
    """A List for each report; last in focus stands the patient of the message itself, if it names one."""
    complete(state)  # what stands in the envelope is about the message's own patient, not about a report's
    of_the_message = state.singletons
    focus = []
    for report in reports:
        state.singletons = {k: r for k, r in of_the_message.items() if k not in _OF_ONE_BODY}
        focus.append(state.reference_to(_write_report(report, bound, state)))
    state.singletons = of_the_message
    return [*focus, *(state.reference_to(r) for k, r in of_the_message.items() if k == "Patient")]


def _write_report(report: etree._Element, bound: Mapping, state: State) -> Json:
    first = len(state.bundle["entry"])
    made = state.create("List", "List")
    bound.writer("List", "mh:PatientReport")(report, made, state)
    entries = []
    for element in report.findall("{*}Document"):
        document = _write_document(element, bound, state)
        entries.append({"item": state.reference_to(document)})
        if document["resourceType"] == "Composition":
            _of_this_document(document, state)
    complete(state, first)
    if "Patient" in state.singletons:
        made["subject"] = state.reference_to(state.singletons["Patient"])
    made["entry"] = entries
    return made


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _write_document(document: etree._Element, bound: Mapping, state: State) -> Json:
    """A Document: a Composition where its body is known, else a DocumentReference with its attachment."""
    found = _known_body(document, bound)
    if found is None:
        reference = state.create("DocumentReference", "DocumentReference")
        bound.writer("DocumentReference", "mh:Document")(document, reference, state)
        content = _content(document)
        if content is not None:
            attachments.write(content, reference, state)
        return reference
    body, name = found
    further = "Composition" in state.singletons
    set_aside = {k: state.singletons.pop(k) for k in _OF_ONE_BODY if further and k in state.singletons}
    composition = state.singletons["Composition"] = state.create("Composition", "Composition")
    bound.writer("Composition", "mh:Document")(document, composition, state)
    composition["type"] = {"coding": [{"system": component_system(), "code": name.partition(":")[2]}]}
    bound.writer(bodies(bound)[name], name)(body, composition, state)
    _derive(composition, body, state)
    if further:
        _of_this_document(composition, state)
        state.singletons.pop("Patient", None)
        state.singletons.update(set_aside)
    return composition


def _of_this_document(composition: Json, state: State) -> None:
    """Patient, provenance and stay at hand are this document's, not the message's."""
    patient, provenance = state.singletons.get("Patient"), state.singletons.pop("Provenance", None)
    state.singletons.pop("Encounter", None)
    if patient is not None:
        composition.setdefault("subject", state.reference_to(patient))
    if provenance is not None:
        provenance["target"] = [state.reference_to(composition)]


def _content(document: etree._Element) -> etree._Element | None:
    for about in document.iterchildren("{*}RefDoc"):
        for content in about.iterchildren("{*}Content"):
            return content
    return None


def _known_body(document: etree._Element, bound: Mapping) -> tuple[etree._Element, str] | None:
    content = _content(document)
    if content is None:
        return None
    if len(content) > 1:
        raise NotTranslatable("translate.no-grammar")
    for child in content:
        if _name(child) == "Base64Container":
            return None
        name = _names_of_bodies(bound).get(str(child.tag))
        if name is None:
            raise NotTranslatable("translate.no-grammar")
        return child, name
    return None


def _derive(composition: Json, body: etree._Element, state: State) -> None:
    """What FHIR wants to know and the message says in its own way. A logistics message is about a stay: its Encounter
    is there whatever the message says of it."""
    status = _status(body)
    derived = _derived_of(status, _kinds(body))
    if "Encounter" in derived:
        state.the("Encounter", create=True)
        composition["encounter"] = state.reference_to(state.singletons["Encounter"])
    for kind, values in derived.items():
        state.singletons[kind].update(values)
    provenance = state.singletons.get("Provenance", {})
    if "entity" in provenance and (role := _ROLE_OF_PARENT.get(status)):
        provenance["entity"][0]["role"] = role


def _status(body: etree._Element) -> str:
    for about in body.iterchildren("{*}InformasjonOmForsendelsen"):
        for sent in about.iterchildren("{*}Forsendelsesstatus"):
            return " ".join(sent.get("V", "").split())
    return ""


def _kinds(body: etree._Element) -> list[str]:
    """Of a logistics message what it may be about."""
    return [_name(child) for child in body] if _name(body) == _LOGISTICS.partition(":")[2] else []


def _derived_of(sent: str, kinds: list[str]) -> dict[str, Json]:
    """Resource type → the values that follow from a status and from the kind of a logistics message."""
    found: dict[str, Json] = {}
    status = STATUS_OF_COMPOSITION.get(sent)
    if status:
        found["Composition"] = {"status": status}
    kind = next((name for name in kinds if name in _STATUS_OF_STAY), None)
    if kind:
        of_stay = status if status == "entered-in-error" else _STATUS_OF_STAY[kind]
        found["Encounter"] = {"status": of_stay, "class": dict(_INPATIENT)}
    return found


# back to the e-message


def read(focus: list[Json], bound: Mapping, reading: Reading) -> None:
    """The resources of MessageHeader.focus as the documents (or reports) of a MsgHead."""
    reading.first_body = _first_body(focus)
    for resource in focus:
        if resource.get("resourceType") in ("Composition", "DocumentReference"):
            _read_document(resource, bound, reading)
        elif resource.get("resourceType") == "List":
            _read_report(resource, bound, reading)


def _first_body(documents: list[Json]) -> Json | None:
    return next((r for r in documents if r.get("resourceType") == "Composition"), None)


def _read_report(report: Json, bound: Mapping, reading: Reading) -> None:
    of_the_message = reading.singletons
    reading.singletons = {k: r for k, r in of_the_message.items() if k not in _OF_ONE_BODY}
    patient = reading.follow(report.get("subject"))
    if patient is not None and not is_absent(patient):
        reading.singletons["Patient"] = patient
    found = [reading.follow(entry.get("item")) for entry in report.get("entry", ())]
    documents = [r for r in found if r and r.get("resourceType") in ("Composition", "DocumentReference")]
    if not documents:
        raise NotTranslatable("translate.missing-content", path="List.entry")
    reading.first_body = _first_body(documents)

    def write_documents() -> None:
        for document in documents:
            _read_document(document, bound, reading)

    reading.elsewhere = {"mh:Document": write_documents}
    reading.out.append("<PatientReport>")
    bound.reader("List", "mh:PatientReport")(report, reading)
    reading.out.append("</PatientReport>")
    reading.elsewhere = {}
    reading.singletons = of_the_message


def _read_document(resource: Json, bound: Mapping, reading: Reading) -> None:
    message_level, elsewhere, kind = dict(reading.singletons), reading.elsewhere, resource["resourceType"]
    if kind == "Composition":
        reading.singletons["Composition"] = resource
        _find_singletons(resource, reading)
        reading.elsewhere = {"mh:Content": lambda: _read_body(resource, bound, reading)}
    else:
        content = attachments.read(resource, reading)
        reading.elsewhere = {} if content is None else {"mh:Content": lambda: reading.out.append(content)}
    reading.out.append("<Document>")
    bound.reader(kind, "mh:Document")(resource, reading)
    reading.out.append("</Document>")
    reading.singletons, reading.elsewhere = message_level, elsewhere


def _read_body(composition: Json, bound: Mapping, reading: Reading) -> None:
    """The body of a document, in Content."""
    name = _body_name(composition, bound)
    reading.used_component(composition["type"])
    begin = len(reading.out)
    reading.out.append(f"<Content><{name}>")
    bound.reader(bodies(bound)[name], name)(composition, reading)
    reading.out.append(f"</{name}></Content>")
    status = _state_status(begin, composition, reading)
    parts = reading.out[begin:] if name == _LOGISTICS else []
    kinds = [kind for kind in _STATUS_OF_STAY if f"<p1:{kind}>" in parts]
    _note_derived(_derived_of(status, kinds), status, reading)


def _find_singletons(composition: Json, reading: Reading) -> None:
    """Patient, stay and provenance of this body: its own where it has them."""
    first = reading.first_body is composition
    of_the_message = reading.singletons.get("Patient")
    for kind, reference in (("Patient", "subject"), ("Encounter", "encounter")):
        own = reading.follow(composition.get(reference))
        if own is not None and own.get("resourceType") == kind:
            reading.singletons[kind] = own
        elif not first:
            reading.singletons.pop(kind, None)
    if not first and reading.singletons.get("Patient") is of_the_message:
        reading.singletons.pop("Patient", None)
    address = reading.url_of(composition)
    own = next(
        (p for p in reading.provenances if any(t.get("reference") == address for t in p.get("target", ()))),
        None,
    )
    if own is not None or not first:
        reading.singletons.pop("Provenance", None)
    if own is not None:
        reading.singletons["Provenance"] = own


def _state_status(begin: int, composition: Json, reading: Reading) -> str:
    """A body that is amended or entered in error says so, whatever its Provenance does; one born in FHIR that says
    nothing is new. The status that the body (written from `begin` on) has then."""
    out = reading.out
    at = next((n for n in range(begin, len(out)) if out[n].startswith(f"<{_STATUS_ELEMENT}")), None)
    if at is None:
        return ""
    found = _V.search(out[at])
    stated = " ".join(unescape(found[1]).split()) if found else ""
    derived = STATUS_BY_COMPOSITION.get(str(composition.get("status")))
    if derived is None and not stated and reading.born_in_fhir:
        reading.assume("Forsendelsesstatus", "N")
        derived = "N"
    if derived is None or stands_beside(stated, derived):
        return stated
    reading.overrule(reading.singletons.get("Provenance", {}).get("activity"))
    out[at] = wording.element(
        _STATUS_ELEMENT, {"V": derived, "DN": terminology.display("7309", derived) or derived}
    )
    return derived


def _note_derived(derived: dict[str, Json], status: str, reading: Reading) -> None:
    """What `_derive` writes has been read where it is still what it was."""
    for kind, values in derived.items():
        resource = reading.singletons.get(kind, {})
        for key, value in values.items():
            if resource.get(key) == value:
                reading.used(resource, key)
                reading.used_all(resource[key])
    for entity in reading.singletons.get("Provenance", {}).get("entity", ()):
        if entity.get("role") == _ROLE_OF_PARENT.get(status):
            reading.used(entity, "role")


def _body_name(composition: Json, bound: Mapping) -> str:
    codings = composition.get("type", {}).get("coding", ())
    code = next((c.get("code") for c in codings if c.get("system") == component_system()), None)
    for name in bodies(bound):
        if name.partition(":")[2] == code:
            return name
    raise NotTranslatable("translate.unknown-message-type", path="Composition.type")
