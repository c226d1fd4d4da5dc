"""Under which identity do the resources of a message stand in `records/`, and what does a correction do to them?

The identity of a resource is the first message of what it belongs to, and its place there: the component's id, else
its type and which of its type it is. So a change (M) makes a new version of the same resource, what it leaves out
is removed, and a cancellation (C) marks all of it as entered in error. An addition (A) stands for itself beside
what it adds to. MessageHeader and Provenance belong to one message. A patient is one resource, whoever tells of
her: its id is derived from the patient key, which is keyed.

A message that comes after its own correction changes nothing: the correction holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from gateway.fhir.canonical import BASE, extension_url
from gateway.ledger.session import Row, Session
from gateway.records import resources
from gateway.records.resources import New
from gateway.translate.state import derived_id

Json = dict[str, Any]
OF_ONE_MESSAGE: Final = frozenset({"MessageHeader", "Provenance"})
LONGEST_CHAIN: Final = 100
IN_ERROR: Final = "entered-in-error"
_CODES_OF_ERROR: Final = {
    "Condition": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "AllergyIntolerance": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
}
_STATUSES: Final = frozenset(
    {
        *(
            "Appointment",
            "CarePlan",
            "Communication",
            "Composition",
            "DeviceRequest",
            "Encounter",
            "EpisodeOfCare",
        ),
        *(
            "DocumentReference",
            "Flag",
            "MedicationAdministration",
            "MedicationStatement",
            "Observation",
            "Procedure",
        ),
        *(
            "QuestionnaireResponse",
            "ServiceRequest",
            "Task",
            "List",
            "DiagnosticReport",
            "DeviceUseStatement",
        ),
        *(
            "NutritionOrder",
            "MedicationRequest",
            "CommunicationRequest",
            "Immunization",
            "Media",
            "ClinicalImpression",
        ),
    }
)
"""Types whose `status` has the code."""


def patient_id(patient_key: str) -> str:
    """The id of a patient's resource."""
    return derived_id("patient", patient_key)


def keep(session: Session, row: Row, bundle: Json, at: int) -> list[Json]:
    """Keep the resources of a message; returns them as they are kept. Doing it again is harmless: equal content makes
    no new version."""
    root = _root(session, row)
    held = session.all("resources_of_root", root=root)
    is_correction = row["status"] in ("M", "C")
    if held and (not is_correction or _is_outdated(session, root, held, row)):
        return []
    new = list(_under_identities(row, bundle, root))
    parties = frozenset(
        row[name]
        for name in ("sender_her", "sender_organisation_her", "receiver_her", "receiver_organisation_her")
        if row[name]
    )
    cancelled = row["status"] == "C"
    kept = []
    for resource in new:
        own = resource["resourceType"] in OF_ONE_MESSAGE or resource["resourceType"] == "Patient"
        kept.append(in_error(resource) if cancelled and not own else resource)
        resources.put(
            session,
            New(
                content=kept[-1],
                source="cancelled" if cancelled and not own else "message",
                patient_key=row["patient_key"],
                parties=parties,
                message=row["sequence"],
                root=None if own else root,
            ),
            at,
            fresh=not held and resource["resourceType"] != "Patient",
        )
    there = {(resource["resourceType"], resource["id"]) for resource in new}
    for each in held:
        if (each["resource_type"], each["id"]) not in there and not each["deleted"]:
            kept += _left_out(session, each, row, cancelled=cancelled, at=at)
    return kept


def _is_outdated(session: Session, root: str, held: list[Row], row: Row) -> bool:
    """Whether something later was said already, or all of it was cancelled."""
    newest = session.one("newest_of_root", root=root)
    later = newest is not None and (newest["newest"] or 0) > (row["generated_at"] or row["received_at"])
    return later or any(each["source"] == "cancelled" for each in held)


def _left_out(session: Session, held: Row, row: Row, *, cancelled: bool, at: int) -> list[Json]:
    """What a correction does not name any more: removed by a change, in error by a cancellation; told as in error."""
    known = session.one("resource_content", resource_type=held["resource_type"], id=held["id"])
    if known is None:
        return []
    content = resources.stored(known)
    new = New(
        content=in_error(content) if cancelled else content,
        source="cancelled" if cancelled else "message",
        patient_key=row["patient_key"],
        message=row["sequence"],
        deleted=not cancelled,
    )
    resources.put(session, new, at)
    return [in_error(content)]


def _root(session: Session, row: Row) -> str:
    """Names the first message of what this one belongs to: of a change or cancellation, what it corrects."""
    organisation = row["sender_organisation_her"] or row["sender_her"]
    first = row["message_id"]
    status, parent = row["status"], row["parent_id"] or row["conversation_id"]
    for _ in range(LONGEST_CHAIN):
        if status not in ("M", "C") or not parent:
            break
        first = parent
        found = session.one("parent_of_message", message_id=parent, organisation=organisation)
        if found is None:
            break
        first, status = found["message_id"], found["status"]
        parent = found["parent_id"] or found["conversation_id"]
    return f"{organisation}|{first}"


def _under_identities(row: Row, bundle: Json, root: str) -> Iterator[Json]:
    """The Bundle's resources with their ids and references as they stand in `records/`."""
    entries = [
        e for e in bundle.get("entry", ()) if isinstance(e, dict) and isinstance(e.get("resource"), dict)
    ]
    counted: Counter[str] = Counter()
    named: dict[str, str] = {}
    ids: list[str] = []
    taken: set[tuple[str, str]] = set()
    patients = 0
    for entry in entries:
        resource = entry["resource"]
        kind = str(resource.get("resourceType"))
        counted[kind] += 1
        patients += kind == "Patient"
        if kind == "Patient" and patients == 1 and row["patient_key"]:
            id = patient_id(row["patient_key"])
        elif kind in OF_ONE_MESSAGE:
            id = derived_id("resource", row["sender_her"], row["message_id"], kind, str(counted[kind]))
        else:
            id = derived_id("resource", root, kind, _component_id(resource) or f"[{counted[kind]}]")
        if (kind, id) in taken:
            id = derived_id("resource", root, kind, f"[{counted[kind]}]")
        taken.add((kind, id))
        ids.append(id)
        if isinstance(entry.get("fullUrl"), str):
            named[entry["fullUrl"]] = f"{kind}/{id}"
        if isinstance(resource.get("id"), str):
            named.setdefault(f"{kind}/{resource['id']}", f"{kind}/{id}")
    source = f"{BASE}/messages/{row['id']}"
    for entry, id in zip(entries, ids, strict=True):
        renamed: Json = _renamed(entry["resource"], named)
        meta = renamed.get("meta")
        yield {**renamed, "id": id, "meta": {**(meta if isinstance(meta, dict) else {}), "source": source}}


def _component_id(resource: Json) -> str | None:
    url = extension_url("component-id")
    extensions = resource.get("extension")
    for each in extensions if isinstance(extensions, list) else ():
        if isinstance(each, dict) and each.get("url") == url and isinstance(each.get("valueString"), str):
            return str(each["valueString"])
    return None


def _renamed(node: Any, named: dict[str, str]) -> Any:
    """A copy whose references within the message mean the resources in `records/`."""
    if isinstance(node, dict):
        return {
            key: named.get(value, value)
            if key in ("reference", "url") and isinstance(value, str)
            else _renamed(value, named)
            for key, value in node.items()
        }
    return [_renamed(item, named) for item in node] if isinstance(node, list) else node


def in_error(resource: Json) -> Json:
    """The resource as one that should never have been said; a type that cannot say so stays as it is."""
    kind = resource["resourceType"]
    if kind in _STATUSES:
        return {**{name: value for name, value in resource.items() if name != "_status"}, "status": IN_ERROR}
    if kind == "Goal":
        kept = {name: value for name, value in resource.items() if name != "_lifecycleStatus"}
        return {**kept, "lifecycleStatus": IN_ERROR}
    if kind in _CODES_OF_ERROR:
        kept = {name: value for name, value in resource.items() if name != "clinicalStatus"}
        coding = {"system": _CODES_OF_ERROR[kind], "code": IN_ERROR}
        return {**kept, "verificationStatus": {"coding": [coding]}}
    return resource
