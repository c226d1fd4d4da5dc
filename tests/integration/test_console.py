"""Does the console answer over real HTTP as it should: safe headers, closed doors, right answers, nobody's name?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import translate
from gateway.errors import CATALOGUE
from gateway.ledger.store import Ledger
from gateway.services import GatewayServices
from gateway.simulator.cast import PATIENTS
from gateway.simulator.compose import new_ids
from gateway.simulator.steps import story
from gateway.simulator.template import Clock
from tests.browser import seed
from tests.browser.seed import Seed
from tests.support.live_server import live_server

PATIENT = [
    secret for each in PATIENTS.values() for secret in (each.number, each.family_name, each.given_name)
]


@contextmanager
def served(services: GatewayServices) -> Iterator[httpx.Client]:
    """A console over HTTP, and somebody who asks."""
    with (
        live_server(seed.application(services)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger with the story told once, an hour ago."""
    ledger = seed.ledger_at(tmp_path_factory.mktemp("ledger"))
    Seed(ledger).tell(ending_at=datetime.now(UTC) - timedelta(hours=1), spread=timedelta(hours=1))
    Seed(ledger).refuse("routing.unknown-receiver", datetime.now(UTC))
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def console(ledger: Ledger) -> Iterator[httpx.Client]:
    """The console of a demo."""
    with served(seed.services(ledger, seed.settings())) as client:
        yield client


@pytest.fixture(scope="module")
def closed_console(ledger: Ledger) -> Iterator[httpx.Client]:
    """The console of an installation with real patients."""
    with served(seed.services(ledger, seed.settings(demo=False))) as client:
        yield client


def messages(client: httpx.Client, query: str = "") -> list[str]:
    """The ids of the messages a flow page lists."""
    return re.findall(r'id="m-([0-9a-f-]{36})"', client.get(f"/console/flow{query}").text)


def test_every_answer_carries_the_headers(console: httpx.Client) -> None:
    id = messages(console)[0]
    for path, status in {
        "/console": 200,
        f"/console/messages/{id}": 200,
        "/console/messages/nobody": 404,
        "/console/errors/no.such": 404,
        "/console/refused": 200,
        "/console/static/console.css": 200,
        "/console/static/../web.py": 404,
        "/console/static/web.py": 404,
        "/console/somewhere/else": 404,
    }.items():
        answer = console.get(path)
        assert answer.status_code == status, path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
        )
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"]


def test_no_page_needs_inline_style_or_script(console: httpx.Client) -> None:
    for path in (
        "/console",
        "/console/flow",
        "/console/find",
        "/console/partners",
        "/console/alarms",
        f"/console/messages/{messages(console)[0]}",
        "/console/errors",
        "/console/refused",
    ):
        page = console.get(path).text
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page)
        assert set(re.findall(r'(?:src|href)="(https?:)?//', page)) == set()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_change_nothing(console: httpx.Client, method: str) -> None:
    assert console.request(method, "/console").status_code == 405


def test_a_foreign_name_for_this_machine_is_turned_away(console: httpx.Client) -> None:
    answer = console.get("/console", headers={"host": "console.evil.example"})
    assert answer.status_code == 403
    assert "Havnsund" not in answer.text


def test_content_is_shown_in_a_demo_only(console: httpx.Client, closed_console: httpx.Client) -> None:
    id = messages(console, "?type=LOG_INNLAGT")[0]
    shown, hidden = (client.get(f"/console/messages/{id}").text for client in (console, closed_console))
    assert "Fjelltun" in shown or "Arvid" in shown
    for part in ("xml", "elements"):
        assert f'id="{part}"' in shown
        assert f'id="{part}"' not in hidden
    assert not [secret for secret in PATIENT if secret in hidden]
    assert "Demo: bare syntetiske pasienter" in shown
    assert "Demo: bare syntetiske pasienter" not in hidden
    assert "Innholdet vises ikke her" in hidden


def test_no_list_shows_a_patient(console: httpx.Client) -> None:
    for path in (
        "/console",
        "/console/flow?receipts=1",
        "/console/refused",
        "/console/alarms",
        "/console/find?type=LOG_INNLAGT",
    ):
        page = console.get(path).text
        assert not [secret for secret in PATIENT if secret in page]


def test_the_filter(console: httpx.Client) -> None:
    everything = messages(console)
    rejected = messages(console, "?state=rejected")
    admissions = messages(console, "?type=LOG_INNLAGT")
    partner = messages(console, "?partner=88830001")
    assert len(everything) == len(story())
    assert len(rejected) == sum(step.ends == "rejected" for step in story())
    assert set(rejected) < set(admissions) < set(everything)
    assert len(partner) == sum("bjorkelia" in (step.sender, step.receiver) for step in story())
    assert messages(console, "?state=rejected&type=EPIKRISE") == []
    assert len(messages(console, "?receipts=1")) > len(everything)


@pytest.mark.parametrize(
    "query", ["?state=nonsense", "?before=x", "?before=99999999999999999999999", "?lang=xx", "?before=²"]
)
def test_nonsense_in_the_address_counts_as_not_said(console: httpx.Client, query: str) -> None:
    answer = console.get(f"/console/flow{query}")
    assert answer.status_code == 200
    assert 'lang="nb"' in answer.text


def test_an_address_cannot_write_into_the_page(console: httpx.Client) -> None:
    page = console.get('/console/flow?partner="><script>alert(1)</script>&type=<b>').text
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_the_language_is_remembered(ledger: Ledger) -> None:
    with served(seed.services(ledger, seed.settings())) as client:
        assert 'lang="nb"' in client.get("/console/flow").text
        answer = client.get("/console/flow?lang=en")
        assert 'lang="en"' in answer.text
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "Message flow" in client.get("/console/flow").text
        assert 'href="?state=sent&amp;lang=no"' in client.get("/console/flow?state=sent").text


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_error_has_its_page_in_both_languages(console: httpx.Client, code: str) -> None:
    entry = CATALOGUE[code]
    for language, sentence, step in (
        ("no", entry.no, entry.next_step_no),
        ("en", entry.en, entry.next_step_en),
    ):
        page = console.get(f"/console/errors/{code}", headers={"cookie": f"somlos_language={language}"})
        assert page.status_code == 200
        text = re.sub(r"&#?\w+;", "'", page.text)
        assert re.sub(r"[\"'&<>]", "'", sentence) in text
        assert re.sub(r"[\"'&<>]", "'", step) in text


def test_a_failure_is_a_page_of_ours_and_says_nothing(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("Fjelltun 14834120012")

    services = seed.services(ledger, seed.settings())
    broken: Any = Broken()
    with served(replace(services, reader=broken)) as client:
        answer = client.get("/console/flow")
    assert answer.status_code == 500
    assert "Noe gikk galt hos oss" in answer.text
    said = answer.text + "".join(capsys.readouterr())
    assert not [secret for secret in PATIENT if secret in said]


def test_a_fault_of_the_translation_does_not_hide_the_message(
    console: httpx.Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> object:
        raise LookupError("Fjelltun 14834120012")

    id = messages(console, "?type=EPIKRISE")[0]
    monkeypatch.setattr(translate, "convert", fails)
    answer = console.get(f"/console/messages/{id}")
    assert answer.status_code == 200
    assert CATALOGUE["us.internal"].no in answer.text
    assert 'id="trail"' in answer.text
    assert not [secret for secret in PATIENT if secret in "".join(capsys.readouterr())]


def test_the_stream_tells_of_a_change(tmp_path: Path) -> None:
    ledger = seed.ledger_at(tmp_path)
    try:
        with served(seed.services(ledger, seed.settings())) as client:
            version = ledger.version
            with client.stream("GET", f"/console/live?since={version}", timeout=60) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert stream.headers["cache-control"] in ("no-cache", "no-store")
                Seed(ledger).write(
                    story()[0], new_ids(), Clock(date(2026, 11, 18)), datetime.now(UTC), "queued"
                )
                lines = stream.iter_lines()
                event = [
                    next(line for line in lines if line.startswith(name)) for name in ("event:", "data:")
                ]
            assert event == ["event: change", f"data: {version + 1}"]
    finally:
        ledger.close()


@pytest.mark.parametrize("since", ["tekst", "-1", "9" * 5000, "", "1.5"])
def test_a_page_that_remembers_no_version_is_told_the_present_one(console: httpx.Client, since: str) -> None:
    with console.stream("GET", "/console/live", params={"since": since}, timeout=60) as stream:
        assert stream.status_code == 200
        assert any(line.startswith("id:") for line in stream.iter_lines())


def test_a_page_from_before_a_restart_is_told_at_once(console: httpx.Client) -> None:
    with console.stream("GET", "/console/live?since=999999", timeout=60) as stream:
        assert next(line for line in stream.iter_lines() if line.startswith("event:")) == "event: change"


def test_our_own_files_may_be_kept_while_they_are_the_same(console: httpx.Client) -> None:
    address = re.findall(r'href="(/console/static/console.css\?v=\w+)"', console.get("/console").text)[0]
    assert "immutable" in console.get(address).headers["cache-control"]
    assert console.get("/console/static/console.css?v=old").headers["cache-control"] == "no-cache"


def test_a_receipt_leads_to_what_it_is_about(console: httpx.Client) -> None:
    all_of_them, without = messages(console, "?receipts=1"), set(messages(console))
    receipt = next(id for id in all_of_them if id not in without)
    page = console.get(f"/console/messages/{receipt}").text
    original = re.findall(r'Kvitterer for</dt><dd><a href="/console/messages/([0-9a-f-]+)"', page)
    assert original
    assert receipt in console.get(f"/console/messages/{original[0]}").text


def test_the_mapping_is_shown_by_message_type(console: httpx.Client) -> None:
    listed = console.get("/console/mappings")
    assert listed.status_code == 200
    assert "/console/mappings/INNLEGGELSESRAPPORT" in listed.text
    page = console.get("/console/mappings/INNLEGGELSESRAPPORT", params={"lang": "en"})
    text = re.sub(r"<wbr>", "", page.text)
    for wanted in ("EpisodeOfCare.type[0].coding[0]", "9151 Kommunal tjenestetype", "components.map:"):
        assert wanted in text
    assert console.get("/console/mappings/NOBODY").status_code == 404
