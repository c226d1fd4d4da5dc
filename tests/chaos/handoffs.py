"""Where is a gateway killed? At each hand-off: just before and just after something becomes durable or leaves.

Armed in the process that is to die (`gateways.py`): the named hand-off is counted, and at its n-th passing the process
ends itself with SIGKILL, as a power cut would end it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Final

HANDOFFS: Final = (
    "before a commit",  # of anything: intake, claim, translation, outcome, receipt, deadline, recovery
    "after a commit, before anyone is told",
    "accepted, before the answer",
    "translated, before it is kept",
    "before sending",
    "while sending",
    "sent, before the outcome is kept",
)
MOMENT_S: Final = 0.002
"""How long the sending goes on that is cut off in the middle."""


class Countdown:
    """Ends the process at the n-th passing."""

    def __init__(self, number: int) -> None:
        self._left = number

    def passed(self) -> bool:
        """Whether this was the one."""
        self._left -= 1
        return self._left == 0

    def __call__(self) -> None:
        """A passing."""
        if self.passed():
            die()


def die() -> None:
    """End now: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(handoff: str, number: int) -> None:
    """Have this process end at the n-th passing of the hand-off."""
    count = Countdown(number)
    {
        "before a commit": lambda: _around_commits(before=count),
        "after a commit, before anyone is told": lambda: _around_commits(after=count),
        "accepted, before the answer": lambda: _after_intake(count),
        "translated, before it is kept": lambda: _after_translation(count),
        "before sending": lambda: _around_sending(before=count),
        "while sending": lambda: _while_sending(count),
        "sent, before the outcome is kept": lambda: _around_sending(after=count),
    }[handoff]()


def _nothing() -> None:
    pass


class _Mortal:
    """The writer's connection; a commit may be the last thing it does, or not even that."""

    def __init__(self, connection: Any, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._connection, self._before, self._after = connection, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self, notices: Any, units: int) -> None:
        self._before()
        self._connection.commit(notices, units)
        self._after()


def _around_commits(*, before: Callable[[], None] = _nothing, after: Callable[[], None] = _nothing) -> None:
    from gateway.ledger.writer import Writer

    made = Writer.__init__

    def make(self: Writer, connection: Any, *rest: Any) -> None:
        made(self, _Mortal(connection, before, after), *rest)

    Writer.__init__ = make  # type: ignore[method-assign]


def _after_intake(count: Countdown) -> None:
    from gateway.routing.intake import Intake

    Intake.accept = _then(Intake.accept, count)  # type: ignore[method-assign]


def _after_translation(count: Countdown) -> None:
    from gateway.workers import Workers

    Workers.convert = _then(Workers.convert, count)  # type: ignore[method-assign]


def _around_sending(*, before: Callable[[], None] = _nothing, after: Callable[[], None] = _nothing) -> None:
    from gateway.transports.http import HttpTransport

    send = HttpTransport.send

    async def sent(self: HttpTransport, *given: Any) -> Any:
        before()
        outcome = await send(self, *given)
        after()
        return outcome

    HttpTransport.send = sent  # type: ignore[method-assign]


def _while_sending(count: Countdown) -> None:
    from gateway.transports.http import HttpTransport

    send = HttpTransport.send

    async def sent(self: HttpTransport, *given: Any) -> Any:
        if count.passed():
            asyncio.get_running_loop().call_later(MOMENT_S, die)
        return await send(self, *given)

    HttpTransport.send = sent  # type: ignore[method-assign]


def _then(work: Callable[..., Awaitable[Any]], after: Callable[[], None]) -> Any:
    async def done(self: Any, *given: Any, **named: Any) -> Any:
        outcome = await work(self, *given, **named)
        after()
        return outcome

    return done
