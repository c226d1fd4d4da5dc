"""What of plans and prescriptions is said by another resource of the e-message's kind?

A CarePlan's activity with its details inside is the ServiceRequest that the e-message makes of a measure; a
MedicationRequest is a row of the medication list, like a MedicationStatement: a row is never dropped (DESIGN §4.7).
"""

from __future__ import annotations

from gateway.translate import discontinued
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.codec import Json
from gateway.translate.shape import Shaped, medication_said_inside, name_the_medication

_OF_DETAIL = ("code", "reasonCode")
_OF_PRESCRIPTION = {"dosageInstruction": "dosage", "requester": "informationSource"}
_ENDED = ("stopped", "cancelled")


def say_activities(work: OpenBundle) -> None:
    """Each activity of a plan that holds its details itself becomes a measure of its own."""
    for plan in work.of_type("CarePlan"):
        if not work.belongs(plan) or not isinstance(plan.get("activity"), list):
            continue
        for at, activity in enumerate(plan["activity"]):
            detail = activity.get("detail")
            if isinstance(detail, dict) and "reference" not in activity:
                made = _measure(work, detail)
                activity["reference"] = work.add(made, f"{work.urls[id(plan)]}#activity-{at}")
                work.spokesmen[id(activity)] = made


def _measure(work: OpenBundle, detail: Json) -> Json:
    made: Json = {"resourceType": "ServiceRequest", "intent": "order"}
    made |= {key: detail[key] for key in _OF_DETAIL if key in detail}
    if isinstance(detail.get("description"), str):
        words = {"text": detail["description"]}
        work.say(detail, "description", words, "text")
        if "code" in made:
            made["note"] = [words]
        else:
            made["code"] = words
    if isinstance(detail.get("scheduledTiming"), dict):
        made["occurrenceTiming"] = detail["scheduledTiming"]
    elif isinstance(detail.get("scheduledPeriod"), dict):
        made["occurrenceTiming"] = {"repeat": {"boundsPeriod": detail["scheduledPeriod"]}}
    return made


def say_periods(work: OpenBundle) -> None:
    """When a measure is due, said as a period, is the bounds of its timing."""
    for request in work.of_type("ServiceRequest"):
        if isinstance(request.get("occurrencePeriod"), dict) and "occurrenceTiming" not in request:
            request["occurrenceTiming"] = {"repeat": {"boundsPeriod": request["occurrencePeriod"]}}


def say_prescriptions(work: OpenBundle) -> None:
    """Each MedicationRequest becomes a row of the medication list."""
    for request in work.of_type("MedicationRequest"):
        if not work.allows("Legemiddelinfo") or not work.belongs(request):
            continue
        request["resourceType"] = "MedicationStatement"
        for old, new in _OF_PRESCRIPTION.items():
            if old in request:
                request[new] = request.pop(old)
        _name_what_is_prescribed(work, request)
        if request.get("status") in _ENDED:
            request["status"] = "stopped"
            discontinued.agree(request)
            work.say(request, "status", request["statusReason"][0]["coding"][0], "code")


def _name_what_is_prescribed(work: OpenBundle, row: Json) -> None:
    """The rules read name and code of a medication from a Medication of its own."""
    shaped = Shaped()
    medication = medication_said_inside(row, shaped)
    if medication is not None:
        url = f"{work.urls[id(row)]}#medication"
        row["medicationReference"]["reference"] = work.add(medication, url)["reference"]
        name_the_medication(medication["code"], shaped)
    for moved in shaped.moved:
        work.say(moved.holder, moved.key, moved.to, moved.to_key, moved.within)


def let_rows_speak(work: OpenBundle) -> None:
    """What a Medication says beyond its name stands with the one row that is of it."""
    rows: dict[int, list[Json]] = {}
    for row in work.of_type("MedicationStatement", "MedicationAdministration", "MedicationRequest"):
        medication = work.follow(row.get("medicationReference"))
        if medication is not None:
            rows.setdefault(id(medication), []).append(row)
    for medication in work.of_type("Medication"):
        found = rows.get(id(medication), [])
        if len(found) == 1:
            work.spokesmen[id(medication)] = found[0]
