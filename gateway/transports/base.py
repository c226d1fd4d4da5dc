"""What does every transport offer, and how does an attempt to send end?

An attempt ends in a value, never in an exception: `Delivered` (the partner's side holds the bytes durably, or
says so), `Deferred` (nothing is wrong with the message: try again later) or `Rejected` (the partner will not
take this message; trying again cannot help). Reasons are codes of the error catalogue; the sentence of a
library never leaves a transport.

A transport makes one attempt, within its time limit, at the configured address only; trying again is the
dispatcher's work. Sending is at least once: every attempt of one message carries the same bytes under the
same `Outgoing.key`, so a partner that already has it can tell, and doing it again is harmless.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from gateway.settings import Endpoint

ContentType = Literal["application/xml", "application/fhir+json"]

XML: Final[ContentType] = "application/xml"
FHIR_JSON: Final[ContentType] = "application/fhir+json"


@dataclass(frozen=True)
class Outgoing:
    """The bytes for one receiver, with what a transport may know about them."""

    body: bytes = field(repr=False)
    content_type: ContentType
    message_id: str = field(repr=False)
    """The message's own id (MsgId): chosen by the sender, so it may hold anything; never logged."""
    message_type: str
    """Code of 8279, for choosing an endpoint or a folder; not written into URLs or file names."""
    correlation: str
    """The gateway's own id of the message: the one id that headers and logs may show."""
    sender: str = field(default="", repr=False)
    """HER-id of the sender: MsgId is unique for one sender only."""

    @property
    def key(self) -> str:
        """The same for every attempt at this message and different for any other: 64 hexadecimal digits."""
        return hashlib.sha256(
            f"{self.sender}\n{self.message_id}".encode("utf-8", "surrogatepass")
        ).hexdigest()


@dataclass(frozen=True)
class Delivered:
    """The partner's side has taken the bytes; what it thinks of them is told by a receipt later."""

    reference: str | None = None
    """How the partner's side can be asked about it (an HTTP status, the name of a file)."""


@dataclass(frozen=True)
class Deferred:
    """Not now: the partner, the network or the configuration stands in the way, not the message."""

    reason: str
    """Code of the error catalogue."""
    retry_after: float | None = None
    """Seconds the partner asked us to wait; None: the endpoint's own waits hold."""
    status: int | None = None
    """HTTP status, where there was one."""


@dataclass(frozen=True)
class Rejected:
    """The partner's side has looked at the message and will never take it."""

    code: str
    """Code of the error catalogue."""
    status: int | None = None
    answer: bytes = field(default=b"", repr=False)
    """What the partner answered, if it is short: it may be a negative receipt. Never logged."""
    answer_type: str = ""
    """Media type of `answer`, without parameters."""


SendResult = Delivered | Deferred | Rejected


@dataclass(frozen=True)
class Reached:
    """Somebody answers at the configured address and lets us in; nothing was sent."""

    status: int | None = None
    """HTTP status, where there was one."""


@dataclass(frozen=True)
class NotReached:
    """Nobody answers there, or not as one who takes messages would."""

    reason: str
    """Code of the error catalogue."""
    status: int | None = None


ReachResult = Reached | NotReached


class Transport(Protocol):
    """A way for bytes to reach partners."""

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Make one attempt. Never raises, except when it is cancelled."""
        ...

    async def reach(self, endpoint: Endpoint) -> ReachResult:
        """Try whether the partner's side can be reached, without handing it anything. Never raises, except when it is
        cancelled."""
        ...

    def presented(self, endpoint: Endpoint) -> bytes | None:
        """The certificate (DER) that the partner's side has shown last, in this process; None: none, or not yet."""
        ...

    async def close(self) -> None:
        """Give back connections and files; further calls of `send` are an error of ours."""
        ...
