"""How do bytes reach a partner over HTTP, and what does each answer mean for the delivery?

| Answer                                        | Outcome  | Why                                          |
|-----------------------------------------------|----------|----------------------------------------------|
| 2xx                                           | Delivered| the partner's side has it                    |
| 408, 421, 423, 425, 429, every 5xx            | Deferred | it is busy or ill; Retry-After is honoured   |
| no connection, broken connection, time limit, | Deferred | it may have it: the same key makes a repeat  |
| a certificate that is not trusted or has ended|          | harmless                                     |
| 401, 403, 407                                 | Deferred | our credential is wrong or has run out: a    |
|                                               |          | fault of configuration must cost no message; |
|                                               |          | it goes to a person when the time is up      |
| 3xx, 404, 405, 410                            | Deferred | our address is wrong: the same; redirects are|
|                                               |          | not followed (configured addresses only)     |
| every other 4xx (400, 409, 413, 415, 422, …)  | Rejected | the partner has looked at the message and    |
|                                               |          | will not take it                             |

What is durable now: nothing here; the message stands in the ledger until the outcome of the attempt is
committed there. What a crash here does: the attempt is made again after the lease has run out, with the same
bytes and the same key. Why doing it again is harmless: the partner knows the message by its MsgId and by
`Idempotency-Key`, which never change.

Headers and URLs carry no content: `Idempotency-Key` is a hash, `X-Request-Id` the gateway's own id of the
message.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway import __version__
from gateway.settings import Endpoint
from gateway.transports.base import (
    Deferred,
    Delivered,
    NotReached,
    Outgoing,
    Reached,
    ReachResult,
    Rejected,
    SendResult,
)
from gateway.transports.tls import context_for

TIME_LIMIT_SECONDS: Final = 20.0
"""For one whole attempt. A lease on a lane must be longer than this."""
CONNECT_LIMIT_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 4.0
"""Shorter than a usual server's (5 s), so that we do not send into a connection that is just being closed."""
LONGEST_ANSWER_BYTES: Final = 256 * 1024
LONGEST_RETRY_AFTER_SECONDS: Final = 24 * 3600.0

_BUSY: Final = frozenset({408, 421, 423, 425, 429})
_NOT_LET_IN: Final = frozenset({401, 403, 407})
_WRONG_ADDRESS: Final = frozenset({404, 405, 410})
_NOT_FOUND: Final = frozenset({404, 410})
_NOT_IMPLEMENTED: Final = 501
HTTPS_PORT: Final = 443
_CERTIFICATE_ENDED: Final = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""


_Files = tuple[str | None, str | None, str | None]
"""Certificate and key we show, issuers we trust: what makes connections to the same address different."""
_Secured = tuple[int, _Files]
"""The port too: a handshake tells only which host it was with, and a host may show another certificate at each port."""


class HttpTransport:
    """Sends by POST; keeps one client with its own few connections for each configured way."""

    def __init__(self, *, time_limit: float = TIME_LIMIT_SECONDS) -> None:
        """`time_limit`: seconds for one whole attempt; must be shorter than the lease on a lane."""
        self._time_limit = time_limit
        self._clients: dict[tuple[str, _Files], aiohttp.ClientSession] = {}
        self._tls: dict[_Secured, ssl.SSLContext] = {}
        self._presented: dict[tuple[str, _Secured], bytes] = {}
        """By host and how it is reached."""

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Make one attempt within the time limit. Never raises, except when it is cancelled."""
        if endpoint.url is None:
            return Deferred("transport.wrong-address")
        try:
            return await self._post(endpoint.url, endpoint, outgoing)
        except Exception as error:  # whatever a library raises here, the message is not to blame
            return Deferred(_reason(error))

    async def reach(self, endpoint: Endpoint) -> ReachResult:
        """Ask with HEAD, which has no content and by RFC 9110 changes nothing, whether anybody answers there."""
        if endpoint.url is None:
            return NotReached("transport.wrong-address")
        headers = {"User-Agent": f"Somlos/{__version__}"} | _credential(endpoint)
        try:
            async with self._client(endpoint.url, endpoint).head(
                endpoint.url, headers=headers, allow_redirects=False
            ) as answer:
                return reached_of(answer.status)
        except Exception as error:  # whatever a library raises here, it was not reached
            return NotReached(_reason(error))

    def presented(self, endpoint: Endpoint) -> bytes | None:
        """The certificate (DER) that its server has shown last, in this process."""
        if endpoint.url is None or not endpoint.is_secure:
            return None
        return self._presented.get((urlsplit(endpoint.url).hostname or "", _secured(endpoint)))

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()

    async def _post(self, url: str, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        async with self._client(url, endpoint).post(
            url, data=outgoing.body, headers=_headers(endpoint, outgoing), allow_redirects=False
        ) as answer:
            return result_of(answer.status, answer.headers, await _read_short(answer))

    def _client(self, url: str, endpoint: Endpoint) -> aiohttp.ClientSession:
        way = (url, _files(endpoint))
        client = self._clients.get(way)
        if client is None:
            tls = self._context(endpoint) if endpoint.is_secure else None
            client = self._clients[way] = _new_client(tls, endpoint.concurrency, self._time_limit)
        return client

    def _context(self, endpoint: Endpoint) -> ssl.SSLContext:
        secured = _secured(endpoint)
        if secured not in self._tls:
            self._tls[secured] = context_for(
                endpoint, lambda host, shown: self._presented.update({(host.lower(), secured): shown})
            )
        return self._tls[secured]


def _files(endpoint: Endpoint) -> _Files:
    return endpoint.client_certificate, endpoint.client_key, endpoint.trusted_ca


def _secured(endpoint: Endpoint) -> _Secured:
    return urlsplit(endpoint.url or "").port or HTTPS_PORT, _files(endpoint)


def reached_of(status: int) -> ReachResult:
    """What an answer to HEAD means. Where messages are posted, HEAD need not be known (405, 501): somebody answers."""
    if status in _NOT_LET_IN:
        return NotReached("transport.not-authorised", status=status)
    if status in _NOT_FOUND or 300 <= status < 400:
        return NotReached("transport.wrong-address", status=status)
    if status in _BUSY:
        return NotReached("transport.receiver-busy", status=status)
    if status >= 500 and status != _NOT_IMPLEMENTED:
        return NotReached("transport.receiver-failed", status=status)
    return Reached(status=status)


def result_of(status: int, headers: Mapping[str, str], answer: bytes = b"") -> SendResult:
    """What an HTTP answer means for the delivery (the table above)."""
    if 200 <= status < 300:
        return Delivered(reference=str(status))
    if status in _BUSY or status >= 500:
        reason = "transport.receiver-busy" if status in _BUSY else "transport.receiver-failed"
        return Deferred(reason, retry_after=_retry_after(headers.get("retry-after")), status=status)
    if status in _NOT_LET_IN:
        return Deferred("transport.not-authorised", status=status)
    if status in _WRONG_ADDRESS or status < 400:
        return Deferred("transport.wrong-address", status=status)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Rejected("transport.refused", status=status, answer=answer, answer_type=media_type)


def _new_client(tls: ssl.SSLContext | None, connections: int, time_limit: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE_SECONDS, ssl=tls or True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=time_limit, sock_connect=min(CONNECT_LIMIT_SECONDS, time_limit), ceil_threshold=time_limit
        ),
        auto_decompress=False,
        trust_env=False,
    )


def _headers(endpoint: Endpoint, outgoing: Outgoing) -> dict[str, str]:
    headers = {
        "Content-Type": f"{outgoing.content_type}; charset=utf-8",
        "Accept": "application/json, application/xml, application/fhir+json",
        "Accept-Encoding": "identity",
        "User-Agent": f"Somlos/{__version__}",
        "Idempotency-Key": outgoing.key,
        "X-Request-Id": outgoing.correlation,
    }
    return headers | _credential(endpoint)


def _credential(endpoint: Endpoint) -> dict[str, str]:
    return {} if endpoint.bearer is None else {"Authorization": f"Bearer {endpoint.bearer}"}


async def _read_short(answer: aiohttp.ClientResponse) -> bytes:
    """The body if it is short, else nothing: a partner's endless answer is not read to its end."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > LONGEST_ANSWER_BYTES:
            return b""
        parts.append(part)
    return b"".join(parts)


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header (a number or a date); None when absent or not understood."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        seconds = float(value.strip()[:9])
    else:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _reason(error: Exception) -> str:
    """The catalogue code for what went wrong on the way; only the type of the error is looked at."""
    refused = getattr(error, "certificate_error", None)
    if isinstance(refused, ssl.SSLCertVerificationError) and refused.verify_code == _CERTIFICATE_ENDED:
        return "transport.certificate-ended"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "transport.tls"
    if isinstance(error, TimeoutError):
        return "transport.timeout"
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "transport.unreachable"
    if isinstance(error, aiohttp.InvalidURL):
        return "transport.wrong-address"
    return "transport.interrupted"
