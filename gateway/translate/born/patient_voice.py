"""Where does stand what matters to the patient, in the patient's own words?

A Goal that the patient expressed is text under "Pasientens egne vurderinger", once: not among the goals of the
personnel as well, and not twice where the Bundle says the same words in two ways.
"""

from __future__ import annotations

from gateway import terminology
from gateway.fhir.canonical import code_system
from gateway.translate.believed import take_references_away_from
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.codec import Json

PATIENTS_OWN_VIEW = "13"
"""Heading 9141: Pasientens egne vurderinger."""
_HEADINGS = "9141"
_NURSING = ("Sykepleierdokumentasjon", "InfoFraSykepleier")
_MEDICAL = ("MedisinskfagligeOpplysninger", "GenereltJournalnotat")
"""Where a body has no nursing documentation."""


def render(work: OpenBundle) -> None:
    """Each goal of the patient's own as a note under the patient's own view."""
    sections = next((s for s in (_NURSING, _MEDICAL) if work.allows(s[0])), None)
    if sections is None:
        return
    written = {r.get("valueString"): r for r in work.of_type("Observation") if _is_own_view(r)}
    for goal in work.of_type("Goal"):
        if not work.belongs(goal) or not _is_of_the_patient(work, goal):
            continue
        holder, key = _words_of(goal)
        if not key:
            continue
        words = holder[key]
        note = written.get(words)
        if note is None:
            note = written[words] = {"resourceType": "Observation", "code": _heading(), "valueString": words}
            reference = work.add(note, f"{work.urls[id(goal)]}#as-text")
            work.section(sections).setdefault("entry", []).append(reference)
        work.say(holder, key, note, "valueString", "/".join((*sections, "Journaltekst")))
        work.spokesmen[id(goal)] = note
        _forget(work, goal)


def _is_own_view(observation: Json) -> bool:
    codings = observation.get("code", {}).get("coding", ())
    return any(
        c.get("code") == PATIENTS_OWN_VIEW and terminology.number_of(str(c.get("system", ""))) == _HEADINGS
        for c in codings
    )


def _is_of_the_patient(work: OpenBundle, goal: Json) -> bool:
    voice = work.follow(goal.get("expressedBy"))
    return voice is not None and voice.get("resourceType") == "Patient"


def _words_of(goal: Json) -> tuple[Json, str]:
    """The object and key of the goal's words."""
    description = goal.get("description", {})
    if isinstance(description.get("text"), str):
        return description, "text"
    found = (c for c in description.get("coding", ()) if isinstance(c.get("display"), str))
    coding = next(found, None)
    return (coding, "display") if coding else (description, "")


def _heading() -> Json:
    display = terminology.display(_HEADINGS, PATIENTS_OWN_VIEW) or ""
    coding = {"system": code_system(_HEADINGS), "code": PATIENTS_OWN_VIEW, "display": display}
    return {"coding": [coding]}


def _forget(work: OpenBundle, goal: Json) -> None:
    """Takes a goal out of the plans: it stands elsewhere now."""
    take_references_away_from(work.of_type("CarePlan"), {work.urls[id(goal)]})
