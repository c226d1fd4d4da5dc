"""Who takes part in the story? Organisations and people, all made up.

HER-ids lie in a range that is not in use, identity numbers are synthetic (month + 80, right check digits),
telephone numbers start with 0, which no Norwegian subscriber number does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Organisation:
    """A partner: level 1 of every sender or receiver."""

    key: str
    name: str
    her_id: str


@dataclass(frozen=True)
class Service:
    """A communication party (level 2): what a message is addressed to."""

    organisation: Organisation
    name: str
    her_id: str


@dataclass(frozen=True)
class Patient:
    """A patient of the story and the dated events of the stay (times of the story's clock)."""

    family_name: str
    given_name: str
    birth_date: str
    sex: tuple[str, str]
    number: str
    street: str
    postal_code: str
    city: str
    phone: str
    admitted_at: str
    ready_at: str
    discharged_at: str


HOSPITAL = Organisation("hospital", "Havnsund sykehus HF", "88810001")
LYNGVIK = Organisation("lyngvik", "Lyngvik kommune", "88820001")
BJORKELIA = Organisation("bjorkelia", "Bjørkelia kommune", "88830001")

SERVICES = {
    "sykehuset": Service(HOSPITAL, "Somatikk PLO meldingsmottak", "88810012"),
    "innleggelse": Service(HOSPITAL, "PLO innleggelse somatikk", "88810013"),
    "lyngvik": Service(LYNGVIK, "Sykepleietjeneste PLO", "88820011"),
    "lyngvik-saksbehandler": Service(LYNGVIK, "Saksbehandler pleie/omsorg/rehab", "88820012"),
    "bjorkelia": Service(BJORKELIA, "Sykepleietjeneste PLO", "88830011"),
}

PATIENTS = {
    "solveig": Patient(
        family_name="Fjelltun",
        given_name="Solveig",
        birth_date="1941-03-14",
        sex=("2", "Kvinne"),
        number="14834120012",
        street="Postkasseveien 12",
        postal_code="0099",
        city="Lyngvik",
        phone="tel:+4700000011",
        admitted_at="day+0 14:20",
        ready_at="day+2 10:30",
        discharged_at="day+3 11:00",
    ),
    "arvid": Patient(
        family_name="Nesheim",
        given_name="Arvid",
        birth_date="1947-11-02",
        sex=("1", "Mann"),
        number="02914720128",
        street="Elveveien 41",
        postal_code="0098",
        city="Bjørkelia",
        phone="tel:+4700000021",
        admitted_at="day+1 08:45",
        ready_at="day+2 09:15",
        discharged_at="day+3 12:30",
    ),
}
