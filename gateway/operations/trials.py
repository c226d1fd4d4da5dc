"""Can a partner be reached, and does it answer? Two ways to try it, both for a person with a reason, both audited.

*Reach* hands nothing over: over HTTP a request without content (HEAD) to the very address, with our certificate and
credential; for a folder, whether it can be written. It may be done whatever the endpoint is, also while it is paused,
and it changes nothing: what waits is not sent by it.

*Message* sends a message of our own the whole way, through intake, lane and transport, so that what comes of it stands
in its trail, the receipt too. Only to an endpoint marked as test (DESIGN §4.11): one marked production refuses it by
itself, and one that nobody marked might be anything. Durable when it is answered: the message, as any other. A crash
before it: nothing was sent. Doing it again with the same key is the same message.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.certificates import Certificate, certificate_of
from gateway.errors import Refusal
from gateway.ledger import audit, messages, times
from gateway.ledger.audit import Who
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.operations.actions import Act
from gateway.operations.once import Json, once
from gateway.operations.trial_message import trial_message, type_for
from gateway.routing.credentials import Credential
from gateway.routing.dispatch import Dispatcher
from gateway.routing.intake import Intake
from gateway.routing.outcomes import Refused
from gateway.routing.partners import Partners, Route
from gateway.settings import Settings
from gateway.translate.facts import Party
from gateway.transports.base import NotReached

_SPACE: Final = uuid.UUID("7b1f4a52-5d0e-4f4c-9c55-0a6c2f3f9d10")
"""Of the ids of test messages."""


@dataclass(frozen=True)
class Tried:
    """What came of trying to reach an endpoint."""

    reason: str | None
    """Code of the error catalogue; None: it answers."""
    status: int | None
    """HTTP status, where there was one."""
    took_ms: int
    certificate: Certificate | None
    """What its server has shown last."""

    @property
    def is_reached(self) -> bool:
        """Whether somebody answers there, and lets us in."""
        return self.reason is None


class Trials:
    """Tries endpoints out."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        partners: Partners,
        dispatcher: Dispatcher,
        intake: Intake,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = settings.gateway
        self._ledger = ledger
        self._partners = partners
        self._transports = dispatcher.transports
        self._intake = intake
        self._monotonic = monotonic

    async def reach(self, her_id: str, act: Act, who: Who, *, key: str | None = None) -> Tried:
        """Try whether the endpoint can be reached, and keep in the audit that and why it was tried. The same key again
        is answered with what came of it the first time, and audited once.

        :raises Refusal: api.not-found, operations.key-reused
        """
        endpoint = self._route(her_id).endpoint
        transport, begun = self._transports[endpoint.transport], self._monotonic()
        found = await transport.reach(endpoint)
        took_ms = int((self._monotonic() - begun) * 1000)
        reason = found.reason if isinstance(found, NotReached) else None
        shown = transport.presented(endpoint)
        now = self._ledger.clock()

        def unit(session: Session) -> Json:
            first = endpoint.her_ids[0]
            audit.note(
                session, "endpoint-tried", who, now, endpoint=first, why=act.why, outcome=reason or "reached"
            )
            return {
                "reason": reason,
                "status": found.status,
                "tookMs": took_ms,
                "shown": None if shown is None else shown.hex(),
            }

        request = {"asked": ["reach", her_id, act.by, act.why]}
        return _tried(
            await self._ledger.write(lambda session: once(session, key, request, now, partial(unit, session)))
        )

    def obstacle(self, her_id: str) -> str | None:
        """Why no message of ours can be sent to try this endpoint, by its code; None: one can.

        :raises Refusal: api.not-found
        """
        route = self._route(her_id)
        if route.environment != "test":
            return "operations.trial-only-in-test"
        if self._gateway.her_id is None:
            return "operations.trial-without-sender"
        if _type(route) is None:
            return "operations.trial-not-taken"
        return None

    async def send(self, her_id: str, act: Act, who: Who, *, key: str | None) -> str:
        """Send a message of ours to this HER-id; says our id of it. The same key again, or at the same time, sends it
        once, and what is written of it stands there once.

        :raises Refusal: api.not-found, operations.trial-…, or why intake does not take it
        """
        code, route = self.obstacle(her_id), self._route(her_id)
        message_type, mine = _type(route), self._gateway.her_id
        if code is not None or message_type is None or mine is None:
            raise Refusal(code or "operations.trial-not-taken")
        message_id = str(uuid.uuid5(_SPACE, key) if key else uuid.uuid4())
        if (code := await self._handed_in(message_id, message_type, mine, her_id, route)) is not None:
            raise Refusal(code)
        return await self._ledger.write(
            lambda session: self._note(session, mine, message_id, route, act, who)
        )

    async def _handed_in(
        self, message_id: str, message_type: str, mine: str, her_id: str, route: Route
    ) -> str | None:
        """Hand it in, unless it is there; the code that says why it is not taken."""
        if await self._is_there(mine, message_id):
            return None
        data = trial_message(
            message_id,
            message_type,
            times.moment(self._ledger.clock()),
            Party(mine, mine, self._gateway.name),
            Party(her_id, route.partner.her_ids[0], route.partner.name),
        )
        outcome = await self._intake.accept(data, "xml", Credential("", frozenset({mine})))
        if not isinstance(outcome, Refused) or await self._is_there(mine, message_id):
            return None  # the same request handed it in a second earlier: it was written otherwise
        return outcome.code

    async def _is_there(self, mine: str, message_id: str) -> bool:
        return await self._ledger.write(lambda session: messages.find(session, mine, message_id)) is not None

    def _note(self, session: Session, mine: str, message_id: str, route: Route, act: Act, who: Who) -> str:
        """In its trail and in the audit, once: who sent it, and why. Returns our id of it."""
        known, now = messages.find(session, mine, message_id), self._ledger.clock()
        assert known is not None
        if any(row["code"] == "action.trial-sent" for row in session.all("trail", id=known.id)):
            return known.id
        messages.note(session, known.sequence, "action.trial-sent", now, by=act.by, why=act.why)
        endpoint = route.endpoint.her_ids[0]
        audit.note(session, "trial-sent", who, now, message=known.id, endpoint=endpoint, why=act.why)
        return known.id

    def _route(self, her_id: str) -> Route:
        route = self._partners.route_to(her_id)
        if route is None:
            raise Refusal("api.not-found")
        return route


def _type(route: Route) -> str | None:
    return type_for({*route.endpoint.types, *route.endpoint.pass_on})


def _tried(answer: Json) -> Tried:
    """What was kept of trying it."""
    shown = answer["shown"]
    return Tried(
        reason=answer["reason"],
        status=answer["status"],
        took_ms=answer["tookMs"],
        certificate=None if shown is None else _certificate(bytes.fromhex(shown)),
    )


def _certificate(der: bytes) -> Certificate | None:
    try:
        return certificate_of(der)
    except ValueError:
        return None
