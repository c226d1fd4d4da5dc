"""How does a message look in the other format, when nobody needed it in that format?

For reading only: what comes out is shown and forgotten. Floor 1 does the work; this chooses source and target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway import translate
from gateway.emessage.read import read as read_xml
from gateway.fhir.json import read as read_fhir
from gateway.ledger.rows import BodyRow


@dataclass(frozen=True)
class Reading:
    """A translation made for reading."""

    data: bytes
    media_type: str
    report: Mapping[str, Any]


def translated(body: BodyRow) -> Reading:
    """The body in the other format.

    :raises SomlosError: it cannot be read or translated; its code says why.
    """
    if body.media_type == "application/xml":
        translation = translate.convert(read_xml(body.content), "fhir-r4")
        return Reading(translation.data, "application/fhir+json", translation.loss.as_json())
    bundle = read_fhir(body.content)
    translation = translate.convert(bundle, translate.e_message_format(bundle))
    return Reading(translation.data, "application/xml", translation.loss.as_json())
