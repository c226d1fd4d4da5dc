"""Are stays a function of the set of messages, whatever is in it, and is every message to be found again?"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import Limit
from gateway.pathway.clocks import clocks_of
from gateway.pathway.documents import documents_of
from gateway.pathway.events import (
    ADMISSION_REPORT,
    RECEIPT,
    REPLY,
    Decision,
    Happening,
    MessageKey,
    Moment,
    PathwayEvent,
    Statement,
)
from gateway.pathway.payment import payment_basis
from gateway.pathway.stays import stays_of
from gateway.pathway.timeline import timeline_of
from tests.support.pathway import MUNICIPALITY, SERVICE, TRUST, WARD, at

BEGIN = at("2026-03-28T00:00")  # DST starts on the second day
AGREEMENT = Agreement(
    TRUST,
    MUNICIPALITY,
    BEGIN.date() - timedelta(days=30),
    admission_report=Limit(1, "working-days", "3"),
    reply=Limit(3, "working-hours", "5"),
)
KINDS = (
    "LOG_INNLAGT", "LOG_UTSKRIVNINGSKLAR", "LOG_AVMELDING", "LOG_UTSKREVET", "LOG_DOD", "HELSEOPPL_SOKNAD",
    "UTSKRIVNINGSRAPPORT", "EPIKRISE", ADMISSION_REPORT, REPLY, RECEIPT, "DIALOG_NOTAT",
)  # fmt: skip
IDS = tuple("abcdefgh")
hours = st.integers(0, 96).map(lambda n: BEGIN + timedelta(hours=n))
moments = st.one_of(
    hours.map(Moment), st.integers(28, 31).map(lambda day: Moment(at(f"2026-03-{day}"), is_day=True))
)
happenings = st.builds(Happening, st.sampled_from(["1", "1", "2", "3", "4", "13"]), moments, st.booleans())
keys = st.builds(MessageKey, st.sampled_from([WARD, SERVICE]), st.sampled_from(IDS))


@st.composite
def events(draw: st.DrawFn) -> PathwayEvent:
    kind = draw(st.sampled_from(KINDS))
    upwards = kind in (ADMISSION_REPORT, REPLY)
    return PathwayEvent(
        key=draw(keys),
        kind=kind,
        sender_organisation=MUNICIPALITY if upwards else TRUST,
        trust=draw(st.sampled_from([TRUST, TRUST, TRUST, "3000", None])),
        counterpart=MUNICIPALITY,
        sent=draw(hours),
        accepted=draw(hours),
        status=draw(st.sampled_from("NNNNMACH")),
        parent=draw(st.none() | st.sampled_from(IDS)),
        conversation=draw(st.none() | st.sampled_from(IDS)),
        happenings=tuple(draw(st.lists(happenings, max_size=3))),
        content_type=draw(st.sampled_from([None, "1", "2"])),
        medication_list=draw(st.sampled_from([None, True, False])),
        receipt_for=draw(st.sampled_from(IDS)) if kind == RECEIPT else None,
        receipt_status=draw(st.sampled_from("123")) if kind == RECEIPT else None,
    )


decisions = st.builds(Decision, st.sampled_from(IDS), hours, keys, st.none() | keys)
statements = st.builds(
    Statement, st.sampled_from(IDS), hours, keys, st.sampled_from(["6", "7", "12"]), st.just("task")
)
sets = st.lists(events(), min_size=1, max_size=9)


@given(
    sets, st.lists(decisions, max_size=3), st.lists(statements, max_size=3), st.randoms(use_true_random=False)
)
@settings(max_examples=150)
def test_the_order_of_arrival_plays_no_part(messages, decided, said, order) -> None:  # type: ignore[no-untyped-def]
    other = list(messages), list(decided), list(said)
    for items in other:
        order.shuffle(items)
    assert stays_of(*other) == stays_of(messages, decided, said)


@given(sets, st.lists(decisions, max_size=3), st.lists(statements, max_size=3), hours)
@settings(max_examples=150)
def test_every_document_is_in_one_place_and_everything_can_be_read(messages, decided, said, now) -> None:  # type: ignore[no-untyped-def]
    found = stays_of(messages, decided, said)
    documents, left = documents_of(messages)
    placed = [d.key for stay in found.stays for d in stay.documents]
    unplaced = [u.key for u in (*found.uncertain, *found.set_aside)]
    assert sorted(placed + unplaced) == sorted([d.key for d in documents] + [u.key for u in left])
    assert sorted(m.key for d in documents for m in (*d.versions, *d.additions)) == sorted(
        {m.key for d in documents for m in (*d.versions, *d.additions)}
    )
    for stay in found.stays:
        assert (stay.state == "cancelled") == (not any(d.live for d in stay.documents if d.kind in KINDS[:6]))
        timeline = timeline_of(stay)
        assert {entry.message for entry in timeline} <= stay.keys
        assert {entry.npr for entry in timeline if entry.source == "message"} <= {None, "1", "2", "3", "4"}
        for clock in clocks_of(stay, [AGREEMENT], now):
            assert clock.state != "met" or clock.stopped is not None
            assert clock.due is None or clock.state != "running" or now <= clock.due
        for basis in payment_basis(stay, AGREEMENT, (), now):
            assert all(basis.from_day <= day.day for day in basis.days)


@given(sets, hours)
@settings(max_examples=150)
def test_a_deadline_once_missed_stays_missed_and_once_met_stays_met(messages, now) -> None:  # type: ignore[no-untyped-def]
    for stay in stays_of(messages).stays:
        before = clocks_of(stay, [AGREEMENT], now)
        after = clocks_of(stay, [AGREEMENT], now + timedelta(days=40))
        for earlier, later in zip(before, after, strict=True):
            assert earlier.state in ("running", later.state)


@given(sets)
@settings(max_examples=150)
def test_a_late_older_event_never_opens_a_stay_again(messages) -> None:  # type: ignore[no-untyped-def]
    """A message about a time before the end, sent by the hospital as new, leaves an ended stay ended."""
    for stay in stays_of(messages).stays:
        if stay.ended is None or stay.admitted is None:
            continue
        older = PathwayEvent(
            key=MessageKey(WARD, "late"),
            kind="LOG_UTSKRIVNINGSKLAR",
            sender_organisation=TRUST,
            trust=stay.trust,
            counterpart=MUNICIPALITY,
            sent=stay.ended.at,
            accepted=stay.ended.at + timedelta(days=3),
            happenings=(Happening("1", stay.admitted), Happening("3", stay.ended)),
        )
        again = stays_of([*messages, older]).stays
        same = [s for s in again if s.end and stay.end and s.end.key == stay.end.key]
        assert not same or same[0].state == stay.state
