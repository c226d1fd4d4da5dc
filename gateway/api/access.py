"""Whose request is this, and may it see this message?

A partner shows its secret as `Authorization: Bearer …`. Where partners without a secret are configured (this
machine only) a caller may show none and then acts for those. What a caller may not see does not exist for it:
404, never 403.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request

from gateway.errors import Refusal
from gateway.ledger.rows import MessageRow
from gateway.routing.credentials import Credential
from gateway.services import GatewayServices
from gateway.settings_check import is_loopback

LONGEST_SECRET: Final = 512

log = structlog.get_logger(__name__)


def known_caller(request: Request, services: GatewayServices) -> Credential:
    """The partner that calls. Asked before a body is read, so that a stranger cannot make us read.

    :raises Refusal: routing.no-credential, routing.unknown-credential
    """
    shown = request.headers.get("authorization")
    if shown is None:
        known, code = services.credentials.anonymous(), "routing.no-credential"
    else:
        known, code = _of_bearer(shown, services), "routing.unknown-credential"
    if known is None:
        log.warning("api.stranger", code=code, address=request.client.host if request.client else None)
        raise Refusal(code)
    return known


def _of_bearer(shown: str, services: GatewayServices) -> Credential | None:
    scheme, _, secret = shown.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not 0 < len(secret) <= LONGEST_SECRET:
        return None
    return services.credentials.of_bearer(secret)


@dataclass(frozen=True)
class Viewer:
    """Who reads or changes FHIR resources."""

    name: str
    """For the audit: the partner's name in the settings, or "operator"."""
    her_ids: frozenset[str] | None
    """What went to or from these may be seen; None: everything."""


def viewer_of(request: Request, services: GatewayServices) -> Viewer:
    """Whose request for FHIR resources it is: a partner's, for what it sent or received, or an operator's.

    An operator shows the secret of [operator]. In a demo, where every patient is made up, this machine sees everything.

    :raises Refusal: as `known_caller`
    """
    settings = services.settings
    shown = request.headers.get("authorization")
    if shown is not None and settings.operator.bearer_sha256 is not None:
        secret = shown.partition(" ")[2].strip().encode()
        if hmac.compare_digest(hashlib.sha256(secret).hexdigest(), settings.operator.bearer_sha256):
            return Viewer("operator", None)
    host = request.client.host if request.client else ""
    if shown is None and settings.gateway.demo and is_loopback(host):
        return Viewer("demo", None)
    credential = known_caller(request, services)
    return Viewer(credential.partner or "partner", credential.her_ids)


def own_message(request: Request, services: GatewayServices, id: str) -> MessageRow:
    """The message with our id, if the caller may act for its sender.

    :raises Refusal: api.not-found, and what `known_caller` raises
    """
    credential = known_caller(request, services)
    message = services.reader.message(id)
    if message is None or not credential.covers(message.sender_her, message.sender_organisation_her):
        raise Refusal("api.not-found")
    return message
