"""Which FHIR resources does a stay make, beside those that stand in its messages?

    Encounter       the stay itself: class IMP, period, where the patient went; type `stay` of our code system
    EpisodeOfCare   the patient's way through hospital and home again: from admission until the plan is over
    Communication   each message of the stay: who told whom, when it was sent and received
    Task            for each ready-notice: the municipality answers whether it can receive (NPR 6 or 7)

All of them follow from the stay; a stay that is not there any more leaves them entered in error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from gateway.fhir.canonical import code_system, extension_url, own_code_system
from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import OSLO, day_of
from gateway.pathway.clocks import answers_to, in_force, notices_towards, replies_to
from gateway.pathway.documents import Document
from gateway.pathway.events import Moment, PathwayEvent
from gateway.pathway.stays import ReadyNotice
from gateway.projection.resources import patient_id
from gateway.records.stays import Settled
from gateway.translate.state import derived_id

Json = dict[str, Any]
PATHWAY_CODES: Final = own_code_system("pathway")
NPR_TIMES: Final = own_code_system("npr-time-type")
"""NPR's "type tidspunkt" (53.1.1) has no canonical address we know of: ours stands for it."""
HER_SYSTEM: Final = "urn:oid:2.16.578.1.12.4.1.2"
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_STATUS: Final = {
    "innlagt": "in-progress",
    "klar": "in-progress",
    "ute": "finished",
    "død": "finished",
    "cancelled": "entered-in-error",
}


def written(moment: Moment) -> str:
    """A moment as FHIR writes it: a time with its zone, or a day."""
    local = moment.at.astimezone(OSLO)
    return local.date().isoformat() if moment.is_day else instant(moment.at)


def instant(at: datetime) -> str:
    """A time with its zone in Norway."""
    return at.astimezone(OSLO).isoformat(timespec="seconds")


def coding(code: str, display: str, system: str = PATHWAY_CODES) -> Json:
    """A CodeableConcept with one code."""
    return {"coding": [{"system": system, "code": code, "display": display}]}


def organisation(her_id: str) -> Json:
    """A reference to an organisation by its HER-id."""
    return {"type": "Organization", "identifier": {"system": HER_SYSTEM, "value": her_id}}


def subject(patient_key: str) -> Json:
    """A reference to the patient."""
    return {"reference": f"Patient/{patient_id(patient_key)}"}


def resources_of(settled: Settled, patient_key: str) -> Iterator[Json]:
    """The resources of a stay, but for its EpisodeOfCare, which goes on after it."""
    yield _encounter(settled, patient_key)
    for document in settled.stay.documents:
        yield _communication(document, settled, patient_key)
    for agreement in settled.agreements:
        for notice in notices_towards(settled.stay, agreement):
            yield _reply_task(notice, settled, patient_key, agreement)


def episode_id(stay_id: str) -> str:
    """The id of the EpisodeOfCare of a stay."""
    return derived_id("episode", stay_id)


def _encounter(settled: Settled, patient_key: str) -> Json:
    stay = settled.stay
    period: Json = {}
    if stay.admitted:
        period["start"] = written(stay.admitted)
    if stay.ended:
        period["end"] = written(stay.ended)
    found: Json = {
        "resourceType": "Encounter",
        "id": settled.id,
        "status": _STATUS[stay.state],
        "class": {"system": _CLASS, "code": "IMP", "display": "inpatient encounter"},
        "type": [coding("stay", "Sykehusopphold")],
        "subject": subject(patient_key),
        "episodeOfCare": [{"reference": f"EpisodeOfCare/{episode_id(settled.id)}"}],
        "serviceProvider": organisation(stay.trust),
    }
    if stay.ready:
        found["extension"] = [{"url": extension_url("discharge-ready"), "valueDateTime": written(stay.ready)}]
    if period and _in_order(stay.admitted, stay.ended):
        found["period"] = period
    where = stay.end.current.discharged_to if stay.end else None
    if where:
        system = code_system("8408")
        found["hospitalization"] = {"dischargeDisposition": {"coding": [{"system": system, "code": where}]}}
    return found


def _in_order(start: Moment | None, end: Moment | None) -> bool:
    if start is None or end is None:
        return True
    if start.is_day or end.is_day:
        return day_of(start.at) <= day_of(end.at)
    return start.at <= end.at


def episode_of(settled: Settled, patient_key: str, plan: Json | None) -> Json:
    """The EpisodeOfCare of a stay. `plan`: the CarePlan of its discharge; None: there is none."""
    stay = settled.stay
    going_on = stay.state != "ute" or (plan is not None and plan["status"] == "active")
    status = {"cancelled": "entered-in-error", "død": "finished"}.get(
        stay.state, "active" if going_on else "finished"
    )
    found: Json = {
        "resourceType": "EpisodeOfCare",
        "id": episode_id(settled.id),
        "status": status,
        "type": [coding("home-pathway", "Pasientforløp fra sykehus til hjem")],
        "patient": subject(patient_key),
    }
    if stay.municipalities:
        found["managingOrganization"] = organisation(stay.municipalities[0])
    if stay.admitted:
        found["period"] = {"start": written(stay.admitted)}
        if status == "finished" and stay.ended and _in_order(stay.admitted, stay.ended):
            end = written(stay.ended) if plan is None or stay.state == "død" else plan["period"].get("end")
            found["period"] |= {"end": end} if end else {}
    return found


def _communication(document: Document, settled: Settled, patient_key: str) -> Json:
    event = document.versions[0] if document.versions else document.current
    found: Json = {
        "resourceType": "Communication",
        "id": derived_id("communication", *document.key),
        "status": "completed" if document.live else "entered-in-error",
        "category": [{"coding": [{"system": code_system("8279"), "code": event.kind}]}]
        if event.kind.isupper()
        else [coding("reply-to-ready-notice", "Svar på melding om utskrivningsklar pasient")],
        "subject": subject(patient_key),
        "encounter": {"reference": f"Encounter/{settled.id}"},
        "sent": instant(document.first_sent),
        **_sender(event),
    }
    other = event.counterpart if event.sender_organisation == event.trust else event.trust
    if other:
        service = [event.receiver] if event.receiver not in (other, None) else []
        found["recipient"] = [organisation(her) for her in (other, *service) if her]
    delivered = document.told("delivered")
    if delivered:
        found["received"] = instant(delivered)
    return found


def _sender(event: PathwayEvent) -> Json:
    """Who sent a message: the service (level 2), contained, as a part of its organisation (level 1)."""
    service = event.key.sender
    if service == event.sender_organisation:
        return {"sender": organisation(service)}
    whole = {
        "resourceType": "Organization",
        "id": "sender",
        "identifier": [{"system": HER_SYSTEM, "value": service}],
        "partOf": organisation(event.sender_organisation),
    }
    return {"contained": [whole], "sender": {"reference": "#sender", **organisation(service)}}


def reply_task_id(notice: Document) -> str:
    """The id of the Task in which the municipality answers a ready-notice."""
    return derived_id("reply-task", *notice.key)


def _reply_task(notice: ReadyNotice, settled: Settled, patient_key: str, agreement: Agreement) -> Json:
    document = notice.document
    said = in_force(answers_to(settled.stay, agreement, notice))
    answered = bool(replies_to(settled.stay, agreement, notice))
    over = notice.withdrawn_by is not None or not document.live
    status = "completed" if said or answered else "cancelled" if over or settled.stay.ended else "requested"
    if not document.live:
        status = "entered-in-error"
    found: Json = {
        "resourceType": "Task",
        "id": reply_task_id(document),
        "status": status,
        "intent": "order",
        "code": coding("reply-to-ready-notice", "Kan kommunen ta imot pasienten?"),
        "focus": {"reference": f"Communication/{derived_id('communication', *document.key)}"},
        "for": subject(patient_key),
        "encounter": {"reference": f"Encounter/{settled.id}"},
        "authoredOn": instant(document.first_sent),
        "requester": organisation(settled.stay.trust),
        "owner": organisation(agreement.municipality),
    }
    if said:
        text = {"6": "Kommunen kan ikke ta imot", "7": "Kommunen kan ta imot"}[said[-1].code]
        found["businessStatus"] = coding(said[-1].code, text, NPR_TIMES)
        if said[-1].moment:
            found["executionPeriod"] = {"start": written(said[-1].moment)}
    return found
