"""Which units of one commit may ask their questions together, before any of them begins?

A database on another machine is waited for once for all questions that are asked together, and once for each unit that
asks when its turn comes: most of a commit's time is this waiting. But what is asked early must be what the unit would
be told in its turn. So

- only units that say what their questions are about ask together, and only with others that are about something else;
  two that are about the same have their turns one after the other, in the order they came;
- those of one kind ask together: a message that comes in changes what the end of an attempt asks (who is next in the
  lane), so those that end attempts ask when all that come in have been kept;
- whoever does not say so asks when its turn comes, after them.

The order in which units of one commit have their turns means nothing to their callers: none of them has been told
anything yet, and whoever wants one thing after another waits for the first to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from gateway.ledger.session import Session

Asked = TypeVar("Asked")
Result = TypeVar("Result")
Item = TypeVar("Item")


class Kind(IntEnum):
    """What a unit is there for, in the order in which the kinds have their turns."""

    COMING_IN = 0
    ENDING = 1


@dataclass(frozen=True, slots=True)
class Asking(Generic[Asked, Result]):
    """A unit of work that knows its questions before it begins."""

    kind: Kind
    about: frozenset[str]
    """Names of all that the questions are about, and of all that the unit may change of what others of its kind ask."""
    ask: Callable[[Session], Asked]
    """Sends the questions; changes nothing and looks at no answer."""
    go_on: Callable[[Session, Asked], Result]
    """Does the work."""

    def begin(self, session: Session) -> Callable[[Session], Result]:
        """Send the questions; gives what is left to do."""
        asked = self.ask(session)
        return lambda session: self.go_on(session, asked)

    def __call__(self, session: Session) -> Result:
        """The whole unit, in its own turn."""
        return self.begin(session)(session)


def in_rounds(items: Iterable[Item], unit_of: Callable[[Item], Any]) -> Iterator[list[Item]]:
    """Those that ask together, round after round; each that does not say what it asks is a round of its own, at last.

    Every item comes once. `unit_of`: its unit of work.
    """
    asking: dict[Kind, list[Item]] = {kind: [] for kind in Kind}
    others = []
    for item in items:
        unit = unit_of(item)
        if isinstance(unit, Asking):
            asking[unit.kind].append(item)
        else:
            others.append([item])
    for of_kind in asking.values():
        left = of_kind
        while left:
            together, left = _apart(left, unit_of)
            yield together
    yield from others


def _apart(items: list[Item], unit_of: Callable[[Item], Any]) -> tuple[list[Item], list[Item]]:
    """Those that are about nothing that one before them is about, and the others."""
    taken: set[str] = set()
    together: list[Item] = []
    later: list[Item] = []
    for item in items:
        about = unit_of(item).about
        (together if taken.isdisjoint(about) else later).append(item)
        taken |= about
    return together, later
