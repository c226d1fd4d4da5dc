"""How often does Python look for garbage? Seldom: a message makes thousands of objects, nearly all go without it."""

from __future__ import annotations

import gc
from typing import Final

GC_THRESHOLD: Final = 20_000
"""New objects before the garbage collector looks for cycles among them (Python's own: 700)."""


def keep_for_good() -> None:
    """Spare the garbage collector what lives as long as the process (modules, grammars, compiled rules)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
