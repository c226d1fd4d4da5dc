"""What can come of handing a message in? Values, not exceptions (DESIGN §8).

Handing in: `Accepted` | `Duplicate` | `Refused`. Handing on (`Delivered` | `Deferred` | `Rejected`) is told by the
transports: `transports/base.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.errors import Issue
from gateway.translate.facts import Facts


@dataclass(frozen=True)
class Accepted:
    """The message is durable here and this gateway answers for it."""

    id: str
    """Our id of the message: a UUID that says nothing about its content, so it may stand in URLs and logs."""
    message_id: str
    """The sender's MsgId."""


@dataclass(frozen=True)
class Duplicate:
    """The same message was accepted before: the answer is the same, nothing is done again."""

    id: str
    message_id: str


@dataclass(frozen=True)
class Refused:
    """The message is not taken; the sender still has it. What was refused and why is kept, its content is not."""

    code: str
    """Code of the error catalogue."""
    facts: Facts | None = field(default=None, repr=False)
    """What could be read of it: enough for a negative receipt. None: it could not be read."""
    issues: tuple[Issue, ...] = ()
    """Every finding when the content was not valid."""
    path: str | None = None
    line: int | None = None


IntakeOutcome = Accepted | Duplicate | Refused
