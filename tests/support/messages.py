"""Small valid messages for tests: one LOG_INNLAGT, with every part that a test wants otherwise as an argument.

People and organisations are made up; the identity number is synthetic (month + 80).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import uuid4
from xml.sax.saxutils import escape

CANARY_NUMBER = "14834120012"
CANARY_NAME = "Tuvalind"
CANARY_TEXT = "Kanarifuglen-synger-klinisk"
CANARY_LEAF = "29876500117"
CANARIES = (CANARY_NUMBER, CANARY_NAME, CANARY_TEXT, CANARY_LEAF)
"""Stand in the message as number, name and clinical text (or wherever a test puts it), and must stand in no answer,
log, URL or file name."""

HOSPITAL, WARD = "88810001", "88810012"
MUNICIPALITY, NURSING = "88820001", "88820011"

_OID = "2.16.578.1.12.4.1.1"
_LOG = "http://www.kith.no/xmlstds/po/Pasientlogistikk/2012-04-01"
_PO = "http://www.kith.no/xmlstds/po/poKomponent/2012-04-01"
_EVENT = (
    f'<TidsfestetHendelse><Hendelsekode V="1" S="{_OID}.9121" DN="Pasient innlagt"/>'
    f'<TidspunktForHendelse V="2026-11-20T14:20:00"/><Anslag>false</Anslag><Merknad>{CANARY_TEXT}</Merknad>'
    "</TidsfestetHendelse>"
)
_BODY = (
    f'<log:Pasientlogistikk xmlns:log="{_LOG}" xmlns="{_PO}">'
    '<InformasjonOmForsendelsen><Forsendelsesstatus V="{status}"/></InformasjonOmForsendelsen>'
    f"<log:MeldingInnlagtPasient>{_EVENT}</log:MeldingInnlagtPasient></log:Pasientlogistikk>"
)


@dataclass(frozen=True)
class Admission:
    """A LOG_INNLAGT in the making."""

    message_id: str = field(default_factory=lambda: str(uuid4()))
    type: str = "LOG_INNLAGT"
    sender: tuple[str, str] = (HOSPITAL, WARD)
    """HER-ids of level 1 and level 2."""
    receiver: tuple[str, str] = (MUNICIPALITY, NURSING)
    status: str = "N"
    parent: str | None = None
    conversation: str | None = None
    number: str = CANARY_NUMBER
    family_name: str = CANARY_NAME
    acknowledgement: str = "J"
    body: str = _BODY
    prologue: str = ""

    def with_(self, **changes: object) -> Admission:
        """The same message but for these parts."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def xml(self) -> bytes:
        """The message."""
        reference = ""
        if self.parent is not None:
            first = self.conversation or self.parent
            reference = (
                f"<ConversationRef><RefToParent>{escape(self.parent)}</RefToParent>"
                f"<RefToConversation>{escape(first)}</RefToConversation></ConversationRef>"
            )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>{self.prologue}'
            f'<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24"><MsgInfo><Type V="{self.type}"/>'
            "<MIGversion>v1.2 2006-05-24</MIGversion><GenDate>2026-11-20T14:32:00</GenDate>"
            f'<MsgId>{escape(self.message_id)}</MsgId><ProcessingStatus V="T"/><Ack V="{self.acknowledgement}"/>'
            f"{reference}<Sender>{_party(*self.sender)}</Sender><Receiver>{_party(*self.receiver)}</Receiver>"
            f"<Patient><FamilyName>{self.family_name}</FamilyName><GivenName>Solveig</GivenName>"
            f'<Ident><Id>{self.number}</Id><TypeId V="FNR" S="{_OID}.8116"/></Ident></Patient></MsgInfo>'
            '<Document><RefDoc><MsgType V="XML"/><Content>'
            f"{self.body.format(status=self.status)}</Content></RefDoc></Document></MsgHead>"
        ).encode()


def _party(organisation: str, service: str) -> str:
    inner = f"<Organisation><OrganisationName>Enhet</OrganisationName>{_her(service)}</Organisation>"
    return f"<Organisation><OrganisationName>Virksomhet</OrganisationName>{_her(organisation)}{inner}</Organisation>"


def _her(her_id: str) -> str:
    return f'<Ident><Id>{her_id}</Id><TypeId V="HER" S="{_OID}.9051"/></Ident>'
