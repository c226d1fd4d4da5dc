"""Is the work of a turn done once, by the event loop or by the thread that waits, and never waited for in vain?"""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.ledger.turn import Interrupted, Turn


async def test_the_loop_does_it() -> None:
    by: list[int] = []
    turn = Turn(lambda: by.append(threading.get_ident()))
    await asyncio.to_thread(turn.on, asyncio.get_running_loop())
    assert by == [threading.get_ident()]


async def test_a_loop_that_stands_still_loses_its_turn() -> None:
    by: list[int] = []
    turn = Turn(lambda: by.append(threading.get_ident()))
    thread = threading.Thread(target=turn.on, args=(asyncio.get_running_loop(),))
    thread.start()
    thread.join()  # nothing else runs on this loop meanwhile
    await asyncio.sleep(0)  # now the loop comes to it, and finds it done
    assert by == [thread.ident]


def test_a_closed_loop_is_not_waited_for() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    by: list[int] = []
    Turn(lambda: by.append(threading.get_ident())).on(loop)
    assert by == [threading.get_ident()]


async def test_what_goes_wrong_is_told_to_who_waits() -> None:
    def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await asyncio.to_thread(Turn(work).on, asyncio.get_running_loop())


def test_a_loop_that_is_ended_in_the_middle_leaves_nobody_waiting() -> None:
    told: list[type[BaseException]] = []
    loop = asyncio.new_event_loop()

    def work() -> None:
        raise KeyboardInterrupt

    def wait() -> None:
        try:
            Turn(work).on(loop)
        except Interrupted as error:
            told.append(type(error))

    thread = threading.Thread(target=wait)
    loop.call_soon(thread.start)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    thread.join()
    loop.close()
    assert told == [Interrupted]
