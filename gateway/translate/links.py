"""What does a line do that makes a resource (or a section) of its own?

The element becomes a resource, and a reference to it stands where the line says: in this section's
entries, in a section
of its own, in a list of the section's own resource, or at a path. The order of the elements is the order
of the references.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.emessage.grammar import ElementUse, Structure
from gateway.fhir.canonical import component_system
from gateway.translate.codec import Json
from gateway.translate.content import Content, Found, Place
from gateway.translate.notation import Definition
from gateway.translate.paths import Path
from gateway.translate.state import State


def concept_of_component(name: str) -> Json:
    """The CodeableConcept whose code is an e-message element name."""
    return {"coding": [{"system": component_system(), "code": name}]}


@dataclass
class LinkRule:
    """An element ⇄ a resource of its own (or a section), referred to from a path, an entry or a section."""

    use: ElementUse
    structure: Structure
    where: str
    """entry, section, inside, member, with or path."""
    path: Path | None
    definition: Definition
    content: Callable[[], Content]
    tag: str
    siblings: tuple[LinkRule, ...] = ()
    """Rules that share this rule's list and name a condition."""

    def __post_init__(self) -> None:
        self.condition = Path(self.definition.when, "") if self.definition.when else None
        self.name = self.use.name.partition(":")[2]
        """The element's name, which is also its section's code."""
        direct = self.where == "path" and self.use.minimum == 0 and self.path is not None
        self.looks_under = self.path.looks_under if direct and self.path is not None else None

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """The element into a resource (or section), and a reference to it."""
        if self.definition.is_section:
            self._write_section(element, place, state)
            return
        resource = state.create(self.definition.target, self.definition.name)
        for key, value in self.definition.fixed:
            resource[key] = value
        inner = Place(resource)
        self.content().write(element, inner, state)
        innermost = inner.innermost or resource
        state.written += 1
        if self.where == "inside":
            assert self.path is not None
            resource[self.path.text] = state.reference_to(place.holder)
            place.innermost = innermost
            return
        reference = state.reference_to(innermost)
        if self.where == "member":
            resource["partOf"] = state.reference_to(place.holder)
            place.innermost = innermost
        if self.where == "section":
            assert place.section is not None
            self._section_for(place.section)["entry"].append(reference)
        else:
            self._refer(reference, place, state)

    def _write_section(self, element: etree._Element, place: Place, state: State) -> None:
        assert place.section is not None
        section: Json = {"code": concept_of_component(self.name)}
        place.section.setdefault("section", []).append(section)
        state.written += 1
        self.content().write(element, Place(section, section, self.definition), state)
        if "entry" not in section and "section" not in section:
            section["text"] = {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">–</div>'}

    def _section_for(self, parent: Json) -> Json:
        """The open section of this name: the last one, so that neighbours share a section."""
        sections = parent.setdefault("section", [])
        if not sections or not _is_section(sections[-1], self.name):
            sections.append({"code": concept_of_component(self.name), "entry": []})
        return sections[-1]  # type: ignore[no-any-return]

    def _refer(self, reference: Json, place: Place, state: State) -> None:
        if self.where == "entry":
            assert place.section is not None
            place.section.setdefault("entry", []).append(reference)
            return
        assert self.path is not None
        holder = place.holder
        if self.where == "with":
            holder = self._own(place, state)
        self.path.open(holder, state).refer(reference)

    def _own(self, place: Place, state: State) -> Json:
        """The resource that stands first in this section, made when first needed."""
        assert place.section is not None and place.own is not None and place.own.with_resource is not None
        entries = place.section.setdefault("entry", [])
        first = state.follow(entries[0]) if entries else None
        if first is None or first["resourceType"] != place.own.with_resource:
            first = state.create(place.own.with_resource, place.own.with_resource)
            entries.insert(0, state.reference_to(first))
        return first

    def speaks(self, place: Place, state: State) -> bool:
        """Whether there is anything to read."""
        return (
            bool(self._sections(place, state))
            if self.definition.is_section
            else bool(self._resources(place, state))
        )

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each resource (or section), in the order of the references."""
        found = (
            self._read_sections(place, state)
            if self.definition.is_section
            else self._read_resources(place, state)
        )
        if not found and self.use.minimum:
            element = etree.Element(self.tag)
            before = state.mark(element)
            self.content().read(element, Place({}, {}, self.definition), state)
            assumed = state.assumed[before.assumed :]
            if assumed and not any(
                one.states for one in assumed
            ):  # they would only complete what nobody said
                if state.born_in_fhir:
                    state.demand(self.definition.target)
                state.assumed[before.assumed :] = [one._replace(states=True) for one in assumed]
            return [Found(element, -1)]
        return found

    def _read_sections(self, place: Place, state: State) -> list[Found]:
        """A section that says nothing the target can hold, or lacks what the target demands, falls away where it may:
        what it holds is unread."""
        found = []
        for section in self._sections(place, state):
            state.used_all(section.get("code", {}))
            element = etree.Element(self.tag)
            before = state.mark(element)
            self.content().read(element, Place(section, section, self.definition), state)
            if not self.use.minimum and len(state.missing) > before.missing:
                state.unread_from(before, element)
                continue
            found.append(Found(element))
            if not self.use.repeats:
                break
        return found

    def _sections(self, place: Place, state: State) -> list[Json]:
        return state.sections(place.section).get(self.name, []) if place.section is not None else []

    def _read_resources(self, place: Place, state: State) -> list[Found]:
        """A resource that lacks what the element demands has no place here; if it is the only one where one must be,
        what it lacks is demanded."""
        found, lacking = [], list[str]()
        for position, resource in self._resources(place, state):
            element = etree.Element(self.tag)
            before = state.mark(element)
            chain = [resource]
            if self.where == "inside":
                chain = place.chain
            elif self.where == "member":
                state.used(resource, "partOf")
            elif self.definition.target == "Organization":
                chain = state.organisation_chain(resource)
            for key, _ in self.definition.fixed:
                state.used(resource, key)
            inner = Place(chain[0], chain=chain[1:])
            self.content().read(element, inner, state)
            if len(state.missing) > before.missing:
                demanded = state.unread_from(before, element)
                lacking = lacking or demanded
                continue
            found.append(Found(element, position))
            if not self.use.repeats:
                break  # what has no room is unread
        if lacking and not found and self.use.minimum:
            state.missing.extend(lacking)
            return [Found(etree.Element(self.tag), -1)]
        return found

    def _resources(self, place: Place, state: State) -> list[tuple[int, Json]]:
        if self.where == "inside":
            return [(0, place.chain[0])] if place.chain else []
        if self.where == "member" and place.chain and not self.path.find(place.holder, state):  # type: ignore[union-attr]
            return list(enumerate(place.chain))
        found = []
        for position, reference in enumerate(self._references(place, state)):
            resource = state.follow(reference)
            if resource is not None and self._accepts(resource, place, state):
                found.append((position, resource))
        return found

    def _references(self, place: Place, state: State) -> list[Any]:
        if self.where == "section":
            sections = self._sections(place, state)
            for section in sections:
                state.used_all(section.get("code", {}))
            return [entry for section in sections for entry in section.get("entry", ())]
        if self.where == "entry":
            return list(place.section.get("entry", ())) if place.section is not None else []
        assert self.path is not None
        holder: Json | None = place.holder
        if self.where == "with":
            entries = place.section.get("entry", ()) if place.section is not None else ()
            holder = state.follow(entries[0]) if entries else None
            if holder is None or place.own is None or holder.get("resourceType") != place.own.with_resource:
                return []
        return [slot.value for slot in self.path.find(holder or {}, state) if slot.value is not None]

    def _accepts(self, resource: Json, place: Place, state: State) -> bool:
        """Whether the resource is of this component, and not of a sibling that shares the list."""
        if resource.get("resourceType") != self.definition.target:
            return False
        if any(resource.get(key) != value for key, value in self.definition.fixed):
            return False
        if self.condition is not None:
            return bool(self.condition.find_objects(resource, state))
        return not any(sibling._accepts(resource, place, state) for sibling in self.siblings)


def _is_section(section: object, name: str) -> bool:
    if not isinstance(section, dict):
        return False
    for coding in section.get("code", {}).get("coding", ()):
        if coding.get("code") == name and coding.get("system") == component_system():
            return True
    return False
