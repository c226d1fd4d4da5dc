"""How is what was played written down: a page for people, an object for machines?

Ids, types, codes and times only: no content of a message, no patient, no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from gateway.simulator.conformance.checks import Check
from gateway.simulator.conformance.exchange import Attempt, Got, Sent
from gateway.simulator.conformance.play import Played
from gateway.simulator.template import OSLO

Language = Literal["no", "en"]

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Samsvarsprøve av EPJ", "Conformance test of an EPJ"),
    "lead": (
        "En simulert motpart spilte et helt opphold mot endepunktet. Pasienten er oppdiktet.",
        "A simulated counterpart played a whole stay against the endpoint. The patient is made up.",
    ),
    "endpoint": ("Endepunkt", "Endpoint"),
    "vendor": ("Prøvd system", "System under test"),
    "side": ("Motparten spiller", "The counterpart plays"),
    "hospital": ("sykehuset", "the hospital"),
    "municipality": ("kommunen", "the municipality"),
    "format": ("Format", "Format"),
    "played": ("Spilt", "Played"),
    "seconds": ("sekunder", "seconds"),
    "overview": ("Oversikt", "Overview"),
    "behaviour": ("Motparten er", "The counterpart is"),
    "expectation": ("Forventning", "Expectation"),
    "verdict": ("Utfall", "Outcome"),
    "met": ("Oppfylt", "Met"),
    "broken": ("Brutt", "Broken"),
    "not tried": ("Ikke prøvd", "Not tried"),
    "seen_in": ("Brutt av", "Broken by"),
    "messages": ("Meldingene motparten sendte", "The messages the counterpart sent"),
    "step": ("Steg", "Step"),
    "type": ("Type", "Type"),
    "id": ("Meldings-id", "Message id"),
    "size": ("Størrelse", "Size"),
    "transport": ("Svar på sendingen", "Answer to the sending"),
    "receipts": ("Kvitteringer", "Receipts"),
    "none": ("ingen", "none"),
    "spoiled": ("Med feil", "With a fault"),
    "charset": ("feil tegnsett", "wrong charset"),
    "receiver": ("feil HER-id", "wrong HER-id"),
    "attachment": ("stort vedlegg", "large attachment"),
    "yours": ("Meldingene du sendte", "The messages you sent"),
    "yours.none": (
        "Ingen. Det som gjelder dem, er ikke prøvd.",
        "None. What concerns them was not tried.",
    ),
    "yours.awaited": ("I dette oppholdet sender du:", "In this stay you send:"),
    "arrivals": ("Kom", "Came"),
    "times": ("ganger", "times"),
    "findings": ("Funn", "Findings"),
    "answered": ("Vår kvittering", "Our receipt"),
    "refused": ("ingen forbindelse", "no connection"),
    "timeout": ("ikke svar i tide", "no answer in time"),
    "broken.http": ("forbindelsen brøt", "the connection broke"),
    "all_good": ("Ingenting ble brutt.", "Nothing was broken."),
    "some_broken": ("Brutte forventninger", "Broken expectations"),
}


class Words:
    """The words of the report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str) -> str:
        """The word for a key; KeyError when there is none."""
        return WORDS[key][self.language == "en"]

    def of(self, thing: Any, name: str = "") -> str:
        """The sentence of a thing that has one in both languages: `no` and `en`, or `does_no` and `does_en`."""
        return str(getattr(thing, f"{name}_{self.language}" if name else self.language))


def html(plays: Sequence[Played], language: Language, at: datetime) -> str:
    """The report as one page that needs nothing else; `at`: when it was made, aware."""
    return _template().render(
        plays=plays,
        w=Words(language),
        language={"no": "nb", "en": "en"}[language],
        at=at.astimezone(OSLO).strftime("%d.%m.%Y %H:%M %Z"),
        attempt=lambda each: attempt_text(each, Words(language)),
        broken=sum(check.verdict == "broken" for play in plays for check in play.checks),
    )


def attempt_text(attempt: Attempt, words: Words) -> str:
    """One request in words: its status or why there is none, and how long it took."""
    failure = {"broken": "broken.http"}.get(attempt.failure or "", attempt.failure or "refused")
    said = str(attempt.status) if attempt.status is not None else words(failure)
    return f"{said} ({attempt.took:.2f} s)"


def as_json(played: Played) -> dict[str, Any]:
    """One play as an object."""
    return {
        "behaviour": played.behaviour.key,
        "counterpart": played.plan.side,
        "endpoint": played.plan.vendor.url,
        "format": played.plan.format,
        "good": played.is_good,
        "seconds": round(played.seconds, 3),
        "checks": [_check(check) for check in played.checks],
        "sent": [_sent(each) for each in played.exchange.sent],
        "received": [_got(each) for each in played.exchange.got.values()],
    }


def _check(check: Check) -> dict[str, Any]:
    return {"key": check.key, "verdict": check.verdict, "text": check.en, "brokenBy": list(check.broken_by)}


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "step": sent.step.key,
        "type": sent.step.type,
        "status": sent.step.status,
        "id": sent.message_id,
        "bytes": sent.length,
        "spoiled": sent.spoiled,
        "attempts": [_attempt(each) for each in sent.attempts],
        "receipts": [
            {
                "id": each.id,
                "status": each.status,
                "codes": list(each.codes),
                "at": round(each.at, 3),
                "findings": list(each.findings),
            }
            for each in sent.receipts
        ],
    }


def _got(got: Got) -> dict[str, Any]:
    return {
        "id": got.id,
        "type": got.type,
        "status": got.status,
        "arrivals": got.arrivals,
        "findings": list(got.findings),
        "answered": got.answered,
        "attempts": [_attempt(each) for each in got.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {"status": attempt.status, "failure": attempt.failure, "seconds": round(attempt.took, 3)}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("gateway.simulator.conformance", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
