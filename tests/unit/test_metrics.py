"""Are the figures of /metrics those that the ledger has, however large?"""

from __future__ import annotations

import pytest

from gateway.operations.metrics import _family


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1.0, "1"), (1_234_567, "1234567"), (2**40 + 1, "1099511627777"), (0.25, "0.25")],
)
def test_a_figure_is_written_whole(value: float, written: str) -> None:
    """From a million messages on it was rounded to six digits, and a rate of it stood still and jumped."""
    text = _family("messages_total", "counter", "Messages taken in.", [({}, value)])
    assert text.splitlines()[-1] == f"somlos_messages_total {written}"
