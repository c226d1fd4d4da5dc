"""Which neutral facts does an e-message or an AppRec state?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from lxml import etree

from gateway.emessage.read import EMessage, code_of, contents_of
from gateway.terminology import number_of
from gateway.translate.envelope import derived_header_id
from gateway.translate.facts import (
    Event,
    Facts,
    Party,
    PatientIdentity,
    ReceiptError,
    ReceiptFacts,
    Topic,
    identity_of,
)
from gateway.translate.primitives import primitive

_TIME = primitive("dateTime", "PointInTime")
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def facts_of_message(message: EMessage) -> Facts:
    """The facts of a MsgHead or AppRec that has been read. What it does not state is empty, never guessed."""
    return _receipt(message) if message.standard.startswith("apprec-") else _message(message)


def moment(text: str | None) -> datetime | None:
    """A time of a message as UTC; zone-less means Europe/Oslo, a date the start of that day (DESIGN §4.12)."""
    native = _TIME.native(text) if text else None
    if not isinstance(native, str) or len(native) < 10:
        return None
    if "T" not in native:
        native = _TIME.native(f"{native}T00:00:00")
    try:
        return datetime.fromisoformat(native).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _first(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The first child of that name, the first child of the next name in it, and so on. In half the time of a path."""
    for name in names:
        if element is None:
            return None
        element = next(element.iterchildren(name), None)
    return element


def _each(element: etree._Element | None, name: str) -> Iterable[etree._Element]:
    """Its children of that name."""
    return element.iterchildren(name) if element is not None else ()


def _text(element: etree._Element | None, *names: str) -> str:
    found = _first(element, *names)
    return (found.text or "").strip() if found is not None else ""


def _code(element: etree._Element | None, *names: str) -> str | None:
    found = _first(element, *names)
    return (code_of(found) or None) if found is not None else None


def _message(message: EMessage) -> Facts:
    info = _first(message.root, "{*}MsgInfo")
    body = message.body if message.standard.startswith("plo-") else None
    acknowledgement = _code(info, "{*}Ack")
    return Facts(
        format=message.standard,
        message_id=_text(info, "{*}MsgId"),
        message_type=_code(info, "{*}Type") or "",
        sender=_party(_first(info, "{*}Sender", "{*}Organisation")),
        receiver=_party(_first(info, "{*}Receiver", "{*}Organisation")),
        generated_at=moment(_text(info, "{*}GenDate")),
        header_id=derived_header_id(info) if info is not None else None,
        status=_code(body, "{*}InformasjonOmForsendelsen", "{*}Forsendelsesstatus") or "N",
        parent_id=_text(info, "{*}ConversationRef", "{*}RefToParent") or None,
        conversation_id=_text(info, "{*}ConversationRef", "{*}RefToConversation") or None,
        other_receivers=tuple(
            _party(organisation)
            for other in _each(info, "{*}OtherReceiver")
            for organisation in _each(other, "{*}Organisation")
        ),
        patient=_patient(info) or _patient_of_report(message.root),
        acknowledgement=_acknowledgement(acknowledgement),
        processing=_code(info, "{*}ProcessingStatus") or "P",
        events=_events(body),
        topics=_topics(message),
        signed=_first(message.root, _SIGNATURE) is not None,
        body_known=message.standard != "msghead" or _has_attachments_only(message.root),
    )


def _has_attachments_only(root: etree._Element) -> bool:
    """Whether no document has a body: containers, references to files, or nothing."""
    return all(etree.QName(content).localname == "Base64Container" for content in contents_of(root))


def _acknowledgement(code: str | None) -> Literal["J", "N", "F"] | None:
    return code if code in ("J", "N", "F") else None  # type: ignore[return-value]


def _her(organisation: etree._Element) -> str | None:
    for ident in _each(organisation, "{*}Ident"):
        if _code(ident, "{*}TypeId") == "HER":
            return _text(ident, "{*}Id") or None
    return None


def _party(organisation: etree._Element | None) -> Party:
    """Level 2 (Organisation, else HealthcareProfessional) within level 1 (DESIGN §7)."""
    if organisation is None:
        return Party(None, None)
    outer, name = _her(organisation), _text(organisation, "{*}OrganisationName")
    inner = _first(organisation, "{*}Organisation")
    if inner is None or _her(inner) is None:
        professional = _first(organisation, "{*}HealthcareProfessional")
        inner = professional if professional is not None and _her(professional) else inner
    her = _her(inner) if inner is not None else None
    inner_name = _text(inner, "{*}OrganisationName") or " ".join(
        part for part in (_text(inner, "{*}GivenName"), _text(inner, "{*}FamilyName")) if part
    )
    return Party(her or outer, outer or her, inner_name or name, name)


def _patient(info: etree._Element | None) -> PatientIdentity | None:
    found = _each(_first(info, "{*}Patient"), "{*}Ident")
    return identity_of([(_code(each, "{*}TypeId") or "", _text(each, "{*}Id")) for each in found])


def _patient_of_report(root: etree._Element) -> PatientIdentity | None:
    """The patient of a report that is the only one; several reports have several patients."""
    reports = list(_each(root, "{*}PatientReport"))
    return _patient(reports[0]) if len(reports) == 1 else None


def _topics(message: EMessage) -> tuple[Topic, ...]:
    notes = message.body.iterfind("{*}Notat/{*}TemaKodet") if message.body is not None else ()
    return tuple(Topic(number_of(topic.get("S") or ""), code_of(topic)) for topic in notes if code_of(topic))


def _events(body: etree._Element | None) -> tuple[Event, ...]:
    events = []
    for found in body.iter("{*}TidsfestetHendelse") if body is not None else ():
        named = _first(found, "{*}Hendelsekode")
        code = code_of(named) if named is not None else ""
        time = _code(found, "{*}TidspunktForHendelse")
        if code and named is not None and number_of(named.get("S") or "") in ("9121", ""):
            estimate = _text(found, "{*}Anslag") in ("true", "1")
            events.append(Event(code, moment(time), bool(time) and "T" not in str(time), estimate))
    return tuple(events)


def _receipt(message: EMessage) -> Facts:
    root = message.root
    errors = tuple(
        ReceiptError(code_of(e), e.get("S") or "", e.get("DN") or e.get("OT") or "")
        for e in _each(root, "{*}Error")
    )
    stated = _code(root, "{*}Status")
    status: Literal["1", "2", "3"] = stated if stated in ("1", "2", "3") else "2"  # type: ignore[assignment]
    return Facts(
        format=message.standard,
        message_id=_text(root, "{*}Id"),
        message_type="APPREC",
        sender=_receipt_party(_first(root, "{*}Sender", "{*}HCP")),
        receiver=_receipt_party(_first(root, "{*}Receiver", "{*}HCP")),
        generated_at=moment(_text(root, "{*}GenDate")),
        receipt=ReceiptFacts(
            status,
            _text(root, "{*}OriginalMsgId", "{*}Id"),
            _code(root, "{*}OriginalMsgId", "{*}MsgType"),
            errors,
        ),
    )


def _receipt_party(party: etree._Element | None) -> Party:
    institution = _first(party, "{*}Inst")
    professional = _first(party, "{*}HCProf")
    outer = institution if institution is not None else professional
    if outer is None:
        return Party(None, None)
    levels = [outer, *_each(outer, "{*}HCPerson"), *_each(outer, "{*}Dept")]
    ids = [(her, _text(level, "{*}Name")) for level in levels if (her := _receipt_her(level))]
    if not ids:
        return Party(None, None, _text(outer, "{*}Name"), _text(outer, "{*}Name"))
    return Party(ids[-1][0], ids[0][0], ids[-1][1], ids[0][1])


def _receipt_her(level: etree._Element) -> str | None:
    """The HER-id of a level of a receipt's party: its own, else an additional one."""
    kinds = [(_code(level, "{*}TypeId"), level)]
    kinds += [(_code(extra, "{*}Type"), extra) for extra in _each(level, "{*}AdditionalId")]
    return next((_text(found, "{*}Id") or None for kind, found in kinds if kind == "HER"), None)
