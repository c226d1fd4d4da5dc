"""Are the kinds of identity numbers told apart, and is no wrong digit let through?

All numbers here are made by the tests themselves or are synthetic (month + 80).
"""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import identifiers
from gateway.identifiers import check_digits, identity_number, organisation_number

BIRTH_DATES = st.dates(date(1900, 1, 1), date(2039, 12, 31))


def number(born: date, month_added: int, day_added: int, individual: int) -> str | None:
    """An identity number for a birth date; None when its nine digits have no check digits."""
    nine = f"{born.day + day_added:02}{born.month + month_added:02}{born.year % 100:02}{individual:03}"
    digits = check_digits(nine)
    return nine + digits if digits else None


def individual_number(born: date, seed: int) -> int:
    low, high = (0, 499) if born.year < 2000 else (500, 999)
    return low + seed % (high - low + 1)


@given(BIRTH_DATES, st.sampled_from([0, 40, 65, 80]), st.sampled_from([0, 40]), st.integers(0, 999))
def test_kind_birth_date_and_synthetic_are_read_back(born: date, month: int, day: int, seed: int) -> None:
    made = number(born, month, day, individual_number(born, seed))
    if made is None:
        return
    read = identity_number(made)
    assert read.birth_date == born
    assert read.kind == ("dnr" if day else "hnr" if month == 40 else "fnr")
    assert read.synthetic is (month in (65, 80) or (month == 40 and day == 40))
    assert read.valid


@given(BIRTH_DATES, st.integers(0, 999), st.integers(0, 10), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(born: date, seed: int, place: int, added: int) -> None:
    made = number(born, 80, 0, individual_number(born, seed))
    if made is None:
        return
    wrong = f"{made[:place]}{(int(made[place]) + added) % 10}{made[place + 1 :]}"
    assert not identity_number(wrong).valid


@given(st.text(max_size=14))
def test_any_text_has_an_answer(text: str) -> None:
    assert not identity_number(text).valid or len(text) == 11
    organisation_number(text)


@pytest.mark.parametrize(
    "text", ["", "1234567890", "123456789012", "1234567890a", "١٢٣٤٥٦٧٨٩٠١", "00000000000"]
)
def test_what_is_no_identity_number(text: str) -> None:
    read = identity_number(text)
    assert not read.valid
    assert read.kind == "unknown"
    assert read.birth_date is None


def test_a_date_that_does_not_exist_is_no_number() -> None:
    nine = next(n for n in (f"308200{i:03}" for i in range(100)) if check_digits(n))  # 30 February 1900
    assert identity_number(nine + str(check_digits(nine))).kind == "unknown"


def test_a_common_auxiliary_number_has_no_birth_date() -> None:
    nine = next(n for n in (f"8{i:08}" for i in range(100)) if check_digits(n))
    read = identity_number(nine + str(check_digits(nine)))
    assert (read.kind, read.birth_date, read.valid, read.synthetic) == ("fhn", None, True, False)


def test_the_looser_check_digit_of_2032_is_accepted() -> None:
    loose = []
    for nine in (f"018200{individual:03}" for individual in range(100)):
        strict = check_digits(nine)
        if strict is None or strict[0] == "9":
            continue
        ten = f"{nine}{int(strict[0]) + 1}"
        second = -sum(int(d) * w for d, w in zip(ten, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if second < 10:
            loose.append(f"{ten}{second}")
    assert loose
    assert all(identity_number(found).valid for found in loose)


def test_organisation_number() -> None:
    assert not organisation_number("000000000")
    assert organisation_number("974760673")  # the register of legal entities itself
    assert not organisation_number("974760674")
    assert not organisation_number("97476067")
    assert not organisation_number("")


@pytest.mark.parametrize(
    ("text", "plausible"),
    [("80000", True), ("8", True), ("0123", False), ("123456789", False), ("12a", False), ("", False)],
)
def test_her_id(text: str, plausible: bool) -> None:
    assert identifiers.her_id(text) is plausible


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        ("9144889", True),
        ("565501872", True),
        ("009144889", True),
        ("0565501872", False),
        ("000", False),
        ("", False),
    ],
)
def test_hpr_number(text: str, plausible: bool) -> None:
    assert identifiers.hpr_number(text) is plausible
