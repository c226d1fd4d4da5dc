"""What kind of Norwegian identifier is this number, and are its check digits right?

Identity numbers (11 digits: birth date, individual number, two check digits) come in kinds that shift parts
of the date: a D-number adds 40 to the day; synthetic numbers add 80 (Tenor) or 65 to the month; an H-number
adds 40 to the month (so do some synthetic numbers, which cannot be told from H-numbers, except in a
D-number); a common auxiliary number (felles hjelpenummer) starts with 8 or 9 and holds no date. From 2032
new numbers have a looser first check digit (remainder 0 to 3); it is accepted already, as the second alone
finds every single wrong digit. Gender is never derived.

Facts: Skatteetaten on the national identity number, Enhetsregisteret on the organisation number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["fnr", "dnr", "hnr", "fhn", "unknown"]
"""fnr national identity number, dnr D-number, hnr H-number (local auxiliary), fhn common auxiliary number."""

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORGANISATION = (3, 2, 7, 6, 5, 4, 3, 2)
_SYNTHETIC_MONTHS = (80, 65)
_CENTURIES = (  # individual numbers from, to; two-digit years from, to; century
    (0, 499, 0, 99, 1900),
    (500, 749, 54, 99, 1800),
    (500, 999, 0, 39, 2000),
    (900, 999, 40, 99, 1900),
)


@dataclass(frozen=True)
class IdentityNumber:
    """What an identity number says about itself."""

    kind: Kind
    """unknown: not eleven digits, or no date where one belongs."""
    birth_date: date | None
    """None where the number holds none (fhn) or its date does not exist."""
    synthetic: bool
    """A test person: month + 80 or + 65 (in a D-number also + 40)."""
    valid: bool
    """Kind known, date possible, both check digits right."""


def identity_number(number: str) -> IdentityNumber:
    """Kind, birth date and validity of an identity number written as eleven digits without spaces."""
    if len(number) != 11 or not _digits(number):
        return IdentityNumber("unknown", None, False, False)
    right = _check_digits_right(number)
    if number[0] in "89":
        return IdentityNumber("fhn", None, False, right)
    day, month = int(number[:2]), int(number[2:4])
    shift = next((added for added in (*_SYNTHETIC_MONTHS, 40) if added < month <= added + 12), 0)
    kind: Kind = "dnr" if day > 40 else "hnr" if shift == 40 else "fnr"
    born = _date(int(number[4:6]), int(number[6:9]), month - shift, day - 40 if day > 40 else day)
    synthetic = born is not None and shift > 0 and kind != "hnr"
    return IdentityNumber(kind if born else "unknown", born, synthetic, right and born is not None)


def check_digits(nine: str) -> str | None:
    """The two check digits that belong to the first nine; None when these nine have none and cannot be
    used."""
    first = _modulus_11(nine, _FIRST)
    if first > 9:
        return None
    second = _modulus_11(f"{nine}{first}", _SECOND)
    return None if second > 9 else f"{first}{second}"


def organisation_number(number: str) -> bool:
    """Whether this is an organisation number: nine digits, the first not 0, the last the right check digit."""
    if len(number) != 9 or not _digits(number) or number[0] == "0":
        return False
    return _modulus_11(number[:8], _ORGANISATION) == int(number[8])


def her_id(number: str) -> bool:
    """Whether this can be a HER-id: a number of at most eight digits, not starting with 0."""
    return len(number) <= 8 and _digits(number) and number[0] != "0"


def hpr_number(number: str) -> bool:
    """Whether this can be an HPR number: at most nine digits; old systems fill up with zeros in front."""
    return len(number) <= 9 and _digits(number) and int(number) > 0


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _modulus_11(digits: str, weights: tuple[int, ...]) -> int:
    """The modulus 11 check digit; 10 means that there is none."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return -total % 11


def _check_digits_right(number: str) -> bool:
    remainder = sum(int(digit) * weight for digit, weight in zip(number, (*_FIRST, 1), strict=False)) % 11
    return remainder in (0, 1, 2, 3) and _modulus_11(number[:10], _SECOND) == int(number[10])


def _date(year: int, individual: int, month: int, day: int) -> date | None:
    for low, high, first, last, century in _CENTURIES:
        if low <= individual <= high and first <= year <= last:
            try:
                return date(century + year, month, day)
            except ValueError:
                return None
    return None
