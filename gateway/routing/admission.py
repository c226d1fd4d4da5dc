"""May this message come in, and if not, why? The rules of intake, pure.

Findings of layers xml and schema refuse a message; findings of the business rules are told and do not (DESIGN §6),
except where the message would be taken for something it is not.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import Issue
from gateway.identifiers import identity_number
from gateway.routing.credentials import Credential
from gateway.routing.partners import Partners, Route, Way, way_of
from gateway.translate.facts import Facts

MAX_MESSAGE_ID: Final = 255
"""Characters of a MsgId: what record systems and the ledger can be expected to keep whole."""
BLOCKING_LAYERS = frozenset({"xml", "schema"})
BLOCKING_RULES = frozenset({"rules.type-body-mismatch", "rules.logistics-content-mismatch"})


def first_blocking(issues: tuple[Issue, ...]) -> Issue | None:
    """The finding that refuses the message; None: nothing does."""
    for issue in issues:
        if issue.severity == "error" and (issue.layer in BLOCKING_LAYERS or issue.code in BLOCKING_RULES):
            return issue
    return None


def sender_refusal(facts: Facts, credential: Credential | None, partners: Partners) -> str | None:
    """Why the caller may not send in this sender's name; None: it may.

    A credential for the organisation (level 1) covers its services (level 2), but never a HER-id that the settings give
    to another partner.
    """
    if credential is None:
        return "routing.no-credential"
    sender = facts.sender
    if not sender.her_id:
        return "routing.no-sender"
    if sender.her_id in credential.her_ids:
        return None
    owner = partners.owner_of(sender.her_id)
    if owner is None and sender.organisation_her_id in credential.her_ids:
        return None
    return "routing.sender-not-covered"


def message_id_refusal(facts: Facts) -> str | None:
    """Why the message cannot be told from others by its id, as duplicates and receipts need; None: it can."""
    if not facts.message_id.strip():
        return "rules.message-id-missing"
    return "routing.message-id-too-long" if len(facts.message_id) > MAX_MESSAGE_ID else None


def admit(facts: Facts, partners: Partners) -> tuple[Route, Way] | str:
    """How the message reaches its receiver; or the code that says why it is not taken."""
    if not facts.receiver.her_id:
        return "routing.no-receiver"
    route = partners.route_to(facts.receiver.her_id)
    if route is None:
        return "routing.unknown-receiver"
    return environment_refusal(facts, route) or _with_route(facts, route)


def _with_route(facts: Facts, route: Route) -> tuple[Route, Way] | str:
    way = way_of(facts, route)
    return way if isinstance(way, str) else (route, way)


def environment_refusal(facts: Facts, route: Route) -> str | None:
    """Why the message does not belong in the receiver's environment (DESIGN §4.11); None: it does, or has no mark."""
    if route.environment == "test":
        return "routing.production-to-test" if facts.processing == "P" else None
    if route.environment == "production":
        if facts.processing in ("T", "D"):
            return "routing.test-to-production"
        if facts.patient is not None and identity_number(facts.patient.number).synthetic:
            return "routing.synthetic-to-production"
    return None
