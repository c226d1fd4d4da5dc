"""Which ids that a sender chose may stand in a report that everybody may read?"""

from __future__ import annotations

import random
import uuid

import pytest

from gateway.operations.deviation import plain_id


@pytest.mark.parametrize("digits", ["12345678901", "89301946577", "123456789012"])
def test_uuid_with_many_digits_in_a_row_is_plain(digits: str) -> None:
    id = f"441fb939-d4c6-42b8-bc2d-{digits:b>12}"
    assert plain_id(id) == id
    assert plain_id(id.upper()) == id.upper()
    assert plain_id(f"{{{id}}}") == f"{{{id}}}"


def test_every_random_uuid_is_plain() -> None:
    chance = random.Random(20261122)
    for _ in range(5_000):
        id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        assert plain_id(id) == id


@pytest.mark.parametrize(
    "id",
    [
        "14834120012",
        "msg-14834120012-1",
        "148341-20012",
        "00000000-0000-0000-0000-14834120012",
        "Kari Nordmann",
        "",
    ],
)
def test_what_could_hold_a_person_is_not_plain(id: str) -> None:
    assert plain_id(id) is None
