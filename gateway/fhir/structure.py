"""Does a resource have the shape that R4 gives its type?

The tables are compiled once per type, at first use, into closures: names, cardinalities, lists against single values,
primitive values and their extensions (``_name``), choices of types, required codes, and nothing empty. A type's
invariants run only on nodes whose whole content is sound, so they need not guard against wrong kinds.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.invariants import INVARIANTS, Invariant
from gateway.fhir.primitives import CHECKS, wrong_kind
from gateway.fhir.problem import Check, Problem, Problems, Walk, add, only
from gateway.fhir.profiles import OURS, check_extension

_DATA_ABSENT_KEYS: Final = frozenset({"id", "extension"})


def resource_check(type_name: str) -> Check | None:
    """The compiled check of a resource type; None when R4 has no such type."""
    return _type_check(type_name) if type_name in tables.resource_types() else None


def check_any_resource(node: Any, walk: Walk) -> Problems:
    """A resource of whatever type it says; paths start with ``ofType(Goal)``."""
    if node.__class__ is not dict:
        return wrong_kind(node)
    type_name = node.get("resourceType")
    if type_name.__class__ is not str:
        return only("fhir.required-missing" if type_name is None else "fhir.wrong-type", "resourceType")
    check = resource_check(type_name)
    if check is None:
        return only("fhir.unknown-resource-type", "resourceType")
    begin = len(walk.references)
    found = check(node, walk)
    walk.resources[id(node)] = (begin, len(walk.references))
    return None if found is None else add(None, found, f"ofType({type_name})")


class _Rules:
    """What the loop over one object's members needs, filled after the type's check exists (types are recursive)."""

    __slots__ = ("checks", "choices", "invariants", "required", "required_choices", "shadows")

    def __init__(self) -> None:
        self.checks: dict[str, Check] = {}
        self.required: list[str] = []
        self.required_choices: list[tuple[str, ...]] = []
        """Names in JSON of which one must be there."""
        self.choices: dict[str, str] = {}
        """Name in JSON of an element that is a choice → name of the choice."""
        self.shadows: dict[str, bool] = {}
        """Primitive elements, which may have a ``_name`` (not ids and Extension.url); True: a list."""
        self.invariants: list[Invariant] = []


_compiled: dict[str, Check] = {}


def _type_check(type_name: str) -> Check:
    """The check of a complex type or resource type, compiled at first use."""
    if type_name not in _compiled:
        rules = _Rules()
        check = _object_check(rules)
        wrap = {"Reference": _reference_check, "Extension": _extension_check}.get(type_name)
        _compiled[type_name] = wrap(check) if wrap else check
        _fill(rules, type_name)
    return _compiled[type_name]


def _fill(rules: _Rules, type_name: str) -> None:
    declared = "Quantity" if type_name == "SimpleQuantity" else type_name
    if tables.is_a(declared, "Resource"):
        rules.checks["resourceType"] = lambda value, walk: None
    for element in tables.elements(declared):
        names = element.names()
        for name, kind in names.items():
            value_check = _value_check(kind, element.value_set)
            rules.checks[name] = _list_check(value_check) if element.repeats else value_check
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


def _invariant_keys(type_name: str) -> list[str]:
    """The type and its ancestors: Age also keeps the invariants of Quantity."""
    if type_name == "SimpleQuantity":
        return ["SimpleQuantity", "Quantity"]
    return [key for key in INVARIANTS if tables.is_declared(key) and tables.is_a(type_name, key)]


def _value_check(kind: tables.ElementType, value_set: str | None) -> Check:
    """The check of one value of an element (not of its repetition)."""
    if kind.name == "Resource":
        return check_any_resource
    if kind.name == "code" and value_set:
        return _code_check(frozenset().union(*tables.value_set(value_set).values()))
    if kind.name in CHECKS:
        return CHECKS[kind.name]
    check = _type_check(kind.name)
    if kind.name == "CodeableConcept" and value_set:
        return _concept_check(check, tables.value_set(value_set))
    return _targets_check(check, kind.targets) if kind.targets else check


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


def _reference_check(inner: Check) -> Check:
    def check(value: Any, walk: Walk) -> Problems:
        walk.references.append((value, None))
        return inner(value, walk)

    return check


def _extension_check(inner: Check) -> Check:
    """An Extension; when it is one of ours, it holds what it is defined to hold."""

    def check(value: Any, walk: Walk) -> Problems:
        found = inner(value, walk)
        if found is None and value["url"].startswith(OURS):
            return check_extension(value)
        return found

    return check


def _targets_check(inner: Check, targets: frozenset[str]) -> Check:
    """A Reference whose target types are limited: the inner check has noted it, here the limit is added."""

    def check(value: Any, walk: Walk) -> Problems:
        at = len(walk.references)
        found = inner(value, walk)
        walk.references[at] = (value, targets)
        return found

    return check


def _list_check(item_check: Check) -> Check:
    def check(value: Any, walk: Walk) -> Problems:
        if value.__class__ is not list:
            return only("fhir.not-a-list")
        if not value:
            return only("fhir.empty")
        problems: Problems = None
        for at, item in enumerate(value):
            found = item_check(item, walk)
            if found is not None:
                problems = add(problems, found, f"[{at}]")
        return problems

    return check


def _object_check(rules: _Rules) -> Check:
    """The loop over the members of an object: the heart of the validator, kept free of everything rare."""
    checks, required, choices, invariants = rules.checks, rules.required, rules.choices, rules.invariants
    required_choices = rules.required_choices

    def check(node: Any, walk: Walk) -> Problems:
        if node.__class__ is not dict:
            return wrong_kind(node)
        problems: Problems = None
        shadowed = False
        for name, value in node.items():
            rule = checks.get(name)
            if rule is not None:
                found = rule(value, walk)
                if found is not None:
                    problems = add(problems, found, name)
            elif name[:1] == "_" and name[1:] in rules.shadows:
                shadowed = True
            else:
                problems = add(problems, only("fhir.unknown-element", _safe_name(name)))
        if shadowed or problems is not None:
            problems = _with_shadows(node, rules, problems, walk)
        for name in required:
            if name not in node and (f"_{name}" not in node or name not in rules.shadows):
                problems = add(problems, only("fhir.required-missing", name))
        if choices:
            problems = _check_choices(node, choices, required_choices, problems)
        if len(node) < 2 and (not node or "id" in node):
            problems = add(problems, only("fhir.empty"))
        if problems is None and invariants:
            problems = _broken(node, invariants)
        return problems

    return check


def _broken(node: dict[str, Any], invariants: list[Invariant]) -> Problems:
    problems: Problems = None
    for invariant in invariants:
        if not invariant.holds(node):
            problems = add(problems, [Problem(f"invariant.{invariant.key}", "", invariant.severity)])
    return problems


def _safe_name(name: str) -> str:
    """A name that is not R4's may itself be content (a number, a name): shown only when it looks like an element."""
    plain = name.isascii() and name.replace("_", "").isalpha() and len(name) <= 40
    return name if plain else "?"


def _check_choices(
    node: dict[str, Any], choices: dict[str, str], required: list[tuple[str, ...]], problems: Problems
) -> Problems:
    """No choice has values of two types, and none that is required has none."""
    chosen: dict[str, str] = {}
    for name in node:
        plain = name[1:] if name[:1] == "_" else name
        choice = choices.get(plain)
        if choice is not None and chosen.setdefault(choice, plain) != plain:
            problems = add(problems, only("fhir.more-than-one-choice", choice))
    for names in required:
        if choices[names[0]] not in chosen:
            problems = add(problems, only("fhir.required-missing", choices[names[0]]))
    return problems


def _with_shadows(node: dict[str, Any], rules: _Rules, problems: Problems, walk: Walk) -> Problems:
    """The primitive extensions of a node; a null in a list of primitives is right beside a value in the other list."""
    element_check = _type_check("Element")
    kept = [problem for problem in problems or () if not _is_paired_null(node, problem)]
    problems = kept or None
    for name, repeats in rules.shadows.items():
        shadow = node.get(f"_{name}")
        if f"_{name}" not in node:
            continue
        if repeats:
            found = _check_shadow_list(node.get(name), shadow, element_check, walk)
        else:
            found = _check_shadow(name in node, shadow, element_check, walk)
        if found is not None:
            problems = add(problems, found, name)
    return problems


def _is_paired_null(node: dict[str, Any], problem: Problem) -> bool:
    """Whether a problem is about a null in a list of primitives for which ``_name`` has an element."""
    name, bracket, rest = problem.path.partition("[")
    values, shadow = node.get(name), node.get(f"_{name}")
    if not bracket or not rest.endswith("]") or not isinstance(values, list) or not isinstance(shadow, list):
        return False
    at = int(rest[:-1]) if rest[:-1].isdigit() else len(values)
    return at < len(values) and values[at] is None


def _check_shadow_list(values: Any, shadows: Any, element_check: Check, walk: Walk) -> Problems:
    if shadows.__class__ is not list:
        return only("fhir.not-a-list")
    if values is not None and (values.__class__ is not list or len(values) != len(shadows)):
        return only("fhir.unpaired-extension")
    if all(shadow is None for shadow in shadows):
        return only("fhir.empty")
    problems: Problems = None
    for at, shadow in enumerate(shadows):
        has_value = values is not None and values[at] is not None
        if shadow is None and has_value:
            continue
        found = (
            only("fhir.empty") if shadow is None else _check_shadow(has_value, shadow, element_check, walk)
        )
        if found is not None:
            problems = add(problems, found, f"[{at}]")
    return problems


def _check_shadow(has_value: bool, shadow: Any, element_check: Check, walk: Walk) -> Problems:
    found = element_check(shadow, walk)
    if found is None:
        return None
    if has_value:  # an id alone is enough beside a value
        found = [problem for problem in found if problem.path or shadow.__class__ is not dict or not shadow]
    return found or None
