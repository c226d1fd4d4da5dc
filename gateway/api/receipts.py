"""Which receipts does the API hand out: our own negative one on refusal, and those of receivers when asked?

Ours is only ever negative, in the gateway's own name, and only where id, type, date and sender of the message
could be read (DESIGN §4.8). It says HER-ids, not names. Without a HER-id of its own in the settings the
gateway makes none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.api import reading
from gateway.api.problems import FHIR_JSON
from gateway.emessage import apprec
from gateway.errors import CATALOGUE, Refusal
from gateway.fhir import json as fhir_json
from gateway.ledger.rows import MessageRow, ReceiptRow
from gateway.routing.outcomes import Refused
from gateway.services import GatewayServices
from gateway.translate import Translation
from gateway.translate.facts import Facts, Party
from gateway.translate.receipts import with_original

XML: Final = "application/xml"
NOT_TO_THE_SENDER: Final = frozenset({"routing.sender-not-covered", "routing.no-sender"})
"""Refusals because the caller is not the one the message names: a receipt would go to somebody who sent nothing."""


def negative_receipt(
    services: GatewayServices, refused: Refused, *, message_id: str, now: datetime
) -> bytes | None:
    """An AppRec that says why the message is not taken; None: none can be made of it, or none may be."""
    facts, gateway = refused.facts, services.settings.gateway
    if gateway.her_id is None or facts is None or not _can_be_answered(facts):
        return None
    if refused.code in NOT_TO_THE_SENDER or CATALOGUE[refused.code].apprec is None:
        return None
    owner = services.partners.owner_of(facts.sender.her_id or "")
    nameless = replace(facts, sender=replace(facts.sender, name="", organisation_name=""))
    return apprec.negative(
        nameless,
        refused.code,
        sender=Party(gateway.her_id, gateway.her_id, gateway.name, gateway.name),
        message_id=message_id,
        now=now,
        version=owner.accepts_apprec if owner else "1.0",
    )


def _can_be_answered(facts: Facts) -> bool:
    """A receipt gets no receipt; and what id, type, date or sender is missing from gets none either."""
    known = facts.message_id and facts.message_type and facts.generated_at and facts.sender.her_id
    return bool(known) and not facts.is_receipt


async def fetched_receipt(
    request: Request, services: GatewayServices, message: MessageRow, receipt: ReceiptRow
) -> Response:
    """A receipt as XML or as a message Bundle: as asked for, else in the format of the message it is about.

    :raises Refusal: api.not-found: its body is no longer kept
    :raises NotTranslatable: it cannot be said in that format
    """
    body = services.reader.body(receipt.body_id)
    if body is None:
        raise Refusal("api.not-found")
    wanted = _wanted(request, FHIR_JSON if message.format == "fhir-r4" else XML)
    if wanted == body.media_type:
        return Response(body.content, media_type=wanted)
    owner = services.partners.owner_of(message.sender_her)
    target = "fhir-r4" if wanted == FHIR_JSON else f"apprec-{owner.accepts_apprec if owner else '1.0'}"
    translation = await reading.worked_on(len(body.content), _translated, body.content, target, message)
    return Response(translation.data, media_type=wanted)


def _translated(data: bytes, target: str, message: MessageRow) -> Translation:
    if target.startswith("apprec-"):
        bundle = fhir_json.read(data)
        stated = with_original(bundle, message.message_id, message.message_type, message.generated_at)
        data = fhir_json.write(stated)
    return reading.converted(reading.read(data), target)


def _wanted(request: Request, default: str) -> str:
    accept = request.headers.get("accept", "")
    if "xml" in accept and "json" not in accept:
        return XML
    if "json" in accept and "xml" not in accept:
        return FHIR_JSON
    return default
