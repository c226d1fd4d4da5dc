"""What is a compiled content: the rules for one element's attributes and children, in both directions?

To FHIR: each rule says the code that writes its element (`written`), and a definition becomes one generated function
of that code (`source.py`). Back: `read` makes the content again from what stands in FHIR, in the grammar's order. Each
rule stands for one attribute or child (`rules.py`, `links.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from gateway.emessage.grammar import ComplexType, ElementUse, Group, Structure, Wildcard
from gateway.translate.codec import Codec, Json
from gateway.translate.following import Scene, value_of
from gateway.translate.notation import Definition
from gateway.translate.ordinary import write_attribute
from gateway.translate.paths import Path
from gateway.translate.source import Source
from gateway.translate.wording import attribute


@dataclass
class Place:
    """Where in FHIR reading stands: the object paths start from, and the section around it."""

    holder: Json
    section: Json | None = None
    own: Definition | None = None
    """The section's definition, for the resource that stands first in it (`with`)."""
    chain: list[Json] = field(default_factory=list)
    """The organisations inside this one, outermost first."""


class Rule(Protocol):
    """One compiled line."""

    use: ElementUse
    is_elsewhere: ClassVar[bool]
    """Whether another module writes the element."""

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code for e-message → FHIR: `element` and `holder` (the object that paths start from) are names in it,
        and `said`, if it is asked for, is true after a value or resource was written."""
        ...

    def found(self, scene: Scene) -> None:
        """The code for FHIR → the text of the elements of this name, in order."""
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

    def add(self, name: str, rule: Rule) -> None:
        """Adds the rule of an element."""
        self.by_name[name] = self.rules[self.structure.tag(name)] = rule

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code that writes everything in the element into FHIR; the names in it are as in `Rule.written`."""
        for name, (path, codec) in self.attributes.items():
            out.line(f"text = {element}.get({name!r})")
            with out.block("if text is not None"):
                named = out.name(codec.value_key.removeprefix("value").lower(), codec)
                write_attribute(out, codec, named, path, element, name, holder)
                if said:
                    out.line(f"{said} = True")
        for name, fixed in self.fixed.items():
            with out.block(f"if {element}.get({name!r}, {fixed!r}) != {fixed!r}"):
                out.line(f"counted.lose({element}, {name!r})")
        child = out.variable("child")
        # an iterator takes longer to make than a list of so few
        with out.block(f"for {child} in {element}[:]"):
            out.line(f"tag = {child}.tag")
            word = "if"
            for tag, rule in self.rules.items():
                with out.block(f"{word} tag == {out.name(rule.use.name, tag)}"):
                    rule.written(out, child, holder, said)
                word = "elif"
            with out.block("else" if self.rules else "if tag"):
                out.line(f"counted.lose({child})")

    def start(self, name: str) -> str:
        """The start of the element's text; open for attributes if it has any."""
        return f"<{name}" if self.attributes or self.fixed else f"<{name}>"

    def found(self, scene: Scene) -> None:
        """The code for everything that FHIR says, in the grammar's order."""
        if self.attributes or self.fixed:
            self._found_attributes(scene)
        if self.kind.content is not None:
            self._found_group(self.kind.content, scene)

    def _found_attributes(self, scene: Scene) -> None:
        out = scene.out
        for tag, (path, codec) in self.attributes.items():
            start = f" {self._attribute_name(tag)}="
            generated = self.defaults.get(tag) == "generated"
            begin = scene.begin() if generated else ""
            with value_of(scene, path, codec) as value:
                out.line(f"put(f'{start}\"{{attribute({value})}}\"')")
                out.line(f"{scene.said} = True")
            if generated:
                with out.block(f"if len(text) == {begin}"):
                    out.line(f"put(f'{start}\"{{attribute(reading.generated_id({scene.holder}))}}\"')")
        fixed = "".join(f' {self._attribute_name(tag)}="{attribute(one)}"' for tag, one in self.fixed.items())
        out.line(f"put({fixed + '>'!r})")

    def _attribute_name(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        prefix = next((p for p, known in self.structure.namespaces.items() if uri and known == uri[1:]), "")
        return f"{prefix}:{local}" if prefix else local

    def _found_group(self, group: Group, scene: Scene) -> None:
        if group.kind == "choice":
            self._found_choice(group, scene)
            return
        if group.minimum:
            for part in group.parts:
                self._found_part(part, scene)
            return
        out, at, said = scene.out, scene.begin(), scene.out.variable("said")
        out.line(f"{said} = False")
        for part in group.parts:
            self._found_part(part, scene.inside(said=said, same_block=True))
        with out.block(f"if {said}"):
            out.line(f"{scene.said} = True")
        with out.block("else"):
            out.line(f"reading.drop({at})")

    def _found_part(self, part: ElementUse | Wildcard | Group, scene: Scene) -> None:
        if isinstance(part, Group):
            self._found_group(part, scene)
        elif isinstance(part, ElementUse):
            scene.out.line(f"# {part.name}")
            self.by_name[part.name].found(scene)

    def _found_choice(self, group: Group, scene: Scene) -> None:
        """The branch that FHIR speaks of; in a repeating choice all branches, in the order of their references."""
        out, begin = scene.out, scene.begin()
        spans = out.variable("spans") if group.maximum != 1 else None
        if spans:
            out.line(f"{spans} = []")
        for part in sorted(group.parts, key=self._is_elsewhere, reverse=True):
            with out.block("if True" if spans else f"if len(text) == {begin}"):
                self._found_part(part, scene.inside(optional=True, spans=spans))
        if spans:
            out.line(f"text[{begin}:] = in_order(text, {spans})")
        least = group.parts[0]
        if group.minimum and all(isinstance(part, ElementUse) and part.minimum for part in group.parts):
            with out.block(
                f"if len(text) == {begin}"
            ):  # FHIR speaks of no branch, and none may be empty: the first
                self._found_part(least, scene.inside(optional=False, spans=None))

    def _is_elsewhere(self, part: ElementUse | Wildcard | Group) -> bool:
        """Whether another module may write the branch: then it is the one."""
        return isinstance(part, ElementUse) and self.by_name[part.name].is_elsewhere
