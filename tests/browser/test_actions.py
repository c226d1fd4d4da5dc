"""Can each action be done by keyboard alone, from the page that offers it to the page that says that it was done?"""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from gateway.simulator.cast import HOSPITAL, SERVICES
from tests.browser import seed
from tests.browser.conftest import Console, OpenPage
from tests.browser.keyboard import arrive, focused, tab_to
from tests.browser.pages import OWN_WORDS
from tests.browser.test_pages import violations

WHY = "Avtalt med mottakeren"


def submit(page: Page) -> None:
    """On to the button of the form, and press it."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('form button[type=submit]')"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"no button after {focused(page)}")


@pytest.mark.parametrize(
    ("state", "action", "after"),
    [
        ("rejected", "resend", "queued"),
        ("handed", "resend", "queued"),
        ("handed", "redirect", "queued"),
        ("queued", "cancel", "cancelled"),
        ("sent", "hand-over", "handed"),
        ("held", "release", "queued"),
        ("held", "forward", "queued"),
        ("held", "refuse", "handed"),
    ],
)
def test_an_action_on_a_delivery(
    console: Console, open_page: OpenPage, state: str, action: str, after: str
) -> None:
    message = arrive(console, state)
    page = open_page(f"/console/messages/{message}")
    tab_to(page, f"act-{action}-")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deliveries/*/{action}")
    assert violations(page) == []
    if action == "redirect":
        tab_to(page, "to")
        page.keyboard.type(HOSPITAL.name)
    if action == "forward":
        tab_to(page, "note")
        page.keyboard.type("Poststedet manglet.")
    tab_to(page, "why")
    page.keyboard.type(WHY)
    submit(page)
    page.wait_for_url(f"**/messages/{message}?done={action}*")
    expect(page.locator("[role=status].alert")).to_be_visible()
    expect(page.locator("#trail")).to_contain_text(WHY)
    row = console.ledger.reading().execute(
        "SELECT state FROM deliveries WHERE delivery_id = ?", (console.delivery(message),)
    )
    assert row.fetchone()["state"] == after


def test_without_a_reason_that_can_be_kept_nothing_happens(console: Console, open_page: OpenPage) -> None:
    number = console.delivery(arrive(console, "sent"))
    page = open_page(f"/console/deliveries/{number}/hand-over")
    tab_to(page, "why")
    page.keyboard.type("Ab")
    submit(page)
    assert page.evaluate("document.getElementById('why').validity.tooShort")
    assert page.evaluate("document.activeElement.id") == "why", "the browser leads back to what is missing"


def test_an_endpoint_is_paused_drained_and_taken_into_use_again(
    console: Console, open_page: OpenPage
) -> None:
    her_id = next(service.her_id for service in SERVICES.values() if service.organisation == HOSPITAL)
    page = open_page("/console/partners")
    for change, state in (
        ("pause", "Satt på pause"),
        ("resume", "I drift"),
        ("drain", "Tøm"),
        ("resume", "I drift"),
    ):
        tab_to(page, f"{change}-{her_id}", most=150)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/partners/{her_id}/{change}")
        assert violations(page) == []
        tab_to(page, "why")
        page.keyboard.type(WHY)
        submit(page)
        page.wait_for_url("**/console/partners*")
        expect(page.locator(f"#e-{her_id} > .delivery-head .tag")).to_contain_text(state)


def test_an_endpoint_is_tried_out(open_page: OpenPage) -> None:
    her_id = seed.endpoint_of(HOSPITAL)
    page = open_page("/console/partners")
    expect(page.locator(f"#c-{her_id}-server .tag")).to_contain_text("Gyldig, 300 dager igjen")
    tab_to(page, f"test-{her_id}", most=150)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/partners/{her_id}/test")
    assert violations(page) == []
    expect(page.locator("input[value=message]")).to_be_disabled()
    tab_to(page, "why")
    page.keyboard.type(WHY)
    submit(page)
    expect(page.locator("#outcome")).to_contain_text("Svarer")
    assert violations(page) == []


def test_a_missed_deadline_is_settled(console: Console, open_page: OpenPage) -> None:
    stay = console.stay.rpartition("/")[2]
    console.ledger.write_now(
        lambda session: session._connection.execute(
            "UPDATE clocks SET state = 'missed', settled_at = NULL WHERE clock_id = "
            "(SELECT clock_id FROM clocks WHERE stay_id = ? AND state = 'running' LIMIT 1)",
            (stay,),
        )
    )
    page = open_page(console.stay)
    tab_to(page, "settle-")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clocks/*")
    assert violations(page) == []
    tab_to(page, "why")
    page.keyboard.type("Ringte kommunen")
    submit(page)
    page.wait_for_url(f"**/pathways/{stay}*")
    expect(page.locator("#clocks + ul")).to_contain_text("Avklart av en person")


def test_a_change_is_noted_in_a_chart(open_page: OpenPage) -> None:
    page = open_page("/console/measures/notice-within-24-hours")
    tab_to(page, "stage")
    page.keyboard.type("utføre")
    tab_to(page, "text")
    page.keyboard.type(OWN_WORDS)
    submit(page)
    expect(page.locator(".run-charts")).to_contain_text(OWN_WORDS)


def test_a_play_is_run_against_an_endpoint_that_is_not_there(open_page: OpenPage) -> None:
    page = open_page("/console/workbench/plays")
    tab_to(page, "target")
    submit_from(page)
    page.wait_for_url("**/workbench/plays/*")
    assert page.locator("h1").count() == 1
    assert violations(page) == []


def submit_from(page: Page) -> None:
    """Past every choice to the button of the form."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('form button[type=submit]')"):
            page.keyboard.press("Enter")
            return
    pytest.fail("no button")


def test_partners_are_compared_with_the_address_register(open_page: OpenPage) -> None:
    page = open_page("/console/partners/register")
    her_id = HOSPITAL.her_id
    export = [
        {"herId": int(her_id), "name": "Nytt navn HF"},
        {"herId": 88819999, "name": "Ny post", "parentHerId": int(her_id)},
    ]
    page.locator("#file").set_input_files(
        {"name": "parter.json", "mimeType": "application/json", "buffer": json.dumps(export).encode()}
    )
    page.locator("#file").focus()
    submit(page)
    expect(page.locator("#differences")).to_contain_text("Nytt navn HF")
    expect(page.locator(".snippet")).to_contain_text("88819999")
    assert violations(page) == []
