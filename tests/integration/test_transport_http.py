"""Does the HTTP transport call an answer by its right name, on real sockets, and keep the rest to itself?"""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from gateway.settings import Endpoint
from gateway.transports.base import Deferred, Delivered, Outgoing, Rejected, SendResult
from gateway.transports.http import LONGEST_ANSWER_BYTES, HttpTransport, result_of
from tests.support.partner_server import partner_server, response

pytestmark = pytest.mark.anyio
OUTGOING = Outgoing(
    body=b"<melding>Kari</melding>",
    content_type="application/xml",
    message_id="a-message-id-with-14834120012-in-it",
    message_type="LOG_INNLAGT",
    correlation="11111111-2222-3333-4444-555555555555",
    sender="88810012",
)


def endpoint(url: str, bearer: str | None = None) -> Endpoint:
    return Endpoint(her_ids=("88820011",), transport="http", format="plo-1.6", url=url, bearer=bearer)


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(time_limit=5.0)
    yield transport
    await transport.close()


async def test_sends_the_very_bytes_with_headers_that_tell_nothing(transport: HttpTransport) -> None:
    async with partner_server(response(202, b'{"id": "x"}')) as partner:
        outcome = await transport.send(endpoint(partner.url, bearer="their-secret"), OUTGOING)
        assert outcome == Delivered(reference="202")
        (request,) = partner.requests
    assert request.line == "POST /messages HTTP/1.1"
    assert request.body == OUTGOING.body
    assert request.headers["content-type"] == "application/xml; charset=utf-8"
    assert request.headers["authorization"] == "Bearer their-secret"
    assert request.headers["x-request-id"] == OUTGOING.correlation
    assert request.headers["idempotency-key"] == OUTGOING.key
    assert "14834120012" not in str(request.headers) + request.line


async def test_every_attempt_has_the_same_key_and_bytes(transport: HttpTransport) -> None:
    async with partner_server(response(503), response(202)) as partner:
        first = await transport.send(endpoint(partner.url), OUTGOING)
        second = await transport.send(endpoint(partner.url), OUTGOING)
        assert isinstance(first, Deferred)
        assert isinstance(second, Delivered)
        assert partner.requests[0] == partner.requests[1]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Delivered(reference=str(status))) for status in (200, 201, 202, 204)),
        *(
            (status, Deferred("transport.wrong-address", status=status))
            for status in (301, 302, 307, 308, 404, 405, 410)
        ),
        *((status, Deferred("transport.not-authorised", status=status)) for status in (401, 403, 407)),
        *(
            (status, Deferred("transport.receiver-busy", status=status))
            for status in (408, 421, 423, 425, 429)
        ),
        *(
            (status, Deferred("transport.receiver-failed", status=status))
            for status in (500, 501, 502, 503, 504, 507)
        ),
        *(
            (status, Rejected("transport.refused", status=status))
            for status in (400, 406, 409, 413, 415, 422)
        ),
    ],
)
async def test_status(transport: HttpTransport, status: int, expected: SendResult) -> None:
    async with partner_server(response(status, location="/elsewhere")) as partner:
        assert await transport.send(endpoint(partner.url), OUTGOING) == expected
        assert len(partner.requests) == 1


async def test_a_refusal_keeps_the_answer_that_may_be_a_receipt(transport: HttpTransport) -> None:
    async with partner_server(
        response(422, b"<AppRec/>", content_type="application/xml; charset=utf-8")
    ) as partner:
        outcome = await transport.send(endpoint(partner.url), OUTGOING)
    assert outcome == Rejected(
        "transport.refused", status=422, answer=b"<AppRec/>", answer_type="application/xml"
    )
    assert "AppRec" not in repr(outcome)


async def test_an_over_long_answer_is_not_kept(transport: HttpTransport) -> None:
    async with partner_server(response(422, b"x" * (LONGEST_ANSWER_BYTES + 1))) as partner:
        outcome = await transport.send(endpoint(partner.url), OUTGOING)
    assert isinstance(outcome, Rejected)
    assert outcome.answer == b""


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (lambda: "120", 120, 120),
        (lambda: "999999999999", 86400, 86400),
        (lambda: format_datetime(datetime.now(UTC) + timedelta(minutes=10)), 500, 600),
        (lambda: format_datetime(datetime.now(UTC) - timedelta(minutes=10)), 0, 0),
    ],
    ids=["seconds", "too many seconds", "a time", "a time that is over"],
)
def test_retry_after_is_honoured_within_reason(value: Callable[[], str], low: float, high: float) -> None:
    outcome = result_of(503, {"retry-after": value()})
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after is not None
    assert low <= outcome.retry_after <= high


@pytest.mark.parametrize("value", ["", "soon", "-5", "Wed, 99 Nov 2026", "²"])
def test_a_retry_after_that_is_none_is_ignored(value: str) -> None:
    outcome = result_of(429, {"retry-after": value})
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after is None


async def test_nobody_listens(transport: HttpTransport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert await transport.send(endpoint(url), OUTGOING) == Deferred("transport.unreachable")


async def test_a_server_that_never_answers() -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    transport = HttpTransport(time_limit=0.2)
    async with partner_server(silent) as partner:
        assert await transport.send(endpoint(partner.url), OUTGOING) == Deferred("transport.timeout")
        assert len(partner.requests) == 1
        await transport.close()


@pytest.mark.parametrize(
    "bytes_sent",
    [b"", b"HTTP/1.1 20", b"HTTP/1.1 202 -\r\nContent-Length: 10\r\n\r\nhalf", b"what is this\r\n\r\n"],
)
async def test_half_an_answer_is_no_answer(transport: HttpTransport, bytes_sent: bytes) -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(bytes_sent)
        await writer.drain()
        writer.close()
        raise ConnectionError

    async with partner_server(half) as partner:
        assert await transport.send(endpoint(partner.url), OUTGOING) == Deferred("transport.interrupted")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine that vouches for itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -out {certificate}"
    alternative = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, *command.split(), *alternative], check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("trusted", [False, True])
async def test_only_a_certificate_that_this_machine_trusts_is_accepted(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    transport = HttpTransport(time_limit=5.0)
    async with partner_server(response(202), tls=tls) as partner:
        outcome = await transport.send(endpoint(partner.url.replace("http:", "https:")), OUTGOING)
        await transport.close()
        assert outcome == (Delivered(reference="202") if trusted else Deferred("transport.tls"))
        assert len(partner.requests) == int(trusted)


async def test_a_server_that_does_not_speak_tls(transport: HttpTransport) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert await transport.send(endpoint(url), OUTGOING) == Deferred("transport.tls")


async def test_nothing_outside_the_configuration_decides_where_it_goes(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No proxy and no password file of the environment is used."""
    async with partner_server(response(202)) as partner, partner_server(response(202)) as elsewhere:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.url)
        monkeypatch.setenv("ALL_PROXY", elsewhere.url)
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        assert isinstance(await transport.send(endpoint(partner.url), OUTGOING), Delivered)
        assert "authorization" not in partner.requests[0].headers
        assert elsewhere.requests == []


async def test_connections_are_kept_and_bounded(transport: HttpTransport) -> None:
    async with partner_server(response(202)) as partner:
        one = endpoint(partner.url).model_copy(update={"concurrency": 2})
        outcomes = await asyncio.gather(*(transport.send(one, OUTGOING) for _ in range(20)))
        assert outcomes == [Delivered(reference="202")] * 20
        assert partner.connections <= 2


async def test_an_endpoint_without_address_is_a_matter_of_configuration(transport: HttpTransport) -> None:
    nowhere = Endpoint(her_ids=("88820011",), transport="http", format="plo-1.6")
    assert await transport.send(nowhere, OUTGOING) == Deferred("transport.wrong-address")
