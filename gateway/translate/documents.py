"""How do the documents of a message become Compositions and DocumentReferences, and back?

A known body becomes a Composition, anything else a DocumentReference, in the order of MessageHeader.focus. The first
body shares patient, provenance and stay with the message; a further one has its own. A report on one of several
patients (PatientReport) becomes a List of its documents, whose subject is its patient.
"""

from __future__ import annotations

from lxml import etree

from gateway import terminology
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import component_system
from gateway.translate import attachments
from gateway.translate.codec import Json
from gateway.translate.compiler import Mapping
from gateway.translate.content import Place
from gateway.translate.required import complete, is_absent
from gateway.translate.state import State
from gateway.translate.version import STATUS_BY_COMPOSITION

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
_OF_ONE_BODY = ("Patient", "Provenance", "Encounter")


def bodies(bound: Mapping) -> dict[str, str]:
    """The body elements of a standard (`prefix:Name`), each with the definition that maps it."""
    return {
        name: definition
        for definition in _BODY_DEFINITIONS
        for name in bound.definitions[definition].types
        if name in bound.structure.elements
    }


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
    made = state.create("List", "List")
    bound.writer("List", "mh:PatientReport")(report, made, state)
    entries = []
    for element in report.findall("{*}Document"):
        document = _write_document(element, bound, state)
        entries.append({"item": state.reference_to(document)})
        if document["resourceType"] == "Composition":
            _of_this_document(document, state)
    complete(state)
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
        content = document.find("{*}RefDoc/{*}Content")
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


def _known_body(document: etree._Element, bound: Mapping) -> tuple[etree._Element, str] | None:
    content = document.find("{*}RefDoc/{*}Content")
    if content is None:
        return None
    names = {bound.structure.tag(name): name for name in bodies(bound)}
    if len(content) > 1:
        raise NotTranslatable("translate.no-grammar")
    for child in content:
        if _name(child) == "Base64Container":
            return None
        if str(child.tag) not in names:
            raise NotTranslatable("translate.no-grammar")
        return child, names[str(child.tag)]
    return None


def _derive(composition: Json, body: etree._Element, state: State) -> None:
    """What FHIR wants to know and the message says in its own way. A logistics message is about a stay: its Encounter
    is there whatever the message says of it."""
    derived = _derived(body)
    if "Encounter" in derived:
        state.the("Encounter", create=True)
        composition["encounter"] = state.reference_to(state.singletons["Encounter"])
    for kind, values in derived.items():
        state.singletons[kind].update(values)
    provenance = state.singletons.get("Provenance", {})
    if "entity" in provenance and (role := _ROLE_OF_PARENT.get(_status(body))):
        provenance["entity"][0]["role"] = role


def _status(body: etree._Element) -> str:
    sent = body.find("{*}InformasjonOmForsendelsen/{*}Forsendelsesstatus")
    return " ".join(sent.get("V", "").split()) if sent is not None else ""


def _derived(body: etree._Element) -> dict[str, Json]:
    """Resource type → the values that follow from the body."""
    found: dict[str, Json] = {}
    status = STATUS_OF_COMPOSITION.get(_status(body))
    if status:
        found["Composition"] = {"status": status}
    kinds = [_name(child) for child in body] if _name(body) == "Pasientlogistikk" else []
    kind = next((name for name in kinds if name in _STATUS_OF_STAY), None)
    if kind:
        of_stay = status if status == "entered-in-error" else _STATUS_OF_STAY[kind]
        found["Encounter"] = {"status": of_stay, "class": dict(_INPATIENT)}
    return found


# back to the e-message


def read(focus: list[Json], root: etree._Element, bound: Mapping, state: State) -> None:
    """The resources of MessageHeader.focus as the documents (or reports) of a MsgHead."""
    state.first_body = _first_body(focus)
    for resource in focus:
        if resource.get("resourceType") in ("Composition", "DocumentReference"):
            root.append(_read_document(resource, bound, state))
        elif resource.get("resourceType") == "List":
            root.append(_read_report(resource, bound, state))


def _first_body(documents: list[Json]) -> Json | None:
    return next((r for r in documents if r.get("resourceType") == "Composition"), None)


def _read_report(report: Json, bound: Mapping, state: State) -> etree._Element:
    of_the_message = state.singletons
    state.singletons = {k: r for k, r in of_the_message.items() if k not in _OF_ONE_BODY}
    patient = state.follow(report.get("subject"))
    if patient is not None and not is_absent(patient):
        state.singletons["Patient"] = patient
    element = etree.Element(bound.structure.tag("mh:PatientReport"))
    bound.content("List", "mh:PatientReport").read(element, Place(report), state)
    found = [state.follow(entry.get("item")) for entry in report.get("entry", ())]
    documents = [r for r in found if r and r.get("resourceType") in ("Composition", "DocumentReference")]
    if not documents:
        raise NotTranslatable("translate.missing-content", path="List.entry")
    state.first_body = _first_body(documents)
    patient_tag = bound.structure.tag("mh:Patient")
    before = len(element) - (1 if len(element) and element[-1].tag == patient_tag else 0)
    element[before:before] = [_read_document(document, bound, state) for document in documents]
    state.singletons = of_the_message
    return element


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
    _find_singletons(resource, state)
    bound.content(kind, "mh:Document").read(document, Place(resource), state)
    name = _body_name(resource, bound)
    state.used_all(resource["type"])
    content = etree.SubElement(document[-1], content_tag)
    body = etree.SubElement(content, bound.structure.tag(name))
    bound.content(bodies(bound)[name], name).read(body, Place(resource, resource), state)
    _state_status(body, resource, state)
    _note_derived(body, state)
    state.singletons = message_level
    return document


def _find_singletons(composition: Json, state: State) -> None:
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


def _state_status(body: etree._Element, composition: Json, state: State) -> None:
    """A body that is amended or entered in error says so, whatever its Provenance does; one born in FHIR that says
    nothing is new."""
    element = body.find("{*}InformasjonOmForsendelsen/{*}Forsendelsesstatus")
    if element is None:
        return
    stated = _status(body)
    derived = STATUS_BY_COMPOSITION.get(str(composition.get("status")))
    if derived is None and not stated and state.born_in_fhir:
        state.assume(str(element.tag), "N")
        derived = "N"
    if derived is not None and stated not in (derived, "A"):
        element.attrib.clear()
        element.set("V", derived)
        element.set("DN", terminology.display("7309", derived) or derived)


def _note_derived(body: etree._Element, state: State) -> None:
    """What `_derive` writes has been read where it is still what it was."""
    for kind, values in _derived(body).items():
        resource = state.singletons.get(kind, {})
        for key, value in values.items():
            if resource.get(key) == value:
                state.used(resource, key)
                state.used_all(resource[key])
    for entity in state.singletons.get("Provenance", {}).get("entity", ()):
        if entity.get("role") == _ROLE_OF_PARENT.get(_status(body)):
            state.used(entity, "role")


def _body_name(composition: Json, bound: Mapping) -> str:
    codings = composition.get("type", {}).get("coding", ())
    code = next((c.get("code") for c in codings if c.get("system") == component_system()), None)
    for name in bodies(bound):
        if name.partition(":")[2] == code:
            return name
    raise NotTranslatable("translate.unknown-message-type", path="Composition.type")
