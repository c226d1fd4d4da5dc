"""What is wrong with the settings, in our words: which key, and what it takes?

pydantic's type of an error selects our code; of its context only the limits that our own settings state are told, never
the value that was given, which may be a secret.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError

from gateway.errors import ConfigurationError

_CODES: Final = {"missing": "configuration.missing-key", "extra_forbidden": "configuration.unknown-key"}
_LIMITS: Final = {
    "pattern": "{}",
    "expected": "{}",
    "ge": "≥ {}",
    "gt": "> {}",
    "le": "≤ {}",
    "lt": "< {}",
    "min_length": "≥ {} ×",
}
_KINDS: Final = {
    "bool": "true | false",
    "int": "0, 1, 2 …",
    "float": "0.0 …",
    "decimal": "0.0 …",
    "string": '"…"',
    "date": "2026-12-31",
    "time": "08:00:00",
    "tuple": "[ … ]",
}


def fault_of(error: ValidationError) -> ConfigurationError:
    """The first fault that pydantic found."""
    first = error.errors(include_url=False, include_input=False)[0]
    accepted = _accepted(first["type"], first.get("ctx") or {})
    return ConfigurationError(
        _CODES.get(first["type"], "configuration.bad-value"),
        path=_key_of(first["loc"]),
        details=None if accepted is None else {"accepted": accepted},
    )


def _accepted(kind: str, context: dict[str, Any]) -> str | None:
    """What the key takes: one of some words, a pattern, a limit, or a kind of value."""
    for name, written in _LIMITS.items():
        if name in context:
            return written.format(str(context[name]).strip("^$"))
    return _KINDS.get(kind.partition("_")[0])


def _key_of(location: tuple[int | str, ...]) -> str:
    """`("partner", 0, "name")` as `partner[0].name`, as an operator reads it (counted from 0)."""
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def line_of(error: Exception) -> int | None:
    """The line that the reader of TOML names."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found.group(1)) if found else None
