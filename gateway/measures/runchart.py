"""How does a measure develop, seen as a run chart (seriediagram) with what a team changed?

A chart has points, phases and annotations. Each phase has its own median. A median may be frozen: it is then that of
the points up to a day, and holds for the points after it too. A new phase begins a new median. The rules are applied
in each phase by itself; a figure that is hidden or missing is a gap and no point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gateway.measures.anhoej import Runs, median_of, runs
from gateway.measures.definitions import Measure
from gateway.measures.periods import Length
from gateway.measures.reports import Report

FEWEST: Final = 12
"""Points of a phase below which its median is marked as preliminary."""
Stage = Literal["forberede", "planlegge", "utføre", "evaluere", "følge opp"]
STAGES: Final[tuple[Stage, ...]] = ("forberede", "planlegge", "utføre", "evaluere", "følge opp")
"""The five phases of the Norwegian model for quality improvement."""
Effect = Literal["note", "freeze", "new-phase"]


@dataclass(frozen=True)
class Annotation:
    """What a team changed, and when."""

    id: int
    day: date
    stage: Stage
    text: str
    """About the work, never about a person."""
    effect: Effect = "note"
    """freeze: the median up to here holds on; new-phase: a new median begins here."""
    measure: str | None = None
    """Only for this measure; None: for all."""
    municipality: str | None = None
    """Only for this municipality; None: for all."""


@dataclass(frozen=True)
class Point:
    """One period of the chart."""

    start: date
    value: float | None
    """None: a gap."""
    numerator: int | None = None
    denominator: int | None = None
    hidden: bool = False
    """A gap because there are too few behind it."""


@dataclass(frozen=True)
class Phase:
    """The points from `first` up to, not including, `end`, with one median."""

    first: int
    end: int
    median: float | None
    frozen: int | None
    """The median is that of the points before this place; None: of all points of the phase."""
    runs: Runs
    based_on: int
    """Points the median is taken from."""

    @property
    def preliminary(self) -> bool:
        """Whether the median has fewer points behind it than it should."""
        return self.based_on < FEWEST


@dataclass(frozen=True)
class RunChart:
    """A run chart, ready to draw."""

    measure: Measure
    length: Length
    stratum: str | None
    """The stratum's code; None: all."""
    points: tuple[Point, ...]
    phases: tuple[Phase, ...]
    annotations: tuple[Annotation, ...]
    version: str

    @property
    def signal(self) -> bool:
        """Whether the last phase signals."""
        return bool(self.phases) and self.phases[-1].runs.signal


def run_chart(
    report: Report, stratum: str | None = None, annotations: Iterable[Annotation] = ()
) -> RunChart | None:
    """The chart of one stratum of a report; None: there is no such stratum, or nothing is counted in it."""
    line = next((line for line in report.lines if line.stratum == stratum), None)
    if line is None or not line.periods:
        return None
    points = tuple(
        Point(
            start, None if figure.empty else figure.value, figure.numerator, figure.denominator, figure.hidden
        )
        for start, figure in line.periods
    )
    wanted = report.wanted
    place = stratum if wanted.by == "municipality" else None
    if wanted.only and wanted.only[0] == "municipality":
        place = wanted.only[1]
    shown = tuple(
        sorted(
            (
                each
                for each in annotations
                if each.measure in (None, report.measure.id) and each.municipality in (None, place)
            ),
            key=lambda each: (each.day, each.id),
        )
    )
    return RunChart(
        report.measure, wanted.length, stratum, points, phases_of(points, shown), shown, report.version
    )


def phases_of(points: Sequence[Point], annotations: Iterable[Annotation]) -> tuple[Phase, ...]:
    """The phases that the annotations make. A phase begins with the first point that starts on the day or later."""
    changes = list(annotations)
    begins = {0} | {_place(points, each.day) for each in changes if each.effect == "new-phase"}
    firsts = sorted(place for place in begins if place < len(points))
    freezes = [_place(points, each.day) for each in changes if each.effect == "freeze"]
    phases = []
    for first, end in zip(firsts, [*firsts[1:], len(points)], strict=True):
        frozen = next((place for place in sorted(freezes) if first < place < end), None)
        values = [point.value for point in points[first:end]]
        base = values if frozen is None else values[: frozen - first]
        median = median_of(base)
        found = runs(values, median) if median is not None else runs([], 0.0)
        based_on = sum(value is not None for value in base)
        phases.append(Phase(first, end, median, frozen, found, based_on))
    return tuple(phases)


def _place(points: Sequence[Point], day: date) -> int:
    return next((place for place, point in enumerate(points) if point.start >= day), len(points))
