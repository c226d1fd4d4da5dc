"""What does a hospital ask for when a message went wrong? The report of a deviation (Avvikspakke), without any content.

Type, times, ids, trail, receipts, certificates, and how the message travelled; a link that stays valid. Facts of the
ledger only: no name, number or text of a patient stands in it, and nothing is made up: what is not
known is said to be not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gateway.errors import CATALOGUE
from gateway.ledger.certificates import Known
from gateway.ledger.reader import LedgerReader
from gateway.ledger.rows import DeliveryRow, EventRow, MessageRow, ReceiptRow
from gateway.ledger.trail import sentence
from gateway.operations import certificates
from gateway.routing.partners import Partners

OSLO: Final = ZoneInfo("Europe/Oslo")
_PLAIN_ID: Final = re.compile(r"[0-9A-Za-z{][0-9A-Za-z._:{}-]{0,99}")
_UUID: Final = re.compile(
    r"(?i)\{?[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\}?"
)
"""As RFC 9562 makes it: eleven digits in a row in it are chance, in one of 250 of them."""
_NUMBER: Final = re.compile(r"(?<!\d)\d{6}[._:-]?\d{5}(?!\d)")


def report(
    reader: LedgerReader,
    partners: Partners,
    certificates: Iterable[Known],
    message: MessageRow,
    link: str,
    made: datetime,
) -> dict[str, Any]:
    """The report as JSON. `certificates`: all that are known; `link`: the message's page; `made`: aware."""
    known = tuple(certificates)
    receipts = reader.receipts(message.id)
    return {
        "report": "avvikspakke",
        "version": 1,
        "made": _time(made),
        "link": link,
        "message": {
            "id": message.id,
            "msgId": plain_id(message.message_id),
            "conversation": plain_id(message.conversation_id or message.message_id),
            "replaces": plain_id(message.parent_id) if message.parent_id else None,
            "type": message.message_type,
            "status": message.status,
            "format": message.format,
            "size": message.size,
            "sender": _party(partners, message.sender_her),
            "receiver": _party(partners, message.receiver_her),
            "written": _time(message.generated_at),
            "received": _time(message.received_at),
            "wantsReceipt": message.acknowledgement,
            "signed": message.signed,
            "signatureChecked": False,
        },
        "deliveries": [_delivery(partners, known, each) for each in reader.deliveries(message.id)],
        "receipts": [_receipt(each) for each in receipts],
        "trail": [_event(each) for each in reader.trail(message.id)],
        "otherMessages": [
            {
                "id": each.id,
                "type": each.message_type,
                "status": each.status,
                "received": _time(each.received_at),
            }
            for each in reader.conversation(message.id)
            if each.id != message.id
        ],
    }


def plain_id(text: str) -> str | None:
    """An id the sender chose, unless it could hold something else: it is the sender's own text."""
    is_plain = _UUID.fullmatch(text) or (_PLAIN_ID.fullmatch(text) and not _NUMBER.search(text))
    return text if is_plain else None


def _time(moment: datetime | None) -> str | None:
    """Norwegian time with its offset."""
    return None if moment is None else moment.astimezone(OSLO).isoformat(timespec="milliseconds")


def _party(partners: Partners, her_id: str) -> dict[str, str | None]:
    owner = partners.owner_of(her_id)
    return {"herId": her_id, "name": owner.name if owner else None}


def _delivery(partners: Partners, known: tuple[Known, ...], delivery: DeliveryRow) -> dict[str, Any]:
    route = partners.route_to(delivery.receiver_her)
    endpoint = route.endpoint.her_ids[0] if route else None
    url = urlsplit(route.endpoint.url) if route and route.endpoint.url else None
    return {
        "receiver": _party(partners, delivery.receiver_her),
        "state": delivery.state,
        "reason": _reason(delivery.reason),
        "format": delivery.format,
        "unchanged": delivery.unchanged,
        "attempts": delivery.attempts,
        "queued": _time(delivery.created_at),
        "sent": _time(delivery.sent_at),
        "deadline": _time(delivery.deadline_at),
        "ended": _time(delivery.final_at),
        "overdue": delivery.overdue,
        "transport": route.endpoint.transport if route else None,
        "host": url.hostname if url else None,
        "tls": url.scheme == "https" if url else None,
        "certificates": [_certificate(each, delivery) for each in known if each.endpoint == endpoint],
    }


def _certificate(known: Known, delivery: DeliveryRow) -> dict[str, Any]:
    """A certificate of the endpoint as it is known when the report is made; another may have held when it was sent."""
    certificate, sent = known.certificate, delivery.sent_at
    held = certificate.valid_from <= sent < certificate.valid_to if sent else None
    return certificates.as_json(known, _time) | {"heldWhenSent": held}


def _reason(code: str | None) -> dict[str, str] | None:
    entry = CATALOGUE.get(code) if code else None
    return None if entry is None else {"code": entry.code, "says": entry.no, "owner": entry.owner}


def _receipt(receipt: ReceiptRow) -> dict[str, Any]:
    return {
        "id": receipt.message,
        "status": receipt.status,
        "errors": [{"code": error.code, "system": error.system} for error in receipt.errors],
        "effect": receipt.effect,
        "format": receipt.format,
        "received": _time(receipt.received_at),
    }


def _event(event: EventRow) -> dict[str, Any]:
    return {"at": _time(event.at), "code": event.code, "says": sentence(event.code, event.detail)[0]}


_OWNERS: Final = {"sender": "avsender", "receiver": "mottaker", "network": "nettet mellom oss", "us": "oss"}
_YES: Final = {True: "ja", False: "nei", None: "ikke kjent"}


def as_text(content: dict[str, Any]) -> str:
    """The report as it is pasted into a deviation system (Norwegian)."""
    message = content["message"]
    lines = [
        "AVVIKSPAKKE",
        f"Laget {content['made']}",
        f"Lenke: {content['link']}",
        "Inneholder ingen pasientopplysninger.",
        "",
        "MELDING",
        *_pairs(
            ("Type", f"{message['type']} ({message['status']})"),
            ("Fra", _named(message["sender"])),
            ("Til", _named(message["receiver"])),
            ("MsgId", message["msgId"] or "vises ikke (uventet form)"),
            ("Samtale", message["conversation"] or "vises ikke (uventet form)"),
            ("Vår id", message["id"]),
            ("Skrevet", message["written"] or "ikke oppgitt"),
            ("Mottatt her", message["received"]),
            ("Format", f"{message['format']}, {message['size']} byte"),
            ("Ønsker kvittering", {"J": "ja", "N": "nei", "F": "bare ved feil"}[message["wantsReceipt"]]),
            ("Signert", f"{_YES[message['signed']]} (signaturen er ikke kontrollert her)"),
        ),
    ]
    for delivery in content["deliveries"]:
        lines += ["", "LEVERING", *_pairs(*_delivery_lines(delivery))]
    lines += ["", "KVITTERINGER"]
    lines += [_receipt_line(each) for each in content["receipts"]] or ["  ingen"]
    lines += ["", "HENDELSER"]
    lines += [f"  {each['at']}  {each['says']} [{each['code']}]" for each in content["trail"]] or ["  ingen"]
    if content["otherMessages"]:
        lines += ["", "I SAMME SAMTALE"]
        lines += [
            f"  {each['received']}  {each['type']} ({each['status']})  {each['id']}"
            for each in content["otherMessages"]
        ]
    return "\n".join(lines) + "\n"


def _delivery_lines(delivery: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    reason = delivery["reason"]
    said = f"{reason['says']} [{reason['code']}, {_OWNERS[reason['owner']]}]" if reason else "ingen"
    return (
        ("Til", _named(delivery["receiver"])),
        ("Tilstand", delivery["state"] + (", kvittering over frist" if delivery["overdue"] else "")),
        ("Årsak", said),
        ("Format", delivery["format"] + (", uendret" if delivery["unchanged"] else ", oversatt")),
        ("Forsøk", str(delivery["attempts"])),
        ("Overtatt", delivery["sent"] or "nei"),
        ("Avsluttet", delivery["ended"] or "nei"),
        ("Transport", f"{delivery['transport'] or 'ikke satt opp'} {delivery['host'] or ''}".rstrip()),
        ("TLS", _YES[delivery["tls"]]),
        *(("Sertifikat", _certificate_line(each)) for each in delivery["certificates"]),
        *(() if delivery["certificates"] else (("Sertifikat", "ikke kjent her"),)),
    )


_USES: Final = {
    "server": "mottakerens tjener (TLS)",
    "client": "vårt, vist mottakeren (TLS)",
    "trusted": "utsteder vi stoler på (TLS)",
    "signing": "mottakerens for signering",
    "encryption": "mottakerens for kryptering",
}


def _certificate_line(each: dict[str, Any]) -> str:
    held = {True: "gjaldt ved sending", False: "gjaldt ikke ved sending", None: "ikke sendt"}
    return (
        f"{_USES[each['use']]}: {each['subject'] or 'navngir ingen'}, utstedt av {each['issuer'] or 'ukjent'}, "
        f"gyldig {each['validFrom']} til {each['validTo']}, {held[each['heldWhenSent']]}, "
        f"SHA-256 {each['sha256']}, først sett {each['firstSeen']}"
    )


def _receipt_line(receipt: dict[str, Any]) -> str:
    errors = " ".join(error["code"] for error in receipt["errors"])
    return f"  {receipt['received']}  status {receipt['status']} {errors}".rstrip() + f"  {receipt['id']}"


def _named(party: dict[str, str | None]) -> str:
    return f"{party['name'] or 'ukjent'} (HER-id {party['herId']})"


def _pairs(*pairs: tuple[str, str]) -> list[str]:
    return [f"  {name + ':':<19}{value}" for name, value in pairs]
