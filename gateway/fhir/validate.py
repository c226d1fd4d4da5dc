"""Is this valid FHIR R4?

Structure, required codes and invariants first: fast, whether all is sound (`shapes`), and only if not, what is wrong
(`structure`). When the structure is sound, what connects the nodes (`references`). The findings name the place as a
FHIRPath expression would, and never quote content.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.errors import Issue, Layer, issue
from gateway.fhir.bundle import BundleIndex
from gateway.fhir.problem import Problem, Walk, add, only
from gateway.fhir.profiles import check_profile
from gateway.fhir.references import check_connections
from gateway.fhir.shapes import is_sound
from gateway.fhir.structure import check_any_resource

_PROFILE_CODES: Final = frozenset({"fhir.profile", "fhir.unknown-profile", "fhir.unknown-extension"})


def validate(resource: dict[str, Any], profiles: tuple[str, ...] = ()) -> tuple[Issue, ...]:
    """The findings about a resource of any R4 type, of layer ``schema`` or ``profile``; empty when it is valid.

    It is held against the profiles of ours that it claims, and against `profiles` (addresses) besides.
    """
    walk = Walk()
    problems = None
    if not is_sound(resource, walk):
        walk = Walk()
        problems = check_any_resource(resource, walk)
    if problems is None or all(problem.severity != "error" for problem in problems):
        found = check_connections(resource, walk)
        if found is not None:
            problems = add(problems, found, f"ofType({resource['resourceType']})")
        for url in profiles:
            found = _by_profile(resource, url)
            if found:
                problems = add(problems, found, f"ofType({resource['resourceType']})")
    if problems is None:
        return ()
    return tuple(
        issue(
            problem.code, severity=problem.severity, layer=_layer(problem.code), path=_from_root(problem.path)
        )
        for problem in problems
    )


def _by_profile(resource: dict[str, Any], url: str) -> list[Problem]:
    """What a profile finds that was asked for, beside those claimed; one that is none of ours is a finding itself."""
    plain = url.partition("|")[0]
    if any(
        str(claimed).partition("|")[0] == plain for claimed in resource.get("meta", {}).get("profile", ())
    ):
        return []
    index = BundleIndex(resource)
    found = check_profile(resource, plain, lambda reference: index.resolve(reference, resource))
    return only("fhir.unknown-profile") if found is None else found


def _layer(code: str) -> Layer:
    return "profile" if code in _PROFILE_CODES else "schema"


def _from_root(path: str) -> str:
    """``ofType(Goal).target`` as ``Goal.target``; a problem with the root's type keeps its own path."""
    type_name, found, rest = path.removeprefix("ofType(").partition(")")
    return type_name + rest if found and path.startswith("ofType(") else path or "Resource"
