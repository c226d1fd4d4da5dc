"""Where does a resource stand that no section names? (`mappings/placement.map`)"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.translate.believed import take_references_away
from gateway.translate.born.open_bundle import OpenBundle, concept_section, section_code
from gateway.translate.born.tables import Spot, spots, wordlist
from gateway.translate.codec import Json
from gateway.translate.loss import Loss

_REQUESTS = ("ServiceRequest", "DeviceRequest")
_OPTION = "option"
_PLANNED = "plan"
"""Less than an order: the one intent of a measure in effect that the e-message has no word for."""


def place_all(work: OpenBundle) -> None:
    """Each resource that nothing names goes where the table says: plans first, then in the order of the focus, then
    of the Bundle."""
    if work.composition is None:
        return
    _take_away_unnamed_allergies(work)
    plans = [work.urls[id(plan)] for plan in work.of_type("CarePlan")]
    in_focus = [work.urls[id(resource)] for resource in work.focus()]
    urls = list(dict.fromkeys((*plans, *in_focus, *work.resources)))
    named = work.named()
    for url in urls:
        if url not in named:
            place(work, work.resources[url], named)


def place(work: OpenBundle, resource: Json, named: set[str]) -> bool:
    """Puts a resource where the table says; whether it says anything for it in this body. `named`: the addresses that
    something refers to, which knows this one then."""
    spot = _spot_of(work, resource)
    if spot is None:
        return False
    named |= _put(work, spot, resource)
    return True


def _spot_of(work: OpenBundle, resource: Json) -> Spot | None:
    if id(resource) in work.spokesmen or not work.belongs(resource):
        return None
    if _is_unnamed_allergy(resource) or _is_one_of_several(resource):
        return None
    return next((spot for spot in spots() if _fits(work, spot, resource)), None)


def _take_away_unnamed_allergies(work: OpenBundle) -> None:
    """An allergy to nothing that has a name is told as text: an empty line would be no warning."""
    out = {work.urls[id(r)] for r in work.of_type("AllergyIntolerance") if _is_unnamed_allergy(r)}
    if out:
        take_references_away(work.bundle, out)


def _is_unnamed_allergy(resource: Json) -> bool:
    code = resource.get("code")
    named = isinstance(code, dict) and {"text", "_text", "coding"} & code.keys()
    return resource.get("resourceType") == "AllergyIntolerance" and not named and "extension" not in resource


def _is_one_of_several(resource: Json) -> bool:
    """A measure or an aid that is one of several options is told as text, with that: neither carried out nor
    recommended, nor in use."""
    return resource.get("resourceType") in _REQUESTS and resource.get("intent") == _OPTION


def _fits(work: OpenBundle, spot: Spot, resource: Json) -> bool:
    if spot.resource_type != resource.get("resourceType") or not work.allows(spot.sections[0]):
        return False
    if spot.code_set is None:
        return True
    category = resource.get("category", ())
    concepts = [resource.get("code"), *(category if isinstance(category, list) else [category])]
    return any(_has_code_of(concept, spot.code_set) for concept in concepts)


def _has_code_of(concept: object, code_set: str) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(terminology.number_of(str(coding.get("system", ""))) == code_set for coding in codings)


def _put(work: OpenBundle, spot: Spot, resource: Json) -> set[str]:
    """The addresses that are named thereby."""
    reference = {"reference": work.urls[id(resource)]}
    if spot.alone:
        section = {**concept_section(spot.sections[0]), "entry": [reference]}
        (work.composition or {}).setdefault("section", []).append(section)
        return {reference["reference"]}
    if spot.plan_list is None:
        entries = work.section(spot.sections).setdefault("entry", [])
        if not work.holds(entries, reference["reference"]):
            entries.append(reference)
        return {reference["reference"]}
    plan = plan_of(work, spot.sections)
    entry: Json = reference
    held = plan.setdefault(spot.plan_list, [])
    if spot.plan_list == "activity":
        if resource.get("intent") != "proposal":
            _state_intent(work, resource)
        entry = {"reference": reference}
    if not work.holds(held, reference["reference"]):
        held.append(entry)
    return {reference["reference"], work.urls[id(plan)]}


def _state_intent(work: OpenBundle, request: Json) -> None:
    """What is not a proposal is a measure in effect; one that is only planned says so."""
    intent = request.get("intent")
    if intent == _PLANNED:
        words = wordlist()
        label, said = words.label("ServiceRequest.intent"), words.word("ServiceRequest.intent", _PLANNED)
        notes = request["note"] = [{"text": f"{label}: {said}"}, *request.get("note", ())]
        work.say(request, "intent", notes[0], "text", "ServiceRequest.note[0].text")
    elif intent not in (None, "order"):
        work.rendered.append(Loss(f"{work.place_of(request)}.intent", "", "implied"))
    request["intent"] = "order"


def plan_of(work: OpenBundle, sections: tuple[str, ...]) -> Json:
    """The CarePlan that stands first in the section; one that is there already, stands in no other, or a new one."""
    entries = work.section(sections).setdefault("entry", [])
    for at, reference in enumerate(entries):
        found = work.follow(reference)
        if found is not None and found.get("resourceType") == "CarePlan":
            entries.insert(0, entries.pop(at))
            return found
    taken = [work.follow(entries[0]) for entries in _entries_of_components(work.composition or {})]
    plans = [
        plan
        for plan in work.of_type("CarePlan")
        if work.belongs(plan) and not any(plan is each for each in taken)
    ]
    if plans:
        entries.insert(0, {"reference": work.urls[id(plans[0])]})
        return plans[0]
    made: Json = {"resourceType": "CarePlan", "status": "unknown", "intent": "plan"}
    entries.insert(0, work.add(made, "urn:somlos:care-plan"))
    return made


def _entries_of_components(holder: Json) -> Iterator[list[Json]]:
    """The entries of each section that is a component, as far as it has some."""
    for section in holder.get("section", ()):
        if section_code(section) is not None and section.get("entry"):
            yield section["entry"]
        yield from _entries_of_components(section)
