"""What do the integration tests share?"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.support.messages import CANARIES


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What the test adds here, and all that is logged or printed meanwhile, must hold no canary."""
    said: list[str] = []
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        yield said
    printed = capfd.readouterr()
    everything = "\n".join([*said, str(logs), caplog.text, printed.out, printed.err])
    for canary in CANARIES:
        assert canary not in everything
