"""How are figures, days and signals said, in Norwegian and in English?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.measures.definitions import Kind, Measure
from gateway.measures.figures import FEW, Figure
from gateway.measures.periods import Length
from gateway.measures.runchart import Effect, Phase, RunChart

_MONTHS: Final = (
    ["jan.", "feb.", "mars", "april", "mai", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "des."],
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
)
_HIDDEN: Final = ("skjult (færre enn 5)", "hidden (fewer than 5)")
_NOTHING: Final = ("ingen tall", "no figures")
_PERIODS: Final[dict[Length, tuple[str, str]]] = {"week": ("uke", "week"), "month": ("måned", "month")}
_KINDS: Final[dict[Kind, tuple[str, str]]] = {
    "share": ("andel", "share"),
    "median": ("median", "median"),
    "mean": ("gjennomsnitt", "mean"),
    "sum": ("sum", "sum"),
}
_STAGES: Final = {
    "forberede": "prepare",
    "planlegge": "plan",
    "utføre": "do",
    "evaluere": "evaluate",
    "følge opp": "follow up",
}
_EFFECTS: Final[dict[Effect, tuple[str, str]]] = {
    "note": ("", ""),
    "freeze": (" (medianen fryses)", " (the median is frozen)"),
    "new-phase": (" (ny median)", " (new median)"),
}


@dataclass(frozen=True)
class Words:
    """The words of figures and charts in one language."""

    english: bool

    @property
    def html_language(self) -> str:
        """The value of a `lang` attribute."""
        return "en" if self.english else "nb"

    def say(self, norwegian: str, english: str) -> str:
        """One of two texts."""
        return english if self.english else norwegian

    def kind(self, kind: Kind) -> str:
        """What a figure is."""
        return _KINDS[kind][self.english]

    def stage(self, stage: str) -> str:
        """A phase of the work for better quality."""
        return _STAGES[stage] if self.english else stage

    def effect(self, effect: Effect) -> str:
        """What a change does to the chart, in brackets; empty: nothing."""
        return _EFFECTS[effect][self.english]

    def length(self, length: Length) -> str:
        """The length of a period."""
        return _PERIODS[length][self.english]

    def month(self, number: int) -> str:
        """The name of a month (1 to 12), shortened."""
        return _MONTHS[self.english][number - 1]

    def number(self, measure: Measure, value: float | None) -> str:
        """A value as it is read: `87,5 %`, `95 min`, `2,4 døgn`."""
        if value is None:
            return "–"
        if measure.kind == "share":
            return self.say(f"{self._decimal(100 * value)} %", f"{self._decimal(100 * value)}%")
        unit = "min" if measure.unit == "min" else self.say("døgn", "days")
        return f"{self._decimal(value)} {unit}"

    def _decimal(self, value: float) -> str:
        text = f"{value:.1f}".removesuffix(".0")
        return text if self.english else text.replace(".", ",")

    def figure(self, measure: Measure, shown: Figure) -> str:
        """A figure as it is read."""
        if shown.hidden:
            return _HIDDEN[self.english]
        return _NOTHING[self.english] if shown.empty else self.number(measure, shown.value)

    @property
    def nothing(self) -> str:
        """A figure with nothing behind it."""
        return _NOTHING[self.english]

    def count(self, value: int | None) -> str:
        """A count as it is read; None: hidden."""
        return self.say("skjult", "hidden") if value is None else "1–4" if value == FEW else str(value)

    def day(self, value: date) -> str:
        """`9. mars 2026`."""
        return f"{value.day}{self.say('.', '')} {self.month(value.month)} {value.year}"

    def period(self, start: date, length: Length) -> str:
        """`uke 11, 2026` or `mars 2026`."""
        if length == "month":
            return f"{self.month(start.month)} {start.year}"
        year, week, _ = start.isocalendar()
        return f"{self.length('week')} {week}, {year}"

    def verdict(self, chart: RunChart, phase: Phase) -> str:
        """What the rules say about a phase, in one sentence."""
        found = phase.runs
        if not found.judged:
            return self.say(
                f"For få punkter til å si noe om variasjonen ({found.useful} av minst 10 utenfor medianen).",
                f"Too few points to judge the variation ({found.useful} of at least 10 off the median).",
            )
        if not found.signal:
            return self.say(
                "Tilfeldig variasjon: ingen tegn til at noe er endret.",
                "Random variation: no sign that anything has changed.",
            )
        said = []
        if found.shift:
            side = self.say("over", "above") if found.above else self.say("under", "below")
            said.append(
                self.say(
                    f"{found.longest} punkter på rad {side} medianen "
                    f"(flere enn {found.longest_limit} er sjelden tilfeldig)",
                    f"{found.longest} points in a row {side} the median "
                    f"(more than {found.longest_limit} are seldom chance)",
                )
            )
        if found.few_crossings:
            said.append(
                self.say(
                    f"medianen krysses {found.crossings} ganger "
                    f"(færre enn {found.crossings_limit} er sjelden tilfeldig)",
                    f"the median is crossed {found.crossings} times "
                    f"(fewer than {found.crossings_limit} is seldom chance)",
                )
            )
        return self.say(
            f"Signal: {' og '.join(said)}. Noe er trolig endret; finn ut hva.",
            f"Signal: {' and '.join(said)}. Something has probably changed; find out what.",
        )


NORWEGIAN: Final = Words(False)
ENGLISH: Final = Words(True)
