"""What of the stay does a message tell, and where does FHIR say it?

A logistics message is a set of dated events (9121): admitted, discharged, ready, withdrawn, dead. In FHIR they are
Observations, or stand in the period of the Encounter and in Patient.deceased. What the type of the message demands and
the Bundle does not say is refused, with the path where it should stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.emessage.grammar import structure
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import logistics
from gateway.translate.born.open_bundle import OpenBundle, concept_section, section_code
from gateway.translate.born.tables import wordlist
from gateway.translate.codec import Json
from gateway.translate.loss import Loss
from gateway.translate.version import is_taken_back

_IN_PERIOD = {"1": "start", "2": "end"}
_WHERE_TOLD = {
    "1": "Encounter.period.start",
    "2": "Encounter.period.end",
    "3": f"Encounter.extension('{extension_url('discharge-ready')}').valueDateTime",
    "13": "Patient.deceasedDateTime",
}
"""Code of 9121 → where FHIR has the time of the event, beside an Observation of it."""
_REPORT = "OpplysningOpphold"
_DEMANDS_STAY = "HelseopplysningerVedSoknad"
"""The body that has the report at least once, in the versions where it has one."""


def say(work: OpenBundle, target: str) -> None:
    """The events of the stay in the sections where the message has them.

    Raises NotTranslatable with the FHIR path of what the type demands and the Bundle lacks.
    """
    if work.composition is None:
        return
    _say_times(work)
    encounter = _encounter(work)
    if work.body() == logistics.BODY:
        _say_logistics(work, encounter)
    elif work.allows(_REPORT):
        _say_report(work, encounter, target)


def _say_times(work: OpenBundle) -> None:
    """The rules read the time of an event as a dateTime."""
    for event in work.of_type("Observation"):
        holder, key = logistics.time_of_event(event)
        if key != "effectiveDateTime" and isinstance(holder.get(key), str) and _event_codes(event):
            event["effectiveDateTime"] = holder[key]
            work.say(holder, key, event, "effectiveDateTime")


def _encounter(work: OpenBundle) -> Json | None:
    """The stay: what the Composition names, else the one in focus, else the only one."""
    assert work.composition is not None
    named = work.follow(work.composition.get("encounter"))
    found = named or next((r for r in work.focus() if r.get("resourceType") == "Encounter"), None)
    all_of_them = [r for r in work.of_type("Encounter") if work.belongs(r)]
    if found is None and len(all_of_them) == 1:
        found = all_of_them[0]
    if found is not None and "encounter" not in work.composition:
        work.composition["encounter"] = {"reference": work.urls[id(found)]}
    return found


def _say_logistics(work: OpenBundle, encounter: Json | None) -> None:
    kind = _kind(work)
    child = logistics.CHILD_OF_TYPE.get(kind)
    if child is None:
        raise NotTranslatable("translate.unknown-message-type", path="MessageHeader.eventCoding")
    if encounter is not None and is_taken_back(encounter) and not work.is_cancelled:
        raise NotTranslatable("translate.missing-content", path="Encounter.status")
    if encounter is not None and work.is_cancelled and encounter.get("status") == "cancelled":
        work.rendered.append(Loss(f"{work.place_of(encounter)}.status", "Forsendelsesstatus", "rendered"))
        encounter["status"] = "entered-in-error"  # what a cancelled message makes of it
    section = work.section((child,))
    told = {code: r for r in _observations(work, section) for code in _event_codes(r)}
    waiting = {code: r for r in work.of_type("Observation") if work.belongs(r) for code in _event_codes(r)}
    for code in logistics.EVENTS_OF_TYPE[kind]:
        event = told.get(code)
        if event is None:
            event = waiting.get(code) or _made(work, code, encounter)
            if code == "1" and code not in waiting:
                _state_estimate(event, code, encounter)
            section.setdefault("entry", []).append({"reference": work.urls[id(event)]})
        _demand_time(event, code, encounter, is_told=code in told or code in waiting)
    if kind == "LOG_UTSKREVET":
        _say_where_to(work, encounter)
        _say_death(work, encounter)


def _kind(work: OpenBundle) -> str:
    """The type of the notice; where the message states none (its name only), the one that its body is of."""
    named = {section_code(section) for section in (work.composition or {}).get("section", ())}
    children = logistics.CHILD_OF_TYPE.items()
    return work.message_type or next((kind for kind, child in children if child in named), "")


def _observations(work: OpenBundle, section: Json) -> Iterator[Json]:
    for reference in section.get("entry", ()):
        found = work.follow(reference)
        if found is not None:
            yield found


def _event_codes(observation: Json) -> list[str]:
    codings = observation.get("code", {}).get("coding", ())
    return [str(c.get("code")) for c in codings if terminology.number_of(str(c.get("system", ""))) == "9121"]


def _made(work: OpenBundle, code: str, encounter: Json | None) -> Json:
    """An event that no Observation tells."""
    display = terminology.display("9121", code) or ""
    coding = {"system": code_system("9121"), "code": code, "display": display}
    made: Json = {"resourceType": "Observation", "code": {"coding": [coding]}}
    patient = work.patient() or {}
    if code == "13" and isinstance(patient.get("deceasedDateTime"), str):
        made["effectiveDateTime"] = patient["deceasedDateTime"]
        work.say(patient, "deceasedDateTime", made, "effectiveDateTime")
    for extension in (encounter or {}).get("extension", ()):
        if code == "3" and extension.get("url") == extension_url("discharge-ready"):
            made["effectiveDateTime"] = extension.get("valueDateTime")
            work.say(extension, "valueDateTime", made, "effectiveDateTime")
    work.add(made, f"urn:somlos:event-{code}")
    return made


def _state_estimate(event: Json, code: str, encounter: Json | None) -> None:
    """What has not happened yet, as the status of the stay says, is expected to."""
    if (encounter or {}).get("status") in logistics.EXPECTED[code]:
        event["extension"] = [{"url": extension_url("estimate"), "valueBoolean": True}]


def _demand_time(event: Json, code: str, encounter: Json | None, *, is_told: bool) -> None:
    """`is_told`: the Bundle itself has an Observation of the event."""
    period = (encounter or {}).get("period", {})
    key = _IN_PERIOD.get(code)
    if any(name in event for name in ("effectiveDateTime", "_effectiveDateTime")):
        return
    if key is not None and (key in period or "_" + key in period):
        return
    where = None if is_told else _WHERE_TOLD.get(code)
    raise NotTranslatable("translate.missing-content", path=where or _observation_of(code))


def _observation_of(code: str) -> str:
    """FHIRPath of the time of an event that an Observation tells."""
    return (
        f"Observation.where(code.coding.exists(system = '{code_system('9121')}' and code = '{code}'))"
        ".effectiveDateTime"
    )


def _say_where_to(work: OpenBundle, encounter: Json | None) -> None:
    """Where the patient went is a code of 8408; HL7's codes are said in it, or as text beside it."""
    stated = (encounter or {}).get("hospitalization", {}).get("dischargeDisposition")
    if encounter is None or not isinstance(stated, dict):
        path = "Encounter.hospitalization.dischargeDisposition"
        raise NotTranslatable("translate.missing-content", path=path)
    codings = logistics.dispositions(encounter)
    if any(terminology.number_of(str(c.get("system", ""))) == logistics.SENT_TO for c in codings):
        return
    coding = _coding(logistics.SENT_TO, logistics.sent_to(encounter) or logistics.ELSEWHERE)
    known = next((c for c in codings if c.get("code") in logistics.AS_SENT_TO), None)
    if known:
        work.say(known, "code", coding, "code")
        work.say(known, "system", coding, "code")
    worded = next((c for c in codings if {"display", "code"} & c.keys()), None)
    if "text" not in stated and worded is not None:
        key = "display" if "display" in worded else "code"
        word = wordlist().word("dischargeDisposition", worded["code"]) if key == "code" else None
        stated["text"] = word or worded[key]
        work.say(worded, key, stated, "text")
    stated["coding"] = [*codings, coding]


def _say_death(work: OpenBundle, encounter: Json | None) -> None:
    """That the patient died is a code of 8431."""
    url = extension_url("state-at-discharge")
    if encounter is None or any(each.get("url") == url for each in encounter.get("extension", ())):
        return
    death = next((each for each in logistics.dispositions(encounter) if logistics.is_death(each)), None)
    if death is not None:
        coding = _coding(logistics.STATE_AT_DISCHARGE, logistics.DEAD)
        encounter.setdefault("extension", []).append(
            {"url": url, "valueCodeableConcept": {"coding": [coding]}}
        )
        if "display" in death:  # else it is said with where the patient went
            work.say(death, "code", coding, "code")
        work.say(death, "system", coding, "code")


def _coding(code_set: str, code: str) -> Json:
    return {"system": code_system(code_set), "code": code, "display": terminology.display(code_set, code)}


def _say_report(work: OpenBundle, encounter: Json | None, target: str) -> None:
    """A report tells when the stay began and ended; one that never was is told with its status, as text."""
    told = {code: r for r in work.of_type("Observation") if work.belongs(r) for code in _event_codes(r)}
    period = (encounter or {}).get("period", {})
    never_was = encounter is not None and is_taken_back(encounter) and not work.is_cancelled
    if encounter is not None and work.belongs(encounter) and not never_was:
        for code, key in _IN_PERIOD.items():
            if not isinstance(period.get(key), str):
                continue
            event = told.get(code)
            if event is None:
                event = told[code] = _made(work, code, encounter)
                _state_estimate(event, code, encounter)
                _say_alone(work, event)
            if "effectiveDateTime" not in event and "_effectiveDateTime" not in event:
                event["effectiveDateTime"] = period[key]
                work.say(period, key, event, "effectiveDateTime")
    there = any(_is_report(section) for section in (work.composition or {}).get("section", ()))
    if _is_demanded(work, target) and not told and not there:
        raise NotTranslatable("translate.missing-content", path="Encounter.period.start")


def _is_demanded(work: OpenBundle, target: str) -> bool:
    """Whether the target has no such message without a report."""
    body = structure(target).complex_type(f"p5:{_DEMANDS_STAY}")
    uses = body.content.uses() if body is not None and body.content is not None else ()
    return work.body() == _DEMANDS_STAY and any(use.name == f"po:{_REPORT}" for use in uses)


def _say_alone(work: OpenBundle, event: Json) -> None:
    """Each event has an OpplysningOpphold of its own."""
    section = {**concept_section(_REPORT), "entry": [{"reference": work.urls[id(event)]}]}
    (work.composition or {}).setdefault("section", []).append(section)


def _is_report(section: Json) -> bool:
    return any(coding.get("code") == _REPORT for coding in section.get("code", {}).get("coding", ()))
