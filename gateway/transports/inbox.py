"""How does what a partner has put into its folder come to us?

A watcher looks into in/ at a modest interval, oldest file first, and hands each complete file to whoever
takes messages over. Only after that has said "durable here" the file leaves in/.

What is durable now: nothing before `take_over` has returned; then the message stands in the ledger. What a
crash here does: the file still lies in in/ and is handed over again. Why that is harmless: it is a duplicate
by its MsgId, and a duplicate is answered like the first.

Where several gateways see the same folder, one of them looks into it: the one that has the `Watch`.

A file that cannot be taken over just now (the ledger is unavailable) stays where it is and is tried at the
next look. So does one that the partner has written anew meanwhile: what lies there now has not been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import structlog

from gateway.errors import CATALOGUE, Unavailable
from gateway.transports import folders
from gateway.transports.base import FHIR_JSON, XML, ContentType
from gateway.transports.folders import Found

POLL_SECONDS: Final = 1.0
LARGEST_BYTES: Final = 35_000_000

_LEDGER_AWAY: Final = f"{Unavailable.__name__} "
"""The trouble that is not the folder's."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NotTaken:
    """A file that is refused for good."""

    code: str
    """Code of the error catalogue."""
    receipt: bytes | None = field(default=None, repr=False)
    """A negative receipt for the partner's out/ folder, where one could be made."""


TakeOver = Callable[[bytes, ContentType], Awaitable[NotTaken | None]]
"""Takes over the bytes of one file; None: they are durable here now. Raises when it cannot be said yet."""


class Watch(Protocol):
    """Says whether this gateway is the one that looks into the folder."""

    async def is_ours(self) -> bool:
        """Whether it is now. Raises when that cannot be said."""
        ...

    async def end(self) -> None:
        """Another may look from now on."""
        ...


class DirectoryInbox:
    """The in/ folder of one partner, and what becomes of the files in it."""

    def __init__(
        self,
        root: Path,
        take_over: TakeOver,
        *,
        poll_seconds: float = POLL_SECONDS,
        largest: int = LARGEST_BYTES,
        keep_done: bool = True,
        watch: Watch | None = None,
        name: str = "",
    ) -> None:
        """`largest` in bytes; `keep_done`: move what was taken to done/ instead of deleting it; `watch` None: no other
        gateway sees the folder; `name`: of the endpoint, for the log."""
        self._root = root
        self._name = name
        self._take_over = take_over
        self._poll_seconds = poll_seconds
        self._largest = largest
        self._keep_done = keep_done
        self._watch = watch
        self._last_look: frozenset[Found] = frozenset()
        self._told: set[str] = set()
        self._troubles: set[str] = set()
        self._is_stuck = False

    @property
    def name(self) -> str:
        """Of the endpoint."""
        return self._name

    @property
    def is_stuck(self) -> bool:
        """Whether something in the folder could not be taken over at the last look, nor at the one before it."""
        return self._is_stuck

    async def run(self) -> None:
        """Look at the interval until cancelled; nothing that goes wrong here ends it."""
        try:
            while True:
                try:
                    await self.look()
                except Exception as error:
                    self._tell(type(error).__name__)
                self._is_stuck = bool((self._told & self._troubles) - {_LEDGER_AWAY})
                self._told, self._troubles = self._troubles, set()
                await asyncio.sleep(self._poll_seconds)
        finally:
            if self._watch is not None:
                with contextlib.suppress(Unavailable):
                    await self._watch.end()

    async def look(self) -> int:
        """One look: hand over each file unchanged since the last one. Returns how many left in/."""
        if not await self._may_look():
            return 0
        ready = await asyncio.to_thread(self._ready)
        gone = 0
        for found in ready:
            try:
                if not await self._may_look():
                    break
                gone += await self._deal_with(found)
            except Unavailable:
                raise
            except Exception as error:  # one bad file must not hold up the others
                self._tell(type(error).__name__, found)
        return gone

    async def _may_look(self) -> bool:
        return self._watch is None or await self._watch.is_ours()

    def _ready(self) -> list[Found]:
        with folders.opened(self._root, "in") as folder:
            seen = folders.look(folder)
        ready = [found for found in seen if found in self._last_look]
        self._last_look = frozenset(seen)
        return ready

    async def _deal_with(self, found: Found) -> bool:
        try:
            data = await asyncio.to_thread(self._read, found)
        except FileNotFoundError:
            return False
        except (folders.NotAPlainFile, folders.TooLarge) as error:
            large = isinstance(error, folders.TooLarge)
            refusal: NotTaken | None = NotTaken("xml.too-large" if large else "transport.not-a-plain-file")
            data = b""
        else:
            refusal = await self._take_over(data, content_type_of(data))
        if refusal is None:
            return await asyncio.to_thread(self._put_away, found)
        return await asyncio.to_thread(self._refuse, found, refusal, data)

    def _read(self, found: Found) -> bytes:
        with folders.opened(self._root, "in") as folder:
            return folders.read_file(folder, found, self._largest)

    def _put_away(self, found: Found) -> bool:
        with folders.opened(self._root, "in") as folder:
            if not folders.is_as_found(folder, found):
                return False
            if self._keep_done:
                with folders.opened(self._root, "done") as done:
                    folders.move(folder, found.name, done)
            else:
                folders.remove(folder, found.name)
                os.fsync(folder)
        return True

    def _refuse(self, found: Found, refusal: NotTaken, data: bytes) -> bool:
        with folders.opened(self._root, "in") as folder, folders.opened(self._root, "refused") as refused:
            if not folders.is_as_found(folder, found):
                return False
            if refusal.receipt is not None:
                name = hashlib.sha256(b"refused\n" + data).hexdigest()[:40]
                with folders.opened(self._root, "out") as out:
                    folders.write_complete(out, f"{name}.xml", refusal.receipt)
            name = folders.move(folder, found.name, refused)
            folders.write_complete(refused, f"{name}.reason.json", reason_of(refusal.code))
        return True

    def _tell(self, kind: str, found: Found | None = None) -> None:
        """Log a trouble when it begins, not at every look; a file name is the partner's and may tell."""
        which = hashlib.sha256(os.fsencode(found.name)).hexdigest()[:12] if found else ""
        trouble = f"{kind} {which}"
        if trouble not in self._told | self._troubles:
            log.error("inbox.not-read", endpoint=self._name, kind=kind, file=which)
        self._troubles.add(trouble)


def content_type_of(data: bytes) -> ContentType:
    """FHIR JSON if the first character says so, else XML (which its reader will refuse if it is not)."""
    return FHIR_JSON if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else XML


def reason_of(code: str) -> bytes:
    """What lies beside a refused file: code, sentences and next step; no content."""
    entry = CATALOGUE[code]
    reason = {
        "code": code,
        "apprec": entry.apprec,
        "no": entry.no,
        "en": entry.en,
        "owner": entry.owner,
        "nextStepNo": entry.next_step_no,
        "nextStepEn": entry.next_step_en,
    }
    return json.dumps(reason, ensure_ascii=False, indent=2).encode()
