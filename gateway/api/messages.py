"""What may a partner ask about its messages: hand one in, see how far it is, fetch the receipts?

What is durable when we answer 202: the message and its delivery. What a crash before that does: the sender
gets no answer and sends again. Why that is harmless: the same MsgId with the same content is accepted once
and answered the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.api.access import known_caller, own_message
from gateway.api.answers import answer_to
from gateway.api.bodies import JSON_TYPES, XML_TYPES, Bodies, expect_type
from gateway.api.problems import error_refusal
from gateway.api.receipts import fetched_receipt
from gateway.errors import Refusal, SomlosError
from gateway.ledger.rows import DeliveryRow, ReceiptRow
from gateway.services import GatewayServices

_XML_BODY = {
    "requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}}
}
_BUNDLE_BODY = {
    "requestBody": {"required": True, "content": {"application/fhir+json": {"schema": {"type": "object"}}}}
}
_HAND_IN: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The message is durable here; its id is ours. A duplicate is answered the same way."
    },
    400: {"description": "Not readable."},
    401: {"description": "No credential, or an unknown one."},
    403: {"description": "The credential does not cover the sender."},
    409: {"description": "The same MsgId came before with other content."},
    413: {"description": "Too large."},
    415: {"description": "Not a type that is taken here."},
    422: {"description": "Read, but not taken: a negative AppRec, or the error."},
    503: {"description": "Not now; send the same again."},
}


Endpoint = Callable[[Request], Awaitable[Response]]


def hand_in(services: GatewayServices, bodies: Bodies) -> dict[str, Endpoint]:
    """Address → what is done with a message that is posted there."""

    async def hand_in_xml(request: Request) -> Response:
        """Hand in a message or a receipt as XML."""
        expect_type(request, XML_TYPES)
        credential = known_caller(request, services)
        async with bodies.of(request) as data:
            outcome = await services.intake.accept(data, "xml", credential)
        return answer_to(request, services, outcome)

    async def hand_in_fhir(request: Request) -> Response:
        """Hand in a message or a receipt as a message Bundle."""
        expect_type(request, JSON_TYPES)
        credential = known_caller(request, services)
        async with bodies.of(request) as data:
            outcome = await services.intake.accept(data, "fhir", credential)
        return answer_to(request, services, outcome)

    return {"/messages": hand_in_xml, "/fhir/$process-message": hand_in_fhir}


class HandedIn:
    """Answers what is handed in without the framework's layers and search for a route, which cost as much as taking
    the message over does. The same functions stand among the routes, where they are documented."""

    def __init__(self, endpoints: dict[str, Endpoint]) -> None:
        self._endpoints = endpoints

    def is_asked(self, scope: Scope) -> bool:
        """Whether a request hands something in."""
        return scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = await self._endpoints[scope["path"]](request)
        except SomlosError as error:
            answer = error_refusal(request, error)
        await answer(scope, receive, send)


def messages_router(services: GatewayServices, endpoints: dict[str, Endpoint]) -> APIRouter:
    """The routes for partners; `endpoints`: of `hand_in`."""
    router = APIRouter(tags=["messages"])
    _take_in(router, endpoints)
    _tell(router, services)
    return router


def _take_in(router: APIRouter, endpoints: dict[str, Endpoint]) -> None:
    for address, endpoint in endpoints.items():
        body = _XML_BODY if address == "/messages" else _BUNDLE_BODY
        router.post(address, status_code=202, responses=_HAND_IN, openapi_extra=body)(endpoint)


def _tell(router: APIRouter, services: GatewayServices) -> None:
    @router.get("/messages/{id}")
    async def message(request: Request, id: str) -> Response:
        """How far a message of the caller's is: its deliveries and their states."""
        row = own_message(request, services, id)
        return JSONResponse(
            {
                "id": row.id,
                "messageId": row.message_id,
                "type": row.message_type,
                "receivedAt": row.received_at.isoformat(),
                "deliveries": [_delivery(each) for each in services.reader.deliveries(row.id)],
            }
        )

    @router.get("/messages/{id}/receipts")
    async def receipts(request: Request, id: str) -> Response:
        """The receipts that have come for a message of the caller's, oldest first."""
        row = own_message(request, services, id)
        found = services.reader.receipts(row.id)
        return JSONResponse(
            {"id": row.id, "messageId": row.message_id, "receipts": [_receipt(e) for e in found]}
        )

    @router.get("/messages/{id}/receipts/{receipt}")
    async def receipt(request: Request, id: str, receipt: str) -> Response:
        """One receipt itself, as XML or as a message Bundle: as asked for, else in the message's own format."""
        row = own_message(request, services, id)
        for each in services.reader.receipts(row.id):
            if each.message == receipt:
                return await fetched_receipt(request, services, row, each)
        raise Refusal("api.not-found")


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "receiver": row.receiver_her,
        "state": row.state,
        "final": row.is_final,
        "format": row.format,
        "unchanged": row.unchanged,
        "attempts": row.attempts,
        "reason": row.reason,
        "receiptStatus": row.receipt_status,
        "overdue": row.overdue,
        "sentAt": row.sent_at.isoformat() if row.sent_at else None,
        "finalAt": row.final_at.isoformat() if row.final_at else None,
    }


def _receipt(row: ReceiptRow) -> dict[str, Any]:
    return {
        "id": row.message,
        "status": row.status,
        "errors": [{"code": error.code, "system": error.system} for error in row.errors],
        "effect": row.effect,
        "format": row.format,
        "receivedAt": row.received_at.isoformat(),
        "href": f"/messages/{row.original}/receipts/{row.message}",
    }
