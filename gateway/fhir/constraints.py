"""What does a profile say about one element, and does a resource keep to it?

A constraint is read from an element of a differential. Of that these parts are understood, and no others are used in
our profiles (a test sees to it): min, max, fixed…, required bindings, the types of a choice, the targets of a
reference, slices told apart by a fixed value or by the address of an extension.

Whether all is well is asked first, by a function made once for each constraint; only where it is not, `broken` looks
for the places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.bundle import split_restful
from gateway.fhir.canonical import CODE_LIST_ROOT, is_of
from gateway.fhir.definitions import codes_of

Node = dict[str, Any]
Resolve = Callable[[str], Node | None]
"""Finds the resource a reference means, if it is at hand."""
Holds = Callable[[Node, Resolve], bool]
"""Whether a resource keeps to a constraint."""

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_ONLY_EXTENSION: Final = frozenset({"id", "extension"})


@dataclass(frozen=True)
class Slice:
    """The items of a list that have a fixed value in an element."""

    element: str
    value: Any

    def holds(self, item: Node) -> bool:
        """Whether the item belongs to the slice."""
        return item.get(self.element) == self.value or _same(item, self.element, self.value)


@dataclass(frozen=True)
class Constraint:
    """What a profile says about one element."""

    path: str
    """As it stands in the profile."""
    parents: tuple[str, ...]
    """Names from the resource to the element around it; a choice ends in ``[x]``."""
    name: str
    minimum: int
    maximum: int | None
    fixed: Any
    suffixes: tuple[str, ...]
    """For a choice: the types allowed (``Coding``); empty: all of R4's."""
    targets: frozenset[str]
    """For a reference: the resource types allowed; empty: all of R4's."""
    codes: dict[str, frozenset[str]] | None
    """For a code with a required binding: the codes allowed, by code system."""
    slice: Slice | None
    """Only the items of this slice are meant."""
    inside: Slice | None
    """Only within items of this slice of the element around it."""

    @property
    def asks_presence(self) -> bool:
        """Whether it only asks that an element is there, or is not, in the resource or in an object of it."""
        only_names = self.slice is None and self.inside is None and "[x]" not in self.path
        counts = self.minimum > 1 or self.maximum not in (None, 0)
        return only_names and not counts and not self.asks_values and len(self.parents) < 2

    @property
    def can_be_broken(self) -> bool:
        """Whether it says anything: not what only tells a slice apart, or is a note."""
        if self.inside is not None and self.name == self.inside.element:
            return False
        return bool(self.minimum or self.maximum is not None or self.asks_values or self.suffixes)

    @property
    def asks_values(self) -> bool:
        """Whether it is about the values themselves, beside how many there are."""
        return self.fixed is not None or bool(self.targets) or self.codes is not None


def read_constraint(element: Node, definition: Node) -> Constraint:
    """The constraint that an element of a profile's differential states."""
    _, *parents, name = element["path"].split(".")
    maximum = element.get("max", "*")
    kinds = element.get("type", ())
    binding = element.get("binding", {})
    return Constraint(
        path=element["path"],
        parents=tuple(parents),
        name=name,
        minimum=element.get("min", 0),
        maximum=None if maximum == "*" else int(maximum),
        fixed=next((value for key, value in element.items() if key.startswith("fixed")), None),
        suffixes=tuple(kind["code"][0].upper() + kind["code"][1:] for kind in kinds) if "[x]" in name else (),
        targets=frozenset(
            target.removeprefix(_CORE) for kind in kinds for target in kind.get("targetProfile", ())
        ),
        codes=codes_of(binding["valueSet"]) if binding.get("strength") == "required" else None,
        slice=_slice(element["id"], definition) if "sliceName" in element else None,
        inside=_slice(element["id"].rpartition(".")[0], definition),
    )


def _slice(identity: str, definition: Node) -> Slice | None:
    """The slice an element id ends in (``Observation.code.coding:variable``): told apart by its extension's address, or
    by its first fixed child."""
    if ":" not in identity.rpartition(".")[2]:
        return None
    for element in definition["differential"]["element"]:
        if element["id"] == identity and element["path"].endswith(".extension"):
            return Slice("url", element["type"][0]["profile"][0])
        if element["id"].rpartition(".")[0] == identity:
            for key, value in element.items():
                if key.startswith("fixed"):
                    return Slice(element["path"].rpartition(".")[2], value)
    return None


def all_hold(constraints: tuple[Constraint, ...], type_name: str) -> Holds:
    """The function that tells whether a resource of the type keeps to all constraints. What must be there, and what
    must not, is asked once for each object."""
    together: dict[tuple[str, ...], list[Constraint]] = {}
    tests = []
    for constraint in constraints:
        if constraint.asks_presence:
            together.setdefault(constraint.parents, []).append(constraint)
        else:
            tests.append(compiled(constraint, type_name))
    tests += [_presence(parents, same, type_name) for parents, same in together.items()]
    return lambda resource, resolve: all(test(resource, resolve) for test in tests)


def _presence(parents: tuple[str, ...], constraints: list[Constraint], type_name: str) -> Holds:
    """The function for constraints that only ask what is there in the same object: plainly so in nearly all, by the
    names alone."""
    demanded = frozenset(each.name for each in constraints if each.minimum)
    barred = frozenset(
        name for each in constraints if each.maximum == 0 for name in (each.name, "_" + each.name)
    )
    plainly = _names_test(demanded, barred)
    one_by_one = [_test(each) for each in constraints]

    def test(node: Node, resolve: Resolve) -> bool:
        return plainly(node) or all(each(node, resolve) for each in one_by_one)

    if not parents:
        return test
    keys = _keys(parents[0], type_name)
    below = _below(keys, test)

    def hold(node: Node, resolve: Resolve) -> bool:
        items = node.get(keys[0])
        if items.__class__ is list and len(keys) == 1 and all(map(plainly, items)):
            return True
        return below(node, resolve)

    return hold


def _names_test(demanded: frozenset[str], barred: frozenset[str]) -> Callable[[Node], bool]:
    """Whether a node has all names demanded and none of those barred; written for them, as this runs for every entry of
    a Bundle."""
    tests = [f"{name!r} in node" for name in sorted(demanded)]
    tests += [f"{name!r} not in node" for name in sorted(barred)]
    test: Callable[[Node], bool] = eval(f"lambda node: {' and '.join(tests) or True}")
    return test


def compiled(constraint: Constraint, type_name: str) -> Holds:
    """The function that tells whether a resource of the type keeps to the constraint."""
    test = _test(constraint)
    if constraint.inside is not None:
        test = _only_inside(constraint.inside, test)
    for name in reversed(constraint.parents[1:]):
        test = _below((name,), test)
    return _below(_keys(constraint.parents[0], type_name), test) if constraint.parents else test


def _only_inside(inside: Slice, test: Holds) -> Holds:
    """The test for the items of a slice; the others pass."""
    return lambda node, resolve: not inside.holds(node) or test(node, resolve)


def _below(keys: tuple[str, ...], test: Holds) -> Holds:
    """The test for all objects that stand under one of the keys."""

    def hold(node: Node, resolve: Resolve) -> bool:
        for key in keys:
            value = node.get(key)
            if value is None:
                continue
            if value.__class__ is dict:
                if not test(value, resolve):
                    return False
            elif value.__class__ is list:
                for item in value:
                    if item.__class__ is dict and not test(item, resolve):
                        return False
        return True

    return hold


def _keys(name: str, type_name: str) -> tuple[str, ...]:
    """The names in JSON of an element at the top of a type."""
    if not name.endswith("[x]"):
        return (name,)
    return next(tuple(each.names()) for each in tables.elements(type_name) if each.name == name)


def _test(constraint: Constraint) -> Holds:
    """The same for the object that the element stands in."""
    name, minimum, maximum = constraint.name, constraint.minimum, constraint.maximum
    if "[x]" in name:
        return _choice_test(constraint)
    if constraint.slice is not None:
        return _slice_test(constraint, constraint.slice)
    shadow, asks = "_" + name, constraint.asks_values

    def test(node: Node, resolve: Resolve) -> bool:
        value = node.get(name)
        if value is None:
            return shadow in node if minimum else maximum != 0 or shadow not in node
        if value.__class__ is list:
            if len(value) < minimum or (maximum is not None and len(value) > maximum):
                return False
            return not asks or all(_fits(item, constraint, resolve) for item in value)
        return maximum != 0 and (not asks or _fits(value, constraint, resolve))

    return test


def _choice_test(constraint: Constraint) -> Holds:
    """The same for a choice: most only say of which types its value may be."""
    if constraint.minimum or constraint.maximum is not None or constraint.asks_values:
        return lambda node, resolve: not _is_broken(node, constraint, resolve)
    stem = constraint.name.removesuffix("[x]")
    allowed = {f"{shadow}{stem}{suffix}" for shadow in ("", "_") for suffix in constraint.suffixes}

    def test(node: Node, resolve: Resolve) -> bool:
        for name in node:
            if name not in allowed and name.removeprefix("_").startswith(stem):
                return not _is_broken(node, constraint, resolve)
        return True

    return test


def _slice_test(constraint: Constraint, of: Slice) -> Holds:
    """The same for the items of a slice."""
    name, minimum, maximum = constraint.name, constraint.minimum, constraint.maximum
    asks = constraint.asks_values

    def test(node: Node, resolve: Resolve) -> bool:
        count = 0
        for item in node.get(name) or ():
            if item.__class__ is dict and of.holds(item):
                count += 1
                if asks and not _fits(item, constraint, resolve):
                    return False
        return count >= minimum and (maximum is None or count <= maximum)

    return test


def broken(resource: Node, constraint: Constraint, resolve: Resolve) -> Iterator[str]:
    """The paths at which a resource does not keep to the constraint."""
    for path, node in _nodes(resource, "", constraint.parents, constraint.inside):
        if _is_broken(node, constraint, resolve):
            yield f"{path}.{constraint.name}" if path else constraint.name


def _is_broken(node: Node, constraint: Constraint, resolve: Resolve) -> bool:
    values = list(_values(node, constraint.name, constraint.suffixes))
    if constraint.suffixes and len(values) < len(list(_values(node, constraint.name, ()))):
        return True  # a value of another type
    if constraint.slice is not None:
        values = [value for value in values if isinstance(value, dict) and constraint.slice.holds(value)]
    if len(values) < constraint.minimum or (
        constraint.maximum is not None and len(values) > constraint.maximum
    ):
        return True
    return constraint.asks_values and any(not _fits(value, constraint, resolve) for value in values)


def _nodes(
    node: Node, path: str, parents: tuple[str, ...], inside: Slice | None
) -> Iterator[tuple[str, Node]]:
    """The nodes in which the constraint's element may stand, with their paths."""
    if not parents:
        yield path, node
        return
    name, *rest = parents
    for key, value in node.items():
        if not _is_named(key, name):
            continue
        for at, item in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(item, dict) or (not rest and inside is not None and not inside.holds(item)):
                continue
            step = f"{key}[{at}]" if isinstance(value, list) else key
            yield from _nodes(item, f"{path}.{step}" if path else step, tuple(rest), inside)


def _is_named(key: str, name: str) -> bool:
    if not name.endswith("[x]"):
        return key == name
    return key.startswith(name[:-3]) and key[len(name) - 3 : len(name) - 2].isupper()


def _values(node: Node, name: str, suffixes: tuple[str, ...]) -> Iterator[Any]:
    """The values of an element; one that is only an extension counts as a value (None)."""
    for key, value in node.items():
        plain = key.removeprefix("_")
        if not _is_named(plain, name) or (key != plain and plain in node):
            continue
        if suffixes and plain[len(name) - 3 :] not in suffixes:
            continue
        yield from value if isinstance(value, list) else [value if key == plain else None]


def _same(node: Node, key: str, wanted: Any) -> bool:
    """Whether a value is the fixed one; of a national code list, by any of the addresses in use."""
    value = node.get(key)
    if value == wanted:
        return True
    return (
        key == "system"
        and isinstance(wanted, str)
        and wanted.startswith(CODE_LIST_ROOT)
        and is_of(node, wanted)
    )


def _fits(value: Any, constraint: Constraint, resolve: Resolve) -> bool:
    if value is None:
        return True
    if constraint.fixed is not None and not _same(
        {constraint.name: value}, constraint.name, constraint.fixed
    ):
        return False
    if constraint.codes is not None and not _is_among(value, constraint.codes):
        return False
    return (
        not constraint.targets
        or value.__class__ is not dict
        or _may_point(value, constraint.targets, resolve)
    )


def _is_among(value: Any, codes: dict[str, frozenset[str]]) -> bool:
    """Whether a code, Coding or CodeableConcept has one of the codes; one that is only an extension passes."""
    if value.__class__ is str:
        return any(value in each for each in codes.values())
    if value.keys() <= _ONLY_EXTENSION:
        return True
    codings = value.get("coding", ()) if "code" not in value and "system" not in value else (value,)
    return any(
        coding.get("code") in allowed and is_of(coding, system)
        for coding in codings
        for system, allowed in codes.items()
    )


def _may_point(value: Node, targets: frozenset[str], resolve: Resolve) -> bool:
    reference = value.get("reference")
    found = resolve(reference) if reference is not None else None
    if found is not None:
        return found["resourceType"] in targets
    parts = split_restful(reference) if reference is not None else None
    stated = parts[1] if parts else value.get("type")
    return stated is None or stated in targets
