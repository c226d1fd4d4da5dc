"""What is a compiled content: the rules for one element's attributes and children, in both directions?

To FHIR: each rule says the code that writes its element (`written`), and a definition becomes one generated function
of that code (`source.py`). Back: `read` makes the content again from what stands in FHIR, in the grammar's order. Each
rule stands for one attribute or child (`rules.py`, `links.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from lxml import etree

from gateway.emessage.grammar import ComplexType, ElementUse, Group, Structure
from gateway.translate.codec import Codec, Json
from gateway.translate.notation import Definition
from gateway.translate.paths import Path
from gateway.translate.source import Source
from gateway.translate.state import State


@dataclass
class Place:
    """Where in FHIR reading stands: the object paths start from, and the section around it."""

    holder: Json
    section: Json | None = None
    own: Definition | None = None
    """The section's definition, for the resource that stands first in it (`with`)."""
    chain: list[Json] = field(default_factory=list)
    """The organisations inside this one, outermost first."""


@dataclass
class Found:
    """An element made on the way back, with its position among its siblings of other names."""

    element: etree._Element
    position: int = 0


class Rule(Protocol):
    """One compiled line."""

    use: ElementUse
    looks_under: tuple[str, str] | None
    """For an optional element: the keys of the holder without which nothing of it is there; None: always look."""

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code for e-message → FHIR: `element` and `holder` (the object that paths start from) are names in it,
        and `said`, if it is asked for, is true after a value or resource was written."""
        ...

    def read(self, place: Place, state: State) -> list[Found]:
        """FHIR → the elements of this name, in order."""
        ...

    def speaks(self, place: Place, state: State) -> bool:
        """Whether FHIR says anything of this element at that place."""
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
    by_name: dict[str, Rule] = field(default_factory=dict)
    """Element name (`prefix:Name`) → rule."""
    _orders: dict[int, list[tuple[Rule | None, Group | None, str | None, str | None]]] = field(
        default_factory=dict, repr=False
    )

    def add(self, name: str, rule: Rule) -> None:
        """Adds the rule of an element."""
        self.by_name[name] = self.rules[self.structure.tag(name)] = rule

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code that writes everything in the element into FHIR; the names in it are as in `Rule.written`."""
        for name, (path, codec) in self.attributes.items():
            out.line(f"value = {element}.get({name!r})")
            with out.block("if value is not None"):
                out.line(f"counted.place = {element}, {name!r}, {path.text!r}, {path.in_extension}")
                out.line(
                    path.written(
                        out.name(codec.value_key.removeprefix("value").lower(), codec), "value", holder
                    )
                )
                if said:
                    out.line(f"{said} = True")
        for name, fixed in self.fixed.items():
            with out.block(f"if {element}.get({name!r}, {fixed!r}) != {fixed!r}"):
                out.line(f"counted.lose({element}, {name!r})")
        child = out.variable("child")
        with out.block(f"for {child} in {element}"):
            out.line(f"tag = {child}.tag")
            word = "if"
            for tag, rule in self.rules.items():
                with out.block(f"{word} tag == {out.name(rule.use.name, tag)}"):
                    rule.written(out, child, holder, said)
                word = "elif"
            with out.block("else" if self.rules else "if tag"):
                out.line(f"counted.lose({child})")

    def speaks(self, place: Place, state: State) -> bool:
        """Whether anything of this content stands in FHIR at that place."""
        if any(path.find(place.holder, state) for path, _ in self.attributes.values()):
            return True
        return any(rule.speaks(place, state) for rule in self.rules.values())

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
            value = slots[0].read(codec, state) if slots else None
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
        said = False
        holder = place.holder
        before = state.mark(element)
        for rule, inner, key, primitive in self._order_of(group):
            if key is not None and key not in holder and primitive not in holder:
                continue  # optional, and nothing of it is there
            if inner is not None:
                said = self._read_group(inner, element, place, state) or said
            elif rule is not None:
                for found in rule.read(place, state):
                    element.append(found.element)
                    said = said or found.position >= 0
        if group.minimum == 0 and not said:
            state.back_to(before, element)
        return said

    def _order_of(self, group: Group) -> list[tuple[Rule | None, Group | None, str | None, str | None]]:
        """The rules and groups of a sequence in order, with the keys each optional rule looks under."""
        order = self._orders.get(id(group))
        if order is None:
            order = self._orders[id(group)] = []
            for part in group.parts:
                if isinstance(part, Group):
                    order.append((None, part, None, None))
                elif isinstance(part, ElementUse):
                    rule = self.by_name[part.name]
                    order.append((rule, None, *(rule.looks_under or (None, None))))
        return order

    def _read_choice(self, group: Group, element: etree._Element, place: Place, state: State) -> bool:
        """The branch that FHIR speaks of; in a repeating choice all branches, in the order of their references."""
        found: list[Found] = []
        for part in group.parts:
            if isinstance(part, Group):
                if self._read_choice(part, element, place, state):
                    return True
            elif isinstance(part, ElementUse):
                rule = self.by_name[part.name]
                found += rule.read(place, state) if rule.speaks(place, state) else []
                if found and group.maximum == 1:
                    break
        if not found and group.minimum:
            found = self._least_of(group, place, state)
        element.extend(one.element for one in sorted(found, key=lambda one: one.position))
        return any(one.position >= 0 for one in found)

    def _least_of(self, group: Group, place: Place, state: State) -> list[Found]:
        """What stands where the grammar demands a branch and FHIR speaks of none: nothing if a branch may be empty,
        else the first."""
        if any(part.minimum == 0 or not isinstance(part, ElementUse) for part in group.parts):
            return []
        first = group.parts[0]
        return self.by_name[first.name].read(place, state) if isinstance(first, ElementUse) else []
