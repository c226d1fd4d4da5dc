"""How does somebody get in, stay in and get out, and who has an account?

A session is a random secret in the browser and its SHA-256 in the ledger; it ends when it is not used, after its
longest time, when its person signs out, and when the account is disabled or gets another password, in the same commit.

A password is checked outside the commit, because that takes long. So the commit that follows looks whether what was
checked still holds: a sign-in, that the account has that password and is open; a change of password, that the session
has not ended. Nobody gets in with a password that was taken from the account meanwhile, or gives it back.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from datetime import timedelta
from typing import Final, cast

from gateway.accounts import passwords
from gateway.accounts.roles import BOUND, MAY, ROLES, Person, Role, Viewer
from gateway.errors import Refusal
from gateway.ledger import audit, times
from gateway.ledger.accounts import AccountReader, AccountRow, SessionRow, account_of
from gateway.ledger.audit import Act, Who
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.routing.partners import Partners
from gateway.settings import ConsoleSettings

AT_ONCE: Final = 2
"""Passwords that are checked at the same time: each takes 64 MiB."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""How often a session that is used is noted as such."""
OPEN_FOR: Final = timedelta(minutes=15)
"""How long something may be read after its purpose was stated."""
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,78}[a-z0-9])?")
_NUMBER: Final = re.compile(r"\d{11}")


class _ChangedMeanwhile(Exception):
    """The account has another password than the one that was checked."""


class Accounts:
    """The accounts and sessions of one running gateway."""

    def __init__(self, settings: ConsoleSettings, ledger: Ledger, partners: Partners) -> None:
        self._settings = settings
        self._ledger = ledger
        self._partners = partners
        self.reader = AccountReader(ledger)
        self._checking = asyncio.Semaphore(AT_ONCE)

    # --- signing in and out

    async def sign_in(self, name: str, password: str) -> tuple[str, bool] | None:
        """Let somebody in with a local account: the session's secret for the browser, and whether the password must be
        changed first. None: not known, wrong, locked or disabled; which of these is not told.

        Durable after it: the session and its line in the audit, or the failure that counts. A crash before it: neither,
        and the person signs in again. Doing it again is harmless: one more session, which ends by itself.
        """
        name = name.strip().lower()
        account = self.reader.account(name)
        kept = account.password_hash if account else None
        async with self._checking:
            right = await asyncio.to_thread(passwords.fits, kept, password)
            renewed = (
                await asyncio.to_thread(passwords.hashed, password)
                if right and kept is not None and passwords.is_outdated(kept)
                else None
            )
        try:
            return await self._ledger.write(lambda session: self._judge(session, name, kept, right, renewed))
        except _ChangedMeanwhile:
            return await self.sign_in(name, password)

    def _judge(
        self, session: Session, name: str, checked: str | None, right: bool, renewed: str | None
    ) -> tuple[str, bool] | None:
        """Let in or count a failure: in one commit with the state of the account, so that no try escapes the count.

        :raises _ChangedMeanwhile: `checked`, the hash that was looked at, is not the account's.
        """
        now = self._ledger.clock()
        row = session.one("account", name=name)
        account = None if row is None else account_of(row)
        if account is None:
            audit.note(session, "sign-in-refused", Who(None), now)  # what was typed could be anything
            return None
        if account.password_hash != checked:
            raise _ChangedMeanwhile
        who = Who(account.name, account.role, account.organisation)
        shut = account.disabled_at is not None or (
            account.locked_until is not None and times.of(account.locked_until) > now
        )
        if shut or not right:
            audit.note(session, "sign-in-refused", who, now, shut=shut)
            if not shut:
                self._is_locked_by_failure(session, account, who, now)
            return None
        if renewed is not None:
            session.run("renew_hash", name=name, password_hash=renewed)
        session.run("note_sign_in", name=name, now=now)
        return self._begin(
            session, _person(account), now, must_change=account.must_change
        ), account.must_change

    def _is_locked_by_failure(self, session: Session, account: AccountRow, who: Who, now: int) -> bool:
        """Count a wrong password; whether it was the one that locks the account."""
        session.run("count_failure", name=account.name)
        if account.failures + 1 < self._settings.lock_after:
            return False
        until = now + times.seconds(self._settings.lock_s)
        session.run("lock_account", name=account.name, until=until)
        audit.note(session, "account-locked", who, now)
        return True

    def _begin(self, session: Session, person: Person, now: int, *, must_change: bool = False) -> str:
        """Begin a session; returns the secret for the browser."""
        secret = secrets.token_urlsafe(32)
        session.run("forget_openings", now=now)
        session.run("forget_sessions", now=now, seen_before=now - times.seconds(self._settings.idle_s))
        session.run(
            "keep_session",
            session_hash=_hash(secret),
            name=person.name,
            role=person.role,
            organisation=person.organisation,
            must_change=int(must_change),
            form_token=secrets.token_urlsafe(32),
            now=now,
            until=now + times.seconds(self._settings.longest_s),
        )
        audit.note(session, "signed-in", _who(person), now)
        return secret

    def viewer(self, secret: str) -> Viewer | None:
        """Who holds this session; None: nobody any more."""
        row = self.reader.session(_hash(secret))
        now = self._ledger.clock()
        if row is None or times.of(row.until) <= now:
            return None
        if times.of(row.seen_at) + times.seconds(self._settings.idle_s) <= now:
            return None
        return self._viewer(row)

    def _viewer(self, row: SessionRow) -> Viewer | None:
        role, her_ids = cast(Role, row.role), None
        if role not in MAY or (role in BOUND and row.organisation is None):
            return None
        if row.organisation is not None:
            partner = self._partners.named(row.organisation)
            her_ids = frozenset(partner.her_ids if partner else ())
        person = Person(row.name, role, row.organisation)
        return Viewer(person, MAY[role], her_ids, row.form_token, row.session_hash, row.must_change)

    async def seen(self, viewer: Viewer) -> None:
        """Note, now and then, that a session is in use."""
        row = self.reader.session(viewer.session)
        now = self._ledger.clock()
        if row is None or now - times.of(row.seen_at) < SEEN_EVERY.total_seconds() * times.SECOND:
            return

        def unit(session: Session) -> None:
            session.run("session_seen", session_hash=viewer.session, now=now)
            session.notices.changed = False  # no page shows it

        await self._ledger.write(unit)

    async def end(self, viewer: Viewer) -> None:
        """End a session."""

        def unit(session: Session) -> None:
            self._let_go(session, viewer)
            audit.note(session, "signed-out", who_of(viewer), self._ledger.clock())

        await self._ledger.write(unit)

    def _let_go(self, session: Session, viewer: Viewer) -> None:
        session.run("end_session", session_hash=viewer.session)
        session.run("end_openings", session_hash=viewer.session)

    async def change_password(self, viewer: Viewer, old: str, new: str) -> str:
        """Take a new password of one's own. Every session of the account ends; returns the secret of a new one. A wrong
        present password counts as at sign-in: the one that locks the account ends this session.

        :raises Refusal: accounts.wrong-password, .weak-password, .session-ended
        """
        assert viewer.person is not None
        person = viewer.person
        account = self.reader.account(person.name)
        async with self._checking:
            right = await asyncio.to_thread(passwords.fits, account.password_hash if account else None, old)
            if not right:
                code = await self._ledger.write(lambda session: self._refused(session, viewer, person))
                raise Refusal(code)
            if new == old or not passwords.is_acceptable(new, person.name):
                raise Refusal("accounts.weak-password")
            password_hash = await asyncio.to_thread(passwords.hashed, new)

        def unit(session: Session) -> str:
            if session.one("session", session_hash=viewer.session) is None:
                raise Refusal("accounts.session-ended")
            now = self._ledger.clock()
            session.run("set_password", name=person.name, password_hash=password_hash, must_change=0)
            session.run("end_sessions_of", name=person.name)
            audit.note(session, "password-changed", who_of(viewer), now)
            return self._begin(session, person, now)

        return await self._ledger.write(unit)

    def _refused(self, session: Session, viewer: Viewer, person: Person) -> str:
        """The code for a present password that was wrong, which counts in the same commit."""
        row = session.one("account", name=person.name)
        if row is None or session.one("session", session_hash=viewer.session) is None:
            return "accounts.session-ended"
        who, now = _who(person), self._ledger.clock()
        audit.note(session, "password-refused", who, now)
        if not self._is_locked_by_failure(session, account_of(row), who, now):
            return "accounts.wrong-password"
        self._let_go(session, viewer)
        return "accounts.session-ended"

    # --- reading for a purpose

    async def open(
        self, viewer: Viewer, act: Act, subject: str, purpose: str, *, message: str | None = None
    ) -> None:
        """Let this session read something for a while. Durable with its line in the audit, or not at all."""

        def unit(session: Session) -> None:
            now = self._ledger.clock()
            until = now + int(OPEN_FOR.total_seconds()) * times.SECOND
            session.run("keep_opening", session_hash=viewer.session, subject=subject, until=until)
            audit.note(session, act, who_of(viewer), now, message=message, purpose=purpose)

        await self._ledger.write(unit)

    def is_open(self, viewer: Viewer, subject: str) -> bool:
        """Whether this session has stated a purpose for reading it, a short while ago."""
        until = self.reader.opened_until(viewer.session, subject) if viewer.session else None
        return until is not None and times.of(until) > self._ledger.clock()

    async def note(self, viewer: Viewer, act: Act, **more: str | int | None) -> None:
        """Add a line to the audit."""
        message, patient_key, purpose = (
            more.pop(name, None) for name in ("message", "patient_key", "purpose")
        )

        def unit(session: Session) -> None:
            audit.note(
                session,
                act,
                who_of(viewer),
                self._ledger.clock(),
                message=cast("str | None", message),
                patient_key=cast("str | None", patient_key),
                purpose=cast("str | None", purpose),
                **more,
            )

        await self._ledger.write(unit)

    # --- who has an account

    async def create(self, name: str, role: str, organisation: str | None, by: str) -> str:
        """Make an account; returns its first password, which is kept nowhere.

        :raises Refusal: accounts.bad-name, .unknown-role, .unknown-organisation, .needs-organisation, .exists
        """
        if not is_name(name):
            raise Refusal("accounts.bad-name")
        if role not in ROLES:
            raise Refusal("accounts.unknown-role")
        if organisation is None and role in BOUND:
            raise Refusal("accounts.needs-organisation")
        if organisation is not None and self._partners.named(organisation) is None:
            raise Refusal("accounts.unknown-organisation")
        password = passwords.first_password()
        password_hash = await asyncio.to_thread(passwords.hashed, password)

        def unit(session: Session) -> None:
            now = self._ledger.clock()
            if session.one("account", name=name) is not None:
                raise Refusal("accounts.exists")
            session.run(
                "keep_account",
                name=name,
                role=role,
                organisation=organisation,
                password_hash=password_hash,
                now=now,
            )
            audit.note(session, "account-created", Who(by), now, account=name, role=role, of=organisation)

        await self._ledger.write(unit)
        return password

    async def reset(self, name: str, by: str) -> str:
        """Give an account a new first password, and unlock it; returns the password.

        :raises Refusal: accounts.unknown
        """
        password = passwords.first_password()
        password_hash = await asyncio.to_thread(passwords.hashed, password)

        def unit(session: Session) -> None:
            _expect(session, name)
            session.run("set_password", name=name, password_hash=password_hash, must_change=1)
            session.run("end_sessions_of", name=name)
            audit.note(session, "password-reset", Who(by), self._ledger.clock(), account=name)

        await self._ledger.write(unit)
        return password

    async def disable(self, name: str, by: str) -> None:
        """Let nobody in with this account any more; whoever is in is out with the same commit.

        :raises Refusal: accounts.unknown
        """

        def unit(session: Session) -> None:
            _expect(session, name)
            now = self._ledger.clock()
            session.run("disable_account", name=name, now=now)
            session.run("end_sessions_of", name=name)
            audit.note(session, "account-disabled", Who(by), now, account=name)

        await self._ledger.write(unit)

    async def enable(self, name: str, by: str) -> None:
        """Let the account be used again, and unlock it.

        :raises Refusal: accounts.unknown
        """

        def unit(session: Session) -> None:
            _expect(session, name)
            session.run("enable_account", name=name)
            audit.note(session, "account-enabled", Who(by), self._ledger.clock(), account=name)

        await self._ledger.write(unit)


def is_name(text: str) -> bool:
    """Whether an account can be called so: never anything that holds an identity number."""
    return bool(_NAME.fullmatch(text)) and not _NUMBER.search(text)


def who_of(viewer: Viewer) -> Who:
    """The person as trail and audit name it."""
    return Who(None) if viewer.person is None else _who(viewer.person)


def _who(person: Person) -> Who:
    return Who(person.name, person.role, person.organisation)


def _person(account: AccountRow) -> Person:
    return Person(account.name, cast(Role, account.role), account.organisation)


def _expect(session: Session, name: str) -> None:
    if session.one("account", name=name) is None:
        raise Refusal("accounts.unknown")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
