"""How do bytes reach a partner whose own software (ebXML, for one) carries files on from a folder?

One folder a partner, with four folders in it:

    out/      we write: messages and receipts for the partner; its software takes them away
    in/       we read: messages and receipts from the partner
    done/     what we have taken over from in/ (or it is deleted, as configured)
    refused/  what we have not taken, each with a `.reason.json` beside it: a catalogue code, no content

The name of a file in out/ is a hash of sender and MsgId: the same message always has the same name and no
name tells anything. Whoever may write into in/ may send in the partner's name: the right to the folder is the
credential.

Sending. What is durable now: the file, once the folder has been flushed. What a crash here does: before the
commit of the outcome the file is written again. Why that is harmless: it has the same name and the same
bytes.

Software that cannot rename into in/ should write under a name that starts with a full stop or ends with
`.tmp` or `.part`; as a second net a file is only read when it has looked the same twice.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.settings import Endpoint
from gateway.transports import folders
from gateway.transports.base import (
    FHIR_JSON,
    Deferred,
    Delivered,
    NotReached,
    Outgoing,
    Reached,
    ReachResult,
    SendResult,
)


class DirectoryTransport:
    """Delivers by putting a complete file into the partner's out/ folder."""

    def __init__(self) -> None:
        self._cleaned: set[Path] = set()

    async def send(self, endpoint: Endpoint, outgoing: Outgoing) -> SendResult:
        """Make one attempt. Never raises, except when it is cancelled."""
        if endpoint.path is None:
            return Deferred("transport.directory-unwritable")
        try:
            return Delivered(reference=await asyncio.to_thread(self._write, Path(endpoint.path), outgoing))
        except OSError:
            return Deferred("transport.directory-unwritable")

    async def reach(self, endpoint: Endpoint) -> ReachResult:
        """Whether a file could be put into out/. Nothing is written: the partner's software would carry it on."""
        if endpoint.path is not None and await asyncio.to_thread(_is_writable, Path(endpoint.path)):
            return Reached()
        return NotReached("transport.directory-unwritable")

    def presented(self, endpoint: Endpoint) -> None:
        """A folder has no certificate."""

    async def close(self) -> None:
        """Nothing is held open between attempts."""

    def _write(self, root: Path, outgoing: Outgoing) -> str:
        name = file_name(outgoing)
        with folders.opened(root, "out") as folder:
            if root not in self._cleaned:
                folders.remove_stale(folder)
                self._cleaned.add(root)
            folders.write_complete(folder, name, outgoing.body)
        return name


def _is_writable(root: Path) -> bool:
    try:
        with folders.opened(root, "out") as folder:
            return folders.is_writable(folder)
    except OSError:
        return False


def file_name(outgoing: Outgoing) -> str:
    """The name of the file in out/: of the message's key only."""
    return f"{outgoing.key[:40]}.{'json' if outgoing.content_type == FHIR_JSON else 'xml'}"
