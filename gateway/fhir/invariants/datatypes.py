"""Which invariants do R4's datatypes have?"""

from __future__ import annotations

from typing import Final

from gateway.fhir.invariants.node import (
    Invariant,
    Node,
    any_there,
    choice_there,
    in_order,
    needs,
    presence,
    there,
)

UCUM: Final = "http://unitsofmeasure.org"
_MEALS: Final = frozenset({"C", "CM", "CD", "CV"})


def _extension_is_value_or_nested(node: Node) -> bool:
    return ("extension" in node) != choice_there(node, "value")


def _range_in_order(node: Node) -> bool:
    low, high = node.get("low", {}), node.get("high", {})
    comparable = all(low.get(unit) == high.get(unit) for unit in ("unit", "system", "code"))
    if not comparable or "value" not in low or "value" not in high:
        return True
    return bool(low["value"] <= high["value"])


def _ratio_is_whole(node: Node) -> bool:
    both, none = (
        there(node, "numerator") and there(node, "denominator"),
        not any_there(node, "numerator", "denominator"),
    )
    return both or (none and "extension" in node)


def _unit_is_ucum(node: Node) -> bool:
    return needs(node, "value", "code") and node.get("system", UCUM) == UCUM


def _age_is_positive(node: Node) -> bool:
    return _unit_is_ucum(node) and ("value" not in node or node["value"] > 0)


def _duration_has_unit(node: Node) -> bool:
    return not there(node, "code") or (node.get("system") == UCUM and there(node, "value"))


def _count_is_whole(node: Node) -> bool:
    return _unit_is_ucum(node) and node.get("code", "1") == "1" and "." not in str(node.get("value", ""))


def _offset_has_event(node: Node) -> bool:
    return not there(node, "offset") or (
        there(node, "when") and not _MEALS.intersection(node.get("when", ()))
    )


def _one_of(first: str, second: str) -> Invariant:
    return presence("drq-1", lambda node: there(node, first) != there(node, second))


DATATYPES: Final[dict[str, tuple[Invariant, ...]]] = {
    "Extension": (presence("ext-1", _extension_is_value_or_nested),),
    "Period": (
        Invariant(
            "per-1", about=("start", "end"), holds=lambda node: in_order(node.get("start"), node.get("end"))
        ),
    ),
    "Quantity": (presence("qty-3", lambda node: needs(node, "code", "system")),),
    "SimpleQuantity": (presence("sqty-1", lambda node: not there(node, "comparator")),),
    "Age": (Invariant("age-1", _age_is_positive),),
    "Distance": (Invariant("dis-1", _unit_is_ucum),),
    "Duration": (Invariant("drt-1", _duration_has_unit),),
    "Count": (Invariant("cnt-3", _count_is_whole),),
    "Range": (Invariant("rng-2", about=("low", "high"), holds=_range_in_order),),
    "Ratio": (presence("rat-1", _ratio_is_whole),),
    "Attachment": (presence("att-1", lambda node: needs(node, "data", "contentType")),),
    "ContactPoint": (presence("cpt-2", lambda node: needs(node, "value", "system")),),
    "Expression": (presence("exp-1", lambda node: any_there(node, "expression", "reference")),),
    "DataRequirement.codeFilter": (_one_of("path", "searchParam"),),
    "DataRequirement.dateFilter": (_one_of("path", "searchParam"),),
    "Timing.repeat": (
        presence("tim-1", lambda node: needs(node, "duration", "durationUnit")),
        presence("tim-2", lambda node: needs(node, "period", "periodUnit")),
        Invariant("tim-4", about=("duration",), holds=lambda node: node.get("duration", 0) >= 0),
        Invariant("tim-5", about=("period",), holds=lambda node: node.get("period", 0) >= 0),
        presence("tim-6", lambda node: needs(node, "periodMax", "period")),
        presence("tim-7", lambda node: needs(node, "durationMax", "duration")),
        presence("tim-8", lambda node: needs(node, "countMax", "count")),
        Invariant("tim-9", about=("offset",), holds=_offset_has_event),
        presence("tim-10", lambda node: not (there(node, "timeOfDay") and there(node, "when"))),
    ),
}
