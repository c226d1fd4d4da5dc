"""Does a resource meet the profiles of ours that it claims, and does it use our extensions as they are defined?

The StructureDefinitions in `profiles/` are read once and compiled. Of a differential these parts are understood, and
no others are used in our profiles (a test sees to it): min, max, fixed…, the types of a choice, the targets of a
reference, slices told apart by a fixed value, and the profile it is based on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import msgspec

from gateway import package_data
from gateway.fhir import tables
from gateway.fhir.bundle import split_restful
from gateway.fhir.canonical import BASE
from gateway.fhir.problem import Problem, Problems, add, only

Node = dict[str, Any]
Resolve = Callable[[str], Node | None]
"""Finds the resource a reference means, if it is at hand."""

OURS: Final = f"{BASE}/StructureDefinition/"
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True)
class Slice:
    """The items of a list that have a fixed value in an element."""

    element: str
    value: Any

    def holds(self, item: Node) -> bool:
        """Whether the item belongs to the slice."""
        return bool(item.get(self.element) == self.value)


@dataclass(frozen=True)
class Constraint:
    """What a profile says about one element."""

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
    slice: Slice | None
    """Only the items of this slice are meant."""
    inside: Slice | None
    """Only within items of this slice of the element around it."""


@dataclass(frozen=True)
class Profile:
    """One profile of ours, with what it inherits from another of ours."""

    url: str
    type: str
    constraints: tuple[Constraint, ...] = field(repr=False)


@cache
def profiles() -> dict[str, Profile]:
    """Our profiles of resources by their canonical address."""
    definitions = {definition["url"]: definition for definition in _read("structures")}
    return {
        url: Profile(url, definition["type"], _inherited(definition, definitions))
        for url, definition in definitions.items()
    }


@cache
def extension_values() -> dict[str, frozenset[str]]:
    """Our extensions by their canonical address: the names their value may have; ``extension`` when they may nest."""
    return {definition["url"]: _value_names(definition) for definition in _read("extensions")}


def check_profiles(resource: Node, resolve: Resolve) -> Problems:
    """The findings about every profile of ours in `meta.profile`; the resource's structure is already sound."""
    problems: Problems = None
    for at, url in enumerate(resource["meta"].get("profile", ())):
        plain = url.partition("|")[0] if url is not None else ""
        if not plain.startswith(OURS):
            continue
        profile = profiles().get(plain)
        if profile is None or profile.type != resource["resourceType"]:
            problems = add(problems, only("fhir.unknown-profile", f"meta.profile[{at}]"))
            continue
        for constraint in profile.constraints:
            found = _check(resource, constraint, resolve)
            if found is not None:
                problems = add(problems, found)
    return problems


def check_extension(extension: Node) -> Problems:
    """Whether an extension of ours is known and holds what it is defined to hold."""
    allowed = extension_values().get(extension["url"])
    if allowed is None:
        return [Problem("fhir.unknown-extension", "url", "warning")]
    for name in extension:
        plain = name.removeprefix("_")
        if (plain.startswith("value") or plain == "extension") and plain not in allowed:
            return only("fhir.profile", plain)
    return None


def _check(resource: Node, constraint: Constraint, resolve: Resolve) -> Problems:
    problems: Problems = None
    for path, node in _nodes(resource, "", constraint.parents, constraint.inside):
        where = f"{path}.{constraint.name}" if path else constraint.name
        values = list(_values(node, constraint.name, constraint.suffixes))
        if constraint.slice is not None:
            values = [value for value in values if isinstance(value, dict) and constraint.slice.holds(value)]
        too_many = constraint.maximum is not None and len(values) > constraint.maximum
        other_type = constraint.suffixes and len(values) < len(list(_values(node, constraint.name, ())))
        wrong = any(not _fits(value, constraint, resolve) for value in values)
        if len(values) < constraint.minimum or too_many or other_type or wrong:
            problems = add(problems, only("fhir.profile", where))
    return problems


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


def _fits(value: Any, constraint: Constraint, resolve: Resolve) -> bool:
    if constraint.fixed is not None and value is not None and value != constraint.fixed:
        return False
    if not constraint.targets or not isinstance(value, dict):
        return True
    reference = value.get("reference")
    found = resolve(reference) if reference is not None else None
    if found is not None:
        return found["resourceType"] in constraint.targets
    parts = split_restful(reference) if reference is not None else None
    stated = parts[1] if parts else value.get("type")
    return stated is None or stated in constraint.targets


def _read(folder: str) -> list[Node]:
    files = sorted((package_data.profiles() / folder).glob("*.json"))
    return [msgspec.json.decode(file.read_bytes()) for file in files]


def _inherited(definition: Node, definitions: dict[str, Node]) -> tuple[Constraint, ...]:
    base = definitions.get(definition["baseDefinition"])
    own = tuple(
        _constraint(element, definition)
        for element in definition["differential"]["element"]
        if "." in element["path"]
    )
    return (_inherited(base, definitions) if base else ()) + own


def _constraint(element: Node, definition: Node) -> Constraint:
    _, *parents, name = element["path"].split(".")
    maximum = element.get("max", "*")
    return Constraint(
        parents=tuple(parents),
        name=name,
        minimum=element.get("min", 0),
        maximum=None if maximum == "*" else int(maximum),
        fixed=next((value for key, value in element.items() if key.startswith("fixed")), None),
        suffixes=tuple(kind["code"][0].upper() + kind["code"][1:] for kind in element.get("type", ()))
        if "[x]" in name
        else (),
        targets=frozenset(
            target.removeprefix(_CORE)
            for kind in element.get("type", ())
            for target in kind.get("targetProfile", ())
        ),
        slice=_slice(element["id"], definition) if "sliceName" in element else None,
        inside=_slice(element["id"].rpartition(".")[0], definition),
    )


def _slice(identity: str, definition: Node) -> Slice | None:
    """The slice an element id ends in (``Observation.code.coding:variable``): told apart by its first fixed child."""
    if ":" not in identity.rpartition(".")[2]:
        return None
    for element in definition["differential"]["element"]:
        if element["id"].rpartition(".")[0] == identity:
            for key, value in element.items():
                if key.startswith("fixed"):
                    return Slice(element["path"].rpartition(".")[2], value)
    return None


def _value_names(definition: Node) -> frozenset[str]:
    elements = {element["path"]: element for element in definition["differential"]["element"]}
    value = elements.get("Extension.value[x]", {})
    names = {tables.ElementType(kind["code"], None).suffix for kind in value.get("type", ())}
    nests = elements.get("Extension.extension", {}).get("max") != "0"
    return frozenset({f"value{name}" for name in names} | ({"extension"} if nests else set()))
