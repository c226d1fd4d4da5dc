"""How does content that no e-message was before become what the rules read?

The rules read what the sections of the Composition name. A Bundle that others composed, or that was edited, is
brought into that shape on a copy, step by step: who is who (`people`), which version of which message (`versions`),
which body (`body`), the stay (`stay`), what is said by another resource (`requests`), the patient's own words
(`patient_voice`), the Composition's own words (`sections`), and a place for the rest (`placing`). What the rules
then left unread is placed or told as text (`rendering`).
"""

from __future__ import annotations

from gateway.errors import NotTranslatable
from gateway.translate.believed import take_references_away, to_be_taken_out
from gateway.translate.born import (
    attached,
    body,
    patient_voice,
    people,
    placing,
    processing_status,
    requests,
    sections,
    stay,
    versions,
)
from gateway.translate.born.copying import copied
from gateway.translate.born.open_bundle import OpenBundle, code_of_type, references
from gateway.translate.born.tables import spots
from gateway.translate.codec import Json
from gateway.translate.company import standing_with
from gateway.translate.envelope import is_translated
from gateway.translate.loss import Loss
from gateway.translate.shape import bring_into_shape, is_in_shape, is_said_alike, references_of
from gateway.translate.whom import OF_WHOM

_LISTS = ("Composition", "CarePlan", "ServiceRequest")
"""Where nearly all references stand: looked at first."""
_OF_THE_MESSAGE = ("MessageHeader", "Provenance")
_TAKING_PART = frozenset(
    {
        *("Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "Location"),
        *("HealthcareService", "CareTeam", "Device", "Medication"),
    }
)
"""What has a name, and says nothing of a patient by it."""


def is_as_the_rules_read(bundle: Json) -> bool:
    """Whether nothing needs to be moved: so with every Bundle the gateway made of an e-message."""
    if not is_in_shape(bundle):
        return False
    work = OpenBundle(bundle)
    if not is_translated(bundle) and not (people.are_on_two_levels(work) and people.are_in_no_focus(work)):
        return False
    return work.is_about_several_patients() or _is_in_place(work)


def may_be_read_at_once(bundle: Json) -> bool:
    """Whether nothing needs to be moved, if the rules then read all of the Bundle."""
    return is_said_alike(bundle) and _has_body_and_parties(OpenBundle(bundle))


def _is_in_place(work: OpenBundle) -> bool:
    return _has_body_and_parties(work) and _is_each_named(work)


def _has_body_and_parties(work: OpenBundle) -> bool:
    bodies = [r for r in work.focus() if r.get("resourceType") == "Composition"]
    parties = [work.header.get("sender"), *(d.get("receiver") for d in work.header.get("destination", ()))]
    people_there = [
        r for r in map(work.follow, parties) if r is not None and r.get("resourceType") != "Organization"
    ]
    if not bodies or people_there or any(not code_of_type(each) for each in bodies):
        return False
    if any(r.get("resourceType") == "Goal" and "expressedBy" in r for r in work.resources.values()):
        return False
    return processing_status.is_said(work) and _is_each_patient_named(work)


def _is_each_patient_named(work: OpenBundle) -> bool:
    """Whether each Patient, if there are several, is one that a document or a list of them is about: of another, only
    what refers to him tells that it is not the message's patient's."""
    patients = {id(r) for r in work.resources.values() if r.get("resourceType") == "Patient"}
    return len(patients) < 2 or patients <= {id(work.follow(each.get("subject"))) for each in work.focus()}


def _is_each_named(work: OpenBundle) -> bool:
    types = {spot.resource_type for spot in spots()}
    open_places = {url for url, r in work.resources.items() if r.get("resourceType") in types}
    for resource in sorted(work.resources.values(), key=lambda r: r.get("resourceType") not in _LISTS):
        if not open_places:
            return True
        named: set[str] = set()
        references(work.said_by(resource), named)
        open_places -= named
    return not open_places


def _leave_to_others(work: OpenBundle) -> None:
    """What is about another patient stands in no list of this one's: it could be read as this one's.

    Raises NotTranslatable where the body itself cannot be shown to be about anybody in the Bundle, or where somebody is
    named and no Patient is there: the message would be about nobody, and what is told of two stand together.
    """
    if work.patient() is None:
        absent = next((each for each in work.resources.values() if work.names_who_is_not_there(each)), None)
        if absent is not None:
            key = next(key for key in OF_WHOM if key in absent)
            raise NotTranslatable("translate.missing-content", path=f"{absent['resourceType']}.{key}")
    if work.composition is not None and work.is_about_another(work.composition):
        raise NotTranslatable("translate.missing-content", path="Composition.subject")
    others = [resource for resource in work.resources.values() if work.is_about_another(resource)]
    with_them = standing_with(others, work.resources.values(), work.follow)
    work.with_others = with_them | {id(resource) for resource in others}
    out = {url for url, resource in work.resources.items() if work.is_about_another(resource)}
    if out:
        _take_words_away(work, out)
        take_references_away(work.bundle, out)
    stay = work.follow((work.composition or {}).get("encounter"))
    if work.composition is not None and stay is not None and work.is_about_another(stay):
        del work.composition["encounter"]
    sections.leave_to_others(work)
    people.name_in_focus(work)


def _take_words_away(work: OpenBundle, out: set[str]) -> None:
    """Words beside a reference to what is out would say it all the same: they are lost with it. Who took part, and with
    what, may be named."""
    there = ((url, resource) for url, resource in work.resources.items() if url not in out)
    for reference in references_of([r for _, r in there if r.get("resourceType") not in _OF_THE_MESSAGE]):
        about = work.follow(reference) if reference["reference"] in out else None
        if about is not None and "display" in reference and about.get("resourceType") not in _TAKING_PART:
            del reference["display"]
            work.rendered.append(Loss(f"{work.place_of(reference)}.display", "", "lost", "warning"))


def in_order(bundle: Json, target: str) -> OpenBundle:
    """A copy of the Bundle with everything in its place, for a version of the e-message.

    Raises NotTranslatable with the FHIR path of what the type of the message demands and the Bundle lacks.
    """
    made, origins = copied(bundle)
    shaped = bring_into_shape(made)
    work = OpenBundle(made, origins)
    version = versions.stated(work)
    work.outside, work.is_cancelled = shaped.outside, version.status == "C"
    out = to_be_taken_out(made, is_cancelled=work.is_cancelled)
    if out:
        _take_words_away(work, out)
        take_references_away(made, out)
    for moved in shaped.moved:
        work.say(moved.holder, moved.key, moved.to, moved.to_key, moved.within)
    work.form.update(map(id, shaped.stated))
    for reason in shaped.overruled:
        work.rendered += [
            Loss(f"{work.place_of(coding)}.{key}", "", "lost", "warning")
            for coding in reason.get("coding", ())
            for key in coding
        ]
    processing_status.say(work)
    if work.is_about_several_patients():
        return work
    if work.has_documents_of_several():  # the envelope has room for one
        raise NotTranslatable("translate.unsupported-content", path="MessageHeader.focus")
    people.give_roles(work)
    people.state_parties(work)
    if not is_translated(bundle):
        people.put_on_two_levels(work)
    versions.state(work, version)
    body.ensure(work)
    _leave_to_others(work)
    attached.render(work)
    people.say_contacts(work)
    people.write_names(work)
    people.say_patient_as_person(work)
    people.render_people_of_notes(work)
    stay.say(work, target)
    requests.say_activities(work)
    requests.say_units(work)
    requests.say_periods(work)
    requests.say_prescriptions(work)
    requests.say_proposals(work)
    requests.say_visits(work)
    requests.let_rows_speak(work)
    patient_voice.render(work)
    sections.render(work)
    placing.place_all(work)
    return work
