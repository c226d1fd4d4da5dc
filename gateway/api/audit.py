"""Which record does it leave that somebody read or changed what is a patient's?

An AuditEvent for each answer: who, when, what, how much; no number, name or text. It is kept before the answer leaves:
what cannot be recorded is not shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from gateway.api.access import Viewer
from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.projection.projector import LOCK
from gateway.projection.resources import patient_id
from gateway.records.resource_reader import Version
from gateway.records.resources import New, put
from gateway.services import GatewayServices

Json = dict[str, Any]
_REST: Final = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
_SUBTYPES: Final = "http://hl7.org/fhir/restful-interaction"
UNRECORDED: Final = frozenset({"AuditEvent", "MeasureReport"})
"""Types that hold nothing of a patient's."""


class Audit:
    """Keeps the records."""

    def __init__(self, services: GatewayServices) -> None:
        self._ledger = services.ledger

    async def read(self, viewer: Viewer, version: Version) -> None:
        """A resource was read."""
        if version.type not in UNRECORDED:
            entities = [{"what": {"reference": f"{version.type}/{version.id}"}}]
            if version.patient_key and version.type != "Patient":
                entities.append({"what": {"reference": f"Patient/{patient_id(version.patient_key)}"}})
            await self._keep(viewer, "R", "read", entities)

    async def searched(self, viewer: Viewer, resource_type: str, shown: int) -> None:
        """Resources of a type were searched for; how many were shown."""
        if resource_type not in UNRECORDED:
            detail = [{"type": "shown", "valueString": str(shown)}]
            await self._keep(viewer, "E", "search-type", [{"name": resource_type, "detail": detail}])

    async def _keep(self, viewer: Viewer, action: str, subtype: str, entities: list[Json]) -> None:
        at = self._ledger.clock()
        event = audit_event(viewer.name, action, subtype, entities, times.moment(at))
        parties = viewer.her_ids or frozenset()

        def unit(session: Session) -> None:
            put(session, New(event, "audit", parties=parties), at)
            session.notices.changed = False  # no page shows it

        await self._ledger.write(unit, touching=LOCK)


def audit_event(who: str, action: str, subtype: str, entities: list[Json], at: datetime) -> Json:
    """The record."""
    return {
        "resourceType": "AuditEvent",
        "id": str(uuid4()),
        "type": _REST,
        "subtype": [{"system": _SUBTYPES, "code": subtype}],
        "action": action,
        "recorded": at.isoformat(timespec="milliseconds"),
        "outcome": "0",
        "purposeOfEvent": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]}
        ],
        "agent": [{"name": who, "requestor": True}],
        "source": {"observer": {"display": "Sømløs"}},
        "entity": entities,
    }
