"""Do only those units ask together that cannot change each other's answers, and does each have its turn once?"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.asking import Asking, Kind, in_rounds

Item = tuple[int, Any]
"""Its number, and its unit."""


def asking(kind: Kind, about: frozenset[str]) -> Asking[None, None]:
    return Asking(kind, about, lambda session: None, lambda session, asked: None)


ABOUT = st.frozensets(st.sampled_from("abcdefg"), min_size=1, max_size=3)
UNITS = st.lists(st.one_of(st.just(None), st.builds(asking, st.sampled_from(Kind), ABOUT)), max_size=25)


def rounds_of(units: list[Any]) -> list[list[Item]]:
    return list(in_rounds(enumerate(units), lambda item: item[1]))


@given(UNITS)
def test_each_has_its_turn_once(units: list[Any]) -> None:
    assert sorted(number for each in rounds_of(units) for number, _ in each) == list(range(len(units)))


@given(UNITS)
def test_together_are_only_those_of_one_kind_that_are_about_different_things(units: list[Any]) -> None:
    for together in rounds_of(units):
        if len(together) > 1:
            assert len({unit.kind for _, unit in together}) == 1
            everything = [name for _, unit in together for name in unit.about]
            assert len(everything) == len(set(everything))


@given(UNITS)
def test_what_is_about_the_same_keeps_its_order(units: list[Any]) -> None:
    found = rounds_of(units)
    round_of = {number: at for at, together in enumerate(found) for number, _ in together}
    for later, unit in enumerate(units):
        for earlier, other in enumerate(units[:later]):
            if unit and other and unit.kind == other.kind and unit.about & other.about:
                assert round_of[earlier] < round_of[later]


@given(UNITS)
def test_kinds_have_their_turns_in_order_and_those_who_say_nothing_come_last(units: list[Any]) -> None:
    in_turn = [item for together in rounds_of(units) for item in together]
    kinds = [2 if unit is None else unit.kind for _, unit in in_turn]
    assert kinds == sorted(kinds)
    silent = [number for number, unit in in_turn if unit is None]
    assert silent == sorted(silent)


def test_what_has_nothing_in_common_asks_together() -> None:
    units = [asking(Kind.COMING_IN, frozenset(name)) for name in "abc"]
    assert [len(each) for each in rounds_of([*units, None, None])] == [3, 1, 1]


def test_a_unit_in_its_own_turn_asks_and_goes_on() -> None:
    said: list[str] = []
    unit = Asking(
        Kind.ENDING,
        frozenset("a"),
        lambda session: said.append("asked") or "answer",
        lambda session, asked: said.append(asked) or "result",
    )
    assert unit(None) == "result"  # type: ignore[arg-type]
    assert said == ["asked", "answer"]
