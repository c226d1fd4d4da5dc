"""What do the generated functions find in the objects of a Bundle?

Whatever has another shape than R4 wants is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from gateway.fhir.canonical import PRESENT, code_system, component_system, is_of
from gateway.translate.codec import Attributes, Codec, Json
from gateway.translate.primitives import primitive
from gateway.translate.reading import Reading
from gateway.translate.wording import element, is_plain

AT = "[]"
"""The key of one value of a list while it is read by itself."""
_COMPONENTS = component_system()
_EVENTS = code_system("9121")
_NUMBER = primitive("decimal", "double")
_NOTHING: Mapping[Any, Json] = {}


def object_at(holder: Json, name: str, index: int) -> Json | None:
    """`a[0]`: the object at that place of a list."""
    found = holder.get(name)
    if found.__class__ is list and len(found) > index and found[index].__class__ is dict:
        return found[index]  # type: ignore[no-any-return]
    return None


def objects(holder: Json, name: str) -> list[Json]:
    """`a[]`: the objects of a list."""
    found = holder.get(name)
    return [item for item in found if item.__class__ is dict] if isinstance(found, list) else []


def by_address(holder: Json | None) -> Mapping[Any, Json]:
    """Address → the first extension of the object with it."""
    if holder is None or "extension" not in holder:
        return _NOTHING
    found: dict[str, Json] = {}
    extensions = holder["extension"]
    for extension in extensions if extensions.__class__ is list else ():
        if extension.__class__ is dict and (address := extension.get("url")).__class__ is str:
            found.setdefault(address, extension)
    return found


def extensions_at(holder: Json, address: str) -> list[Json]:
    """`ext(x)[]`: the extensions with that address."""
    return [extension for extension in objects(holder, "extension") if extension.get("url") == address]


def component(holder: Json, name: str, code: str, reading: Reading) -> Json | None:
    """`a[code=X]`: the first object of a list with that code of our component code system."""
    for item in objects(holder, name):
        for coding in item.get("code", {}).get("coding", ()):
            if coding.get("code") == code and coding.get("system") == _COMPONENTS:
                reading.used_component(item["code"])
                return item
    return None


def item_of_set(holder: Json | None, name: str, system: str) -> tuple[int | None, Json | None]:
    """`a[9033]`: the first object of a list with a coding of the code set, and its number."""
    found = None if holder is None else holder.get(name)
    for at, item in enumerate(found if isinstance(found, list) else ()):
        for coding in item.get("coding", ()) if isinstance(item, dict) else ():
            if isinstance(coding, dict) and is_of(coding, system):
                return at, item
    return None, None


def length(holder: Json | None, name: str) -> int:
    """How many values a list has, with those that only stand beside it."""
    if holder is None:
        return 0
    lists = [found for found in (holder.get(name), holder.get("_" + name)) if isinstance(found, list)]
    return max(map(len, lists), default=0)


def value_at(codec: Codec, holder: Json, name: str, index: int, reading: Reading) -> Any:
    """What the codec reads of one value of a list."""
    item: Json = {}
    values = holder.get(name)
    if values.__class__ is list and len(values) > index and values[index] is not None:
        item[AT] = values[index]
    if "_" + name in holder:
        values = holder["_" + name]
        if values.__class__ is list and len(values) > index and values[index] is not None:
            item["_" + AT] = values[index]
    read, begin = reading.read, len(reading.read)
    value = codec.read(item, AT, reading)
    if len(read) > begin and read[begin] == (
        id(item),
        AT,
    ):  # the list has the value, not what holds it meanwhile
        del read[begin]
    if value is not None:
        reading.used(holder, f"{name}[{index}]")
    return value


def text_at(codec: Codec, holder: Json, name: str, index: int, reading: Reading) -> Any:
    """The same for a value that is its own text, where nothing stands beside the list."""
    values = holder.get(name)
    if values.__class__ is list and len(values) > index and "_" + name not in holder:
        value = values[index]
        if value.__class__ is str:
            reading.read.append((id(holder), f"{name}[{index}]"))
            return value
    return value_at(codec, holder, name, index, reading)


def element_if_said(name: str, value: str | Attributes | etree._Element | None) -> str | None:
    """The element with a value that a codec read, if it read one."""
    return None if value is None else element(name, value)


def concept_element(
    name: str, concept: Any, oid_of: Callable[[str], str | None], reading: Reading
) -> str | None:
    """The element of a concept that is one Coding and no more, as most are; None: it wants a closer look."""
    if concept.__class__ is dict and len(concept) == 1:
        codings = concept.get("coding")
        if codings.__class__ is list and len(codings) == 1:
            element = coding_element(name, codings[0], oid_of, reading)
            if element is not None:
                reading.whole.append(id(concept))
            return element
    return None


def coding_element(
    name: str, coding: Any, oid_of: Callable[[str], str | None], reading: Reading
) -> str | None:
    """The element of a Coding that says a system, a code and a display and no more; None: it wants a closer look."""
    if coding.__class__ is not dict or len(coding) != 3:
        return None
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
    if not (system.__class__ is code.__class__ is display.__class__ is str):
        return None
    oid = oid_of(system)
    if oid is None or not is_plain(f"{code}{oid}{display}"):
        return None
    reading.used_coding(coding)
    return f'<{name} V="{code}" DN="{display}" S="{oid}"/>' if oid else f'<{name} V="{code}" DN="{display}"/>'


def quantity_element(name: str, quantity: Any, reading: Reading) -> str | None:
    """The element of a Quantity that says a number and a unit and no more; None: it wants a closer look."""
    if quantity.__class__ is not dict or len(quantity) != 2:
        return None
    unit, number = quantity.get("unit"), _NUMBER.text(quantity.get("value"))
    if number is None or unit.__class__ is not str or not is_plain(unit):
        return None
    at = id(quantity)
    reading.read += ((at, "value"), (at, "unit"))
    reading.whole.append(at)
    return f'<{name} V="{number}" U="{unit}"/>'


def is_marked(holder: Json, name: str, reading: Reading) -> bool:
    """Whether the e-message had the element of that name there, although it said nothing."""
    extensions = holder.get("extension")
    for extension in extensions if extensions.__class__ is list else ():
        if (
            extension.__class__ is dict
            and extension.get("valueCode") == name
            and extension.get("url") == PRESENT
        ):
            reading.used(extension, "valueCode")
            return True
    return False


def event_code(holder: Json) -> str:
    """The code of 9121 (Hendelsekode) that an Observation has; empty if none."""
    codings = holder.get("code", {}).get("coding", ())
    return next((str(c.get("code")) for c in codings if is_of(c, _EVENTS)), "")


def prepared_by(
    prepare: Callable[[Json], tuple[Json, tuple[str, ...]]], holder: Json, reading: Reading
) -> Json:
    """The object as the rules read it (`hooks.py`)."""
    prepared, keys = prepare(holder)
    if prepared is not holder:
        reading.stands_for(prepared, holder)
    for key in keys:
        reading.used(holder, key)
    return prepared


def in_order(text: list[str], spans: list[tuple[int, int, int]]) -> list[str]:
    """The pieces of the spans (position, where one begins, where it ends), by position."""
    return [piece for _, start, end in sorted(spans) for piece in text[start:end]]
