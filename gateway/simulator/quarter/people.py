"""Who are the made-up patients? Names, days of birth, synthetic identity numbers (month + 80, right check digits)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from gateway.identifiers import check_digits

WOMEN: Final = (
    "Aslaug",
    "Borghild",
    "Dagny",
    "Elfrid",
    "Gudrun",
    "Hjørdis",
    "Ingebjørg",
    "Kjellaug",
    "Margit",
    "Synnøve",
)
MEN: Final = (
    "Arnfinn",
    "Birger",
    "Einar",
    "Gunnar",
    "Halvard",
    "Ingvald",
    "Kåre",
    "Leif",
    "Oddvar",
    "Torleif",
)
FAMILIES: Final = (
    "Bakkejord", "Dalsrud", "Engvoll", "Flatmo", "Grønnset", "Heggland", "Kleppestø", "Lundemo", "Myrstad",
    "Nordlien", "Rabbestad", "Skogheim", "Tveitnes", "Vangberg",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A patient."""

    number: str
    """Synthetic identity number."""
    born: date
    woman: bool
    given: str
    family: str

    def age_on(self, day: date) -> int:
        """Whole years."""
        had_birthday = (day.month, day.day) >= (self.born.month, self.born.day)
        return day.year - self.born.year - (not had_birthday)


def people(chance: Random, today: date) -> Iterator[Person]:
    """Ever new patients, most of them old; no number comes twice."""
    used: set[str] = set()
    while True:
        age = chance.triangular(18, 99, 82)
        born = today - timedelta(days=round(age * 365.25))
        if not date(1920, 1, 1) <= born < date(2000, 1, 1):
            continue
        woman = chance.random() < 0.54
        individual = chance.randrange(0, 500)
        nine = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{individual:03}"
        check = check_digits(nine)
        if check is None or nine + check in used:
            continue
        used.add(nine + check)
        yield Person(
            nine + check, born, woman, chance.choice(WOMEN if woman else MEN), chance.choice(FAMILIES)
        )
