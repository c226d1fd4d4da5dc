"""Which element of a message stands where in FHIR, with which value, and how was it carried?

A row for each element of the e-message that says something, in its order. Where it stands in FHIR is what the rule says
(`mapping_table.py`); how it was carried is what the report of this translation says. Values are content: who shows the
rows must be allowed to show the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from lxml import etree

from gateway.translate import mapping_table
from gateway.translate.loss import Loss, LossReport, Places, local
from gateway.translate.mapping_row import Row

CARRIED: Final = ("native", "extension", "exact", "implied", "assumed", "rendered", "lost")
"""How a value was carried, the best first."""
_CODED: Final = ("V", "DN", "S", "U", "OT")
"""Attributes that are the value of their element."""
_ENVELOPE: Final = "MsgHead"
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True)
class ElementRow:
    """One element, or one attribute with a meaning of its own."""

    part: str
    """The component of the message it stands in, as a place of the report."""
    source: str
    """Its place, as the report writes it."""
    value: str
    target: str
    """Where it stands in FHIR; empty: nowhere, because it is lost or always the same."""
    how: str
    """One of `CARRIED`: the worst that happened to a part of it."""
    rule: str
    """File and line of the rule."""


def element_table(
    root: etree._Element, message_type: str, entries: Iterable[Mapping[str, Any]]
) -> tuple[ElementRow, ...]:
    """The rows of an e-message. `entries`: of the translation's report, as JSON, from either direction."""
    kinds: dict[str, str] = {}
    targets: dict[str, str] = {}
    for entry in entries:
        kind = str(entry.get("kind", "")) if entry.get("kind") in CARRIED else "lost"
        for place in (str(entry.get("source") or ""), str(entry.get("target") or "")):
            element, _, attribute = place.partition("/@")
            at = element if attribute in ("", "type", *_CODED) else place
            if "/" in element and CARRIED.index(kind) >= CARRIED.index(kinds.get(at, "native")):
                kinds[at] = kind
                targets[at] = str(entry.get("target") or "")
    walk = _Walk(_rules(message_type), kinds, targets)
    return tuple(walk.rows(root, _At("" if local(str(root.tag)) == _ENVELOPE else local(str(root.tag)), "")))


def in_full(report: LossReport, root: etree._Element, message_type: str) -> LossReport:
    """The report of an e-message's translation to FHIR, with each place there from the resource on: a rule says it from
    where it stands, as many resources may share it."""
    entries = report.as_json()["entries"]
    places = {row.source: row.target for row in element_table(root, message_type, entries) if row.target}

    def full(entry: Loss) -> Loss:
        if not entry.target:
            return entry
        own = places.get(entry.source) or places.get(entry.source.partition("/@")[0])
        return entry._replace(target=own or entry.target)

    return replace(report, entries=tuple(map(full, report.entries)))


@dataclass(frozen=True)
class _At:
    """Where a walk is in the table: the path that its rows begin with, and what their places in FHIR begin with."""

    prefix: str
    base: str


class _Walk:
    def __init__(
        self, rules: Mapping[str, Row], kinds: Mapping[str, str], targets: Mapping[str, str]
    ) -> None:
        self._rules = rules
        self._kinds = kinds
        self._targets = targets
        self._place = Places().of

    def rows(self, element: etree._Element, at: _At, part: str = "") -> Iterator[ElementRow]:
        """The rows of what stands in an element."""
        for child in element:
            if not isinstance(child.tag, str):
                continue
            name, place = local(child.tag), self._place(child)
            rule, base = self._rule(at, name)
            target = _joined(base, rule.target) if rule and rule.how != "constant" else ""
            component = part or self._component(element, child)
            yield from self._of(child, place, component, rule, target, f"{at.prefix}/{name}")
            yield from self.rows(child, self._inside(child, at, name, rule, target), component)

    def _component(self, element: etree._Element, child: etree._Element) -> str:
        """A part of the envelope, or a component of the body; empty: not in one yet."""
        parent = element.getparent()
        in_body = parent is not None and local(str(parent.tag)) == "Content"
        in_envelope = parent is None and local(str(child.tag)) != "Document"
        return self._place(child) if in_body or in_envelope else ""

    def _rule(self, at: _At, name: str) -> tuple[Row | None, str]:
        """The rule of an element, and what its place in FHIR begins with."""
        rule = self._rules.get(f"{at.prefix}/{name}")
        if rule is not None:
            return rule, at.base
        used = self._rules.get(f"{at.prefix}/*")
        if used is None:
            return None, at.base
        return self._rules.get(f"{_used(used)}/{name}"), _joined(at.base, used.target)

    def _inside(self, child: etree._Element, at: _At, name: str, rule: Row | None, target: str) -> _At:
        if local(str(child.tag)) == "Content" or not at.prefix:
            return _At("" if name == "Content" else name, "")
        used = _used(rule) if rule else ""
        if used and self._is_shared(used):
            return _At(used, target.rpartition("→ ")[2])
        return _At(f"{at.prefix}/{name}", at.base)

    def _is_shared(self, name: str) -> bool:
        return f"{name}/" in self._rules

    def _of(
        self, element: etree._Element, place: str, part: str, rule: Row | None, target: str, path: str
    ) -> Iterator[ElementRow]:
        value = _value(element)
        kind = self._kinds.get(place)
        if value or kind is not None:
            said = target or self._targets.get(place, "")
            how = "implied" if rule and rule.how == "constant" else "native"
            within = part or place.rpartition("/")[0]
            yield ElementRow(within, place, value, said, kind or how, rule.rule if rule else "")
        for name, text in element.attrib.items():
            plain = local(str(name))
            there = f"{place}/@{plain}"
            own = self._rules.get(f"{path}/@{plain}")
            said = (own.target if own else "") or self._targets.get(there, "")
            if plain not in _CODED and not str(name).startswith(_TYPE) and (said or there in self._kinds):
                how = self._kinds.get(there, "native")
                yield ElementRow(
                    part or place.rpartition("/")[0], there, str(text), said, how, own.rule if own else ""
                )


def _value(element: etree._Element) -> str:
    """What an element says itself: its text, or its code with the code's name."""
    if local(str(element.tag)) == "Base64Container":
        return f"{len(element.text or '') * 3 // 4} B"
    text = (element.text or "").strip()
    code, name = element.get("V", "").strip(), element.get("DN", "").strip()
    coded = f"{name} ({code})" if code and name else code or name
    return " ".join(part for part in (coded, element.get("U", ""), element.get("OT", ""), text) if part)


def _joined(base: str, target: str) -> str:
    """A place in FHIR below another one, unless it begins with a resource itself."""
    if not target:
        return base
    return target if target[0].isupper() or not base else f"{base}.{target}"


def _used(rule: Row) -> str:
    """The name of the definition that a rule hands on to; empty: none."""
    word, _, rest = rule.how.partition(" ")
    return rest.split()[0] if word in ("use", "->") and rest else ""


@cache
def _rules(message_type: str) -> Mapping[str, Row]:
    """The rules of a message type, of the envelope and of the receipt, by the path of their element; `Name/` stands for
    every definition whose rules stand under its own name."""
    found: dict[str, Row] = {}
    for code in (message_type, mapping_table.ENVELOPE, mapping_table.RECEIPT):
        if code not in mapping_table.codes():
            continue
        page = mapping_table.page(code)
        names = {section.title for section in page.sections}
        for row in page.rows:
            found.setdefault(re.sub(r"/@\w+:", "/@", row.source), row)
            first = row.source.partition("/")[0]
            if first in names and first == row.source.rpartition("/")[0]:
                found.setdefault(f"{first}/", row)
    return found
