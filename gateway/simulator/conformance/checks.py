"""What must a well-made EPJ do in a played stay, and did it?

Each check is a sentence that can be held against what was exchanged: met, broken, or not tried (nothing happened that
could show it). Sources: applikasjonskvittering v1.0 and v1.1 (one receipt for each message, with the id, type and
date of the original), the framework for e-messages (a message is sent again under its own id), hodemelding v1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gateway.simulator.conformance.behaviours import Behaviour
from gateway.simulator.conformance.exchange import Exchange, Got, Sent

Verdict = Literal["met", "broken", "not tried"]


@dataclass(frozen=True)
class Check:
    """One expectation and what came of it."""

    key: str
    no: str
    en: str
    verdict: Verdict
    broken_by: tuple[str, ...] = ()
    """Ids of the messages that show it broken; types, of messages that did not come."""


@dataclass(frozen=True)
class Expectation:
    """One thing to be seen: in which of the messages, and how one of them shows that it is broken."""

    key: str
    no: str
    en: str
    sent: Callable[[Sent], bool | None] | None = None
    """Of a message of ours: whether it is as it should be; None: it does not show that."""
    got: Callable[[Got], bool | None] | None = None
    """Of a message of the vendor's."""
    only: Callable[[Behaviour], bool] = lambda behaviour: True


def judge(exchange: Exchange, behaviour: Behaviour, receipt_seconds: float) -> tuple[Check, ...]:
    """Every expectation that this behaviour can show, held against what was exchanged."""
    checks = [
        _check(expectation, exchange)
        for expectation in (*_of_receipts(receipt_seconds), *_of_faults(), *_of_the_vendors_messages())
        if expectation.only(behaviour)
    ]
    stray = tuple(exchange.unknown_receipts)
    checks.append(
        Check(
            "receipt.known",
            "Kvitteringer gjelder bare meldinger som er sendt",
            "Receipts are only for messages that were sent",
            "broken" if stray else "met",
            stray,
        )
    )
    checks.append(
        Check(
            "inbox.readable",
            "Alt som kom til motparten, er en melding eller en kvittering",
            "Everything that came to the counterpart is a message or a receipt",
            "broken" if exchange.unreadable else "met",
        )
    )
    if exchange.waited_for_them:
        checks.append(_awaited(exchange))
    return tuple(checks)


def _check(expectation: Expectation, exchange: Exchange) -> Check:
    found = dict(_shown(expectation, exchange))
    broken = tuple(id for id, good in found.items() if not good)
    verdict: Verdict = "broken" if broken else "met" if found else "not tried"
    return Check(expectation.key, expectation.no, expectation.en, verdict, broken)


def _shown(expectation: Expectation, exchange: Exchange) -> Iterator[tuple[str, bool]]:
    found: Iterable[tuple[str, bool | None]] = ()
    if expectation.sent is not None:
        found = [(each.message_id, expectation.sent(each)) for each in exchange.sent]
    elif expectation.got is not None:
        found = [(each.id, expectation.got(each)) for each in exchange.got.values()]
    return ((id, good) for id, good in found if good is not None)


def _good(sent: Sent) -> bool:
    """Whether nothing is wrong with the message, and it was taken."""
    return sent.spoiled in (None, "attachment") and sent.is_taken


def _of_receipts(receipt_seconds: float) -> tuple[Expectation, ...]:
    return (
        Expectation(
            "transport.taken",
            "Hver riktige melding blir tatt imot (2xx)",
            "Each correct message is taken (2xx)",
            lambda sent: sent.is_taken if sent.spoiled is None else None,
        ),
        Expectation(
            "receipt.came",
            f"En kvittering kommer innen {receipt_seconds:g} sekunder",
            f"A receipt comes within {receipt_seconds:g} seconds",
            lambda sent: bool(sent.receipts) if _good(sent) else None,
        ),
        Expectation(
            "receipt.positive",
            "Kvitteringen for en riktig melding er positiv",
            "The receipt for a correct message is positive",
            lambda sent: sent.receipts[0].status == "1" if sent.spoiled is None and sent.receipts else None,
        ),
        Expectation(
            "receipt.valid",
            "Kvitteringen følger standarden",
            "The receipt follows the standard",
            lambda sent: not any(each.findings for each in sent.receipts) if sent.receipts else None,
        ),
        Expectation(
            "receipt.from-the-receiver",
            "Kvitteringen kommer fra den HER-id-en meldingen var sendt til",
            "The receipt comes from the HER-id that the message was sent to",
            lambda sent: _from_the_receiver(sent) if sent.receipts and sent.spoiled != "receiver" else None,
        ),
        Expectation(
            "receipt.one",
            "Én melding får én kvittering; kommer den igjen, sier den det samme",
            "One message gets one receipt; if it comes again it says the same",
            lambda sent: len({each.status for each in sent.receipts}) == 1 if sent.receipts else None,
        ),
        Expectation(
            "duplicate.same-answer",
            "Den samme meldingen en gang til blir tatt imot og kvittert likt",
            "The same message once more is taken and acknowledged in the same way",
            lambda sent: all(a.is_taken for a in sent.attempts) if _good(sent) else None,
            only=lambda behaviour: behaviour.sends > 1,
        ),
    )


def _from_the_receiver(sent: Sent) -> bool:
    return all(each.sender and each.sender[-1] in sent.receiver for each in sent.receipts)


def _of_faults() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "fault.refused",
            "En melding med feil blir avvist: 4xx eller negativ kvittering, aldri positiv",
            "A message with a fault is refused: 4xx or a negative receipt, never a positive one",
            lambda sent: _is_refused(sent) if sent.spoiled in ("charset", "receiver") else None,
            only=lambda behaviour: behaviour.spoils in ("charset", "receiver"),
        ),
        Expectation(
            "fault.says-why",
            "En negativ kvittering har en feilkode (8221)",
            "A negative receipt has an error code (8221)",
            lambda sent: _says_why(sent) if any(r.status == "2" for r in sent.receipts) else None,
        ),
        Expectation(
            "large.answered",
            "En stor melding får et klart svar: tatt imot og kvittert, eller avvist",
            "A large message gets a clear answer: taken and acknowledged, or refused",
            lambda sent: sent.is_refused or bool(sent.receipts) if sent.spoiled == "attachment" else None,
            only=lambda behaviour: behaviour.spoils == "attachment",
        ),
    )


def _is_refused(sent: Sent) -> bool:
    negative = any(each.status == "2" for each in sent.receipts)
    positive = any(each.status in ("1", "3") for each in sent.receipts)
    return (sent.is_refused or negative) and not positive


def _says_why(sent: Sent) -> bool:
    return all(each.codes for each in sent.receipts if each.status == "2")


def _of_the_vendors_messages() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "yours.valid",
            "Meldingene du sender, følger standarden",
            "The messages you send follow the standard",
            got=lambda got: not got.findings,
        ),
        Expectation(
            "yours.same-content",
            "En melding som sendes igjen, har samme innhold under samme id",
            "A message that is sent again has the same content under the same id",
            got=lambda got: len(got.contents) == 1 if got.arrivals > 1 else None,
        ),
        Expectation(
            "yours.receipt-taken",
            "Kvitteringene for dine meldinger blir tatt imot (2xx), også sene, doble og negative",
            "The receipts for your messages are taken (2xx), late, double and negative ones too",
            got=lambda got: all(attempt.is_taken for attempt in got.attempts) if got.attempts else None,
            only=lambda behaviour: behaviour.answers is not None,
        ),
    )


def _awaited(exchange: Exchange) -> Check:
    came = {got.type for got in exchange.got.values()}
    missing = tuple(dict.fromkeys(step.type for step in exchange.awaited if step.type not in came))
    return Check(
        "yours.came",
        "Meldingene du skal sende i dette oppholdet, kom",
        "The messages that you are to send in this stay came",
        "broken" if missing else "met",
        missing,
    )
