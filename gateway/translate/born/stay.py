"""What of the stay does a message tell, and where does FHIR say it?

A logistics message is a set of dated events (9121): admitted, discharged, ready, withdrawn, dead. In FHIR they are
Observations, or stand in the period of the Encounter and in Patient.deceased. What the type of the message demands and
the Bundle does not say is refused, with the path where it should stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import logistics
from gateway.translate.born.open_bundle import OpenBundle, concept_section
from gateway.translate.codec import Json

_IN_PERIOD = {"1": "start", "2": "end"}
_REPORT = "OpplysningOpphold"
_DEMANDS_STAY = "HelseopplysningerVedSoknad"
_SENT_TO = "8408"
_HOME, _OTHER = "1", "88"
_AS_SENT_TO = {"home": _HOME}
"""HL7's codes of a discharge disposition → 8408; every other is 88 (Annet) with its own words."""


def say(work: OpenBundle) -> None:
    """The events of the stay in the sections where the message has them.

    Raises NotTranslatable with the FHIR path of what the type demands and the Bundle lacks.
    """
    if work.composition is None:
        return
    encounter = _encounter(work)
    if work.body() == logistics.BODY:
        _say_logistics(work, encounter)
    elif work.allows(_REPORT):
        _say_report(work, encounter)


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
    child = logistics.CHILD_OF_TYPE.get(work.message_type)
    if child is None:
        raise NotTranslatable("translate.unknown-message-type", path="MessageHeader.eventCoding.code")
    section = work.section((child,))
    told = {code: r for r in _observations(work, section) for code in _event_codes(r)}
    waiting = {code: r for r in work.of_type("Observation") if work.belongs(r) for code in _event_codes(r)}
    for code in logistics.EVENTS_OF_TYPE[work.message_type]:
        event = told.get(code)
        if event is None:
            event = waiting.get(code) or _made(work, code, encounter)
            section.setdefault("entry", []).append({"reference": work.urls[id(event)]})
        _demand_time(event, code, encounter)
    if work.message_type == "LOG_UTSKREVET":
        _say_where_to(encounter)


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


def _demand_time(event: Json, code: str, encounter: Json | None) -> None:
    period = (encounter or {}).get("period", {})
    key = _IN_PERIOD.get(code)
    if any(name in event for name in ("effectiveDateTime", "_effectiveDateTime")):
        return
    if key is not None and (key in period or "_" + key in period):
        return
    if key is not None:
        raise NotTranslatable("translate.missing-content", path=f"Encounter.period.{key}")
    path = (
        "Patient.deceasedDateTime" if code == "13" else f"Observation.where(code='{code}').effectiveDateTime"
    )
    raise NotTranslatable("translate.missing-content", path=path)


def _say_where_to(encounter: Json | None) -> None:
    """Where the patient went is a code of 8408; HL7's codes are said in it."""
    stated = (encounter or {}).get("hospitalization", {}).get("dischargeDisposition")
    if not isinstance(stated, dict):
        path = "Encounter.hospitalization.dischargeDisposition"
        raise NotTranslatable("translate.missing-content", path=path)
    codings = [c for c in stated.get("coding", ()) if isinstance(c, dict)]
    if any(terminology.number_of(str(c.get("system", ""))) == _SENT_TO for c in codings):
        return
    code = next((_AS_SENT_TO[c["code"]] for c in codings if c.get("code") in _AS_SENT_TO), _OTHER)
    if "text" not in stated:
        words = next((str(c.get("display") or c.get("code")) for c in codings), "")
        if words:
            stated["text"] = words
    display = terminology.display(_SENT_TO, code)
    coding = {"system": code_system(_SENT_TO), "code": code, "display": display}
    stated["coding"] = [*codings, coding]


def _say_report(work: OpenBundle, encounter: Json | None) -> None:
    """A report tells when the stay began and ended."""
    told = [r for r in work.of_type("Observation") if work.belongs(r) and _event_codes(r)]
    codes = {code for r in told for code in _event_codes(r)}
    period = (encounter or {}).get("period", {})
    if encounter is not None and work.belongs(encounter):
        for code, key in _IN_PERIOD.items():
            if code not in codes and isinstance(period.get(key), str):
                made = _made(work, code, encounter)
                made["effectiveDateTime"] = period[key]
                work.say(period, key, made, "effectiveDateTime")
                told.append(made)
                _say_alone(work, made)
    there = any(_is_report(section) for section in (work.composition or {}).get("section", ()))
    if work.body() == _DEMANDS_STAY and not told and not there:
        raise NotTranslatable("translate.missing-content", path="Encounter.period.start")


def _say_alone(work: OpenBundle, event: Json) -> None:
    """Each event has an OpplysningOpphold of its own."""
    section = {**concept_section(_REPORT), "entry": [{"reference": work.urls[id(event)]}]}
    (work.composition or {}).setdefault("section", []).append(section)


def _is_report(section: Json) -> bool:
    return any(coding.get("code") == _REPORT for coding in section.get("code", {}).get("coding", ()))
