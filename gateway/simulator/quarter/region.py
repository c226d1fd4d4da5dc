"""Which made-up helsefellesskap is simulated: one hospital trust, 26 municipalities, and their GPs?

Names, HER-ids and numbers of inhabitants are made up. A municipality has its own habits (how soon it is told, how soon
it replies, how well it follows up), drawn with the seed, so that they differ as real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final

MOST: Final = 26
NAMES: Final = (
    "Almedal", "Bjørnhaug", "Drivnes", "Einerfjord", "Fagerlia", "Granheim", "Haugstrand", "Isvåg", "Jonsdal",
    "Kvernvik", "Lauvås", "Måsfjord", "Nysetra", "Oreneset", "Plogstad", "Rognlia", "Solbygd", "Tindnes",
    "Ulvmo", "Varghei", "Ytterlund", "Ørretvatn", "Åsgrend", "Brattlia", "Hestmyr", "Vindheim",
)  # fmt: skip
TRUST_HER: Final = "88910001"
"""HER-id of the trust."""


@dataclass(frozen=True)
class Party:
    """A communication party: level 2 within its organisation."""

    organisation: str
    organisation_her: str
    service: str
    service_her: str


@dataclass(frozen=True)
class Municipality:
    """A municipality and its habits."""

    number: int
    """From 1."""
    name: str
    inhabitants: int
    share_told_in_time: float
    """Of the notices to it, before the trust changed its routine."""
    reply_median_minutes: float
    reply_limit_hours: int | None
    """In its agreement with the trust; None: no number of hours is agreed."""
    follow_up: float
    """How likely each checklist is done, before the municipality works on it."""
    improves: bool
    """Whether its follow-up becomes better halfway."""

    @property
    def her_id(self) -> str:
        """Level 1."""
        return f"8892{self.number:02}01"

    @cached_property
    def nurses(self) -> Party:
        """Home care."""
        return Party(f"{self.name} kommune", self.her_id, "Sykepleietjeneste PLO", f"8892{self.number:02}11")

    @cached_property
    def office(self) -> Party:
        """The case handlers."""
        return Party(f"{self.name} kommune", self.her_id, "Saksbehandler PLO", f"8892{self.number:02}12")

    @cached_property
    def doctors(self) -> Party:
        """The GPs' office."""
        return Party(
            f"{self.name} legesenter", f"8893{self.number:02}01", "Fastlege", f"8893{self.number:02}11"
        )


TRUST: Final = Party("Fjordheimen sykehus HF", TRUST_HER, "Somatikk PLO meldingsmottak", "88910012")
ADMISSIONS: Final = Party("Fjordheimen sykehus HF", TRUST_HER, "PLO innleggelse somatikk", "88910013")
WARDS: Final = (
    ("Medisinsk sengepost", "MED1"),
    ("Ortopedisk sengepost", "ORT1"),
    ("Geriatrisk sengepost", "GER1"),
)


def municipalities(chance: Random, number: int = MOST) -> tuple[Municipality, ...]:
    """The municipalities of a helsefellesskap, at most 26."""
    return tuple(
        Municipality(
            number=place,
            name=NAMES[place - 1],
            inhabitants=round(chance.lognormvariate(9.1, 0.9)) + 900,
            share_told_in_time=chance.uniform(0.72, 0.9),
            reply_median_minutes=chance.uniform(50, 170),
            reply_limit_hours=None if place % 13 == 0 else chance.choice((2, 3, 4)),
            follow_up=chance.uniform(0.45, 0.75),
            improves=chance.random() < 0.5,
        )
        for place in range(1, number + 1)
    )
