"""Who keeps what each patient counts for in the measures, once its rows have been written?

The node that projects, when it has nothing else to do: the marked patients, a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.projection.communities import communities_of
from gateway.records import counted
from gateway.records.counted import CountedReader
from gateway.records.measured import MeasuredReader
from gateway.settings_pathway import Community

PORTION: Final = 10
"""Patients of one commit."""
LOCK: Final = ("records",)
"""As whoever writes in `records/`: patients are marked there."""


def counted_reader(ledger: Ledger, communities: Iterable[Community]) -> CountedReader:
    """What is kept of patients, under the rules of this version and these settings."""
    known = tuple(communities)
    configured = "\n".join(each.model_dump_json() for each in known)
    return CountedReader(ledger, MeasuredReader(ledger, communities_of(known)), configured)


class Counting:
    """Counts marked patients."""

    def __init__(self, ledger: Ledger, reader: CountedReader) -> None:
        self._ledger = ledger
        self._reader = reader

    async def portion(self) -> bool:
        """Count the next patients; False: nobody is marked."""
        marked = self._reader.to_count(PORTION)
        if not marked:
            return False
        found = self._reader.count(each.patient_key for each in marked)

        def unit(session: Session) -> None:
            counted.keep(session, self._reader.rules, marked, found)
            session.notices.changed = False  # figures are what they were: they follow from the rows

        await self._ledger.write(unit, touching=LOCK)
        return True

    async def catch_up(self) -> None:
        """Count everybody who is marked."""
        while await self.portion():
            pass
