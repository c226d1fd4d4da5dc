"""Whose request is this, and may it see this message?

A partner shows its secret as `Authorization: Bearer …`. Where partners without a secret are configured (this
machine only) a caller may show none and then acts for those. What a caller may not see does not exist for it:
404, never 403.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from gateway.errors import Refusal
from gateway.ledger.rows import MessageRow
from gateway.routing.credentials import Credential
from gateway.services import GatewayServices

LONGEST_SECRET: Final = 512


def credential_of(request: Request, services: GatewayServices) -> Credential | None:
    """The partner that calls; None: it showed no secret and no partner goes without one.

    :raises Refusal: routing.unknown-credential
    """
    shown = request.headers.get("authorization")
    if shown is None:
        return services.credentials.anonymous()
    scheme, _, secret = shown.partition(" ")
    secret = secret.strip()
    known = None
    if scheme.lower() == "bearer" and 0 < len(secret) <= LONGEST_SECRET:
        known = services.credentials.of_bearer(secret)
    if known is None:
        raise Refusal("routing.unknown-credential")
    return known


def known_caller(request: Request, services: GatewayServices) -> Credential:
    """The partner that calls.

    :raises Refusal: routing.no-credential, routing.unknown-credential
    """
    credential = credential_of(request, services)
    if credential is None:
        raise Refusal("routing.no-credential")
    return credential


def own_message(request: Request, services: GatewayServices, id: str) -> MessageRow:
    """The message with our id, if the caller may act for its sender.

    :raises Refusal: api.not-found, and what `known_caller` raises
    """
    credential = known_caller(request, services)
    message = services.reader.message(id)
    if message is None or not credential.covers(message.sender_her, message.sender_organisation_her):
        raise Refusal("api.not-found")
    return message
