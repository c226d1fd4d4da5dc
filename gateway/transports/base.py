"""What is a transport: how do bytes reach a partner, and what came of one attempt?

A transport knows nothing of what the bytes mean. It makes one attempt, within the endpoint's `timeout_s`, to the
configured endpoint only, and says honestly which of three things happened; trying again is the dispatcher's work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gateway.routing.outcomes import DeliveryOutcome
from gateway.settings import Endpoint


@dataclass(frozen=True)
class Outgoing:
    """One message on its way out. The same delivery always has the same bytes and ids, however often it is tried."""

    body: bytes = field(repr=False)
    content_type: str
    """MIME type with charset: application/xml or application/fhir+json."""
    message_id: str
    """The sender's MsgId, the same in every format."""
    message_type: str
    """Code of 8279; APPREC for a receipt."""
    correlation: str
    """Our id of the message: may stand in headers and logs."""
    sender_her: str
    receiver_her: str


class Transport(Protocol):
    """One way to reach partners. `send` never raises for what a network or partner does: that is an outcome."""

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> DeliveryOutcome:
        """Make one attempt."""
        ...

    async def close(self) -> None:
        """Give back connections; nothing is sent after this."""
        ...
