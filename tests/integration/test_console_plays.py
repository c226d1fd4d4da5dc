"""Can a vendor have a conformance play from the console, against its own test endpoint only?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.accounts.roles import Viewer
from gateway.api import create_api
from gateway.console import create_console
from gateway.console.pages_plays import targets
from gateway.ledger.store import Ledger
from gateway.services import GatewayServices
from gateway.settings import Settings
from gateway.settings_load import from_content
from gateway.simulator.conformance.plays import MOST_AT_ONCE
from gateway.simulator.reading import see
from tests.browser import seed
from tests.integration.test_conformance_plays import receipt
from tests.support.live_server import live_server

SECRET = "what the gateway shows"


class VendorsEpj:
    """Takes messages, and posts a receipt for each to the inbox it has been told, under a path of its own."""

    def __init__(self) -> None:
        self.inbox = ""
        self.taken = 0

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {SECRET}":
                return Response(status_code=401)
            seen = see(await request.body())
            self.taken += 1
            if self.inbox:
                async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                    await client.post(f"{self.inbox}/messages", content=receipt(seen))
            return Response(status_code=202)

        return Starlette(routes=[Route("/vendor", take, methods=["POST"])])


def configured(url: str, environment: str = "test") -> Settings:
    endpoint = {
        "her_ids": ["88820011"],
        "transport": "http",
        "format": "plo-1.6",
        "url": url,
        "bearer": SECRET,
    }
    partner = {
        "name": "Lyngvik kommune",
        "her_ids": ["88820001", "88820011"],
        "environment": environment,
        "endpoint": [endpoint],
    }
    return from_content({"gateway": {"demo": True}, "partner": [partner]})


@pytest.fixture
def ledger(tmp_path: Any) -> Iterator[Ledger]:
    ledger = seed.ledger_at(tmp_path)
    yield ledger
    ledger.close()


@contextmanager
def console(ledger: Ledger, settings: Settings) -> Iterator[tuple[httpx.Client, GatewayServices]]:
    services = seed.services(ledger, settings)
    application = create_api(services)
    application.include_router(create_console(services))
    with (
        live_server(application) as address,
        httpx.Client(base_url=address, trust_env=False, headers={"origin": address}, timeout=60) as client,
    ):
        yield client, services


@pytest.fixture
def epj() -> Iterator[tuple[VendorsEpj, str]]:
    vendor = VendorsEpj()
    with live_server(vendor.app()) as at:
        yield vendor, f"{at}/vendor"


FORM = {
    "target": "88820011",
    "side": "hospital",
    "behaviour": "well-behaved",
    "receipt_seconds": "5",
    "wait_seconds": "0",
}


def start(client: httpx.Client, **changed: Any) -> httpx.Response:
    page = client.get("/console/workbench").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    return client.post("/console/workbench/plays", data=FORM | {"form_token": token[1]} | changed)


def over(client: httpx.Client, path: str) -> str:
    """The page of a run when it is over."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        page = client.get(path).text
        if "data-poll" not in page:
            return page
        time.sleep(0.05)  # the page says itself that one looks again
    raise AssertionError("never over")


def test_a_play_from_the_form_to_the_report(ledger: Ledger, epj: tuple[VendorsEpj, str]) -> None:
    vendor, url = epj
    before = ledger.version
    with console(ledger, configured(url)) as (client, services):
        offered = client.get("/console/workbench/plays").text
        assert "88820011" in offered
        assert offered.count('name="behaviour"') == 8
        vendor.inbox = "http://127.0.0.1:9/"  # receipts go astray until the vendor is told where to
        answer = start(client, behaviour=["well-behaved", "duplicate"], receipt_seconds="5")
        assert answer.status_code == 303
        path = answer.headers["location"]
        token = path.rpartition("/")[2]
        found = re.search(r"http://[^<\s]+/plays/[\w-]+", client.get(path).text)
        assert found and found[0].endswith(token)
        vendor.inbox = found[0]
        page = over(client, path)
        assert "Velvillig" in page
        assert "Dobbel" in page
        report = client.get(f"{path}/report")
        assert report.headers["content-disposition"].startswith("attachment")
        assert "unsafe-inline" in report.headers["content-security-policy"]
        assert "script-src" not in report.headers["content-security-policy"]
        assert "Samsvarsprøve" in report.text
        assert SECRET not in page + report.text
        assert client.post(f"/plays/{token}", content=b"<x/>").status_code == 404  # it is over
        assert "Lyngvik" in client.get("/console/workbench/plays").text
        assert services.ledger.version == before


def test_what_cannot_be_chosen_is_not_played(ledger: Ledger, epj: tuple[VendorsEpj, str]) -> None:
    vendor, url = epj
    with console(ledger, configured(url)) as (client, _):
        for changed in (
            {"target": "88810012"},
            {"side": "patient"},
            {"behaviour": "unheard-of"},
            {"receipt_seconds": "86400"},
            {"wait_seconds": "-1"},
        ):
            answer = start(client, **changed)
            assert answer.status_code == 422
            assert 'role="alert"' in answer.text
        assert client.get("/console/workbench/plays/nobody").status_code == 404
        assert client.get("/console/workbench/plays/nobody/report").status_code == 404
        assert client.post("/plays/nobody", content=b"<x/>").status_code == 404
    assert vendor.taken == 0


def test_an_endpoint_in_production_is_never_played_against(
    ledger: Ledger, epj: tuple[VendorsEpj, str]
) -> None:
    vendor, url = epj
    with console(ledger, configured(url, "production")) as (client, _):
        assert "Ingen partner" in client.get("/console/workbench/plays").text
        assert start(client).status_code == 422
    assert vendor.taken == 0


def test_only_so_many_at_once(ledger: Ledger, epj: tuple[VendorsEpj, str]) -> None:
    _, url = epj
    with console(ledger, configured(url)) as (client, services):
        for _ in range(MOST_AT_ONCE):
            assert start(client, receipt_seconds="60").status_code == 303
        refused = start(client)
        assert refused.status_code == 503
        assert 'role="alert"' in refused.text
        services.plays.stop()


def test_somebody_of_one_organisation_plays_only_against_its_own(ledger: Ledger) -> None:
    services = seed.services(ledger, configured("http://127.0.0.1:9/"))

    def offered(*her_ids: str) -> list[str]:
        viewer = Viewer(None, frozenset({"workbench"}), frozenset(her_ids) or None)
        return [each.her_id for each in targets(services, viewer)]

    assert offered() == offered("88820001") == ["88820011"]
    assert offered("88830001") == []
