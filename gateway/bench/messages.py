"""Which messages is speed measured on?

The discharge report of the demo's story, cut or grown to a size: parts of its body are taken away, or repeated, where
the grammar allows it. So every size has the same kinds of content, and anyone who has the gateway has the messages.
"""

from __future__ import annotations

import copy
from datetime import date

from lxml import etree

from gateway.emessage.schema import schema_for
from gateway.emessage.write import to_bytes

STANDARD = "plo-1.6"
_DAY_ZERO = date(2026, 3, 27)
_BODY = "{*}Document/{*}RefDoc/{*}Content/*"


def discharge_report() -> bytes:
    """The story's discharge report (PLO 1.6), as the simulated hospital writes it."""
    from gateway.simulator.compose import compose
    from gateway.simulator.steps import story
    from gateway.simulator.template import Clock

    step = next(s for s in story() if s.type == "UTSKRIVNINGSRAPPORT")
    ids = {each.key: f"00000000-0000-4000-8000-{number:012}" for number, each in enumerate(story(), 1)}
    return compose(step, ids, Clock(_DAY_ZERO)).body


def sized(message: bytes, size: int) -> bytes:
    """The message with about `size` bytes: valid, and with the same envelope.

    Cut by taking away optional parts of the body, the largest that fits first; grown by repeating those that may
    repeat, in turn.
    """
    root = etree.fromstring(message)
    if len(to_bytes(root)) > size:
        _cut(root, size)
    else:
        _grow(root, size)
    return to_bytes(root)


def _parts(root: etree._Element) -> list[etree._Element]:
    """The parts of the body, down to three levels, outermost first."""
    level = [child for body in root.findall(_BODY) for child in body]
    found = list(level)
    for _ in range(2):
        level = [child for part in level for child in part if len(child)]
        found += level
    return found


def _cut(root: etree._Element, size: int) -> None:
    weights = {part: _weight(part, root) for part in _parts(root)}
    left = len(to_bytes(root)) - size
    for part in sorted(weights, key=lambda one: weights[one], reverse=True):
        parent, weight = part.getparent(), weights[part]
        if parent is None or weight > left or root not in part.iterancestors():
            continue
        at = parent.index(part)
        parent.remove(part)
        if schema_for(STANDARD).validate(root):
            left -= weight
        else:
            parent.insert(at, part)


def _grow(root: etree._Element, size: int) -> None:
    repeatable = [part for part in _parts(root) if _may_repeat(part, root)]
    patterns = [(part, copy.deepcopy(part), _weight(part, root)) for part in repeatable]
    smallest = min(weight for _, _, weight in patterns)
    left = size - len(to_bytes(root))
    while left >= smallest:
        for part, pattern, weight in patterns:
            if weight <= left:
                part.addnext(copy.deepcopy(pattern))
                left -= weight


def _may_repeat(part: etree._Element, root: etree._Element) -> bool:
    copied = copy.deepcopy(part)
    part.addnext(copied)
    valid = schema_for(STANDARD).validate(root)
    _remove(copied)
    return bool(valid)


def _weight(part: etree._Element, root: etree._Element) -> int:
    """How many bytes the message has for this part."""
    copied = copy.deepcopy(part)
    before = len(to_bytes(root))
    part.addnext(copied)
    after = len(to_bytes(root))
    _remove(copied)
    return after - before


def _remove(part: etree._Element) -> None:
    parent = part.getparent()
    assert parent is not None
    parent.remove(part)
