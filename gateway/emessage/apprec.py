"""How is a receipt (AppRec 1.0 or 1.1) written, and which one says that the gateway itself did not take a message?

The gateway's own receipts are always negative and in its own name; a positive one is only ever the receiving
application's (DESIGN §4.8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from lxml import etree

from gateway import __version__, terminology
from gateway.emessage.grammar import structure
from gateway.emessage.write import to_bytes
from gateway.errors import CATALOGUE

Version = Literal["1.0", "1.1"]
Status = Literal["1", "2", "3"]

MIG_VERSIONS = {"apprec-1.0": "1.0 2004-11-21", "apprec-1.1": "v1.1 2012-02-15"}
"""Standard of a receipt → the MIGversion that belongs to it."""
_OSLO = ZoneInfo("Europe/Oslo")
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Party(Protocol):
    """Who sends or gets a receipt; `gateway.translate.facts.Party` is one."""

    @property
    def her_id(self) -> str | None:
        """HER-id of the communication party (level 2, or level 1 when there is only one)."""

    @property
    def organisation_her_id(self) -> str | None:
        """HER-id of its organisation (level 1)."""

    @property
    def name(self) -> str:
        """Name of the communication party."""

    @property
    def organisation_name(self) -> str:
        """Name of its organisation."""


class EnvelopeFacts(Protocol):
    """What must be known of a message to answer it; `gateway.translate.facts.Facts` has it."""

    @property
    def message_id(self) -> str:
        """MsgId of the message."""

    @property
    def message_type(self) -> str:
        """Its type (8279)."""

    @property
    def generated_at(self) -> datetime | None:
        """Its GenDate, aware."""

    @property
    def sender(self) -> Party:
        """Who sent it: the receipt goes there."""


@dataclass(frozen=True)
class Error:
    """A reason of a receipt: a code of 8221 (or of the set named in `code_set`) and a text for people."""

    code: str
    text: str = field(default="", repr=False)
    code_set: str = "8221"


def build(
    version: Version,
    *,
    receipt_id: str,
    generated_at: datetime,
    software: tuple[str, str],
    sender: Party,
    receiver: Party,
    status: Status,
    errors: tuple[Error, ...] = (),
    original_type: str,
    original_id: str,
    original_issued_at: datetime,
) -> bytes:
    """A receipt as XML, valid against the schema of its version; times (aware) are written in Norwegian time."""
    namespace = structure(f"apprec-{version}").namespaces["ar"]
    root = etree.Element(f"{{{namespace}}}AppRec", nsmap={None: namespace})
    _code(root, "MsgType", "APPREC", "Applikasjonskvittering")
    _text(root, "MIGversion", MIG_VERSIONS[f"apprec-{version}"])
    _text(root, "SoftwareName", software[0])
    _text(root, "SoftwareVersion", software[1])
    _text(root, "GenDate", _time(generated_at))
    _text(root, "Id", receipt_id)
    _party(_child(root, "Sender"), sender)
    _party(_child(root, "Receiver"), receiver)
    _code(root, "Status", status, terminology.display("8258", status))
    for error in errors:
        _error(root, error)
    original = _child(root, "OriginalMsgId")
    _code(original, "MsgType", original_type, terminology.display("8279", original_type))
    _text(original, "IssueDate", _time(original_issued_at))
    _text(original, "Id", original_id)
    return to_bytes(root)


def negative(
    original: EnvelopeFacts,
    code: str,
    *,
    sender: Party,
    message_id: str,
    now: datetime,
    version: Version = "1.0",
) -> bytes:
    """The gateway's own rejection of a message, with the 8221 code and the sentence of a catalogue code.

    :raises ValueError: the catalogue code has no 8221 code, or the message no date: then no receipt can be made
    """
    entry = CATALOGUE[code]
    if entry.apprec is None or original.generated_at is None:
        raise ValueError(f"no receipt can say {code}, or the message has no date")
    return build(
        version,
        receipt_id=message_id,
        generated_at=now,
        software=("Sømløs", __version__),
        sender=sender,
        receiver=original.sender,
        status="2",
        errors=(Error(entry.apprec, f"{entry.no} ({code})"),),
        original_type=original.message_type,
        original_id=original.message_id,
        original_issued_at=original.generated_at,
    )


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")


def _text(parent: etree._Element, name: str, value: str) -> None:
    _child(parent, name).text = _xml(value)


def _code(parent: etree._Element, name: str, code: str, display: str | None) -> None:
    element = _child(parent, name)
    element.set("V", _xml(code))
    if display:
        element.set("DN", _xml(display))


def _party(parent: etree._Element, party: Party) -> None:
    """The organisation, and below it the communication party when that is another HER-id."""
    institution = _child(_child(parent, "HCP"), "Inst")
    outer = party.organisation_her_id or party.her_id
    _unit(institution, party.organisation_name or party.name, outer)
    if party.her_id and party.her_id != outer:
        _unit(_child(institution, "Dept"), party.name, party.her_id)


def _unit(element: etree._Element, name: str, her_id: str | None) -> None:
    if name:
        _text(element, "Name", name)
    if her_id:
        _text(element, "Id", her_id)
        _code(element, "TypeId", "HER", "HER-id")


def _error(root: etree._Element, error: Error) -> None:
    element = _child(root, "Error")
    element.set("V", _xml(error.code))
    element.set("S", terminology.OID_ROOT + error.code_set)
    display = terminology.display(error.code_set, error.code)
    if display:
        element.set("DN", display)
    if error.text:
        element.set("OT", _xml(error.text))


def _time(moment: datetime) -> str:
    return moment.astimezone(_OSLO).replace(microsecond=0).isoformat()


def _xml(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
