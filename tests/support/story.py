"""One telling of the story, composed: for tests that need rich messages of our own."""

from __future__ import annotations

from datetime import date

from gateway.simulator.compose import Composed, compose, new_ids
from gateway.simulator.steps import story
from gateway.simulator.template import Clock

DAY_ZERO = date(2026, 3, 27)
"""The story then lasts over the night to summer time."""


def told() -> dict[str, Composed]:
    """Key of the step → its message."""
    ids = new_ids()
    return {step.key: compose(step, ids, Clock(DAY_ZERO)) for step in story()}
