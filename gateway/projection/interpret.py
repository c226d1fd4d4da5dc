"""What does one accepted message say about a pathway, and which FHIR resources does it hold?

Read once for reading, whatever format it came in; its delivery has nothing to do with it. What the neutral facts do
not hold (kind of content, list of medicines, where the patient went) is read off the Bundle, so that XML and FHIR
are read by one rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from gateway import translate
from gateway.emessage import read as xml_reading
from gateway.errors import SomlosError
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import code_system
from gateway.pathway.events import DISCHARGE_REPORT, PathwayEvent, from_facts
from gateway.projection.resources import Named, written_of
from gateway.records.resources import Written
from gateway.translate import logistics
from gateway.translate.facts_fhir import Own, own_of_bundle

Json = dict[str, Any]
Content = Literal["xml", "fhir"]
CONTENT_TYPES: Final = ("9139", "9140")
ACT_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
URGENCY: Final = {"EM": "acute", "UR": "acute", "EL": "planned"}
"""Codes of Encounter.priority that say how urgent an admission was."""


@dataclass(frozen=True)
class Interpretation:
    """What a message says."""

    event: PathwayEvent | None
    """None: its facts could not be taken."""
    resources: tuple[Written, ...] | None
    """The resources of the message as a Bundle; None: it cannot be one (a body without grammar, or a receipt)."""
    failed: str | None = None
    """Code of the error catalogue: what could not be read of it."""


class Interpreter(Protocol):
    """Reads messages for `records/`."""

    async def interpret(
        self, data: bytes, content: Content, accepted: datetime, named: Named
    ) -> Interpretation:
        """Never raises for what stands in the message; `accepted`: aware."""
        ...


def interpret(data: bytes, content: Content, accepted: datetime, named: Named) -> Interpretation:
    """As `Interpreter`, with the rooms that know the formats."""
    try:
        source = fhir_json.read(data) if content == "fhir" else xml_reading.read(data)
        facts = translate.facts_of(source)
    except SomlosError as error:
        return Interpretation(None, None, error.code)
    except (LookupError, TypeError, ValueError, AttributeError):
        return Interpretation(None, None, "us.internal")
    bundle: Json | None = None
    own, failed = None, None
    if not facts.is_receipt and facts.body_known:
        try:
            bundle = source if isinstance(source, dict) else translate.convert(source, "fhir-r4").bundle
            own = own_of_bundle(bundle) if bundle is not None else None
        except SomlosError as error:
            failed = error.code
        except (LookupError, TypeError, ValueError, AttributeError):
            failed = "us.internal"
    if bundle is None or own is None:
        return Interpretation(from_facts(facts, accepted), None, failed)
    event = from_facts(facts, accepted, **_said(own, facts.message_type))
    kept = {id(resource) for resource in own.resources}
    entries = [entry for entry in bundle["entry"] if id(entry.get("resource")) in kept]
    return Interpretation(event, written_of(entries, named), failed)


def _said(own: Own, message_type: str) -> dict[str, Any]:
    """What the Bundle says of the patient beside the facts."""
    encounter, report = own.stay, message_type == DISCHARGE_REPORT
    return {
        "content_type": next(
            (
                code
                for composition in _of(own.believed, "Composition")
                for event in _list(composition, "event")
                for concept in _list(event, "code")
                for code in _codes(concept, *CONTENT_TYPES)
            ),
            None,
        ),
        "medication_list": bool(_of(own.believed, "MedicationStatement")) if report else None,
        "discharged_to": logistics.sent_to(encounter),
        "urgency": next(
            (
                URGENCY[each["code"]]
                for each in _list(encounter.get("priority") or {}, "coding")
                if each.get("system") == ACT_PRIORITY and each.get("code") in URGENCY
            ),
            None,
        ),
        "discharge_condition": logistics.state_at_discharge(encounter),
    }


def _of(resources: list[Json], type_name: str) -> list[Json]:
    return [resource for resource in resources if resource.get("resourceType") == type_name]


def _list(node: Json, name: str) -> list[Json]:
    found = node.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _codes(concept: object, *sets: str) -> list[str]:
    """The codes of a CodeableConcept from these national code lists."""
    if not isinstance(concept, dict):
        return []
    systems = {code_system(each) for each in sets}
    return [str(c["code"]) for c in _list(concept, "coding") if c.get("system") in systems and "code" in c]
