"""How does an e-message read for a person: headings and texts, in the order of the message, without markup?

From the XML (as received, else as translated). Every text, code and time of the body is shown: what has no name of our
own here has the element's own, split into words. Attachments are named, not opened. Names of elements are Norwegian;
they are the standard's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.console.times import OSLO
from gateway.emessage.read import read
from gateway.errors import SomlosError

MOST_LINES: Final = 2000
DEEPEST: Final = 4
_SPLIT: Final = re.compile(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS: Final = {
    "parorende": "pårørende",
    "soknad": "søknad",
    "sporsmal": "spørsmål",
    "foresporsel": "forespørsel",
    "fodsels": "fødsels",
    "horselsvikt": "hørselsvikt",
    "horsel": "hørsel",
    "sprak": "språk",
    "maal": "mål",
    "overforing": "overføring",
    "gjennomforing": "gjennomføring",
    "fravarende": "fraværende",
    "fravers": "fraværs",
    "sarskilte": "særskilte",
    "onske": "ønske",
    "bor": "bor",
    "dod": "død",
    "bruksomrade": "bruksområde",
    "funksjonsniva": "funksjonsnivå",
    "funksjonsnivaa": "funksjonsnivå",
    "oppfolging": "oppfølging",
    "oppnaadd": "oppnådd",
    "inngaar": "inngår",
    "paa": "på",
    "utfort": "utført",
    "opphort": "opphørt",
    "folge": "følge",
}
_NAMES: Final = {
    "GivenName": "Fornavn",
    "MiddleName": "Mellomnavn",
    "FamilyName": "Etternavn",
    "Address": "Adresse",
    "StreetAdr": "Gateadresse",
    "PostalCode": "Postnummer",
    "City": "Poststed",
    "Postbox": "Postboks",
    "County": "Fylke",
    "Country": "Land",
    "TeleCom": "Telefon og e-post",
    "TeleAddress": "Adresse",
    "TypeTelecom": "Type",
    "DateOfBirth": "Fødselsdato",
    "Sex": "Kjønn",
    "Nationality": "Statsborgerskap",
    "Ident": "Id",
    "TypeId": "Type id",
    "Organisation": "Virksomhet",
    "OrganisationName": "Navn",
    "TypeOrganisation": "Type virksomhet",
    "HealthcareProfessional": "Helsepersonell",
    "TypeHealthcareProfessional": "Type helsepersonell",
    "RoleToPatient": "Rolle for pasienten",
    "Person": "Person",
    "RefDokIdForesp": "Svar på forespørsel",
}
_PLAIN: Final = {"true": "ja", "false": "nei"}
_IDENTITY: Final = "Ident"


@dataclass(frozen=True)
class Line:
    """A heading (depth 0 is the message's own) or a text under its name."""

    depth: int
    name: str
    text: str
    """Empty: a heading."""

    @property
    def level(self) -> int:
        """Of the heading, in the page."""
        return min(4 + self.depth, 6)


@dataclass(frozen=True)
class Rendered:
    """A message for reading."""

    patient: str
    lines: tuple[Line, ...]
    left_out: int


def rendered(xml: bytes) -> Rendered | None:
    """The message; None: it cannot be read as one, or has no body that is XML."""
    try:
        message = read(xml)
    except SomlosError:
        return None
    root = message.root
    contents = [
        each for each in root.iter() if _local(each) == "Content" and _local(each.getparent()) == "RefDoc"
    ]
    bodies = [body for content in contents for body in content if isinstance(body.tag, str)]
    lines = [line for body in bodies for line in _lines(body, 0)]
    if not lines:
        return None
    return Rendered(_patient(root), tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def _patient(root: etree._Element) -> str:
    patient = next((each for each in root.iter() if _local(each) == "Patient"), None)
    if patient is None:
        return ""
    parts = {_local(each): (each.text or "").strip() for each in patient}
    names = [parts.get(name, "") for name in ("GivenName", "MiddleName", "FamilyName")]
    number = next(
        ((each.findtext("{*}Id") or "").strip() for each in patient if _local(each) == _IDENTITY), ""
    )
    return ", ".join(part for part in (" ".join(filter(None, names)), number) if part)


def _lines(element: etree._Element, depth: int) -> Iterator[Line]:
    if _local(element) == "Base64Container":
        yield Line(depth, "Vedlegg", f"{len(''.join(element.itertext())) * 3 // 4} byte")
        return
    name, children = name_of(_local(element)), [each for each in element if isinstance(each.tag, str)]
    said = _said(element)
    if said or not children:
        if said:
            yield Line(depth, name, said)
        if not children:
            return
    else:
        yield Line(min(depth, DEEPEST), name, "")
    for child in children:
        yield from _lines(child, min(depth + 1, DEEPEST))


def _said(element: etree._Element) -> str:
    """What an element says itself: its text, or the name of its code, with the code."""
    text = " ".join((element.text or "").split(" ")).strip()
    value, display = element.get("V", "").strip(), element.get("DN", "").strip()
    own = element.get("OT", "").strip()
    coded = f"{display} ({value})" if display and value else display or value
    unit = element.get("U", "").strip()
    said = " ".join(part for part in (coded, unit, own) if part) or text
    return _PLAIN.get(said) or _moment(said).removeprefix("tel:").removeprefix("mailto:")


def _moment(said: str) -> str:
    """A time as it is read in Norway; anything else as it is."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?", said):
        return said
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    local = moment.astimezone(OSLO) if moment.tzinfo else moment
    day = f"{local.day}.{local.month}.{local.year}"
    return f"{day} kl. {local:%H:%M}" if "T" in said else day


def name_of(element: str) -> str:
    """The name of an element, in words."""
    if element in _NAMES:
        return _NAMES[element]
    words = [
        _WORDS.get(word.lower(), word if len(word) > 1 and word.isupper() else word.lower())
        for word in _SPLIT.split(element)
    ]
    said = " ".join(words)
    return said[:1].upper() + said[1:]


def _local(element: etree._Element | None) -> str:
    if element is None or not isinstance(element.tag, str):
        return ""
    return etree.QName(element).localname
