"""May this message come in, and is it durable here?

    size → read and check → sender → receiver, capability, environment → one commit → answer

Everything before the commit is reading and look-ups; the commit keeps the bytes, the facts, the delivery and the trail
together, or none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from gateway.errors import Issue, NotTranslatable, SomlosError, issue_of
from gateway.ledger import messages, times
from gateway.ledger.asking import Asking, Kind
from gateway.ledger.messages import Known, NewRefusal
from gateway.ledger.patient_key import PatientKeys
from gateway.ledger.session import Answer, Session
from gateway.ledger.store import Ledger
from gateway.routing import placing, receipts_home
from gateway.routing.admission import (
    MAX_MESSAGE_ID,
    admit,
    first_blocking,
    message_id_refusal,
    sender_refusal,
)
from gateway.routing.arrival import Arrival, arrival_of, digest_of
from gateway.routing.credentials import Credential
from gateway.routing.outcomes import Accepted, Duplicate, IntakeOutcome, Refused
from gateway.routing.own_id import own_id
from gateway.routing.partners import Partners, Route, Way
from gateway.routing.ports import LARGE, Content, Reader, Translator, content_of, media_type_of
from gateway.settings import Settings
from gateway.translate.facts import Facts

__all__ = ["Content", "Intake"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Admitted:
    """A message that may come in, and how it goes on; a receipt finds its way by the message it is about."""

    arrival: Arrival
    onward: tuple[Route, Way] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be known before a message is kept."""

    known: Answer
    """Whether its id came before."""
    keys: Answer
    around: placing.Asked


def _ask(session: Session, arrival: Arrival) -> _Asked:
    known = messages.ask(session, arrival.kept.sender_her, arrival.kept.message_id)
    return _Asked(known, messages.ask_keys(session), placing.ask(session, arrival))


class Intake:
    """Takes messages in."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        reader: Reader,
        partners: Partners,
        keys: PatientKeys,
        *,
        translator: Translator | None = None,
        clock: Callable[[], int] = times.now,
    ) -> None:
        self._settings = settings.gateway
        self._ledger = ledger
        self._reader = reader
        self._partners = partners
        self._keys = keys
        self._translator = translator
        self._clock = clock

    async def accept(
        self, data: bytes, content: Content, credential: Credential | None, *, receipts_only: bool = False
    ) -> IntakeOutcome:
        """Take one message in; the answer comes only when it is durable here, or will never be.

        `credential` None: the caller showed none. `receipts_only`: for what a partner answered to a message of ours.

        Durable when this returns Accepted: bytes, facts, delivery and trail. A crash before that: the sender has no
        answer and sends again. Doing it again is harmless: the same id with the same content is a duplicate.

        :raises Unavailable: the ledger cannot take it now; the sender should try again.
        """
        outcome = await self._take(data, content, credential, receipts_only)
        if isinstance(outcome, Refused):
            if not receipts_only:
                await self._keep_refusal(outcome, len(data), credential)
            log.info("message.refused", code=outcome.code, partner=credential.partner if credential else None)
        else:
            log.info(
                "message.accepted",
                message=outcome.id,
                repeated=isinstance(outcome, Duplicate),
                bytes=len(data),
            )
        return outcome

    async def _take(
        self, data: bytes, content: Content, credential: Credential | None, receipts_only: bool
    ) -> IntakeOutcome:
        if credential is None:
            return Refused("routing.no-credential")
        if len(data) > self._settings.max_body_bytes:
            return Refused("api.body-too-large")
        try:
            reading = await self._reader.read(data, content)
        except SomlosError as error:
            return Refused(error.code, path=error.path, line=error.line)
        facts = reading.facts
        blocking = first_blocking(reading.issues)
        if blocking is not None or facts is None:
            code = blocking.code if blocking else "us.internal"
            place = (blocking.path, blocking.line) if blocking else (None, None)
            return Refused(code, facts, reading.issues, *place)
        if receipts_only and not facts.is_receipt:
            return Refused("receipt.unknown-original", facts)
        admitted = self._admit(facts, data, credential, reading.issues)
        if isinstance(admitted, _Admitted):
            admitted = await self._translatable(admitted) or admitted
        if isinstance(admitted, Refused):
            return await self._refused_unless_known(admitted, facts, data, credential)
        touching = {facts.receiver.her_id or "", facts.sender.her_id or ""}
        kept = await self._ledger.write(
            self._keeping(admitted), touching=touching, is_brief=len(data) <= LARGE
        )
        return await self._of_known(kept, facts, data) if isinstance(kept, Known) else kept

    async def _translatable(self, admitted: _Admitted) -> Refused | None:
        """Refuse content born in FHIR that lacks what its receiver's format demands: the sender can mend it now, and
        nobody could later. Nothing is kept of the attempt; the same bytes give the same translation when it is sent."""
        if admitted.onward is None or admitted.onward[1].unchanged or self._translator is None:
            return None
        data, facts = admitted.arrival.data, admitted.arrival.facts
        if facts.format != "fhir-r4":
            return None
        convert, target = self._translator.convert, admitted.onward[1].format
        try:
            await convert(data, "fhir", target)
        except NotTranslatable as error:
            return Refused(error.code, facts, (issue_of(error, "profile"),), error.path, error.line)
        except Exception as error:  # a fault of ours: the message is taken in, and a person gets it
            log.error("message.not-tried", kind=type(error).__name__)
        return None

    def _admit(
        self, facts: Facts, data: bytes, credential: Credential, issues: tuple[Issue, ...]
    ) -> _Admitted | Refused:
        refusal = sender_refusal(facts, credential, self._partners) or message_id_refusal(facts)
        onward = None if refusal or facts.is_receipt else admit(facts, self._partners)
        if refusal or isinstance(onward, str):
            return Refused(refusal or str(onward), facts)
        owner = self._partners.owner_of(facts.sender.her_id or "") or self._partners.named(credential.partner)
        now = self._clock()
        arrival = arrival_of(
            facts,
            data,
            id=own_id(now),
            partner=credential.partner,
            owner=owner,
            keys=self._keys,
            now=now,
            issues=issues,
        )
        return _Admitted(arrival, onward)

    async def _refused_unless_known(
        self, refused: Refused, facts: Facts, data: bytes, credential: Credential
    ) -> Refused | Duplicate:
        """What was accepted before is answered as before, though it would not be taken any more."""
        if sender_refusal(facts, credential, self._partners) or not facts.sender.her_id:
            return refused
        sender_her = facts.sender.her_id
        known = await self._ledger.write(
            lambda session: messages.find(session, sender_her, facts.message_id), touching=()
        )
        if known is None:
            return refused
        answer = await self._of_known(known, facts, data)
        return answer if isinstance(answer, Duplicate) else refused

    async def _of_known(self, known: Known, facts: Facts, data: bytes) -> Duplicate | Refused:
        """An id that came before: the same message once more, or another one?

        Mostly the bytes are the same. Else the content of both is compared, or the digest that stayed of the first
        when it was removed after its time.
        """
        if known.content_digest != digest_of(data) and not await self._is_same(known, facts, data):
            return Refused("routing.same-id-other-content", facts)
        now = self._clock()
        await self._ledger.write(
            lambda session: messages.note(session, known.sequence, "message.repeated", now), touching=()
        )
        return Duplicate(known.id, facts.message_id)

    async def _is_same(self, known: Known, facts: Facts, data: bytes) -> bool:
        content = content_of(facts.format)
        first = await self._ledger.write(lambda session: messages.body(session, known.body_id), touching=())
        if first is None:
            said = await self._ledger.write(
                lambda session: messages.digest_of_removed(session, known.body_id), touching=()
            )
        elif first[1] == media_type_of(facts.format):
            said = await self._reader.canonical_digest(first[0], content)
        else:
            return False
        return said is not None and said == await self._reader.canonical_digest(data, content)

    def _keeping(self, admitted: _Admitted) -> Callable[[Session], Accepted | Refused | Known]:
        """The unit of work that takes a message in: all of it, or nothing; not if its id is known already.

        A receipt or a cancellation asks in its own turn: it ends what another one may be asking about.
        """
        arrival, onward = admitted.arrival, admitted.onward
        if onward is None:
            return lambda session: self._keep_receipt(session, arrival)
        if arrival.kept.status == "C":
            return lambda session: self._keep(session, arrival, onward, _ask(session, arrival))
        return Asking(
            Kind.COMING_IN,
            placing.about(arrival),
            lambda session: _ask(session, arrival),
            lambda session, asked: self._keep(session, arrival, onward, asked),
        )

    def _keep(
        self, session: Session, arrival: Arrival, onward: tuple[Route, Way], asked: _Asked
    ) -> Accepted | Known:
        """Of `_keeping`: a message goes to its receiver."""
        kept, known = arrival.kept, messages.known_in(asked.known)
        if known is not None:
            return known
        keys, (route, way) = messages.keys_in(asked.keys), onward
        sequence = messages.keep(session, kept, arrival.data, arrival.media_type, keys.message)
        limit_s = self._settings.parked_limit_s
        placing.place(session, arrival, sequence, route, way, limit_s, asked.around, keys)
        return Accepted(kept.id, kept.message_id)

    def _keep_receipt(self, session: Session, arrival: Arrival) -> Accepted | Refused | Known:
        """Of `_keeping`: a receipt goes home to the sender of the message that it is about."""
        kept = arrival.kept
        asked = messages.ask(session, kept.sender_her, kept.message_id)
        new_keys = messages.ask_keys(session)
        asked_original = receipts_home.ask_original(session, arrival)
        known = messages.known_in(asked)
        if known is not None:
            return known
        original = receipts_home.original_of(session, arrival, asked_original)
        if isinstance(original, str):
            return Refused(original, arrival.facts)
        keys = messages.keys_in(new_keys)
        addressed = replace(kept, receiver_her=kept.receiver_her or original["sender_her"])
        sequence = messages.keep(session, addressed, arrival.data, arrival.media_type, keys.message)
        receipts_home.take_in(session, arrival, sequence, original, self._partners, keys)
        return Accepted(kept.id, kept.message_id)

    async def _keep_refusal(self, refused: Refused, size: int, credential: Credential | None) -> None:
        """Keep what was refused and why, so that it can be shown. An unknown caller is logged only: it must not be able
        to fill the ledger."""
        if credential is None:
            return
        facts = refused.facts
        note = NewRefusal(at=self._clock(), partner=credential.partner or None, code=refused.code, size=size)
        if facts is not None:
            note = replace(
                note,
                format=facts.format,
                message_id=facts.message_id[:MAX_MESSAGE_ID],
                message_type=facts.message_type,
                sender_her=facts.sender.her_id,
                receiver_her=facts.receiver.her_id,
            )
        await self._ledger.write(lambda session: messages.keep_refusal(session, note), touching=())
