"""Do clocks warn, count from the right end of a day, and follow the agreement in force?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from gateway.pathway.agreements import Agreement, agreement_on
from gateway.pathway.calendar import Limit, WorkingCalendar
from gateway.pathway.clocks import Clock, clocks_of
from gateway.pathway.events import ADMISSION_REPORT, REPLY, PathwayEvent, Statement
from gateway.pathway.stays import Stay, stays_of
from gateway.pathway.timeline import timeline_of
from tests.support.pathway import MUNICIPALITY, SERVICE, TRUST, WARD, at, key_of, message

AGREEMENT = Agreement(
    TRUST,
    MUNICIPALITY,
    date(2020, 1, 1),
    calendar=WorkingCalendar(time(8), time(15)),
    reply=Limit(3, "working-hours", "agreement, 5.2", timedelta(hours=1)),
    admission_report=Limit(4, "hours", "agreement, 3.1", timedelta(hours=1)),
)
ADMISSION = message("a", "LOG_INNLAGT", "2026-03-02T10:05", admitted="2026-03-02T10:00")
READY = message(
    "k", "LOG_UTSKRIVNINGSKLAR", "2026-03-04T09:00", admitted="2026-03-02T10:00", ready="2026-03-04T08:50"
)


def the_stay(*events: PathwayEvent, statements: tuple[Statement, ...] = ()) -> Stay:
    found = stays_of(events, (), statements)
    assert len(found.stays) == 1, found
    return found.stays[0]


def clock(kind: str, stay: Stay, now: str, agreement: Agreement = AGREEMENT) -> Clock:
    return next(c for c in clocks_of(stay, [agreement], at(now)) if c.kind == kind)


@pytest.mark.parametrize(
    ("now", "state", "warning"),
    [
        ("2026-03-03T05:59", "running", False),
        ("2026-03-03T06:00", "running", True),
        ("2026-03-03T10:00", "running", True),
        ("2026-03-03T10:01", "missed", False),
    ],
)
def test_a_clock_warns_before_it_is_missed(now: str, state: str, warning: bool) -> None:
    found = clock("notice", the_stay(ADMISSION, READY), now)
    assert (found.state, found.warning) == (state, warning)


@pytest.mark.parametrize(("here", "state"), [(True, "missed"), (False, "unknown")])
def test_a_letter_that_does_not_come_through_here_is_not_missed(here: bool, state: str) -> None:
    out = message("u", "LOG_UTSKREVET", "2026-03-05T12:00", discharged="2026-03-05T11:00")
    agreement = replace(AGREEMENT, letters_here=here)
    found = clock("epikrise", the_stay(ADMISSION, READY, out), "2026-03-20T12:00", agreement)
    assert found.state == state
    assert ("letters-elsewhere" in found.notes) is not here
    letter = message("e", "EPIKRISE", "2026-03-06T12:00")
    met = clock("epikrise", the_stay(ADMISSION, READY, out, letter), "2026-03-20T12:00", agreement)
    assert met.state == "met"


def test_a_start_known_by_its_day_counts_from_the_end_of_it_and_says_so() -> None:
    day = replace(
        ADMISSION,
        happenings=message("x", "LOG_INNLAGT", "2026-03-02T10:05", admitted="2026-03-02").happenings,
    )
    found = clock("notice", the_stay(day), "2026-03-03T23:59")
    assert (found.state, found.notes) == ("running", ("start-is-a-day",))
    assert found.due == at("2026-03-04T00:00") - timedelta(microseconds=1)


def test_done_too_late_is_missed_and_says_when() -> None:
    report = message("r", ADMISSION_REPORT, "2026-03-02T14:06")
    found = clock("admission-report", the_stay(ADMISSION, report), "2026-03-03T10:00")
    assert (found.state, found.stopped, found.stopped_by) == (
        "missed",
        at("2026-03-02T14:06"),
        key_of("r", SERVICE),
    )


def test_the_admission_report_may_go_ahead_of_the_patient() -> None:
    report = message("r", ADMISSION_REPORT, "2026-03-01T18:00")
    assert clock("admission-report", the_stay(ADMISSION, report), "2026-03-03T10:00").state == "met"


def test_working_hours_count_from_the_next_morning() -> None:
    evening = replace(READY, sent=at("2026-03-06T16:00"))  # a Friday
    found = clock("reply", the_stay(ADMISSION, evening), "2026-03-09T10:30")
    assert (found.due, found.state, found.warning) == (at("2026-03-09T11:00"), "running", True)


def test_at_once_without_an_agreed_number_runs_until_the_reply_comes() -> None:
    plain = replace(AGREEMENT, reply=None)
    assert clock("reply", the_stay(ADMISSION, READY), "2026-03-09T10:00", plain).state == "running"
    reply = message("s", REPLY, "2026-03-09T11:00")
    found = clock("reply", the_stay(ADMISSION, READY, reply), "2026-03-10T10:00", plain)
    assert (found.state, found.notes) == ("met", ("reply-not-coded", "no-limit-agreed"))


def test_a_reply_to_the_first_ready_notice_does_not_answer_the_second() -> None:
    reply = message("s", REPLY, "2026-03-04T09:30")
    ill = message(
        "w",
        "LOG_AVMELDING",
        "2026-03-04T12:00",
        admitted="2026-03-02T10:00",
        ready="2026-03-04T08:50",
        withdrawn="2026-03-04T11:50",
    )
    again = message(
        "l", "LOG_UTSKRIVNINGSKLAR", "2026-03-05T09:00", admitted="2026-03-02T10:00", ready="2026-03-05T08:50"
    )
    stay = the_stay(ADMISSION, READY, reply, ill, again)
    replies = [c for c in clocks_of(stay, [AGREEMENT], at("2026-03-05T10:00")) if c.kind == "reply"]
    assert [(c.about, c.state) for c in replies] == [(key_of("k"), "met"), (key_of("l"), "running")]


def test_the_same_notice_to_two_services_is_one_clock_and_either_reply_stops_it() -> None:
    twin = replace(READY, key=key_of("k2"), sent=READY.sent + timedelta(minutes=1))
    reply = message("s", REPLY, "2026-03-04T09:30", parent="k2", conversation="k2")
    stay = the_stay(ADMISSION, READY, twin, reply)
    replies = [c for c in clocks_of(stay, [AGREEMENT], at("2026-03-05T10:00")) if c.kind == "reply"]
    assert [c.state for c in replies] == ["met"]


def test_a_report_about_a_discharge_that_was_called_off_does_not_count() -> None:
    early = message("p", "UTSKRIVNINGSRAPPORT", "2026-03-04T10:00", medication_list=True)
    ill = message(
        "w", "LOG_AVMELDING", "2026-03-04T12:00", admitted="2026-03-02T10:00", withdrawn="2026-03-04T11:50"
    )
    gone = message("u", "LOG_UTSKREVET", "2026-03-06T11:00", discharged="2026-03-06T10:45")
    stay = the_stay(ADMISSION, READY, early, ill, gone)
    assert clock("discharge-report", stay, "2026-03-07T10:00").state == "missed"
    assert clock("medication-list", stay, "2026-03-07T10:00").state == "missed"


def test_where_delivery_counts_what_was_only_sent_proves_nothing() -> None:
    strict = replace(AGREEMENT, counts="delivered")
    notice = message("n", "HELSEOPPL_SOKNAD", "2026-03-02T15:00", content_type="1")
    assert clock("notice", the_stay(ADMISSION, READY, notice), "2026-03-04T10:00", strict).state == "missed"
    late = replace(notice, delivered=at("2026-03-03T10:01"))
    assert clock("notice", the_stay(ADMISSION, READY, late), "2026-03-04T10:00", strict).state == "missed"
    there = replace(notice, delivered=at("2026-03-02T15:01"))
    assert clock("notice", the_stay(ADMISSION, READY, there), "2026-03-04T10:00", strict).state == "met"


def test_an_update_is_no_notice_and_the_admission_message_only_by_agreement() -> None:
    update = message("n", "HELSEOPPL_SOKNAD", "2026-03-02T15:00", content_type="2")
    stay = the_stay(ADMISSION, READY, update)
    assert clock("notice", stay, "2026-03-04T10:00").state == "missed"
    agreed = replace(AGREEMENT, admission_message_is_notice=True)
    assert clock("notice", stay, "2026-03-04T10:00", agreed).state == "met"


def test_the_agreement_in_force_on_the_day_of_admission_holds() -> None:
    old = replace(AGREEMENT, valid_to=date(2026, 3, 1))
    new = replace(AGREEMENT, valid_from=date(2026, 3, 2), reply=None)
    later = replace(AGREEMENT, valid_from=date(2026, 3, 3))
    assert agreement_on([later, old, new], TRUST, MUNICIPALITY, date(2026, 3, 2)) is new
    assert clocks_of(the_stay(ADMISSION), [old, later], at("2026-03-02T12:00")) == ()


def test_day_by_day_in_utc_is_not_day_by_day_in_norway() -> None:
    """Discharged at 00:30 in Norway: the report is due at the end of that day, not of the day it was in UTC."""
    gone = message("u", "LOG_UTSKREVET", "2026-07-01T00:40", discharged="2026-07-01T00:30")
    admission = message("a", "LOG_INNLAGT", "2026-06-29T10:05", admitted="2026-06-29T10:00")
    found = clock("discharge-report", the_stay(admission, gone), "2026-07-01T12:00")
    assert found.due == datetime(2026, 7, 1, 21, 59, 59, 999999, UTC)


def test_the_timeline_carries_the_npr_types_and_6_and_7_only_from_codes() -> None:
    notice = message(
        "n", "HELSEOPPL_SOKNAD", "2026-03-02T15:00", content_type="1", delivered=at("2026-03-02T15:01")
    )
    reply = message("s", REPLY, "2026-03-04T09:30")
    ill = message(
        "w", "LOG_AVMELDING", "2026-03-04T12:00", admitted="2026-03-02T10:00", withdrawn="2026-03-04T11:50"
    )
    said = (
        Statement("1", at("2026-03-04T10:00"), key_of("k"), "6", "task"),
        Statement("2", at("2026-03-04T11:00"), key_of("k"), "7", "person"),
        Statement("3", at("2026-03-04T11:30"), key_of("a"), "12", "person"),
    )
    entries = timeline_of(the_stay(ADMISSION, notice, READY, reply, ill, statements=said))
    assert [(e.what, e.npr, e.side) for e in entries] == [
        ("admitted", None, "hospital"),
        ("admission-notified", "1", "hospital"),
        ("notice", "1", "hospital"),
        ("ready", "2", "hospital"),
        ("ready-notified", "3", "hospital"),
        ("reply", None, "municipality"),
        ("answer", "6", "municipality"),
        ("answer", "7", "municipality"),
        ("answer", "12", "hospital"),
        ("withdrawn", "4", "hospital"),
    ]
    assert entries[2].delivered == at("2026-03-02T15:01")


def test_what_was_cancelled_or_corrected_stays_in_the_timeline_marked() -> None:
    fixed = replace(READY, key=key_of("m"), status="M", parent="k", sent=at("2026-03-04T09:10"))
    gone = message("u", "LOG_UTSKREVET", "2026-03-06T11:00", discharged="2026-03-06T10:45")
    back = message("c", "LOG_UTSKREVET", "2026-03-06T11:10", status="C", parent="u", conversation="u")
    entries = timeline_of(the_stay(ADMISSION, READY, fixed, gone, back))
    marked = {(e.what, e.corrected, e.cancelled) for e in entries if e.corrected or e.cancelled}
    assert marked == {("ready", True, False), ("ready-notified", True, False), ("discharged", False, True)}


def test_the_ward_may_change_the_sender_of_a_correction() -> None:
    moved = replace(READY, key=key_of("m", "1002"), status="C", parent="k", sent=at("2026-03-04T09:10"))
    assert the_stay(ADMISSION, READY, moved).state == "innlagt"
    stranger = replace(moved, sender_organisation="9000", key=key_of("m", "9001"))
    assert the_stay(ADMISSION, READY, stranger).state == "klar"
    assert WARD != "1002"
