"""How is a password kept and checked? As Argon2id (RFC 9106) with the parameters of its second recommendation.

A check takes about 64 MiB and some tens of milliseconds by design; callers see to it that only a few run at a time.
"""

from __future__ import annotations

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST: Final = 12  # characters
LONGEST: Final = 200
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike."""

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_NOBODY: Final = _hasher.hash(secrets.token_hex(16))
"""Checked against when there is no such account, so that the time tells nothing."""


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was kept; None: there is none, which takes as long to say."""
    try:
        _hasher.verify(password_hash or _NOBODY, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def is_acceptable(password: str, name: str) -> bool:
    """Whether somebody may choose it: long enough, not too long, and not made of the name or of one character."""
    return SHORTEST <= len(password) <= LONGEST and name not in password.lower() and len(set(password)) > 4


def first_password() -> str:
    """A password for the first sign-in: four groups of five, some 99 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
