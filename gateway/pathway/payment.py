"""Which days could a municipality have to pay for, and which conditions for that can the messages show?

A *basis*, never a bill: the days on which a patient lay in hospital ready for discharge, and every condition one by
one, met, not met or not to be seen in messages. Nothing is summed, and a condition that messages cannot show stays
unknown until a person has settled it (`judged`). Whoever bills decides.

Source: forskrift 18 November 2011 no. 1115 om kommunal betaling for utskrivningsklare pasienter.

    § 8   notice to the municipality within 24 hours of admission. A need recognised later is to be told "as soon as
          possible": messages do not show that, so a late notice is "not met" here and may be right all the same
    § 9   a physician judged and documented that the patient is ready: not in messages
    § 10  the municipality is notified at once: here, on the day the patient was declared ready
    § 11  the municipality answers at once; only coded answers say what it answered
    § 12  epikrise or equal information follows the patient: sent by the end of the day of discharge
          (tvisteløsningsnemnda, Molde 2018: advisory)
    § 13  payment from and including the day declared ready, when the municipality cannot receive or has not answered,
          until the day an offer is ready; illness again (withdrawal) ends it from that day, earlier days stay
    since 2019 the municipality of stay pays (oppholdskommune): not in messages

Our reading, not verified against the text of the regulation: the day an offer is ready, of withdrawal, discharge and
death are themselves not counted; the present day is not counted before it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import DAY, day_of, end_of
from gateway.pathway.clocks import answers_to, clocks_of, in_force, notices_towards, replies_to, towards
from gateway.pathway.events import DISCHARGE_REPORT, EPIKRISE, READY, MessageKey, Moment, Statement
from gateway.pathway.stays import ReadyNotice, Stay

REGULATION: Final = "FOR-2011-11-18-1115"
MESSAGES: Final = "the messages"
"""Source of a condition that nobody set: that what is known holds together."""
ConditionCode = Literal[
    "notice-in-time",
    "declared-ready",
    "told-at-once",
    "no-place-offered",
    "information-follows",
    "not-received-in-time",
    "municipality-of-stay",
    "stay-certain",
]
ConditionState = Literal["met", "not-met", "unknown", "not-applicable"]
DayState = Literal["cannot-receive", "no-answer", "reply-not-coded"]


@dataclass(frozen=True)
class DayRate:
    """What one day costs in a period, as Helsedirektoratet set it. Configuration: none is built in or extrapolated."""

    valid_from: date
    valid_to: date
    """The last day."""
    nok: Decimal
    source: str


@dataclass(frozen=True)
class Condition:
    """One condition for payment and whether it is met."""

    code: ConditionCode
    source: str
    """The paragraph or agreement that sets it."""
    state: ConditionState


@dataclass(frozen=True)
class BasisDay:
    """A day in hospital after the patient was declared ready."""

    day: date
    state: DayState
    """Why it could count; reply-not-coded: a reply had come, what it says is not coded, so a person must read it."""
    rate: DayRate | None
    """None: none is configured for this day."""


@dataclass(frozen=True)
class PaymentBasis:
    """The basis that one ready-notice gives towards one municipality."""

    municipality: str
    notice: MessageKey
    from_day: date
    """The day declared ready."""
    ready_is_estimate: bool
    """The message marks the ready time as an estimate."""
    conditions: tuple[Condition, ...]
    days: tuple[BasisDay, ...]
    ongoing: bool
    """The patient is still in hospital, ready."""

    @property
    def verdict(self) -> ConditionState:
        """All conditions together: not met if one is not, unknown if one is unknown."""
        states = {condition.state for condition in self.conditions}
        return "not-met" if "not-met" in states else "unknown" if "unknown" in states else "met"


def payment_basis(
    stay: Stay,
    agreement: Agreement,
    rates: Iterable[DayRate],
    now: datetime,
    judged: Mapping[ConditionCode, bool] | None = None,
) -> tuple[PaymentBasis, ...]:
    """One basis for each ready-notice of the stay towards the agreement's municipality, at `now` (aware).

    :param judged: what a person has established about a condition; it goes before what messages show.
    """
    known = tuple(rates)
    return tuple(
        _basis(stay, agreement, known, now, notice, judged or {})
        for notice in notices_towards(stay, agreement)
        if notice.document.live
    )


def _basis(
    stay: Stay,
    agreement: Agreement,
    rates: tuple[DayRate, ...],
    now: datetime,
    notice: ReadyNotice,
    judged: Mapping[ConditionCode, bool],
) -> PaymentBasis:
    ready = notice.ready or Moment(notice.document.first_sent)
    stopped = _stopped(stay, notice)
    days = tuple(
        BasisDay(day, state, _rate(rates, day))
        for day, state in _days(stay, agreement, notice, day_of(ready.at), stopped or day_of(now))
    )
    own = notice.document.happening(READY)
    return PaymentBasis(
        municipality=agreement.municipality,
        notice=notice.document.key,
        from_day=day_of(ready.at),
        ready_is_estimate=bool(own and own.estimate),
        conditions=tuple(
            _settled(condition, judged) for condition in _conditions(stay, agreement, now, notice, days)
        ),
        days=days,
        ongoing=stopped is None,
    )


def _settled(condition: Condition, judged: Mapping[ConditionCode, bool]) -> Condition:
    if condition.code not in judged:
        return condition
    return Condition(condition.code, condition.source, "met" if judged[condition.code] else "not-met")


def _rate(rates: tuple[DayRate, ...], day: date) -> DayRate | None:
    return next((rate for rate in rates if rate.valid_from <= day <= rate.valid_to), None)


def _stopped(stay: Stay, notice: ReadyNotice) -> date | None:
    """The day readiness ended: withdrawn, discharged or dead."""
    withdrawal = notice.withdrawn_by
    ends = [stay.ended.at] if stay.ended else []
    if withdrawal:
        ends.append(withdrawal.own.moment.at if withdrawal.own else withdrawal.placed)
    return min((day_of(at) for at in ends), default=None)


def _days(
    stay: Stay, agreement: Agreement, notice: ReadyNotice, first: date, stop: date
) -> Iterator[tuple[date, DayState]]:
    """The days from `first` up to, not including, `stop` on which no place was offered."""
    answers = answers_to(stay, agreement, notice)
    replied = min((day_of(reply.at) for reply in replies_to(stay, agreement, notice)), default=None)
    day = first
    while day < stop:
        answer = _answer_on(answers, day)
        if answer == "6":
            yield day, "cannot-receive"
        elif answer is None:
            yield day, "no-answer" if replied is None or day < replied else "reply-not-coded"
        day += DAY


def _answer_on(answers: list[Statement], day: date) -> str | None:
    """The coded answer that holds on a day: the latest that holds from then or before."""
    held = [s for s in answers if day_of(s.holds_from.at) <= day]
    return in_force(held)[-1].code if held else None


def _conditions(
    stay: Stay, agreement: Agreement, now: datetime, notice: ReadyNotice, days: tuple[BasisDay, ...]
) -> Iterator[Condition]:
    yield Condition("notice-in-time", f"{REGULATION} § 8", _notice_in_time(stay, agreement, now))
    yield Condition("declared-ready", f"{REGULATION} § 9", "unknown")
    yield Condition("told-at-once", f"{REGULATION} § 10", _told_at_once(notice, agreement))
    sure = any(day.state != "reply-not-coded" for day in days)
    offered: ConditionState = "met" if sure else "unknown" if days else "not-met"
    yield Condition("no-place-offered", f"{REGULATION} §§ 11, 13", offered)
    yield Condition("information-follows", f"{REGULATION} § 12", _information_follows(stay, agreement, now))
    if agreement.receive_within:
        state = _not_received_in_time(stay, agreement, now, notice)
        yield Condition("not-received-in-time", agreement.receive_within.source, state)
    yield Condition("municipality-of-stay", f"{REGULATION} (2019)", "unknown")
    yield Condition("stay-certain", MESSAGES, "unknown" if stay.doubts else "met")


def _notice_in_time(stay: Stay, agreement: Agreement, now: datetime) -> ConditionState:
    clock = next((c for c in clocks_of(stay, [agreement], now) if c.kind == "notice"), None)
    states: dict[str, ConditionState] = {"met": "met", "missed": "not-met"}
    return states.get(clock.state, "unknown") if clock else "unknown"


def _told_at_once(notice: ReadyNotice, agreement: Agreement) -> ConditionState:
    told = notice.document.told(agreement.counts)
    if told is None or notice.ready is None:
        return "unknown"
    return "met" if day_of(told) <= day_of(notice.ready.at) else "not-met"


def _information_follows(stay: Stay, agreement: Agreement, now: datetime) -> ConditionState:
    if stay.state == "død":
        return "not-applicable"
    if stay.ended is None:
        return "unknown"
    due = end_of(day_of(stay.ended.at))
    reports = [*towards(agreement, stay.of_kind(DISCHARGE_REPORT)), *stay.of_kind(EPIKRISE)]
    if any(at <= due for d in reports if (at := d.told(agreement.counts))):
        return "met"
    return "unknown" if now <= due else "not-met"


def _not_received_in_time(
    stay: Stay, agreement: Agreement, now: datetime, notice: ReadyNotice
) -> ConditionState:
    told = notice.document.told(agreement.counts)
    due = (
        agreement.receive_within.due(told, agreement.calendar) if agreement.receive_within and told else None
    )
    if due is None:
        return "unknown"
    if stay.end and stay.end.placed <= due:
        return "not-met"
    return "unknown" if now <= due else "met"
