"""What does a line do that makes a resource (or a section) of its own?

The element becomes a resource, and a reference to it stands where the line says: in this section's
entries, in a section
of its own, in a list of the section's own resource, or at a path. The order of the elements is the order
of the references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar

from gateway.emessage.grammar import ElementUse, Structure
from gateway.translate.content import Content
from gateway.translate.following import Scene, followed, reference_of, repeats
from gateway.translate.notation import Definition
from gateway.translate.paths import Path
from gateway.translate.source import Source


@dataclass
class LinkRule:
    """An element ⇄ a resource of its own (or a section), referred to from a path, an entry or a section."""

    is_elsewhere: ClassVar[bool] = False
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
        return self.path.put(reference, holder)

    def found(self, scene: Scene) -> None:
        """The code for an element for each resource (or section), in the order of the references."""
        out, lacking, begin = scene.out, None, ""
        if self.use.minimum:
            begin = scene.begin()
            lacking = out.variable("lacking")
            out.line(f"{lacking} = []")
        if self.definition.is_section:
            self._found_sections(scene)
        else:
            with self._resource(scene) as (inner, resource), self._accepted(inner, resource):
                self._found_resource(inner, resource, lacking)
        if lacking is not None:
            only = f"{lacking} and " if scene.optional else ""
            name = scene.element(self.use.name)
            with out.block(f"if {only}len(text) == {begin}"):
                out.line(
                    f"reading.write_demanded({self.called}, {self.content().start(name)!r}, {f'</{name}>'!r}, "
                    f"{self.definition.target!r}, {lacking})"
                )

    def _found_sections(self, scene: Scene) -> None:
        """A section that says nothing the target can hold, or lacks what the target demands, falls away where it may:
        what it holds is unread."""
        out, sections = (
            scene.out,
            scene.variable("holder", "sections", "sections", "reading.sections(holder)"),
        )
        with out.block(f"for each_section in {sections}.get({self.name!r}, ())"):
            out.line("reading.used_component(each_section.get('code'))")
            self._written_out(scene, "each_section", None, falls_away=not self.use.minimum)

    def _found_resource(self, scene: Scene, resource: str, lacking: str | None) -> None:
        """A resource that lacks what the element demands has no place here; if it is the only one where one must be,
        what it lacks is demanded."""
        out = scene.out
        for key, _ in self.definition.fixed:
            out.line(f"read.append((id({resource}), {key!r}))")
        if self.definition.target == "Organization" and self.where not in ("inside", "member"):
            out.line(f"{resource} = reading.outermost({resource})")
        self._written_out(scene, resource, lacking, falls_away=True)

    def _written_out(self, scene: Scene, holder: str, lacking: str | None, *, falls_away: bool) -> None:
        out, name = scene.out, scene.element(self.use.name)
        at, lacked, was_read = (out.variable(word) for word in ("at", "lacked", "was_read"))
        out.line(f"{at}, {lacked}, {was_read} = len(text), len(missing), len(read)")
        out.line(f"put({self.content().start(name)!r})")
        out.line(f"{self.called}({holder}, reading)")
        if falls_away:
            with out.block(f"if len(missing) > {lacked}"):
                out.line(f"{f'{lacking} += ' if lacking else ''}reading.drop_unread({at}, {was_read})")
                out.line("continue")
        if not self.definition.is_section:
            out.line(f"read.append((id({holder}), 'resourceType'))")  # it has become an element
        out.line(f"put({f'</{name}>'!r})")
        out.line(f"{scene.said} = True")
        if scene.spans:
            out.line(f"{scene.spans}.append((position, {at}, len(text)))")
        if not self.use.repeats:
            out.line("break")

    @contextmanager
    def _resource(self, scene: Scene) -> Iterator[tuple[Scene, str]]:
        """The variable of each resource that is referred to (or None), in a loop."""
        out, resource = scene.out, scene.out.variable("resource")
        if self.where in ("inside", "member"):
            with self._in_chain(scene, resource):
                yield scene.inside(), resource
            return
        if self.where == "section":
            sections = scene.variable("holder", "sections", "sections", "reading.sections(holder)")
            references = f"reading.entries({sections}[{self.name!r}]) if {self.name!r} in {sections} else ()"
        elif self.where == "entry":
            references = "holder.get('entry', ())"
        else:
            references = self._references(scene)
        each = out.variable("each_reference")
        head = (
            f"for position, {each} in enumerate({references})"
            if scene.spans
            else f"for {each} in {references}"
        )
        with out.block(head):
            out.line(f"{resource} = reading.follow({each})")
            yield scene.inside(), resource

    def _references(self, scene: Scene) -> str:
        """The expression for the references at the path."""
        assert self.path is not None
        holder = scene.holder
        if self.where == "with":
            first = f"reading.first_entry(holder, {self.with_resource!r})"
            holder = scene.variable("holder", "first entry", "own", first)
        if not any(map(repeats, self.path.steps)):
            with reference_of(scene, self.path, holder) as found:
                return f"({found},)"
        references = scene.out.variable("references")
        scene.out.line(f"{references} = []")
        with reference_of(scene, self.path, holder) as found:
            scene.out.line(f"{references}.append({found})")
        return references

    @contextmanager
    def _in_chain(self, scene: Scene, resource: str) -> Iterator[None]:
        """The next of organisations that stand inside each other; for `member` those that the path names, if any."""
        out, several = scene.out, f"reading.inner({scene.holder})"
        if self.where == "inside":
            several += "[:1]"
        else:
            several = f"[reading.follow(one) for one in {self._references(scene)}] or {several}"
        with out.block(f"for {resource} in {several}"):
            yield

    @contextmanager
    def _accepted(self, scene: Scene, resource: str) -> Iterator[None]:
        """The block for a resource of this component, and not of a sibling that shares the list."""
        out = scene.out
        with ExitStack() as blocks:
            blocks.enter_context(out.block(f"if {resource} is not None and {self._of_the_kind(resource)}"))
            for rule in (self,) if self.condition is not None else self.siblings:
                assert rule.condition is not None
                named = blocks.enter_context(followed(scene.inside(), rule.condition.steps, resource))[1]
                no = "" if rule is self else "not "
                blocks.enter_context(
                    out.block(f"if {no}({rule._of_the_kind(resource)} and {named} is not None)")
                )
            yield

    def _of_the_kind(self, resource: str) -> str:
        """The condition that a resource has the type and the codes of this component."""
        fixed = (("resourceType", self.definition.target), *self.definition.fixed)
        return " and ".join(f"{resource}.get({key!r}) == {value!r}" for key, value in fixed)
