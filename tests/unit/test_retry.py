"""Do waits grow, spread and end, and does a failing endpoint get its pause?"""

from __future__ import annotations

import pytest

from gateway.routing.retry import Breaker, wait


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        (1, 5.0),  # 5 × 2^0
        (2, 10.0),  # 5 × 2^1
        (8, 640.0),  # 5 × 2^7
        (9, 900.0),  # 5 × 2^8 = 1280, over the longest
        (10_000, 900.0),  # no overflow
    ],
)
def test_wait_grows_to_its_longest(attempt: int, expected: float) -> None:
    assert wait(attempt, first=5, longest=900, chance=lambda: 1.0) == expected
    assert wait(attempt, first=5, longest=900, chance=lambda: 0.0) == expected / 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (60.0, 60.0),  # the partner's wish is longer than ours
        (1.0, 5.0),  # ours is longer
        (99_999.0, 900.0),  # nobody makes us wait longer than configured
    ],
)
def test_what_the_partner_asks_for(asked: float, expected: float) -> None:
    assert wait(1, first=5, longest=900, asked=asked, chance=lambda: 1.0) == expected


def test_longest_that_is_shorter_than_the_first_is_the_first() -> None:
    assert wait(3, first=5, longest=1, chance=lambda: 1.0) == 5


def test_breaker_pauses_after_failures_in_a_row_only() -> None:
    breaker = Breaker(first=10, longest=60, failures_in_a_row=3)
    for _ in range(2):
        breaker.failed(100.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(100.0)
    assert not breaker.is_probing
    assert breaker.open_until == 0
    breaker.failed(100.0)
    assert breaker.is_probing
    assert 105 <= breaker.open_until <= 110
    breaker.failed(120.0)
    assert 130 <= breaker.open_until <= 140
    breaker.succeeded()
    assert not breaker.is_probing
    assert breaker.open_until == 0
