"""What does a codec do, and what does it need of the translation around it?

A codec writes one element (or attribute) of an e-message under a key of a FHIR object, and reads it back. The codecs:
`datatypes.py`, `words.py`, `markup.py`.
"""

from __future__ import annotations

from typing import Any, Protocol

from lxml import etree

Json = dict[str, Any]
Attributes = dict[str, str]
"""The attributes of a coded or dated element: V, S, DN, OT, U."""


class Notes(Protocol):
    """What a codec that writes tells the translation."""

    def wrote(self, native: bool) -> None:
        """One value of the e-message was written; natively or only as `exact`/`present`."""
        ...

    def wrote_natively(self, values: int) -> None:
        """So many values were written natively."""
        ...


class Marks(Protocol):
    """What a codec that reads asks of the translation, and tells it."""

    born_in_fhir: bool

    def used(self, holder: Json, key: str) -> None:
        """What stands there has been read."""
        ...

    def used_coding(self, coding: Json) -> None:
        """A Coding that has just a system, a code and a display has been read."""
        ...

    def shorten(self, holder: Json, key: str) -> None:
        """Only the beginning of what stands there is written."""
        ...


class Codec(Protocol):
    """Writes an element (or attribute text) into a place, and reads it back."""

    @property
    def value_key(self) -> str:
        """The key of the value in an extension."""
        ...

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the source value in its place."""
        ...

    def read(self, holder: Json, key: str, marks: Marks) -> str | Attributes | etree._Element | None:
        """Text, attributes or an element with the content for the e-message; None if the place says nothing."""
        ...
