"""How can the simulated counterpart behave, and what is wrong with a message that it spoils on purpose?

A behaviour is data: what it does to one of its own messages, how often it sends, and how it answers the vendor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Spoiled = Literal["charset", "receiver", "attachment"]


@dataclass(frozen=True)
class Behaviour:
    """One way to behave."""

    key: str
    no: str
    en: str
    """What it is called."""
    does_no: str
    does_en: str
    """What the counterpart does, for the person who reads the report."""
    spoils: Spoiled | None = None
    """What is wrong with the one message it spoils."""
    sends: int = 1
    """How often it sends each message and each receipt of its own."""
    answers: Literal["1", "2"] | None = "1"
    """Status (8258) of its receipts for the vendor's messages; None: it never answers."""
    late: bool = False
    """Whether its receipts come late."""


BEHAVIOURS = (
    Behaviour(
        "well-behaved",
        "Velvillig",
        "Well-behaved",
        "Sender hver melding én gang og kvitterer for alt den får.",
        "Sends each message once and acknowledges everything it gets.",
    ),
    Behaviour(
        "late",
        "Sen",
        "Late",
        "Kvitterer for meldingene den får, men sent.",
        "Acknowledges the messages it gets, but late.",
        late=True,
    ),
    Behaviour(
        "duplicate",
        "Dobbel",
        "Duplicate",
        "Sender hver melding og hver kvittering to ganger, med samme id og samme innhold.",
        "Sends each message and each receipt twice, with the same id and the same content.",
        sends=2,
    ),
    Behaviour(
        "negative",
        "Avvisende",
        "Negative",
        "Avviser alle meldinger den får, med en negativ kvittering.",
        "Rejects every message it gets with a negative receipt.",
        answers="2",
    ),
    Behaviour(
        "silent",
        "Taus",
        "Silent",
        "Tar imot meldinger, men sender aldri en kvittering.",
        "Takes messages, but never sends a receipt.",
        answers=None,
    ),
    Behaviour(
        "wrong-charset",
        "Feil tegnsett",
        "Wrong charset",
        "Én melding sier UTF-8, men er skrevet i ISO-8859-1.",
        "One message says UTF-8 but is written in ISO-8859-1.",
        spoils="charset",
    ),
    Behaviour(
        "wrong-her-id",
        "Feil HER-id",
        "Wrong HER-id",
        "Én melding er adressert til en HER-id som ikke er mottakerens.",
        "One message is addressed to a HER-id that is not the receiver's.",
        spoils="receiver",
    ),
    Behaviour(
        "large-attachment",
        "Stort vedlegg",
        "Large attachment",
        "Én melding har et vedlegg som fyller 30 MB.",
        "One message has an attachment that fills 30 MB.",
        spoils="attachment",
    ),
)


def behaviour(key: str) -> Behaviour:
    """The behaviour with this key; KeyError when there is none."""
    return {each.key: each for each in BEHAVIOURS}[key]
