"""Where in a FHIR resource does a value stand? Paths of the mapping notation, written and read.

A path leads from an object (a resource, a datatype, a section, an extension) to a *slot*: the object that holds the
value and the key under which it stands there. Writing makes what is missing on the way; reading finds what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.fhir.canonical import code_system, component_system, extension_url

Json = dict[str, Any]


class Resources(Protocol):
    """What a path needs of the translation at hand: resources by reference, and new ones."""

    def follow(self, reference: object) -> Json | None:
        """The resource a Reference points to; None when there is no reference."""
        ...

    def create(self, resource_type: str, place: str) -> Json:
        """A new resource of the type in the Bundle."""
        ...

    def reference_to(self, resource: Json) -> Json:
        """A Reference to a resource of the Bundle."""
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


@dataclass
class Slot:
    """A place for one value: `holder[key]`, or `holder[key][index]`."""

    holder: Json
    key: str
    index: int | None = None

    @property
    def value(self) -> Any:
        """What stands there; None if nothing does."""
        found = self.holder.get(self.key)
        if self.index is None:
            return found
        return found[self.index] if isinstance(found, list) and len(found) > self.index else None

    @value.setter
    def value(self, value: Any) -> None:
        if self.index is None:
            self.holder[self.key] = value
        else:
            _item(self.holder, self.key, self.index)[self.index] = value

    @property
    def meta(self) -> Json:
        """The primitive's own element (`_key`) with its extensions; empty if there is none."""
        found = self.holder.get("_" + self.key)
        if self.index is not None:
            found = found[self.index] if isinstance(found, list) and len(found) > self.index else None
        return found if isinstance(found, dict) else {}

    @meta.setter
    def meta(self, value: Json) -> None:
        if self.index is None:
            self.holder["_" + self.key] = value
        else:
            _item(self.holder, "_" + self.key, self.index)[self.index] = value
            _item(self.holder, self.key, self.index)


def _item(holder: Json, key: str, index: int) -> list[Any]:
    items = holder.setdefault(key, [])
    items.extend([None] * (index + 1 - len(items)))
    return items  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Step:
    """One step of a path. `kind`: key, item, append, code_set, component, extension, extensions, hop, root."""

    kind: str
    name: str
    argument: str = ""


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


def _steps(match: re.Match[str], *, first: bool) -> Iterator[Step]:
    name, at = match["name"], match["at"]
    if match["ext"]:
        url = match["ext"] if match["ext"].startswith("http") else extension_url(match["ext"])
        yield Step("extensions" if at == "" else "extension", "extension", url)
        if match["type"]:
            yield Step("hop", "valueReference", match["type"])
    elif match["type"]:
        yield Step("hop", name, match["type"])
    elif first and name[0].isupper():
        yield Step("root", name)
    elif at is None:
        yield Step("key", name)
    elif at == "":
        yield Step("append", name)
    elif at.startswith("code="):
        yield Step("component", name, at[5:])
    elif int(at) < 100:
        yield Step("item", name, at)
    else:
        yield Step("code_set", name, code_system(at))


class Path:
    """A compiled path: its steps to the holder, and the last step to the value."""

    def __init__(self, text: str, value_key: str) -> None:
        steps = parse(text) if text != "." else ()
        if steps and steps[-1].kind in ("extension", "extensions") and value_key:
            steps = (*steps, Step("key", value_key))
        self.text = text
        self.steps = steps
        self.repeats = any(step.kind in ("append", "extensions") for step in steps)
        self.in_extension = any(step.kind in ("extension", "extensions") for step in steps)

    def open(self, holder: Json, resources: Resources) -> Slot:
        """The slot for a (further) value, made if it is not there."""
        for step in self.steps[:-1]:
            holder = _enter(holder, step, resources)
        last = self.steps[-1]
        if last.kind == "item":
            return Slot(holder, last.name, int(last.argument))
        if last.kind in ("append", "code_set"):
            items = holder.setdefault(last.name, [])
            items.append(None)
            return Slot(holder, last.name, len(items) - 1)
        return Slot(holder, last.name)

    def open_object(self, holder: Json, resources: Resources) -> Json:
        """The object at the end of the path, made if it is not there; a further one for a repeating last step."""
        for step in self.steps:
            holder = _enter(holder, step, resources)
        return holder

    def find(self, holder: Json, resources: Resources) -> list[Slot]:
        """The slots that are there, in order."""
        last = self.steps[-1]
        slots: list[Slot] = []
        for found in self._holders(holder, self.steps[:-1], resources):
            if last.kind == "append":
                slots += [Slot(found, last.name, at) for at in range(_length(found, last.name))]
            elif last.kind == "code_set":
                items = found.get(last.name)
                matching = [
                    at
                    for at, item in enumerate(items if isinstance(items, list) else ())
                    if _has_system(item, last.argument)
                ]
                slots += [Slot(found, last.name, at) for at in matching[:1]]
            elif last.kind == "item":
                slots += (
                    [Slot(found, last.name, int(last.argument))]
                    if _length(found, last.name) > int(last.argument)
                    else []
                )
            elif last.name in found or "_" + last.name in found:
                slots.append(Slot(found, last.name))
        return slots

    def find_objects(self, holder: Json, resources: Resources) -> list[Json]:
        """The objects at the end of the path, in order."""
        return self._holders(holder, self.steps, resources)

    def _holders(self, holder: Json, steps: tuple[Step, ...], resources: Resources) -> list[Json]:
        found = [holder]
        for step in steps:
            found = [inner for outer in found for inner in _look(outer, step, resources)]
        return found


def _length(holder: Json, name: str) -> int:
    found, meta = holder.get(name), holder.get("_" + name)
    return max(len(found) if isinstance(found, list) else 0, len(meta) if isinstance(meta, list) else 0)


def _enter(holder: Json, step: Step, resources: Resources) -> Json:
    kind, name = step.kind, step.name
    if kind == "key":
        return holder.setdefault(name, {})  # type: ignore[no-any-return]
    if kind == "root":
        found = resources.the(name, create=True)
        assert found is not None
        return found
    if kind == "hop":
        target = resources.follow(holder.get(name))
        if target is None:
            target = resources.create(step.argument, step.argument)
            holder[name] = resources.reference_to(target)
        return target
    if kind == "item":
        items = _item(holder, name, int(step.argument))
        if items[int(step.argument)] is None:
            items[int(step.argument)] = {}
        return items[int(step.argument)]  # type: ignore[no-any-return]
    existing = [] if kind in ("append", "extensions") else _look(holder, step, resources)
    if existing:
        return existing[0]
    made = _new_item(step)
    holder.setdefault(name, []).append(made)
    return made


def _new_item(step: Step) -> Json:
    if step.kind in ("extension", "extensions"):
        return {"url": step.argument}
    if step.kind == "component":
        return {"code": {"coding": [{"system": component_system(), "code": step.argument}]}}
    return {}


def _look(holder: Json, step: Step, resources: Resources) -> list[Json]:
    kind, name = step.kind, step.name
    if kind == "root":
        found = resources.the(name, create=False)
        return [found] if found is not None else []
    if kind == "hop":
        target = resources.follow(holder.get(name))
        if target is not None:
            resources.used(holder, name)
        return [target] if target is not None else []
    value = holder.get(name)
    if kind == "key":
        return [value] if isinstance(value, dict) else []
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    if kind == "item":
        at = int(step.argument)
        return (
            [value[at]] if isinstance(value, list) and len(value) > at and isinstance(value[at], dict) else []
        )
    if kind == "append":
        return items
    if kind == "code_set":
        return [item for item in items if _has_system(item, step.argument)][:1]
    if kind == "component":
        matching = [item for item in items if _has_code(item.get("code"), step.argument)][:1]
        for item in matching:
            resources.used_all(item["code"])
        return matching
    matching = [item for item in items if item.get("url") == step.argument]
    for item in matching:
        resources.used(item, "url")
    return matching if kind == "extensions" else matching[:1]


def _has_system(item: object, system: str) -> bool:
    return isinstance(item, dict) and any(
        isinstance(coding, dict) and coding.get("system") == system for coding in item.get("coding", ())
    )


def _has_code(concept: object, code: str) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(
        isinstance(c, dict) and c.get("code") == code and c.get("system") == component_system()
        for c in codings
    )
