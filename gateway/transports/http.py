"""How do bytes reach a partner over HTTP, and what does each answer mean for the delivery?

| Answer                                        | Outcome  | Why                                          |
|-----------------------------------------------|----------|----------------------------------------------|
| 2xx                                           | Delivered| the partner's side has it                    |
| 408, 421, 423, 425, 429, every 5xx            | Deferred | it is busy or ill; Retry-After is honoured   |
| no connection, broken connection, time limit  | Deferred | it may have it: the same key makes a repeat  |
|                                               |          | harmless                                     |
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

import aiohttp
import httpx

from gateway import __version__
from gateway.settings import Endpoint
from gateway.transports.base import Deferred, Delivered, Outgoing, Rejected, SendResult

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


class HttpTransport:
    """Sends by POST; keeps one client with its own few connections for each configured address."""

    def __init__(self, *, time_limit: float = TIME_LIMIT_SECONDS) -> None:
        """`time_limit`: seconds for one whole attempt; must be shorter than the lease on a lane."""
        self._time_limit = time_limit
        self._clients: dict[str, aiohttp.ClientSession] = {}
        self._tls: ssl.SSLContext | None = None

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Make one attempt within the time limit. Never raises, except when it is cancelled."""
        if endpoint.url is None:
            return Deferred("transport.wrong-address")
        try:
            return await self._post(endpoint.url, endpoint, outgoing)
        except Exception as error:  # whatever a library raises here, the message is not to blame
            return Deferred(_reason(error))

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
        client = self._clients.get(url)
        if client is None:
            if self._tls is None:
                self._tls = httpx.create_ssl_context(trust_env=False)
                self._tls.load_default_certs()  # also those that the operator has told this machine to trust
            client = self._clients[url] = _new_client(self._tls, endpoint.concurrency, self._time_limit)
        return client


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


def _new_client(tls: ssl.SSLContext, connections: int, time_limit: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE_SECONDS, ssl=tls),
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
    if endpoint.bearer is not None:
        headers["Authorization"] = f"Bearer {endpoint.bearer}"
    return headers


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
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "transport.tls"
    if isinstance(error, TimeoutError):
        return "transport.timeout"
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "transport.unreachable"
    if isinstance(error, aiohttp.InvalidURL):
        return "transport.wrong-address"
    return "transport.interrupted"
