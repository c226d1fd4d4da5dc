"""What proves that a task of the plan was done: only what was sent about this discharge."""

from __future__ import annotations

from gateway.pathway.plan import plan_of
from gateway.pathway.stays import stays_of
from gateway.projection.definitions import plan_definition
from tests.support.pathway import message

FIRST = [
    message("in-1", "LOG_INNLAGT", "2026-01-22T10:00", admitted="2026-01-22T09:00"),
    message("out-1", "LOG_UTSKREVET", "2026-01-27T13:00", discharged="2026-01-27T12:45"),
    message("report-1", "UTSKRIVNINGSRAPPORT", "2026-01-27T13:10"),
]
SECOND = [
    message("in-2", "LOG_INNLAGT", "2026-01-29T12:00", admitted="2026-01-29T11:50"),
    message("out-2", "LOG_UTSKREVET", "2026-01-30T03:00", discharged="2026-01-30T02:36"),
]


def done(*more: str) -> list[set[str]]:
    """Which tasks messages prove, for each stay; `more`: when another discharge report was sent."""
    events = [*FIRST, *SECOND, *(message(sent, "UTSKRIVNINGSRAPPORT", sent) for sent in more)]
    stays = stays_of(events).stays
    definition = plan_definition()
    assert definition is not None
    plans = [plan_of(definition, stay, stays, events, None) for stay in stays]
    return [{task.action.id for task in plan.tasks if task.done_at} for plan in plans]


def test_a_report_of_an_earlier_stay_proves_nothing_about_this_one() -> None:
    assert done() == [{"discharge-information"}, set()]


def test_a_report_sent_in_this_stay_before_the_discharge_proves_it() -> None:
    assert done("2026-01-29T15:00") == [{"discharge-information"}, {"discharge-information"}]
