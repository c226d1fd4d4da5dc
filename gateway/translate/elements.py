"""How does a generated function write the element of a value?

What most values are is written at once: a text that is its own value, a code that says system, code and display. Of
anything else the codec says what the element holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.translate.codec import Codec
from gateway.translate.datatypes import Coding, Concept, Quantity, Text, Value, oid_in
from gateway.translate.following import Scene, codec_name, followed, value_of
from gateway.translate.paths import CodeSet, Item, Key, Path
from gateway.translate.source import Source

OfObject = Coding | Concept | Quantity
"""Codecs of values that are an object in FHIR."""


@contextmanager
def element_of(scene: Scene, path: Path, codec: Codec, name: str) -> Iterator[str]:
    """The text of the element for each value at a path that says something; what is written inside stands in its
    block."""
    last = path.steps[-1]
    if isinstance(codec, Text):
        with value_of(scene, path, codec) as value:
            yield f"f'<{name}>{{text_of({value})}}</{name}>' if {value} else '<{name}/>'"
    elif isinstance(codec, OfObject) and isinstance(last, Key | Item | CodeSet):
        with _of_object(scene, path, codec, name) as element:
            yield element
    elif isinstance(codec, Value) and codec.kind.is_plain and isinstance(last, Key):
        with _dated(scene, path, codec, name) as element:
            yield element
    else:
        with value_of(scene, path, codec) as value:
            yield f"element({name!r}, {value})"


@contextmanager
def _of_object(scene: Scene, path: Path, codec: OfObject, name: str) -> Iterator[str]:
    """The element of a code or quantity: one that says just what an element holds is written at once."""
    with followed(scene, path.before, scene.holder) as (inner, holder), inner.if_there(holder):
        out, last = scene.out, path.steps[-1]
        found, element = out.variable("found"), out.variable("element")
        known_as, place = codec_name(out, codec), ""
        read = f"value_at({known_as}, {holder}, {last.name!r}, {{}}, reading)"
        if isinstance(last, CodeSet):
            at = out.variable("at")
            out.line(f"{at}, {found} = item_of_set({holder}, {last.name!r}, {last.system!r})")
            read, place = read.format(at), f"f'{last.name}[{{{at}}}]'"
        elif isinstance(last, Item):
            item = f"object_at({holder}, {last.name!r}, {last.index})"
            out.line(f"{found} = {item} if {last.name!r} in {holder} else None")
            read, place = read.format(last.index), repr(f"{last.name}[{last.index}]")
        else:
            out.line(f"{found} = {holder}.get({last.name!r})")
            read = f"{known_as}.read({holder}, {last.name!r}, reading)"
            place = repr(last.name) if isinstance(codec, Coding) else ""
        with out.block(f"if {found} is not None"):
            out.line(f"{element} = {_at_once(out, codec, name, found)}")
            with out.block(f"if {element} is None"):
                out.line(f"{element} = element_if_said({name!r}, {read})")
            if place:
                with out.block("else"):
                    out.line(f"read.append((id({holder}), {place}))")
            with out.block(f"if {element} is not None"):
                yield element


def _at_once(out: Source, codec: OfObject, name: str, found: str) -> str:
    """The expression for the element of an object that says just what an element holds; None of any other."""
    if isinstance(codec, Quantity):
        return f"quantity_element({name!r}, {found}, reading)"
    word = "oid_if_stated" if codec.stated else "oid_if_of_set"
    oid = out.name(word, oid_in(codec.implied, codec.stated))
    kind = "concept" if isinstance(codec, Concept) else "coding"
    return f"{kind}_element({name!r}, {found}, {oid}, reading)"


@contextmanager
def _dated(scene: Scene, path: Path, codec: Value, name: str) -> Iterator[str]:
    """The element of a point in time or an address: where nothing stands beside the value it is the text."""
    with followed(scene, path.before, scene.holder) as (inner, holder), inner.if_there(holder):
        out, key = scene.out, path.steps[-1].name
        element, beside = out.variable("element"), "_" + key
        out.line(f"{element} = {holder}.get({key!r})")
        with out.block(f"if {element}.__class__ is str and {beside!r} not in {holder}"):
            out.line(f"read.append((id({holder}), {key!r}))")
            out.line(f"{element} = f'<{name} V=\"{{attribute({element})}}\"/>'")
        with out.block(f"elif {element} is not None or {beside!r} in {holder}"):
            read = f"{codec_name(out, codec)}.read({holder}, {key!r}, reading)"
            out.line(f"{element} = element_if_said({name!r}, {read})")
        with out.block(f"if {element} is not None"):
            yield element
