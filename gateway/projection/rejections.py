"""What do the resources of a message say, once its receiver has rejected it?

A rejected message told nobody anything (a negative receipt and no positive one): what it said is no fact. A resource
goes back to what the newest message that was not rejected said of it; where there is none, it is told as entered in
error, by the receipt. A positive receipt that comes later puts it back. What was changed at the API since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.documents import rejected
from gateway.pathway.events import RECEIPT, PathwayEvent
from gateway.projection import goals, resources
from gateway.records.resources import New, put
from gateway.records.stays import Known

FROM_MESSAGES: Final = frozenset({"message", "cancelled", "rejected"})
AS_SENT: Final = frozenset({"MessageHeader", "Provenance"})
"""That it was sent stays true."""


@dataclass(frozen=True)
class _Told:
    """The messages of a patient, by the ledger's sequence."""

    rejected: Mapping[int, int]
    """Each rejected message, and the receipt that says so."""
    receipts: Collection[int]
    cancelling: Collection[int]
    repeated: Mapping[int, set[int]]
    """Each rejected message, and those that may say the same again and were not rejected. What says the same makes no
    version of its own."""


def keep(session: Session, of: Known, at: int) -> None:
    """Write what the patient's resources say, by the receipts of their messages. Doing it again is harmless."""
    sequence_of = {event.key: sequence for sequence, event in of.events.items()}
    refused = {
        sequence_of[message]: sequence_of[receipt]
        for message, receipt in rejected(of.events.values()).items()
    }
    touched = {
        (row["resource_type"], row["id"])
        for row in session.all("resources_rejected", patient_key=of.patient_key)
    }
    for sequence in refused:
        found = session.all("resources_of_message", message=sequence)
        touched |= {(row["resource_type"], row["id"]) for row in found}
    told = _Told(
        refused,
        {sequence for sequence, event in of.events.items() if event.kind == RECEIPT},
        {sequence for sequence, event in of.events.items() if event.status == "C"},
        _repeated(of.events, refused),
    )
    for kind, id in sorted(touched):
        if kind not in AS_SENT:
            _settle(session, kind, id, told, of, at)


def _repeated(events: Mapping[int, PathwayEvent], refused: Collection[int]) -> dict[int, set[int]]:
    """Of each rejected message, those of the same root that came after it and were not rejected; of the changes only
    those that are not older. Of what was cancelled nothing but that holds."""
    by_id = {(event.sender_organisation, event.key.id): event for event in events.values()}
    roots = {sequence: _root(event, by_id) for sequence, event in events.items() if event.kind != RECEIPT}
    standing = [sequence for sequence in roots if sequence not in refused]
    cancelled = {roots[sequence] for sequence in standing if events[sequence].status == "C"}
    found: dict[int, set[int]] = {sequence: set() for sequence in refused}
    for sequence in refused:
        event, root = events[sequence], roots[sequence]
        for other in (each for each in standing if each > sequence and roots[each] == root):
            again = events[other]
            is_alike = (again.status == "C") == (event.status == "C") == (root in cancelled)
            if is_alike and (again.sent >= event.sent or again.status != "M"):
                found[sequence].add(other)
    return found


def _root(event: PathwayEvent, by_id: Mapping[tuple[str, str], PathwayEvent]) -> tuple[str, str]:
    """Names the first message of what this one belongs to, as `resources.named` does."""
    organisation, first = event.sender_organisation, event.key.id
    for _ in range(resources.LONGEST_CHAIN):
        parent = event.parent or event.conversation
        if event.status not in ("M", "C") or not parent:
            break
        first = parent
        found = by_id.get((organisation, parent))
        if found is None:
            break
        event = found
    return organisation, first


def _settle(session: Session, kind: str, id: str, told: _Told, of: Known, at: int) -> None:
    versions = session.all("versions_with_messages", resource_type=kind, id=id)
    if not versions or versions[0]["source"] not in FROM_MESSAGES:
        return
    present = versions[0]
    if present["message"] not in told.rejected and present["source"] != "rejected":
        return
    speaking = {version["message"] for version in versions}
    holding = next((v for v in versions if _holds(v, told, speaking)), None)
    content: dict[str, Any]
    if holding is not None:
        content = fhir_json.read_own(holding["content"])
        new = New(
            content,
            "cancelled" if holding["message"] in told.cancelling else "message",
            present["patient_key"],
            message=holding["message"],
            deleted=bool(holding["deleted"]),
        )
    else:
        before = fhir_json.read_own(present["content"])
        content = resources.in_error(before)
        if content == before:
            return
        receipt = told.rejected.get(present["message"], present["message"])
        new = New(content, "rejected", present["patient_key"], message=receipt)
    put(session, new, at)
    if kind == "Goal":
        event = of.events.get(new.message) if new.message is not None else None
        stated = times.of(event.sent) if event else at
        standing = resources.in_error(content) if new.deleted else content
        goals.note_goal(session, standing, of.patient_key, stated, new.message)


def _holds(version: Row, told: _Told, speaking: Collection[int]) -> bool:
    """Whether a message that was not rejected said it, or said it again. `speaking`: those with a version of their
    own."""
    message = version["message"]
    if message is None or message in told.receipts:
        return False
    return message not in told.rejected or not told.repeated[message] <= set(speaking)
