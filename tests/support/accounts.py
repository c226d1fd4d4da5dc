"""How do tests come by accounts that can sign in at once?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher

from gateway.accounts import passwords
from gateway.accounts.service import Accounts

PASSWORD = "riktig hest batteri stift"


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Where many accounts are made: hashing is the same, with little work."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody"))
        yield


def make(accounts: Accounts, name: str, role: str, organisation: str | None = None) -> None:
    """An account whose password was changed already; made in a thread that has no event loop yet."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _make(accounts, name, role, organisation)).result()


async def _make(accounts: Accounts, name: str, role: str, organisation: str | None) -> None:
    own = Accounts(accounts._settings, accounts._ledger, accounts._partners)  # of this event loop
    first = await own.create(name, role, organisation, "test")
    session = await own.sign_in(name, first)
    assert session is not None
    assert session[1], "the first password must be changed"
    viewer = own.viewer(session[0])
    assert viewer is not None
    await own.change_password(viewer, first, PASSWORD)
