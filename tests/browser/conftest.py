"""What do the tests of the console in a real browser share?

One chromium for the run, one console with a working day in its ledger, and pages that report what the browser objects
to. Nothing leaves this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gateway.accounts.roles import BOUND, ROLES
from gateway.ledger.store import Ledger
from gateway.simulator.cast import HOSPITAL, LYNGVIK, SERVICES
from tests.browser import seed
from tests.browser.seed import Seed, Written
from tests.support.accounts import PASSWORD, cheap_passwords, make
from tests.support.live_server import live_server

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=nb-NO",
)
WIDTHS = {"phone": 390, "tablet": 820, "desktop": 1440}
HEIGHT = 900


@dataclass(frozen=True)
class Console:
    """A console that answers over HTTP, and the ledger behind it."""

    address: str
    ledger: Ledger
    messages: dict[str, Written]
    """A message in each state, by the name of the state."""

    def message(self, state: str) -> str:
        """The address of a message in this state."""
        return f"/console/messages/{self.messages[state].id}"

    def action(self, state: str, action: str) -> str:
        """The address of an action on the delivery of a message in this state."""
        return f"/console/deliveries/{self.delivery(self.messages[state].id)}/{action}"

    def delivery(self, message: str) -> int:
        """The number of the newest delivery of a message."""
        query = (
            "SELECT d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message WHERE m.id = :id "
            "ORDER BY d.delivery_id DESC"
        )
        return int(self.ledger.reading().execute(query, {"id": message}).fetchone()[0])

    @property
    def stay(self) -> str:
        """The address of a stay."""
        row = (
            self.ledger.reading()
            .execute("SELECT stay_id FROM stays ORDER BY began_at LIMIT 1", {})
            .fetchone()
        )
        return f"/console/pathways/{row[0]}"

    @property
    def endpoint(self) -> str:
        """The HER-id of an endpoint."""
        return next(service.her_id for service in SERVICES.values() if service.organisation == LYNGVIK)

    def seed(self) -> Seed:
        """Writes more messages."""
        return Seed(self.ledger)


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A running console with a working day behind it."""
    ledger = seed.ledger_at(tmp_path_factory.mktemp("console"))
    messages = seed.working_day(ledger, pathways=True)
    try:
        with live_server(seed.application(seed.services(ledger, seed.settings()))) as address:
            yield Console(address, ledger, messages)
    finally:
        ledger.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console with sign-in and the same working day, with an account for each role."""
    with signed_console(tmp_path_factory.mktemp("house")) as console:
        yield console


@contextmanager
def signed_console(folder: Path) -> Iterator[Console]:
    """A console with sign-in, an account for each role (its name is the role), and real patients for all it knows."""
    folder.mkdir(exist_ok=True)
    ledger = seed.ledger_at(folder)
    messages = seed.working_day(ledger, pathways=True)
    services = seed.services(ledger, seed.settings(demo=False, sign_in=True))
    with cheap_passwords():
        for role in ROLES:
            make(services.accounts, role, role, HOSPITAL.name if role in BOUND else None)
        try:
            with live_server(seed.application(services)) as address:
                yield Console(address, ledger, messages)
        finally:
            ledger.close()


def sign_in(page: Page, role: str) -> None:
    """Sign in with the account of a role, by keyboard."""
    page.goto("/console/sign-in")
    page.locator("#name").focus()
    page.keyboard.type(role)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The real browser. For one module only: Playwright keeps an event loop running in this thread, and a test of
    another module that is given to the same worker may need one of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, console: Console) -> Iterator[OpenPage]:
    """Opens an address of the console; whatever the browser objects to fails the test."""
    with opener(browser, console) as open_page:
        yield open_page


@pytest.fixture
def open_house(browser: Browser, house: Console) -> Iterator[OpenPage]:
    """Opens an address of the console with sign-in."""
    with opener(browser, house) as open_page:
        yield open_page


@contextmanager
def opener(browser: Browser, console: Console) -> Iterator[OpenPage]:
    """Opens pages, each in a browser of its own; nothing may stand in the browser's log at the end."""
    complaints: list[str] = []
    contexts = []

    def open_page(
        path: str,
        *,
        width: int = WIDTHS["desktop"],
        scheme: Any = "light",
        javascript: bool = True,
        refused: bool = False,
    ) -> Page:
        """`refused`: what is sent from it will not be taken, of which the browser's log tells."""
        context = browser.new_context(
            base_url=console.address,
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            java_script_enabled=javascript,
            locale="nb-NO",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        if not refused:
            page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("request", lambda request: _same_host(request.url, console.address, complaints))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _same_host(url: str, address: str, complaints: list[str]) -> None:
    if not url.startswith((address, "data:")):
        complaints.append(f"asked another host: {url}")
