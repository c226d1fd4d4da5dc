"""How does a partner's EPJ write a receipt of its own, in XML (AppRec 1.0 or 1.1) or as a FHIR response?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from gateway.simulator.reading import Seen, Unit
from gateway.simulator.template import OSLO, escape_json, escape_xml, fill, story_file

ReceiptFormat = Literal["1.0", "1.1", "fhir"]

NAMESPACE: Final = {
    "1.0": ("http://www.kith.no/xmlstds/apprec/2004-11-21", "1.0 2004-11-21"),
    "1.1": ("http://www.kith.no/xmlstds/apprec/2012-02-15", "v1.1 2012-02-15"),
}
STATUS_TEXT: Final = {"1": "OK", "2": "Avvist", "3": "OK, feil i delmelding"}
ERROR_TEXT: Final = {
    "E21": "Mottaker finnes ikke",
    "E35": "Pasienten finnes ikke i mottakersystemet",
    "T02": "XML validerer ikke",
    "X99": "Annen feil",
}
_ISSUE_TYPE: Final = {"E21": "not-found", "E35": "not-found", "T02": "structure"}


@dataclass(frozen=True)
class Answer:
    """What the EPJ says about a message it received."""

    status: Literal["1", "2", "3"] = "1"
    """8258."""
    code: str | None = None
    """8221, when the status is not 1."""


def receipt_id(message: Seen) -> str:
    """The receipt's own id: the same each time, so that a receipt sent again is the same receipt."""
    receiver = message.receiver[-1].her_id
    return str(
        uuid5(
            UUID("6f1d2a80-3c0e-4f3b-9b9a-5e2c63a0d4c1"),
            f"{receiver} {message.sender[-1].her_id} {message.id}",
        )
    )


def write_receipt(message: Seen, answer: Answer, format: ReceiptFormat, now: datetime) -> tuple[bytes, str]:
    """The receipt for `message` and its content type."""
    values = _values(message, answer, now)
    if format == "fhir":
        name = "response-ok.json" if answer.status == "1" else "response-error.json"
        return fill(story_file(name), values, escape_json).encode("utf-8"), "application/fhir+json"
    namespace, version = NAMESPACE[format]
    xml = fill(story_file("apprec.xml"), {**values, "namespace": namespace, "version": version}, escape_xml)
    return (xml + "\n").encode("utf-8"), "application/xml"


def _values(message: Seen, answer: Answer, now: datetime) -> dict[str, str | None]:
    local = now.astimezone(OSLO).replace(microsecond=0)
    return {
        "receipt_id": receipt_id(message),
        "generated_at": local.replace(tzinfo=None).isoformat(),
        "generated_instant": local.isoformat(),
        "status": answer.status,
        "status_text": STATUS_TEXT[answer.status],
        "response_code": "fatal-error" if answer.status == "2" else "ok",
        "severity": "error" if answer.status == "2" else "warning",
        "error": answer.code,
        "error_text": ERROR_TEXT.get(answer.code, "Annen feil") if answer.code else None,
        "issue_type": _ISSUE_TYPE.get(answer.code or "", "processing"),
        "original_id": message.id,
        "original_header_id": message.header_id or message.id,
        "original_type": message.type,
        "original_sent_at": _moment(message.sent_at).replace(tzinfo=None).isoformat(),
        **_party("sender", message.receiver),
        **_party("receiver", message.sender),
    }


def _party(role: str, units: tuple[Unit, ...]) -> dict[str, str | None]:
    outer, inner = units[0], units[-1] if len(units) > 1 else None
    return {
        f"{role}_name": outer.name,
        f"{role}_her_id": outer.her_id,
        f"{role}_service": inner.name if inner else None,
        f"{role}_service_her_id": inner.her_id if inner else None,
    }


def _moment(sent_at: str) -> datetime:
    """When the message was sent, in Norwegian time; a time without zone is Norwegian time."""
    moment = datetime.fromisoformat(sent_at)
    return moment.replace(tzinfo=OSLO) if moment.tzinfo is None else moment.astimezone(OSLO)
