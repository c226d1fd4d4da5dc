"""How does a thread have something done on the event loop, and never wait for it in vain?

Two threads that both run Python pass the interpreter to and fro: after every statement the one waits until the other
gives it up. So the writer's thread has short units run where everything else runs, and waits. A loop that does not get
to it (it is busy, stands still, or waits for the writer itself) loses its turn: then the thread does the work.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 0.05
"""For how long the thread leaves it to the loop."""


class Interrupted(Exception):
    """The event loop was ended in the middle of the work."""


class Turn:
    """One piece of work, done by whoever comes first."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._is_free = threading.Lock()
        self._done = threading.Event()
        self._error: BaseException | None = None

    def on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have it done by the thread of `loop`, or by this one. Returns when it is done, or raises what it raised.

        :raises Interrupted: it was cut off.
        """
        try:
            loop.call_soon_threadsafe(self._take)
        except RuntimeError:  # the loop is closed
            self._take()
        if not self._done.wait(PATIENCE_S):
            self._take()
            self._done.wait()
        if self._error is not None:
            raise self._error

    def _take(self) -> None:
        if not self._is_free.acquire(blocking=False):
            return
        try:
            self._work()
        except Exception as error:
            self._error = error
        except BaseException:  # somebody ends this thread, not the one that waits
            self._error = Interrupted()
            raise
        finally:
            self._done.set()
