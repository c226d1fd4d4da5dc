"""What is kept of a patient counts at every time as the rules say at that time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.measures import course
from gateway.measures.course import Counted, Owner, counted_of, first_of, letters_seen, occasions, owner_of
from gateway.measures.definitions import MEASURES
from gateway.measures.judged import Judged, not_yet_due
from gateway.measures.stay import Goal, MeasuredStay, Plan, Reply, When
from gateway.pathway.calendar import day_of, end_of, start_of

DAYS = st.dates(date(2026, 1, 1), date(2026, 4, 30))
EDGES = st.builds(lambda day, end: end_of(day) if end else start_of(day), DAYS, st.booleans())
"""The first and last instants of days: where verdicts turn."""
TIMES = EDGES | st.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 30), timezones=st.just(UTC))
CODES = st.sampled_from(["1", "2"])


def maybe(what: Any) -> Any:
    return st.none() | what


WHENS = st.builds(
    lambda at, is_day: When(start_of(day_of(at)) if is_day else at, is_day), TIMES, st.booleans()
)
GOALS = st.builds(
    Goal,
    voice=st.sampled_from(["patient", "vicarious", "professional"]),
    linked=st.booleans(),
    review=maybe(DAYS | st.just(date.max)),
    evaluated=maybe(DAYS),
)
PLANS = st.builds(
    Plan,
    id=st.uuids().map(str),
    municipality=maybe(CODES),
    started=DAYS,
    done=st.dictionaries(st.sampled_from(["1", "2", "3", "4"]), DAYS),
    asked=maybe(DAYS),
    answers=st.frozensets(st.sampled_from(["answered", "declined", "unable", "open"])),
    goals=st.lists(GOALS, max_size=3).map(tuple),
    ended=maybe(DAYS),
    declined=st.booleans(),
    strata=st.dictionaries(st.sampled_from(["care-level", "care-level-28"]), CODES),
)
REPLIES = st.builds(
    Reply,
    told=TIMES,
    replied=maybe(TIMES),
    due=maybe(TIMES),
    fell_away=st.booleans(),
    withdrawn=st.booleans(),
)
STAYS = st.builds(
    MeasuredStay,
    id=st.uuids().map(str),
    trust=CODES,
    municipality=maybe(CODES),
    state=st.sampled_from(["innlagt", "klar", "ute", "ute", "ute", "død", "cancelled"]),
    admitted=maybe(WHENS),
    ended=maybe(WHENS),
    doubtful=st.integers(0, 9).map(lambda n: n == 0),
    discharged_to=st.sampled_from([None, "1", "3", "11"]),
    age=maybe(st.integers(60, 75)),
    need=st.booleans(),
    notice=maybe(TIMES),
    replies=st.lists(REPLIES, max_size=2).map(tuple),
    ready=maybe(DAYS),
    extra_days=st.frozensets(DAYS, max_size=3),
    reply_not_coded=st.booleans(),
    epikrise=maybe(TIMES),
    readmitted=maybe(WHENS),
    readmission_planned=maybe(st.booleans()),
    died=maybe(DAYS),
    plan=maybe(PLANS),
    level_when_assessed=maybe(CODES),
    level_changed=maybe(DAYS),
)
PATIENTS = st.tuples(
    st.lists(STAYS, max_size=2),
    st.lists(PLANS, max_size=1),
    st.dictionaries(CODES, DAYS),
)


def again(counted: Counted) -> Counted:
    """As it comes back from where it is kept."""
    return msgspec.json.decode(msgspec.json.encode(counted), type=Counted)


def counts(
    measure: str, kept: Iterable[Counted], letters: Mapping[str, date], now: datetime
) -> Iterator[tuple[Judged, Owner]]:
    return occasions(((each.owners, each.courses.get(measure, ())) for each in kept), letters, now)


@settings(max_examples=150)
@given(st.lists(PATIENTS, min_size=1, max_size=2), st.lists(TIMES, min_size=1, max_size=2))
def test_what_is_kept_counts_as_the_rules_do(patients: list[Any], times: list[datetime]) -> None:
    kept = [again(counted_of(*patient)) for patient in patients]
    letters = first_of(each.letters for each in kept)
    stays = [
        msgspec.structs.replace(
            stay,
            epikrise_seen=letters_seen(letters, stay.trust, day_of(stay.ended.at) if stay.ended else None),
        )
        for patient in patients
        for stay in patient[0]
    ]
    loose = [plan for patient in patients for plan in patient[1]]
    # beside the drawn times those at which a verdict turns, and the ones right after them
    turns = {
        step.until
        for each in kept
        for of in each.courses.values()
        for c in of
        for step in c.steps
        if step.until
    }
    for now in (*times, *turns, *(turn + timedelta(microseconds=1) for turn in turns)):
        for id, measure in MEASURES.items():
            found = [(judged, owner) for judged, owner in counts(id, kept, letters, now)]
            wanted = [(judged, owner_of(of)) for judged, of in measure.judged(stays, loose, now)]
            assert Counter(map(msgspec.json.encode, found)) == Counter(map(msgspec.json.encode, wanted)), (
                id,
                now,
            )


def test_whether_letters_are_seen_is_told_by_the_letters_of_others() -> None:
    out = datetime(2026, 3, 10, 12, tzinfo=UTC)
    one = counted_of([MeasuredStay(id="s", trust="1", municipality="2", state="ute", ended=When(out))], [])
    late, soon = (counted_of([], [], {"1": date(2026, 3, day)}) for day in (18, 17))
    now = out + timedelta(days=30)

    def verdicts(*counted: Counted) -> list[str]:
        letters = first_of(each.letters for each in counted)
        found = counts("epikrise-within-7-days", counted, letters, now)
        return [judged.verdict for judged, _ in found]

    assert (verdicts(one), verdicts(one, late), verdicts(one, soon)) == (
        ["missing"],
        ["missing"],
        ["denominator"],
    )


def test_a_rule_that_names_a_time_that_is_over_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(stay: MeasuredStay, now: datetime) -> list[Judged]:
        return [not_yet_due(date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))]

    with pytest.raises(ValueError, match="over"):
        course._steps(never, MeasuredStay(id="s", trust="1", municipality=None, state="ute"))
