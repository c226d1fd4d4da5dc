"""Does the basis for payment name the right days, and each condition for itself?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import Limit
from gateway.pathway.events import REPLY, PathwayEvent, Statement
from gateway.pathway.payment import DayRate, PaymentBasis, payment_basis
from gateway.pathway.stays import stays_of
from tests.support.pathway import MUNICIPALITY, TRUST, at, key_of, message

RATES = (
    DayRate(date(2023, 1, 1), date(2023, 12, 31), Decimal(5508), "Helsedirektoratet 2023"),
    DayRate(date(2024, 1, 1), date(2024, 12, 31), Decimal(5745), "Helsedirektoratet 2024"),
)
AGREEMENT = Agreement(TRUST, MUNICIPALITY, date(2020, 1, 1))
ADMISSION = "2023-12-27T10:00"
STORY = [
    message("a", "LOG_INNLAGT", "2023-12-27T10:05", admitted=ADMISSION),
    message("n", "HELSEOPPL_SOKNAD", "2023-12-27T15:00", content_type="1"),
    message("k", "LOG_UTSKRIVNINGSKLAR", "2023-12-30T11:00", admitted=ADMISSION, ready="2023-12-30"),
]
DISCHARGE = message("u", "LOG_UTSKREVET", "2024-01-02T11:00", discharged="2024-01-02")
REPORT = message("p", "UTSKRIVNINGSRAPPORT", "2024-01-02T10:00")
BOTH_JUDGED = {"declared-ready": True, "municipality-of-stay": True}


def basis(
    *events: PathwayEvent,
    now: str = "2024-01-05T12:00",
    statements: tuple[Statement, ...] = (),
    agreement: Agreement = AGREEMENT,
    judged: dict[str, bool] | None = None,
) -> PaymentBasis:
    stay = stays_of([*STORY, *events], (), statements).stays[0]
    return payment_basis(stay, agreement, RATES, at(now), judged)[0]  # type: ignore[arg-type]


def days(found: PaymentBasis) -> list[str]:
    return [f"{day.day} {day.state}" for day in found.days]


def states(found: PaymentBasis) -> dict[str, str]:
    return {condition.code: condition.state for condition in found.conditions}


def said(identifier: str, when: str, code: str) -> Statement:
    return Statement(identifier, at(when), key_of("k"), code, "task")  # type: ignore[arg-type]


def test_days_run_from_the_day_declared_ready_to_the_day_before_discharge_each_with_its_rate() -> None:
    found = basis(DISCHARGE, REPORT)
    assert days(found) == ["2023-12-30 no-answer", "2023-12-31 no-answer", "2024-01-01 no-answer"]
    assert [day.rate.nok if day.rate else None for day in found.days] == [5508, 5508, 5745]
    assert not found.ongoing


def test_what_messages_cannot_show_stays_unknown_until_a_person_has_judged() -> None:
    found = basis(DISCHARGE, REPORT)
    assert states(found) == {
        "notice-in-time": "met",
        "declared-ready": "unknown",
        "told-at-once": "met",
        "no-place-offered": "met",
        "information-follows": "met",
        "municipality-of-stay": "unknown",
        "stay-certain": "met",
    }
    assert found.verdict == "unknown"
    assert basis(DISCHARGE, REPORT, judged=BOTH_JUDGED).verdict == "met"
    assert basis(DISCHARGE, REPORT, judged=BOTH_JUDGED | {"declared-ready": False}).verdict == "not-met"


def test_without_information_at_discharge_a_condition_is_not_met() -> None:
    late = replace(REPORT, sent=at("2024-01-03T00:00"))
    assert states(basis(DISCHARGE, late))["information-follows"] == "not-met"
    assert states(basis(DISCHARGE, now="2024-01-02T15:00"))["information-follows"] == "unknown"


def test_a_coded_answer_decides_from_its_day_on() -> None:
    answers = (said("1", "2023-12-30T14:00", "6"), said("2", "2024-01-01T09:00", "7"))
    found = basis(DISCHARGE, statements=answers)
    assert days(found) == ["2023-12-30 cannot-receive", "2023-12-31 cannot-receive"]


def test_who_can_receive_at_once_gives_no_day() -> None:
    found = basis(DISCHARGE, statements=(said("1", "2023-12-30T11:30", "7"),))
    assert days(found) == []
    assert states(found)["no-place-offered"] == "not-met"


def test_a_reply_whose_content_is_not_coded_leaves_its_days_to_a_person() -> None:
    found = basis(DISCHARGE, message("s", REPLY, "2023-12-31T09:00"))
    assert days(found) == ["2023-12-30 no-answer", "2023-12-31 reply-not-coded", "2024-01-01 reply-not-coded"]
    at_once = basis(DISCHARGE, message("s", REPLY, "2023-12-30T11:30"))
    assert states(at_once)["no-place-offered"] == "unknown"


def test_illness_again_ends_the_days_and_leaves_the_earlier_ones() -> None:
    ill = message(
        "w",
        "LOG_AVMELDING",
        "2024-01-01T09:00",
        admitted=ADMISSION,
        ready="2023-12-30",
        withdrawn="2024-01-01",
    )
    assert days(basis(ill)) == ["2023-12-30 no-answer", "2023-12-31 no-answer"]


def test_while_the_patient_waits_the_present_day_is_not_counted() -> None:
    found = basis(now="2023-12-31T23:59")
    assert (days(found), found.ongoing) == (["2023-12-30 no-answer"], True)


def test_no_rate_is_made_up() -> None:
    assert {day.rate for day in basis(now="2025-01-10T12:00").days if day.day.year == 2025} == {None}


def test_a_late_or_missing_notice_is_a_condition_not_met() -> None:
    stay = stays_of([STORY[0], STORY[2], DISCHARGE]).stays[0]
    found = payment_basis(stay, AGREEMENT, RATES, at("2024-01-05T12:00"))[0]
    assert states(found)["notice-in-time"] == "not-met"


def test_a_ready_notice_a_day_late_was_not_told_at_once() -> None:
    late = replace(STORY[2], sent=at("2023-12-31T08:00"))
    stay = stays_of([*STORY[:2], late]).stays[0]
    found = payment_basis(stay, AGREEMENT, RATES, at("2024-01-05T12:00"))[0]
    assert states(found)["told-at-once"] == "not-met"


@pytest.mark.parametrize(
    ("discharged", "state"), [("2023-12-31T10:00", "not-met"), ("2023-12-31T12:00", "met")]
)
def test_an_agreed_time_to_receive_is_a_condition_of_its_own(discharged: str, state: str) -> None:
    agreed = replace(AGREEMENT, receive_within=Limit(24, "hours", "agreement, 5.4"))
    gone = message("u", "LOG_UTSKREVET", "2023-12-31T13:00", discharged=discharged)
    assert states(basis(gone, agreement=agreed))["not-received-in-time"] == state


def test_over_29_february_every_day_is_there() -> None:
    leap = [
        message("a", "LOG_INNLAGT", "2024-02-26T10:05", admitted="2024-02-26T10:00"),
        message(
            "k", "LOG_UTSKRIVNINGSKLAR", "2024-02-28T11:00", admitted="2024-02-26T10:00", ready="2024-02-28"
        ),
        message("u", "LOG_UTSKREVET", "2024-03-01T11:00", discharged="2024-03-01"),
    ]
    found = payment_basis(stays_of(leap).stays[0], AGREEMENT, RATES, at("2024-03-05T12:00"))[0]
    assert [day.day for day in found.days] == [date(2024, 2, 28), date(2024, 2, 29)]


def test_a_cancelled_ready_notice_gives_no_basis() -> None:
    cancelled = message(
        "c", "LOG_UTSKRIVNINGSKLAR", "2023-12-30T11:30", status="C", parent="k", conversation="k"
    )
    stay = stays_of([*STORY, cancelled]).stays[0]
    assert payment_basis(stay, AGREEMENT, RATES, at("2024-01-05T12:00")) == ()
