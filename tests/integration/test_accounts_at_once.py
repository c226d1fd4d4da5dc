"""Does a password that is reset while it is being checked count no more, in whatever order the commits come?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import passwords
from gateway.accounts.service import Accounts
from gateway.ledger.store import Ledger, database_at
from gateway.routing.partners import Partners
from tests.support.accounts import PASSWORD, cheap_passwords
from tests.support.plain import settings

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    configured = settings(tmp_path)
    ledger = Ledger(database_at(configured.gateway.ledger))
    ledger.open()
    yield Accounts(configured.console, ledger, Partners(configured))
    ledger.close()


def meanwhile(patch: pytest.MonkeyPatch, do: Callable[[], Coroutine[Any, Any, str]]) -> list[str]:
    """Have something done just after the next password was checked; gives what came of it."""
    loop, fits, done = asyncio.get_running_loop(), passwords.fits, list[str]()

    def checked(kept: str | None, given: str) -> bool:
        right = fits(kept, given)
        if not done:
            done.append("")
            done[0] = asyncio.run_coroutine_threadsafe(do(), loop).result()
        return right

    patch.setattr(passwords, "fits", checked)
    return done


@pytest.mark.parametrize("outdated", [False, True], ids=["as today", "hashed as before"])
async def test_password_reset_while_it_is_checked_lets_nobody_in(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, outdated: bool
) -> None:
    with cheap_passwords():
        first = await accounts.create("kari", "operator", None, "test")
    monkeypatch.setattr(passwords, "is_outdated", lambda kept: outdated)
    reset = meanwhile(monkeypatch, lambda: accounts.reset("kari", "test"))
    assert await accounts.person("kari", first) is None
    known = await accounts.sign_in("kari", reset[0])
    assert known is not None
    key, must_change = known
    assert must_change
    viewer = accounts.viewer(key)
    assert viewer is not None
    assert viewer.person is not None
    assert viewer.person.name == "kari"


async def test_password_reset_meanwhile_is_not_changed_by_who_knew_the_old_one(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await accounts.create("kari", "operator", None, "test")
    known = await accounts.sign_in("kari", first)
    assert known is not None
    viewer = accounts.viewer(known[0])
    assert viewer is not None
    reset = meanwhile(monkeypatch, lambda: accounts.reset("kari", "test"))
    assert await accounts.change_password(viewer, first, PASSWORD) == "accounts.wrong-password"
    assert await accounts.person("kari", PASSWORD) is None
    assert await accounts.person("kari", reset[0]) is not None
