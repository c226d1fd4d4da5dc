"""How is each stay counted in the measures of the transition between hospital and municipality?

Day 0 is the day of the discharge in Norway. What each measure counts stands in words in `profiles/measures/`; the
functions here are those words. `now` is aware.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.measures.judged import Judged, Reason, not_yet_due, yes_no
from gateway.measures.stay import MeasuredStay, When
from gateway.pathway.calendar import DAY, day_of, end_of

NOTICE_LIMIT: Final = timedelta(hours=24)
TRANSFER: Final = timedelta(hours=8)
READMISSION_DAYS: Final = 30
OLD: Final = 67
HOME: Final = "1"
OTHER_HOSPITAL: Final = "3"
"""Codes of 8408."""


def latest(when: When) -> datetime:
    """The last instant it can mean."""
    return end_of(day_of(when.at)) if when.is_day else when.at


def notice_within_24_hours(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Was the municipality told within 24 hours of admission (§ 8)?"""
    if not stay.need or (stay.admitted is None and stay.notice is None):
        return
    day = day_of(stay.admitted.at if stay.admitted else stay.notice)  # type: ignore[arg-type]
    if stay.state == "cancelled":
        yield Judged(day, "excluded", "cancelled")
    elif stay.doubtful:
        yield Judged(day, "missing", "stay-uncertain")
    elif stay.admitted is None:
        yield Judged(day, "missing", "start-not-known")
    else:
        due = latest(stay.admitted) + NOTICE_LIMIT
        if stay.notice and stay.notice <= due:
            yield yes_no(day, True)
        elif stay.ended and latest(stay.ended) < due:
            yield Judged(day, "excluded", "shorter-than-24-hours")
        elif now <= due:
            yield not_yet_due(day, due)
        else:
            yield yes_no(day, False)


def reply_minutes(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """How many minutes from each ready-notice to the municipality's reply?"""
    for reply in stay.replies:
        day = day_of(reply.told)
        if stay.state == "cancelled":
            yield Judged(day, "excluded", "cancelled")
        elif stay.doubtful:
            yield Judged(day, "missing", "stay-uncertain")
        elif reply.replied:
            yield Judged(day, "numerator", value=(reply.replied - reply.told) / timedelta(minutes=1))
        elif reply.fell_away or reply.withdrawn or not stay.is_open:
            yield Judged(day, "excluded", "ended-before-reply")
        else:
            yield Judged(day, "not-yet-due")


def reply_in_time(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Did the municipality reply within the agreement's limit?"""
    for reply in stay.replies:
        day = day_of(reply.told)
        if stay.state == "cancelled":
            yield Judged(day, "excluded", "cancelled")
        elif stay.doubtful:
            yield Judged(day, "missing", "stay-uncertain")
        elif reply.due is None:
            yield Judged(day, "missing", "no-limit-agreed")
        elif reply.replied:
            yield yes_no(day, reply.replied <= reply.due)
        elif reply.fell_away:
            yield Judged(day, "excluded", "ended-before-reply")
        elif now <= reply.due:
            yield not_yet_due(day, reply.due)
        else:
            yield yes_no(day, False)


def no_extra_days(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Did the patient, once ready for discharge, leave without an extra day in hospital?"""
    if stay.ready is None:
        return
    if stay.state == "cancelled":
        yield Judged(stay.ready, "excluded", "cancelled")
    elif stay.doubtful:
        yield Judged(stay.ready, "missing", "stay-uncertain")
    elif stay.extra_days:
        yield yes_no(stay.ready, False, "reply-not-coded" if stay.reply_not_coded else None)
    elif stay.is_open:
        yield Judged(stay.ready, "not-yet-due")
    else:
        yield yes_no(stay.ready, True)


def extra_days_per_stay(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """How many extra days, in the stays that have any?"""
    if stay.ready is None:
        return
    if stay.state == "cancelled":
        yield Judged(stay.ready, "excluded", "cancelled")
    elif stay.doubtful:
        yield Judged(stay.ready, "missing", "stay-uncertain")
    elif stay.is_open:
        yield Judged(stay.ready, "not-yet-due")
    elif stay.extra_days:
        noted: Reason | None = "reply-not-coded" if stay.reply_not_coded else None
        yield Judged(stay.ready, "numerator", noted, float(len(stay.extra_days)))


def extra_days(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Each extra day, on its own date: for the sum and for a rate of the inhabitants."""
    for day in sorted(stay.extra_days):
        if stay.state == "cancelled":
            yield Judged(day, "excluded", "cancelled")
        elif stay.doubtful:
            yield Judged(day, "missing", "stay-uncertain")
        else:
            yield Judged(day, "numerator", value=1.0)


def _epikrise(stay: MeasuredStay, now: datetime, days: int) -> Iterator[Judged]:
    if stay.ended is None or stay.state not in ("ute", "død"):
        return
    day = day_of(stay.ended.at)
    last = end_of(day + days * DAY)
    if stay.state == "død":
        yield Judged(day, "excluded", "died")
    elif stay.discharged_to == OTHER_HOSPITAL:
        yield Judged(day, "excluded", "transferred")
    elif stay.doubtful:
        yield Judged(day, "missing", "stay-uncertain")
    elif stay.epikrise:
        yield yes_no(day, stay.epikrise <= last)
    elif now <= last:
        yield not_yet_due(day, last)
    elif not stay.epikrise_seen:
        yield Judged(day, "missing", "not-sent-through-here")
    else:
        yield yes_no(day, False)


def epikrise_within_1_day(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Was the epikrise sent on the day of discharge or the day after?"""
    return _epikrise(stay, now, 1)


def epikrise_within_7_days(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Was the epikrise sent within seven days of discharge?"""
    return _epikrise(stay, now, 7)


def readmission(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """Was the patient admitted again 8 hours to 30 days after discharge, at any age?"""
    if stay.ended is None or stay.state not in ("ute", "død"):
        return
    day, left, again = day_of(stay.ended.at), stay.ended, stay.readmitted
    last = end_of(day + READMISSION_DAYS * DAY)
    if excluded := _no_index(stay):
        yield Judged(day, "excluded", excluded)
    elif stay.doubtful:
        yield Judged(day, "missing", "stay-uncertain")
    elif again and latest(again) - left.at <= TRANSFER:
        yield Judged(day, "excluded", "transferred")
    elif again and stay.readmission_planned and again.at <= last:
        yield Judged(day, "excluded", "planned-readmission")
    elif now <= last:
        yield not_yet_due(day, last)
    else:
        back = again is not None and again.at <= last
        unknown = back and stay.readmission_planned is None
        yield yes_no(day, back, "urgency-not-known" if unknown else None)


def readmission_67(stay: MeasuredStay, now: datetime) -> Iterator[Judged]:
    """The same for those who were 67 or older at discharge."""
    for judged in readmission(stay, now):
        if judged.verdict in ("excluded", "not-yet-due") and (stay.age is None or stay.age >= OLD):
            yield judged
        elif stay.age is None:
            yield Judged(judged.day, "missing", "age-not-known")
        elif stay.age < OLD:
            yield Judged(judged.day, "excluded", "younger-than-67")
        else:
            yield judged


def _no_index(stay: MeasuredStay) -> Reason | None:
    if stay.state == "død":
        return "died"
    return "transferred" if stay.discharged_to == OTHER_HOSPITAL else None
