"""Which id does the gateway itself give to a message it takes in?

A UUID of version 7 (RFC 9562 section 5.7): it begins with the time. Ids that are made one after the other stand side by
side in the ledger's index; at random, each message would touch a page of its own, to be written with every commit.
"""

from __future__ import annotations

import secrets
from typing import Final

_VERSION: Final = 7 << 76
_VARIANT: Final = 0b10 << 62
_RANDOM: Final = (0xFFF << 64) | ((1 << 62) - 1)
"""The bits that are left to chance: nobody guesses an id from another one."""


def own_id(now: int) -> str:
    """A new id; `now`: microseconds since 1970."""
    bits = now // 1000 << 80 | _VERSION | _VARIANT | secrets.randbits(76) & _RANDOM
    found = f"{bits:032x}"
    return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"
