"""Is every page of the console accessible, and right in the browser, on every screen and in both schemes?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gateway.console.catalogue import TEXTS
from gateway.errors import CATALOGUE
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, PATIENTS
from gateway.simulator.conformance.behaviours import BEHAVIOURS
from tests.browser.conftest import HEIGHT, WIDTHS, Console, OpenPage, sign_in
from tests.browser.pages import OWN_WORDS, all_pages, kinds_of_pages

_DOTTED = re.compile(r"\w[\w-]*(?:\.\w[\w-]*)+")
"""Addresses of hosts, and places in FHIR."""
_WORD = re.compile(r"[a-zæøåé]{3,}")


def words_of(texts: Iterable[str]) -> set[str]:
    """The words that are said, in small letters."""
    return {word for text in texts for word in _WORD.findall(_DOTTED.sub("", text).lower())}


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ZOOMED = 320
"""A window of 1280 at 400 %."""


ALIKE = {("dark", "tablet")}
"""A scheme changes colours, a width the arrangement: dark is seen at the two ends."""


def violations(page: Page) -> list[str]:
    """What axe finds wrong, each as rule and first place."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("scheme", "width"),
    [(scheme, name) for scheme in ("light", "dark") for name in WIDTHS if (scheme, name) not in ALIKE],
)
def test_every_page_is_accessible(console: Console, open_page: OpenPage, width: str, scheme: str) -> None:
    page = open_page("/console", width=WIDTHS[width], scheme=scheme)
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
    foreign_sentences = _said_in(other) - _said_in(1 - other)
    compounds = {code for text in _said_in(1 - other) for code in _CODE.findall(text)}
    foreign_words = words_of(foreign_sentences) - words_of(_said_in(1 - other)) - NAMED
    strangers: dict[str, list[str]] = {}
    for name, path in all_pages(console).items():
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == ("nb" if language == "no" else "en")
        said = set(page.evaluate(_TEXTS))
        codes = {code for text in said for code in _CODE.findall(text)} - compounds
        found = sorted((said & foreign_sentences) | (words_of(said) & foreign_words) | codes)
        if found:
            strangers[name] = found
    assert strangers == {}


NAMED = words_of({*(each.name for each in (HOSPITAL, LYNGVIK, BJORKELIA)), OWN_WORDS})
"""Words of names, which are the same in every language."""
_CODE = re.compile(r"\b[a-z]+(?:[-_][a-z]+)+\b")
"""How our codes are written, and the compounds of the catalogue's own sentences."""
_TEXTS = """() => {
  const apart = "[lang]:not(html), .mono, code, .document, svg, script, style";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [document.title];
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(apart)) found.push(walker.currentNode.data.trim());
  }
  for (const each of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
    if (each.closest(apart)) continue;
    for (const name of ["aria-label", "title", "placeholder"]) found.push(each.getAttribute(name) || "");
  }
  return found.filter((text) => text);
}"""
"""Every text of a page, also what only a screen reader says, but what is marked as another language or as code."""


def _said_in(language: int) -> set[str]:
    """Every text of the catalogue in one language, and the sentences of the error catalogue and of the plays."""
    sentences = {sentence for each in CATALOGUE.values() for sentence in ((each.no, each.en)[language],)}
    plays = {
        sentence
        for each in BEHAVIOURS
        for sentence in ((each.no, each.en)[language], (each.does_no, each.does_en)[language])
    }
    return {texts[language] for texts in TEXTS.values()} | sentences | plays


SIGNED = {
    "sign-in": ("", "/console/sign-in"),
    "account": ("operator", "/console/account"),
    "audit": ("auditor", "/console/audit"),
    "message, closed": ("operator", ""),
    "stay, operator": ("operator", "stay"),
    "stay, clinician": ("clinician", "stay"),
    "find, patient": ("clinician", "/console/find"),
    "workbench, vendor": ("vendor", "/console/workbench"),
}
"""What is shown only where people sign in: the role, and the address."""


@pytest.mark.parametrize("name", SIGNED)
def test_every_page_behind_the_sign_in_is_accessible(house: Console, open_house: OpenPage, name: str) -> None:
    role, path = SIGNED[name]
    page = open_house("/console/sign-in")
    if role:
        sign_in(page, role)
    page.goto({"": house.message("acknowledged"), "stay": house.stay}.get(path, path))
    assert page.locator("h1").count() == 1
    assert faults_at_every_width(page) == {}


LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (
    ("light", WIDTHS["phone"]),
    ("light", WIDTHS["desktop"]),
    ("light", ZOOMED),
    ("dark", WIDTHS["tablet"]),
)


def faults_at_every_width(page: Page) -> dict[str, list[str]]:
    """What is wrong with a page that stays open, by scheme and width."""
    found: dict[str, list[str]] = {}
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong = violations(page) + (["wider than the window"] if overflow(page) > 0 else [])
        if wrong:
            found[f"{scheme} {width}"] = wrong
    return found


@pytest.mark.parametrize("name", ["message", "mapping", "flow", "measure"])
def test_no_table_is_wider_than_its_card_on_a_phone(console: Console, open_page: OpenPage, name: str) -> None:
    """With everything open that can be folded."""
    paths = all_pages(console) | {"message": console.message("acknowledged")}
    page = open_page(paths[name], width=WIDTHS["phone"])
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    boxes = page.locator(".sideways, .matrix-scroll, .scroll")
    assert boxes.count() > 0
    assert (
        boxes.evaluate_all("all => all.map(each => each.scrollWidth - each.clientWidth)")
        == [0] * boxes.count()
    )


def test_every_time_is_local_and_names_its_zone(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console")
    wrong: dict[str, list[str]] = {}
    seen = 0
    for name, path in all_pages(console).items():
        page.goto(path)
        times = page.locator("time").evaluate_all(
            "all => all.map(each => [each.dateTime, each.title, each.innerText])"
        )
        bare = [text for text in page.evaluate(_TEXTS_OUTSIDE_TIMES) if _CLOCK.search(text)]
        strange = [str(each) for each in times if not _names_its_zone(*each)]
        seen += len(times)
        if bare or strange:
            wrong[name] = bare + strange
    assert wrong == {}
    page.goto("/console/flow")
    for axis in (".chart-axis", ".chart-figures thead th >> nth=0"):
        assert "Europe/Oslo" in str(page.locator(axis).get_attribute("title")), (
            "hours of a chart are no moments"
        )
    assert seen > len(all_pages(console))


_CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b")
_TEXTS_OUTSIDE_TIMES = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const apart = "time, .chart, .document, .letter, .element-value, .mono, script, style";
    if (!walker.currentNode.parentElement.closest(apart)) found.push(walker.currentNode.data);
  }
  return found;
}"""


def _names_its_zone(machine: str, title: str, said: str) -> bool:
    """Whether a moment (UTC for machines) is said in Norwegian time, with the zone on hover."""
    moment = datetime.fromisoformat(machine).astimezone(ZoneInfo("Europe/Oslo"))
    return (
        f"Europe/Oslo, {moment:%Z}" in title and f"{moment:%H:%M:%S}" in title and f"{moment:%H:%M}" in said
    )


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
