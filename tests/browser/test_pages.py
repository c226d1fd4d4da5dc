"""Is every page of the console accessible, and right in the browser, on every screen and in both schemes?"""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gateway.console.catalogue import TEXTS
from gateway.errors import CATALOGUE
from gateway.simulator.cast import PATIENTS
from tests.browser.conftest import WIDTHS, Console, OpenPage
from tests.browser.pages import all_pages, kinds_of_pages

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ZOOMED = 320
"""A window of 1280 at 400 %."""


def violations(page: Page) -> list[str]:
    """What axe finds wrong, each as rule and first place."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_every_page_is_accessible(console: Console, open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page("/console", width=width, scheme=scheme)
    found: dict[str, list[str]] = {}
    for name, path in kinds_of_pages(console).items():
        page.goto(path)
        wrong = violations(page) + (["wider than the window"] if overflow(page) > 0 else [])
        if wrong:
            found[name] = wrong
    assert found == {}


def test_every_page_holds_together_at_400_percent(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console", width=ZOOMED)
    wide = {}
    for name, path in all_pages(console).items():
        page.goto(path)
        if overflow(page) > 0:
            wide[name] = overflow(page)
    assert wide == {}


@pytest.mark.parametrize(("language", "other"), [("no", 1), ("en", 0)])
def test_no_page_mixes_languages(console: Console, open_page: OpenPage, language: str, other: int) -> None:
    page = open_page(f"/console/flow?lang={language}")
    strangers: dict[str, list[str]] = {}
    for name, path in all_pages(console).items():
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == ("nb" if language == "no" else "en")
        foreign = sorted(_lines(page) & (_said_in(other) - _said_in(1 - other)))
        if foreign:
            strangers[name] = foreign
    assert strangers == {}


def _lines(page: Page) -> set[str]:
    """The lines of text a reader sees, but for those marked as another language."""
    foreign_on_purpose = set(page.evaluate(_TEXTS_IN_ANOTHER_LANGUAGE))
    return {line.strip() for line in page.locator("body").inner_text().splitlines()} - foreign_on_purpose


_TEXTS_IN_ANOTHER_LANGUAGE = """() => [...document.querySelectorAll("body [lang]")].flatMap((element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found = [(element.innerText || "").trim()];
  while (walker.nextNode()) found.push(walker.currentNode.data.trim());
  return found;
})"""


def _said_in(language: int) -> set[str]:
    """Every text of the catalogue in one language, and every sentence of the error catalogue."""
    sentences = {sentence for each in CATALOGUE.values() for sentence in ((each.no, each.en)[language],)}
    return {texts[language] for texts in TEXTS.values()} | sentences


def test_lists_show_no_patient(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console/flow?receipts=1")
    for path in ("/console/flow?receipts=1", "/console/refused", "/console/errors"):
        page.goto(path)
        shown = page.content()
        for patient in PATIENTS.values():
            for secret in (patient.number, patient.family_name, patient.given_name):
                assert secret not in shown


def test_a_row_of_the_loss_report_leads_to_its_line(console: Console, open_page: OpenPage) -> None:
    page = open_page(console.message("rejected"))
    page.locator("#loss a", has_text="City").click()
    line = page.locator("#xml li:target")
    assert "<City>" in line.inner_text()
    assert line.is_visible()


def test_a_page_that_is_not_there_says_so(browser: Any, console: Console) -> None:
    page = browser.new_page()
    response = page.goto(f"{console.address}/console/messages/none")
    assert response.status == 404
    assert page.locator("h1").inner_text() == "Siden finnes ikke"
    assert violations(page) == []
    page.close()
