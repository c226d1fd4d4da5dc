"""What does one line of a mapping do that carries a value, or stands inside the same object?

Both directions use the same path and the same codec. Lines that make a resource of their own: `links.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from gateway.emessage.grammar import ElementUse, Structure
from gateway.fhir.canonical import PRESENT, code_system, is_of
from gateway.translate.codec import Attributes, Codec, Json
from gateway.translate.content import Content, Found, Place
from gateway.translate.paths import Path
from gateway.translate.source import Source
from gateway.translate.state import State

Hook = tuple[Callable[[Json], None], Callable[[Json], tuple[Json, tuple[str, ...]]]]
"""complete and prepare (`hooks.py`)."""


def _required(use: ElementUse, structure: Structure, path: str, state: State) -> list[Found]:
    """The element that must stand although FHIR says nothing: empty where its type allows it, else a refusal."""
    kind = structure.complex_type(use.type)
    if kind is None and structure.simple_base(use.type) not in ("string", "anyURI", "token"):
        state.demand(path)
    return [Found(etree.Element(structure.tag(use.name)), -1)]


@dataclass
class ValueRule:
    """An element with a value ⇄ a slot."""

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

    def __post_init__(self) -> None:
        optional = self.use.minimum == 0 and not self.unless
        self.looks_under = self.path.looks_under if optional else None

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
                self._written(out, path, codec, element, holder)
            word = "elif"
        if self.unless:
            with out.block("else"):
                self._written(out, self.path, codec, element, holder)
        else:
            self._written(out, self.path, codec, element, holder)
        if said:
            out.line(f"{said} = True")

    @staticmethod
    def _written(out: Source, path: Path, codec: str, element: str, holder: str) -> None:
        out.line(f"counted.place = {element}, None, {path.text!r}, {path.in_extension}")
        out.line(path.written(codec, element, holder))

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each slot that says something."""
        slots = self.path.find(place.holder, state)
        if not slots and self.unless:
            path = self.unless.get(event_code(place.holder))
            slots = path.find(place.holder, state) if path else []
        found: list[Found] = []
        for slot in slots:
            value = slot.read(self.codec, state)
            if value is not None:
                found.append(Found(_filled(self.tag, value)))
                if not self.use.repeats:
                    return found
        if not found and self.use.minimum:
            if self.default is not None:
                state.assume(self.tag, self.default, states=self.states)
                return [Found(_filled(self.tag, self.default), -1)]
            return _required(self.use, self.structure, self._fhir_path(), state)
        return found

    def _fhir_path(self) -> str:
        path = self.path.text
        return (path if path[0].isupper() else f"{self.owner}.{path}").replace("ext(", "extension(")

    def speaks(self, place: Place, state: State) -> bool:
        """Whether a value stands there."""
        slots = self.path.find(place.holder, state)
        if any(slot.read(self.codec, state.quiet) is not None for slot in slots):
            return True
        return any(path.find(place.holder, state) for path in self.unless.values())


def event_code(holder: Json) -> str:
    """The code of 9121 (Hendelsekode) that an Observation has; empty if none."""
    codings = holder.get("code", {}).get("coding", ())
    return next((str(c.get("code")) for c in codings if is_of(c, code_system("9121"))), "")


def may_stand_at(path: Path, codec: Codec, element: etree._Element, holder: Json, state: State) -> bool:
    """Whether a value may stand at the place that only the first certain event of its code has: nothing is there yet,
    it is no estimate, and it has a native value."""
    parent = element.getparent()
    stated = parent.findtext("{*}Anslag") if parent is not None else None
    if (stated or "").strip() in ("true", "1") or path.find(holder, state):
        return False
    trial: Json = {}
    codec.write(element, trial, "x", state.quiet)
    return "x" in trial


def _filled(tag: str, value: str | Attributes | etree._Element) -> etree._Element:
    element = etree.Element(tag)
    if isinstance(value, str):
        element.text = value or None
    elif isinstance(value, etree._Element):
        element.attrib.update(value.attrib)
        element.text = value.text
        element.extend(copy.deepcopy(child) for child in value)  # a copy brings its namespace along
    else:
        for name, text in value.items():
            element.set(name, text)
    return element


@dataclass
class ConstantRule:
    """An element whose value the grammar fixes."""

    use: ElementUse
    tag: str
    looks_under: tuple[str, str] | None = None

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """Nothing to carry; a value that libxml2 lets pass although the grammar fixes another is lost."""
        with out.block(f"if {element}.text != {self.use.fixed!r}"):
            out.line(f"counted.lose({element})")

    def read(self, place: Place, state: State) -> list[Found]:
        """The fixed value."""
        return [Found(_filled(self.tag, self.use.fixed or ""), -1)]

    def speaks(self, place: Place, state: State) -> bool:
        """Never: it says nothing of its own."""
        return False


@dataclass
class ElsewhereRule:
    """An element that `envelope.py` handles itself."""

    use: ElementUse
    looks_under: tuple[str, str] | None = None

    def written(self, out: Source, element: str, holder: str, said: str | None) -> None:
        """Nothing here."""

    def read(self, place: Place, state: State) -> list[Found]:
        """Nothing here."""
        return []

    def speaks(self, place: Place, state: State) -> bool:
        """Never here."""
        return False


@dataclass
class InsideRule:
    """An element with children ⇄ the same object (path `.`) or an object inside it."""

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

    def __post_init__(self) -> None:
        self.looks_under = self.path.looks_under if self.use.minimum == 0 else None

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

    def read(self, place: Place, state: State) -> list[Found]:
        """One element for each object that says something."""
        holders = [place.holder] if self.flat else self.path.find_objects(place.holder, state)
        found: list[Found] = []
        for holder in holders:
            prepared, keys = self.hook[1](holder) if self.hook else (holder, ())
            if prepared is not holder:
                state.stands_for(prepared, holder)
            for key in keys:
                state.used(holder, key)
            element = etree.Element(self.tag)
            before = state.mark(element)
            said = self.content.read(element, self._inner(prepared, place), state)
            said = self._marked(prepared, state) or said
            if not said and not self.use.minimum:
                state.back_to(before, element)
            elif said and not self.use.minimum and len(state.missing) > before.missing:
                state.unread_from(before, element)
                continue
            if said or (self.use.minimum and not found):
                found.append(Found(element, 0 if said else -1))
            if found and not self.use.repeats:
                break
        if not found and self.use.minimum:
            element = etree.Element(self.tag)
            self.content.read(element, self._inner({}, place), state)
            found.append(Found(element, -1))
        return found

    def _inner(self, holder: Json, place: Place) -> Place:
        return Place(holder, place.section, place.own, chain=place.chain) if self.flat else Place(holder)

    def speaks(self, place: Place, state: State) -> bool:
        """Whether anything below stands in FHIR."""
        holders = [place.holder] if self.flat else self.path.find_objects(place.holder, state)
        return any(
            self._says(self.hook[1](holder)[0] if self.hook else holder, place, state) for holder in holders
        )

    def _says(self, holder: Json, place: Place, state: State) -> bool:
        return self._marked(holder, state) or self.content.speaks(self._inner(holder, place), state)

    def _marked(self, holder: Json, state: State) -> bool:
        name = self.use.name.partition(":")[2]
        for extension in holder.get("extension", ()):
            if (
                isinstance(extension, dict)
                and extension.get("url") == PRESENT
                and extension.get("valueCode") == name
            ):
                state.used(extension, "valueCode")
                return True
        return False
