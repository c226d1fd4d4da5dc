"""Does a resource have the structure that R4 gives its type?

The tables are compiled once per type, at first use, into closures: names, cardinalities, lists against single values,
primitive values and their extensions (``_name``), choices of types, required codes, and nothing empty. A type's
invariants run only on nodes whose whole content is sound, so they need not guard against wrong kinds. What happens with
one object stands in `objects`.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.canonical import DATA_ABSENT_REASON
from gateway.fhir.invariants import INVARIANTS
from gateway.fhir.objects import Member, Rules, object_check
from gateway.fhir.primitives import CHECKS, wrong_kind
from gateway.fhir.problem import Check, Problems, Walk, add, enough, only
from gateway.fhir.profiles import OURS, check_extension

_DATA_ABSENT_KEYS: Final = frozenset({"id", "extension"})


def check_any_resource(node: Any, walk: Walk) -> Problems:
    """A resource of whatever type it says; paths start with ``ofType(Goal)``."""
    if node.__class__ is not dict:
        return wrong_kind(node)
    type_name = node.get("resourceType")
    if type_name.__class__ is not str:
        return only("fhir.required-missing" if type_name is None else "fhir.wrong-type", "resourceType")
    check = resource_check(type_name)
    if check is None:
        newer = type_name in tables.newer_names()["-"]
        return only("fhir.other-version" if newer else "fhir.unknown-resource-type", "resourceType")
    begin = len(walk.references)
    found = check(node, walk)
    walk.resources[id(node)] = (begin, len(walk.references))
    return None if found is None else add(None, found, f"ofType({type_name})")


_ready: dict[str, Check] = {}
"""Resource types that are compiled to the last inner type; only these are seen by other threads."""
_compiled: dict[str, Check] = {}
_rules: dict[str, Rules] = {}
_compiling = RLock()


def resource_check(type_name: str) -> Check | None:
    """The compiled check of a resource type; None when R4 has no such type."""
    check = _ready.get(type_name)
    if check is None and type_name in tables.resource_types():
        with _compiling:
            check = _ready[type_name] = _type_check(type_name)
    return check


def compiled_type(type_name: str) -> tuple[Rules, Check]:
    """The rules and the explaining check of a type that belongs to a compiled resource type."""
    return _rules[type_name], _compiled[type_name]


def _type_check(type_name: str) -> Check:
    """The check of a complex type or resource type, compiled at first use."""
    if type_name not in _compiled:
        rules = _rules[type_name] = Rules()
        check = object_check(rules)
        _compiled[type_name] = _extension_check(check) if type_name == "Extension" else check
        _fill(rules, type_name)
    return _compiled[type_name]


def _fill(rules: Rules, type_name: str) -> None:
    declared = "Quantity" if type_name == "SimpleQuantity" else type_name
    rules.newer = tables.newer_names().get(declared, frozenset())
    if tables.is_a(declared, "Resource"):
        rules.members["resourceType"] = Member(
            "resourceType", False, False, False, None, None, _nothing, _nothing
        )
    for element in tables.elements(declared):
        names = element.names()
        for name, kind in names.items():
            rules.members[name] = _member(kind, element)
            if kind.name in CHECKS and name != "id" and (type_name, name) != ("Extension", "url"):
                rules.shadows[name] = element.repeats
            if element.name.endswith("[x]"):
                rules.choices[name] = element.name
        if element.required and len(names) == 1:
            rules.required.append(element.name)
        elif element.required:
            rules.required_choices.append(tuple(names))
    for key in _invariant_keys(type_name):
        rules.invariants.extend(INVARIANTS[key])
    rules.element = _type_check("Element")


def _invariant_keys(type_name: str) -> list[str]:
    """The type and its ancestors: Age also keeps the invariants of Quantity."""
    if type_name == "SimpleQuantity":
        return ["SimpleQuantity", "Quantity"]
    return [key for key in INVARIANTS if tables.is_declared(key) and tables.is_a(type_name, key)]


def _nothing(value: Any, walk: Walk) -> Problems:
    """No check: `resourceType` chose the type."""
    return None


def _member(kind: tables.ElementType, element: tables.Element) -> Member:
    codes = None
    if kind.name == "code" and element.value_set is not None:
        codes = frozenset().union(*tables.value_set(element.value_set).values())
    check = _code_check(codes) if codes is not None else _value_check(kind, element.value_set)
    return Member(
        type=kind.name,
        is_object=kind.name not in CHECKS,
        repeats=element.repeats,
        bound=element.value_set is not None,
        codes=codes,
        targets=kind.targets,
        item=check,
        check=_list_check(check, kind.name in CHECKS) if element.repeats else check,
    )


def _value_check(kind: tables.ElementType, value_set: str | None) -> Check:
    """The check of one value of an element (not of its repetition)."""
    if kind.name == "Resource":
        return check_any_resource
    if kind.name in CHECKS:
        return CHECKS[kind.name]
    check = _type_check(kind.name)
    if kind.name == "CodeableConcept" and value_set:
        return _concept_check(check, tables.value_set(value_set))
    return _reference_check(check, kind.targets) if kind.name == "Reference" else check


def _code_check(codes: frozenset[str]) -> Check:
    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is str and value in codes:
            return None
        if value.__class__ is not str:
            return wrong_kind(value)
        return only("fhir.bad-code" if value else "fhir.empty")

    return check


def _concept_check(inner: Check, value_set: dict[str, frozenset[str]]) -> Check:
    """A CodeableConcept with a required binding: one coding is of the set, or the concept is only an extension."""
    nothing: frozenset[str] = frozenset()

    def check(value: Any, walk: Walk) -> Problems:
        found = inner(value, walk)
        if found is not None or value.keys() <= _DATA_ABSENT_KEYS:
            return found
        for coding in value.get("coding", ()):
            if coding.get("code") in value_set.get(coding.get("system", ""), nothing):
                return None
        return only("fhir.bad-code")

    return check


def _reference_check(inner: Check, targets: frozenset[str] | None) -> Check:
    """A Reference: noted for later, when all resources are known, with the types it may point to."""

    def check(value: Any, walk: Walk) -> Problems:
        walk.references.append((value, targets))
        return inner(value, walk)

    return check


def _extension_check(inner: Check) -> Check:
    """An Extension; when it is one of ours, or says why a value is absent, it holds what it is defined to hold."""

    def check(value: Any, walk: Walk) -> Problems:
        found = inner(value, walk)
        if found is None and (value["url"] == DATA_ABSENT_REASON or value["url"].startswith(OURS)):
            return check_extension(value)
        return found

    return check


def _list_check(item_check: Check, primitive: bool) -> Check:
    """A list of values; whether a null may stand among primitives is seen where ``_name`` is known."""

    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is not list:
            return only("fhir.not-a-list")
        if not value:
            return only("fhir.empty")
        problems: Problems = None
        for at, item in enumerate(value):
            found = None if primitive and item is None else item_check(item, walk)
            if found is not None:
                problems = add(problems, found, f"[{at}]")
                if enough(problems):
                    break
        return problems

    return check
