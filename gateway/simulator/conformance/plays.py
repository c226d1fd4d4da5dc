"""Which plays are going on in this process, and how does what a vendor posts find its play?

For a server that plays on request. Each run (some behaviours, one after the other) has a thread and an event loop of
its own, so that it never holds up the server's; its inbox is known by a token that cannot be guessed. In memory only:
what was played is forgotten when the process ends, or when many newer runs have come.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.simulator.conformance.play import Plan, Play, Played

MOST_KEPT: Final = 50
MOST_AT_ONCE: Final = 4
STOP_SECONDS: Final = 5.0


class TooMany(Exception):
    """As many runs go on as this process allows."""


@dataclass
class Run:
    """Some behaviours, one after the other, against one endpoint."""

    token: str = field(repr=False)
    plan: Plan
    behaviours: tuple[str, ...]
    owner: str
    """Who may see it: name of the partner."""
    started_at: datetime
    played: list[Played] = field(default_factory=list)
    done: int = 0
    of: int = 0
    """Messages of the present behaviour: how many of how many."""
    failed: bool = False
    """A fault of ours ended it."""
    over: bool = False
    stopped: bool = False
    """The process that plays it ends."""
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)
    play: Play | None = field(default=None, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    thread: threading.Thread | None = field(default=None, repr=False)


class Plays:
    """The runs of this process."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()

    def start(self, plan: Plan, behaviours: Sequence[str], owner: str, now: datetime) -> Run:
        """Begin a run. Raises TooMany."""
        if sum(not run.over for run in self._runs.values()) >= MOST_AT_ONCE:
            raise TooMany
        run = Run(secrets.token_urlsafe(16), plan, tuple(behaviours), owner, now)
        self._runs[run.token] = run
        for token in [token for token, each in self._runs.items() if each.over][
            : len(self._runs) - MOST_KEPT
        ]:
            del self._runs[token]
        run.thread = threading.Thread(target=_run, args=(run,), name="play", daemon=True)
        run.thread.start()
        return run

    def stop(self) -> None:
        """End what goes on: the process is about to."""
        going = [run for run in self._runs.values() if not run.over]
        for run in going:
            run.stopped = True
            if run.loop is not None and run.task is not None:
                run.loop.call_soon_threadsafe(run.task.cancel)
        for run in going:
            if run.thread is not None:
                run.thread.join(STOP_SECONDS)

    def find(self, token: str) -> Run | None:
        """The run with this token."""
        return self._runs.get(token)

    def newest_first(self) -> list[Run]:
        """All runs that are remembered."""
        return list(reversed(self._runs.values()))

    async def receive(self, token: str, body: bytes) -> int:
        """Hand what the vendor posted to its play; the HTTP status that answers it."""
        run = self.find(token)
        if run is None or run.over or run.loop is None or run.play is None:
            return 404
        try:
            taken = asyncio.run_coroutine_threadsafe(_take(run.play, body), run.loop)
            return await asyncio.wrap_future(taken)
        except (RuntimeError, asyncio.CancelledError):
            return 404  # it ended in this moment


async def _take(play: Play, body: bytes) -> int:
    return play.counterpart.receive(body)


def _run(run: Run) -> None:
    """The thread of a run."""
    try:
        asyncio.run(_play_all(run))
    except asyncio.CancelledError:
        pass  # told to end
    except Exception:
        run.failed = True  # told on the page; the play holds nothing that must be saved
    finally:
        run.over = True


async def _play_all(run: Run) -> None:
    run.loop, run.task = asyncio.get_running_loop(), asyncio.current_task()
    for key in run.behaviours:
        if run.stopped:
            return
        run.play = Play(run.plan, key, lambda done, of: _note(run, done, of))
        run.played.append(await run.play.run(datetime.now(UTC).date()))
        run.done = run.of = 0


def _note(run: Run, done: int, of: int) -> None:
    run.done, run.of = done, of
