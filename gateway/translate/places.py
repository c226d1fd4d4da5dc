"""What do the generated functions do again and again on the objects of a resource?

Each step of a path (`paths.py`) opens its place with one of these; what is not there is made. Nothing is looked up in
the message, and nothing is counted here.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from gateway.fhir.canonical import PRESENT, component_system
from gateway.translate.codec import Codec, Json, Notes

_COMPONENTS = component_system()


def item(holder: Json, name: str, index: int) -> Json:
    """`a[0]`: the object at that place of the list, made if it is not there."""
    items: list[Any] | None = holder.get(name)
    if items is None and index == 0:  # by far the most
        first: Json = {}
        holder[name] = [first]
        return first
    if items is None or len(items) <= index:
        items = _long_enough(holder, name, index)
    found: Json | None = items[index]
    if found is None:
        found = items[index] = {}
    return found


def further(holder: Json, name: str) -> Json:
    """`a[]`: one more object in the list."""
    made: Json = {}
    holder.setdefault(name, []).append(made)
    return made


def component(holder: Json, name: str, code: str) -> Json:
    """`a[code=X]`: the object with that code of our component code system, made if it is not there."""
    for found in holder.setdefault(name, []):
        for coding in found["code"]["coding"]:
            if coding["code"] == code and coding["system"] == _COMPONENTS:
                return found  # type: ignore[no-any-return]
    made: Json = {"code": concept_of_component(code)}
    holder[name].append(made)
    return made


def extension(holder: Json, url: str) -> Json:
    """`ext(x)`: the extension with that address, made if it is not there."""
    extensions = holder.setdefault("extension", [])
    for found in extensions:
        if found["url"] == url:
            return found  # type: ignore[no-any-return]
    made: Json = {"url": url}
    extensions.append(made)
    return made


def further_extension(holder: Json, url: str) -> Json:
    """`ext(x)[]`: one more extension with that address."""
    made: Json = {"url": url}
    holder.setdefault("extension", []).append(made)
    return made


def say_present(holder: Json, name: str) -> None:
    """Marks that an element is there, although it says nothing."""
    holder.setdefault("extension", []).append({"url": PRESENT, "valueCode": name})


def write_item(
    codec: Codec, source: etree._Element | str, holder: Json, name: str, index: int, notes: Notes
) -> None:
    """Has the codec write a value at a place of a list; what is no native value stands in a list beside it."""
    made: Json = {}
    codec.write(source, made, "item", notes)
    if (
        index == 0 and "_item" not in made and name not in holder and "_" + name not in holder
    ):  # by far the most
        holder[name] = [made.get("item")]
        return
    for key, beside in (("item", name), ("_item", "_" + name)):
        if key in made:
            _long_enough(holder, beside, index)[index] = made[key]
    values = _long_enough(holder, name, index)
    if "_" + name in holder:  # R4 wants both lists equally long
        _long_enough(holder, "_" + name, len(values) - 1)


def write_further(codec: Codec, source: etree._Element | str, holder: Json, name: str, notes: Notes) -> None:
    """Has the codec write one more value of a list."""
    items = holder.setdefault(name, [])
    items.append(None)
    write_item(codec, source, holder, name, len(items) - 1, notes)


def put_item(holder: Json, name: str, index: int, value: Any) -> None:
    """Puts a native value at a place of a list."""
    beside = "_" + name
    if index == 0 and name not in holder and beside not in holder:  # by far the most
        holder[name] = [value]
        return
    values = _long_enough(holder, name, index)
    values[index] = value
    if beside in holder:  # R4 wants both lists equally long
        _long_enough(holder, beside, len(values) - 1)


def put_further(holder: Json, name: str, value: Any) -> None:
    """Puts one more native value in a list."""
    put_item(holder, name, len(holder.get(name, ())), value)


def concept_of_component(name: str) -> Json:
    """The CodeableConcept whose code is an e-message element name."""
    return {"coding": [{"system": _COMPONENTS, "code": name}]}


def section(holder: Json, name: str) -> Json:
    """One more section, coded with the element's name."""
    made: Json = {"code": concept_of_component(name)}
    holder.setdefault("section", []).append(made)
    return made


def say_empty(made: Json) -> None:
    """Marks that a section holds nothing."""
    if "entry" not in made and "section" not in made:
        made["text"] = {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">–</div>'}


def entries_of_section(holder: Json, name: str) -> list[Json]:
    """The entries of the open section of this name: the last one, so that neighbours share a section."""
    sections = holder.setdefault("section", [])
    if not sections or not is_section(sections[-1], name):
        sections.append({"code": concept_of_component(name), "entry": []})
    return sections[-1]["entry"]  # type: ignore[no-any-return]


def is_section(found: object, name: str) -> bool:
    """Whether it is a section coded with that element name."""
    if not isinstance(found, dict):
        return False
    for coding in found.get("code", {}).get("coding", ()):
        if coding.get("code") == name and coding.get("system") == _COMPONENTS:
            return True
    return False


def _long_enough(holder: Json, name: str, index: int) -> list[Any]:
    """The list, filled up so that it has that place."""
    items: list[Any] = holder.setdefault(name, [])
    if len(items) <= index:
        items.extend([None] * (index + 1 - len(items)))
    return items
