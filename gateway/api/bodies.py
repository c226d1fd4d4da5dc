"""How is a request's body read without letting it fill the memory or hold a connection for ever?

Bytes are counted while they arrive. What is over the limit is thrown away while it is still read for a while,
because a client that is cut off in the middle of sending does not see the answer. Compressed bodies are not
taken: their size would say nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from gateway.errors import Refusal

IDLE_SECONDS: Final = 30.0
"""The longest silence within a body."""
DISCARD_FACTOR: Final = 2
"""How many times the limit is read and thrown away before the connection is cut."""

XML_TYPES: Final = frozenset({"application/xml", "text/xml"})
JSON_TYPES: Final = frozenset({"application/fhir+json", "application/json"})


def media_type_of(request: Request) -> str:
    """The media type of the body, in lower case, without parameters; empty when not stated."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def expect_type(request: Request, allowed: frozenset[str]) -> None:
    """Refuse a body of a type that is not taken here; a type that is not stated is let through.

    :raises Refusal: api.media-type
    """
    stated = media_type_of(request)
    if stated and stated not in allowed:
        raise Refusal("api.media-type")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal("api.media-type")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    :raises Refusal: api.body-too-large (over `limit` bytes), api.body-incomplete (silence in the middle of it)
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        waits_for_us = request.headers.get("expect", "").lower() == "100-continue"
        if waits_for_us or int(announced[:20]) > limit * DISCARD_FACTOR:
            raise Refusal("api.body-too-large", details={"limit": limit})
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(IDLE_SECONDS) as silence:
            async for part in request.stream():
                silence.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
                size += len(part)
                if size <= limit:
                    parts.append(part)
                    continue
                parts.clear()
                if size > limit * DISCARD_FACTOR:
                    break
    except (TimeoutError, ClientDisconnect):
        raise Refusal("api.body-incomplete") from None
    if size > limit:
        raise Refusal("api.body-too-large", details={"limit": limit})
    return b"".join(parts)
