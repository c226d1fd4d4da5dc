"""Where does content stand that was born in FHIR?

The rules read what the sections of the Composition name. Here a Bundle that lacks them is brought into that shape, on a
copy: a Composition where there is none, a section for each resource that no section names (`mappings/placement.map`),
and what the e-message has no element for as text under its heading (rendering rules: one way, noted in the
loss report).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway import package_data, terminology
from gateway.fhir.canonical import code_system, component_system
from gateway.translate import dialogue
from gateway.translate.codec import Json
from gateway.translate.compiler import mapping
from gateway.translate.documents import bodies
from gateway.translate.links import concept_of_component
from gateway.translate.loss import Loss
from gateway.translate.shape import in_one_shape, is_taken_out

_LISTS = ("Composition", "CarePlan", "ServiceRequest")
"""Where nearly all references stand: looked at first."""
PATIENTS_OWN_VIEW = "13"
"""Heading 9141: Pasientens egne vurderinger."""
_BODY_OF_TYPE = {
    "INNLEGGELSESRAPPORT": "Innleggelsesrapport",
    "UTSKRIVNINGSRAPPORT": "TverrfagligEpikrise",
    "HELSEOPPL_SOKNAD": "HelseopplysningerVedSoknad",
    "HELSEOPPLYSNINGER_LEGE": "Konsultasjon",
    "MEDISINSKE_OPPLYSNINGER": "OverforingMedisinskeOpplysninger",
    "ORIENTERING_TJENESTETILBUD": "OrienteringOmTjenestetilbud",
    **dict.fromkeys(dialogue.TYPES, dialogue.BODY),
}
_PEOPLE_OF_A_NOTE = ("sender", "requester", "recipient")


@dataclass(frozen=True)
class Placed:
    """A Bundle whose resources all stand where the rules look for them, and what was written as text on the way."""

    bundle: Json
    rendered: tuple[Loss, ...]


@dataclass(frozen=True)
class _Spot:
    resource_type: str
    code_set: str | None
    sections: tuple[str, ...]
    plan_list: str | None


@cache
def _spots() -> tuple[_Spot, ...]:
    spots = []
    for line in (package_data.mappings() / "placement.map").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        coded = words[1] == "code"
        names = words[3:] if coded else words[2:]
        plan_list = names.pop() if names[-1] in ("goal", "activity") else None
        spots.append(_Spot(words[0], words[2] if coded else None, tuple(names), plan_list))
    return tuple(spots)


def placed(bundle: Json) -> Placed:
    """The Bundle with everything in its place; the Bundle given is not changed."""
    bundle = in_one_shape(bundle)
    before = _Placement(bundle)
    if before.is_about_several_patients() or before.is_in_place():
        return Placed(bundle, ())
    work = _Placement(copy.deepcopy(bundle))
    work.state_author()
    work.ensure_composition()
    work.render_patient_goals()
    work.render_people_of_notes()
    work.place_the_rest()
    return Placed(work.bundle, tuple(work.rendered))


class _Placement:
    """One Bundle being put in order."""

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self.rendered: list[Loss] = []
        self.resources: dict[str, Json] = {}
        self.urls: dict[int, str] = {}
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                url = str(entry.get("fullUrl") or f"{resource.get('resourceType')}/{resource.get('id')}")
                self.resources[url] = resource
                self.urls[id(resource)] = url
        self.header: Json = next(
            (r for r in self.resources.values() if r.get("resourceType") == "MessageHeader"), {}
        )
        self.composition: Json | None = None

    def follow(self, reference: Any) -> Json | None:
        """The resource a Reference points to; None if it is not here."""
        url = reference.get("reference") if isinstance(reference, dict) else None
        found = self.resources.get(str(url))
        if found is None and isinstance(url, str):
            found = next(
                (r for r in self.resources.values() if f"{r.get('resourceType')}/{r.get('id')}" == url), None
            )
        return found

    def add(self, resource: Json, url: str) -> Json:
        """Puts a resource in the Bundle; the Reference to it."""
        self.bundle["entry"].append({"fullUrl": url, "resource": resource})
        self.resources[url] = resource
        self.urls[id(resource)] = url
        return {"reference": url}

    def is_about_several_patients(self) -> bool:
        """Whether the documents stand in lists, one for each patient: then nothing is moved, as it could land at
        another patient."""
        focus = [self.follow(reference) for reference in self.header.get("focus", ())]
        return any(r is not None and r.get("resourceType") == "List" for r in focus)

    def is_in_place(self) -> bool:
        """Whether nothing needs to be done: so with every Bundle the gateway made of an e-message."""
        focus = [self.follow(reference) for reference in self.header.get("focus", ())]
        bodies = [r for r in focus if r is not None and r.get("resourceType") == "Composition"]
        parties = [
            self.header.get("sender"),
            *(d.get("receiver") for d in self.header.get("destination", ())),
        ]
        people = [
            r for r in map(self.follow, parties) if r is not None and r.get("resourceType") != "Organization"
        ]
        if not bodies or people or any(not _code_of_type(body) for body in bodies):
            return False
        if any(r.get("resourceType") == "Goal" and "expressedBy" in r for r in self.resources.values()):
            return False
        types = {spot.resource_type for spot in _spots()}
        open_places = {url for url, r in self.resources.items() if r.get("resourceType") in types}
        named: set[str] = set()
        for resource in sorted(self.resources.values(), key=lambda r: r.get("resourceType") not in _LISTS):
            if not open_places:
                return True
            _references(self._said_by(resource), named)
            open_places -= named
        return not open_places

    def state_author(self) -> None:
        """A sender or receiver given as a person's role is the role's organisation, with the person in it."""
        holders = [(self.header, "sender"), *((d, "receiver") for d in self.header.get("destination", ()))]
        for holder, key in holders:
            role = self.follow(holder.get(key))
            if role is not None and role.get("resourceType") == "PractitionerRole" and "organization" in role:
                organisation = self.follow(role["organization"])
                if organisation is not None:
                    from gateway.fhir.canonical import extension_url

                    person = {"url": extension_url("health-professional"), "valueReference": holder[key]}
                    organisation.setdefault("extension", []).append(person)
                    holder[key] = role["organization"]

    def ensure_composition(self) -> None:
        """The first Composition in focus; one is made where the Bundle has none."""
        focus = [self.follow(reference) for reference in self.header.get("focus", ())]
        found = next((r for r in focus if r is not None and r.get("resourceType") == "Composition"), None)
        if found is None:
            found = next((r for r in self.resources.values() if r.get("resourceType") == "Composition"), None)
            body = _BODY_OF_TYPE.get(str(self.header.get("eventCoding", {}).get("code")))
            attached = any(r and r.get("resourceType") == "DocumentReference" for r in focus)
            if found is None and body and (not attached or self._has_content_for(body)):
                found = {"resourceType": "Composition", "type": concept_of_component(body)}
                self.add(found, "urn:somlos:composition")
            if found is not None:
                self.header.setdefault("focus", []).insert(0, {"reference": self.urls[id(found)]})
        self.composition = found
        if found is not None and self.body() is None:
            body = _BODY_OF_TYPE.get(str(self.header.get("eventCoding", {}).get("code")))
            if body:
                found.setdefault("type", {}).setdefault("coding", []).append(
                    concept_of_component(body)["coding"][0]
                )

    def _has_content_for(self, body: str) -> bool:
        """Whether anything waits for a place in the body, beside what is attached."""
        kinds = {spot.resource_type for spot in _spots() if spot.sections[0] in _components(body)}
        named = self._named()
        return any(url not in named and r.get("resourceType") in kinds for url, r in self.resources.items())

    def body(self) -> str | None:
        """The name of the body element the Composition stands for."""
        return _code_of_type(self.composition or {})

    def render_patient_goals(self) -> None:
        """What matters to the patient, in the patient's own words, stands as text under the patient's own
        view: once."""
        if self.composition is None or not self._allowed("Sykepleierdokumentasjon"):
            return
        for url, goal in list(self.resources.items()):
            voice = self.follow(goal.get("expressedBy")) if goal.get("resourceType") == "Goal" else None
            if (
                voice is None
                or voice.get("resourceType") != "Patient"
                or not self._belongs(goal)
                or not goal.get("description", {}).get("text")
            ):
                continue
            coding = {"system": code_system("9141"), "code": PATIENTS_OWN_VIEW}
            coding["display"] = terminology.display("9141", PATIENTS_OWN_VIEW) or ""
            note = {
                "resourceType": "Observation",
                "code": {"coding": [coding]},
                "valueString": goal["description"].pop("text"),
            }
            section = self._section(("Sykepleierdokumentasjon", "InfoFraSykepleier"))
            section.setdefault("entry", []).append(self.add(note, f"{url}#as-text"))
            self._forget(url)
            self.rendered.append(
                Loss(
                    "Goal.description.text",
                    "Sykepleierdokumentasjon/InfoFraSykepleier/Journaltekst",
                    "rendered",
                )
            )

    def render_people_of_notes(self) -> None:
        """Who sends or gets a note of a dialogue, as a person, is one of those that the note names."""
        if self.body() != dialogue.BODY:
            return
        for resource in list(self.resources.values()):
            kind = resource.get("resourceType")
            if kind not in ("Communication", "CommunicationRequest"):
                continue
            for key in _PEOPLE_OF_A_NOTE:
                found = resource.get(key, ())
                for reference in found if isinstance(found, list) else [found]:
                    person = self.follow(reference)
                    about = resource.get("about", [])
                    if person and person.get("resourceType") == "PractitionerRole" and reference not in about:
                        resource["about"] = [*about, reference]
                        self.rendered.append(Loss(f"{kind}.{key}", "RollerRelatertNotat", "rendered"))

    def _forget(self, url: str) -> None:
        for plan in self.resources.values():
            if plan.get("resourceType") == "CarePlan" and "goal" in plan:
                plan["goal"] = [g for g in plan["goal"] if g.get("reference") != url]
        self.resources[url] = {**self.resources[url], "resourceType": "Goal#rendered"}

    def _allowed(self, component: str) -> bool:
        """Whether the body has this component at its top."""
        return component in _components(str(self.body()))

    def _section(self, names: tuple[str, ...]) -> Json:
        """The section at the end of the names, made where it is not there."""
        holder: Json = self.composition or {}
        for name in names:
            sections = holder.setdefault("section", [])
            found = next((s for s in sections if _code(s) == name), None)
            if found is None:
                found = {"code": concept_of_component(name)}
                sections.append(found)
            holder = found
        return holder

    def place_the_rest(self) -> None:
        """Each resource that nothing names goes where the table says."""
        if self.composition is None:
            return
        plans = [url for url, r in self.resources.items() if r.get("resourceType") == "CarePlan"]
        named = self._named()
        in_focus = [str(reference.get("reference")) for reference in self.header.get("focus", ())]
        first = [*plans, *(url for url in in_focus if url in self.resources and url not in plans)]
        for url in [*first, *sorted(set(self.resources) - set(first))]:
            if url not in named:
                self._place(url, self.resources[url])
                named = self._named()

    def _named(self) -> set[str]:
        """The addresses that some resource, section or list refers to (a CarePlan's lists count when it
        stands somewhere)."""
        named: set[str] = set()
        for resource in self.resources.values():
            _references(self._said_by(resource), named)
        return named

    def _said_by(self, resource: Json) -> Json:
        """What of a resource can say where another one stands: to be what the message is about is no place."""
        other = "focus" if resource is self.header else "supportingInfo"
        if other not in resource or resource.get("resourceType") not in ("MessageHeader", "CarePlan"):
            return resource
        return {key: value for key, value in resource.items() if key != other}

    def _belongs(self, resource: Json) -> bool:
        """Whether a resource is about the patient of the body, and means to be believed."""
        about = self.follow(resource.get("subject") or resource.get("patient"))
        patient = self.follow((self.composition or {}).get("subject")) or self._only_patient()
        return (
            about is None or about is patient or about.get("resourceType") != "Patient"
        ) and not is_taken_out(resource)

    def _only_patient(self) -> Json | None:
        patients = [r for r in self.resources.values() if r.get("resourceType") == "Patient"]
        return patients[0] if patients else None

    def _place(self, url: str, resource: Json) -> None:
        if not self._belongs(resource):
            return
        for spot in _spots():
            if spot.resource_type != resource.get("resourceType") or not self._allowed(spot.sections[0]):
                continue
            if spot.code_set and not _has_code_of(resource.get("code"), spot.code_set):
                continue
            reference = {"reference": url}
            if spot.plan_list:
                plan = self._plan(spot.sections)
                if spot.plan_list == "activity" and resource.get("intent") != "proposal":
                    resource["intent"] = "order"
                plan.setdefault(spot.plan_list, []).append(
                    reference if spot.plan_list == "goal" else {"reference": reference}
                )
            else:
                self._section(spot.sections).setdefault("entry", []).append(reference)
            return

    def _plan(self, sections: tuple[str, ...]) -> Json:
        """The CarePlan that stands first in the section; one that is there already, or a new one."""
        section = self._section(sections)
        entries = section.setdefault("entry", [])
        for reference in entries:
            found = self.follow(reference)
            if found is not None and found.get("resourceType") == "CarePlan":
                return found
        made: Json = {"resourceType": "CarePlan", "status": "unknown", "intent": "plan"}
        entries.insert(0, self.add(made, "urn:somlos:care-plan"))
        return made


@cache
def _components(body: str) -> frozenset[str]:
    """The names of the elements at the top of a body."""
    for standard in ("plo-1.6", "dialog-1.1"):
        bound = mapping(standard)
        for name in bodies(bound):
            kind = bound.structure.complex_type(name)
            if name.partition(":")[2] == body and kind is not None and kind.content is not None:
                return frozenset(use.name.partition(":")[2] for use in kind.content.uses())
    return frozenset()


def _code_of_type(composition: Json) -> str | None:
    codings = composition.get("type", {}).get("coding", ())
    return next((c.get("code") for c in codings if c.get("system") == component_system()), None)


def _code(section: Json) -> str | None:
    return next(
        (
            c.get("code")
            for c in section.get("code", {}).get("coding", ())
            if c.get("system") == component_system()
        ),
        None,
    )


def _has_code_of(concept: object, code_set: str) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(terminology.number_of(str(c.get("system", ""))) == code_set for c in codings)


_NO_PLACE = frozenset(
    {
        *("addresses", "reasonReference", "diagnosis", "hasMember", "derivedFrom", "evidence", "target"),
        *("expressedBy", "outcomeReference"),
    }
)
"""Elements that tell why or about what: no rule follows their references, so what they name still needs a place."""


def _references(value: Any, found: set[str]) -> None:
    """Adds the addresses that References in the value name, where they can say where a resource stands."""
    left = [value]
    while left:
        current = left.pop()
        if type(current) is dict:
            reference = current.get("reference")
            if type(reference) is str:
                found.add(reference)
            for key, inner in current.items():
                if (type(inner) is dict or type(inner) is list) and key not in _NO_PLACE:
                    left.append(inner)
        else:
            left.extend(inner for inner in current if type(inner) is dict or type(inner) is list)
