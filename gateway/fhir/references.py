"""Do the references of a resource or Bundle lead to something, and to something of an allowed type?

Runs after the structure was found sound. In a message or document nothing may dangle: what is not found in the Bundle
must be an absolute address elsewhere (http…) or a logical reference (identifier only). The rules of a Bundle that
need several entries stand here too: fullUrls, and the MessageHeader first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from gateway.fhir import tables
from gateway.fhir.bundle import BundleIndex, message_header, split_restful
from gateway.fhir.invariants.node import any_there
from gateway.fhir.problem import Problem, Problems, Walk, add, enough, only
from gateway.fhir.profiles import check_profiles

Node = dict[str, Any]
Targets = frozenset[str] | None
LookUp = Callable[[str | None], Node | None]

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CLOSED: Final = ("message", "document")
"""Bundle types in which nothing may dangle and every entry has a fullUrl."""


def check_connections(resource: Node, walk: Walk) -> Problems:
    """The findings about references, contained resources and (for a Bundle) entries; paths start below the resource."""
    if resource["resourceType"] == "Bundle":
        return _check_bundle(resource, walk)
    if resource["resourceType"] == "Parameters":
        return _check_inner(resource, _parameter_resources(resource.get("parameter", [])), walk)
    return _check_resource(resource, None, False, walk)


def _check_inner(outer: Node, inner: list[Node], walk: Walk) -> Problems:
    problems: Problems = None
    for resource in inner:
        found = check_connections(resource, walk)
        if found is not None:
            problems = add(problems, found, path_to(outer, resource))
    return problems


def _parameter_resources(parameters: list[Node]) -> list[Node]:
    found = [parameter["resource"] for parameter in parameters if "resource" in parameter]
    for parameter in parameters:
        found += _parameter_resources(parameter.get("part", []))
    return found


def _check_bundle(bundle: Node, walk: Walk) -> Problems:
    kind = bundle.get("type")
    closed = kind in _CLOSED
    problems: Problems = None
    index = BundleIndex(bundle)
    if kind == "message" and message_header(bundle) is None:
        problems = add(problems, only("fhir.no-message-header", "entry[0]" if "entry" in bundle else ""))
    if "profile" in bundle.get("meta", ()):
        claimed = check_profiles(bundle, index.resolve)
        problems = problems if claimed is None else add(problems, claimed)
    plainly = _is_plain(bundle, index, walk)
    seen: set[tuple[str, str] | str] = set()
    for at, entry in enumerate(bundle.get("entry", ())):
        if plainly and "meta" not in entry["resource"]:
            continue
        found = None if plainly else _check_entry(entry, seen, kind)
        if found is not None:
            problems = add(problems, found, f"entry[{at}]")
        resource = entry.get("resource")
        found = None if resource is None else _check_entry_resource(resource, index, closed, walk)
        if found is not None:
            problems = add(problems, found, f"entry[{at}].resource.ofType({resource['resourceType']})")
        if problems is not None and enough(problems):
            break
    return problems


def _is_plain(bundle: Node, index: BundleIndex, walk: Walk) -> bool:
    """Whether it is a Bundle as most are, in which only profiles are left to ask about: each entry a resource with a
    urn of its own, nothing inside them, and all references lead to one of them, of a type that is allowed."""
    named = index.by_full_url
    if not len(named) == len(bundle.get("entry", ())) == len(walk.resources) - 1:
        return False
    for full_url, resource in named.items():
        if not full_url.startswith("urn:") or resource["resourceType"] == "Bundle":
            return False
    for node, targets in walk.references:
        target = named.get(node.get("reference", ""))
        if target is None:
            if "reference" in node or "type" in node:
                return False
        elif "type" in node or (targets is not None and target["resourceType"] not in targets):
            return False
    return True


def _check_entry(entry: Node, seen: set[tuple[str, str] | str], kind: str | None) -> Problems:
    """What is wrong with the fullUrl of an entry, after those seen."""
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    found = None
    if full_url is None or not full_url.startswith("urn:"):
        found = _check_full_url(entry, kind in _CLOSED)
    if full_url is not None:
        version = resource["meta"].get("versionId") if resource is not None and "meta" in resource else None
        key = full_url if version is None else (full_url, version)
        if key in seen and kind != "history":
            found = add(found, only("fhir.duplicate-full-url", "fullUrl"))
        seen.add(key)
    return found


def _check_entry_resource(resource: Node, index: BundleIndex, closed: bool, walk: Walk) -> Problems:
    if resource["resourceType"] in ("Bundle", "Parameters"):
        return check_connections(resource, walk)
    return _check_resource(resource, index, closed, walk)


def _check_full_url(entry: Node, closed: bool) -> Problems:
    """What is wrong with a fullUrl that is no urn, or is missing."""
    full_url = entry.get("fullUrl")
    if full_url is None:
        return only("fhir.bad-full-url") if closed else None
    if not _ABSOLUTE.match(full_url):
        return only("fhir.bad-full-url", "fullUrl")
    identity = entry.get("resource", {}).get("id")
    parts = split_restful(full_url)
    if (
        parts is not None
        and identity is not None
        and parts[1:] != (entry["resource"]["resourceType"], identity)
    ):
        return only("fhir.bad-full-url", "fullUrl")
    return None


def _check_resource(resource: Node, index: BundleIndex | None, closed: bool, walk: Walk) -> Problems:
    problems = _check_contained(resource) if "contained" in resource else None
    look_up = _looks_up(resource, index)
    begin, end = walk.resources[id(resource)]
    named = index.by_full_url if index else {}
    for node, targets in walk.references[begin:end]:
        target = named.get(node.get("reference", ""))
        allowed = target is not None and (targets is None or target["resourceType"] in targets)
        if allowed and "type" not in node:
            continue  # by far the most: what it names is here, and of a type that is allowed
        problem = _check_reference(node, targets, look_up, closed)
        if problem is not None:
            problems = add(problems, [problem], path_to(resource, node))
            if enough(problems):
                break
    if "profile" in resource.get("meta", ()):
        found = check_profiles(resource, look_up)
        problems = problems if found is None else add(problems, found)
    return problems


def _check_reference(node: Node, targets: Targets, look_up: LookUp, closed: bool) -> Problem | None:
    reference, stated = node.get("reference"), node.get("type")
    target: str | None = None
    if reference is not None:
        found = look_up(reference)
        if found is not None:
            target = found["resourceType"]
        elif reference.startswith("#"):
            return Problem("invariant.ref-1", "reference")
        elif closed and not reference.startswith(("http://", "https://")):
            return Problem("fhir.bad-reference", "reference")
        else:
            parts = split_restful(reference)
            target = parts[1] if parts else None
    if stated is not None:
        if not _ABSOLUTE.match(stated) and stated not in tables.resource_types():
            return Problem("fhir.unknown-resource-type", "type")
        if target is not None and stated != target and not _ABSOLUTE.match(stated):
            return Problem("fhir.reference-target", "type")
        target = target or (stated if stated in tables.resource_types() else None)
    if target is not None and targets is not None and target not in targets:
        return Problem("fhir.reference-target")
    return None


def _looks_up(resource: Node, index: BundleIndex | None) -> LookUp:
    """What says which resource a reference in this one means; None if it is not here."""
    inner = {each["id"]: each for each in reversed(resource.get("contained", ())) if "id" in each}

    def look_up(reference: str | None) -> Node | None:
        if reference is not None and reference.startswith("#"):
            return inner.get(reference[1:]) if reference[1:] else resource
        return index.resolve(reference, resource) if index else None

    return look_up


def _check_contained(resource: Node) -> Problems:
    """dom-2 to dom-5: what may stand inside another resource, and that it is used there."""
    problems: Problems = None
    used = set(_local_references(resource))
    for at, inner in enumerate(resource["contained"]):
        meta = inner.get("meta", {})
        is_used = f"#{inner.get('id')}" in used or "#" in _local_references(inner)
        broken = {
            "dom-2": "contained" in inner,
            "dom-3": not is_used,
            "dom-4": any_there(meta, "versionId", "lastUpdated"),
            "dom-5": "security" in meta,
        }
        for key, is_broken in broken.items():
            if is_broken:
                problems = add(problems, only(f"invariant.{key}", f"contained[{at}]"))
        if enough(problems):
            break
    return problems


def _local_references(node: Any) -> list[str]:
    """All texts below the node that may be local references: those that start with ``#``."""
    found: list[str] = []
    pending: list[Any] = [node]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str) and value.startswith("#"):
            found.append(value)
    return found


def path_to(root: Node, wanted: Node) -> str:
    """The path from the resource to that very node below it; only called when something is wrong there."""
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        path, node = pending.pop()
        if node is wanted:
            return path
        if isinstance(node, dict):
            pending.extend((_step(path, name, value), value) for name, value in node.items())
        elif isinstance(node, list):
            pending.extend((_step(path, f"[{at}]", value), value) for at, value in enumerate(node))
    return ""


def _step(path: str, step: str, value: Any) -> str:
    joined = f"{path}{step}" if not path or step[0] == "[" else f"{path}.{step}"
    is_resource = isinstance(value, dict) and isinstance(value.get("resourceType"), str)
    return f"{joined}.ofType({value['resourceType']})" if is_resource else joined
