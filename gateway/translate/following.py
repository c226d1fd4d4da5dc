"""How does a generated function follow a path through FHIR objects to what is there?

A step to one object becomes a variable (None where it leads nowhere), which further lines of the same block use again;
a repeating step becomes a loop around the lines that follow. What the code calls: `finding.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from gateway.emessage.grammar import Structure
from gateway.translate.codec import Codec
from gateway.translate.datatypes import Text
from gateway.translate.paths import Append, CodeSet, Component, Extension, Hop, Item, Key, Path, Root, Step
from gateway.translate.source import Source


class Scene:
    """Where in a generated function the code of a rule stands."""

    def __init__(self, out: Source, structure: Structure) -> None:
        self.out = out
        self.structure = structure
        self.holder = "holder"
        """The variable of the object that paths start from; never None."""
        self.said = "said"
        """The variable that is true after something was written that FHIR says."""
        self.optional = False
        """The element need not stand here: it is one branch of a choice."""
        self.spans: str | None = None
        """In a repeating choice: the list that notes where the text of each element begins and ends."""
        self._known: dict[tuple[str, Step | str], str] = {}

    def inside(self, *, same_block: bool = False, **changes: str | bool | None) -> Scene:
        """The scene in a block: what is found there is not known after it (unless it is the same block)."""
        made = copy.copy(self)
        if not same_block:
            made._known = dict(self._known)
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    def begin(self) -> str:
        """The variable with the length of the text where a rule begins."""
        name = self.out.variable("begin")
        self.out.line(f"{name} = len(text)")
        return name

    def variable(self, holder: str, step: Step | str, word: str, expression: str) -> str:
        """The variable with the value of the expression for that step from that holder, written once."""
        name = self._known.get((holder, step))
        if name is None:
            name = self._known[holder, step] = self.out.variable(word)
            self.out.line(f"{name} = {expression}")
        return name

    def is_sure(self, variable: str) -> bool:
        """Whether a variable of an object is never None."""
        return variable in ("holder", self.holder) or variable.startswith("each_")

    def if_there(self, variable: str) -> AbstractContextManager[None]:
        """The block for an object that is there."""
        return nullcontext() if self.is_sure(variable) else self.out.block(f"if {variable} is not None")

    def element(self, name: str) -> str:
        """How an element (`prefix:Name`) is called in the text: the root's namespace has no prefix."""
        prefix, _, local = name.partition(":")
        return local if prefix == ("mh" if "mh" in self.structure.namespaces else "ar") else name


def repeats(step: Step) -> bool:
    """Whether a step may lead to several objects."""
    return isinstance(step, Append) or (isinstance(step, Extension) and step.repeats)


@contextmanager
def followed(scene: Scene, steps: tuple[Step, ...], holder: str) -> Iterator[tuple[Scene, str]]:
    """The variable of the object at the end of the steps (or None), in the loops of the steps that repeat."""
    for at, step in enumerate(steps):
        if repeats(step):
            each = scene.out.variable("each_" + step.name)
            with (
                scene.out.block(f"for {each} in {several_at(scene, step, holder)}"),
                followed(scene.inside(), steps[at + 1 :], each) as found,
            ):
                yield found
            return
        word = step.url.rpartition("/")[2] if isinstance(step, Extension) else step.name
        holder = scene.variable(holder, step, word.replace("-", "_"), _one(scene, step, holder))
    yield scene, holder


def has(scene: Scene, holder: str, key: str) -> str:
    """The condition that a value, or what stands beside one, is under the key of an object."""
    condition = f"{key!r} in {holder} or {'_' + key!r} in {holder}"
    return condition if scene.is_sure(holder) else f"{holder} is not None and ({condition})"


def _one(scene: Scene, step: Step, holder: str) -> str:
    """The expression for the one object that a step leads to; None if it is not there."""
    if isinstance(step, Root):
        return f"reading.singletons.get({step.name!r})"
    name = repr(step.name)
    if isinstance(step, Key):
        found = f"x if (x := {holder}.get({name})).__class__ is dict else None"
    elif isinstance(step, Item):
        found = f"object_at({holder}, {name}, {step.index}) if {name} in {holder} else None"
    elif isinstance(step, Hop):
        found = f"reading.follow({holder}.get({name})) if {name} in {holder} else None"
    elif isinstance(step, CodeSet):
        found = f"item_of_set({holder}, {name}, {step.system!r})[1] if {name} in {holder} else None"
    elif isinstance(step, Component):
        found = f"component({holder}, {name}, {step.code!r}, reading) if {name} in {holder} else None"
    elif isinstance(step, Extension):
        found = (
            f"{scene.variable(holder, 'extension', 'extensions', f'by_address({holder})')}.get({step.url!r})"
        )
        return found
    else:
        raise TypeError(step)
    return found if scene.is_sure(holder) else f"None if {holder} is None else {found}"


def several_at(scene: Scene, step: Step, holder: str) -> str:
    """The expression for the objects that a repeating step leads to."""
    if isinstance(step, Extension):
        found = f"extensions_at({holder}, {step.url!r})"
    else:
        found = f"objects({holder}, {step.name!r})"
    return found if scene.is_sure(holder) else f"() if {holder} is None else {found}"


@contextmanager
def value_of(scene: Scene, path: Path, codec: Codec) -> Iterator[str]:
    """The variable of each value at a path that says something to the codec; what is written inside stands in its
    block."""
    with followed(scene, path.before, scene.holder) as (inner, holder):
        last, out, name = path.steps[-1], scene.out, codec_name(scene.out, codec)
        value = out.variable("value")
        if isinstance(codec, Text) and codec.kind.is_plain and isinstance(last, Key):
            with inner.if_there(holder):
                _plain_text(out, value, holder, last.name, name)
                with out.block(f"if {value} is not None"):
                    yield value
            return
        with _slot(inner, last, holder, codec, name) as read:
            out.line(f"{value} = {read}")
            with out.block(f"if {value} is not None"):
                yield value


def _plain_text(out: Source, value: str, holder: str, key: str, codec: str) -> None:
    """The code for a value that is its own text, where nothing stands beside it."""
    beside = "_" + key
    out.line(f"{value} = {holder}.get({key!r})")
    with out.block(f"if {value}.__class__ is str and {beside!r} not in {holder}"):
        out.line(f"read.append((id({holder}), {key!r}))")
    with out.block(f"elif {value} is not None or {beside!r} in {holder}"):
        out.line(f"{value} = {codec}.read({holder}, {key!r}, reading)")


@contextmanager
def _slot(scene: Scene, last: Step, holder: str, kind: Codec, codec: str) -> Iterator[str]:
    """The expression for the value at the last step of a path, in the block where something stands there."""
    out, name = scene.out, repr(last.name)
    at_place = "text_at" if isinstance(kind, Text) and kind.kind.is_plain else "value_at"
    if isinstance(last, Append):
        at = out.variable("at")
        with out.block(f"for {at} in range(length({holder}, {name}))"):
            yield f"{at_place}({codec}, {holder}, {name}, {at}, reading)"
    elif isinstance(last, CodeSet):
        at = out.variable("at")
        out.line(f"{at} = item_of_set({holder}, {name}, {last.system!r})[0]")
        with out.block(f"if {at} is not None"):
            yield f"{at_place}({codec}, {holder}, {name}, {at}, reading)"
    else:
        with out.block(f"if {has(scene, holder, last.name)}"):
            yield (
                f"{at_place}({codec}, {holder}, {name}, {last.index}, reading)"
                if isinstance(last, Item)
                else f"{codec}.read({holder}, {name}, reading)"
            )


@contextmanager
def reference_of(scene: Scene, path: Path, holder: str) -> Iterator[str]:
    """The expression for each reference at a path; what is written inside stands in its loop."""
    with followed(scene, path.before, holder) as (inner, at):
        last, out = path.steps[-1], scene.out
        if isinstance(last, Append):
            each = out.variable("each_reference")
            with out.block(
                f"for {each} in objects({at}, {last.name!r})"
                if inner.is_sure(at)
                else f"for {each} in () if {at} is None else objects({at}, {last.name!r})"
            ):
                yield each
        else:
            found = (
                f"object_at({at}, {last.name!r}, {last.index})"
                if isinstance(last, Item)
                else f"{at}.get({last.name!r})"
            )
            yield found if inner.is_sure(at) else f"None if {at} is None else {found}"


def codec_name(out: Source, codec: Codec) -> str:
    """The name of a codec in the function."""
    return out.name(f"{type(codec).__name__.lower()}_codec", codec)
