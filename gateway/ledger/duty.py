"""Which node does what only one node may do at a time?

A duty has a name, and the node that does it a lease on it, in the ledger. Where a ledger has one node only, every duty
is that node's, and nothing is written.
"""

from __future__ import annotations

from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger


class Duty:
    """One duty, as one node sees it."""

    def __init__(self, ledger: Ledger, name: str, owner: str, lease_s: float) -> None:
        """`owner` names this node; after it has died another takes over when `lease_s` seconds have passed."""
        self._ledger = ledger
        self._name = name
        self._owner = owner
        self._lease = times.seconds(lease_s)
        self._ours_until = 0
        self._ask_at = 0

    async def is_ours(self) -> bool:
        """Whether this node may do it now: asks the ledger only when half of the lease is over.

        Durable after it: that no other node does it before the lease has run out. A crash here: the others wait for
        that. Asking again is harmless: one's own lease is renewed.

        :raises Unavailable: the ledger cannot say.
        """
        if not self._ledger.is_shared:
            return True
        now = self._ledger.clock()
        if now >= self._ask_at:
            self._ours_until = await self._ledger.write(self._take, touching=(self._name,))
            self._ask_at = now + (self._lease // 2 if self._ours_until else self._lease // 4)
        return self._ledger.clock() < self._ours_until

    async def end(self) -> None:
        """Let another node have it at once.

        :raises Unavailable: the ledger cannot be written; then the others wait until the lease has run out.
        """
        if self._ours_until:
            self._ours_until = self._ask_at = 0
            await self._ledger.write(
                lambda session: session.run("end_duty", name=self._name, owner=self._owner),
                touching=(self._name,),
            )

    def _take(self, session: Session) -> int:
        """Until when it is ours, in microseconds; 0: another node has it."""
        now = self._ledger.clock()
        until = now + self._lease
        took = session.change("take_duty", name=self._name, owner=self._owner, now=now, until=until)
        session.notices.changed = False  # no page shows it
        return until if took else 0
