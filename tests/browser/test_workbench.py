"""Can a vendor use the workbench: paste or drop a message, by keyboard, on every screen, and read the result?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDTHS, OpenPage
from tests.browser.test_pages import ZOOMED, overflow, violations
from tests.support.story import told

TOLD = told()
GOOD = TOLD["innlagt"].body.decode()
"""A short one: axe looks at every line of a document."""
BAD = GOOD.replace('<MsgType V="XML" DN="XML-instans"/>', '<MsgType V="XML" X="1"/>')

_DROP = """(text) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "melding.xml", { type: "application/xml" }));
  const form = document.querySelector("form[data-drop]");
  for (const kind of ["dragover", "drop"]) {
    form.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true }));
  }
}"""


def paste(page: Page, text: str) -> None:
    page.locator("#text").evaluate("(field, text) => { field.value = text; field.focus(); }", text)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on the button: no mouse is needed
    expect(page.locator("#result")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDTHS["desktop"], ZOOMED])
@pytest.mark.parametrize("text", [GOOD, BAD], ids=["good", "bad"])
def test_the_result_is_accessible(open_page: OpenPage, text: str, width: int, scheme: str) -> None:
    page = open_page("/console/workbench", width=width, scheme=scheme)
    paste(page, text)
    assert violations(page) == []
    assert overflow(page) <= 0


def test_a_dropped_file_is_tried(open_page: OpenPage) -> None:
    page = open_page("/console/workbench")
    page.evaluate(_DROP, GOOD)
    expect(page.locator("#result")).to_contain_text("Melding om innlagt pasient")
    expect(page.locator("#result")).to_contain_text("tapsfri")


def test_a_row_of_the_loss_report_leads_into_the_document(open_page: OpenPage) -> None:
    page = open_page("/console/workbench")
    paste(page, TOLD["innleggelsesrapport"].body.decode())
    link = page.locator("#loss a[href^='#']").first
    target = link.get_attribute("href") or ""
    summary = page.locator("#loss details summary")
    if summary.count():
        summary.first.click()
    link.click()
    expect(page.locator(target)).to_be_in_viewport()
