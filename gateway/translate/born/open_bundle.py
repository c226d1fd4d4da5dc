"""What does a Bundle look like while its content is put in place?

Its resources by address, the Composition that is its body, and the sections in it. Content is moved, never copied: an
object that stands somewhere else now is the same object, so that what is read of it is known to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.fhir.canonical import component_system
from gateway.translate.believed import is_negation, is_refuted, is_to_be_taken_out
from gateway.translate.born.copying import Origins
from gateway.translate.codec import Json
from gateway.translate.compiler import mapping
from gateway.translate.documents import bodies
from gateway.translate.envelope import is_translated
from gateway.translate.loss import Loss
from gateway.translate.places import concept_of_component
from gateway.translate.whom import OF_WHOM, Person, in_focus_of, names_a_patient, patient_of


@dataclass(frozen=True)
class Carrier:
    """A value that is said by another."""

    holder: Json
    key: str
    by: Json
    by_key: str
    target: str
    """Where it stands as text; empty where it only moved."""


class _Found:
    """The resources of a Bundle by type, and by type and id; of two with the same, the first."""

    def __init__(self) -> None:
        self.by_type: dict[str, list[Json]] = {}
        self.by_local_address: dict[str, Json] = {}

    def add(self, resource: Json) -> None:
        """One more resource, after the others."""
        self.by_type.setdefault(str(resource.get("resourceType")), []).append(resource)
        self.by_local_address.setdefault(local_address(resource), resource)


class OpenBundle:
    """One Bundle being put in order."""

    def __init__(self, bundle: Json, origins: Origins | None = None) -> None:
        self.bundle = bundle
        self.origins = origins
        self.rendered: list[Loss] = []
        """What was written as text, or as another resource."""
        self.outside: dict[int, tuple[Json, str]] = {}
        """By identity: References to what is not in the Bundle, and the address that they named."""
        self.assumed: list[str] = []
        """What the e-message demands and only follows from what the Bundle says (`Element = value`)."""
        self.carriers: dict[tuple[int, str], Carrier] = {}
        """Values (object by identity, key) that stand somewhere else now; they are carried if that is read."""
        self.spokesmen: dict[int, Json] = {}
        """Object (by identity) → the resource that stands for it in the e-message, where that is another."""
        self.resources: dict[str, Json] = {}
        self.urls: dict[int, str] = {}
        self._held: dict[int, tuple[list[Any], int, set[str]]] = {}
        """By identity: a list of References, how many of them are known, and the addresses that these name."""
        self._found: _Found | None = None
        """The resources by what is asked of them; None: that is to be looked up."""
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                self._index(resource, str(entry.get("fullUrl") or local_address(resource)))
        self.header: Json = next(
            (r for r in self.resources.values() if r.get("resourceType") == "MessageHeader"), {}
        )
        self.composition: Json | None = None
        self._patients: dict[int, tuple[Json | None, Person]] = {}
        """By identity of the Composition: whom the body is about, and how that patient is known."""
        self._sections: dict[tuple[int, str], Json] = {}
        """By identity of what holds it, and name: the sections that were asked for."""
        self.form: set[int] = set()
        """Objects (by identity) whose own values only arrange what is told elsewhere: they are not told as text."""
        self.with_others: set[int] = set()
        """Resources (by identity) that were found to be about another patient: whom they name may be taken away."""
        self.is_cancelled = False
        """The message takes everything back that it repeats."""

    def _index(self, resource: Json, url: str) -> None:
        if url in self.resources:
            self._found = None
        self.resources[url] = resource
        self.urls[id(resource)] = url
        if self._found is not None:
            self._found.add(resource)

    def retyped(self) -> None:
        """Tells that resources have another type now."""
        self._found = None

    def _look_up(self) -> _Found:
        if self._found is None:
            self._found = _Found()
            for resource in self.resources.values():
                self._found.add(resource)
        return self._found

    @property
    def message_type(self) -> str:
        """The code of 8279 that the MessageHeader states."""
        coding = self.header.get("eventCoding")
        return str(coding.get("code") or "") if isinstance(coding, dict) else ""

    def follow(self, reference: Any) -> Json | None:
        """The resource a Reference points to; None if it is not here."""
        url = reference.get("reference") if isinstance(reference, dict) else None
        found = self.resources.get(str(url))
        if found is None and isinstance(url, str):
            found = self._look_up().by_local_address.get(url)
        return found

    def of_type(self, *kinds: str) -> list[Json]:
        """The resources of these types, in the order of the Bundle."""
        if len(kinds) == 1:
            return list(self._look_up().by_type.get(kinds[0], ()))
        return [r for r in self.resources.values() if r.get("resourceType") in kinds]

    def focus(self) -> list[Json]:
        """What the message says it is about."""
        found = map(self.follow, self.header.get("focus", ()))
        return [resource for resource in found if resource is not None]

    def add(self, resource: Json, url: str) -> Json:
        """Puts a resource in the Bundle; the Reference to it."""
        self.bundle["entry"].append({"fullUrl": url, "resource": resource})
        self._index(resource, url)
        return {"reference": url}

    def place_of(self, value: Json) -> str:
        """Where an object stood in the Bundle as it was given."""
        return (self.origins.of(value) if self.origins else None) or str(value.get("resourceType", ""))

    def say(self, holder: Json, key: str, carrier: Json, carrier_key: str, target: str = "") -> None:
        """Notes that a value of an object is said by a value of another now; with a target, as text there."""
        self.carriers[id(holder), key] = Carrier(holder, key, carrier, carrier_key, target)

    def is_about_several_patients(self) -> bool:
        """Whether the documents stand in lists, one for each patient, or (of a message of ours) each has a Patient of
        its own: then nothing is moved, as it could land at another."""
        return any(map(self.is_report, self.focus())) or (
            is_translated(self.bundle) and self.has_documents_of_several()
        )

    def has_documents_of_several(self) -> bool:
        """Whether the documents in focus are about more than one person."""
        documents = (each for each in self.focus() if each.get("resourceType") == "Composition")
        patients = {
            id(each): each for each in map(self.follow, (d.get("subject") for d in documents)) if each
        }
        people = map(Person, patients.values())
        first = next(people, None)
        return first is not None and not all(first.is_same_as(other) for other in people)

    def is_report(self, resource: Json) -> bool:
        """Whether a resource is the List of one patient's documents."""
        if resource.get("resourceType") != "List":
            return False
        items = [self.follow(entry.get("item")) for entry in resource.get("entry", ())]
        return any(
            r is not None and r.get("resourceType") in ("Composition", "DocumentReference") for r in items
        )

    def body(self) -> str | None:
        """The name of the body element the Composition stands for."""
        return code_of_type(self.composition or {})

    def allows(self, component: str) -> bool:
        """Whether the body has this component at its top."""
        return component in components(str(self.body()))

    def section(self, names: tuple[str, ...]) -> Json:
        """The section at the end of the names, made where it is not there."""
        holder: Json = self.composition or {}
        for name in names:
            at = id(holder), name
            found = self._sections.get(at)
            if found is None:
                sections = holder.setdefault("section", [])
                found = next((section for section in sections if section_code(section) == name), None)
                if found is None:
                    found = {"code": concept_of_component(name)}
                    sections.append(found)
                self._sections[at] = found
            holder = found
        return holder

    def patient(self) -> Json | None:
        """Whom the body is about."""
        return self._patient()[0]

    def _patient(self) -> tuple[Json | None, Person]:
        at = id(self.composition)
        if at not in self._patients:
            named = patient_of([self.composition or {}, *self.focus()], self.follow)
            found = named or next(iter(self.of_type("Patient")), None)
            self._patients[at] = found, Person(found or {})
        return self._patients[at]

    def is_about_another(self, resource: Json) -> bool:
        """Whether a resource cannot be shown to be about the patient of the body: it names somebody else, or what is
        not in the Bundle. What names nobody is about the patient, unless it stands with another's."""
        if self.patient() is None:
            return False
        if id(resource) in self.with_others:
            return True
        kind = resource.get("resourceType")
        if kind == "Patient":
            return not self._is_the_patient(resource)
        named = in_focus_of(resource)
        if kind == "Appointment":
            taking_part = [each.get("actor") for each in resource.get("participant", ())]
            named = [each for each in taking_part if isinstance(each, dict)]
        patients = [each for each in named if self._is_a_patient(each)]
        if patients and not any(map(self.means_the_patient, patients)):
            return True
        about = next((resource[key] for key in OF_WHOM if key in resource), None)
        return isinstance(about, dict) and not self.means_the_patient(about)

    def names_who_is_not_there(self, resource: Json) -> bool:
        """Whether a resource says whom it is about, and leads to nothing in the Bundle by that."""
        about = next((resource[key] for key in OF_WHOM if key in resource), None)
        if not isinstance(about, dict) or self.follow(about) is not None:
            return False
        identifier = about.get("identifier")
        stated = identifier.get("value") if isinstance(identifier, dict) else None
        return bool(stated or about.get("display") or self._address_of(about))

    def _is_the_patient(self, resource: Json) -> bool:
        patient, known = self._patient()
        return resource is patient or (
            resource.get("resourceType") == "Patient" and known.is_same_as(Person(resource))
        )

    def means_the_patient(self, reference: Json) -> bool:
        """Whether a Reference means whom the body is about."""
        found = self.follow(reference)
        if found is not None:
            return self._is_the_patient(found)
        return self._patient()[1].is_named_by(reference, self._address_of(reference))

    def _is_a_patient(self, reference: Json) -> bool:
        found = self.follow(reference)
        if found is not None:
            return found.get("resourceType") == "Patient"
        known = self._patient()[1].may_have(reference.get("identifier"))
        return known or names_a_patient(reference, self._address_of(reference))

    def _address_of(self, reference: Json) -> str | None:
        _, address = self.outside.get(id(reference), (reference, reference.get("reference")))
        return address

    def of_the_message(self) -> set[int]:
        """The Provenances (by identity) that tell of the message itself."""
        itself = {self.urls.get(id(self.header)), self.urls.get(id(self.composition))}
        return {
            id(each)
            for each in self.of_type("Provenance")
            if any(target.get("reference") in itself for target in each.get("target", ()))
        }

    def with_plans(self, standing: set[int]) -> set[int]:
        """The resources (by identity) that stand in the e-message, with the plans that hold some of them."""
        plans = set()
        for plan in self.of_type("CarePlan"):
            held = [*plan.get("goal", ()), *(each.get("reference") for each in plan.get("activity", ()))]
            if any(id(self.follow(each)) in standing for each in held):
                plans.add(id(plan))
        return standing | plans

    def belongs(self, resource: Json) -> bool:
        """Whether a resource is about the patient of the body, and means to be believed."""
        believed = not is_to_be_taken_out(resource, self.is_cancelled)
        return believed and not self.is_about_another(resource)

    def may_be_told(self, resource: Json) -> bool:
        """Whether it may stand in a text: as what belongs, as what was refuted (it says so then), and as a negation."""
        speaks = is_refuted(resource) or is_negation(resource)
        return self.belongs(resource) or (speaks and not self.is_about_another(resource))

    def holds(self, entries: list[Any], url: str) -> bool:
        """Whether one of the References in a list (or of the activities that hold one) names the address."""
        _, count, known = self._held.get(id(entries), (entries, 0, set()))
        if count > len(entries):  # some were taken away
            count, known = 0, set()
        for entry in entries[count:]:
            references(entry, known)
        self._held[id(entries)] = entries, len(entries), known
        return url in known

    def named(self) -> set[str]:
        """The addresses that some resource, section or list refers to."""
        named: set[str] = set()
        for resource in self.resources.values():
            references(self.said_by(resource), named)
        return named

    def said_by(self, resource: Json) -> Json:
        """What of a resource can say where another one stands: to be what the message is about is no place."""
        other = "focus" if resource is self.header else "supportingInfo"
        if other not in resource or resource.get("resourceType") not in ("MessageHeader", "CarePlan"):
            return resource
        return {key: value for key, value in resource.items() if key != other}


def concept_section(name: str) -> Json:
    """An empty section of a component."""
    return {"code": concept_of_component(name)}


def local_address(resource: Json) -> str:
    """Type and id of a resource."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


@cache
def components(body: str) -> frozenset[str]:
    """The names of the elements at the top of a body."""
    for standard in ("plo-1.6", "dialog-1.1"):
        bound = mapping(standard)
        for name in bodies(bound):
            kind = bound.structure.complex_type(name)
            if name.partition(":")[2] == body and kind is not None and kind.content is not None:
                return frozenset(use.name.partition(":")[2] for use in kind.content.uses())
    return frozenset()


def code_of_type(composition: Json) -> str | None:
    """The body element that a Composition's type names."""
    return _component_code(composition.get("type"))


def section_code(section: Json) -> str | None:
    """The name of the component that a section is coded with; None: it is none."""
    return _component_code(section.get("code"))


def _component_code(concept: object) -> str | None:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return next((c.get("code") for c in codings if c.get("system") == component_system()), None)


_NO_PLACE = frozenset(
    {
        *("addresses", "reasonReference", "diagnosis", "hasMember", "derivedFrom", "evidence", "target"),
        *("expressedBy", "outcomeReference"),
    }
)
"""Elements that tell why or about what: no rule follows their references, so what they name still needs a place."""


def references(value: Any, found: set[str]) -> None:
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
