"""Is what came back what was sent? The verdict of a round trip, and the places that differ.

lossless: same elements, order, attributes and text, not counting comments, processing instructions, prefixes,
schemaLocation, white space between elements, and ds:Signature. equivalent: the same values after XML Schema's
white-space and lexical normalisation. lossy: the places that differ are listed (DESIGN §5).
"""

from __future__ import annotations

import copy
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lxml import etree

from gateway.translate.loss import Loss, Places, local
from gateway.translate.primitives import primitive

Verdict = Literal["lossless", "equivalent", "lossy"]
Place = Callable[[etree._Element], str]
"""Writes out the place of an element."""
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_LOCATIONS = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
)
"""Words to a validator, not content; xsi:type and xsi:nil say something and count."""


@dataclass(frozen=True)
class RoundTrip:
    """The verdict, and each place where the two differ."""

    verdict: Verdict
    losses: tuple[Loss, ...] = ()


def compare(source: etree._Element, result: etree._Element) -> RoundTrip:
    """The verdict on two trees of the same message."""
    differences = tuple(_differences(source, result, Places().of))
    if not differences:
        return RoundTrip("lossless")
    real = tuple(loss for loss, same_value in differences if not same_value)
    return (
        RoundTrip("lossy", real) if real else RoundTrip("equivalent", tuple(loss for loss, _ in differences))
    )


def missing(source: etree._Element, result: etree._Element) -> tuple[str, ...]:
    """The places of a message that it does not have, or has otherwise, in another version; the versions' names differ
    only in their namespaces."""
    found = compare(_without_namespaces(source), _without_namespaces(result))
    real = found.losses if found.verdict == "lossy" else ()
    return tuple(dict.fromkeys(each.source for each in real if each.source))


def _without_namespaces(root: etree._Element) -> etree._Element:
    found = copy.deepcopy(root)
    etree.strip_elements(found, _SIGNATURE, with_tail=False)
    for element in found.iter(etree.Element):
        element.tag = local(str(element.tag))
    return found


def _differences(source: etree._Element, result: etree._Element, place: Place) -> Iterator[tuple[Loss, bool]]:
    yield from _attributes(source, result, place)
    children, others = _children(source), _children(result)
    if not children and not others:
        one, other = source.text or "", result.text or ""
        if one != other:
            yield Loss(place(source), "", "lost"), _same_value(one, other)
        return
    if [c.tag for c in children] == [c.tag for c in others]:
        for one, other in zip(_between(source, children), _between(result, others), strict=True):
            if one != other and (one.strip() or other.strip()):
                yield Loss(place(source), "", "lost"), _same_value(one, other)
        for child, other_child in zip(children, others, strict=True):
            yield from _differences(child, other_child, place)
        return
    yield from _unequal(children, others, place)


def _attributes(source: etree._Element, result: etree._Element, place: Place) -> Iterator[tuple[Loss, bool]]:
    one, other = _attributes_of(source), _attributes_of(result)
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            same = name in one and name in other and _same_value(one[name], other[name])
            yield Loss(f"{place(source)}/@{local(name)}", "", "lost"), same


def _unequal(
    children: list[etree._Element], others: list[etree._Element], place: Place
) -> Iterator[tuple[Loss, bool]]:
    """Different elements: each leaf that stands on one side only, and the attributes around it.

    Where fewer are left of a name, those are gone that have no leaf of the kind that the next one left has.
    """
    left: dict[object, deque[etree._Element]] = {}
    for other in others:
        left.setdefault(other.tag, deque()).append(other)
    gone = Counter(child.tag for child in children)
    gone.subtract(other.tag for other in others)
    kinds_inside = cache(_kinds_inside)
    for child in children:
        same = left.get(child.tag)
        if same and (gone[child.tag] <= 0 or not _kinds_inside(child).isdisjoint(kinds_inside(same[0]))):
            yield from _differences(child, same.popleft(), place)
        else:
            gone[child.tag] -= 1
            yield from ((Loss(each, "", "lost"), False) for each in _places_in(child, place))
    for other in (each for same in left.values() for each in same):
        for leaf in _leaves(other):
            yield Loss("", place(leaf), "added"), False


def _kinds_inside(element: etree._Element) -> frozenset[tuple[object, ...]]:
    """The names that lead from an element to its leaves."""
    found = set()
    left: list[tuple[etree._Element, tuple[object, ...]]] = [(element, ())]
    while left:
        holder, names = left.pop()
        children = _children(holder)
        left += ((child, (*names, child.tag)) for child in children)
        if not children:
            found.add(names)
    return frozenset(found)


def _places_in(element: etree._Element, place: Place) -> Iterator[str]:
    for each in element.iter(etree.Element):
        if not _children(each):
            yield place(each)
        else:
            yield from (f"{place(each)}/@{local(name)}" for name in sorted(_attributes_of(each)))


def _leaves(element: etree._Element) -> list[etree._Element]:
    return [leaf for leaf in element.iter(etree.Element) if not _children(leaf)]


def _children(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str) and child.tag != _SIGNATURE]


def _between(element: etree._Element, children: list[etree._Element]) -> list[str]:
    """The texts before, between and after the children (markup has such)."""
    return [element.text or "", *(child.tail or "" for child in children)]


def _attributes_of(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items() if name not in _LOCATIONS}


def _same_value(one: str, other: str) -> bool:
    """Whether two lexical forms mean the same value in some XML Schema type that both are legal in."""
    if re.sub(r"\s+", " ", one).strip() == re.sub(r"\s+", " ", other).strip():
        return True
    for kind in ("decimal", "dateTime", "boolean"):
        pair = primitive(kind, "token")
        values = pair.native(one), pair.native(other)
        if values[0] is not None and values[0] == values[1]:
            return True
    return False
