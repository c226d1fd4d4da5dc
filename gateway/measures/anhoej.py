"""Does a series of measurements vary by chance alone, or has something changed?

The Anhøj rules for run charts (seriediagram). A point on the median is not useful: it neither counts nor breaks a run.
Of n useful points:

    shift       the longest run on one side of the median has more than round(log2 n + 3) points
    crossings   the line crosses the median fewer times than the 5 % quantile of a binomial (n - 1, 1/2)

Sources: Anhøj and Olesen, PLoS ONE 2014 (0113825); Anhøj and Wentzel-Larsen, PLoS ONE 2020 (0233920), which gives the
limits for n = 10 … 100. Their trend rule ("virtually useless") is not here, and no other set of rules is mixed in.

False signals. In this share of series of independent values in which nothing changes, either rule signals (per cent;
`false_signals`, 20,000 series for each figure, seed 2014; a test repeats a part of it):

    points   median of all points   true median   frozen after 12   frozen after 20
        12           1.2                 4.2              –                 –
        16           0.7                 4.7             1.4                –
        20           2.3                 6.8             6.5                –
        24           3.1                 6.8             8.3               3.4
        30           2.6                 6.4            10.9               4.8
        40           4.0                 7.7            15.8               9.4
        52           4.8                 7.7            17.9              11.7

So a signal is a reason to ask what happened, never a proof. A median frozen early is itself uncertain, and the longer
it is held, the more often that alone signals: freeze late (20 points and more), and begin a new one when a new level
has held.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Final

FEWEST: Final = 10
"""Useful points below which the rules have no published limits: no verdict."""


@dataclass(frozen=True)
class Runs:
    """What the rules say about one stretch of a series with one median."""

    useful: int
    """Points that are not on the median."""
    longest: int
    """Points of the longest run."""
    longest_at: tuple[int, ...]
    """The places, in the series that was handed in, of the points of the longest run (the first of several)."""
    longest_limit: int | None
    """A run may have so many points; None: too few points for a verdict."""
    crossings: int
    crossings_limit: int | None
    """There must be so many crossings."""
    above: bool | None
    """Whether the longest run lies above the median; None: there is none."""

    @property
    def judged(self) -> bool:
        """Whether there are enough points for a verdict."""
        return self.longest_limit is not None

    @property
    def shift(self) -> bool:
        """The longest run is too long for chance."""
        return self.longest_limit is not None and self.longest > self.longest_limit

    @property
    def few_crossings(self) -> bool:
        """The median is crossed too seldom for chance."""
        return self.crossings_limit is not None and self.crossings < self.crossings_limit

    @property
    def signal(self) -> bool:
        """Whether either rule says that this is not chance alone."""
        return self.shift or self.few_crossings


def longest_limit(useful: int) -> int:
    """How many points a run may have among so many useful ones (at least 1)."""
    return round(math.log2(useful) + 3)


@cache
def crossings_limit(useful: int) -> int:
    """How many crossings there must be among so many useful points: the least k with P(X ≤ k) ≥ 5 %."""
    trials = useful - 1
    below, most = 0, 2**trials
    for crossings in range(useful):
        below += math.comb(trials, crossings)
        if below * 20 >= most:
            return crossings
    raise ValueError("there is no series of no points")


def runs(values: Sequence[float | None], median: float) -> Runs:
    """Apply the rules to a series; None: a point that is not there (nothing measured, or too few to be shown)."""
    useful = [(place, value > median) for place, value in enumerate(values) if value not in (None, median)]
    found = [[place for place, _ in run] for _, run in groupby(useful, key=lambda point: point[1])]
    sides = [above for above, _ in groupby(useful, key=lambda point: point[1])]
    longest = max(range(len(found)), key=lambda number: len(found[number]), default=None)
    number = len(useful)
    enough = number >= FEWEST
    return Runs(
        useful=number,
        longest=0 if longest is None else len(found[longest]),
        longest_at=() if longest is None else tuple(found[longest]),
        longest_limit=longest_limit(number) if enough else None,
        crossings=max(len(found) - 1, 0),
        crossings_limit=crossings_limit(number) if enough else None,
        above=None if longest is None else sides[longest],
    )


def median_of(values: Iterable[float | None]) -> float | None:
    """The median of the points that are there; None: there is none."""
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


@dataclass(frozen=True)
class FalseSignals:
    """In which share of series without any change the rules signal."""

    points: int
    series: int
    shift: float
    few_crossings: float
    either: float


def false_signals(points: int, series: int, seed: int, *, frozen: int | None = None) -> FalseSignals:
    """Simulate series of independent values of one normal distribution and count how often the rules signal.

    :param frozen: the median is that of the first so many points; 0: the true one; None: that of all points.
    """
    chance = random.Random(seed * 1000 + points)
    shifts = crossings = either = 0
    for _ in range(series):
        values = [chance.gauss(0, 1) for _ in range(points)]
        found = runs(values, 0.0 if frozen == 0 else statistics.median(values[:frozen]))
        shifts += found.shift
        crossings += found.few_crossings
        either += found.signal
    return FalseSignals(points, series, shifts / series, crossings / series, either / series)
