"""One document as a page shows it, and on which line of it does a place stand?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.console.highlight import Document, highlight

XML: Final = "application/xml"


@dataclass(frozen=True)
class Pane:
    """One document."""

    name: str
    """`xml` or `fhir`; also the anchor, and the beginning of every line's anchor."""
    says: str
    document: Document

    @cached_property
    def places(self) -> Places:
        """Where its places stand."""
        return Places(self)


def pane(body: bytes, media_type: str, says: str) -> Pane:
    """A document to be shown; `says`: whose it is."""
    if media_type == XML:
        return Pane("xml", says, highlight(body, "xml"))
    return Pane("fhir", says, highlight(body, "json"))


def anchor_in(pane: Pane | None, path: str) -> str | None:
    """The anchor of a place in a document that may not be shown."""
    return pane.places.anchor(path) if pane else None


class Places:
    """Finds the line of a place in a shown document, however the path is written."""

    def __init__(self, pane: Pane) -> None:
        self._name = pane.name
        self._document = pane.document
        self._elements: dict[str, int] = {}
        if pane.name == "xml":
            for place, number in pane.document.places.items():
                self._elements.setdefault(_bare(place), number)

    def anchor(self, path: str) -> str | None:
        """The anchor of the line where the place, or the nearest place around it, begins."""
        wanted = _bare(path)
        while wanted:
            number = self._elements.get(wanted) or self._document.line_of(wanted)
            if number:
                return f"{self._name}-{number}"
            wanted = _LAST_STEP.sub("", wanted)
        return None


_LAST_STEP: Final = re.compile(r"(^|[/.])[^/.]*$")
_TYPE: Final = re.compile(r"\.ofType\([^)]*\)")
_PREFIX: Final = re.compile(r"(^|/)[\w.-]+:")
_ONLY: Final = re.compile(r"\[1\](?=/|$)")


def _bare(path: str) -> str:
    """A path without what different writers write differently: first slash, prefixes, [1], ofType(), attributes."""
    path = _PREFIX.sub(r"\1", _TYPE.sub("", path))
    return _ONLY.sub("", path).removeprefix("/") if "/" in path else path
