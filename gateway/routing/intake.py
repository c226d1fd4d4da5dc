"""May this message come in, and is it durable here?"""

from __future__ import annotations

from typing import Literal

from gateway.routing.credentials import Credential
from gateway.routing.outcomes import IntakeOutcome

Content = Literal["xml", "fhir"]


class Intake:
    """Takes messages in."""

    async def accept(self, data: bytes, content: Content, credential: Credential | None) -> IntakeOutcome:
        """Take one message in; the answer comes only when it is durable here, or will never be.

        `credential` None: the caller showed none (`Refused` with routing.no-credential where every partner has one).

        :raises Unavailable: the ledger cannot take it now; the sender should try again.
        """
        raise NotImplementedError
