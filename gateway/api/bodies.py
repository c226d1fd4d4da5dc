"""How is a request's body read without letting it fill the memory or hold a connection for ever?

Bytes are counted while they arrive, those of one body and those of all bodies that are being read or worked on.
What is over a limit is thrown away while it is still read for a while, because a client that is cut off in the
middle of sending does not see the answer. Compressed bodies are not taken: their size would say nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from gateway.errors import Refusal, SomlosError, Unavailable

IDLE_SECONDS: Final = 30.0
"""The longest silence within a body."""
DISCARD_FACTOR: Final = 2
"""How many times the limit is read and thrown away before the connection is cut."""
AT_ONCE_BYTES: Final = 256 * 1024 * 1024
"""Most bytes of all bodies together; a body is counted until its request is answered."""

XML_TYPES: Final = frozenset({"application/xml", "text/xml"})
JSON_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
_FHIR_VERSION: Final = re.compile(r"""fhirVersion\s*=\s*["']?([0-9.]+)""", re.IGNORECASE)


def media_type_of(request: Request) -> str:
    """The media type of the body, in lower case, without parameters; empty when not stated."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def expect_type(request: Request, allowed: frozenset[str]) -> None:
    """Refuse a body of a type that is not taken here; a type that is not stated is let through.

    :raises Refusal: api.media-type
    """
    stated = media_type_of(request)
    version = _FHIR_VERSION.search(request.headers.get("content-type", ""))
    if (stated and stated not in allowed) or (version and not version[1].startswith("4.0")):
        raise Refusal("api.media-type")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal("api.media-type")


class Bodies:
    """The bodies that one application holds at a time."""

    def __init__(self, limit: int, at_once: int) -> None:
        """`limit`: most bytes of one body; `at_once`: of all together (at least one body always has room)."""
        self._limit = limit
        self._at_once = max(at_once, limit)
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body, counted until the block ends.

        :raises Refusal: api.body-too-large, api.body-incomplete (silence in the middle of it, or the caller has gone)
        :raises Unavailable: us.overloaded, there is no room for it now
        """
        self._refuse_early(request)
        parts: list[bytes] = []
        try:
            await self._receive(request, parts)
            parts[:] = [b"".join(parts)]
            yield parts[0]
        finally:
            self._let_go(parts)

    def _refuse_early(self, request: Request) -> None:
        """Refuse by the announced length: a caller that waits for our word, and one that would send far too much."""
        announced = request.headers.get("content-length", "")
        size = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
        waits_for_us = request.headers.get("expect", "").lower() == "100-continue"
        if size > self._limit * (1 if waits_for_us else DISCARD_FACTOR):
            raise self._too_large()
        if waits_for_us and self._held + size > self._at_once:
            raise Unavailable("us.overloaded")

    async def _receive(self, request: Request, parts: list[bytes]) -> None:
        size = 0
        refused: SomlosError | None = None
        try:
            async with asyncio.timeout(IDLE_SECONDS) as silence:
                async for part in request.stream():
                    silence.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
                    size += len(part)
                    if size > self._limit:
                        refused = self._too_large()
                    elif self._held + len(part) > self._at_once:
                        refused = refused or Unavailable("us.overloaded")
                    if refused is None:
                        parts.append(part)
                        self._held += len(part)
                    else:
                        self._let_go(parts)
                    if size > self._limit * DISCARD_FACTOR:
                        break
        except (TimeoutError, ClientDisconnect):
            raise Refusal("api.body-incomplete") from None
        if refused is not None:
            raise refused

    def _let_go(self, parts: list[bytes]) -> None:
        self._held -= sum(map(len, parts))
        parts.clear()

    def _too_large(self) -> Refusal:
        return Refusal("api.body-too-large", details={"limit": self._limit})
