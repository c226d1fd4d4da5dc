"""How is each partner of the story set up: what does its EPJ speak, whom does it know, how does it answer?"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, PATIENTS, SERVICES, Organisation
from gateway.simulator.epj import Rule
from gateway.simulator.receipts import ReceiptFormat


@dataclass(frozen=True)
class Partner:
    """One organisation of the story and its EPJ."""

    organisation: Organisation
    short_name: str
    """For the table on the screen."""
    format: str
    """What it takes: plo-1.6 or fhir-r4."""
    receipt_format: ReceiptFormat
    """What it answers with."""
    accepts_apprec: str = "1.0"
    pass_on: tuple[str, ...] = ()
    """Message types it takes as they are."""
    known_patients: tuple[str, ...] | None = None
    """Keys of `cast.PATIENTS`; None: it knows everybody."""
    rules: tuple[Rule, ...] = ()

    @property
    def her_ids(self) -> tuple[str, ...]:
        """Level 1, then its communication parties."""
        services = (each.her_id for each in SERVICES.values() if each.organisation is self.organisation)
        return (self.organisation.her_id, *services)

    @property
    def known_numbers(self) -> tuple[str, ...] | None:
        """Identity numbers of the patients it knows."""
        if self.known_patients is None:
            return None
        return tuple(PATIENTS[key].number for key in self.known_patients)


LATE_SECONDS = 4.0
"""How long the late receipt is kept back: long enough for the story to go on before it."""

PARTNERS = (
    Partner(HOSPITAL, "sykehuset", "plo-1.6", "1.0", pass_on=("DIALOG_SVAR",)),
    Partner(
        LYNGVIK,
        "Lyngvik",
        "fhir-r4",
        "fhir",
        known_patients=("solveig",),
        rules=(Rule(type="HELSEOPPL_SOKNAD", late_seconds=LATE_SECONDS),),
    ),
    Partner(
        BJORKELIA,
        "Bjørkelia",
        "plo-1.6",
        "1.1",
        accepts_apprec="1.1",
        pass_on=("EPIKRISE",),
        known_patients=("arvid",),
    ),
)


def partner_of(service: str) -> Partner:
    """The partner a communication party (key of `cast.SERVICES`) belongs to."""
    organisation = SERVICES[service].organisation
    return next(partner for partner in PARTNERS if partner.organisation is organisation)
