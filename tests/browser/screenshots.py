"""What does every page look like? `python -m tests.browser.screenshots [FOLDER]` takes pictures (to var/screenshots).

Every kind of page at phone, tablet and desktop width, light and dark, with a working day in the ledger; what stands
behind the sign-in; what comes out of a printer. Fields of dates look Norwegian where the browser has that language
(Debian: chromium-l10n).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import seed
from tests.browser.conftest import FLAGS, HEIGHT, WIDTHS, Console, sign_in, signed_console
from tests.browser.pages import kinds_of_pages
from tests.support.live_server import live_server

LONGEST = 3000
"""Pixels of a page that are shown."""


NORWEGIAN = {"LANGUAGE": "nb_NO", "LANG": "nb_NO.UTF-8"}
"""What the browser's own fields (dates, files) go by."""


def picture(page: Page, folder: Path, name: str, width: int) -> None:
    """A picture of a page, from its top; every table of elements is open."""
    page.evaluate("document.querySelectorAll('#elements details').forEach((each) => { each.open = true; })")
    height = min(LONGEST, int(page.evaluate("document.documentElement.scrollHeight")))
    if page.url.endswith("#elements"):
        page.screenshot(path=folder / f"{name}.png")
        return
    page.screenshot(
        path=folder / f"{name}.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": width, "height": height},
    )


def take_signed(browser: Browser, house: Console, folder: Path) -> int:
    """What is shown only where people sign in: each with the role that sees it."""
    stay, taken = house.stay, 0
    shown = {
        "sign-in": ("", "/console/sign-in"),
        "account": ("operator", "/console/account"),
        "audit": ("auditor", "/console/audit"),
        "find-patient": ("clinician", "/console/find"),
        "stay-operator": ("operator", stay),
        "stay-clinician": ("clinician", stay),
        "message-closed": ("operator", house.message("acknowledged")),
    }
    for screen, width in WIDTHS.items():
        for name, (role, path) in shown.items():
            context = browser.new_context(
                base_url=house.address, viewport={"width": width, "height": HEIGHT}, locale="nb-NO"
            )
            page = context.new_page()
            if role:
                sign_in(page, role)
            page.goto(path)
            picture(page, folder, f"{name}-{screen}-light", width)
            context.close()
            taken += 1
    return taken


def take_printed(browser: Browser, console: Console, folder: Path) -> int:
    """What comes out of a printer, at the width of A4."""
    shown = {"home": "/console", "message": console.message("rejected"), "stay": console.stay}
    for name, path in shown.items():
        context = browser.new_context(base_url=console.address, viewport={"width": 794, "height": 1123})
        page = context.new_page()
        page.goto(path)
        page.emulate_media(media="print")
        picture(page, folder, f"{name}-print", 794)
        context.close()
    return len(shown)


def take(browser: Browser, console: Console, folder: Path) -> int:
    """Write the pictures; returns how many."""
    taken = 0
    pages = kinds_of_pages(console) | {
        "message-elements": console.message("acknowledged") + "#elements",
        "flow-english": "/console/flow?lang=en",
        "not-found": "/console/nowhere",
    }
    for scheme in ("light", "dark"):
        for screen, width in WIDTHS.items():
            for name, path in pages.items():
                context = browser.new_context(
                    base_url=console.address,
                    viewport={"width": width, "height": HEIGHT},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale="nb-NO",
                )
                page = context.new_page()
                page.goto(path)
                picture(page, folder, f"{name}-{screen}-{scheme}", width)
                context.close()
                taken += 1
    return taken


def main(arguments: list[str]) -> int:
    """Take all pictures; 2 when there is no browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no chromium on this machine: apt-get install chromium", file=sys.stderr)
        return 2
    folder = Path(arguments[0] if arguments else "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        ledger = seed.ledger_at(Path(place))
        messages = seed.working_day(ledger, pathways=True)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=list(FLAGS), env=dict(os.environ) | NORWEGIAN
        )
        with live_server(seed.application(seed.services(ledger, seed.settings()))) as address:
            console = Console(address, ledger, messages)
            taken = take(browser, console, folder) + take_printed(browser, console, folder)
        with signed_console(Path(place) / "house") as house:
            taken += take_signed(browser, house, folder)
        browser.close()
        ledger.close()
    print(f"{taken} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
