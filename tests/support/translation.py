"""What tests of translation do with a Bundle or a message: find its texts, change one, shuffle, strip, compare.

A Bundle is walked with the types of R4 (`gateway.fhir.tables`), so that a text is what R4 says is one.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.fhir import tables
from gateway.fhir.canonical import EXACT, ORDER, PRESENT
from gateway.translate import LossReport, convert
from gateway.translate.loss import element_path
from gateway.translate.primitives import primitive
from gateway.translate.roundtrip import RoundTrip, compare

Json = dict[str, Any]
Leaf = tuple[str, str, str]
"""Path of the element (names with positions), attribute ("" for the text), value."""

TEXT_TYPES = frozenset({"string", "markdown"})
DATE_TYPES = frozenset({"date", "dateTime", "instant"})
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_MARKS = frozenset({EXACT, PRESENT, ORDER})
_NOT_CONTENT = frozenset({"id", "extension", "modifierExtension", "meta", "fullUrl", "reference", "text.div"})


def to_fhir(data: bytes) -> Json:
    """The Bundle of a message, read again from its bytes as a receiver reads it."""
    return fhir_json.read(convert(read(data), "fhir-r4").data)


def back(bundle: Json, standard: str) -> bytes:
    """The message of a Bundle."""
    return convert(bundle, standard).data


def verdict(source: bytes, result: bytes) -> RoundTrip:
    """What differs between two messages."""
    return compare(etree.fromstring(source), etree.fromstring(result))


# places in a Bundle


@dataclass
class Place:
    """A primitive value of a Bundle: where it stands, and its type in R4."""

    holder: Any
    key: str | int
    type: str
    path: str

    @property
    def value(self) -> Any:
        """What stands there."""
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Puts another value there."""
        self.holder[self.key] = value


def places(bundle: Json, types: frozenset[str]) -> Iterator[Place]:
    """Every native value of the given types: not in extensions, narrative, ids, references."""
    for number, entry in enumerate(bundle["entry"]):
        resource = entry["resource"]
        kind = resource["resourceType"]
        yield from _walk(resource, kind, f"{kind}#{number}", types)


def _walk(node: Json, kind: str, path: str, types: frozenset[str]) -> Iterator[Place]:
    known = {name: found for each in tables.elements(kind) for name, found in each.names().items()}
    for key, value in node.items():
        found = known.get(key)
        if found is None or key in _NOT_CONTENT or found.name == "Narrative":
            continue
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for at, item in items:
            here = f"{path}.{key}" + ("" if at is None else f"[{at}]")
            if isinstance(item, dict):
                inner = "Quantity" if found.name == "SimpleQuantity" else found.name
                yield from _walk(item, item.get("resourceType", inner), here, types)
            elif item is not None and found.name in types:
                yield Place(node if at is None else value, key if at is None else at, found.name, here)


# changes


def shuffled(bundle: Json, seed: int) -> Json:
    """The same Bundle: entries after the first, and the keys of every object, in another order."""
    chance = random.Random(seed)
    first, *others = bundle["entry"]
    chance.shuffle(others)
    found: Json = _shuffle_keys({**bundle, "entry": [first, *others]}, chance)
    return found


def _shuffle_keys(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffle_keys(item, chance) for item in value]
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {key: _shuffle_keys(item, chance) for key, item in items}
    return value


def stripped(bundle: Json) -> Json:
    """The Bundle as software leaves it that does not know our extensions `exact`, `present` and `order`."""
    found: Json = _strip(copy.deepcopy(bundle))
    return found


def _strip(value: Any) -> Any:
    """Without the marks, and without what holds nothing then."""
    if isinstance(value, list):
        items = [_strip(item) for item in value if not (isinstance(item, dict) and item.get("url") in _MARKS)]
        return items if any(item is not None for item in items) else None
    if not isinstance(value, dict):
        return value
    kept = {key: _strip(item) for key, item in value.items()}
    kept = {key: item for key, item in kept.items() if item is not None}
    if "extension" in kept:
        kept["extension"] = [item for item in kept["extension"] if item is not None and set(item) != {"url"}]
        if not kept["extension"]:
            del kept["extension"]
    return kept or None


# leaves of a message


def leaves(data: bytes) -> list[Leaf]:
    """Every text and attribute value of a message, with its place; without the words to a validator (xsi:…)."""
    found: list[Leaf] = []
    _leaves(etree.fromstring(data), "", found)
    return found


def _leaves(element: etree._Element, path: str, found: list[Leaf]) -> None:
    here = f"{path}/{etree.QName(element).localname}"
    for name, value in sorted(element.attrib.items()):
        if str(name).startswith(_INSTANCE):
            continue
        found.append((here, str(name), str(value)))
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
        found.append((here, "", element.text or ""))
    seen: Counter[str] = Counter()
    for child in children:
        seen[str(child.tag)] += 1
        _leaves(child, f"{here}[{seen[str(child.tag)]}]", found)


def changes(before: bytes, after: bytes) -> list[tuple[Leaf | None, Leaf | None]]:
    """The leaves that differ: (before, after), None where there is none on that side."""
    one = {(path, name): value for path, name, value in leaves(before)}
    other = {(path, name): value for path, name, value in leaves(after)}
    return [
        (
            (*key, one[key]) if key in one else None,
            (*key, other[key]) if key in other else None,
        )
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


def values(data: bytes) -> Counter[tuple[str, str, str]]:
    """How often each value stands in a message: element, attribute, value in a form that lexical variants share.

    What is empty or only white space is no value.
    """
    return Counter(
        (path.rpartition("/")[2].partition("[")[0], _local(name), meaning(value))
        for path, name, value in leaves(data)
        if value.strip()
    )


def only_exact(data: bytes, loss: LossReport) -> Counter[tuple[str, str, str]]:
    """The values of a message that FHIR cannot hold: those whose only home is `exact`, as the loss report says."""
    places_of = {entry.source.partition("/@")[0] for entry in loss.entries if entry.kind == "exact"}
    found: Counter[tuple[str, str, str]] = Counter()
    for element in etree.fromstring(data).iter(etree.Element):
        name = etree.QName(element).localname
        if element_path(element) in places_of:
            found.update(
                (name, _local(str(key)), meaning(str(value))) for key, value in element.attrib.items()
            )
            found[name, "", meaning(element.text or "")] += 1
    return found


def meaning(text: str) -> str:
    """The same for all lexical forms of a value (`+3`, `3.0`; `1`, `true`; a time with and without Oslo's zone)."""
    text = " ".join(text.split())
    moment = primitive("dateTime", "PointInTime").native(text)
    if moment is not None:
        return str(moment)
    number = primitive("decimal", "double").native({"true": "1", "false": "0"}.get(text, text))
    return text if number is None else format(number.normalize() + 0, "f")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
