"""What do the integration tests share?"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.support import stores
from tests.support.messages import CANARIES


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs on both databases, with a ledger of its own on each."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    if not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    with stores.on_postgres():
        yield "postgresql"


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
