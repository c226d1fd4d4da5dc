"""What becomes of a button that is pressed twice, and of two persons who decide the same thing at once?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import seed
from tests.browser.conftest import Console, OpenPage
from tests.browser.keyboard import arrive
from tests.support.accounts import PASSWORD, cheap_passwords, make

WHY = "Avtalt med mottakeren"
OTHER = "en helt annen setning"


def press_twice(page: Page) -> None:
    """Both presses before the page can change."""
    page.evaluate(
        "() => { const button = document.querySelector('main form button[type=submit]:not([hidden])');"
        " button.click(); button.click(); }"
    )


def missed_clock(console: Console, open_page: OpenPage) -> str:
    """The page on which a missed deadline is settled."""
    stay = console.stay.rpartition("/")[2]

    def miss(session: object) -> None:
        session._connection.execute(  # type: ignore[attr-defined]
            "UPDATE clocks SET state = 'missed', settled_at = NULL WHERE stay_id = ?", (stay,)
        )

    console.ledger.write_now(miss)
    page = open_page(console.stay)
    return str(page.locator("[id^=settle-]").first.get_attribute("href"))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_note_in_a_chart_stands_there_once(console: Console, open_page: OpenPage, javascript: bool) -> None:
    words = f"Ny rutine {javascript}"
    page = open_page("/console/measures/notice-within-24-hours", javascript=javascript)
    page.locator("#text").fill(words)
    button = page.locator("#note button[type=submit]")
    if javascript:
        button.evaluate("button => { button.click(); button.click(); }")
    else:
        button.dblclick(no_wait_after=True)
    expect(page.locator(".run-charts")).to_contain_text(words)
    rows = console.ledger.reading().execute(
        "SELECT 1 FROM measure_annotations WHERE text = :text", {"text": words}
    )
    assert len(rows.fetchall()) == 1


def test_a_password_is_changed_once_and_one_is_in(house: Console, open_house: OpenPage) -> None:
    page = signed_in(house, open_house, "twice")
    page.goto("/console/account")
    for field, value in (("old", PASSWORD), ("new", OTHER), ("repeated", OTHER)):
        page.locator(f"[name={field}]").fill(value)
    page.evaluate(
        "() => { const button = document.querySelector('form[action$=password] button');"
        " button.click(); button.click(); }"
    )
    page.wait_for_url("**/console")
    assert page.locator("[name=password]").count() == 0, "nobody is asked to sign in again"


def signed_in(house: Console, open_house: OpenPage, name: str) -> Page:
    from gateway.accounts.service import Accounts
    from gateway.routing.partners import Partners

    configured = seed.settings(demo=False, sign_in=True)
    with cheap_passwords():
        make(Accounts(configured.console, house.ledger, Partners(configured)), name, "operator")
    page = open_house("/console/sign-in")
    page.locator("[name=name]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/console")
    return page


def test_a_deadline_that_somebody_has_settled_leads_to_its_stay(
    console: Console, open_page: OpenPage
) -> None:
    address = missed_clock(console, open_page)
    pages = [open_page(address), open_page(address)]
    for page in pages:
        page.locator("#why").fill(WHY)
        press_twice(page)
        page.wait_for_url(f"**{console.stay}#clocks")
        expect(page.locator("#clocks + ul")).to_contain_text("Avklart av en person")


def test_who_decides_by_an_old_page_does_not_undo_what_another_did(
    console: Console, open_page: OpenPage
) -> None:
    address = f"/console/partners/{console.endpoint}"
    kari, ola = open_page(f"{address}/pause"), open_page(f"{address}/drain", refused=True)
    kari.locator("#why").fill("Bytter tjener")
    press_twice(kari)
    kari.wait_for_url("**/console/partners#*")
    ola.locator("#why").fill(WHY)
    press_twice(ola)
    expect(ola.locator("[role=alert]")).to_contain_text("endret etter at du hentet siden")
    expect(ola.locator(".note")).to_contain_text("Bytter tjener")
    ola.goto("/console/partners")
    expect(ola.locator(f"#e-{console.endpoint} > .delivery-head .tag")).to_contain_text("Satt på pause")
    page = open_page(f"{address}/resume")
    page.locator("#why").fill(WHY)
    press_twice(page)
    page.wait_for_url("**/console/partners#*")


def test_a_delivery_that_another_dealt_with_is_left_as_it_is(console: Console, open_page: OpenPage) -> None:
    message = arrive(console, "handed")
    address = f"/console/deliveries/{console.delivery(message)}"
    kari, ola = open_page(f"{address}/resend"), open_page(f"{address}/cancel", refused=True)
    kari.locator("#why").fill(WHY)
    press_twice(kari)
    kari.wait_for_url(f"**/messages/{message}?done=resend*")
    ola.locator("#why").fill(WHY)
    press_twice(ola)
    expect(ola.locator("[role=alert]").first).to_contain_text("endret etter at du hentet siden")
    row = console.ledger.reading().execute(
        "SELECT state FROM deliveries WHERE delivery_id = :id", {"id": console.delivery(message)}
    )
    assert row.fetchone()["state"] == "queued"
