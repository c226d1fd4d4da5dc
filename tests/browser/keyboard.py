"""How do the tests use a page by keyboard alone?"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Page

from gateway.simulator.compose import new_ids
from gateway.simulator.steps import story
from gateway.simulator.template import Clock
from tests.browser.conftest import Console

MOST_TABS = 60


def arrive(console: Console, state: str = "sent") -> str:
    """Let a message arrive; returns our id of it."""
    return console.seed().write(story()[0], new_ids(), Clock(date(2026, 11, 18)), datetime.now(UTC), state)


def focused(page: Page) -> str:
    """What has the focus, by its id, else its text."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.innerText"))


def tab_to(page: Page, wanted: str, *, most: int = MOST_TABS) -> None:
    """Press Tab until an element whose id begins so has the focus; each stop on the way must be visible."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate("shown => shown", page.evaluate(_FOCUS_IS_SHOWN)), (
            f"no focus shown on {focused(page)}"
        )
        if focused(page).startswith(wanted):
            return
    pytest.fail(f"{most} tabs did not lead to {wanted}")


_FOCUS_IS_SHOWN = """() => {
  const element = document.activeElement;
  const shown = (each) => {
    const style = each && getComputedStyle(each);
    return each && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  return Boolean(shown(element) || shown(element.closest("tr")));
}"""
