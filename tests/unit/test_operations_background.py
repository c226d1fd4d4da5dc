"""Does one look follow a crowd of commits, and none of them go unseen?"""

from __future__ import annotations

import asyncio

import pytest

from gateway.operations import background


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> background._Changes:
    """What a task hears that may look every 50 milliseconds."""
    monkeypatch.setattr(background, "BREATH_S", 0.05)
    return background._Changes()


async def test_a_look_follows_a_commit_a_breath_after_the_last_look(changes: background._Changes) -> None:
    now = asyncio.get_running_loop().time
    began = now()
    looks = 0
    while now() - began < 0.3:
        changes.look()
        looks += 1
        for _ in range(100):
            changes.heard()
        await changes.next()
    assert 1 < looks <= 7


async def test_a_commit_during_the_pause_is_not_forgotten(changes: background._Changes) -> None:
    changes.look()
    changes.heard()
    waiting = asyncio.create_task(changes.next())
    await asyncio.sleep(0)  # it has heard, and pauses
    changes.look()
    changes.heard()
    await waiting
    await asyncio.wait_for(changes.next(), 5.0)


async def test_without_a_commit_time_alone_ends_the_wait(changes: background._Changes) -> None:
    changes.look()
    await asyncio.wait_for(changes.next(within_s=0.01), 5.0)


async def test_a_commit_before_the_look_needs_no_other(changes: background._Changes) -> None:
    changes.heard()
    changes.look()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(changes.next(), 0.2)
