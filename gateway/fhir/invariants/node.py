"""How does an invariant look at a node?

"There" means what R4 calls `exists()`: a value, or for a primitive at least an extension (``_name``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import Severity

Node = dict[str, Any]


@dataclass(frozen=True)
class Invariant:
    """One rule: R4's id, and whether it holds for a node of its type."""

    key: str
    holds: Callable[[Node], bool]
    severity: Severity = "error"
    by_shape: bool = False
    """See `presence`."""
    about: tuple[str, ...] = ()
    """Beginnings of names: it holds wherever one of them begins none of the node's names."""
    never: tuple[str, str] | None = None
    """See `without`: the name, and what its text must not contain."""

    def concerns(self, node: Node) -> bool:
        """Whether the node has what the rule is about."""
        return all(choice_there(node, stem) for stem in self.about)


def presence(key: str, holds: Callable[[Node], bool], severity: Severity = "error") -> Invariant:
    """A rule that asks only which elements are there, not for their values."""
    return Invariant(key, holds, severity, by_shape=True)


def without(key: str, name: str, text: str) -> Invariant:
    """A rule that asks only that one text does not occur in another."""
    return Invariant(key, lambda node: text not in node.get(name, ""), about=(name,), never=(name, text))


def there(node: Node, name: str) -> bool:
    """Whether the element exists."""
    return name in node or f"_{name}" in node


def any_there(node: Node, *names: str) -> bool:
    """Whether one of the elements exists."""
    # A loop, not any(): half the time, and this runs for every node.
    for name in names:  # noqa: SIM110
        if name in node or f"_{name}" in node:
            return True
    return False


def choice_there(node: Node, stem: str) -> bool:
    """Whether the choice ``stem[x]`` has a value of any type."""
    for name in node:  # noqa: SIM110
        if name.startswith(stem, 1 if name[0] == "_" else 0):
            return True
    return False


def needs(node: Node, name: str, other: str) -> bool:
    """Whether `other` exists wherever `name` does."""
    return not there(node, name) or there(node, other)


def has_code(concept: Node | None, system: str, *codes: str) -> bool:
    """Whether the CodeableConcept has a coding of that system with one of the codes."""
    codings = (concept or {}).get("coding", ())
    return any(coding.get("system") == system and coding.get("code") in codes for coding in codings)


def in_order(earlier: str | None, later: str | None) -> bool:
    """Whether a date or time is not after another, as far as their common precision tells; absent ones are in order."""
    if earlier is None or later is None:
        return True
    if len(earlier) > 10 and len(later) > 10:
        return _moment(earlier) <= _moment(later)
    common = min(len(earlier), len(later), 10)
    return earlier[:common] <= later[:common]


def _moment(text: str) -> tuple[datetime, str]:
    """A dateTime with zone as a comparable value; a fraction finer than microseconds is compared as text."""
    zone_at = next(at for at in range(19, len(text)) if text[at] in "Z+-")
    zone = "+00:00" if text[zone_at] == "Z" else text[zone_at:]
    second = "59" if text[17:19] == "60" else text[17:19]
    fraction = text[20:zone_at] if zone_at > 19 else ""
    return datetime.fromisoformat(f"{text[:17]}{second}{zone}"), (
        "~" if text[17:19] == "60" else ""
    ) + fraction.rstrip("0")
