"""Which measures are there, and which function counts each?

The words of a measure (title, what is counted, what is not) stand in its FHIR resource, `profiles/measures/ID.json`,
in Norwegian; here stands what a program needs. `VERSION` names the algorithm and goes with every figure: raise it
whenever the same stays would be counted otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from gateway.measures import plans, transitions
from gateway.measures.judged import Judged
from gateway.measures.stay import MeasuredStay, Plan

VERSION: Final = "1.0.0"
Kind = Literal["share", "median", "mean", "sum"]
"""What a figure is: numerator/denominator, or the median, mean or sum of the numbers."""
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """One measure."""

    id: str
    kind: Kind
    better: Better
    of_stay: Callable[[MeasuredStay, datetime], Iterable[Judged]] | None = None
    of_plan: Callable[[Plan, datetime], Iterable[Judged]] | None = None
    unit: str = "%"
    """UCUM: %, min, d."""

    def judged(
        self, stays: Iterable[MeasuredStay], loose: Iterable[Plan], now: datetime
    ) -> Iterator[tuple[Judged, MeasuredStay | Plan]]:
        """Every occasion, with the stay or plan it belongs to.

        :param loose: plans that no stay started (new user, yearly).
        """
        if self.of_stay is not None:
            for stay in stays:
                for judged in self.of_stay(stay, now):
                    yield judged, stay
        elif self.of_plan is not None:
            for plan in (*(stay.plan for stay in stays if stay.plan), *loose):
                for judged in self.of_plan(plan, now):
                    yield judged, plan


_ALL: Final = (
    Measure("notice-within-24-hours", "share", "higher", transitions.notice_within_24_hours),
    Measure("reply-minutes", "median", "lower", transitions.reply_minutes, unit="min"),
    Measure("reply-in-time", "share", "higher", transitions.reply_in_time),
    Measure("no-extra-days", "share", "higher", transitions.no_extra_days),
    Measure("extra-days-per-stay", "mean", "lower", transitions.extra_days_per_stay, unit="d"),
    Measure("extra-days", "sum", "lower", transitions.extra_days, unit="d"),
    Measure("epikrise-within-1-day", "share", "higher", transitions.epikrise_within_1_day),
    Measure("epikrise-within-7-days", "share", "higher", transitions.epikrise_within_7_days),
    Measure("three-of-four-checklists", "share", "higher", plans.three_of_four),
    Measure("four-of-four-checklists", "share", "higher", plans.four_of_four),
    Measure("assessment-within-4-weeks", "share", "higher", plans.assessment_within_4_weeks),
    Measure("assessment-changed-level", "share", "higher", plans.assessment_changed_level),
    Measure("asked-what-matters", "share", "higher", of_plan=plans.asked_what_matters),
    Measure("goal-in-own-words", "share", "higher", of_plan=plans.goal_in_own_words),
    Measure("own-goal-followed-up", "share", "higher", of_plan=plans.own_goal_followed_up),
    Measure("own-goal-evaluated", "share", "higher", of_plan=plans.own_goal_evaluated),
    Measure("readmission-30-days-from-67", "share", "lower", transitions.readmission_67),
    Measure("readmission-30-days", "share", "lower", transitions.readmission),
)
MEASURES: Final = {measure.id: measure for measure in _ALL}
