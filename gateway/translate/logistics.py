"""What does each type of logistics message hold? One child of its body, the events (9121) that stand in it, and of a
discharge where the patient went and how."""

from __future__ import annotations

from typing import Final

from gateway.fhir.canonical import code_system, extension_url
from gateway.translate.codec import Json

BODY: Final = "Pasientlogistikk"
CHILD_OF_TYPE: Final = {
    "LOG_INNLAGT": "MeldingInnlagtPasient",
    "LOG_UTSKRIVNINGSKLAR": "MeldingUtskrivningsklarPasient",
    "LOG_AVMELDING": "AvmeldingUtskrivningsklarPasient",
    "LOG_UTSKREVET": "MeldingOmUtskrevetPasient",
    "LOG_DOD": "OrienteringOmDod",
}
EVENTS_OF_TYPE: Final = {
    "LOG_INNLAGT": ("1",),
    "LOG_UTSKRIVNINGSKLAR": ("1", "3"),
    "LOG_AVMELDING": ("1", "3", "4"),
    "LOG_UTSKREVET": ("2",),
    "LOG_DOD": ("13",),
}
"""Code of 8279 → codes of 9121, in their order."""
TELLING_OF_STAY: Final = frozenset({"UTSKRIVNINGSRAPPORT", "HELSEOPPL_SOKNAD"})
"""Codes of 8279 whose body reports the events of a stay beside its own content."""
EXPECTED: Final = {"1": ("planned",), "2": ("planned", "arrived", "triaged", "in-progress", "onleave")}
"""Code of 9121 → the statuses of a stay in which that has not happened yet: a time of it is an estimate."""

SENT_TO: Final = "8408"
STATE_AT_DISCHARGE: Final = "8431"
DEAD: Final = "2"
"""Of 8431."""
AS_SENT_TO: Final = {"home": "1"}
"""HL7's codes of a discharge disposition → 8408."""
ELSEWHERE: Final = "88"
"""Annet (8408): what has no code of its own there is told in words beside it."""
_DISPOSITION: Final = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
_EXPIRED: Final = "exp"
_STATE: Final = extension_url("state-at-discharge")


def sent_to(encounter: Json) -> str | None:
    """The code of 8408 for where the patient went, also where HL7's code or words alone say it; None: nothing does."""
    codings = dispositions(encounter)
    if not (encounter.get("hospitalization") or {}).get("dischargeDisposition"):
        return None
    known = (AS_SENT_TO[code] for each in codings if (code := each.get("code")) in AS_SENT_TO)
    return _code(codings, SENT_TO) or next(known, ELSEWHERE)


def state_at_discharge(encounter: Json) -> str | None:
    """The code of 8431 for how the patient left: dead where only HL7's disposition says so; None: nothing says it."""
    extensions = (each for each in encounter.get("extension", ()) if isinstance(each, dict))
    stated = (each.get("valueCodeableConcept") for each in extensions if each.get("url") == _STATE)
    codings = [coding for concept in stated for coding in _codings(concept)]
    died = any(map(is_death, dispositions(encounter)))
    return _code(codings, STATE_AT_DISCHARGE) or (DEAD if died else None)


def is_death(coding: Json) -> bool:
    """Whether it is HL7's code of a discharge disposition for a patient who died."""
    return coding.get("code") == _EXPIRED and coding.get("system") == _DISPOSITION


def dispositions(encounter: Json) -> list[Json]:
    """The codings for where the patient went."""
    return _codings((encounter.get("hospitalization") or {}).get("dischargeDisposition"))


def _codings(concept: object) -> list[Json]:
    found = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return [each for each in found if isinstance(each, dict)]


def _code(codings: list[Json], code_set: str) -> str | None:
    system = code_system(code_set)
    return next((str(c["code"]) for c in codings if c.get("system") == system and "code" in c), None)


def time_of_event(observation: Json) -> tuple[Json, str]:
    """Where an event has its time, of the forms that R4 has for it: the object and its key; that of a dateTime where it
    has none."""
    if "effectiveInstant" in observation:
        return observation, "effectiveInstant"
    period = observation.get("effectivePeriod")
    return (period, "start") if isinstance(period, dict) else (observation, "effectiveDateTime")
