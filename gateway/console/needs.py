"""What must a person be allowed, to open this page? Said beside each page; a page that says nothing cannot be added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gateway.accounts.roles import Right

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
SMALL_FORM: Final = 64 * 1024
"""Bytes of an ordinary form."""
_NAME: Final = "somlos_need"


@dataclass(frozen=True)
class Need:
    """What a page asks of its visitor."""

    right: Right | None
    """None: everybody who can reach the console at all (signing in, our own files)."""
    most_bytes: int


def needs(right: Right | None, *, most_bytes: int = SMALL_FORM) -> Callable[[Endpoint], Endpoint]:
    """Marks a page with the right it needs; `most_bytes`: of what is sent to it."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _NAME, Need(right, most_bytes))
        return endpoint

    return mark


def need_of(endpoint: Callable[..., Any]) -> Need:
    """What was said beside a page. LookupError: nothing."""
    need = getattr(endpoint, _NAME, None)
    if not isinstance(need, Need):
        raise LookupError(f"{endpoint.__qualname__} does not say which right it needs")
    return need
