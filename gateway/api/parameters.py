"""What stands in the Parameters of an operation, and how is an answer of several parts told?"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import Refusal
from gateway.translate import Translation

Json = dict[str, Any]
_OF_THE_ANSWER = frozenset({"_format", "_pretty"})
"""Parameters of every request to a FHIR server: the answers here have one form."""


def resource_in(content: Json, name: str) -> tuple[Json | bytes, bool]:
    """The resource to work on: the content itself, or the parameter of that name; of a Binary, its bytes.

    The second value is whether it came in Parameters.
    """
    for parameter in _parameters(content):
        inner = parameter.get("resource")
        if parameter.get("name") != name or not isinstance(inner, dict):
            continue
        data = inner.get("data")
        if inner.get("resourceType") == "Binary" and isinstance(data, str):
            try:
                return base64.b64decode(data, validate=True), True
            except ValueError:
                return inner, True
        return inner, True
    return content, False


def values_in(content: Json, name: str) -> list[str]:
    """The texts of the parameters of that name."""
    return [
        value
        for parameter in _parameters(content)
        if parameter.get("name") == name
        for key, value in parameter.items()
        if key.startswith("value") and isinstance(value, str)
    ]


def names_in(content: Json) -> list[str]:
    """The names of all parameters, if these are some."""
    return [str(parameter.get("name")) for parameter in _parameters(content)]


def expect_names(names: Iterable[str], known: tuple[str, ...]) -> None:
    """Refuses a parameter that would not be looked at: who gave it expects something of it.

    :raises Refusal: api.unknown-parameter
    """
    given = [name for name in names if name not in _OF_THE_ANSWER]
    if len(set(given)) < len(given) or not set(given) <= set(known):
        raise Refusal("api.unknown-parameter")


def is_true(given: Mapping[str, str], name: str) -> bool:
    """Whether a parameter says true.

    :raises Refusal: api.bad-parameter where it says neither true nor false
    """
    value = given.get(name, "false")
    if value not in ("true", "false"):
        raise Refusal("api.bad-parameter", path=name)
    return value == "true"


def _parameters(content: Json) -> Iterable[Json]:
    if content.get("resourceType") != "Parameters" or not isinstance(content.get("parameter"), list):
        return ()
    return [each for each in content["parameter"] if isinstance(each, dict)]


def with_report(translation: Translation, result: Json | None) -> Json:
    """The answer of $convert with the whole report: the result (XML as a Binary), the counts, and every value that did
    not go into a native element, with its places in both formats."""
    loss = translation.loss.as_json()
    counts = [
        {"name": name, "valueInteger": loss[name]}
        for name in ("total", "native", "extension", "exact", "lost")
    ]
    entries = [{"name": "entry", "part": list(_entry(each))} for each in loss["entries"]]
    notes = [{"name": "note", "valueString": note} for note in loss["notes"]]
    made = result or {
        "resourceType": "Binary",
        "contentType": "application/xml",
        "data": base64.b64encode(translation.data).decode(),
    }
    version = {"name": "mapping-version", "valueString": loss["mappingVersion"]}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "return", "resource": made},
            {"name": "format", "valueCode": translation.format},
            {"name": "report", "part": [version, *counts, *notes, *entries]},
        ],
    }


def _entry(entry: dict[str, str]) -> Iterable[Json]:
    yield {"name": "kind", "valueCode": entry["kind"]}
    yield {"name": "severity", "valueCode": entry["severity"]}
    if entry["source"]:
        yield {"name": "source", "valueString": entry["source"]}
    if entry["target"]:
        yield {"name": "target", "valueString": entry["target"]}
