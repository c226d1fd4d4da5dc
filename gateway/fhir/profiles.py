"""Does a resource meet the profiles of ours that it claims, and does it use our extensions as they are defined?

The StructureDefinitions in `profiles/` are read once and compiled (`constraints`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.canonical import BASE, DATA_ABSENT_REASON
from gateway.fhir.constraints import Constraint, Holds, Resolve, all_hold, broken, read_constraint
from gateway.fhir.definitions import EXTENSIONS, definitions
from gateway.fhir.problem import Problem, Problems, add, only

Node = dict[str, Any]

OURS: Final = f"{BASE}/StructureDefinition/"
_REASONS: Final = frozenset(
    {
        *(
            "unknown",
            "asked-unknown",
            "temp-unknown",
            "not-asked",
            "asked-declined",
            "masked",
            "not-applicable",
        ),
        *("unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity"),
        *("not-performed", "not-permitted"),
    }
)
"""The codes of R4's data-absent-reason: its extension is bound to them, and holds nothing else."""


@dataclass(frozen=True)
class Profile:
    """One profile of ours, with what it inherits from another of ours."""

    url: str
    type: str
    constraints: tuple[Constraint, ...] = field(repr=False)
    holds: Holds = field(repr=False)
    """Whether a resource keeps to all of them."""


@cache
def profiles() -> dict[str, Profile]:
    """Our profiles of resources by their canonical address."""
    read = {definition["url"]: definition for definition in definitions("structures")}
    return {url: _profile(url, definition, read) for url, definition in read.items()}


def extension_values() -> dict[str, frozenset[str]]:
    """Our extensions by their canonical address: the names their value may have; ``extension`` when they may nest."""
    found = definitions(EXTENSIONS)
    of, values = _values[0]
    if of is not found:
        values = {each["url"]: _value_names(each) for each in found}
        _values[0] = found, values
    return values


_values: list[tuple[tuple[Node, ...], dict[str, frozenset[str]]]] = [((), {})]
"""The definitions that were read last, and their names."""


def check_profiles(resource: Node, resolve: Resolve) -> Problems:
    """The findings about every profile of ours in `meta.profile`; the resource's structure is already sound."""
    problems: Problems = None
    for at, url in enumerate(resource["meta"].get("profile", ())):
        plain = url.partition("|")[0] if url is not None else ""
        if not plain.startswith(OURS):
            continue
        found = check_profile(resource, plain, resolve)
        if found is None:
            problems = add(problems, only("fhir.unknown-profile", f"meta.profile[{at}]"))
        elif found:
            problems = add(problems, found)
    return problems


def check_profile(resource: Node, url: str, resolve: Resolve) -> list[Problem] | None:
    """The findings about one profile of ours; None when there is no such profile for resources of that type."""
    profile = profiles().get(url)
    if profile is None or profile.type != resource["resourceType"]:
        return None
    if profile.holds(resource, resolve):
        return []
    problems: Problems = None
    for constraint in profile.constraints:
        for path in broken(resource, constraint, resolve):
            problems = add(problems, only("fhir.profile", path))
    return problems or []


def check_extension(extension: Node) -> Problems:
    """Whether an extension of ours is known and holds what it is defined to hold; of R4's, data-absent-reason."""
    if extension["url"] == DATA_ABSENT_REASON:
        return _check_absent(extension)
    allowed = extension_values().get(extension["url"])
    if allowed is None:
        return [Problem("fhir.unknown-extension", "url", "warning")]
    for name in extension:
        plain = name.removeprefix("_")
        if (plain.startswith("value") or plain == "extension") and plain not in allowed:
            return only("fhir.profile", plain)
    return None


def _check_absent(extension: Node) -> Problems:
    code = extension.get("valueCode")
    is_reason = code.__class__ is str and code in _REASONS
    if is_reason and len(extension) == 2:  # by far the most
        return None
    for name in extension:
        plain = name.removeprefix("_")
        if plain not in ("url", "id", "valueCode"):
            return only("fhir.wrong-type", plain)
    return None if is_reason or "valueCode" not in extension else only("fhir.bad-code", "valueCode")


def _profile(url: str, definition: Node, read: dict[str, Node]) -> Profile:
    constraints = tuple(each for each in _inherited(definition, read) if each.can_be_broken)
    return Profile(url, definition["type"], constraints, all_hold(constraints, definition["type"]))


def _inherited(definition: Node, read: dict[str, Node]) -> tuple[Constraint, ...]:
    base = read.get(definition["baseDefinition"])
    own = tuple(
        read_constraint(element, definition)
        for element in definition["differential"]["element"]
        if "." in element["path"]
    )
    return (_inherited(base, read) if base else ()) + own


def _value_names(definition: Node) -> frozenset[str]:
    elements = {element["path"]: element for element in definition["differential"]["element"]}
    value = elements.get("Extension.value[x]", {})
    names = {tables.ElementType(kind["code"], None).suffix for kind in value.get("type", ())}
    nests = elements.get("Extension.extension", {}).get("max") != "0"
    return frozenset({f"value{name}" for name in names} | ({"extension"} if nests else set()))
