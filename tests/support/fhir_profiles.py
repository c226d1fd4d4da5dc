"""For a rule of a profile: a resource that meets it, damaged so that it breaks just that rule."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from gateway.fhir.constraints import Constraint, _nodes, _values

Resource = dict[str, Any]
Breach = tuple[Resource, str]
"""A damaged copy, and the path at which the damage is to be found."""


def breaches(resource: Resource, constraint: Constraint) -> list[Breach]:
    """One copy for each way in which the rule can be broken; none when the resource has nothing the rule is about."""
    return [(damaged, path) for damaged, path in _all(resource, constraint) if path]


def _all(resource: Resource, constraint: Constraint) -> Iterator[Breach]:
    ways = []
    if constraint.minimum:
        ways.append(_take_away)
    if constraint.maximum is not None:
        ways.append(_repeat)
    if constraint.fixed is not None or constraint.codes is not None:
        ways.append(_say_something_else)
    if constraint.targets:
        ways.append(_point_elsewhere)
    if constraint.suffixes:
        ways.append(_change_type)
    for way in ways:
        damaged = copy.deepcopy(resource)
        nodes = list(_nodes(damaged, "", constraint.parents, constraint.inside))
        if not nodes and constraint.inside is not None:
            item = {constraint.inside.element: constraint.inside.value, constraint.name: "x"}
            damaged.setdefault(constraint.parents[0], []).append(item)
            nodes = list(_nodes(damaged, "", constraint.parents, constraint.inside))
        if nodes:
            path, node = nodes[0]
            if way(node, constraint):
                yield damaged, f"{path}.{constraint.name}" if path else constraint.name


def _key(node: Resource, constraint: Constraint) -> str | None:
    """The name in JSON under which the element stands in the node."""
    name = constraint.name.removesuffix("[x]")
    return next(
        (key for key in node if key == name or (key.startswith(name) and "[x]" in constraint.name)), None
    )


def _items(node: Resource, constraint: Constraint) -> list[Any]:
    values = _values(node, constraint.name, ())
    return [each for each in values if constraint.slice is None or constraint.slice.holds(each)]


def _take_away(node: Resource, constraint: Constraint) -> bool:
    key = _key(node, constraint)
    if key is None:
        return False
    if constraint.slice is not None:
        node[key] = [each for each in node[key] if not constraint.slice.holds(each)]
    if constraint.slice is None or not node[key]:
        del node[key]
    return True


def _repeat(node: Resource, constraint: Constraint) -> bool:
    if constraint.maximum == 0:
        node[constraint.name] = {"display": "x"}
        return True
    items = _items(node, constraint)
    if not items or not isinstance(node.get(constraint.name), list):
        return False
    node[constraint.name] += [items[0]] * (constraint.maximum or 1)
    return True


def _say_something_else(node: Resource, constraint: Constraint) -> bool:
    key = _key(node, constraint)
    if key is None:
        return False
    if constraint.codes is not None:
        for item in _items(node, constraint):
            item["code"] = "something-else"
    else:
        node[key] = "urn:something:else"
    return True


def _point_elsewhere(node: Resource, constraint: Constraint) -> bool:
    found = False
    for item in _items(node, constraint):
        if isinstance(item, dict):
            item.clear()
            item["reference"] = "Device/1"
            found = True
    return found


def _change_type(node: Resource, constraint: Constraint) -> bool:
    key = _key(node, constraint)
    if key is None:
        return False
    node[constraint.name.removesuffix("[x]") + "Ratio"] = node.pop(key)
    return True
