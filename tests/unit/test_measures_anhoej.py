"""The Anhøj rules: published limits, hand-counted series, and how often chance alone signals."""

from __future__ import annotations

import itertools
import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.measures.anhoej import crossings_limit, false_signals, longest_limit, runs

PUBLISHED = {
    10: (6, 2), 12: (7, 3), 14: (7, 4), 16: (7, 4), 18: (7, 5), 20: (7, 6), 22: (7, 7), 24: (8, 8), 26: (8, 8),
    28: (8, 9), 30: (8, 10),
}  # fmt: skip
"""Useful points: longest run allowed, crossings needed."""
LONGEST = {23: 8, 45: 8, 46: 9, 60: 9, 90: 9, 91: 10, 100: 10}
"""Of longer series: longest run allowed."""


@pytest.mark.parametrize(("useful", "limits"), PUBLISHED.items())
def test_the_limits_are_the_published_ones(useful: int, limits: tuple[int, int]) -> None:
    assert (longest_limit(useful), crossings_limit(useful)) == limits


@pytest.mark.parametrize(("useful", "limit"), LONGEST.items())
def test_the_limits_of_long_series_are_the_published_ones(useful: int, limit: int) -> None:
    assert longest_limit(useful) == limit


@pytest.mark.parametrize("useful", [2, 10, 33, 100, 365])
def test_the_limit_of_crossings_is_the_five_per_cent_quantile(useful: int) -> None:
    trials = useful - 1
    share = [math.comb(trials, k) / 2**trials for k in range(useful)]
    below = list(itertools.accumulate(share))
    limit = crossings_limit(useful)
    assert below[limit] >= 0.05
    assert limit == 0 or below[limit - 1] < 0.05


def test_a_series_counted_by_hand() -> None:
    """Median 5: + + 0 - - - + gap + - +; useful 9, runs ++ --- ++ - +."""
    found = runs([6, 7, 5, 4, 3, 2, 8, None, 9, 1, 6], 5)
    assert (found.useful, found.longest, found.crossings) == (9, 3, 4)
    assert found.longest_at == (3, 4, 5)
    assert found.above is False
    assert not found.judged and not found.signal


def test_a_point_on_the_median_neither_counts_nor_breaks_a_run() -> None:
    with_ties = runs([1, 1, 0, 1, 1, 0, 1, 1, 1, 1, -1, -1], 0)
    assert with_ties.longest == 8
    assert with_ties.useful == 10
    assert with_ties.shift


def test_a_long_run_signals_and_a_run_at_the_limit_does_not() -> None:
    at_limit = [1] * 6 + [-1, 1, -1, 1]
    assert not runs(at_limit, 0).shift
    assert runs([1] * 7 + [-1, 1, -1], 0).shift


def test_few_crossings_signal_without_a_long_run() -> None:
    found = runs([1] * 6 + [-1] * 6, 0)
    assert not found.shift
    assert found.few_crossings and found.signal


def test_a_shift_in_the_middle_is_found() -> None:
    chance = random.Random(7)
    shifted = [chance.gauss(0 if place < 12 else 3, 1) for place in range(24)]
    assert runs(shifted, statistics.median(shifted[:12])).signal


@given(st.lists(st.integers(-3, 3) | st.none(), max_size=60), st.integers(-2, 2))
def test_runs_and_crossings_fit_together(values: list[int | None], median: int) -> None:
    found = runs(values, median)
    useful = [value for value in values if value is not None and value != median]
    assert found.useful == len(useful)
    assert found.longest <= found.useful
    assert found.crossings == sum((a > median) != (b > median) for a, b in itertools.pairwise(useful))
    assert all((values[place] > median) is found.above for place in found.longest_at)  # type: ignore[operator]
    mirrored = runs([None if value is None else 2 * median - value for value in values], median)
    assert (mirrored.longest, mirrored.crossings) == (found.longest, found.crossings)


STATED = {(12, None): 1.2, (24, None): 3.1, (20, 0): 6.8, (52, 0): 7.7, (30, 12): 10.9, (30, 20): 4.8}
"""Points, frozen after: per cent of false signals, as the module says."""


@pytest.mark.parametrize(("asked", "stated"), STATED.items())
def test_false_signals_are_as_the_module_says(asked: tuple[int, int | None], stated: float) -> None:
    """4,000 series each with another seed: within four standard errors."""
    points, frozen = asked
    found = 100 * false_signals(points, 4000, 1789, frozen=frozen).either
    assert abs(found - stated) < 4 * math.sqrt(stated * (100 - stated) / 4000)


def test_the_same_seed_gives_the_same_rate() -> None:
    assert false_signals(16, 300, 5) == false_signals(16, 300, 5)
