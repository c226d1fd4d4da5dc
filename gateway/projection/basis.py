"""On what would payment for days in hospital after ready rest, in one stay, condition by condition? Never a bill.

Worked out when somebody asks, from what is known of the patient, the agreements and the day rates of the settings: a
rate that is configured later holds for days that are past.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.pathway.payment import PaymentBasis, payment_basis
from gateway.projection.agreements import agreements_of, rates_of
from gateway.records import stays
from gateway.records.stays import Asks
from gateway.settings import Settings


def bases_of(
    asks: Asks, settings: Settings, stay_id: str, patient_key: str, now: datetime
) -> Iterator[tuple[str, PaymentBasis]]:
    """One basis for each ready-notice towards each municipality, with our id of the notice. `now`: aware."""
    known, rates = stays.known(asks, patient_key), rates_of(settings)
    ids = {row["message"]: row["id"] for row in asks.all("messages_of_stay", stay_id=stay_id)}
    id_of = {event.key: ids.get(sequence, "") for sequence, event in known.events.items()}
    for found in stays.settled(known, agreements_of(settings)):
        if found.id == stay_id:
            judged = stays.judged_of(known, found.stay)
            for agreement in found.agreements:
                for basis in payment_basis(found.stay, agreement, rates, now, judged):
                    yield id_of[basis.notice], basis
