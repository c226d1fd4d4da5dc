"""A password takes long to check. What becomes of an account that somebody changes meanwhile?"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.accounts import passwords
from gateway.accounts.roles import Viewer
from gateway.accounts.service import Accounts
from gateway.errors import Refusal
from gateway.ledger.audit import AuditFilter, AuditReader
from gateway.ledger.store import Ledger, database_at
from gateway.routing.partners import Partners
from gateway.settings import Settings
from tests.support import stores
from tests.support.accounts import PASSWORD, cheap_passwords

OTHER = "en helt annen setning"
LIMIT_S = 30.0
Result = TypeVar("Result")


@pytest.fixture
def ledger(store: str, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = Ledger(database_at(stores.gateway_settings(tmp_path)["ledger"]))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def accounts(ledger: Ledger) -> Iterator[Accounts]:
    """Of one node."""
    with cheap_passwords():
        yield node(ledger)


def node(ledger: Ledger) -> Accounts:
    settings = Settings()
    return Accounts(settings.console, ledger, Partners(settings))


async def signed_in(accounts: Accounts, name: str, password: str) -> Viewer | None:
    session = await accounts.sign_in(name, password)
    return None if session is None else accounts.viewer(session[0])


async def kari(accounts: Accounts) -> Viewer:
    """Somebody who is signed in, with a password of her own."""
    first = await accounts.create("kari", "operator", None, "drift")
    began = await signed_in(accounts, "kari", first)
    assert began is not None
    viewer = accounts.viewer(await accounts.change_password(began, first, PASSWORD))
    assert viewer is not None
    return viewer


async def once_checked(
    monkeypatch: pytest.MonkeyPatch, begun: Awaitable[Result], then: Callable[[], Awaitable[object]]
) -> Result:
    """What comes of `begun` when `then` is done after its password was checked, and before anything is kept."""
    checked, go_on = threading.Event(), threading.Event()
    real = passwords.fits

    def fits(kept: str | None, password: str) -> bool:
        right = real(kept, password)
        monkeypatch.setattr(passwords, "fits", real)
        checked.set()
        assert go_on.wait(LIMIT_S)
        return right

    monkeypatch.setattr(passwords, "fits", fits)
    task = asyncio.ensure_future(begun)
    assert await asyncio.to_thread(checked.wait, LIMIT_S)
    await then()
    go_on.set()
    return await task


async def test_nobody_gets_in_with_a_password_that_was_just_taken_away(
    accounts: Accounts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kari(accounts)
    other = node(ledger)
    came_in = await once_checked(
        monkeypatch, accounts.sign_in("kari", PASSWORD), lambda: other.reset("kari", "drift")
    )
    assert came_in is None


async def test_a_hash_that_is_renewed_does_not_bring_an_old_password_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cheap_passwords():
        viewer = await kari(node(ledger))
    accounts = node(ledger)
    came_in = await once_checked(
        monkeypatch,
        accounts.sign_in("kari", PASSWORD),
        lambda: node(ledger).change_password(viewer, PASSWORD, OTHER),
    )
    assert came_in is None
    assert await accounts.sign_in("kari", PASSWORD) is None
    assert await accounts.sign_in("kari", OTHER) is not None


async def test_who_signs_in_twice_at_once_is_in_though_the_hash_was_renewed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cheap_passwords():
        await kari(node(ledger))
    accounts = node(ledger)
    came_in = await once_checked(
        monkeypatch, accounts.sign_in("kari", PASSWORD), lambda: node(ledger).sign_in("kari", PASSWORD)
    )
    assert came_in is not None


async def test_a_change_of_password_does_not_undo_what_an_operator_did_meanwhile(
    accounts: Accounts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await kari(accounts)
    given: list[str] = []

    async def reset() -> None:
        given.append(await node(ledger).reset("kari", "drift"))

    with pytest.raises(Refusal, match=r"accounts\.session-ended"):
        await once_checked(monkeypatch, accounts.change_password(viewer, PASSWORD, OTHER), reset)
    assert await accounts.sign_in("kari", OTHER) is None
    assert await accounts.sign_in("kari", given[0]) is not None


async def test_who_changes_the_password_of_an_account_that_is_being_closed_stays_out(
    accounts: Accounts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await kari(accounts)
    with pytest.raises(Refusal, match=r"accounts\.session-ended"):
        await once_checked(
            monkeypatch,
            accounts.change_password(viewer, PASSWORD, OTHER),
            lambda: node(ledger).disable("kari", "drift"),
        )
    sessions = ledger.reading().execute("SELECT name FROM sessions", {}).fetchall()
    assert sessions == []


async def test_who_guesses_the_present_password_is_put_out_and_locks_the_account(
    accounts: Accounts, ledger: Ledger
) -> None:
    viewer, most = await kari(accounts), Settings().console.lock_after
    guesses = (accounts.change_password(viewer, f"gjetning {n}", OTHER) for n in range(most + 3))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    codes = Counter(answer.code for answer in answers if isinstance(answer, Refusal))
    assert codes == {"accounts.wrong-password": most - 1, "accounts.session-ended": 4}
    assert ledger.reading().execute("SELECT name FROM sessions", {}).fetchall() == []
    assert await accounts.sign_in("kari", PASSWORD) is None
    acts = [each.act for each in AuditReader(ledger).lines(AuditFilter())]
    assert (acts.count("password-refused"), acts.count("account-locked")) == (most, 1)
