"""How can HTTP be spoken so cheaply that what is measured is the gateway, and not the one who measures?

Both ends of HTTP/1.1 on bare asyncio protocols with httptools: no headers but those needed, connections kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import httptools


@dataclass
class Request:
    """One request as it arrived."""

    path: str = ""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


Handle = Callable[[Request], bytes]


def answer(status: int, body: bytes = b"") -> bytes:
    """A whole HTTP answer."""
    return b"HTTP/1.1 %d -\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


class Hearer(asyncio.Protocol):
    """One connection of a server: every request is answered at once by `handle`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._request = Request()
        self._body: list[bytes] = []
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            assert self._transport is not None
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        """The parser has read the address."""
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser has read a header."""
        self._request.headers[name.lower()] = value

    def on_body(self, part: bytes) -> None:
        """The parser has read a part of the body."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """The parser has read it all."""
        request, self._request = self._request, Request()
        request.body = b"".join(self._body)
        self._body.clear()
        assert self._transport is not None
        self._transport.write(self._handle(request))


class Caller(asyncio.Protocol):
    """One connection of a client: a request at a time, the next when the answer has come."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._transport: asyncio.WriteTransport | None = None
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    async def open(self) -> Self:
        """Connect. OSError: nobody listens."""
        await asyncio.get_running_loop().create_connection(lambda: self, self._host, self._port)
        return self

    async def post(self, path: str, body: bytes, *, content_type: str, bearer: str) -> tuple[int, bytes]:
        """Status and body of the answer. ConnectionError: the connection broke before it."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: Bearer {bearer}\r\n"
            f"Content-Type: {content_type}\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return await self._ask(head.encode() + body)

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of the answer. ConnectionError: the connection broke before it."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self._transport is None:
            await self.open()
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The other side is there."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """The other side is gone."""
        self._transport = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._parser.feed_data(data)

    def on_body(self, part: bytes) -> None:
        """The parser has read a part of the answer."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """The parser has read it all."""
        body = b"".join(self._body)
        self._body.clear()
        if self._answered is not None and not self._answered.done():
            self._answered.set_result((self._parser.get_status_code(), body))
