"""Who are the people of a Bundle, in the roles in which the e-message names them?

A sender given as a person's role, a person of a dialogue's note, a contact that stands inside the Patient, a
Practitioner without a role, a name that is only a text: each is said in the one way that the rules read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.errors import NotTranslatable
from gateway.fhir.canonical import extension_url
from gateway.translate import dialogue
from gateway.translate.born.open_bundle import OpenBundle, section_code
from gateway.translate.codec import Json
from gateway.translate.hooks import identifier_kind, is_of_another_time
from gateway.translate.loss import Loss
from gateway.translate.whom import in_focus_of

_LEVELS = 2
"""Of organisations: the one that is known by law, and the service or unit in it (DESIGN §7)."""
_PEOPLE_OF_A_NOTE = ("sender", "requester", "recipient")
_AS_PERSON = {"Communication": ("recipient",), "Consent": ("performer",)}
"""Where the e-message wants a person, and FHIR may name the patient."""
_INTERPRETED = "InfoAssistertKommunikasjon"
_SOMEBODY = "annen person"
_NAMED = ("Patient", "Practitioner", "RelatedPerson")


def state_parties(work: OpenBundle) -> None:
    """A sender or receiver given as a person's role is the role's organisation, with the person in it.

    Raises NotTranslatable where the header names no sender or receiver, or several receivers.
    """
    if not work.header:
        raise NotTranslatable("fhir.no-message-header")
    if len(work.header.get("destination", ())) > 1:
        raise NotTranslatable("fhir.several-destinations", path="MessageHeader.destination")
    if "sender" not in work.header and "author" in work.header:
        work.header["sender"] = work.header["author"]
    if work.follow(work.header.get("sender")) is None:
        raise NotTranslatable("translate.missing-content", path="MessageHeader.sender")
    if not any(work.follow(each.get("receiver")) for each in work.header.get("destination", ())):
        raise NotTranslatable("translate.missing-content", path="MessageHeader.destination.receiver")
    holders = [(work.header, "sender"), *((d, "receiver") for d in work.header.get("destination", ()))]
    for holder, key in holders:
        role = work.follow(holder.get(key))
        if role is not None and role.get("resourceType") == "PractitionerRole":
            if "organization" not in role:  # the e-message has a person only within an organisation
                role["organization"] = work.add({"resourceType": "Organization"}, f"{work.urls[id(role)]}#at")
            organisation = work.follow(role["organization"])
            if organisation is not None:
                person = {"url": extension_url("health-professional"), "valueReference": holder[key]}
                organisation.setdefault("extension", []).append(person)
                holder[key] = role["organization"]


def are_on_two_levels(work: OpenBundle) -> bool:
    """Whether sender and receiver are organisations, or units of one: the address register knows no more levels."""
    return all(len(_levels(work, party)) <= _LEVELS for party in _parties(work))


def put_on_two_levels(work: OpenBundle) -> None:
    """A unit further down stands right in the outermost organisation that has a HER-id: a receiver takes the second
    level for the one that sent, or that is meant."""
    for party in _parties(work):
        levels = _levels(work, party)
        if len(levels) > _LEVELS:
            outer = next((each for each in reversed(levels[1:]) if _has_her_id(each)), levels[-1])
            party["partOf"] = {"reference": work.urls[id(outer)]}
            outer.pop("partOf", None)


def _parties(work: OpenBundle) -> list[Json]:
    references = [work.header.get("sender"), *(d.get("receiver") for d in work.header.get("destination", ()))]
    return [found for found in map(work.follow, references) if found is not None]


def _levels(work: OpenBundle, party: Json) -> list[Json]:
    """The party and the organisations around it, outermost last."""
    levels, known = [party], {id(party)}
    while (outer := work.follow(levels[-1].get("partOf"))) is not None and id(outer) not in known:
        levels.append(outer)
        known.add(id(outer))
    return levels


def _has_her_id(organisation: Json) -> bool:
    identifiers = organisation.get("identifier", ())
    return any(identifier_kind(each.get("system")) == "HER" for each in identifiers if isinstance(each, dict))


def give_roles(work: OpenBundle) -> None:
    """Wherever a Practitioner is named, its role is: the one that the Bundle has, or one that only names it."""
    roles: dict[int, list[Json]] = {}
    for role in work.of_type("PractitionerRole"):
        person = work.follow(role.get("practitioner"))
        if person is not None:
            roles.setdefault(id(person), []).append(role)
    for resource in [r for r in work.resources.values() if r.get("resourceType") != "PractitionerRole"]:
        for reference in list(references_in(resource)):
            person = work.follow(reference)
            if person is None or person.get("resourceType") != "Practitioner":
                continue
            known = roles.setdefault(id(person), [])
            if not known:
                made = {
                    "resourceType": "PractitionerRole",
                    "practitioner": {"reference": work.urls[id(person)]},
                }
                work.add(made, f"{work.urls[id(person)]}#role")
                known.append(made)
            if len(known) == 1:
                reference["reference"] = work.urls[id(known[0])]


def references_in(value: Any) -> Iterator[Json]:
    """Every Reference with an address below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            if isinstance(inner, dict | list):
                yield from references_in(inner)
    else:
        for inner in value:
            if isinstance(inner, dict | list):
                yield from references_in(inner)


def say_patient_as_person(work: OpenBundle) -> None:
    """Information that was given to the patient, a wish that the patient has: the e-message names a person there."""
    patient = work.patient()
    if patient is None or work.body() == dialogue.BODY:
        return
    shared: Json = {
        key: patient[key] for key in ("name", "gender", "birthDate", "identifier") if key in patient
    }
    for kind, keys in _AS_PERSON.items():
        for resource in work.of_type(kind):
            for reference in [r for key in keys for r in resource.get(key, ()) if work.follow(r) is patient]:
                url = f"{work.urls[id(patient)]}#person"
                if url not in work.resources:
                    person = {"resourceType": "RelatedPerson", **shared}
                    work.form.add(id(person))  # told as text it would be another person: a next of kin
                    work.add(person, url)
                reference["reference"] = url


def are_in_no_focus(work: OpenBundle) -> bool:
    """Whether each Observation tells of the patient: what it names beside, no rule may read."""
    return not any(map(in_focus_of, work.of_type("Observation")))


def name_in_focus(work: OpenBundle) -> None:
    """Whom an Observation tells of where that is not the patient: without that it would be read as the patient's. A
    rule reads whose need of an interpreter it is."""
    sections = [s for s in (work.composition or {}).get("section", ()) if section_code(s) == _INTERPRETED]
    known = {id(work.follow(each)) for section in sections for each in section.get("entry", ())}
    for observation in work.of_type("Observation"):
        for reference in in_focus_of(observation) if id(observation) not in known else ():
            person = work.follow(reference)
            if person and person.get("resourceType") == "RelatedPerson" and "display" not in reference:
                name = (person.get("name") or [{}])[0]
                parts = (*name.get("given", ()), name.get("family"))
                said = " ".join(part for part in parts if isinstance(part, str))
                reference["display"] = said or str(name.get("text") or _SOMEBODY)


def say_contacts(work: OpenBundle) -> None:
    """A contact inside the Patient is a next of kin."""
    patient = work.patient()
    if patient is None or not work.allows("ParorendeForesatt"):
        return
    for at, contact in enumerate(patient.get("contact", ())):
        if "name" not in contact and "telecom" not in contact:
            continue
        made: Json = {"resourceType": "RelatedPerson"}
        made |= {key: contact[key] for key in _OF_CONTACT if key in contact}
        if "name" in contact:
            made["name"] = [contact["name"]]
        if "address" in contact:
            made["address"] = [contact["address"]]
        work.add(made, f"{work.urls[id(patient)]}#contact-{at}")
        work.spokesmen[id(contact)] = made
        if "gender" in contact:
            work.say(contact, "gender", made, "gender")


_OF_CONTACT = ("relationship", "telecom", "gender")


def render_people_of_notes(work: OpenBundle) -> None:
    """Who sends or gets a note of a dialogue, as a person, is one of those that the note names."""
    if work.body() != dialogue.BODY:
        return
    for resource in work.of_type("Communication", "CommunicationRequest"):
        for key in _PEOPLE_OF_A_NOTE:
            found = resource.get(key, ())
            for reference in found if isinstance(found, list) else [found]:
                person = work.follow(reference)
                about = resource.get("about", [])
                if person and person.get("resourceType") == "PractitionerRole" and reference not in about:
                    resource["about"] = [*about, reference]
                    place = f"{work.place_of(resource)}.{key}"
                    work.rendered.append(Loss(place, "RollerRelatertNotat", "rendered"))


def write_names(work: OpenBundle) -> None:
    """A name that is only a text is the family name; several lines of a street are one. An address that is no longer
    in use, or not yet, stands behind one that is. Of several languages the preferred one is told first."""
    now = str(work.bundle.get("timestamp", ""))
    for person in work.of_type(*_NAMED):
        for name in person.get("name", ())[:1]:
            if "family" not in name and "given" not in name and isinstance(name.get("text"), str):
                work.say(name, "text", name, "family")
                name["family"] = name["text"]
        if len(person.get("communication", ())) > 1:
            person["communication"].sort(key=lambda each: each.get("preferred") is not True)
    for holder in work.of_type(*_NAMED, "Organization", "PractitionerRole"):
        _leave_out_old_numbers(work, holder, now)
        if (
            len(holder.get("address", ())) > 1
        ):  # the e-message has room for one: not for where nobody lives now
            holder["address"].sort(key=lambda each: is_of_another_time(each, now))
        for address in holder.get("address", ())[:1]:
            _write_street(work, address)


def _leave_out_old_numbers(work: OpenBundle, holder: Json, now: str) -> None:
    """A number that is no longer in use would be called: the e-message cannot say that it is old."""
    telecoms = holder.get("telecom", [])
    gone = [each for each in telecoms if is_of_another_time(each, now)]
    for old in gone:
        work.rendered += [
            Loss(f"{work.place_of(holder)}.{key}", "", "lost")
            for holder in (old, old.get("period", {}))
            for key in holder
            if key != "period"
        ]
    if gone:
        left_out = set(map(id, gone))
        holder["telecom"] = [each for each in telecoms if id(each) not in left_out]


def _write_street(work: OpenBundle, address: Json) -> None:
    lines = [line for line in address.get("line", ()) if isinstance(line, str)]
    if len(lines) > 1 and "_line" not in address:
        for at in range(len(lines)):
            work.say(address, f"line[{at}]", address, "line[0]", "Address/StreetAdr")
        address["line"] = [", ".join(lines)]
    elif not lines and isinstance(address.get("text"), str) and "city" not in address:
        work.say(address, "text", address, "line[0]")
        address["line"] = [address["text"]]
