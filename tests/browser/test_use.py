"""Can a person use the console: by keyboard alone, without JavaScript, and while messages arrive?"""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import WIDTHS, Console, OpenPage
from tests.browser.keyboard import MOST_TABS, arrive, focused, tab_to


def test_by_keyboard_from_the_flow_into_a_document(open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    page.keyboard.press("Tab")
    assert focused(page) == "Hopp til hovedinnhold"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "l-")
    name = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/messages/*")
    assert page.locator("h1").inner_text() == name
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.document')"):
            break
    before = page.evaluate("document.activeElement.scrollTop")
    page.keyboard.press("PageDown")
    page.wait_for_function("before => document.activeElement.scrollTop > before", arg=before)


def test_by_keyboard_the_filter(open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    tab_to(page, "filter-state")
    page.keyboard.type("Avvist")
    tab_to(page, "Vis")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/flow?*state=rejected*")
    states = set(page.locator("td[data-cell=state]").all_inner_texts())
    assert states == {"Avvist"}


def test_a_message_appears_without_reload(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("[data-live-word]")).to_have_text("Oppdateres direkte")
    row = page.locator(f"#m-{arrive(console)}")
    expect(row).to_be_visible()
    expect(page.locator("#messages tbody tr").first).to_have_id(str(row.get_attribute("id")))
    assert page.evaluate("window.sameDocument") is True


def test_the_figures_follow_without_another_change(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    number = page.locator(".figure-number").first
    before = int(number.inner_text())
    for _ in range(3):
        expect(page.locator(f"#m-{arrive(console)}")).to_be_visible()
    expect(number).to_have_text(str(before + 3))


def test_the_focus_stays_while_messages_arrive(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    tab_to(page, "l-")
    page.keyboard.press("Tab")
    held = focused(page)
    expect(page.locator(f"#m-{arrive(console)}")).to_be_visible()
    assert focused(page) == held


def test_paused_nothing_moves(console: Console, open_page: OpenPage) -> None:
    paused, running = open_page("/console/flow"), open_page("/console/flow")
    paused.get_by_role("button", name="Sett på pause").click()
    expect(paused.locator("[data-live-word]")).to_have_text("Satt på pause")
    id = arrive(console)
    expect(running.locator(f"#m-{id}")).to_be_visible()
    assert paused.locator(f"#m-{id}").count() == 0
    paused.get_by_role("button", name="Fortsett").click()
    expect(paused.locator(f"#m-{id}")).to_be_visible()


def test_the_filter_holds_while_messages_arrive(console: Console, open_page: OpenPage) -> None:
    filtered, all_of_them = open_page("/console/flow?state=rejected"), open_page("/console/flow")
    id = arrive(console, "sent")
    wanted = arrive(console, "rejected")
    expect(all_of_them.locator(f"#m-{id}")).to_be_visible()
    expect(filtered.locator(f"#m-{wanted}")).to_be_visible()
    assert filtered.locator(f"#m-{id}").count() == 0


def test_the_trail_grows_without_reload(console: Console, open_page: OpenPage) -> None:
    from gateway.ledger import messages, times

    id = arrive(console, "sent")
    page = open_page(f"/console/messages/{id}")
    lines = page.locator("#trail li").count()
    sequence = (
        console.ledger.reading().execute("SELECT sequence FROM messages WHERE id = ?", (id,)).fetchone()[0]
    )
    console.ledger.write_now(
        lambda session: messages.note(session, sequence, "receipt.overdue", times.now(), delivery_id=None)
    )
    expect(page.locator("#trail li")).to_have_count(lines + 1)
    assert page.locator("#content").count() == 1, "the documents stay where they are"


def test_without_javascript(console: Console, open_page: OpenPage) -> None:
    page = open_page("/console/flow", javascript=False)
    assert page.locator("#messages tbody tr").count() == 50
    expect(page.locator("[data-live]")).to_be_hidden()
    page.locator("#filter-state").select_option(label="Avvist")
    page.get_by_role("button", name="Vis").click()
    assert set(page.locator("td[data-cell=state]").all_inner_texts()) == {"Avvist"}
    page.locator(".list-link").first.click()
    assert page.locator("#trail li").count() > 3
    assert page.locator("#xml .document li").count() > 20
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"


def test_older_messages_page_by_page(open_page: OpenPage) -> None:
    page = open_page("/console/flow")
    first = page.locator("#messages tbody tr").first.get_attribute("id")
    page.get_by_role("link", name="Eldre meldinger").click()
    page.wait_for_url("**before=*")
    assert page.locator(f"#{first}").count() == 0
    expect(page.locator("[data-live]")).to_have_count(0)
    page.get_by_role("link", name="Til de nyeste").click()
    expect(page.locator(f"#{first}")).to_be_visible()


def test_on_a_phone_the_filter_is_folded_until_used(open_page: OpenPage) -> None:
    page = open_page("/console/flow", width=WIDTHS["phone"])
    expect(page.locator("#filter-state")).to_be_hidden()
    page.get_by_text("Avgrens listen").click()
    expect(page.locator("#filter-state")).to_be_visible()
