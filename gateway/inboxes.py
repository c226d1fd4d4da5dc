"""How do messages that partners put into folders come to intake, and what do they get for an answer?

Whoever may write into a partner's folder sends in its name. What is refused goes to refused/ with its reason, and the
negative receipt, where one can be made, to out/.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from gateway.api.receipts import negative_receipt
from gateway.ledger.duty import Duty
from gateway.routing.outcomes import Refused
from gateway.services import GatewayServices
from gateway.settings import Endpoint, Partner
from gateway.transports.base import FHIR_JSON, ContentType
from gateway.transports.inbox import DirectoryInbox, NotTaken


def inboxes_of(services: GatewayServices) -> list[DirectoryInbox]:
    """One inbox for each folder that the settings name."""
    folders = {
        endpoint.path: (partner, endpoint)
        for partner in services.settings.partner
        for endpoint in partner.endpoint
        if endpoint.transport == "directory" and endpoint.path is not None
    }
    return [_inbox(services, Path(path), *owner) for path, owner in folders.items()]


def _inbox(services: GatewayServices, folder: Path, partner: Partner, endpoint: Endpoint) -> DirectoryInbox:
    credential = services.credentials.of_partner(partner.name)

    async def take_over(data: bytes, content_type: ContentType) -> NotTaken | None:
        content = "fhir" if content_type == FHIR_JSON else "xml"
        outcome = await services.intake.accept(data, "fhir" if content == "fhir" else "xml", credential)
        if not isinstance(outcome, Refused):
            return None
        receipt = negative_receipt(services, outcome, message_id=str(uuid.uuid4()), now=datetime.now(UTC))
        return NotTaken(outcome.code, receipt)

    return DirectoryInbox(
        folder,
        take_over,
        poll_seconds=endpoint.poll_s,
        largest=services.settings.gateway.max_body_bytes,
        keep_done=endpoint.keep_read,
        name=endpoint.her_ids[0],
        watch=Duty(
            services.ledger,
            f"folder/{endpoint.her_ids[0]}",
            services.dispatcher.owner,
            services.settings.gateway.lease_s,
        ),
    )
