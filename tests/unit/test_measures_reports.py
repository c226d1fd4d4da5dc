"""Figures, what may be shown of them, run charts, and how they leave: SVG, CSV, FHIR."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.fhir.validate import validate
from gateway.measures.definitions import MEASURES, VERSION
from gateway.measures.figures import FEW
from gateway.measures.periods import between, last_of, name_of, named, start_of
from gateway.measures.reports import Report, Wanted, report
from gateway.measures.resources import measure_report, measure_resource, title_of
from gateway.measures.runchart import Annotation, run_chart
from gateway.measures.stay import MeasuredStay, When
from gateway.measures.svg import svg
from gateway.measures.table import COLUMNS, table

NOTICE = MEASURES["notice-within-24-hours"]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def stay(number: int, day: int, in_time: bool, municipality: str = "1", **more: Any) -> MeasuredStay:
    """A stay with a notice, in time or not."""
    admitted = MONDAY + timedelta(days=day)
    given: dict[str, Any] = {
        "id": str(number), "trust": "9", "municipality": municipality, "state": "ute", "admitted": When(admitted),
        "ended": When(admitted + timedelta(days=3)), "need": True,
        "notice": admitted + timedelta(hours=5 if in_time else 30),
    }  # fmt: skip
    return MeasuredStay(**(given | more))


def weekly(shares: list[tuple[int, int]], **wanted: Any) -> Report:
    """A report of weeks with so many in time of so many."""
    numbers = itertools.count()
    stays = [
        stay(next(numbers), 7 * week, place < yes)
        for week, (yes, of) in enumerate(shares)
        for place in range(of)
    ]
    return report(NOTICE, stays, [], Wanted(NOW, **wanted))


def test_a_figure_has_its_counts_apart() -> None:
    stays = [stay(n, 0, n < 8) for n in range(10)]
    stays += [stay(10 + n, 0, True, doubtful=True) for n in range(6)]
    stays += [stay(20 + n, 0, True, state="cancelled") for n in range(3)]
    figure = report(NOTICE, stays, [], Wanted(NOW)).lines[0].total
    assert (figure.numerator, figure.denominator, figure.value) == (8, 10, 0.8)
    assert figure.missing == {"stay-uncertain": 6}
    assert figure.excluded == {"cancelled": FEW}
    assert figure.not_yet_due == 0


@pytest.mark.parametrize(
    ("yes", "of", "hidden"),
    [(0, 4, True), (4, 4, True), (0, 5, False), (1, 5, True), (4, 100, True), (5, 5, False), (5, 100, False)],
)
def test_small_numbers_are_hidden(yes: int, of: int, hidden: bool) -> None:
    figure = weekly([(yes, of)]).lines[0].total
    assert figure.hidden is hidden
    assert (figure.value is None) is hidden
    assert (figure.numerator, figure.denominator) == ((None, None) if hidden else (yes, of))


def test_a_lone_hidden_stratum_takes_the_smallest_other_with_it() -> None:
    numbers = itertools.count()
    sizes = {"a": (20, 30), "b": (9, 12), "c": (2, 3)}
    stays = [
        stay(next(numbers), 0, place < yes, code) for code, (yes, of) in sizes.items() for place in range(of)
    ]
    lines = {line.stratum: line for line in report(NOTICE, stays, [], Wanted(NOW, by="municipality")).lines}
    assert {code: line.total.hidden for code, line in lines.items()} == {"a": False, "b": True, "c": True}
    assert all(line.periods[0][1].hidden == line.total.hidden for line in lines.values())


def test_asked_for_alone_a_stratum_shows_no_more_than_beside_the_others() -> None:
    numbers = itertools.count()
    sizes = {"a": (20, 30), "b": (9, 12), "c": (2, 3)}
    stays = [
        stay(next(numbers), 0, place < yes, code) for code, (yes, of) in sizes.items() for place in range(of)
    ]
    hidden = {
        code: report(NOTICE, stays, [], Wanted(NOW, only=("municipality", code))).lines[0].total.hidden
        for code in sizes
    }
    assert hidden == {"a": False, "b": True, "c": True}
    nobody = report(NOTICE, stays, [], Wanted(NOW, only=("municipality", "77")))
    assert nobody.lines[0].total.empty
    with pytest.raises(ValueError, match="not both"):
        report(NOTICE, stays, [], Wanted(NOW, by="age-group", only=("municipality", "a")))


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from("abc")), max_size=80))
def test_periods_and_strata_add_up(drawn: list[tuple[int, bool, str]]) -> None:
    stays = [stay(n, day, yes, code) for n, (day, yes, code) in enumerate(drawn)]
    whole = report(NOTICE, stays, [], Wanted(NOW, length="month"))
    parts = report(NOTICE, stays, [], Wanted(NOW, length="month", by="municipality"))
    expected = Counter(code for _, _, code in drawn)
    for line in parts.lines:
        if not line.total.hidden:
            assert line.total.denominator == expected[line.stratum or ""]
    shown = [figure for line in whole.lines for _, figure in line.periods]
    if not any(figure.hidden for figure in shown):
        assert sum(figure.denominator or 0 for figure in shown) == len(drawn)


def test_a_week_without_anybody_is_a_gap_and_not_hidden() -> None:
    figures = [figure for _, figure in weekly([(8, 10), (0, 0), (9, 10)]).lines[0].periods]
    assert [figure.empty for figure in figures] == [False, True, False]
    assert [figure.hidden for figure in figures] == [False, False, False]
    chart = run_chart(weekly([(8, 10), (0, 0), (9, 10)]))
    assert chart is not None and [point.value for point in chart.points] == [0.8, None, 0.9]


@given(st.dates(date(1999, 1, 1), date(2100, 1, 1)), st.sampled_from(["week", "month"]))
def test_every_day_is_in_one_period_with_a_name(day: date, length: Any) -> None:
    start = start_of(day, length)
    assert start <= day <= last_of(start, length)
    assert named(name_of(start, length)) == (start, length)
    assert next(iter(between(day, day, length))) == start


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-W54", "2026-W5", "²026-W05", "2026-w05", "x-W01"]
)
def test_what_names_no_period(text: str) -> None:
    assert named(text) is None


SHIFTED = [(12, 20)] * 3 + [(14, 20), (13, 20), (11, 20)] * 3 + [(18, 20), (19, 20)] * 6


def test_a_change_that_worked_is_a_signal_with_a_frozen_median() -> None:
    change = Annotation(1, date(2026, 3, 30), "utføre", "Varsel fra akuttmottaket", "freeze")
    chart = run_chart(weekly(SHIFTED), annotations=[change])
    assert chart is not None
    (phase,) = chart.phases
    assert phase.frozen == 12 and phase.based_on == 12 and not phase.preliminary
    assert phase.median == 0.625
    assert phase.runs.shift and phase.runs.above and phase.runs.longest == 12
    assert chart.signal


def test_a_new_phase_has_its_own_median() -> None:
    change = Annotation(1, date(2026, 3, 30), "følge opp", "Ny rutine er fast", "new-phase")
    chart = run_chart(weekly(SHIFTED), annotations=[change])
    assert chart is not None
    assert [(phase.first, phase.end, phase.median) for phase in chart.phases] == [
        (0, 12, 0.625),
        (12, 24, 0.925),
    ]
    assert not chart.signal


def test_annotations_of_other_measures_and_municipalities_are_not_shown() -> None:
    every = [
        Annotation(1, date(2026, 2, 2), "utføre", "alle"),
        Annotation(2, date(2026, 2, 2), "utføre", "annet mål", measure="extra-days"),
        Annotation(3, date(2026, 2, 2), "utføre", "annen kommune", municipality="2"),
        Annotation(4, date(2026, 2, 2), "utføre", "denne", measure=NOTICE.id, municipality="1"),
    ]
    shares = weekly([(8, 10)] * 6, by="municipality")
    chart = run_chart(shares, "1", every)
    assert chart is not None and [each.id for each in chart.annotations] == [1, 4]
    assert run_chart(shares, "77") is None


def test_the_drawing_says_in_words_what_it_shows() -> None:
    change = Annotation(1, date(2026, 3, 30), "utføre", "Varsel <straks> & alltid", "freeze")
    chart = run_chart(weekly([*SHIFTED[:6], (1, 20), *SHIFTED[6:]]), annotations=[change])
    assert chart is not None
    drawn = etree.fromstring(svg(chart, "Varsel innen 24 timer", alone=True).encode())
    title, desc = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
    assert drawn.get("role") == "img" and title is not None and desc is not None
    assert drawn.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert "Signal: 12 punkter på rad over medianen" in (desc.text or "")
    assert "1 periode mangler punkt" in (desc.text or "")
    words = " ".join(text.text or "" for text in drawn.iter(f"{SVG}text"))
    assert "Varsel <straks> & alltid" in words and "signal" in words
    marks = len(list(drawn.iter(f"{SVG}circle"))), len(list(drawn.iter(f"{SVG}rect")))
    assert marks == (12, 12)
    assert {line.get("stroke") for line in drawn.iter(f"{SVG}line")} == {"currentColor"}


def test_inside_a_page_the_drawing_brings_no_style() -> None:
    chart = run_chart(weekly([(8, 10)] * 4))
    assert chart is not None
    assert "<style" not in svg(chart, "x") and "style=" not in svg(chart, "x")


def test_few_points_are_no_verdict() -> None:
    chart = run_chart(weekly([(8, 10)] * 4 + [(9, 10)] * 4))
    assert chart is not None and not chart.signal
    assert "For få punkter" in svg(chart, "x")


def test_the_table_hides_what_is_hidden() -> None:
    rows = list(csv.DictReader(io.StringIO(table(weekly([(8, 10), (2, 10)], by="municipality")))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["period"] for row in rows] == ["all", "2026-W02", "2026-W03"]
    assert [(row["value"], row["numerator"], row["hidden"]) for row in rows[1:]] == [
        ("0.8", "8", "no"),
        ("", "", "yes"),
    ]
    assert {row["version"] for row in rows} == {VERSION}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_every_measure_has_its_words(measure: Any) -> None:
    resource = measure_resource(measure.id)
    assert not validate(resource)
    assert resource["version"] == VERSION
    assert title_of(measure.id)
    codes = {c["code"] for p in resource["group"][0]["population"] for c in p["code"]["coding"]}
    wanted = {"initial-population", "not-yet-due", "missing-data"}
    wanted |= (
        {"denominator", "denominator-exclusion", "numerator"}
        if measure.kind == "share"
        else {"measure-population", "measure-population-exclusion", "measure-observation"}
    )
    assert codes == wanted
    assert all(p["description"] for p in resource["group"][0]["population"])
    notation = {"higher": "increase", "lower": "decrease"}[measure.better]
    assert resource["improvementNotation"]["coding"][0]["code"] == notation


def test_a_report_in_fhir_masks_what_is_hidden() -> None:
    shares = [(8, 10), (2, 10)]
    total, parts = weekly(shares), weekly(shares, by="municipality")
    first, second = (measure_report(total, start, parts) for start, _ in total.lines[0].periods)
    assert not validate(first) and not validate(second)
    assert first["id"] == "notice-within-24-hours.2026-W02.municipality"
    assert first["measure"].endswith(f"|{VERSION}")
    assert first["group"][0]["measureScore"]["value"] == 80
    counts = {p["code"]["coding"][0]["code"]: p.get("count") for p in first["group"][0]["population"]}
    assert counts == {
        "denominator": 10, "denominator-exclusion": 0, "numerator": 8, "not-yet-due": 0, "missing-data": 0,
    }  # fmt: skip
    assert "value" not in second["group"][0]["measureScore"]
    assert all("count" not in p for p in second["group"][0]["population"][:1])
    assert "value" not in second["group"][0]["stratifier"][0]["stratum"][0]["measureScore"]


def test_an_earlier_look_calls_nothing_failed_that_was_not_due() -> None:
    late = msgspec.structs.replace(stay(1, 0, False), state="innlagt", ended=None, notice=None)
    early = report(NOTICE, [late] * 6, [], Wanted(MONDAY + timedelta(hours=24))).lines[0].total
    after = report(NOTICE, [late] * 6, [], Wanted(MONDAY + timedelta(hours=24, seconds=1))).lines[0].total
    assert (early.denominator, early.not_yet_due) == (0, 6)
    assert (after.denominator, after.numerator) == (6, 0)


def test_every_form_tells_the_same_sum() -> None:
    """From ten thousand days on, the one in FHIR was rounded to tens."""
    week = tuple(date(2026, 1, day) for day in (5, 6, 7, 8, 9))
    stays = [msgspec.structs.replace(stay(number, 0, True), extra_days=week) for number in range(2_469)]
    found = report(MEASURES["extra-days"], stays, [], Wanted(NOW))
    ((start, figure),) = found.lines[0].periods
    assert figure.value == 12_345
    score = measure_report(found, start)["group"][0]["measureScore"]
    rows = list(csv.DictReader(io.StringIO(table(found))))
    assert [score["value"], *(float(row["value"]) for row in rows)] == [12_345] * 3
