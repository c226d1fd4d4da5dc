"""Does the HTTP transport show its certificate, trust only whom it is told to trust, say what is wrong, and remember
what it was shown? On real sockets, with certificates made for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.certificates import certificate_of
from gateway.cli import cli
from gateway.errors import ConfigurationError
from gateway.settings import Endpoint
from gateway.settings_load import from_content
from gateway.transports.base import Deferred, Delivered, NotReached, Reached
from gateway.transports.http import HttpTransport, reached_of
from gateway.transports.tls import certificates_of
from tests.integration.test_api_operations import until
from tests.integration.test_transport_http import OUTGOING
from tests.support.certificates import Authority, Issued
from tests.support.live_server import live_server
from tests.support.partner_server import partner_server, response

pytestmark = pytest.mark.anyio
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Issued:
    return authority.issue(ends=YEAR)


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Issued:
    return authority.issue(
        ends=YEAR, subject="/C=NO/O=Fjordvik sykehus/serialNumber=974760673", password="hemmelig"
    )


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(time_limit=40.0)
    yield transport
    await transport.close()


def endpoint(url: str, **more: Any) -> Endpoint:
    secure = url.replace("http:", "https:")
    return Endpoint(her_ids=("88820011",), transport="http", format="plo-1.6", url=secure, **more)


def shows(ours: Issued, **more: Any) -> dict[str, Any]:
    return {
        "client_certificate": str(ours.certificate),
        "client_key": str(ours.key),
        "client_key_password": "hemmelig",
        **more,
    }


async def test_the_issuers_of_the_settings_are_trusted_and_what_was_shown_is_remembered(
    transport: HttpTransport, authority: Authority, server: Issued
) -> None:
    async with partner_server(response(202), tls=server.server()) as partner:
        trusting = endpoint(partner.url, trusted_ca=str(authority.certificate))
        assert transport.presented(trusting) is None
        assert await transport.send(trusting, OUTGOING) == Delivered(reference="202")
        assert transport.presented(trusting) == server.der
        assert transport.presented(endpoint(partner.url)) is None, "of another way nothing is known"


async def test_two_servers_of_one_host_show_each_its_own(
    transport: HttpTransport, authority: Authority, server: Issued
) -> None:
    soon = authority.issue(ends=timedelta(days=3))
    trusted = {"trusted_ca": str(authority.certificate)}
    async with (
        partner_server(response(202), tls=server.server()) as one,
        partner_server(response(202), tls=soon.server()) as other,
    ):
        for partner in (one, other, one):
            assert await transport.send(endpoint(partner.url, **trusted), OUTGOING) == Delivered("202")
        assert transport.presented(endpoint(one.url, **trusted)) == server.der
        assert transport.presented(endpoint(other.url, **trusted)) == soon.der


async def test_with_issuers_of_its_own_no_other_is_trusted(
    transport: HttpTransport, server: Issued, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    async with partner_server(response(202), tls=server.server()) as partner:
        wrong = endpoint(partner.url, trusted_ca=str(other.certificate))
        assert await transport.send(wrong, OUTGOING) == Deferred("transport.tls")
        assert await transport.send(endpoint(partner.url), OUTGOING) == Deferred("transport.tls")
        assert partner.requests == []
        assert transport.presented(wrong) is None, "what was not found genuine tells nothing"


async def test_a_certificate_that_has_ended_is_told_as_such(
    transport: HttpTransport, authority: Authority
) -> None:
    ended = authority.issue(ends=timedelta(days=-1))
    async with partner_server(response(202), tls=ended.server()) as partner:
        trusting = endpoint(partner.url, trusted_ca=str(authority.certificate))
        assert await transport.send(trusting, OUTGOING) == Deferred("transport.certificate-ended")
        assert await transport.reach(trusting) == NotReached("transport.certificate-ended")
        assert partner.requests == []


async def test_our_certificate_is_shown_to_a_partner_who_asks_for_it(
    transport: HttpTransport, authority: Authority, server: Issued, ours: Issued
) -> None:
    tls = server.server(clients=authority.certificate)
    trusted = {"trusted_ca": str(authority.certificate)}
    async with partner_server(response(202), tls=tls) as partner:
        assert await transport.send(endpoint(partner.url, **shows(ours, **trusted)), OUTGOING) == Delivered(
            reference="202"
        )
        without = await transport.send(endpoint(partner.url, **trusted), OUTGOING)
        assert isinstance(without, Deferred), "the message waits"
        assert without.reason in ("transport.tls", "transport.interrupted")
        assert len(partner.requests) == 1


# --- whether somebody is there


async def test_reaching_hands_over_nothing(transport: HttpTransport) -> None:
    async with partner_server(response(405)) as partner:
        there = Endpoint(
            her_ids=("88820011",), transport="http", format="plo-1.6", url=partner.url, bearer="secret"
        )
        assert await transport.reach(there) == Reached(status=405)
        (request,) = partner.requests
    assert request.line == "HEAD /messages HTTP/1.1"
    assert request.body == b""
    assert request.headers["authorization"] == "Bearer secret", "a wrong credential is found out, too"
    assert "idempotency-key" not in request.headers
    assert await transport.reach(there) == NotReached("transport.unreachable")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Reached(status=status)) for status in (200, 202, 204, 400, 405, 415, 422, 501)),
        *((status, NotReached("transport.not-authorised", status=status)) for status in (401, 403, 407)),
        *((status, NotReached("transport.wrong-address", status=status)) for status in (302, 404, 410)),
        *((status, NotReached("transport.receiver-busy", status=status)) for status in (408, 429)),
        *((status, NotReached("transport.receiver-failed", status=status)) for status in (500, 502, 503)),
    ],
)
def test_what_an_answer_to_head_means(status: int, expected: Reached | NotReached) -> None:
    assert reached_of(status) == expected


# --- at start


def configured(folder: Path, **endpoint: Any) -> dict[str, Any]:
    whole = {
        "her_ids": ["88820011"],
        "transport": "http",
        "url": "https://epj.example/m",
        "format": "plo-1.6",
        **endpoint,
    }
    return {"partner": [{"name": "Kommunen", "her_ids": ["88820011"], "endpoint": [whole]}]}


def test_certificates_are_read_at_start(authority: Authority, ours: Issued, server: Issued) -> None:
    folder = ours.certificate.parent
    (folder / "issuers.pem").write_bytes(server.certificate.read_bytes() + authority.certificate.read_bytes())
    (folder / "published.der").write_bytes(server.der)
    content = configured(
        folder,
        client_certificate=ours.certificate.name,
        client_key=ours.key.name,
        client_key_password="env:KEY_PASSWORD",
        trusted_ca="issuers.pem",
        signing_certificate="published.der",
        encryption_certificate=server.certificate.name,
    )
    found = certificates_of(from_content(content, folder=folder, environment={"KEY_PASSWORD": "hemmelig"}))
    assert {each.kind: each.certificate.subject for each in found} == {
        "client": "Fjordvik sykehus (974760673)",
        "trusted": "Lyngmo kommune (974760673)",  # of several the one that ends first
        "signing": "Lyngmo kommune (974760673)",
        "encryption": "Lyngmo kommune (974760673)",
    }


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"client_certificate": "nothing.pem"}, "certificate-missing", "client_certificate"),
        ({"signing_certificate": "."}, "certificate-missing", "signing_certificate"),
        ({"encryption_certificate": "words.txt"}, "certificate-unreadable", "encryption_certificate"),
        ({"trusted_ca": "ours.key"}, "certificate-unreadable", "trusted_ca"),
        ({"client_certificate": "ours.pem"}, "certificate-key", "client_certificate"),
        (
            {"client_certificate": "ours.pem", "client_key": "nothing.key"},
            "certificate-missing",
            "client_key",
        ),
        ({"client_certificate": "ours.pem", "client_key": "ours.key"}, "certificate-key", "client_key"),
        (
            {"client_certificate": "ours.pem", "client_key": "ours.key", "client_key_password": "feil"},
            "certificate-key",
            "client_key",
        ),
        ({"client_certificate": "ours.pem", "client_key": "others.key"}, "certificate-key", "client_key"),
        ({"client_key": "ours.key"}, "missing-key", "client_certificate"),
        (
            {"client_certificate": "ours.pem", "url": "http://x/"},
            "certificate-without-tls",
            "client_certificate",
        ),
        ({"trusted_ca": "ours.pem", "transport": "memory"}, "certificate-without-tls", "trusted_ca"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_without_what_was_written(
    ours: Issued, server: Issued, tmp_path: Path, changes: dict[str, str], code: str, key: str
) -> None:
    (tmp_path / "ours.pem").write_bytes(ours.certificate.read_bytes())
    (tmp_path / "ours.key").write_bytes(ours.key.read_bytes())
    (tmp_path / "others.key").write_bytes(server.key.read_bytes())
    (tmp_path / "words.txt").write_text("hemmelig\n", "utf-8")
    with pytest.raises(ConfigurationError) as told:
        certificates_of(from_content(configured(tmp_path, **changes), folder=tmp_path))
    assert told.value.code == f"configuration.{code}"
    assert told.value.path == f"partner[0].endpoint[0].{key}"
    assert told.value.entry.next_step_no
    assert "hemmelig" not in str(told.value) + repr(told.value.details)


def test_an_ended_certificate_stops_no_start(authority: Authority) -> None:
    """Messages must come in and wait; that it has ended is an alarm."""
    ended = authority.issue(ends=timedelta(days=-3))
    content = configured(ended.certificate.parent, signing_certificate=str(ended.certificate))
    (found,) = certificates_of(from_content(content))
    assert found.certificate.fingerprint == certificate_of(ended.der).fingerprint


def test_operators_see_them_over_http_and_on_the_command_line(authority: Authority, tmp_path: Path) -> None:
    soon = authority.issue(ends=timedelta(days=12, hours=1))
    content = configured(tmp_path, signing_certificate=str(soon.certificate), types=["LOG_INNLAGT"])
    content["gateway"] = {"ledger": f"sqlite:{tmp_path / 'ledger.db'}"}
    with live_server(create_app(from_content(content))) as url:
        found = until(lambda: httpx.get(f"{url}/ops/certificates", trust_env=False).json()["certificates"])
        (certificate,) = found
        assert (certificate["endpoint"], certificate["use"]) == ("88820011", "signing")
        assert (certificate["state"], certificate["daysLeft"]) == ("ending", 12)
        assert (certificate["types"], certificate["stopsSending"]) == (["LOG_INNLAGT"], False)
        (partner,) = httpx.get(f"{url}/ops/partners", trust_env=False).json()["partners"]
        assert partner["endpoints"][0]["certificates"][0]["sha256"] == certificate["sha256"]
        until(lambda: httpx.get(f"{url}/ops/alarms", trust_env=False).json()["alarms"])
        environment = {"SOMLOS_ADDRESS": url, "COLUMNS": "250"}
        shown = CliRunner().invoke(cli, ["ops", "certificates"], env=environment)
        assert shown.exit_code == 0
        assert "Lyngmo kommune (974760673)" in shown.output
        assert "ending" in shown.output
