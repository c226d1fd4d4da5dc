"""Do the head and the body of an answer leave in one write, and the head alone where the body is late?"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.api.in_one_piece import InOnePiece

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Wire(asyncio.Transport):
    """A connection that keeps what is written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.has_piece = asyncio.Event()
        self.is_closed = asyncio.Event()

    def write(self, data: Any) -> None:
        """One more piece."""
        assert not self.is_closed.is_set()
        self.pieces.append(bytes(data))
        self.has_piece.set()

    def close(self) -> None:
        """Nothing may follow."""
        self.is_closed.set()

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.is_closed.is_set()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing is known of it."""
        return default

    def pause_reading(self) -> None:
        """Nobody reads."""

    def resume_reading(self) -> None:
        """Nobody reads."""


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once; under /late after a sign; under /pieces in two pieces."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    if scope["path"] == "/late":
        await scope["state"]["go"].wait()
    if scope["path"] == "/pieces":
        await send({"type": "http.response.body", "body": b"HT", "more_body": True})
    await send({"type": "http.response.body", "body": b"TP" if scope["path"] == "/pieces" else b"body"})


class Asked:
    """One connection to the app."""

    def __init__(self, request: bytes) -> None:
        self.go = asyncio.Event()
        config = uvicorn.Config(_app, log_config=None, lifespan="off", http=InOnePiece)
        config.load()
        self.protocol = InOnePiece(config, ServerState(), {"go": self.go})
        self.wire = Wire()
        self.protocol.connection_made(self.wire)
        self.protocol.data_received(request)


@pytest.fixture(autouse=True)
def quiet() -> None:
    """uvicorn's own words are not of interest."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


async def test_an_answer_is_one_write() -> None:
    asked = Asked(REQUEST)
    await asked.wire.has_piece.wait()
    [answer] = asked.wire.pieces
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nbody")


async def test_a_second_answer_on_the_same_connection_is_one_write_too() -> None:
    asked = Asked(REQUEST + REQUEST)
    await asked.wire.has_piece.wait()
    asked.wire.has_piece.clear()
    await asked.wire.has_piece.wait()
    first, second = asked.wire.pieces
    assert first == second


async def test_the_head_does_not_wait_for_a_late_body() -> None:
    asked = Asked(REQUEST.replace(b"/ ", b"/late "))
    await asked.wire.has_piece.wait()
    [head] = asked.wire.pieces
    assert head.endswith(b"\r\n\r\n")
    asked.wire.has_piece.clear()
    asked.go.set()
    await asked.wire.has_piece.wait()
    assert asked.wire.pieces == [head, b"body"]


async def test_pieces_of_a_body_stay_in_order() -> None:
    asked = Asked(REQUEST.replace(b"/ ", b"/pieces ").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    await asked.wire.is_closed.wait()
    assert b"".join(asked.wire.pieces).endswith(b"\r\n\r\nHTTP")


async def test_what_is_no_http_is_answered_before_the_connection_ends() -> None:
    asked = Asked(b"nonsense\r\n\r\n")
    await asked.wire.is_closed.wait()
    [answer] = asked.wire.pieces
    assert answer.startswith(b"HTTP/1.1 400 ")
