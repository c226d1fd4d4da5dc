"""Where in a FHIR resource does a value stand? Paths of the mapping notation.

A path leads from an object (a resource, a datatype, a section, an extension) to the object that holds the value, and
the key under which it stands there. For writing, a path says the code that makes what is missing on the way
(`places.py` has what that code calls); how a path is read: `following.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from gateway.fhir.canonical import code_system, extension_url
from gateway.translate.codec import Json


class Resources(Protocol):
    """What a path needs of the translation at hand."""

    def the(self, resource_type: str, create: bool) -> Json | None:
        """The one resource of that type of this message or document."""
        ...


class Step(Protocol):
    """One step of a path, from an object to the next one."""

    @property
    def name(self) -> str:
        """The key the step looks under."""
        ...

    def opened(self, holder: str) -> str:
        """The code for the object the step leads to, made if it is not there (a further one for a repeating step)."""
        ...


@dataclass(frozen=True)
class Key:
    """`a`: an object inside the object."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: the object, made if it is not there."""
        return f"{holder}.setdefault({self.name!r}, {{}})"


@dataclass(frozen=True)
class Item:
    """`a[0]`: a place in an array."""

    name: str
    index: int

    def opened(self, holder: str) -> str:
        """The code for it: the item at that place, made if it is not there."""
        return f"item({holder}, {self.name!r}, {self.index})"


@dataclass(frozen=True)
class Append:
    """`a[]`: one item for each occurrence."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: a further item."""
        return f"further({holder}, {self.name!r})"


@dataclass(frozen=True)
class CodeSet:
    """`a[9033]`: the item whose coding is of a code set."""

    name: str
    system: str

    def opened(self, holder: str) -> str:
        """The code for it: a further item: the value that is written next brings the code set."""
        return f"further({holder}, {self.name!r})"


@dataclass(frozen=True)
class Component:
    """`a[code=X]`: the item whose code is X of our component code system."""

    name: str
    code: str

    def opened(self, holder: str) -> str:
        """The code for it: the item, made with its code if it is not there."""
        return f"component({holder}, {self.name!r}, {self.code!r})"


@dataclass(frozen=True)
class Extension:
    """`ext(x)`: an extension by its address; `ext(x)[]`: one for each occurrence."""

    url: str
    repeats: bool = False
    name: str = "extension"

    def opened(self, holder: str) -> str:
        """The code for it: the extension, made if it is not there (a further one if it repeats)."""
        return f"{'further_extension' if self.repeats else 'extension'}({holder}, {self.url!r})"


@dataclass(frozen=True)
class Hop:
    """`a(Type)`: follow the reference, to a resource that is made when needed."""

    name: str
    resource_type: str

    def opened(self, holder: str) -> str:
        """The code for it: the resource referred to, made with the reference if there is none."""
        return f"state.referred({holder}, {self.name!r}, {self.resource_type!r})"


@dataclass(frozen=True)
class Root:
    """`Patient`: the one resource of that type."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: the resource, made if it is not there."""
        return f"state.the({self.name!r}, create=True)"


_STEP = re.compile(
    r"(?P<name>[\w\-]+|ext\((?P<ext>[^)]+)\))(?P<hop>\((?P<type>[A-Z]\w+)\))?(?P<index>\[(?P<at>[^\]]*)\])?(?:\.|$)"
)


def parse(text: str) -> tuple[Step, ...]:
    """The steps of a path as written in a definition. Raises ValueError on text that is no path."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if not match:
            raise ValueError(text)
        position = match.end()
        steps.extend(_steps(match, first=not steps))
    return tuple(steps)


def _steps(match: re.Match[str], *, first: bool) -> list[Step]:
    name, at = match["name"], match["at"]
    if match["ext"]:
        url = match["ext"] if match["ext"].startswith("http") else extension_url(match["ext"])
        extension = Extension(url, repeats=at == "")
        return [extension, Hop("valueReference", match["type"])] if match["type"] else [extension]
    if match["type"]:
        return [Hop(name, match["type"])]
    if first and name[0].isupper():
        return [Root(name)]
    if at is None:
        return [Key(name)]
    if at == "":
        return [Append(name)]
    if at.startswith("code="):
        return [Component(name, at[5:])]
    return [Item(name, int(at)) if int(at) < 100 else CodeSet(name, code_system(at))]


class Path:
    """A compiled path: its steps to the holder, and the last step to the value."""

    def __init__(self, text: str, value_key: str) -> None:
        steps = parse(text) if text != "." else ()
        if steps and isinstance(steps[-1], Extension) and value_key:
            steps = (*steps, Key(value_key))
        self.text = text
        self.steps = steps
        self.before = steps[:-1]
        self.in_extension = any(isinstance(step, Extension) for step in steps)
        last = steps[-1] if steps else None
        self.key = last.name if isinstance(last, Key) else None
        """The key of the value, for the common path that ends in one."""

    def opened(self, holder: str) -> str:
        """The code for the object at the end of the path, made if it is not there; a further one for a repeating last
        step."""
        return _opened(self.steps, holder)

    def written(self, codec: str, source: str, holder: str) -> str:
        """The code that has a codec write a (further) value; these are names in that code."""
        holder, last = _opened(self.before, holder), self.steps[-1]
        if isinstance(last, Item):
            return f"write_item({codec}, {source}, {holder}, {last.name!r}, {last.index}, counted)"
        if isinstance(last, Append | CodeSet):
            return f"write_further({codec}, {source}, {holder}, {last.name!r}, counted)"
        return f"{codec}.write({source}, {holder}, {last.name!r}, counted)"

    def put(self, value: str, holder: str) -> str:
        """The code that puts a finished value at the end of the path; a further one for a repeating last step."""
        holder, last = _opened(self.before, holder), self.steps[-1]
        if isinstance(last, Item):
            return f"put_item({holder}, {last.name!r}, {last.index}, {value})"
        if isinstance(last, Append | CodeSet):
            return f"put_further({holder}, {last.name!r}, {value})"
        return f"{holder}[{last.name!r}] = {value}"

    def is_taken(self, holder: Json, resources: Resources) -> bool:
        """Whether a value stands there already (for a path of names, from the one resource of a type)."""
        for step in self.before:
            found = (
                resources.the(step.name, create=False) if isinstance(step, Root) else holder.get(step.name)
            )
            if found is None:
                return False
            holder = found
        return self.key in holder or f"_{self.key}" in holder


def _opened(steps: tuple[Step, ...], holder: str) -> str:
    for step in steps:
        holder = step.opened(holder)
    return holder
