"""Does the workbench tell a vendor what the gateway makes of a message, and keep nothing of it?"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import CATALOGUE
from gateway.ledger.store import Ledger
from tests.browser import seed
from tests.support.live_server import live_server
from tests.support.story import told

TOLD = told()
XML, BUNDLE = TOLD["utskrivningsrapport"].body, TOLD["innleggelsesrapport"].body


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = seed.ledger_at(tmp_path_factory.mktemp("ledger"))
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def console(ledger: Ledger) -> Iterator[httpx.Client]:
    settings = seed.settings()
    named = settings.gateway.model_copy(update={"her_id": "88800001", "name": "Sømløs"})
    application = seed.application(seed.services(ledger, settings.model_copy(update={"gateway": named})))
    with (
        live_server(application) as address,
        httpx.Client(base_url=address, trust_env=False, headers={"origin": address}, timeout=60) as client,
    ):
        yield client


def token(console: httpx.Client) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', console.get("/console/workbench").text)
    assert found
    return found[1]


def tried(
    console: httpx.Client, data: bytes, *, as_file: bool = False, status: int = 200, **query: Any
) -> str:
    form = {"form_token": token(console)}
    if as_file:
        files = {"file": ("a.xml", data, "application/xml")}
        answer = console.post("/console/workbench", data=form, files=files, params=query)
    else:
        answer = console.post("/console/workbench", data=form | {"text": data.decode()}, params=query)
    assert answer.status_code == status
    return answer.text


def words(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page)))


@pytest.mark.parametrize(
    ("data", "type_name"), [(XML, "Utskrivningsrapport"), (BUNDLE, "Innleggelsesrapport")]
)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_good_message(console: httpx.Client, data: bytes, type_name: str, as_file: bool) -> None:
    page = tried(console, data, as_file=as_file)
    said = words(page)
    assert f"Resultat: {type_name}" in said
    assert "Gyldig" in said
    assert "202: meldingen ville blitt tatt imot" in said
    assert 'id="xml"' in page
    assert 'id="fhir"' in page
    assert 'id="loss"' in page


def test_the_verdict_there_and_back(console: httpx.Client) -> None:
    assert "Fram og tilbake: tapsfri" in words(tried(console, XML))


def test_an_invalid_message_gets_its_findings_and_the_receipt_it_would_get(console: httpx.Client) -> None:
    page = tried(console, XML.replace(b"<MsgId>", b"<NotMsgId>").replace(b"</MsgId>", b"</NotMsgId>"))
    said = words(page)
    assert "Ugyldig" in said
    assert "schema.unexpected-element" in said
    entry = CATALOGUE["schema.unexpected-element"]
    assert entry.next_step_no in said
    assert "følger ikke sitt skjema" in said


def test_the_negative_receipt_is_a_valid_one(console: httpx.Client) -> None:
    page = tried(console, XML.replace(b'<MsgType V="XML" DN="XML-instans"/>', b'<MsgType V="XML" X="1"/>'))
    assert "avvist med denne negative kvitteringen" in words(page)
    lines = re.findall(r'<li id="answer-\d+"[^>]*>(.*?)</li>', page, re.DOTALL)
    receipt = html.unescape(re.sub(r"<[^>]*>", "", "\n".join(lines)))
    message = read(receipt.strip().encode())
    assert message.standard == "apprec-1.0"
    assert validate(message) == ()


def test_what_cannot_be_read(console: httpx.Client) -> None:
    for data in (b"<MsgHead>", b"<html/>", b"{", b'{"resourceType": "Patient"}', b"hello"):
        said = words(tried(console, data))
        assert "ville blitt avvist" in said
        assert "202" not in said


def test_an_invalid_bundle_gets_an_outcome(console: httpx.Client) -> None:
    page = tried(console, BUNDLE.replace(b'"resourceType": "Goal"', b'"resourceType": "Gaol"', 1))
    assert "avvist med denne OperationOutcome" in words(page)
    assert 'id="answer-1"' in page


def test_nothing_pasted_is_an_error_that_says_so(console: httpx.Client) -> None:
    assert "Lim inn en melding" in words(tried(console, b" \n", status=422))


def test_in_english(console: httpx.Client) -> None:
    said = words(tried(console, XML, lang="en"))
    assert "There and back: lossless" in said
    assert "Nothing to remark." in said or "Severity" in said
    console.get("/console/workbench", params={"lang": "no"})


def test_nothing_is_stored(console: httpx.Client, ledger: Ledger) -> None:
    before = ledger.version
    tried(console, XML)
    tried(console, b"<broken")
    assert ledger.version == before


def test_markup_in_what_was_pasted_stays_text(console: httpx.Client) -> None:
    page = tried(console, b"<a>&lt;script&gt;alert(1)&lt;/script&gt;</a></textarea><script>alert(2)</script>")
    assert "<script>alert" not in page


def test_without_the_token_nothing_is_tried(console: httpx.Client) -> None:
    assert console.post("/console/workbench", data={"text": "<a/>"}).status_code == 403
    foreign = {"origin": "https://evil.example"}
    form = {"text": "<a/>", "form_token": token(console)}
    assert console.post("/console/workbench", data=form, headers=foreign).status_code == 403


def test_too_much_is_refused(console: httpx.Client) -> None:
    form = {"form_token": token(console)}
    files = {"file": ("a.xml", b"x" * 36_800_000, "application/xml")}
    assert console.post("/console/workbench", data=form, files=files).status_code == 413


def test_a_large_message_is_tried(console: httpx.Client, tmp_path: Path) -> None:
    large = XML.replace(b"<OrganisationName>", b"<OrganisationName>" + b"a" * 3_000_000, 1)
    assert "Resultat" in words(tried(console, large, as_file=True))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (
            {"origin": "null", "sec-fetch-site": "same-origin"},
            200,
        ),  # a browser, from a page that tells no referrer
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec-fetch-site": "none"}, 403),
    ],
)
def test_a_browser_says_that_it_is_our_page(
    console: httpx.Client, headers: dict[str, str], status: int
) -> None:
    form = {"text": XML.decode(), "form_token": token(console)}
    assert console.post("/console/workbench", data=form, headers=headers).status_code == status
