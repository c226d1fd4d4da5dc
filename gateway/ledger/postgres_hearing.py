"""How does a node hear of what the others have committed?

NOTIFY travels with the commit; a thread of its own listens. What it hears is told on in small heaps: the node that
committed has had its chance to go on with the work itself, and many commits wake the others once. After a connection
that broke nobody knows what was missed, so everything is looked at.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import psycopg
import structlog

from gateway.ledger.postgres_connection import Raw, clock_offset
from gateway.ledger.session import Notices

HEAP_S: Final = 0.1
"""How long notices are gathered before they are told on: each time, the other nodes look for work that they mostly do
not find, and have the receivers' lanes to themselves meanwhile."""
LOOK_S: Final = 30.0
"""How often the clocks are compared, which also tries a silent connection."""
CONNECT_AGAIN_S: Final = 0.5
LONGEST: Final = 7900
"""Bytes that a notice of PostgreSQL may have."""
log = structlog.get_logger(__name__)


class _Database(Protocol):
    offset: int

    def connect(self, *, read_only: bool = False) -> Raw: ...


def written(notices: Notices, node: str) -> str | None:
    """Notices as they travel; None: there is nothing to say."""
    if not (notices.changed or notices.receivers or notices.deadline is not None):
        return None
    content: dict[str, Any] = {"node": node, "changed": notices.changed, "deadline": notices.deadline}
    text = json.dumps({**content, "receivers": sorted(notices.receivers)})
    return text if len(text) <= LONGEST else json.dumps({**content, "missed": True})


def read(text: str, node: str) -> Notices | None:
    """Notices as they were written; None: our own. What cannot be read means that something was missed."""
    try:
        content = json.loads(text)
        if content["node"] == node:
            return None
        return Notices(
            receivers=set(content.get("receivers", ())),
            deadline=content["deadline"],
            changed=content["changed"],
            missed=content.get("missed", False),
        )
    except (ValueError, KeyError, TypeError):
        return Notices(changed=True, missed=True)


class Hearing:
    """The thread that listens."""

    def __init__(self, database: _Database, key: int, heard: Callable[[Notices], None]) -> None:
        """`key` tells this ledger from another in the same database."""
        self._database = database
        self._heard = heard
        self.channel = f"somlos_{key & 0xFFFFFFFF:08x}"
        self.node = secrets.token_hex(8)
        """Names this node in what it tells the others."""
        self._thread = threading.Thread(target=self._work, name="ledger-hearing", daemon=True)
        self._ending = threading.Event()
        self._end_reads, self._end_writes = os.pipe()
        self._first: Raw | None = None
        self.is_connected = False
        """Whether the connection stands."""

    def start(self) -> None:
        """Listen from now on; returns when nothing can be missed any more.

        :raises psycopg.Error: no connection can be had now.
        """
        try:
            self._first = self._connect()
        except BaseException:
            self._close_pipe()
            raise
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._ending.set()
        os.write(self._end_writes, b".")
        self._thread.join()
        self._close_pipe()

    def _work(self) -> None:
        connection = self._first
        while not self._ending.is_set():
            try:
                if connection is None:
                    connection = self._connect()
                    self._heard(Notices(changed=True, missed=True))
                self._listen(connection)
            except (psycopg.Error, OSError) as error:
                self.is_connected = False
                log.error("ledger.not-heard", kind=type(error).__name__)
                if connection is not None:
                    connection.close()
                    connection = None
                self._ending.wait(CONNECT_AGAIN_S)
        if connection is not None:
            connection.close()

    def _connect(self) -> Raw:
        connection = self._database.connect()
        connection.execute(f'LISTEN "{self.channel}"')
        self.is_connected = True
        return connection

    def _listen(self, connection: Raw) -> None:
        """Until the connection breaks, or the end."""
        poll = select.poll()  # unlike select, it takes any number of open files
        for each in (connection.fileno(), self._end_reads):
            poll.register(each, select.POLLIN)
        compared_s = time.monotonic()
        while not self._ending.is_set():
            poll.poll(LOOK_S * 1000)
            if time.monotonic() - compared_s >= LOOK_S:
                self._database.offset = clock_offset(connection)
                compared_s = time.monotonic()
            heap = self._notices(connection)
            if heap is not None:
                self._ending.wait(HEAP_S)
                heap.add(self._notices(connection) or Notices())
                self._heard(heap)

    def _notices(self, connection: Raw) -> Notices | None:
        """What has come meanwhile, together."""
        heap: Notices | None = None
        for notice in connection.notifies(timeout=0):
            notices = read(notice.payload, self.node)
            if notices is not None:
                heap = heap or Notices()
                heap.add(notices)
        return heap

    def _close_pipe(self) -> None:
        os.close(self._end_reads)
        os.close(self._end_writes)
