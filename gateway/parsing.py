"""How do threads parse XML side by side, and compile a schema alone?

libxml2 asks for imported documents through one hook of the whole process, which lxml sets and resets around everything
it parses. A schema that is compiled while another thread parses can lose its imports (silently, too), and the process.
So compiling waits until nobody parses, and nobody begins to parse meanwhile: some 30 ms, once a thread and standard.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lxml import etree

_LARGE = 8_000_000
"""Bytes from which on libxml2 must be told that a text may be large."""


class _Traffic:
    """Who is parsing, and who waits to be alone."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.parsing = 0
        self.waiting = 0


_traffic = _Traffic()


def parse(data: bytes | str, parser: etree.XMLParser | None = None) -> etree._Element:
    """The tree of a document; as `etree.fromstring`, which no other code of the gateway calls while threads run."""
    with _traffic.changed:
        _traffic.changed.wait_for(lambda: not _traffic.waiting)
        _traffic.parsing += 1
    try:
        return etree.fromstring(data, parser)
    finally:
        with _traffic.changed:
            _traffic.parsing -= 1
            _traffic.changed.notify_all()


def parse_own(data: bytes) -> etree._Element:
    """The tree of a document that the gateway wrote: its texts may be as large as the attachments it took."""
    return parse(data, etree.XMLParser(huge_tree=True) if len(data) > _LARGE else None)


@contextmanager
def alone() -> Iterator[None]:
    """While this lasts no thread parses."""
    with _traffic.changed:
        _traffic.waiting += 1
        try:
            _traffic.changed.wait_for(lambda: not _traffic.parsing)
            yield
        finally:
            _traffic.waiting -= 1
            _traffic.changed.notify_all()
