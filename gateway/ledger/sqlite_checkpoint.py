"""When is SQLite's write-ahead log moved into the file, so that no commit waits for it?

A commit appends to the log; now and then what the log holds must be copied into the file. SQLite would let the commit
that fills the log do it, and whoever waits for that commit would wait for all of it. Here a thread with a connection of
its own copies while commits go on, until only little is left; that little the writer copies itself, after a commit, and
begins the log anew.

Durable all the while: a commit is in the log, flushed, before it returns; copying changes nothing of what is held. A
crash in the midst of it: the log is still there, and is read at the next start. Doing it again is harmless.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Final

UNITS: Final = 500
"""Units of work after which it is time: some 10 to 25 MB."""
FEW_PAGES: Final = 100
"""So little the writer may copy itself: it takes about a millisecond."""
MOST_ROUNDS: Final = 8
PASSIVE: Final = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpointer:
    """Copies what is in the log of one file."""

    def __init__(self, path: Path) -> None:
        """Begins at once; the file is there.

        :raises sqlite3.Error: it cannot be opened.
        """
        self.little_is_left = False
        """The writer should copy the rest, and set this to False."""
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._due = threading.Event()
        self._is_ending = False
        self._units = 0
        self._thread = threading.Thread(target=self._work, name="ledger-checkpoint", daemon=True)
        self._thread.start()

    def kept(self, units: int) -> None:
        """So many more units are in the log; the writer calls it after its commit."""
        self._units += units
        if self._units >= UNITS:
            self._units = 0
            self._due.set()

    def stop(self) -> None:
        """End; what is in the log may stay there."""
        self._is_ending = True
        self._due.set()
        self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._is_ending:
                return
            with contextlib.suppress(sqlite3.Error):  # a full disk: the next time is soon
                self._copy()

    def _copy(self) -> None:
        """Copy until what has come meanwhile is little."""
        copied_before = 0
        for _ in range(MOST_ROUNDS):
            _, pages, copied = self._connection.execute(PASSIVE).fetchone()
            if self._is_ending or copied - copied_before <= FEW_PAGES or copied < pages:
                break
            copied_before = copied
        self.little_is_left = True
