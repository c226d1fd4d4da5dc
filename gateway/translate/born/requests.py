"""What of plans and prescriptions is said by another resource of the e-message's kind?

A CarePlan's activity with its details inside is the ServiceRequest that the e-message makes of a measure; a
MedicationRequest is a row of the medication list, like a MedicationStatement: a row is never dropped (DESIGN §4.7).
"""

from __future__ import annotations

from gateway.fhir.canonical import extension_url
from gateway.translate import discontinued
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.tables import wordlist
from gateway.translate.codec import Json
from gateway.translate.loss import Loss
from gateway.translate.shape import Shaped, medication_said_inside, name_the_medication

UCUM = "http://unitsofmeasure.org"
_OF_DETAIL = ("code", "reasonCode")
_OF_PRESCRIPTION = {"dosageInstruction": "dosage", "requester": "informationSource"}
_SPOKEN_FOR = {
    **dict.fromkeys(
        ("MedicationStatement", "MedicationAdministration", "MedicationRequest", "MedicationDispense"),
        "medicationReference",
    ),
    "DeviceUseStatement": "device",
}
"""Type → the element that names the thing it is about."""
_BOOKED = "booked"
_STANDING = (_BOOKED, "proposed", None)
"""Of a visit: agreed; what R4 demands where the e-message says nothing; nothing."""
_ENDED = ("stopped", "cancelled")
_NOBODY: Json = {"resourceType": ""}
"""Speaks for what is not told."""


def say_activities(work: OpenBundle) -> None:
    """Each activity of a plan that holds its details itself becomes a measure of its own.

    Those of a plan that is not in effect (on hold, a draft, ended, one of several options) stand with the plan, under
    its status: a measure alone would be read as one to carry out. Those of a proposal are recommended.
    """
    for plan in work.of_type("CarePlan"):
        if not work.belongs(plan) or not isinstance(plan.get("activity"), list):
            continue
        is_proposal = plan.get("intent") == "proposal"
        is_option = not is_proposal and wordlist().changes_meaning("CarePlan.intent", plan.get("intent"))
        if is_option or wordlist().changes_meaning("CarePlan.status", plan.get("status")):
            continue
        for at, activity in enumerate(plan["activity"]):
            detail = activity.get("detail")
            if isinstance(detail, dict) and "reference" not in activity:
                made = _measure(work, detail, "proposal" if is_proposal else "order")
                activity["reference"] = work.add(made, f"{work.urls[id(plan)]}#activity-{at}")
                work.spokesmen[id(activity)] = made


def _measure(work: OpenBundle, detail: Json, intent: str) -> Json:
    made: Json = {"resourceType": "ServiceRequest", "intent": intent}
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


def say_units(work: OpenBundle) -> None:
    """The unit for machines is the unit, where none is said for people: a strength without one could be any."""
    left: list[object] = [*work.resources.values()]
    while left:
        here = left.pop()
        if isinstance(here, dict):
            if {"value", "code"} <= here.keys() and "unit" not in here and here.get("system") == UCUM:
                here["unit"] = here["code"]
                work.say(here, "code", here, "unit")
            left.extend(here.values())
        elif isinstance(here, list):
            left.extend(here)


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
        if isinstance(request.get("statusReason"), dict):
            request["statusReason"] = [request["statusReason"]]
        _name_what_is_prescribed(work, request)
        if request.get("status") in _ENDED:
            request["status"] = "stopped"
            discontinued.agree(request)
            stated = request["statusReason"][0]["coding"][0]
            work.say(request, "status", stated, "code")
            work.form.add(id(stated))
        elif request.get("status") == "active":
            work.say(request, "status", request, "resourceType")  # a row is a prescription in effect
    work.retyped()


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
    """What a Medication says beyond its name stands with the one row that is of it; so with a Device and its use.

    A Medication without a row that is believed says nothing of the patient: told alone it would be read as in use.
    """
    rows: dict[int, list[Json]] = {}
    for kind, key in _SPOKEN_FOR.items():
        for row in work.of_type(kind):
            thing = work.follow(row.get(key))
            if thing is not None:
                rows.setdefault(id(thing), []).append(row)
    for thing in work.of_type("Medication", "Device"):
        if work.is_about_another(thing):
            continue
        found = rows.get(id(thing), [])
        believed = [row for row in found if work.may_be_told(row)]
        if len(found) == 1 or len(believed) == 1 or (found and not believed):
            work.spokesmen[id(thing)] = (believed or found)[0]
    named, in_focus = work.named(), {id(each) for each in work.focus()}
    for medication in work.of_type("Medication"):
        if id(medication) not in in_focus and work.urls[id(medication)] not in named:
            work.spokesmen[id(medication)] = _NOBODY


def say_visits(work: OpenBundle) -> None:
    """A visit is booked where its status says so; one that is not agreed (a waiting list), is over or is not kept
    is none that stands: only what is not booked has a remark to say so."""
    booked = extension_url("booked")
    for visit in work.of_type("Appointment"):
        stated = [each for each in visit.get("extension", ()) if each.get("url") == booked]
        status = visit.get("status")
        if status not in _STANDING and not work.is_cancelled:
            is_kept = not wordlist().denial("Appointment.status", status)
            for each in [one for one in stated if not (is_kept and one.get("valueBoolean") is False)]:
                visit["extension"].remove(each)
                work.rendered.append(Loss(f"{work.place_of(each)}.valueBoolean", "", "lost", "warning"))
        elif status == _BOOKED:
            if not stated:
                stated = [{"url": booked, "valueBoolean": True}]
                visit.setdefault("extension", []).extend(stated)
                _say_when(work, visit)
            if stated[0].get("valueBoolean") is True:
                work.say(visit, "status", stated[0], "valueBoolean")


def _say_when(work: OpenBundle, visit: Json) -> None:
    """The time of a booked visit, where the rules look for it: the time that was asked for is another."""
    if not isinstance(visit.get("start"), str):
        return
    asked = visit.get("requestedPeriod", [])
    if not asked or asked[0].get("start") == visit["start"]:
        first: Json = asked[0] if asked else {}
        first.setdefault("start", visit["start"])
        visit["requestedPeriod"] = [first, *asked[1:]]
    else:
        first = {"start": visit["start"]}
        visit["requestedPeriod"] = [first, *asked]
    work.say(visit, "start", first, "start")


def say_proposals(work: OpenBundle) -> None:
    """An aid that is only proposed has a status for that (8230)."""
    if not work.allows("OpplysningerOmHjelpemidler"):
        return
    for request in work.of_type("DeviceRequest"):
        if request.get("intent") == "proposal" and request.get("status") == "active":
            request["status"] = "draft"
            for key in ("intent", "status"):
                work.say(request, key, request, "status", "StatusHjelpemiddel/Status")
