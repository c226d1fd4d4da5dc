"""How are deliveries, endpoints, alarms and replays written for operators? With ids, codes, times; no patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.errors import CATALOGUE
from gateway.ledger.certificates import Known
from gateway.ledger.operations import Alarm, Hold, Item, Replay
from gateway.operations import actions
from gateway.operations.certificates import STOPS, standing
from gateway.operations.certificates import as_json as certificate_json
from gateway.operations.endpoints import EndpointState
from gateway.operations.trials import Tried
from gateway.settings import Settings

Json = dict[str, Any]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _why(code: str | None) -> Json:
    """What a code of the catalogue says: the sentence, whose move it is, and the next step."""
    entry = CATALOGUE.get(code) if code else None
    if entry is None:
        return {"reason": code, "owner": None, "text": None, "nextStep": None}
    return {
        "reason": code,
        "owner": entry.owner,
        "text": {"no": entry.no, "en": entry.en},
        "nextStep": {"no": entry.next_step_no, "en": entry.next_step_en},
    }


def item(each: Item) -> Json:
    """One delivery: how it stands, why, whose move it is, what can be done."""
    return {
        "delivery": each.id,
        "message": each.message,
        "type": each.message_type,
        "status": each.status,
        "isReceipt": each.is_receipt,
        "sender": each.sender_her,
        "receiver": each.receiver_her,
        "state": each.state,
        "deadLetter": each.is_dead,
        "final": each.is_final,
        "overdue": each.overdue,
        "receiptStatus": each.receipt_status,
        "attempts": each.attempts,
        "format": each.format,
        "unchanged": each.unchanged,
        "contentKept": not each.body_removed,
        "receivedAt": _time(each.received_at),
        "deadlineAt": _time(each.deadline_at),
        "sentAt": _time(each.sent_at),
        "finalAt": _time(each.final_at),
        "actions": list(actions.allowed(each)),
        "href": f"/console/messages/{each.message}",
        **_why(each.reason or ("receipt.overdue" if each.overdue else None)),
    }


def _hold(hold: Hold | None) -> Json | None:
    if hold is None:
        return None
    return {"mode": hold.mode, "since": _time(hold.since), "by": hold.by, "why": hold.why}


def endpoint(state: EndpointState) -> Json:
    """One endpoint."""
    return {
        "id": state.id,
        "partner": state.partner,
        "herIds": list(state.her_ids),
        "transport": state.transport,
        "host": state.host,
        "format": state.format,
        "condition": state.condition,
        "hold": _hold(state.hold),
        "downSince": _time(state.down_since),
        "failures": state.failures,
        "nextTryAt": _time(state.next_try_at),
        "queued": state.queued,
        "oldestQueuedAt": _time(state.oldest_queued_at),
        "parked": state.parked,
        "awaitingReceipt": state.awaiting,
        "overdueReceipts": state.overdue,
        "deadLetters": state.dead,
        "drainPerSecond": state.drain_per_second,
        "certificates": [certificate_json(each, _time) for each in state.certificates],
    }


def certificates(settings: Settings, states: tuple[EndpointState, ...], now: datetime) -> list[Json]:
    """Every certificate of every endpoint, the one that ends first before the others, and what it affects."""
    types = {
        endpoint.her_ids[0]: sorted({*endpoint.types, *endpoint.pass_on})
        for partner in settings.partner
        for endpoint in partner.endpoint
    }
    every = sorted(
        ((known, state) for state in states for known in state.certificates),
        key=lambda pair: pair[0].certificate.valid_to,
    )
    return [
        {"endpoint": state.id, "partner": state.partner}
        | certificate_json(known, _time)
        | _standing(known, now, settings.alarm.certificate_days)
        | {"stopsSending": known.kind in STOPS, "types": types[state.id], "queued": state.queued}
        for known, state in every
    ]


def _standing(known: Known, now: datetime, warn_days: int) -> Json:
    stands = standing(known.certificate, now, warn_days)
    return {"state": stands.holds, "daysLeft": -stands.days if stands.holds == "ended" else stands.days}


def partners(settings: Settings, states: tuple[EndpointState, ...]) -> list[Json]:
    """Every partner, also those that are never sent to."""
    return [
        {
            "name": partner.name,
            "herIds": list(partner.her_ids),
            "endpoints": [endpoint(each) for each in states if each.partner == partner.name],
        }
        for partner in settings.partner
    ]


def alarm(each: Alarm) -> Json:
    """One alarm."""
    return {
        "id": each.id,
        "kind": each.kind,
        "state": "open" if each.closed_at is None else "closed",
        "receiver": each.receiver_her,
        "message": each.message,
        "delivery": each.delivery_id,
        "openedAt": _time(each.opened_at),
        "closedAt": _time(each.closed_at),
        "href": f"/console/messages/{each.message}" if each.message else None,
        **_why(each.code),
    }


def tried(each: Tried) -> Json:
    """What came of trying to reach an endpoint."""
    certificate = each.certificate
    return {
        "reached": each.is_reached,
        "status": each.status,
        "tookMs": each.took_ms,
        "certificate": None
        if certificate is None
        else {
            "subject": certificate.subject or None,
            "issuer": certificate.issuer or None,
            "validFrom": _time(certificate.valid_from),
            "validTo": _time(certificate.valid_to),
            "sha256": certificate.in_pairs,
        },
        **_why(each.reason),
    }


def replay(each: Replay) -> Json:
    """How far a replay is."""
    return {
        "id": each.id,
        "state": each.state,
        "begunAt": _time(each.begun_at),
        "endedAt": _time(each.ended_at),
        "by": each.by,
        "why": each.why,
        "selection": each.selection,
        "perSecond": each.per_second,
        "total": each.total,
        "done": each.done,
        "resent": each.resent,
        "answered": each.answered,
        "negative": each.negative,
        **({"reason": None} if each.reason is None else _why(each.reason)),
    }
