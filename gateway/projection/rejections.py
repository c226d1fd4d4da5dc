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
from gateway.pathway.events import RECEIPT
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
    )
    for kind, id in sorted(touched):
        if kind not in AS_SENT:
            _settle(session, kind, id, told, of, at)


def _settle(session: Session, kind: str, id: str, told: _Told, of: Known, at: int) -> None:
    versions = session.all("versions_with_messages", resource_type=kind, id=id)
    if not versions or versions[0]["source"] not in FROM_MESSAGES:
        return
    present = versions[0]
    if present["message"] not in told.rejected and present["source"] != "rejected":
        return
    holding = next((v for v in versions if _holds(v, told)), None)
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
        goals.note_goal(session, content, of.patient_key, stated, new.message)


def _holds(version: Row, told: _Told) -> bool:
    """Whether a message that was not rejected said it."""
    message = version["message"]
    return message is not None and message not in told.rejected and message not in told.receipts
