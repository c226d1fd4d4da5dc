"""Which figure may be shown, when few people stand behind it?

The rule of the national quality indicators: a figure is hidden when its denominator is less than 5, or its numerator is
1 to 4. Then neither share nor counts are shown. Beside it, so that a hidden stratum cannot be found by subtracting the
others from their total: when exactly one stratum is hidden, the smallest of the shown ones is hidden too. A count of
those excluded, missing or not yet due that is 1 to 4 is shown as that and no closer.

What this does not prevent: the comparison of reports made on different days, or over different stretches of time.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.measures.definitions import Kind
from gateway.measures.judged import Judged, Reason

LEAST_DENOMINATOR: Final = 5
SMALL: Final = range(1, 5)
FEW: Final = -1
"""Stands for a count of 1 to 4."""


@dataclass(frozen=True)
class Figure:
    """What may be shown of one measure in one period and stratum."""

    value: float | None
    """Share (0 to 1), median, mean or sum; None: hidden, or nobody counts."""
    numerator: int | None
    """None: hidden."""
    denominator: int | None
    """Of a sum: the stays it comes from. None: hidden."""
    excluded: Mapping[Reason, int]
    missing: Mapping[Reason, int]
    not_yet_due: int
    noted: Mapping[Reason, int]
    """Told apart among those who count; part of numerator or denominator."""
    """Of these four, `FEW` stands for 1 to 4."""
    hidden: bool = False

    @property
    def empty(self) -> bool:
        """Whether nobody counts."""
        return self.denominator == 0


@dataclass
class Tally:
    """What is counted on the way to a figure."""

    numerator: int = 0
    denominator: int = 0
    not_yet_due: int = 0
    excluded: Counter[Reason] = field(default_factory=Counter)
    missing: Counter[Reason] = field(default_factory=Counter)
    noted: Counter[Reason] = field(default_factory=Counter)
    values: list[float] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)
    """Ids of the stays or plans that count."""

    def add(self, judged: Judged, owner: str) -> None:
        """Count one occasion."""
        if judged.verdict == "excluded":
            self.excluded[judged.reason or "cancelled"] += 1
        elif judged.verdict == "missing":
            self.missing[judged.reason or "not-recorded"] += 1
        elif judged.verdict == "not-yet-due":
            self.not_yet_due += 1
        else:
            self.owners.add(owner)
            self.denominator += 1
            self.numerator += judged.verdict == "numerator"
            if judged.reason:
                self.noted[judged.reason] += 1
            if judged.value is not None:
                self.values.append(judged.value)

    def figure(self, kind: Kind) -> Figure:
        """The figure, as it may be shown."""
        numerator, denominator = self.numerator, self.denominator
        if kind == "sum":
            numerator, denominator = round(sum(self.values)), len(self.owners)
        shown = Figure(
            value=self._value(kind),
            numerator=numerator,
            denominator=denominator,
            excluded=_roughly(self.excluded),
            missing=_roughly(self.missing),
            not_yet_due=FEW if self.not_yet_due in SMALL else self.not_yet_due,
            noted=_roughly(self.noted),
        )
        few = 0 < denominator < LEAST_DENOMINATOR or numerator in SMALL
        return _hidden(shown) if few else shown

    def _value(self, kind: Kind) -> float | None:
        if kind == "share":
            return self.numerator / self.denominator if self.denominator else None
        if kind == "sum":
            return sum(self.values)
        if not self.values:
            return None
        return statistics.median(self.values) if kind == "median" else statistics.fmean(self.values)


def _hidden(figure: Figure) -> Figure:
    return replace(figure, value=None, numerator=None, denominator=None, noted={}, hidden=True)


def _roughly(counts: Counter[Reason]) -> dict[Reason, int]:
    return {reason: FEW if number in SMALL else number for reason, number in sorted(counts.items())}


def shown_together(figures: Sequence[Figure]) -> list[Figure]:
    """The figures of all strata of one total, so that none can be found from the others."""
    shown = list(figures)
    if sum(figure.hidden for figure in shown) == 1:
        counted = [
            (figure.denominator, place)
            for place, figure in enumerate(shown)
            if figure.denominator  # a stratum in which nobody counts hides nothing
        ]
        if counted:
            place = min(counted)[1]
            shown[place] = _hidden(shown[place])
    return shown
