"""What does each type of logistics message hold? One child of its body, and the events (9121) that stand in it."""

from __future__ import annotations

from typing import Final

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


def time_of_event(observation: Json) -> tuple[Json, str]:
    """Where an event has its time, of the forms that R4 has for it: the object and its key; that of a dateTime where it
    has none."""
    if "effectiveInstant" in observation:
        return observation, "effectiveInstant"
    period = observation.get("effectivePeriod")
    return (period, "start") if isinstance(period, dict) else (observation, "effectiveDateTime")
