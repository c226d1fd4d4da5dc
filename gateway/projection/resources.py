"""Under which identity do the resources of a message stand in `records/`, and what does a correction do to them?

The identity of a resource is the first message of what it belongs to, and its place there: the component's id, else
its type and which of its type it is. So a change (M) makes a new version of the same resource, what it leaves out
is removed, and a cancellation (C) marks all of it as entered in error. An addition (A) stands for itself beside
what it adds to. MessageHeader and Provenance belong to one message. A patient is one resource, whoever tells of
her: its id is derived from the patient key, which is keyed.

A message that comes after its own correction changes nothing of what holds: what it said stands as an earlier version
beneath the correction, which is written once more above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import BASE, extension_url
from gateway.ledger.session import Row, Session
from gateway.records import resources
from gateway.records.resources import New, Written, written
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


class Named(NamedTuple):
    """What the identities of a message's resources follow from."""

    message: str
    """Our id of it."""
    sender_her: str
    message_id: str
    root: str
    """The first message of what it belongs to."""
    patient_id: str | None


def named(ask: Callable[..., Row | None], row: Row) -> Named:
    """The same for a row of `messages_to_project`; `ask(query, **values)` gives the first row."""
    key = row["patient_key"]
    return Named(
        row["id"], row["sender_her"], row["message_id"], _root(ask, row), patient_id(key) if key else None
    )


def written_of(entries: list[Json], of: Named) -> tuple[Written, ...]:
    """The resources of a message's Bundle as they are kept; the entries are used up. Every Patient among them is the
    message's."""
    return tuple(written(resource) for resource in _under_identities(of, entries))


def keep(session: Session, row: Row, root: str, new: tuple[Written, ...], at: int) -> list[Json]:
    """Keep the resources of a message; returns the goals among them as they are kept. Doing it again is harmless: equal
    content makes no new version."""
    held = session.all("resources_of_root", root=root)
    is_correction = row["status"] in ("M", "C")
    if held and not is_correction:
        _beneath(session, row, root, new, at)
        return []
    if held and _is_outdated(session, root, held, row):
        return []
    parties = _parties(row)
    cancelled = row["status"] == "C"
    kept, first = [], list[tuple[Written, str | None]]()
    for resource in new:
        own = resource.resource_type in OF_ONE_MESSAGE or resource.resource_type == "Patient"
        if cancelled and not own:
            resource = written(in_error(fhir_json.read_own(resource.content)))
        if resource.resource_type == "Goal":
            kept.append(fhir_json.read_own(resource.content))
        source: Literal["cancelled", "message"] = "cancelled" if cancelled and not own else "message"
        of_root = None if own else root
        if source == "message" and not held and resource.resource_type != "Patient":
            first.append((resource, of_root))
            continue
        resources.put(
            session,
            New(resource, source, row["patient_key"], parties, message=row["sequence"], root=of_root),
            at,
        )
    party_set = resources.party_set_of(session, None, parties)
    for resource in resources.put_first(session, first, row, party_set, at):
        put = New(resource, "message", row["patient_key"], parties, message=row["sequence"])
        resources.put(session, put, at)
    there = {(resource.resource_type, resource.id) for resource in new}
    for each in held:
        if (each["resource_type"], each["id"]) not in there and not each["deleted"]:
            kept += _left_out(session, (each["resource_type"], each["id"]), row, cancelled=cancelled, at=at)
    return kept


def _beneath(session: Session, row: Row, root: str, new: tuple[Written, ...], at: int) -> None:
    """Keep what the first message said, which came after a correction of it; what holds is written again above it."""
    if session.one("original_of_root", root=root) is not None:
        return
    cancelled = any(each["source"] == "cancelled" for each in session.all("resources_of_root", root=root))
    for resource in new:
        kind = resource.resource_type
        if kind == "Patient":
            continue
        own = kind in OF_ONE_MESSAGE
        above = session.all("versions_said", resource_type=kind, id=resource.id)
        told = New(
            resource,
            "message",
            row["patient_key"],
            _parties(row),
            message=row["sequence"],
            root=None if own else root,
        )
        resources.put(session, told, at)
        if above:
            held = above[0]
            content, deleted = written(fhir_json.read_own(held["content"])), bool(held["deleted"])
            by = {"message": held["message"], "input_id": held["input_id"]}
            again = New(content, held["source"], None, **by, deleted=deleted)
            resources.put(session, again, at)
        elif not own:
            _left_out(session, (kind, resource.id), row, cancelled=cancelled, at=at)


def _is_outdated(session: Session, root: str, held: list[Row], row: Row) -> bool:
    """Whether something later was said already, or all of it was cancelled. A cancellation takes all of it back, also
    what was said later than it."""
    if row["status"] == "C":
        return any(each["source"] == "cancelled" for each in held)
    newest = session.one("newest_of_root", root=root)
    later = newest is not None and (newest["newest"] or 0) > (row["generated_at"] or row["received_at"])
    return later or any(each["source"] == "cancelled" for each in held)


def _parties(row: Row) -> frozenset[str]:
    """Between whom it went."""
    names = ("sender_her", "sender_organisation_her", "receiver_her", "receiver_organisation_her")
    return frozenset(row[name] for name in names if row[name])


def _left_out(session: Session, held: tuple[str, str], row: Row, *, cancelled: bool, at: int) -> list[Json]:
    """What a correction does not name any more: removed by a change, in error by a cancellation; a goal is told as in
    error."""
    known = session.one("resource_content", resource_type=held[0], id=held[1])
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
    return [in_error(content)] if held[0] == "Goal" else []


def _root(ask: Callable[..., Row | None], row: Row) -> str:
    """Names the first message of what this one belongs to: of a change or cancellation, what it corrects."""
    organisation = row["sender_organisation_her"] or row["sender_her"]
    first = row["message_id"]
    status, parent = row["status"], row["parent_id"] or row["conversation_id"]
    for _ in range(LONGEST_CHAIN):
        if status not in ("M", "C") or not parent:
            break
        first = parent
        found = ask("parent_of_message", message_id=parent, organisation=organisation)
        if found is None:
            break
        first, status = found["message_id"], found["status"]
        parent = found["parent_id"] or found["conversation_id"]
    return f"{organisation}|{first}"


def _under_identities(of: Named, entries: list[Json]) -> Iterator[Json]:
    """The resources with their ids and references as they stand in `records/`."""
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
        if kind == "Patient" and patients == 1 and of.patient_id:
            id = of.patient_id
        elif kind in OF_ONE_MESSAGE:
            id = derived_id("resource", of.sender_her, of.message_id, kind, str(counted[kind]))
        else:
            id = derived_id("resource", of.root, kind, _component_id(resource) or f"[{counted[kind]}]")
        if (kind, id) in taken:
            id = derived_id("resource", of.root, kind, f"[{counted[kind]}]")
        taken.add((kind, id))
        ids.append(id)
        if isinstance(entry.get("fullUrl"), str):
            named[entry["fullUrl"]] = f"{kind}/{id}"
        if isinstance(resource.get("id"), str):
            named.setdefault(f"{kind}/{resource['id']}", f"{kind}/{id}")
    source = f"{BASE}/messages/{of.message}"
    for entry, id in zip(entries, ids, strict=True):
        resource = entry["resource"]
        _rename(resource, named)
        meta = resource.get("meta")
        yield {**resource, "id": id, "meta": {**(meta if isinstance(meta, dict) else {}), "source": source}}


def _component_id(resource: Json) -> str | None:
    url = extension_url("component-id")
    extensions = resource.get("extension")
    for each in extensions if isinstance(extensions, list) else ():
        if isinstance(each, dict) and each.get("url") == url and isinstance(each.get("valueString"), str):
            return str(each["valueString"])
    return None


def _rename(node: Json | list[Any], named: dict[str, str]) -> None:
    """Let the references within the message mean the resources in `records/`."""
    if isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                _rename(item, named)
        return
    for key, value in node.items():
        if isinstance(value, dict | list):
            _rename(value, named)
        elif key in ("reference", "url") and value in named:
            node[key] = named[value]


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
