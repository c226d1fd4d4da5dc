"""What went to and fro while a stay was played? Ids, types, codes, times and lengths; nothing of the content.

Filled in by `play.py` and `counterpart.py`, read by `checks.py`. Times are seconds since the play began.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.simulator.conformance.behaviours import Spoiled
from gateway.simulator.steps import Step


@dataclass
class Attempt:
    """One HTTP request to the vendor and what came of it."""

    at: float
    took: float
    status: int | None
    """HTTP status; None: no answer came."""
    failure: str | None = None
    """Why no answer came: refused, timeout, broken."""

    @property
    def is_taken(self) -> bool:
        """Whether the vendor's transport took it (2xx)."""
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Receipt:
    """An AppRec (or a FHIR response) that came for one of our messages."""

    id: str
    at: float
    status: str
    """8258."""
    codes: tuple[str, ...]
    """8221."""
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    """HER-ids, level 1 first."""
    findings: tuple[str, ...]
    """Codes of what our validator finds wrong with it."""


@dataclass
class Sent:
    """One message of the counterpart."""

    step: Step
    message_id: str
    length: int
    """Bytes."""
    receiver: tuple[str, ...]
    spoiled: Spoiled | None = None
    attempts: list[Attempt] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        """Whether one attempt was taken."""
        return any(attempt.is_taken for attempt in self.attempts)

    @property
    def is_refused(self) -> bool:
        """Whether the vendor said no for good (4xx), before any receipt."""
        return any(attempt.status is not None and 400 <= attempt.status < 500 for attempt in self.attempts)

    @property
    def is_answered(self) -> bool:
        """Whether nothing more is to be waited for: a receipt, or a refusal."""
        return bool(self.receipts) or not self.is_taken


@dataclass
class Got:
    """A message the vendor sent of its own accord."""

    id: str
    type: str
    status: str
    at: float
    findings: tuple[str, ...]
    """Codes of what our validator finds wrong with it."""
    contents: set[str] = field(default_factory=set)
    """Digests of what came under this id: more than one is a fault."""
    arrivals: int = 0
    answered: str | None = None
    """Status of our receipt."""
    attempts: list[Attempt] = field(default_factory=list)
    """Sending that receipt."""


@dataclass
class Exchange:
    """Everything that happened in one play."""

    sent: list[Sent] = field(default_factory=list)
    got: dict[str, Got] = field(default_factory=dict)
    unknown_receipts: list[str] = field(default_factory=list)
    """Ids that receipts referred to and that we never sent."""
    unreadable: int = 0
    """Requests to us that held neither a message nor a receipt."""
    awaited: tuple[Step, ...] = ()
    """The vendor's own messages in this stay."""
    waited_for_them: bool = False
