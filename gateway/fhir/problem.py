"""How is a finding carried from the place where it is seen up to the root of the resource?

A check returns None when all is well (nothing is allocated for sound content), else its problems; each level on the
way up puts its own step before their paths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.errors import Severity

MAX_PROBLEMS: Final = 100
"""Problems told of one resource; more help nobody and would make a hostile input expensive."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: a code of the catalogue and the place below the node it was returned for."""

    code: str
    path: str = ""
    severity: Severity = "error"

    def under(self, step: str) -> Problem:
        """The same finding seen from one level further up."""
        if not self.path:
            return replace(self, path=step)
        separator = "" if self.path[0] == "[" else "."
        return replace(self, path=f"{step}{separator}{self.path}")


Problems = list[Problem] | None
"""None: nothing found."""


@dataclass(slots=True)
class Walk:
    """What one validation collects on its way: the references, for the checks that need more than one node."""

    references: list[tuple[dict[str, Any], frozenset[str] | None]] = field(default_factory=list)
    """Reference nodes in document order, each with the resource types allowed there (None: any)."""
    resources: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By `id()` of a resource node: where its references begin and end in `references`."""
    texts: list[Any] = field(default_factory=list)
    """The values that must be a string or markdown, for `gathered`; so for the other lists below. The explaining
    checks do not gather: they look at each value where it stands."""
    codes: list[Any] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)
    times: list[Any] = field(default_factory=list)
    """dateTime."""
    addresses: list[Any] = field(default_factory=list)
    """uri, url and canonical."""
    full_urls: list[Any] = field(default_factory=list)
    """Bundle.entry.fullUrl."""
    pointers: list[Any] = field(default_factory=list)
    """Reference.reference."""
    later: list[tuple[Callable[[dict[str, Any]], bool], dict[str, Any]]] = field(default_factory=list)
    """Rules about the values of a node, to be asked when these are known to be legal."""


Check = Callable[[Any, Walk], Problems]
"""A compiled check of one value."""


def enough(problems: Problems) -> bool:
    """Whether more would not be told: the caller can stop looking."""
    return problems is not None and len(problems) >= MAX_PROBLEMS


def only(code: str, path: str = "") -> list[Problem]:
    """A single problem."""
    return [Problem(code, path)]


def add(problems: Problems, found: list[Problem], step: str = "") -> list[Problem]:
    """`problems` and `found` together, the latter seen from one step further up; at most `MAX_PROBLEMS`."""
    collected = [] if problems is None else problems
    for problem in found[: max(0, MAX_PROBLEMS - len(collected))]:
        collected.append(problem.under(step) if step else problem)
    return collected
