"""Which agreement holds between a trust and a municipality, as the settings say it?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from gateway.pathway.agreements import (
    DISCHARGE_LIMIT,
    EPIKRISE_LIMIT,
    NOTICE_LIMIT,
    Agreement,
    agreement_on,
)
from gateway.pathway.calendar import Limit, WorkingCalendar, day_of
from gateway.pathway.payment import DayRate
from gateway.settings import Settings
from gateway.settings_pathway import AgreementSettings, CalendarSettings, LimitSettings

NATIONAL = "national rules"
"""Source of what holds where no agreement is configured."""


def agreements_of(settings: Settings) -> Callable[[str, str, datetime], Agreement]:
    """Trust, municipality, time → the agreement in force; the national rules alone where there is none."""
    usual = settings.pathway.letters_here
    known = [_agreement(each, usual) for each in settings.agreement]

    def found(trust: str, municipality: str, at: datetime) -> Agreement:
        agreed = agreement_on(known, trust, municipality, day_of(at))
        return agreed or Agreement(trust, municipality, date.min, source=NATIONAL, letters_here=usual)

    return found


def rates_of(settings: Settings) -> tuple[DayRate, ...]:
    """The configured day rates."""
    return tuple(DayRate(each.valid_from, each.valid_to, each.nok, each.source) for each in settings.day_rate)


def _agreement(said: AgreementSettings, letters_here: bool) -> Agreement:
    return Agreement(
        trust=said.trust,
        municipality=said.municipality,
        valid_from=said.valid_from,
        valid_to=said.valid_to,
        source=said.source,
        calendar=_calendar(said.calendar),
        notice=_limit(said.notice, NOTICE_LIMIT),
        admission_report=_limit(said.admission_report),
        reply=_limit(said.reply),
        discharge_report=_limit(said.discharge_report, DISCHARGE_LIMIT),
        medication_list=_limit(said.medication_list, DISCHARGE_LIMIT),
        epikrise=_limit(said.epikrise, EPIKRISE_LIMIT),
        letters_here=letters_here if said.letters_here is None else said.letters_here,
        admission_message_is_notice=said.admission_message_is_notice,
        counts=said.counts,
        receive_within=_limit(said.receive_within),
    )


def _limit(said: LimitSettings | None, national: Limit | None = None) -> Limit | None:
    if said is None:
        return national
    return Limit(said.amount, said.unit, said.source, timedelta(hours=said.warn_before_hours))


def _calendar(said: CalendarSettings) -> WorkingCalendar:
    return WorkingCalendar(
        said.opens, said.closes, frozenset(day - 1 for day in said.weekdays), frozenset(said.closed)
    )
