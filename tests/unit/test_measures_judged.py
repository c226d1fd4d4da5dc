"""How one stay, plan or goal counts at its edges: the table was written from the words of the measures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.measures.definitions import MEASURES
from gateway.measures.stay import Goal, MeasuredStay, Plan, Reply, When
from gateway.pathway.calendar import OSLO, start_of

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def at(text: str) -> datetime:
    """A time on the wall in Norway."""
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


OUT = at("2026-03-10T13:00")
LATE = at("2026-09-01T12:00")


def stay(**more: Any) -> MeasuredStay:
    """A stay of a week, discharged home on 10 March 2026."""
    known: dict[str, Any] = {
        "id": "s", "trust": "1", "municipality": "2", "state": "ute", "admitted": When(OUT - 7 * DAY),
        "ended": When(OUT), "discharged_to": "1", "need": True, "age": 80,
    }  # fmt: skip
    return MeasuredStay(**(known | more))


def plan(**more: Any) -> Plan:
    """A plan from the day of discharge."""
    known: dict[str, Any] = {"id": "p", "municipality": "2", "started": date(2026, 3, 10)}
    return Plan(**(known | more))


def verdicts(measure: str, of: MeasuredStay | Plan, now: datetime = LATE) -> list[tuple[str, str | None]]:
    """How a measure counts it."""
    asked = MEASURES[measure]
    stays, plans = ([of], []) if isinstance(of, MeasuredStay) else ([], [of])
    return [(judged.verdict, judged.reason) for judged, _ in asked.judged(stays, plans, now)]


IN = at("2026-03-03T13:00")
WEEK_LATER = When(at("2026-04-05T12:00"))
NOTICE = [
    ({"notice": IN + 24 * HOUR}, LATE, ("numerator", None)),
    ({"notice": IN + 24 * HOUR + MINUTE}, LATE, ("denominator", None)),
    ({}, IN + 24 * HOUR, ("not-yet-due", None)),
    ({}, IN + 24 * HOUR + MINUTE, ("denominator", None)),
    ({"ended": When(IN + 23 * HOUR)}, LATE, ("excluded", "shorter-than-24-hours")),
    ({"ended": When(IN + 23 * HOUR), "notice": IN + 2 * HOUR}, LATE, ("numerator", None)),
    ({"state": "cancelled"}, LATE, ("excluded", "cancelled")),
    ({"doubtful": True}, LATE, ("missing", "stay-uncertain")),
    ({"admitted": None, "notice": IN}, LATE, ("missing", "start-not-known")),
    # Only the day is known: from its end. The clocks went forward at 02:00 on 29 March 2026: the day has 23 hours.
    (
        {
            "admitted": When(start_of(date(2026, 3, 28)), is_day=True),
            "ended": WEEK_LATER,
            "notice": at("2026-03-30T00:30"),
        },
        LATE,
        ("numerator", None),
    ),
    (
        {
            "admitted": When(start_of(date(2026, 3, 28)), is_day=True),
            "ended": WEEK_LATER,
            "notice": at("2026-03-30T01:30"),
        },
        LATE,
        ("denominator", None),
    ),
]


@pytest.mark.parametrize(("facts", "now", "expected"), NOTICE)
def test_the_notice(facts: dict[str, Any], now: datetime, expected: tuple[str, str | None]) -> None:
    assert verdicts("notice-within-24-hours", stay(**facts), now) == [expected]


def test_without_a_sign_of_need_there_is_nothing_to_count() -> None:
    assert verdicts("notice-within-24-hours", stay(need=False)) == []


TOLD = at("2026-03-09T10:00")
REPLIES = [
    (Reply(TOLD, TOLD + 2 * HOUR, TOLD + 3 * HOUR), LATE, "numerator", "numerator"),
    (Reply(TOLD, TOLD + 4 * HOUR, TOLD + 3 * HOUR), LATE, "denominator", "numerator"),
    (Reply(TOLD, None, TOLD + 3 * HOUR, fell_away=True), LATE, "excluded", "excluded"),
    (Reply(TOLD, None, TOLD + 3 * HOUR), TOLD + 3 * HOUR, "not-yet-due", "not-yet-due"),
    (Reply(TOLD, None, TOLD + 3 * HOUR), TOLD + 4 * HOUR, "denominator", "not-yet-due"),
    (Reply(TOLD, None, TOLD + 3 * HOUR, withdrawn=True), TOLD + 4 * HOUR, "denominator", "excluded"),
    (Reply(TOLD, TOLD + HOUR, None), LATE, "missing", "numerator"),
]


@pytest.mark.parametrize(("reply", "now", "in_time", "minutes"), REPLIES)
def test_the_reply(reply: Reply, now: datetime, in_time: str, minutes: str) -> None:
    waiting = stay(state="klar", ended=None, replies=(reply,))
    assert [verdict for verdict, _ in verdicts("reply-in-time", waiting, now)] == [in_time]
    assert [verdict for verdict, _ in verdicts("reply-minutes", waiting, now)] == [minutes]


EPIKRISE = [
    ({"epikrise": at("2026-03-11T23:59")}, LATE, "numerator"),
    ({"epikrise": at("2026-03-12T00:00")}, LATE, "denominator"),
    ({}, at("2026-03-11T23:59"), "not-yet-due"),
    ({}, at("2026-03-12T00:00"), "denominator"),
    ({"state": "død"}, LATE, "excluded"),
    ({"discharged_to": "3"}, LATE, "excluded"),
    ({"discharged_to": None, "epikrise": OUT}, LATE, "numerator"),
    ({"epikrise_seen": False}, LATE, "missing"),
    ({"epikrise_seen": False}, at("2026-03-11T23:59"), "not-yet-due"),
]


@pytest.mark.parametrize(("facts", "now", "expected"), EPIKRISE)
def test_the_epikrise_on_the_day_or_the_day_after(
    facts: dict[str, Any], now: datetime, expected: str
) -> None:
    assert [verdict for verdict, _ in verdicts("epikrise-within-1-day", stay(**facts), now)] == [expected]


READMISSION = [
    ({}, LATE, ("denominator", None)),
    ({"readmitted": When(OUT + 8 * HOUR)}, LATE, ("excluded", "transferred")),
    ({"readmitted": When(OUT + 8 * HOUR + MINUTE)}, LATE, ("numerator", "urgency-not-known")),
    ({"readmitted": When(at("2026-04-09T23:59")), "readmission_planned": False}, LATE, ("numerator", None)),
    ({"readmitted": When(at("2026-04-10T00:00"))}, LATE, ("denominator", None)),
    (
        {"readmitted": When(OUT + 9 * DAY), "readmission_planned": True},
        LATE,
        ("excluded", "planned-readmission"),
    ),
    ({"readmitted": When(OUT + 9 * DAY)}, OUT + 20 * DAY, ("not-yet-due", None)),
    ({"age": 66}, LATE, ("excluded", "younger-than-67")),
    ({"age": None}, LATE, ("missing", "age-not-known")),
    ({"state": "død"}, LATE, ("excluded", "died")),
]


@pytest.mark.parametrize(("facts", "now", "expected"), READMISSION)
def test_the_readmission(facts: dict[str, Any], now: datetime, expected: tuple[str, str | None]) -> None:
    assert verdicts("readmission-30-days-from-67", stay(**facts), now) == [expected]


def day(number: int) -> date:
    """So many days after the discharge."""
    return date(2026, 3, 10) + number * DAY


CHECKLISTS = [
    ({"1": day(0), "2": day(3), "4": day(28)}, LATE, "numerator", "denominator", "numerator"),
    ({"1": day(0), "2": day(3), "4": day(29)}, LATE, "denominator", "denominator", "denominator"),
    ({"1": day(0), "2": day(3), "3": day(9), "4": day(3)}, LATE, "numerator", "numerator", "denominator"),
    ({"1": day(0), "2": day(3), "3": day(9), "4": day(4)}, at("2026-04-07T23:00"), *["not-yet-due"] * 3),
    ({}, at("2026-04-08T00:00"), *["denominator"] * 3),
]


@pytest.mark.parametrize(("done", "now", "three", "four", "assessed"), CHECKLISTS)
def test_the_checklists(done: dict[Any, date], now: datetime, three: str, four: str, assessed: str) -> None:
    followed = stay(plan=plan(done=done))
    found = [
        verdicts(measure, followed, now)[0][0]
        for measure in ("three-of-four-checklists", "four-of-four-checklists", "assessment-within-4-weeks")
    ]
    assert found == [three, four, assessed]


CHANGES = [
    ({}, LATE, ("missing", "not-recorded")),
    ({"level_when_assessed": "3"}, LATE, ("denominator", None)),
    ({"level_when_assessed": "3"}, at("2026-04-28T12:00"), ("not-yet-due", None)),
    ({"level_when_assessed": "3", "level_changed": day(49)}, at("2026-04-28T12:00"), ("numerator", None)),
    ({"level_when_assessed": "3", "level_changed": day(50)}, LATE, ("denominator", None)),
]


@pytest.mark.parametrize(("facts", "now", "expected"), CHANGES)
def test_the_assessment_changed_the_care_level(
    facts: dict[str, Any], now: datetime, expected: tuple[str, str | None]
) -> None:
    """Done on day 21: due four weeks later, on day 49 (28 April 2026)."""
    assessed = stay(plan=plan(done={"4": day(21)}), **facts)
    assert verdicts("assessment-changed-level", assessed, now) == [expected]


@pytest.mark.parametrize("done", [{}, {"4": day(3)}, {"4": day(29)}])
def test_without_an_assessment_in_its_time_nothing_could_change(done: dict[Any, date]) -> None:
    unassessed = stay(plan=plan(done=done), level_when_assessed="1")
    assert verdicts("assessment-changed-level", unassessed) == [("excluded", "not-assessed")]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"state": "død"}, "died"),
        ({"died": day(20), "plan": plan()}, "died"),
        ({"discharged_to": "3"}, "transferred"),
        ({"discharged_to": "11"}, "to-institution"),
        ({"readmitted": When(OUT + 28 * DAY), "plan": plan()}, "readmitted-before-due"),
        ({"plan": plan(declined=True)}, "declined"),
    ],
)
def test_who_is_excluded_from_the_checklists(facts: dict[str, Any], reason: str) -> None:
    assert verdicts("three-of-four-checklists", stay(**facts)) == [("excluded", reason)]


def test_without_a_plan_here_nothing_is_known() -> None:
    assert verdicts("three-of-four-checklists", stay()) == [("missing", "no-plan-here")]
    assert verdicts("three-of-four-checklists", stay(need=False)) == []


OWN, OTHERS = Goal("patient", review=day(20)), Goal("vicarious", review=day(20))
GOALS = [
    (plan(goals=(OWN,)), LATE, ("numerator", None)),
    (plan(goals=(OTHERS,)), LATE, ("denominator", "vicarious-goal")),
    (plan(), LATE, ("denominator", None)),
    (plan(), at("2026-04-07T23:00"), ("not-yet-due", None)),
    (plan(answers=frozenset({"declined"})), LATE, ("excluded", "declined")),
    (plan(answers=frozenset({"unable"}), goals=(OTHERS,)), LATE, ("excluded", "unable-to-answer")),
    (plan(ended=day(10)), LATE, ("excluded", "ended-early")),
]


@pytest.mark.parametrize(("of", "now", "expected"), GOALS)
def test_a_goal_in_the_persons_own_words(of: Plan, now: datetime, expected: tuple[str, str | None]) -> None:
    assert verdicts("goal-in-own-words", of, now) == [expected]


def test_an_own_goal_is_followed_up_by_an_activity_with_an_owner() -> None:
    assert verdicts("own-goal-followed-up", plan(goals=(Goal("patient", linked=True),))) == [
        ("numerator", None)
    ]
    assert verdicts("own-goal-followed-up", plan(goals=(OWN,))) == [("denominator", None)]
    assert verdicts("own-goal-followed-up", plan(goals=(Goal("vicarious", linked=True),))) == []


@pytest.mark.parametrize(
    ("goal", "now", "expected"),
    [
        (Goal("patient", review=day(20), evaluated=day(20)), LATE, ("numerator", None)),
        (Goal("patient", review=day(20), evaluated=day(21)), LATE, ("denominator", None)),
        (OWN, at("2026-03-30T23:00"), ("not-yet-due", None)),
        (OWN, at("2026-03-31T00:00"), ("denominator", None)),
        (Goal("patient"), LATE, ("missing", "no-review-date")),
    ],
)
def test_the_evaluation_of_an_own_goal(goal: Goal, now: datetime, expected: tuple[str, str | None]) -> None:
    assert verdicts("own-goal-evaluated", plan(goals=(goal,)), now) == [expected]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ready": day(-1)}, [("numerator", None)]),
        ({"ready": day(-1), "extra_days": frozenset({day(-1)})}, [("denominator", None)]),
        ({"ready": day(-1), "state": "klar", "ended": None}, [("not-yet-due", None)]),
        ({}, []),
    ],
)
def test_ready_without_extra_days(facts: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    assert verdicts("no-extra-days", stay(**facts)) == expected
