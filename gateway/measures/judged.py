"""How is one stay or plan counted in a measure?

A measure looks at occasions (a stay, a ready-notice, a plan), each on its index day, and says of each one of these:

    numerator      it counts, and what is asked for happened
    denominator    it counts, and what is asked for did not happen
    excluded       it does not count, for a reason of the definition
    not-yet-due    its time is not over: neither yes nor no
    missing        it would count, but what must be known is not known here

Not yet due and missing are never taken for "no". In a measure of a number (minutes, days) whatever has a number is in
the numerator.

That time passes changes a verdict only where it says so (`until`), which is what lets a verdict be kept (`course`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Verdict = Literal["numerator", "denominator", "excluded", "not-yet-due", "missing"]
Reason = Literal[
    "age-not-known",
    "cancelled",
    "declined",
    "died",
    "end-not-known",
    "ended-before-reply",
    "ended-early",
    "no-goal-of-the-patient",
    "no-limit-agreed",
    "no-plan-here",
    "no-review-date",
    "not-answered",
    "not-assessed",
    "not-recorded",
    "not-sent-through-here",
    "planned-readmission",
    "readmitted-before-due",
    "reply-not-coded",
    "shorter-than-24-hours",
    "start-not-known",
    "stay-uncertain",
    "to-institution",
    "transferred",
    "unable-to-answer",
    "urgency-not-known",
    "vicarious-goal",
    "withdrawn-before-reply",
    "younger-than-67",
]


class Judged(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One occasion, as a measure counts it."""

    day: date
    """The index day (Europe/Oslo): to which week and month it belongs."""
    verdict: Verdict
    reason: Reason | None = None
    """Why excluded or missing; of others, what is told apart among them."""
    value: float | None = None
    """The number it gives (minutes, days), in measures of a number."""
    until: datetime | None = None
    """Up to and with this instant it counts so, and otherwise after it; None: that time passes changes nothing."""


def yes_no(day: date, happened: bool, reason: Reason | None = None) -> Judged:
    """Counted: it happened, or it did not."""
    return Judged(day, "numerator" if happened else "denominator", reason)


def not_yet_due(day: date, until: datetime) -> Judged:
    """Its time is over after `until`."""
    return Judged(day, "not-yet-due", until=until)
