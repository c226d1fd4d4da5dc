"""How is each discharge, plan and goal counted in the measures of the plan that follows the patient home?

A plan that is here makes an absence a "no": a checklist that is not recorded in it counts as not done. Without a plan
here nothing is known: missing. Fidelity ("three of four") is the adherence that a cluster-randomised trial of the
pathway published (36 %, doi 10.1186/s12913-017-2206-3); it says whether the pathway is followed, not what it achieves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from gateway.measures.judged import Judged, Reason, not_yet_due, yes_no
from gateway.measures.stay import MeasuredStay, Plan
from gateway.measures.transitions import HOME, OTHER_HOSPITAL
from gateway.pathway.calendar import DAY, day_of, end_of

WINDOW: Final = 28
"""Days after discharge (or after a plan's start) until the extended assessment is due."""
LAST_DAY: Final = date.max - DAY
"""The last day that has an end."""
FIRST_DAY: Final = 4
"""The extended assessment comes after the first visit (≤ 3 days)."""


def three_of_four(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Were at least three of the four checklists done by day 28?"""
    return _fidelity(stay, now, 3)


def four_of_four(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Were all four checklists done by day 28?"""
    return _fidelity(stay, now, 4)


def _fidelity(stay: MeasuredStay, now: datetime, wanted: int) -> Iterator[Judged]:
    for judged, plan, day in _index(stay, now):
        if judged:
            yield judged
        elif plan:
            done = [at for at in plan.done.values() if at <= day + WINDOW * DAY]
            yield yes_no(day, len(done) >= wanted)


def assessment_within_4_weeks(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Was the extended assessment done on day 4 to 28?"""
    for judged, plan, day in _index(stay, now):
        if judged:
            yield judged
        elif plan:
            done = plan.done.get("4")
            yield yes_no(day, done is not None and day + FIRST_DAY * DAY <= done <= day + WINDOW * DAY)


def assessment_changed_level(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Of the extended assessments (day 4 to 28): did the care level change within four weeks of it, up or down?"""
    for judged, plan, day in _index(stay, now):
        if judged:
            yield judged
            continue
        done = plan.done.get("4") if plan else None
        if done is None or not day + FIRST_DAY * DAY <= done <= day + WINDOW * DAY:
            yield Judged(day, "excluded", "not-assessed")
        elif stay.level_when_assessed is None:
            yield Judged(day, "missing", "not-recorded")
        elif stay.level_changed and stay.level_changed <= done + WINDOW * DAY:
            yield yes_no(day, True)
        elif now <= end_of(done + WINDOW * DAY):
            yield not_yet_due(day, end_of(done + WINDOW * DAY))
        else:
            yield yes_no(day, False)


def _index(stay: MeasuredStay, now: datetime) -> Iterator[tuple[Judged | None, Plan | None, date]]:
    """The discharge, already judged (excluded, missing, not yet due), or with its plan."""
    if stay.ended is None or stay.state not in ("ute", "død") or not (stay.need or stay.plan):
        return
    day, plan = day_of(stay.ended.at), stay.plan
    last = day + WINDOW * DAY
    if reason := _excluded(stay, last):
        yield Judged(day, "excluded", reason), plan, day
    elif stay.doubtful:
        yield Judged(day, "missing", "stay-uncertain"), plan, day
    elif plan is None:
        yield Judged(day, "missing", "no-plan-here"), plan, day
    elif now <= end_of(last):
        yield not_yet_due(day, end_of(last)), plan, day
    else:
        yield None, plan, day


def _excluded(stay: MeasuredStay, last: date) -> Reason | None:
    """The common exclusions, in this order: dead, not home, back in hospital, declined."""
    if stay.state == "død" or (stay.died and stay.died <= last):
        return "died"
    if stay.discharged_to == OTHER_HOSPITAL:
        return "transferred"
    if stay.discharged_to not in (None, HOME):
        return "to-institution"
    if stay.readmitted and day_of(stay.readmitted.at) <= last:
        return "readmitted-before-due"
    return "declined" if stay.plan and stay.plan.declined else None


def asked_what_matters(plan: Plan, now: datetime) -> Iterator[Judged]:
    """Was the person asked «Hva er viktig for deg?» within four weeks of the plan's start?"""
    last = plan.started + WINDOW * DAY
    if plan.asked and plan.asked <= last:
        yield yes_no(plan.started, True)
    elif reason := _ended(plan, last):
        yield Judged(plan.started, "excluded", reason)
    elif now <= end_of(last):
        yield not_yet_due(plan.started, end_of(last))
    else:
        yield yes_no(plan.started, False)


def goal_in_own_words(plan: Plan, now: datetime) -> Iterator[Judged]:
    """Has the plan a goal that the person expressed? Goals by others on the person's behalf are told apart."""
    by = {goal.voice for goal in plan.goals}
    last = plan.started + WINDOW * DAY
    if "patient" in by:
        yield yes_no(plan.started, True)
    elif "declined" in plan.answers:
        yield Judged(plan.started, "excluded", "declined")
    elif "unable" in plan.answers:
        yield Judged(plan.started, "excluded", "unable-to-answer")
    elif reason := _ended(plan, last):
        yield Judged(plan.started, "excluded", reason)
    elif now <= end_of(last):
        yield not_yet_due(plan.started, end_of(last))
    else:
        yield yes_no(plan.started, False, "vicarious-goal" if "vicarious" in by else None)


def own_goal_followed_up(plan: Plan, now: datetime) -> Iterator[Judged]:
    """Of the plans with a goal of the person's own: does an activity with an owner serve it?"""
    own = [goal for goal in plan.goals if goal.voice == "patient"]
    if own:
        linked = any(goal.linked for goal in own)
        last = end_of(plan.started + WINDOW * DAY)
        if not linked and now <= last:
            yield not_yet_due(plan.started, last)
        else:
            yield yes_no(plan.started, linked)


def own_goal_evaluated(plan: Plan, now: datetime) -> Iterator[Judged]:
    """Of the person's own goals whose review was due: were they evaluated by then?"""
    for goal in plan.goals:
        if goal.voice != "patient":
            continue
        if goal.review is None:
            yield Judged(plan.started, "missing", "no-review-date")
        elif goal.evaluated and goal.evaluated <= goal.review:
            yield yes_no(goal.review, True)
        elif reason := _ended(plan, goal.review):
            yield Judged(goal.review, "excluded", reason)
        elif now <= (last := end_of(min(goal.review, LAST_DAY))):
            yield not_yet_due(goal.review, last)
        else:
            yield yes_no(goal.review, False)


def _ended(plan: Plan, last: date) -> Reason | None:
    if plan.declined:
        return "declined"
    return "ended-early" if plan.ended and plan.ended <= last else None
