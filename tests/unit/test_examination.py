"""What does an examination tell of an input, whatever is wrong with it?"""

from __future__ import annotations

import pytest

from gateway.examination import examine
from tests.support.messages import CANARY_NUMBER, Admission

ADMISSION = Admission(message_id="a-1").xml


@pytest.mark.parametrize("stated", ["LOG_INNLAGT", "LEGEERKLÆRING", "EPJ-EKSTRAKT", "ERM9.1"])
def test_the_type_is_told(stated: str) -> None:
    assert examine("x", ADMISSION.replace(b"LOG_INNLAGT", stated.encode())).type == stated


@pytest.mark.parametrize("stated", [CANARY_NUMBER, "Solveig", "LOG INNLAGT", "A" * 100, ""])
def test_what_has_not_the_form_of_a_type_is_not_told(stated: str) -> None:
    assert examine("x", ADMISSION.replace(b"LOG_INNLAGT", stated.encode())).type is None
