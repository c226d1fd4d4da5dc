"""Messages damaged at random, always the same for the same seed: elements, attributes, dates, codes, texts, bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

Damage = Callable[[random.Random, etree._Element], None]

VALUES = (
    *(
        "",
        " ",
        "x",
        "J",
        "N",
        "1",
        "-1",
        "true",
        "1e3",
        "INF",
        "2026-02-30",
        "2026-11-21",
        "2026-11-21T25:00:00",
    ),
    *(
        "2026-11-21T10:00:00",
        "2026-11-21T10:00:00+01:00",
        " 2026-11-21 ",
        "2026",
        "10:00:00",
        "1.2.3",
        "1..2",
        "12a",
    ),
    *(
        "2.16.578.1.12.4.1.1.9121",
        "XML-instans",
        "tel:1 2",
        "%zz",
        "æøå",
        "A==",
        "QUJD",
        "<",
        "0x1",
        "1.2.",
        "v1.2 2006-05-24",
    ),
)


def damaged(data: bytes, seed: int) -> bytes:
    """A copy of `data` with one to three faults (or, sometimes, a change that is none)."""
    chance = random.Random(seed)
    if chance.random() < 0.15:
        return _bytes_flipped(chance, data)
    root = etree.fromstring(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(DAMAGES)(chance, root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _bytes_flipped(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(changed))
        kind = chance.randrange(3)
        if kind == 0:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            del changed[at : at + chance.randint(1, 40)]
        else:
            changed[at:at] = chance.choice(
                (b"<", b">", b"&", b'"', b"x", b"\x00", b"<x/>", b"\xe6", b"&#0;", b" ")
            )
    return bytes(changed)


def _any(chance: random.Random, root: etree._Element) -> etree._Element:
    return chance.choice(list(root.iter(etree.Element)))


def _inner(chance: random.Random, root: etree._Element) -> etree._Element:
    return chance.choice([each for each in root.iter(etree.Element) if each is not root] or [root])


def _delete(chance: random.Random, root: etree._Element) -> None:
    element = _inner(chance, root)
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _duplicate(chance: random.Random, root: etree._Element) -> None:
    element = _inner(chance, root)
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


def _rename(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    space = etree.QName(element).namespace
    other = etree.QName(_any(chance, root))
    element.tag = chance.choice(
        (f"{{{space}}}Ukjent", "Ukjent", f"{{{other.namespace}}}{etree.QName(element).localname}", other.text)
    )


def _move(chance: random.Random, root: etree._Element) -> None:
    element, target = _inner(chance, root), _any(chance, root)
    if element is not root and element not in target.iterancestors() and element is not target:
        target.insert(chance.randint(0, len(target)), element)


def _insert_text(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    element.text = (element.text or "") + chance.choice(VALUES)


def _replace_text(chance: random.Random, root: etree._Element) -> None:
    leaves = [each for each in root.iter(etree.Element) if len(each) == 0 and (each.text or "").strip()]
    chance.choice(leaves or [root]).text = chance.choice(VALUES)


def _tail(chance: random.Random, root: etree._Element) -> None:
    element = _inner(chance, root)
    if element is not root:
        element.tail = chance.choice(VALUES)


def _attribute(chance: random.Random, root: etree._Element) -> None:
    with_attributes = [each for each in root.iter(etree.Element) if each.attrib]
    element = chance.choice(with_attributes or [root])
    name = chance.choice([*element.attrib.keys(), "V", "S", "DN", "OT", "U", "Ukjent"])
    if chance.random() < 0.3 and name in element.attrib:
        del element.attrib[name]
    else:
        element.set(name, chance.choice(VALUES))


def _special_attribute(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    space = "http://www.w3.org/2001/XMLSchema-instance"
    name, value = chance.choice(
        (("nil", "true"), ("nil", "false"), ("type", "CS"), ("type", "xs:string"), ("schemaLocation", "a b"))
    )
    element.set(f"{{{space}}}{name}", value)


def _empty(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    for child in list(element):
        element.remove(child)
    element.text = None


def _nest(chance: random.Random, root: etree._Element) -> None:
    etree.SubElement(_any(chance, root), _any(chance, root).tag)


DAMAGES: tuple[Damage, ...] = (
    *(_delete, _duplicate, _rename, _move, _insert_text, _replace_text, _replace_text, _tail),
    *(_attribute, _attribute, _special_attribute, _empty, _nest),
)
