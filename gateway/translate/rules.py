"""What does one line of a mapping do that carries a value, or stands inside the same object?

Both directions use the same path and the same codec. Lines that make a resource of their own: `links.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import ClassVar

from lxml import etree

from gateway.emessage.grammar import ElementUse, Structure
from gateway.translate.codec import Attributes, Codec, Json
from gateway.translate.content import Content
from gateway.translate.elements import element_of
from gateway.translate.following import Scene, followed, has, repeats, several_at
from gateway.translate.ordinary import write_value
from gateway.translate.paths import Path
from gateway.translate.source import Source
from gateway.translate.state import State
from gateway.translate.wording import element

Hook = tuple[Callable[[Json], None], Callable[[Json], tuple[Json, tuple[str, ...]]]]
"""complete and prepare (`hooks.py`)."""


@dataclass
class ValueRule:
    """An element with a value ⇄ a slot."""

    is_elsewhere: ClassVar[bool] = False
    use: ElementUse
    structure: Structure
    path: Path
    codec: Codec
    label: str
    """How the value is written, as the definition says it: the codec's name in generated code."""
    owner: str
    """Path of the object that the slot is in, for messages about what is missing."""
    default: str | Attributes | None = None
    unless: dict[str, Path] = field(default_factory=dict)
    """Code of the sibling Hendelsekode → where the value stands instead."""
    tag: str = ""
    states: bool = False
    """The default states something that nobody said (option `assumed`)."""

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code that writes the value into its slot."""
        codec = out.name(self.label, self.codec)
        if self.unless:
            out.line(f"event = event_code({holder})")
        word = "if"
        for code, path in self.unless.items():
            named = out.name(path.text, path)
            with out.block(
                f"{word} event == {code!r} and may_stand_at({named}, {codec}, {element}, {holder}, state)"
            ):
                write_value(out, self.codec, codec, path, element, holder)
            word = "elif"
        if self.unless:
            with out.block("else"):
                write_value(out, self.codec, codec, self.path, element, holder)
        else:
            write_value(out, self.codec, codec, self.path, element, holder)
        if said:
            out.line(f"{said} = True")

    def found(self, scene: Scene) -> None:
        """The code for an element for each value that says something."""
        out, must = scene.out, self.use.minimum and not scene.optional
        begin = scene.begin() if must else ""
        self._found_at(scene, self.path)
        for code, path in self.unless.items():
            nothing = f"not ({has(scene, scene.holder, str(self.path.key))})"
            with out.block(f"if {nothing} and event_code({scene.holder}) == {code!r}"):
                self._found_at(scene.inside(), path)
        if must:
            with out.block(f"if len(text) == {begin}"):
                self._demanded(scene)

    def _found_at(self, scene: Scene, path: Path) -> None:
        out = scene.out
        with element_of(scene, path, self.codec, scene.element(self.use.name)) as text:
            out.line(f"put({text})")
            out.line(f"{scene.said} = True")
            if not self.use.repeats and any(map(repeats, path.steps)):
                out.line("break")

    def _demanded(self, scene: Scene) -> None:
        """The code for the element that must stand although FHIR says nothing: with the default; empty where its type
        allows it, else a refusal."""
        out, name = scene.out, scene.element(self.use.name)
        if self.default is not None:
            name_of_it = self.use.name.partition(":")[2]
            out.line(f"reading.assume({name_of_it!r}, {self.default!r}, states={self.states})")
            out.line(f"put({element(name, self.default)!r})")
            return
        kind = self.structure.complex_type(self.use.type)
        if kind is None and self.structure.simple_base(self.use.type) not in ("string", "anyURI", "token"):
            out.line(f"reading.demand({self._fhir_path()!r})")
        out.line(f"put({element(name, '')!r})")

    def _fhir_path(self) -> str:
        path = self.path.text
        return (path if path[0].isupper() else f"{self.owner}.{path}").replace("ext(", "extension(")


def may_stand_at(path: Path, codec: Codec, element: etree._Element, holder: Json, state: State) -> bool:
    """Whether a value may stand at the place that only the first certain event of its code has: nothing is there yet,
    it is no estimate, and it has a native value."""
    parent = element.getparent()
    stated = parent.findtext("{*}Anslag") if parent is not None else None
    if (stated or "").strip() in ("true", "1") or path.is_taken(holder, state):
        return False
    trial: Json = {}
    codec.write(element, trial, "x", state.quiet)
    return "x" in trial


@dataclass
class ConstantRule:
    """An element whose value the grammar fixes; it may be left empty, which says the same (XML Schema 1, 3.3.4)."""

    is_elsewhere: ClassVar[bool] = False
    use: ElementUse
    tag: str
    path: Path
    """To the object that is marked where the element is empty."""

    @property
    def _name(self) -> str:
        return self.use.name.partition(":")[2]

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """Nothing to carry; a value that libxml2 lets pass although the grammar fixes another is lost."""
        with out.block(f"if {element}.text != {self.use.fixed!r}"):
            with out.block(f"if {element}.text"):
                out.line(f"counted.lose({element})")
            with out.block("else"):
                out.line(f"say_present({self.path.opened(holder)}, {self._name!r})")

    def found(self, scene: Scene) -> None:
        """The code for the element; it says nothing of its own."""
        if scene.optional:
            return
        name = scene.element(self.use.name)
        with followed(scene, self.path.steps, scene.holder) as (inner, holder):
            there = "" if inner.is_sure(holder) else f"{holder} is not None and "
            is_empty = f"{there}'extension' in {holder} and is_marked({holder}, {self._name!r}, reading)"
            scene.out.line(
                f"put({element(name, '')!r} if {is_empty} else {element(name, self.use.fixed or '')!r})"
            )


@dataclass
class ElsewhereRule:
    """An element that `envelope.py` handles itself."""

    is_elsewhere: ClassVar[bool] = True
    use: ElementUse

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """Nothing here."""

    def found(self, scene: Scene) -> None:
        """The code that has the other module write the element, where it wants to."""
        name = repr(self.use.name)
        with scene.out.block(f"if {name} in reading.elsewhere"):
            scene.out.line(f"reading.elsewhere[{name}]()")
            scene.out.line(f"{scene.said} = True")


@dataclass
class InsideRule:
    """An element with children ⇄ the same object (path `.`) or an object inside it."""

    is_elsewhere: ClassVar[bool] = False
    use: ElementUse
    structure: Structure
    path: Path
    content: Content
    tag: str
    called: str = ""
    """The name of the function that writes the content, where that is a definition of its own."""
    hook: Hook | None = None
    certain: bool = False
    """Whether the grammar has this element in every content: not optional, and no branch of a choice."""

    @property
    def flat(self) -> bool:
        """Whether the children stand in the same object."""
        return not self.path.steps

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """The code that writes the children into the object; an element that says nothing is marked present."""
        if not self.flat:
            path, holder = self.path.opened(holder), out.variable("inside")
            out.line(f"{holder} = {path}")
        certain = self.certain and self.flat
        heard = said if certain else out.variable("said")
        if not self.called:
            if not certain:
                out.line(f"{heard} = False")
            self.content.written(out, element, holder, heard)
        elif certain and said:
            with out.block(f"if {self.called}({element}, {holder}, state)"):
                out.line(f"{said} = True")
        else:
            out.line(f"{f'{heard} = ' if heard else ''}{self.called}({element}, {holder}, state)")
        if self.hook:
            out.line(f"{out.name(self.hook[0].__name__.strip('_'), self.hook[0])}({holder})")
        if not certain:
            with out.block(f"if not {heard}"):
                out.line(f"say_present({holder}, {self.use.name.partition(':')[2]!r})")
            if said:
                with out.block("else"):
                    out.line(f"{said} = True")

    def found(self, scene: Scene) -> None:
        """The code for an element for each object that says something."""
        out, must = scene.out, self.use.minimum and not scene.optional
        if self.flat:
            self._found_in(scene.inside(same_block=True), "")
            return
        steps = self.path.steps
        if repeats(steps[-1]):
            begin = scene.begin() if must else ""
            with followed(scene, steps[:-1], scene.holder) as (inner, holder):
                each, several = out.variable("each_" + steps[-1].name), several_at(inner, steps[-1], holder)
                with out.block(f"for {each} in {f'({several}) or ({{}},)' if must else several}"):
                    self._found_in(inner.inside(holder=each), begin)
            return
        with followed(scene, steps, scene.holder) as (inner, holder):
            if must:
                holder = inner.variable(
                    holder, "or nothing", holder, f"{{}} if {holder} is None else {holder}"
                )
                self._found_in(inner.inside(holder=holder), "")
            else:
                with out.block(f"if {holder} is not None"):
                    self._found_in(inner.inside(holder=holder), "")

    def _found_in(self, scene: Scene, begin: str) -> None:
        """The code for one element, of the object that is the holder of the scene."""
        out, name, outer = scene.out, scene.element(self.use.name), scene.said
        at, lacked, was_read = (out.variable(word) for word in ("at", "lacked", "was_read"))
        if not self.use.minimum:
            out.line(f"{at}, {lacked}, {was_read} = len(text), len(missing), len(read)")
        elif begin or scene.optional:
            out.line(f"{at} = len(text)")
        out.line(f"put({self.content.start(name)!r})")
        if self.hook:
            prepared = out.variable("prepared")
            prepare = out.name(self.hook[1].__name__.strip("_"), self.hook[1])
            out.line(f"{prepared} = prepared_by({prepare}, {scene.holder}, reading)")
            scene = scene.inside(holder=prepared)
        said = out.variable("said")
        if self.called:
            out.line(f"{said} = {self.called}({scene.holder}, reading)")
        else:
            out.line(f"{said} = False")
            inner = scene.inside(said=said, optional=False, same_block=True)
            self.content.found(inner)
        local = self.use.name.partition(":")[2]
        with out.block(f"if 'extension' in {scene.holder} and is_marked({scene.holder}, {local!r}, reading)"):
            out.line(f"{said} = True")
        stays = self.use.minimum and not scene.optional
        with ExitStack() as blocks:
            if not stays or begin:
                with out.block(f"if not {said}" + (f" and {at} > {begin}" if stays else "")):
                    out.line(f"reading.drop({at})")
                if not self.use.minimum:
                    with out.block(f"elif len(missing) > {lacked}"):
                        out.line(f"reading.drop_unread({at}, {was_read})")
                blocks.enter_context(out.block("else"))
            out.line(f"put({f'</{name}>'!r})")
            out.line(f"{outer} = {said} or {outer}")
            if not self.use.repeats and not self.flat and repeats(self.path.steps[-1]):
                out.line("break")
