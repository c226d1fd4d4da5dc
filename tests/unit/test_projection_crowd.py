"""Is a crowd of messages told from a few, and does it end?"""

from __future__ import annotations

from gateway.projection.crowd import MANY_PER_SECOND, WINDOW_S, Crowd


def test_nothing_is_a_crowd_before_a_window_has_passed() -> None:
    crowd = Crowd()
    crowd.seen(100.0, 5_000)
    crowd.seen(100.0 + WINDOW_S / 2, 50_000)
    assert not crowd.is_there


def test_it_is_there_while_many_come_and_then_no_more() -> None:
    crowd, many = Crowd(), int(MANY_PER_SECOND * WINDOW_S) + 1
    crowd.seen(100.0, 1_000)
    crowd.seen(100.0 + WINDOW_S, 1_000 + many)
    assert crowd.is_there
    crowd.seen(100.0 + 3 * WINDOW_S, 1_000 + 2 * many)
    assert not crowd.is_there


def test_a_long_pause_is_counted_as_one_window() -> None:
    crowd = Crowd()
    crowd.seen(0.0, 0)
    crowd.seen(3600.0, int(MANY_PER_SECOND * 3600))
    assert not crowd.is_there


def test_it_grows_only_while_messages_come() -> None:
    crowd, seen = Crowd(), []
    for newest in (7, 7, 8, 8, 900):
        crowd.seen(1.0, newest)
        seen.append(crowd.grew)
    assert seen == [False, False, True, False, True]
