"""What does a sender get to read when a message has been handed in?

Acceptance is 202 with our id of the message: never a receipt, since only the receiving application may say
that a message arrived (DESIGN §4.8). A duplicate gets the very same answer. A refusal is 4xx with a negative
receipt in our own name, where one can be made and the sender accepts XML, else with the error of the
catalogue.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.problems import FHIR_JSON, headers_of, is_fhir, refusal, status_of
from gateway.api.receipts import negative_receipt
from gateway.routing.outcomes import Accepted, Duplicate, IntakeOutcome, Refused
from gateway.services import GatewayServices


def answer_to(request: Request, services: GatewayServices, outcome: IntakeOutcome) -> Response:
    """The HTTP answer to a message that was handed in."""
    if not isinstance(outcome, Refused):
        return accepted(request, outcome)
    if not is_fhir(request) and prefers_xml(request.headers.get("accept")):
        receipt = negative_receipt(services, outcome, message_id=str(uuid.uuid4()), now=datetime.now(UTC))
        if receipt is not None:
            code = outcome.code
            return Response(
                receipt, status_code=status_of(code), headers=headers_of(code), media_type="application/xml"
            )
    return refusal(request, outcome.code, path=outcome.path, line=outcome.line, issues=outcome.issues)


def accepted(request: Request, outcome: Accepted | Duplicate) -> Response:
    """202: the message is durable here."""
    if is_fhir(request):
        issue = {
            "severity": "information",
            "code": "informational",
            "details": {"text": "The message is accepted."},
            "diagnostics": f"id: {outcome.id}",
        }
        content = {"resourceType": "OperationOutcome", "id": outcome.id, "issue": [issue]}
        media_type = FHIR_JSON
    else:
        content = {"id": outcome.id, "status": "accepted", "messageId": outcome.message_id}
        media_type = "application/json"
    return Response(
        msgspec.json.encode(content),
        status_code=202,
        headers={"location": f"/messages/{outcome.id}"},
        media_type=media_type,
    )


def prefers_xml(accept: str | None) -> bool:
    """Whether a caller takes XML at least as gladly as JSON; one that says nothing takes everything."""
    if not accept:
        return True
    xml, other = 0.0, 0.0
    for part in accept.lower().split(","):
        media_type, _, parameters = part.partition(";")
        media_type, weight = media_type.strip(), _weight(parameters)
        if media_type in ("application/xml", "text/xml", "application/*", "text/*", "*/*"):
            xml = max(xml, weight)
        elif media_type.endswith("json"):
            other = max(other, weight)
    return xml > 0 and xml >= other


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
