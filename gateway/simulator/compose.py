"""How is a step of the story written as the message its sender would send?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.simulator.cast import PATIENTS, SERVICES, Service
from gateway.simulator.steps import Step, root_of, story
from gateway.simulator.template import Clock, Filler, escape_json, escape_xml, story_file

STATUS_TEXT = {"N": "Ny", "M": "Endring", "C": "Kansellering"}


@dataclass(frozen=True)
class Composed:
    """A message ready to send."""

    step: Step
    message_id: str
    body: bytes
    content_type: str


def new_ids(steps: tuple[Step, ...] | None = None) -> dict[str, str]:
    """A fresh message id for every step: one telling of the story, or of the given steps."""
    return {step.key: str(uuid4()) for step in (story() if steps is None else steps)}


def compose(
    step: Step,
    ids: Mapping[str, str],
    clock: Clock,
    *,
    steps: tuple[Step, ...] | None = None,
    services: Mapping[str, Service] = SERVICES,
) -> Composed:
    """The message of one step; `ids` gives every step's message id, `clock` the story's calendar.

    `steps`: all that happens, when it is another story than ours; `services`: who the communication parties are.
    """
    message_id = ids[step.key]
    first = ids[root_of(step, steps).key]
    fhir = step.is_fhir
    filler = Filler(
        values=_values(step, ids, first, clock, services),
        clock=clock,
        component_space=UUID(message_id if step.status == "N" else first),
        quote=escape_json if fhir else escape_xml,
    )
    text = filler.fill(story_file(step.body if fhir else "envelope.xml")) + "\n"
    content_type = "application/fhir+json" if fhir else "application/xml"
    return Composed(step, message_id, text.encode("utf-8"), content_type)


def _values(
    step: Step, ids: Mapping[str, str], first: str, clock: Clock, services: Mapping[str, Service]
) -> dict[str, str | None]:
    patient = PATIENTS[step.patient]
    return {
        "type": step.type,
        "type_text": step.type_text,
        "message_id": ids[step.key],
        "generated_at": clock.render(step.at),
        "generated_instant": clock.render(f"instant {step.at}"),
        "generated_date": clock.render(step.at.split(" ")[0]),
        "parent_id": ids[step.parent] if step.parent else None,
        "conversation_id": first if step.parent else None,
        "status": step.status,
        "status_text": STATUS_TEXT[step.status],
        "remark": None,
        "file:body": step.body,
        "patient_family_name": patient.family_name,
        "patient_given_name": patient.given_name,
        "patient_birth_date": patient.birth_date,
        "patient_sex": patient.sex[0],
        "patient_sex_text": patient.sex[1],
        "patient_gender": {"1": "male", "2": "female"}[patient.sex[0]],
        "patient_number": patient.number,
        "patient_street": patient.street,
        "patient_postal_code": patient.postal_code,
        "patient_city": patient.city,
        "patient_phone": patient.phone,
        "patient_phone_number": patient.phone.removeprefix("tel:"),
        "admitted_at": clock.render(patient.admitted_at),
        "ready_at": clock.render(patient.ready_at),
        "discharged_at": clock.render(patient.discharged_at),
        **_party("sender", services[step.sender]),
        **_party("receiver", services[step.receiver]),
        **{name: clock.render(value) or value for name, value in step.values.items()},
    }


def _party(role: str, service: Service) -> dict[str, str]:
    return {
        f"{role}_organisation": service.organisation.name,
        f"{role}_organisation_her_id": service.organisation.her_id,
        f"{role}_service": service.name,
        f"{role}_service_her_id": service.her_id,
    }
