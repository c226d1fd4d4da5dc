"""What does routing need from the rooms that know the formats? Two small interfaces, put in by `app.py`.

Routing itself names no XML element and no FHIR element: it hands bytes over, and gets facts, findings and bytes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from gateway.errors import Issue, Severity
from gateway.ledger.line import Original
from gateway.translate.facts import Facts

Content = Literal["xml", "fhir"]
LARGE: Final = 256 * 1024
"""Bytes from which on a message is worked on, and kept, in a thread: it would hold up all that stand behind it."""


@dataclass(frozen=True)
class Reading:
    """A message that could be read: what it says that routing must know, and what is wrong with it."""

    facts: Facts | None = field(repr=False)
    """None: so much is wrong that nothing certain can be said of it; then a finding says what."""
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class Loss:
    """What a translation could not carry natively: figures, and a report without content."""

    mapping_version: str
    total: int
    native: int
    extension: int
    lost: int
    report: str
    """JSON: the places that were not carried natively."""
    gravest: Severity | None = None
    """The gravest severity of anything in the report."""


@dataclass(frozen=True)
class Translation:
    """A message in another format."""

    data: bytes = field(repr=False)
    loss: Loss


class Reader(Protocol):
    """Reads and checks a message."""

    async def read(self, data: bytes, content: Content) -> Reading:
        """Facts and findings.

        :raises Unreadable: it cannot be read as a message at all.
        """
        ...

    async def canonical_digest(self, data: bytes, content: Content) -> str:
        """Equal for two messages that can be read and say the same, however they are spelled.

        :raises Unreadable: it cannot be read as a message at all.
        """
        ...


class Translator(Protocol):
    """Says a message in another format; the same bytes always give the same bytes."""

    async def convert(
        self, data: bytes, content: Content, target_format: str, original: Original | None = None
    ) -> Translation:
        """The message in `target_format`; `original`: what is known of the message that a receipt is about.

        :raises NotTranslatable: the target format cannot say it.
        """
        ...


def content_of(format: str) -> Content:
    """Whether a format is written as XML or as FHIR JSON."""
    return "fhir" if format == "fhir-r4" else "xml"


def media_type_of(format: str) -> Literal["application/xml", "application/fhir+json"]:
    """The media type a format travels under."""
    return "application/fhir+json" if format == "fhir-r4" else "application/xml"
