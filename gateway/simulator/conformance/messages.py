"""Which messages does the counterpart send in a stay, to whom, and how is one of them spoiled?"""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from gateway.emessage.read import read
from gateway.simulator.cast import SERVICES, Service
from gateway.simulator.compose import compose
from gateway.simulator.conformance.behaviours import Spoiled
from gateway.simulator.steps import Step, story
from gateway.simulator.template import Clock
from gateway.translate import convert

Side = Literal["hospital", "municipality"]
Format = Literal["plo-1.6", "plo-1.5", "fhir"]

STAY = story("stay.toml")
HOSPITAL_ROLES = ("ward", "hospital-intake")
ATTACHMENT_BYTES = 22_500_000
"""As base64 these fill 30 MB: near the national limit of about 35 MB for a message, not above it."""
_OURS = {
    "ward": "sykehuset",
    "hospital-intake": "innleggelse",
    "home-care": "lyngvik",
    "case-office": "lyngvik-saksbehandler",
}
_SPOILED_STEP: Mapping[Side, str] = {"hospital": "utskrivningsrapport", "municipality": "innleggelsesrapport"}
_NOBODY = "88899999"
"""A HER-id in the range that is not in use, of nobody in the play."""


@dataclass(frozen=True)
class Message:
    """One message as it is sent."""

    step: Step
    message_id: str
    body: bytes
    content_type: str
    receiver: tuple[str, ...]
    """HER-ids, level 1 first."""
    spoiled: Spoiled | None


def sent_by(side: Side) -> tuple[Step, ...]:
    """What a side sends in the stay, in order."""
    return tuple(step for step in STAY if (step.sender in HOSPITAL_ROLES) == (side == "hospital"))


def parties(vendor: Service) -> dict[str, Service]:
    """Who plays which role: the counterpart is of our story's cast, the vendor is who it says it is."""
    return {role: SERVICES[ours] for role, ours in _OURS.items()} | {"vendor": vendor}


def write(
    step: Step,
    ids: Mapping[str, str],
    vendor: Service,
    day_zero: date,
    format: Format,
    spoil: Spoiled | None,
) -> Message:
    """The message of a step in the vendor's format, spoiled if it is this step's turn."""
    side: Side = "hospital" if step.sender in HOSPITAL_ROLES else "municipality"
    spoiled = spoil if step.key == _SPOILED_STEP[side] else None
    receiver = vendor
    if spoiled == "receiver":
        receiver = Service(vendor.organisation, vendor.name, _NOBODY)
    services = parties(vendor) | {step.receiver: receiver}
    body = compose(step, ids, Clock(day_zero), steps=STAY, services=services).body
    if spoiled == "attachment":
        body = _with_attachment(body)
    content_type = "application/xml"
    if format != "plo-1.6" and not (format == "plo-1.5" and step.type.startswith("DIALOG")):
        body = convert(read(body), "fhir-r4" if format == "fhir" else format).data
        content_type = "application/fhir+json" if format == "fhir" else content_type
    if spoiled == "charset":
        body = body.decode("utf-8").encode("iso-8859-1", "replace")
    her_ids = (receiver.organisation.her_id, receiver.her_id)
    return Message(step, ids[step.key], body, content_type, her_ids, spoiled)


def _with_attachment(body: bytes) -> bytes:
    """The message with a second document that fills 30 MB and that no compression makes small, the same each time."""
    content = base64.b64encode(random.Random(1).randbytes(ATTACHMENT_BYTES))
    document = (
        b'  <Document>\n    <RefDoc>\n      <MsgType V="A" DN="Vedlegg"/>\n'
        b"      <MimeType>application/pdf</MimeType>\n      <Content>\n"
        b'        <base:Base64Container xmlns:base="http://www.kith.no/xmlstds/base64container">'
        + content
        + b"</base:Base64Container>\n      </Content>\n    </RefDoc>\n  </Document>\n"
    )
    head, end, tail = body.rpartition(b"</MsgHead>")
    return head + document + end + tail
