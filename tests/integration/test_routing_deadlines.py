"""Does every state that has lasted too long come to its end, whatever else is written at the same moment?"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from gateway.routing.deadlines import Deadlines
from tests.support.plain import cancellation, running, settings

pytestmark = pytest.mark.usefixtures("store")


async def test_deadline_that_is_set_while_others_pass_is_kept_too(tmp_path: Path) -> None:
    """Set in the very commit that looks which is the next, but after the look."""
    async with running(settings(tmp_path, parked_limit_s=0.1)) as house:
        await house.services.dispatcher.stop()
        ledger, gate = house.services.ledger, threading.Event()
        deadlines = Deadlines(ledger, clock=ledger.clock)
        ledger.listen(deadlines.heard)
        before = asyncio.create_task(ledger.write(lambda session: gate.wait()))
        await asyncio.sleep(0)
        watching = asyncio.create_task(deadlines.run())
        await asyncio.sleep(0)
        parked = asyncio.create_task(house.accepted(cancellation("m-2", "m-1")))
        await asyncio.sleep(0)
        gate.set()
        await before
        await house.until(await parked, "handed")
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
