"""How does a message that lies in a partner's folder come in? Exactly as one that is posted.

There is one inbox for each folder configured for a partner; the right to write into it is the partner's
credential. The application runs `DirectoryInbox.run` of each as a task of its own.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from gateway.api.receipts import negative_receipt
from gateway.routing.outcomes import Refused
from gateway.services import GatewayServices
from gateway.settings import Partner
from gateway.transports.base import FHIR_JSON, ContentType
from gateway.transports.inbox import DirectoryInbox, NotTaken, TakeOver


def inboxes_of(services: GatewayServices) -> tuple[DirectoryInbox, ...]:
    """The inboxes of every partner that is reached by a folder; two endpoints with one folder share its inbox."""
    largest = services.settings.gateway.max_body_bytes
    return tuple(
        DirectoryInbox(Path(path), _hand_in(services, partner), largest=largest)
        for partner in services.settings.partner
        for path in sorted(
            {each.path for each in partner.endpoint if each.transport == "directory" and each.path}
        )
    )


def _hand_in(services: GatewayServices, partner: Partner) -> TakeOver:
    """Intake, with the folder as the proof of who is sending."""
    credential = services.credentials.of_partner(partner.name)

    async def take_over(data: bytes, content_type: ContentType) -> NotTaken | None:
        content = "fhir" if content_type == FHIR_JSON else "xml"
        outcome = await services.intake.accept(data, content, credential)
        if not isinstance(outcome, Refused):
            return None
        receipt = negative_receipt(services, outcome, message_id=str(uuid.uuid4()), now=datetime.now(UTC))
        return NotTaken(outcome.code, receipt)

    return take_over
