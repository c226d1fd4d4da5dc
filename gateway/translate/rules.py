"""What does one line of a mapping do, in each direction?

A compiled rule stands for one element (or attribute) of a content. `write` takes it from the e-message into FHIR; `read`
makes the elements again from what stands in FHIR. Both use the same path and the same codec.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree

from gateway.emessage.grammar import ComplexType, ElementUse, Group, Structure
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import PRESENT, component_system
from gateway.translate.datatypes import Attributes, Codec
from gateway.translate.paths import Json, Path, Slot
from gateway.translate.notation import Definition
from gateway.translate.state import State

Hook = tuple[Callable[[Json], None], Callable[[Json], Json], tuple[str, ...]]
"""complete, prepare, and the keys that the two derive from others."""


@dataclass
class Place:
    """Where in FHIR the translation stands: the object paths start from, and the section around it."""

    holder: Json
    section: Json | None = None
    own: Definition | None = None
    """The section's definition, for the resource that stands first in it (`with`)."""
    innermost: Json | None = None
    """Going to FHIR: the innermost of organisations that stand inside each other; it is the one referred to."""
    chain: list[Json] = field(default_factory=list)
    """Going back: the organisations inside this one, outermost first."""


@dataclass
class Found:
    """An element made on the way back, with its position among its siblings of other names."""

    element: etree._Element
    position: int = 0


class Rule(Protocol):
    """One compiled line."""

    use: ElementUse

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """e-message → FHIR."""
        ...

    def read(self, place: Place, state: State) -> list[Found]:
        """FHIR → the elements of this name, in order."""
        ...


@dataclass
class Content:
    """The compiled rules for the content of one element: its attributes and its children, in the grammar's order."""

    kind: ComplexType
    structure: Structure
    attributes: dict[str, tuple[Path, Codec]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    """Tag → rule."""
    defaults: dict[str, str] = field(default_factory=dict)

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """Everything in the element into FHIR."""
        for name, value in element.attrib.items():
            found = self.attributes.get(str(name))
            if found:
                path, codec = found
                state.at(element, str(name), path)
                codec.write(str(value), path.open(place.holder, state), state)
        for child in element:
            rule = self.rules.get(str(child.tag))
            if rule is None:
                state.lose(child)
            else:
                rule.write(child, place, state)

    def read(self, element: etree._Element, place: Place, state: State) -> bool:
        """Everything FHIR says into the element; whether it said anything."""
        said = self._read_attributes(element, place, state)
        if self.kind.content is not None:
            said = self._read_group(self.kind.content, element, place, state) or said
        return said

    def _read_attributes(self, element: etree._Element, place: Place, state: State) -> bool:
        said = False
        for name, (path, codec) in self.attributes.items():
            slots = path.find(place.holder, state)
            value = codec.read(slots[0], state) if slots else None
            if value is None and self.defaults.get(name) == "generated":
                value = state.generated_id(place.holder)
            if value is not None:
                assert isinstance(value, str)
                element.set(name, value)
                said = said or bool(slots)
        for name, value in self.fixed.items():
            element.set(name, value)
        return said

    def _read_group(self, group: Group, element: etree._Element, place: Place, state: State) -> bool:
        if group.kind == "choice":
            return self._read_choice(group, element, place, state)
        if group.minimum == 0 and not any(speaks(self._rule(use), place, state) for use in group.uses()):
            return False
        said = False
        for part in group.parts:
            if isinstance(part, Group):
                said = self._read_group(part, element, place, state) or said
            elif isinstance(part, ElementUse):
                found = self._rule(part).read(place, state)
                said = said or any(one.position >= 0 for one in found)
                element.extend(one.element for one in found)
        return said

    def _read_choice(self, group: Group, element: etree._Element, place: Place, state: State) -> bool:
        """The branch that FHIR speaks of; in a repeating choice all branches, in the order of their references."""
        found: list[Found] = []
        for part in group.parts:
            if isinstance(part, Group):
                if self._read_choice(part, element, place, state):
                    return True
            elif isinstance(part, ElementUse):
                rule = self._rule(part)
                found += rule.read(place, state) if speaks(rule, place, state) else []
                if found and group.maximum == 1:
                    break
        element.extend(one.element for one in sorted(found, key=lambda one: one.position))
        return bool(found)

    def _rule(self, use: ElementUse) -> Rule:
        return self.rules[self.structure.tag(use.name)]


def _required(use: ElementUse, structure: Structure, path: str) -> list[Found]:
    """The element that must stand although FHIR says nothing: empty where its type allows it, else a refusal."""
    kind = structure.complex_type(use.type)
    if kind is None and structure.simple_base(use.type) not in ("string", "anyURI", "token"):
        raise NotTranslatable("translate.missing-content", path=path)
    return [Found(etree.Element(structure.tag(use.name)), -1)]


@dataclass
class ValueRule:
    """An element with a value ⇄ a slot."""

    use: ElementUse
    structure: Structure
    path: Path
    codec: Codec
    owner: str
    """Name of the definition, for messages about what is missing."""
    default: str | None = None
    unless: dict[str, Path] = field(default_factory=dict)
    """Code of the sibling Hendelsekode → where the value stands instead."""
    tag: str = ""

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """The value into its slot."""
        path = self._elsewhere(element, place, state) or self.path
        state.at(element, None, path)
        state.written += 1
        self.codec.write(element, path.open(place.holder, state), state)

    def _elsewhere(self, element: etree._Element, place: Place, state: State) -> Path | None:
        if not self.unless:
            return None
        path = self.unless.get(_event_code(place.holder))
        parent = element.getparent()
        estimate = parent is not None and any(c.tag.endswith("}Anslag") and (c.text or "").strip() in ("true", "1") for c in parent)  # type: ignore[union-attr]
        if path is None or estimate or path.find(place.holder, state):
            return None
        trial: Json = {}
        self.codec.write(element, Slot(trial, "x"), state.quiet)
        return path if "x" in trial else None

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each slot that says something."""
        slots = self.path.find(place.holder, state)
        if not slots and self.unless:
            path = self.unless.get(_event_code(place.holder))
            slots = path.find(place.holder, state) if path else []
        found: list[Found] = []
        for slot in slots:
            value = self.codec.read(slot, state)
            if value is not None:
                found.append(Found(_filled(self.tag, value)))
        if not found and self.use.minimum:
            if self.default is not None:
                state.assume(self.tag, self.default)
                return [Found(_filled(self.tag, self.default), -1)]
            return _required(self.use, self.structure, f"{self.owner}.{self.path.text}")
        return found if self.use.repeats else found[:1]


def _event_code(holder: Json) -> str:
    codings = holder.get("code", {}).get("coding", ())
    return next((str(c.get("code")) for c in codings if str(c.get("system", "")).endswith(".9121")), "")


def _filled(tag: str, value: str | Attributes) -> etree._Element:
    element = etree.Element(tag)
    if isinstance(value, str):
        element.text = value
    else:
        for name, text in value.items():
            element.set(name, text)
    return element


@dataclass
class ConstantRule:
    """An element whose value the grammar fixes."""

    use: ElementUse
    tag: str

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """Nothing to carry."""

    def read(self, place: Place, state: State) -> list[Found]:
        """The fixed value."""
        return [Found(_filled(self.tag, self.use.fixed or ""), -1)]


@dataclass
class ElsewhereRule:
    """An element that `envelope.py` handles itself."""

    use: ElementUse

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """Nothing here."""

    def read(self, place: Place, state: State) -> list[Found]:
        """Nothing here."""
        return []


@dataclass
class InsideRule:
    """An element with children ⇄ the same object (path `.`) or an object inside it."""

    use: ElementUse
    structure: Structure
    path: Path
    content: Content
    tag: str
    hook: Hook | None = None

    @property
    def flat(self) -> bool:
        """Whether the children stand in the same object."""
        return not self.path.steps

    def write(self, element: etree._Element, place: Place, state: State) -> None:
        """The children into the object; an element that says nothing is marked present."""
        before = state.written
        holder = place.holder if self.flat else self.path.open_object(place.holder, state)
        self.content.write(element, place if self.flat else Place(holder), state)
        if self.hook:
            self.hook[0](holder)
        if state.written == before and not (self.use.minimum and self.flat):
            mark: Json = {"url": PRESENT, "valueCode": self.use.name.partition(":")[2]}
            holder.setdefault("extension", []).append(mark)

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each object that says something."""
        holders = [place.holder] if self.flat else self.path.find_objects(place.holder, state)
        found: list[Found] = []
        for holder in holders:
            prepared = self.hook[1](holder) if self.hook else holder
            if prepared is not holder:
                state.stands_for(prepared, holder)
            if self.hook:
                for key in self.hook[2]:
                    state.used(holder, key)
            element = etree.Element(self.tag)
            said = False
            optional_and_silent = self.use.minimum == 0 and not self._says(prepared, place, state)
            if not optional_and_silent:
                said = self.content.read(element, self._inner(prepared, place), state)
            said = self._marked(prepared, state) or said
            if said or (self.use.minimum and not found):
                found.append(Found(element, 0 if said else -1))
        if not found and self.use.minimum:
            element = etree.Element(self.tag)
            self.content.read(element, self._inner({}, place), state)
            found.append(Found(element, -1))
        return found if self.use.repeats else found[:1]

    def _inner(self, holder: Json, place: Place) -> Place:
        return Place(holder, place.section, place.own, chain=place.chain) if self.flat else Place(holder)

    def _says(self, holder: Json, place: Place, state: State) -> bool:
        """Whether anything below stands in FHIR: asked first, so that a required child of a silent element is no refusal."""
        return self._marked(holder, state) or says(self.content, self._inner(holder, place), state)

    def _marked(self, holder: Json, state: State) -> bool:
        name = self.use.name.partition(":")[2]
        for extension in holder.get("extension", ()):
            if isinstance(extension, dict) and extension.get("url") == PRESENT and extension.get("valueCode") == name:
                state.used(extension, "valueCode")
                return True
        return False


def says(content: Content, place: Place, state: State) -> bool:
    """Whether anything of a content stands in FHIR at that place."""
    if any(path.find(place.holder, state) for path, _ in content.attributes.values()):
        return True
    return any(speaks(rule, place, state) for rule in content.rules.values())


def speaks(rule: Rule, place: Place, state: State) -> bool:
    """Whether FHIR says anything of a rule's element at that place."""
    if isinstance(rule, ValueRule):
        slots = rule.path.find(place.holder, state)
        if any(rule.codec.read(slot, state.quiet) is not None for slot in slots):
            return True
        return any(path.find(place.holder, state) for path in rule.unless.values())
    if isinstance(rule, InsideRule):
        holders = [place.holder] if rule.flat else rule.path.find_objects(place.holder, state)
        return any(rule._says(rule.hook[1](holder) if rule.hook else holder, place, state) for holder in holders)
    return isinstance(rule, LinkRule) and rule.present(place, state)


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

    @property
    def name(self) -> str:
        """The element's name, which is also its section's code."""
        return self.use.name.partition(":")[2]

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
        self.path.open(holder, state).value = reference

    def _own(self, place: Place, state: State) -> Json:
        """The resource that stands first in this section, made when first needed."""
        assert place.section is not None and place.own is not None and place.own.with_resource is not None
        entries = place.section.setdefault("entry", [])
        first = state.follow(entries[0]) if entries else None
        if first is None or first["resourceType"] != place.own.with_resource:
            first = state.create(place.own.with_resource, place.own.with_resource)
            entries.insert(0, state.reference_to(first))
        return first

    def present(self, place: Place, state: State) -> bool:
        """Whether there is anything to read."""
        return bool(self._sections(place)) if self.definition.is_section else bool(self._resources(place, state))

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each resource (or section), in the order of the references."""
        found = self._read_sections(place, state) if self.definition.is_section else self._read_resources(place, state)
        if not found and self.use.minimum:
            element = etree.Element(self.tag)
            self.content().read(element, Place({}, {}, self.definition), state)
            return [Found(element, -1)]
        return found if self.use.repeats else found[:1]

    def _read_sections(self, place: Place, state: State) -> list[Found]:
        found = []
        for section in self._sections(place):
            state.used_all(section.get("code", {}))
            element = etree.Element(self.tag)
            self.content().read(element, Place(section, section, self.definition), state)
            found.append(Found(element))
        return found

    def _sections(self, place: Place) -> list[Json]:
        sections = place.section.get("section", ()) if place.section is not None else ()
        return [section for section in sections if _is_section(section, self.name)]

    def _read_resources(self, place: Place, state: State) -> list[Found]:
        found = []
        for position, resource in self._resources(place, state):
            element = etree.Element(self.tag)
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
            found.append(Found(element, position))
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
            return [entry for section in self._sections(place) for entry in section.get("entry", ())]
        if self.where == "entry":
            return list(place.section.get("entry", ())) if place.section is not None else []
        assert self.path is not None
        holder: Json | None = place.holder
        if self.where == "with":
            entries = place.section.get("entry", ()) if place.section is not None else ()
            holder = state.follow(entries[0]) if entries else None
            if holder is None or place.own is None or holder.get("resourceType") != place.own.with_resource:
                return []
        return [slot.value for slot in self.path.find(holder, state) if slot.value is not None]

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
    codings = section.get("code", {}).get("coding", ())
    return any(c.get("system") == component_system() and c.get("code") == name for c in codings)
