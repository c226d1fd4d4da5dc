"""Is a message held for a person before it goes out, because of what it could not carry or of what is wrong with it?

Pure. A held delivery is with a person (`handed`, reason HELD): it has an alarm at once, no limit, and is never sent by
anything but a person's decision: release, forward with a note, refuse (`operations.quarantine`).

* A held delivery stands outside its lane: other messages about the patient go on, because a notice that comes too late
  (discharge-ready, death) harms more than one that comes before the one that is held.
* Its own corrections never overtake it: an M or A waits outside the line until the decision and goes out behind it; if
  it is refused, they go to a person too. A C takes what is held, and itself, out: the receiver never heard of either.

By default a loss of severity `error` is held (a value whose absence or whose assumed form could be taken for something
that is not so: `translate.severity`), and no finding: what goes out as it was sent is its sender's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from gateway.errors import Issue, Severity
from gateway.ledger.session import Row
from gateway.settings import HoldLevel

HELD: Final = "routing.quarantined"
WAITS_FOR_HELD: Final = "routing.original-held"
_GRAVITY: Final[dict[str, int]] = {"information": 1, "warning": 2, "error": 3}
_NEVER: Final = 9


class _Standing(Protocol):
    """What is known of a delivery."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


def holds(gravest: Severity | None, limit: HoldLevel) -> bool:
    """Whether the gravest loss (or finding) of a message holds it where this is the limit."""
    return gravest is not None and _GRAVITY[gravest] >= _GRAVITY.get(limit, _NEVER)


def gravest(issues: Iterable[Issue]) -> Severity | None:
    """The gravest severity of some findings; None: there are none."""
    return max((issue.severity for issue in issues), key=_GRAVITY.__getitem__, default=None)


def is_held(delivery: _Standing) -> bool:
    """Whether a delivery waits for a person's decision. What was decided has another reason."""
    return delivery.state == "handed" and delivery.reason == HELD


def is_held_row(row: Row) -> bool:
    """The same of a row of the ledger."""
    return bool(row["state"] == "handed" and row["reason"] == HELD)


def was_never_tried(row: Row) -> bool:
    """Whether a held delivery was held at its first attempt, so that the receiver cannot have seen anything of it."""
    return is_held_row(row) and row["attempts"] <= 1
