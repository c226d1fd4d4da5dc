"""What does every page look like? `python -m tests.browser.screenshots [FOLDER]` takes pictures (to var/screenshots).

Every kind of page at phone, tablet and desktop width, light and dark, with a working day in the ledger.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import seed
from tests.browser.conftest import FLAGS, HEIGHT, WIDTHS, Console
from tests.browser.pages import kinds_of_pages
from tests.support.live_server import live_server

LONGEST = 3000
"""Pixels of a page that are shown."""


def take(browser: Browser, console: Console, folder: Path) -> int:
    """Write the pictures; returns how many."""
    taken = 0
    pages = kinds_of_pages(console) | {
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
                )
                page = context.new_page()
                page.goto(path)
                height = min(LONGEST, int(page.evaluate("document.documentElement.scrollHeight")))
                clip = {"x": 0, "y": 0, "width": width, "height": height}
                page.screenshot(path=folder / f"{name}-{screen}-{scheme}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
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
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        with live_server(seed.application(seed.services(ledger, seed.settings()))) as address:
            taken = take(browser, Console(address, ledger, messages), folder)
        browser.close()
        ledger.close()
    print(f"{taken} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
