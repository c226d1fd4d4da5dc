"""Is the id that a message gets here a UUID that sorts by its time and that nobody guesses?"""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from gateway.routing.own_id import own_id

MICROSECONDS = st.integers(min_value=0, max_value=2**57)


@given(MICROSECONDS)
def test_is_a_uuid_of_version_7_that_begins_with_the_time(now: int) -> None:
    found = own_id(now)
    read = uuid.UUID(found)
    assert (str(read), read.version, read.variant) == (found, 7, uuid.RFC_4122)
    assert read.int >> 80 == now // 1000


@given(MICROSECONDS, st.integers(min_value=1000, max_value=10**12))
def test_what_comes_later_sorts_later(now: int, passed: int) -> None:
    assert own_id(now) < own_id(now + passed)


def test_all_other_bits_are_left_to_chance() -> None:
    made = [uuid.UUID(own_id(1_795_391_305_220_000)).int for _ in range(200)]
    assert len(set(made)) == len(made)
    differ = 0
    for each in made:
        differ |= each ^ made[0]
    assert differ == (0xFFF << 64) | ((1 << 62) - 1)
