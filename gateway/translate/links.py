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
from gateway.translate.codec import Json
from gateway.translate.content import Content, Found, Place
from gateway.translate.notation import Definition
from gateway.translate.paths import Path
from gateway.translate.source import Source
from gateway.translate.state import State


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
    called: str
    """The name of the function that writes the content."""
    with_resource: str | None = None
    """For `with`: the type of the resource that stands first in the section."""
    siblings: tuple[LinkRule, ...] = ()
    """Rules that share this rule's list and name a condition."""

    def __post_init__(self) -> None:
        self.condition = Path(self.definition.when, "") if self.definition.when else None
        self.name = self.use.name.partition(":")[2]
        """The element's name, which is also its section's code."""
        direct = self.where == "path" and self.use.minimum == 0 and self.path is not None
        self.looks_under = self.path.looks_under if direct and self.path is not None else None

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code that makes a resource (or section) of the element, and a reference to it."""
        if self.definition.is_section:
            made = out.variable("section")
            out.line(f"{made} = section({holder}, {self.name!r})")
            out.line(f"{self.called}({element}, {made}, state)")
            out.line(f"say_empty({made})")
        else:
            self._written_resource(out, element, holder)
        if said:
            out.line(f"{said} = True")

    def _written_resource(self, out: Source, element: str, holder: str) -> None:
        target, made = self.definition.target, out.variable("resource")
        out.line(f"{made} = state.create({target!r}, {self.definition.name!r})")
        for key, value in self.definition.fixed:
            out.line(f"{made}[{key!r}] = {value!r}")
        out.line(f"{self.called}({element}, {made}, state)")
        innermost = f"state.innermost.pop(id({made}), {made})" if target == "Organization" else made
        if self.where == "inside":
            assert self.path is not None
            out.line(f"{made}[{self.path.text!r}] = state.reference_to({holder})")
            out.line(f"state.innermost[id({holder})] = {innermost}")
            return
        if self.where == "member":
            out.line(f"{made}['partOf'] = state.reference_to({holder})")
            out.line(f"state.innermost[id({holder})] = {made} = {innermost}")
            innermost = made
        out.line(self._referred(f"state.reference_to({innermost})", holder))

    def _referred(self, reference: str, holder: str) -> str:
        """The code that puts a reference where the line says."""
        if self.where == "section":
            return f"entries_of_section({holder}, {self.name!r}).append({reference})"
        if self.where == "entry":
            return f"{holder}.setdefault('entry', []).append({reference})"
        assert self.path is not None
        if self.where == "with":
            holder = f"state.first_entry({holder}, {self.with_resource!r})"
        return self.path.referred(reference, holder)

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
