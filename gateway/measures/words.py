"""How are figures, days and signals said in Norwegian?"""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.measures.definitions import Kind, Measure
from gateway.measures.figures import FEW, Figure
from gateway.measures.judged import Reason
from gateway.measures.periods import Length
from gateway.measures.runchart import Phase, RunChart

MONTHS: Final = (
    "jan.",
    "feb.",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "aug.",
    "sep.",
    "okt.",
    "nov.",
    "des.",
)
HIDDEN: Final = "skjult (færre enn 5)"
NOTHING: Final = "ingen"
PERIODS: Final[dict[Length, str]] = {"week": "uke", "month": "måned"}
DIMENSIONS: Final = {
    "municipality": "kommune",
    "trust": "helseforetak",
    "priority-group": "prioritert gruppe",
    "care-level": "trinn på omsorgstrappa",
    "age-group": "aldersgruppe",
}
REASONS: Final[dict[Reason, str]] = {
    "age-not-known": "alder ikke kjent",
    "cancelled": "opphold kansellert",
    "declined": "ønsket det ikke",
    "died": "død",
    "end-not-known": "slutt ikke kjent",
    "ended-before-reply": "avsluttet før svar",
    "ended-early": "avsluttet før fristen",
    "no-goal-of-the-patient": "uten eget mål",
    "no-limit-agreed": "ingen frist avtalt",
    "no-plan-here": "ingen plan kjent her",
    "no-review-date": "uten dato for evaluering",
    "not-answered": "ikke besvart",
    "not-recorded": "ikke registrert",
    "not-sent-through-here": "går ikke gjennom denne løsningen",
    "planned-readmission": "planlagt innleggelse",
    "readmitted-before-due": "innlagt igjen før fristen",
    "reply-not-coded": "svaret er ikke kodet",
    "shorter-than-24-hours": "opphold under 24 timer",
    "start-not-known": "innleggelsestid ikke kjent",
    "stay-uncertain": "oppholdet er usikkert",
    "to-institution": "utskrevet til institusjon",
    "transferred": "overført til annet sykehus",
    "unable-to-answer": "kunne ikke svare",
    "urgency-not-known": "hastegrad ikke kjent",
    "vicarious-goal": "mål satt av andre på vegne av personen",
    "withdrawn-before-reply": "avmeldt før svar",
    "younger-than-67": "under 67 år",
}
KINDS: Final[dict[Kind, str]] = {"share": "andel", "median": "median", "mean": "gjennomsnitt", "sum": "sum"}
_UNITS: Final = {"%": "prosent", "min": "minutter", "d": "døgn"}


def unit_of(measure: Measure) -> str:
    """The unit, in words."""
    return _UNITS[measure.unit]


def number(measure: Measure, value: float | None) -> str:
    """A value as it is read: `87,5 %`, `95 min`, `2,4 døgn`."""
    if value is None:
        return "–"
    if measure.kind == "share":
        return f"{_decimal(100 * value)} %"
    return f"{_decimal(value)} {'min' if measure.unit == 'min' else 'døgn'}"


def _decimal(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",")


def figure(measure: Measure, shown: Figure) -> str:
    """A figure as it is read."""
    if shown.hidden:
        return HIDDEN
    return NOTHING if shown.empty else number(measure, shown.value)


def count(value: int | None) -> str:
    """A count as it is read; None: hidden."""
    return "skjult" if value is None else "1–4" if value == FEW else str(value)


def day(value: date) -> str:
    """`9. mars 2026`."""
    return f"{value.day}. {MONTHS[value.month - 1]} {value.year}"


def period(start: date, length: Length) -> str:
    """`uke 11, 2026` or `mars 2026`."""
    if length == "month":
        return f"{MONTHS[start.month - 1]} {start.year}"
    year, week, _ = start.isocalendar()
    return f"uke {week}, {year}"


def verdict(chart: RunChart, phase: Phase) -> str:
    """What the rules say about a phase, in one sentence."""
    found = phase.runs
    if not found.judged:
        return f"For få punkter til å si noe om variasjonen ({found.useful} av minst 10 utenfor medianen)."
    if not found.signal:
        return "Tilfeldig variasjon: ingen tegn til at noe er endret."
    said = []
    if found.shift:
        side = "over" if found.above else "under"
        said.append(
            f"{found.longest} punkter på rad {side} medianen (flere enn {found.longest_limit} er sjelden tilfeldig)"
        )
    if found.few_crossings:
        said.append(
            f"medianen krysses {found.crossings} ganger (færre enn {found.crossings_limit} er sjelden tilfeldig)"
        )
    return f"Signal: {' og '.join(said)}. Noe er trolig endret; finn ut hva."
