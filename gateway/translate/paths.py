"""Where in a FHIR resource does a value stand? Paths of the mapping notation, written and read.

A path leads from an object (a resource, a datatype, a section, an extension) to a *slot*: the object that holds the
value and the key under which it stands there. Reading finds what is there; for writing, a path says the code that
makes what is missing on the way (`places.py` has what that code calls).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.fhir.canonical import code_system, component_system, extension_url, is_of
from gateway.translate.codec import Codec, Json


class Resources(Protocol):
    """What a path needs of the translation at hand: resources by reference, and new ones."""

    def follow(self, reference: object) -> Json | None:
        """The resource a Reference points to; None when there is no reference."""
        ...

    def the(self, resource_type: str, create: bool) -> Json | None:
        """The one resource of that type of this message or document."""
        ...

    def used(self, holder: Json, key: str) -> None:
        """Notes that what stands there has been read."""
        ...

    def used_all(self, holder: Any) -> None:
        """Notes that everything below has been read."""
        ...


class Slot:
    """A place for one value: `holder[key]`, or `holder[key][index]`."""

    __slots__ = ("holder", "index", "key")

    def __init__(self, holder: Json, key: str, index: int | None = None) -> None:
        self.holder = holder
        self.key = key
        self.index = index

    @property
    def value(self) -> Any:
        """What stands there; None if nothing does."""
        found = self.holder.get(self.key)
        if self.index is None:
            return found
        return found[self.index] if isinstance(found, list) and len(found) > self.index else None

    def read(self, codec: Codec, resources: Any) -> Any:
        """Has the codec take the value from there."""
        if self.index is None:
            return codec.read(self.holder, self.key, resources)
        item: Json = {}
        for key, name in (("item", self.key), ("_item", "_" + self.key)):
            found = self.holder.get(name)
            if isinstance(found, list) and len(found) > self.index and found[self.index] is not None:
                item[key] = found[self.index]
        value = codec.read(item, "item", resources)
        if value is not None:
            resources.used(self.holder, f"{self.key}[{self.index}]")
        return value


class Step(Protocol):
    """One step of a path, from an object to the next one."""

    @property
    def name(self) -> str:
        """The key the step looks under."""
        ...

    def opened(self, holder: str) -> str:
        """The code for the object the step leads to, made if it is not there (a further one for a repeating step)."""
        ...

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The objects the step leads to that are there, in order."""
        ...


def _objects(holder: Json, name: str) -> list[Json]:
    found = holder.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


@dataclass(frozen=True)
class Key:
    """`a`: an object inside the object."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: the object, made if it is not there."""
        return f"{holder}.setdefault({self.name!r}, {{}})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The object, if it is there."""
        found = holder.get(self.name)
        return [found] if isinstance(found, dict) else []


@dataclass(frozen=True)
class Item:
    """`a[0]`: a place in an array."""

    name: str
    index: int

    def opened(self, holder: str) -> str:
        """The code for it: the item at that place, made if it is not there."""
        return f"item({holder}, {self.name!r}, {self.index})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The item at that place, if it is there."""
        items = holder.get(self.name)
        if isinstance(items, list) and len(items) > self.index and isinstance(items[self.index], dict):
            return [items[self.index]]
        return []


@dataclass(frozen=True)
class Append:
    """`a[]`: one item for each occurrence."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: a further item."""
        return f"further({holder}, {self.name!r})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """All items."""
        return _objects(holder, self.name)


@dataclass(frozen=True)
class CodeSet:
    """`a[9033]`: the item whose coding is of a code set."""

    name: str
    system: str

    def opened(self, holder: str) -> str:
        """The code for it: a further item: the value that is written next brings the code set."""
        return f"further({holder}, {self.name!r})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The first item of the code set."""
        return [item for item in _objects(holder, self.name) if self.fits(item)][:1]

    def fits(self, item: object) -> bool:
        """Whether an item has a coding of the set."""
        codings = item.get("coding", ()) if isinstance(item, dict) else ()
        return any(isinstance(coding, dict) and is_of(coding, self.system) for coding in codings)


@dataclass(frozen=True)
class Component:
    """`a[code=X]`: the item whose code is X of our component code system."""

    name: str
    code: str

    def opened(self, holder: str) -> str:
        """The code for it: the item, made with its code if it is not there."""
        return f"component({holder}, {self.name!r}, {self.code!r})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The item with that code."""
        for item in _objects(holder, self.name):
            for coding in item.get("code", {}).get("coding", ()):
                if coding.get("code") == self.code and coding.get("system") == component_system():
                    resources.used_all(item["code"])
                    return [item]
        return []


@dataclass(frozen=True)
class Extension:
    """`ext(x)`: an extension by its address; `ext(x)[]`: one for each occurrence."""

    url: str
    repeats: bool = False
    name: str = "extension"

    def opened(self, holder: str) -> str:
        """The code for it: the extension, made if it is not there (a further one if it repeats)."""
        return f"{'further_extension' if self.repeats else 'extension'}({holder}, {self.url!r})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The extensions with that address."""
        found = [extension for extension in _objects(holder, "extension") if extension.get("url") == self.url]
        return found if self.repeats else found[:1]


@dataclass(frozen=True)
class Hop:
    """`a(Type)`: follow the reference, to a resource that is made when needed."""

    name: str
    resource_type: str

    def opened(self, holder: str) -> str:
        """The code for it: the resource referred to, made with the reference if there is none."""
        return f"state.referred({holder}, {self.name!r}, {self.resource_type!r})"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The resource referred to."""
        target = resources.follow(holder.get(self.name))
        if target is None:
            return []
        resources.used(holder, self.name)
        return [target]


@dataclass(frozen=True)
class Root:
    """`Patient`: the one resource of that type."""

    name: str

    def opened(self, holder: str) -> str:
        """The code for it: the resource, made if it is not there."""
        return f"state.the({self.name!r}, create=True)"

    def look(self, holder: Json, resources: Resources) -> list[Json]:
        """The resource, if it is there."""
        found = resources.the(self.name, create=False)
        return [] if found is None else [found]


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
        first = steps[0].name if steps and not isinstance(steps[0], Root) else None
        self.looks_under: tuple[str, str] | None = (first, "_" + first) if first else None
        """The keys without which nothing of this path is there; None where that cannot be told from the holder."""
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

    def referred(self, reference: str, holder: str) -> str:
        """The code that puts a reference at the end of the path."""
        holder, last = _opened(self.before, holder), self.steps[-1]
        if isinstance(last, Item):
            return f"refer_item({holder}, {last.name!r}, {last.index}, {reference})"
        if isinstance(last, Append | CodeSet):
            return f"{holder}.setdefault({last.name!r}, []).append({reference})"
        return f"{holder}[{last.name!r}] = {reference}"

    def find(self, holder: Json, resources: Resources) -> list[Slot]:
        """The slots that are there, in order."""
        key = self.key
        if key is not None:
            if not self.before:
                return [Slot(holder, key)] if key in holder or "_" + key in holder else []
            holders = self._holders(holder, self.before, resources)
            return [Slot(found, key) for found in holders if key in found or "_" + key in found]
        last = self.steps[-1]
        return [
            slot for found in self._holders(holder, self.before, resources) for slot in _slots(found, last)
        ]

    def find_objects(self, holder: Json, resources: Resources) -> list[Json]:
        """The objects at the end of the path, in order."""
        return self._holders(holder, self.steps, resources)

    def _holders(self, holder: Json, steps: tuple[Step, ...], resources: Resources) -> list[Json]:
        found = [holder]
        for step in steps:
            if len(found) == 1:
                found = step.look(found[0], resources)
            else:
                found = [inner for outer in found for inner in step.look(outer, resources)]
            if not found:
                return found
        return found


def _opened(steps: tuple[Step, ...], holder: str) -> str:
    for step in steps:
        holder = step.opened(holder)
    return holder


def _slots(holder: Json, last: Step) -> list[Slot]:
    """The slots of a last step that is no plain key."""
    length = _length(holder, last.name)
    if isinstance(last, Append):
        return [Slot(holder, last.name, at) for at in range(length)]
    if isinstance(last, CodeSet):
        return [
            Slot(holder, last.name, at)
            for at, item in enumerate(holder.get(last.name, ()))
            if last.fits(item)
        ][:1]
    if isinstance(last, Item):
        return [Slot(holder, last.name, last.index)] if length > last.index else []
    return [Slot(holder, last.name)] if last.name in holder or "_" + last.name in holder else []


def _length(holder: Json, name: str) -> int:
    found, meta = holder.get(name), holder.get("_" + name)
    return max(len(found) if isinstance(found, list) else 0, len(meta) if isinstance(meta, list) else 0)
