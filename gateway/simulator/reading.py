"""What does a partner's EPJ see in the message it was sent?

Written on its own, without the gateway's readers: a partner does not share our misunderstandings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

from gateway import parsing

HER_ID_SYSTEM = "urn:oid:2.16.578.1.12.4.1.2"
NATIONAL_ID_SYSTEMS = ("urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2")
APPREC_SYSTEM = "urn:oid:2.16.578.1.12.4.1.1.8221"
STATUS_SYSTEM = "urn:oid:2.16.578.1.12.4.1.1.8258"


@dataclass(frozen=True)
class Unit:
    """One level of a sender or receiver."""

    her_id: str
    name: str


@dataclass(frozen=True)
class Seen:
    """What the EPJ needs of a message to file and answer it, or of a receipt to tick off what it sent."""

    kind: Literal["message", "receipt"]
    id: str
    type: str
    sent_at: str
    """As written in the message: GenDate or Bundle.timestamp."""
    sender: tuple[Unit, ...]
    """Level 1 first."""
    receiver: tuple[Unit, ...]
    patient: str | None = field(default=None, repr=False)
    status: str = "N"
    """7309, where it could be read."""
    header_id: str | None = None
    """In FHIR: MessageHeader.id, which is what a receipt by the standard refers to."""
    original: str | None = None
    """Receipts: id of the message it answers."""
    receipt_status: str | None = None
    """Receipts: 8258."""
    receipt_codes: tuple[str, ...] = ()
    """Receipts: codes of 8221."""


class CannotRead(Exception):
    """These bytes are no message this EPJ understands."""


def see(body: bytes) -> Seen:
    """Read a message or receipt, XML or FHIR; raises CannotRead."""
    try:
        if body.lstrip()[:1] == b"{":
            return _see_bundle(json.loads(body))
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        return _see_xml(parsing.parse(body, parser))
    except (etree.XMLSyntaxError, json.JSONDecodeError, KeyError, IndexError, TypeError) as error:
        raise CannotRead(type(error).__name__) from None


def _see_xml(root: etree._Element) -> Seen:
    local = {"e": etree.QName(root).namespace or ""}
    name = etree.QName(root).localname
    if name == "AppRec":
        return _see_apprec(root, local)
    if name != "MsgHead":
        raise CannotRead("root")
    info = _only(root, "e:MsgInfo", local)
    status = root.xpath("string(//*[local-name()='Forsendelsesstatus']/@V)")
    patient = info.xpath(
        "string(e:Patient/e:Ident[e:TypeId/@V='FNR' or e:TypeId/@V='DNR']/e:Id)", namespaces=local
    )
    return Seen(
        kind="message",
        id=_text(info, "e:MsgId", local),
        type=str(_only(info, "e:Type", local).get("V")),
        sent_at=_text(info, "e:GenDate", local),
        sender=tuple(_organisations(_only(info, "e:Sender/e:Organisation", local), local)),
        receiver=tuple(_organisations(_only(info, "e:Receiver/e:Organisation", local), local)),
        patient=str(patient) or None,
        status=str(status) or "N",
    )


def _see_apprec(root: etree._Element, names: dict[str, str]) -> Seen:
    return Seen(
        kind="receipt",
        id=_text(root, "e:Id", names),
        type="APPREC",
        sent_at=_text(root, "e:GenDate", names),
        sender=tuple(_institutions(_only(root, "e:Sender", names), names)),
        receiver=tuple(_institutions(_only(root, "e:Receiver", names), names)),
        original=_text(root, "e:OriginalMsgId/e:Id", names),
        receipt_status=_only(root, "e:Status", names).get("V"),
        receipt_codes=tuple(str(error.get("V")) for error in root.iterfind("e:Error", names)),
    )


def _organisations(organisation: etree._Element, names: dict[str, str]) -> Iterator[Unit]:
    her_id = organisation.xpath("string(e:Ident[e:TypeId/@V='HER']/e:Id)", namespaces=names)
    yield Unit(str(her_id), _text(organisation, "e:OrganisationName", names))
    for inner in organisation.iterfind("e:Organisation", names):
        yield from _organisations(inner, names)


def _institutions(party: etree._Element, names: dict[str, str]) -> Iterator[Unit]:
    for unit in party.xpath(".//*[self::e:Inst or self::e:Dept]", namespaces=names):
        yield Unit(unit.findtext("e:Id", "", names), unit.findtext("e:Name", "", names))


def _only(parent: etree._Element, path: str, names: dict[str, str]) -> etree._Element:
    found = parent.find(path, names)
    if found is None:
        raise CannotRead("element")
    return found


def _text(parent: etree._Element, path: str, names: dict[str, str]) -> str:
    return (_only(parent, path, names).text or "").strip()


def _see_bundle(bundle: dict[str, Any]) -> Seen:
    resources = {entry.get("fullUrl", ""): entry["resource"] for entry in bundle["entry"]}
    header = bundle["entry"][0]["resource"]
    if header["resourceType"] != "MessageHeader":
        raise CannotRead("MessageHeader")
    response = header.get("response")
    status, codes = _outcome(response, resources) if response else (None, ())
    provenances = [each for each in resources.values() if each["resourceType"] == "Provenance"]
    activities = [
        c["code"] for each in provenances for c in each.get("activity", {}).get("coding", []) if "code" in c
    ]
    return Seen(
        kind="receipt" if response else "message",
        id=bundle["identifier"]["value"].removeprefix("urn:uuid:"),
        type="APPREC" if response else header["eventCoding"]["code"],
        sent_at=bundle["timestamp"],
        sender=tuple(_units(header["sender"], resources)),
        receiver=tuple(_units(header["destination"][0]["receiver"], resources)),
        patient=_patient(resources),
        status=activities[0] if activities else "N",
        header_id=header.get("id"),
        original=response["identifier"] if response else None,
        receipt_status=status,
        receipt_codes=codes,
    )


def _units(reference: dict[str, Any], resources: dict[str, Any]) -> tuple[Unit, ...]:
    resource = resources[reference["reference"]]
    her_ids = [each["value"] for each in resource["identifier"] if each.get("system") == HER_ID_SYSTEM]
    unit = Unit(her_ids[0] if her_ids else "", resource.get("name", ""))
    return (*_units(resource["partOf"], resources), unit) if "partOf" in resource else (unit,)


def _patient(resources: dict[str, Any]) -> str | None:
    for resource in resources.values():
        if resource["resourceType"] == "Patient":
            for identifier in resource.get("identifier", []):
                if identifier.get("system") in NATIONAL_ID_SYSTEMS:
                    return str(identifier["value"])
    return None


def _outcome(response: dict[str, Any], resources: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Status (8258) and error codes (8221) of a response."""
    details = resources.get(response.get("details", {}).get("reference", ""), {})
    codings = [c for issue in details.get("issue", []) for c in issue.get("details", {}).get("coding", [])]
    codes = tuple(c["code"] for c in codings if c.get("system") == APPREC_SYSTEM)
    if response["code"] != "ok":
        return "2", codes
    in_part = any(issue.get("severity") in ("error", "warning") for issue in details.get("issue", []))
    return ("3" if in_part or codes else "1"), codes
