"""What do the resources of a message say, once its receiver has rejected it?

A rejected message told nobody anything (a negative receipt and no positive one): what it said is no fact. A resource
goes back to what was said of it last, by a message that was not rejected or at the API; where there is nothing, it is
told as entered in error, by the receipt. A positive receipt that comes later puts it back. What was changed at the API
since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.documents import ever_rejected, rejected
from gateway.pathway.events import RECEIPT, PathwayEvent
from gateway.projection import goals, resources
from gateway.records.resources import New, Source, put
from gateway.records.stays import Known

SAID: Final = frozenset({"message", "cancelled", "rejected", "api"})
AS_SENT: Final = frozenset({"MessageHeader", "Provenance"})
"""That it was sent stays true."""


@dataclass(frozen=True)
class _Told:
    """The messages of a patient, by the ledger's sequence."""

    rejected: Mapping[int, int]
    """Each rejected message, and the receipt that says so."""
    receipts: Collection[int]
    cancelling: Collection[int]
    originals: Collection[int]
    """What corrects and cancels nothing."""
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
    for message in ever_rejected(of.events.values()):
        found = session.all("resources_of_message", message=sequence_of[message])
        touched |= {(row["resource_type"], row["id"]) for row in found}
    told = _Told(
        refused,
        {sequence for sequence, event in of.events.items() if event.kind == RECEIPT},
        {sequence for sequence, event in of.events.items() if event.status == "C"},
        {sequence for sequence, event in of.events.items() if event.status not in ("M", "C")},
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
    versions = session.all("versions_said", resource_type=kind, id=id)
    if not versions or versions[0]["source"] not in SAID:
        return
    present = versions[0]
    speaking = {version["message"] for version in versions}
    holding = next((v for v in reversed(_said(versions, told)) if _holds(v, told, speaking)), None)
    content: dict[str, Any]
    if holding is not None:
        if holding["version"] == present["version"]:
            return
        content = fhir_json.read_own(holding["content"])
        message_says: Source = "cancelled" if holding["message"] in told.cancelling else "message"
        new = New(
            content,
            "api" if holding["message"] is None else message_says,
            present["patient_key"],
            message=holding["message"],
            input_id=holding["input_id"],
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
        said_at = holding["at"] if holding is not None and new.input_id is not None else at
        stated = times.of(event.sent) if event else said_at
        standing = resources.in_error(content) if new.deleted else content
        goals.note_goal(session, standing, of.patient_key, stated, new.message, new.input_id)


def _said(versions: Sequence[Row], told: _Told) -> list[Row]:
    """What was said, in its order, each once: what was put back stands where it was said first, and an original that
    came late beneath its corrections. `versions`: newest first."""
    said: dict[tuple[int | None, int | None], Row] = {}
    before = None
    for version in reversed(versions):
        by = version["message"], version["input_id"]
        if by != (None, None) and (by not in said or by == before):
            said[by] = version
        before = by
    has_corrections = versions[0]["root"] is not None
    return sorted(said.values(), key=lambda v: not has_corrections or v["message"] not in told.originals)


def _holds(version: Row, told: _Told, speaking: Collection[int]) -> bool:
    """Whether it was said at the API, or a message that was not rejected said it, or said it again. `speaking`: those
    with a version of their own."""
    message = version["message"]
    if message is None:
        return True
    if message in told.receipts:
        return False
    return message not in told.rejected or not told.repeated[message] <= set(speaking)
