"""Which messages tell of a stay, who sends them when, and how are they written?

The messages are those a hospital, its municipalities and their GPs would send (PLO 1.6, dialogue 1.0, an epikrise that
is passed on), with ids derived from the seed: the same quarter gives the same bytes. They ask for no receipt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from uuid import UUID, uuid5

from gateway.pathway.calendar import DAY, OSLO
from gateway.simulator.quarter.region import ADMISSIONS, TRUST, WARDS, Party
from gateway.simulator.quarter.truth import HOME, HOSPITAL, HOUR, NURSING_HOME, Ready, Stay
from gateway.simulator.template import escape_xml, fill

SPACE: Final = UUID("5e4d1e55-0000-4000-8000-0000000000a1")
TYPES: Final = {
    "log-innlagt": ("LOG_INNLAGT", "Melding om innlagt pasient"),
    "varsel": ("HELSEOPPL_SOKNAD", "Helseopplysninger ved søknad"),
    "innleggelsesrapport": ("INNLEGGELSESRAPPORT", "Innleggelsesrapport"),
    "log-utskrivningsklar": ("LOG_UTSKRIVNINGSKLAR", "Melding om utskrivningsklar pasient"),
    "log-avmelding": ("LOG_AVMELDING", "Avmelding av utskrivningsklar pasient"),
    "svar": ("DIALOG_SVAR", "Svar på forespørsel"),
    "utskrivningsrapport": ("UTSKRIVNINGSRAPPORT", "Utskrivningsrapport"),
    "log-utskrevet": ("LOG_UTSKREVET", "Melding om utskrevet pasient"),
    "log-dod": ("LOG_DOD", "Orientering om dødsfall"),
    "epikrise": ("EPIKRISE", "Epikrise"),
    "til-lege": ("HELSEOPPLYSNINGER_LEGE", "Helseopplysninger til lege"),
    "fra-lege": ("MEDISINSKE_OPPLYSNINGER", "Medisinske opplysninger"),
}
STATUS: Final = {"N": "Ny", "M": "Endring", "C": "Kansellering"}
DESTINATIONS: Final = {
    HOME: "Bosted/arbeidssted",
    HOSPITAL: "Annen helseinstitusjon innen spesialisthelsetjenesten",
    NURSING_HOME: "Sykehjem",
}


@dataclass(frozen=True)
class Letter:
    """A message of the quarter."""

    id: str
    """MsgId."""
    kind: str
    """Which letter it is, a key of `TYPES`."""
    sent: datetime
    """Aware, UTC."""
    sender: Party
    receiver: Party
    stay: Stay = field(repr=False)
    status: str = "N"
    parent: str | None = None
    conversation: str | None = None
    values: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def type(self) -> str:
        """Code of 8279."""
        return TYPES[self.kind][0]

    def body(self) -> bytes:
        """The message as it is sent."""
        return fill(_template(self.kind), self._values(), escape_xml).encode()

    def _values(self) -> dict[str, str | None]:
        person, (ward, ward_id) = self.stay.person, WARDS[self.stay.number % len(WARDS)]
        return {
            "id": self.id,
            "type": self.type,
            "type_text": TYPES[self.kind][1],
            "sent": local(self.sent),
            "sent_day": local(self.sent)[:10],
            "parent": self.parent,
            "conversation": self.conversation,
            "status": self.status,
            "status_text": STATUS[self.status],
            "family": person.family,
            "given": person.given,
            "born": person.born.isoformat(),
            "sex": "2" if person.woman else "1",
            "sex_text": "Kvinne" if person.woman else "Mann",
            "number": person.number,
            "ward": ward,
            "ward_id": ward_id,
            "component": str(uuid5(SPACE, f"component {self.conversation or self.id}")),
            "medicine": str(uuid5(SPACE, f"medicine {self.conversation or self.id}")),
            "admitted": local(self.stay.admitted),
            "discharged": local(self.stay.ended),
            **_party("sender", self.sender),
            **_party("receiver", self.receiver),
            **self.values,
        }


def local(moment: datetime) -> str:
    """As it stands in a message: the time on the wall in Norway, without zone."""
    return moment.astimezone(OSLO).replace(tzinfo=None).isoformat(timespec="seconds")


@cache
def _template(kind: str) -> str:
    folder = files("gateway.simulator.quarter") / "letters"
    envelope, body = ((folder / f"{name}.xml").read_text("utf-8") for name in ("envelope", kind))
    return envelope.replace("{{body}}\n", body)


def _party(role: str, party: Party) -> dict[str, str]:
    return {
        f"{role}_name": party.organisation,
        f"{role}_her": party.organisation_her,
        f"{role}_service": party.service,
        f"{role}_service_her": party.service_her,
    }


class _Post:
    """Writes the letters of one stay; ids follow from the seed, the stay and the place of the letter in it."""

    def __init__(self, seed: int, stay: Stay) -> None:
        self._seed, self._stay, self._number = seed, stay, 0

    def letter(
        self,
        kind: str,
        sent: datetime,
        sender: Party,
        receiver: Party,
        *,
        of: Letter | None = None,
        status: str = "N",
        values: dict[str, str] | None = None,
    ) -> Letter:
        """A letter; `of`: the one it changes, cancels or answers."""
        self._number += 1
        return Letter(
            id=str(uuid5(SPACE, f"{self._seed}/{self._stay.number}/{self._number}")),
            kind=kind,
            sent=sent,
            sender=sender,
            receiver=receiver,
            stay=self._stay,
            status=status,
            parent=of.id if of else None,
            conversation=(of.conversation or of.id) if of else None,
            values=values or {},
        )


def letters_of(stay: Stay, seed: int) -> Iterator[Letter]:
    """Every message that tells of a stay, in the order of their dates."""
    yield from sorted(_letters(_Post(seed, stay), stay), key=lambda letter: letter.sent)


def _letters(post: _Post, stay: Stay) -> Iterator[Letter]:
    nurses, office, doctors = stay.municipality.nurses, stay.municipality.office, stay.municipality.doctors
    told = stay.admitted + timedelta(minutes=12)
    if stay.wrong_first:
        wrong = post.letter("log-innlagt", told - timedelta(minutes=7), TRUST, stay.wrong_first.nurses)
        yield wrong
        yield post.letter(
            "log-innlagt", told - timedelta(minutes=2), TRUST, stay.wrong_first.nurses, of=wrong, status="C"
        )
    stated = {"admitted": local(stay.first_stated)} if stay.first_stated else {}
    admission = post.letter("log-innlagt", told, TRUST, nurses, values=stated)
    yield admission
    if stay.first_stated:
        yield post.letter(
            "log-innlagt", told + timedelta(minutes=20), TRUST, nurses, of=admission, status="M"
        )
    if stay.notice:
        expected = {"expected": local(stay.admitted + 4 * DAY)[:10]}
        yield post.letter("varsel", stay.notice, TRUST, office, values=expected)
    if stay.admission_report:
        yield post.letter("innleggelsesrapport", stay.admission_report, nurses, ADMISSIONS)
    for ready in stay.ready:
        yield from _of_ready(post, stay, ready)
    if stay.discharge_report:
        yield post.letter("utskrivningsrapport", stay.discharge_report, TRUST, nurses)
    if stay.died:
        yield post.letter("log-dod", stay.ended + timedelta(minutes=40), TRUST, nurses)
    else:
        to = {"to": stay.to, "to_text": DESTINATIONS[stay.to]}
        yield post.letter("log-utskrevet", stay.ended + timedelta(minutes=5), TRUST, nurses, values=to)
    if stay.epikrise:
        yield post.letter("epikrise", stay.epikrise, TRUST, doctors)
    consultation = stay.plan.checklists.get(3) if stay.plan else None
    if consultation:
        yield post.letter("til-lege", consultation - 5 * HOUR, nurses, doctors)
        yield post.letter("fra-lege", consultation, doctors, nurses)


def _of_ready(post: _Post, stay: Stay, ready: Ready) -> Iterator[Letter]:
    nurses = stay.municipality.nurses
    when = {"ready": local(ready.at)}
    notice = post.letter("log-utskrivningsklar", ready.told, TRUST, nurses, values=when)
    yield notice
    if ready.replied:
        yield post.letter("svar", ready.replied, nurses, TRUST, of=notice)
    if ready.withdrawn:
        withdrawn = {"withdrawn": local(ready.withdrawn)}
        yield post.letter(
            "log-avmelding", ready.withdrawn + timedelta(minutes=6), TRUST, nurses, values=when | withdrawn
        )
