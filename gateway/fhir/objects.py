"""What is wrong with one JSON object, given the rules of its type?

The explaining half of the validator: it finds every problem and names its place. Whether there is anything to explain
at all is asked first, and much faster, by `shapes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.invariants import Invariant
from gateway.fhir.primitives import wrong_kind
from gateway.fhir.problem import Check, Problem, Problems, Walk, add, enough, only

MUST_BE_UNDERSTOOD: Final = {
    "modifierExtension": "fhir.unknown-modifier",
    "implicitRules": "fhir.implicit-rules",
}
"""Elements that may change what everything beside them means: R4 wants them understood or refused, and there are none
that we understand."""


@dataclass(frozen=True)
class Member:
    """One name an object of the type may have, as the tables say it."""

    type: str
    is_object: bool
    """The type has members of its own; else it is primitive."""
    repeats: bool
    bound: bool
    """Only codes of a value set are allowed."""
    codes: frozenset[str] | None
    """For a code with a required binding: the codes allowed."""
    targets: frozenset[str] | None
    """For a reference: the resource types allowed; None: any."""
    item: Check
    """The explaining check of one value."""
    check: Check
    """The explaining check of the whole value (the list, if it repeats)."""


class Rules:
    """What R4 says about the members of one type; filled after the type's check exists (types are recursive)."""

    __slots__ = (
        "choices",
        "element",
        "invariants",
        "members",
        "newer",
        "required",
        "required_choices",
        "shadows",
    )

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.required: list[str] = []
        self.required_choices: list[tuple[str, ...]] = []
        """Names in JSON of which one must be there."""
        self.choices: dict[str, str] = {}
        """Name in JSON of an element that is a choice → name of the choice."""
        self.shadows: dict[str, bool] = {}
        """Primitive elements, which may have a ``_name`` (not ids and Extension.url); True: a list."""
        self.invariants: list[Invariant] = []
        self.newer: frozenset[str] = frozenset()
        """Names that only a newer version of FHIR has here."""
        self.element: Check = lambda value, walk: None
        """The check of what stands under a ``_name``."""


def object_check(rules: Rules) -> Check:
    """The explaining check of an object with these rules."""

    def check(node: Any, walk: Walk) -> Problems:
        if node.__class__ is not dict:
            return wrong_kind(node)
        problems = check_shape(node, rules)
        for name, value in node.items():
            member = rules.members.get(name)
            found = member.check(value, walk) if member is not None else None
            if found is not None:
                problems = add(problems, found, name)
                if enough(problems):
                    return problems
        if rules.shadows:
            problems = _check_shadows(node, rules, _check_nulls(node, rules, problems), walk)
        return _broken(node, rules.invariants) if problems is None else problems

    return check


def check_shape(node: dict[str, Any], rules: Rules) -> Problems:
    """What can be said without looking at a value."""
    problems: Problems = None
    for at, name in enumerate(node):
        if name not in rules.members and not (name[:1] == "_" and name[1:] in rules.shadows):
            newer = name.removeprefix("_") in rules.newer
            found = (
                only("fhir.other-version", name)
                if newer
                else only("fhir.unknown-element", _own_name(name, at))
            )
            problems = add(problems, found)
            if enough(problems):
                return problems
    for name, code in MUST_BE_UNDERSTOOD.items():
        if name in node and name in rules.members:
            problems = add(problems, only(code, name))
    for name in rules.required:
        if name not in node and (f"_{name}" not in node or name not in rules.shadows):
            problems = add(problems, only("fhir.required-missing", name))
    if rules.choices:
        problems = _check_choices(node, rules, problems)
    if len(node) < 2 and (not node or "id" in node):
        problems = add(problems, only("fhir.empty"))
    return problems


def _broken(node: dict[str, Any], invariants: list[Invariant]) -> Problems:
    problems: Problems = None
    for invariant in invariants:
        if not invariant.holds(node):
            problems = add(problems, [Problem(f"invariant.{invariant.key}", "", invariant.severity)])
    return problems


def _own_name(name: str, at: int) -> str:
    """The name, when R4 has it somewhere; else `?` and its position in the object: it may itself be content."""
    return name if name.removeprefix("_") in tables.element_names() else f"?[{at}]"


def _check_choices(node: dict[str, Any], rules: Rules, problems: Problems) -> Problems:
    """No choice has values of two types, and none that is required has none."""
    chosen: dict[str, str] = {}
    for name in node:
        plain = name[1:] if name[:1] == "_" else name
        choice = rules.choices.get(plain)
        if choice is not None and chosen.setdefault(choice, plain) != plain:
            problems = add(problems, only("fhir.more-than-one-choice", choice))
    for names in rules.required_choices:
        if rules.choices[names[0]] not in chosen:
            problems = add(problems, only("fhir.required-missing", rules.choices[names[0]]))
    return problems


def _check_shadows(node: dict[str, Any], rules: Rules, problems: Problems, walk: Walk) -> Problems:
    """The primitive extensions of a node."""
    for key, shadow in node.items():
        name = key[1:]
        if key[:1] != "_" or name not in rules.shadows:
            continue
        if rules.shadows[name]:
            found = check_shadow_list(node.get(name), shadow, rules.element, walk)
        else:
            found = check_shadow(name in node, shadow, rules.element, walk)
        if found is not None:
            problems = add(problems, found, name)
    return problems


def _check_nulls(node: dict[str, Any], rules: Rules, problems: Problems) -> Problems:
    """No null stands in a list of primitives but beside a ``_name`` (whose check looks at the pairs)."""
    for name, value in node.items():
        if rules.shadows.get(name) and value.__class__ is list and f"_{name}" not in node and None in value:
            problems = add(problems, only("fhir.wrong-type", f"[{value.index(None)}]"), name)
    return problems


def check_shadow_list(values: Any, shadows: Any, element_check: Check, walk: Walk) -> Problems:
    """The ``_name`` of a repeating primitive, beside its values (None: there are none)."""
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
        found = only("fhir.empty") if shadow is None else check_shadow(has_value, shadow, element_check, walk)
        if found is not None:
            problems = add(problems, found, f"[{at}]")
    return problems


def check_shadow(has_value: bool, shadow: Any, element_check: Check, walk: Walk) -> Problems:
    """The ``_name`` of a single primitive: an extension, or beside a value at least an id."""
    found = element_check(shadow, walk)
    if found is None:
        return None
    if has_value:  # an id alone is enough beside a value
        found = [problem for problem in found if problem.path or shadow.__class__ is not dict or not shadow]
    return found or None
