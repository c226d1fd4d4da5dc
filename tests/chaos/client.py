"""How does a partner hand something in to a gateway that may die at any moment? One connection a request."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable


class Gone(Exception):
    """There was no whole answer; whether the gateway has the message, nobody knows."""


class Client:
    """Hands in over HTTP."""

    def __init__(self, ports: Callable[[], list[int]], chance: random.Random) -> None:
        """`ports`: of the gateways that should be there; one of them is asked."""
        self._ports = ports
        self._chance = chance

    async def post(self, data: bytes, bearer: str) -> tuple[int, bytes]:
        """Status and body of the answer. Gone: there was none."""
        head = (
            "POST /messages HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nAccept: application/json\r\n"
            f"Authorization: Bearer {bearer}\r\nContent-Type: application/xml\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._chance.choice(self._ports()))
        except OSError:
            raise Gone from None
        try:
            writer.write(head.encode() + data)
            answer = await reader.read()
        except OSError:
            raise Gone from None
        finally:
            writer.close()
        head_of_answer, separator, body = answer.partition(b"\r\n\r\n")
        length = next(
            (
                int(line[15:])
                for line in head_of_answer.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ),
            None,
        )
        if not separator or length is None or len(body) < length:
            raise Gone
        return int(head_of_answer.split(b" ", 2)[1]), body
