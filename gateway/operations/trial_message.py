"""What does a message look like that tries the whole way to a partner, and can never be taken for a patient's?

Pure. It is a note of a dialogue (Dialogmelding 1.0), which changes no stay, no plan and no list of medication wherever
it is read. Three things keep it from a real record, each by itself: ProcessingStatus is T (8113), which a record system
in production must keep from its clinical inbox; the patient has a synthetic identity number, which no person can ever
have (the month is greater than 80); and it is sent only to endpoints marked as test (`trials.py`). Its words say what
it is.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from gateway.terminology import display
from gateway.translate.facts import Party

WORDS: Final = "Dette er en test av forbindelsen. Pasienten finnes ikke. Ingen skal gjøre noe."
TYPES: Final = ("DIALOG_NOTAT", "DIALOG_SVAR")
"""Codes of 8279 it can go as; the first that the endpoint takes."""
SYNTHETIC_NUMBER: Final = "01815000036"
_OSLO: Final = ZoneInfo("Europe/Oslo")


def type_for(taken: Container[str]) -> str | None:
    """As which type it can go to an endpoint that takes these; None: it takes none of them."""
    return next((code for code in TYPES if "*" in taken or code in taken), None)


def trial_message(
    message_id: str, message_type: str, written: datetime, sender: Party, receiver: Party
) -> bytes:
    """The message as XML. `written`: aware."""
    local = written.astimezone(_OSLO).replace(tzinfo=None)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24">
  <MsgInfo>
    <Type V="{message_type}" DN="{escape(display("8279", message_type) or message_type)}"/>
    <MIGversion>v1.2 2006-05-24</MIGversion>
    <GenDate>{local.isoformat(timespec="seconds")}</GenDate>
    <MsgId>{message_id}</MsgId>
    <ProcessingStatus V="T" DN="{escape(display("8113", "T") or "Test")}"/>
    <Ack V="J" DN="Ja"/>
    <Sender>
{_organisation(sender)}
    </Sender>
    <Receiver>
{_organisation(receiver)}
    </Receiver>
    <Patient>
      <FamilyName>TESTMELDING</FamilyName>
      <GivenName>SYNTETISK</GivenName>
      <DateOfBirth>1950-01-01</DateOfBirth>
      <Sex V="1" DN="Mann"/>
      <Ident>
        <Id>{SYNTHETIC_NUMBER}</Id>
        <TypeId V="FNR" S="2.16.578.1.12.4.1.1.8116" DN="Fødselsnummer"/>
      </Ident>
    </Patient>
  </MsgInfo>
  <Document>
    <RefDoc>
      <IssueDate V="{local.isoformat(timespec="seconds")}"/>
      <MsgType V="XML" DN="XML-instans"/>
      <Content>
        <Dialogmelding xmlns="http://www.kith.no/xmlstds/dialog/2006-10-11">
          <Notat>
            <TemaKodet V="3" S="2.16.578.1.12.4.1.1.7321" DN="Uspesifisert notat"/>
            <Tema>Testmelding</Tema>
            <TekstNotatInnhold>{WORDS}</TekstNotatInnhold>
            <DatoNotat>{local:%Y-%m-%d}</DatoNotat>
          </Notat>
        </Dialogmelding>
      </Content>
    </RefDoc>
  </Document>
</MsgHead>
""".encode()


def _organisation(party: Party) -> str:
    """The organisation, and within it the service where that has a HER-id of its own."""
    above = party.organisation_her_id or party.her_id or ""
    inner = _one(party.her_id or "", party.name, "") if party.her_id != above else ""
    return _one(above, party.organisation_name or party.name, inner)


def _one(her_id: str, name: str, inner: str) -> str:
    ident = f'<Ident><Id>{her_id}</Id><TypeId V="HER" S="2.16.578.1.12.4.1.1.9051" DN="HER-id"/></Ident>'
    return f"<Organisation><OrganisationName>{escape(name)}</OrganisationName>{ident}{inner}</Organisation>"
