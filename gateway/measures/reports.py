"""What are the figures of a measure: in all, week by week or month by month, and by stratum?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, get_args

from gateway.measures.course import Owner, owner_of
from gateway.measures.definitions import VERSION, Measure
from gateway.measures.figures import Figure, Tally, shown_together
from gateway.measures.judged import Judged
from gateway.measures.periods import Length, between, start_of
from gateway.measures.stay import MeasuredStay, Plan
from gateway.pathway.calendar import DAY, day_of

Dimension = Literal[
    "municipality",
    "trust",
    "helsefellesskap",
    "priority-group",
    "care-level",
    "care-level-before",
    "care-level-28",
    "care-level-90",
    "care-level-180",
    "age-group",
]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
LATER: Final[Mapping[Dimension, int]] = {"care-level-28": 28, "care-level-90": 90, "care-level-180": 180}
"""Days after the index discharge: until then what will hold is not known."""
UNKNOWN: Final = "unknown"
OLD: Final = 67


@dataclass(frozen=True)
class Wanted:
    """What is asked of a measure."""

    now: datetime
    """As of when (aware): what is due and not done by then is not done."""
    length: Length = "week"
    by: Dimension | None = None
    """Broken down by this dimension."""
    only: tuple[Dimension, str] | None = None
    """Only what has this value in this dimension; not together with `by`."""
    since: date | None = None
    """No index day before; None: no limit."""
    until: date | None = None
    """No index day after; None: no limit."""


@dataclass(frozen=True)
class Line:
    """The figures of one stratum."""

    stratum: str | None
    """Its code; None: not broken down."""
    total: Figure
    periods: tuple[tuple[date, Figure], ...]
    """First day of each period and its figure, without gaps."""


@dataclass(frozen=True)
class Report:
    """A measure's figures."""

    measure: Measure
    wanted: Wanted
    first: date | None
    """The first and last index day that anything was counted on."""
    last: date | None
    lines: tuple[Line, ...]
    version: str = VERSION


def report(measure: Measure, stays: Iterable[MeasuredStay], loose: Iterable[Plan], wanted: Wanted) -> Report:
    """Compute a measure over stays and plans. ValueError: broken down and restricted at once."""
    judged = measure.judged(stays, loose, wanted.now)
    return report_of(measure, ((each, owner_of(of)) for each, of in judged), wanted)


def report_of(measure: Measure, occasions: Iterable[tuple[Judged, Owner]], wanted: Wanted) -> Report:
    """The figures of occasions as of `wanted.now`. ValueError: broken down and restricted at once.

    One value alone is taken out of the whole breakdown: what is hidden there beside it is hidden here too.
    """
    if wanted.only:
        return _only(measure, occasions, wanted, *wanted.only)
    totals: defaultdict[str | None, Tally] = defaultdict(Tally)
    tallies: defaultdict[tuple[str | None, date], Tally] = defaultdict(Tally)
    days: set[date] = set()
    for judged, owner in occasions:
        day = judged.day
        if (wanted.since and day < wanted.since) or (wanted.until and day > wanted.until):
            continue
        stratum = stratum_of(owner, wanted.by, wanted.now) if wanted.by else None
        days.add(day)
        totals[stratum].add(judged, owner.id)
        tallies[stratum, start_of(day, wanted.length)].add(judged, owner.id)
    first, last = min(days, default=None), max(days, default=None)
    starts = list(between(first, last, wanted.length)) if first and last else []
    strata = sorted(totals, key=lambda code: (code == UNKNOWN, code or "")) or ([] if wanted.by else [None])
    shown = shown_together([totals[stratum].figure(measure.kind) for stratum in strata])
    columns = {
        start: shown_together([tallies[stratum, start].figure(measure.kind) for stratum in strata])
        for start in starts
    }
    lines = tuple(
        Line(stratum, total, tuple((start, columns[start][place]) for start in starts))
        for place, (stratum, total) in enumerate(zip(strata, shown, strict=True))
    )
    return Report(measure, wanted, first, last, lines)


def _only(
    measure: Measure,
    occasions: Iterable[tuple[Judged, Owner]],
    wanted: Wanted,
    dimension: Dimension,
    code: str,
) -> Report:
    if wanted.by:
        raise ValueError("a report is broken down or restricted, not both: small groups could be told apart")
    whole = report_of(measure, occasions, replace(wanted, by=dimension, only=None))
    lines = tuple(replace(line, stratum=None) for line in whole.lines if line.stratum == code)
    if not lines:
        lines = report_of(measure, (), replace(wanted, only=None)).lines
    return replace(whole, wanted=wanted, lines=lines)


def stratum_of(owner: Owner, dimension: Dimension, now: datetime) -> str:
    """The code of a stay or plan in a dimension."""
    if dimension == "municipality":
        return owner.municipality or UNKNOWN
    if dimension == "trust" and owner.trust:
        return owner.trust
    if dimension == "age-group" and owner.age is not None:
        return f"{OLD}+" if owner.age >= OLD else f"0-{OLD - 1}"
    if dimension in LATER and (owner.index is None or day_of(now) <= owner.index + LATER[dimension] * DAY):
        return UNKNOWN
    return owner.strata.get(dimension, UNKNOWN)
