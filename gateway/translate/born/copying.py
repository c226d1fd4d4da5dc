"""Where in the Bundle as it was given did a value stand, though it has been moved since?

Content is put in place on a copy. The copy remembers of each object where it came from, so that the loss report names
the places the sender knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.translate.codec import Json


@dataclass(frozen=True)
class Origins:
    """The objects of a copy, each with its place in the original: `AllergyIntolerance[1].reaction[0]`."""

    places: dict[int, str] = field(default_factory=dict)
    _alive: list[Json] = field(default_factory=list, repr=False)
    """Every object of the copy, so that no other gets its identity."""

    def of(self, value: Json) -> str | None:
        """The place of an object; None: it was not in the original."""
        return self.places.get(id(value))

    def note(self, value: Json, place: str) -> None:
        """Remembers where an object comes from."""
        self.places[id(value)] = place
        self._alive.append(value)


def copied(bundle: Json) -> tuple[Json, Origins]:
    """A copy of a Bundle in which nothing is shared with it, and where everything stood."""
    origins = Origins()
    made = {key: _copy(value, f"Bundle.{key}", origins) for key, value in bundle.items() if key != "entry"}
    numbers: dict[str, int] = {}
    entries = []
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource")
        kind = str(resource.get("resourceType", "")) if isinstance(resource, dict) else "entry"
        numbers[kind] = numbers.get(kind, 0) + 1
        copy = {key: _copy(value, kind, origins) for key, value in entry.items() if key != "resource"}
        if "resource" in entry:
            copy["resource"] = _copy(resource, f"{kind}[{numbers[kind]}]", origins)
        entries.append(copy)
    made["entry"] = entries
    return made, origins


def _copy(value: Any, place: str, origins: Origins) -> Any:
    if isinstance(value, dict):
        made = {key: _copy(inner, f"{place}.{key}", origins) for key, inner in value.items()}
        origins.note(made, place)
        return made
    if isinstance(value, list):
        return [_copy(inner, f"{place}[{at}]", origins) for at, inner in enumerate(value)]
    return value


def places_in(bundle: Json) -> dict[int, str]:
    """The objects (by identity) of a Bundle's resources, each with its place."""
    found: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for entry in bundle.get("entry", ()):
        kind = str(entry.get("resource", {}).get("resourceType", ""))
        numbers[kind] = numbers.get(kind, 0) + 1
        _find(entry.get("resource"), f"{kind}[{numbers[kind]}]", found)
    return found


def _find(value: Any, place: str, found: dict[int, str]) -> None:
    if isinstance(value, dict):
        found[id(value)] = place
        for key, inner in value.items():
            _find(inner, f"{place}.{key}", found)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _find(inner, f"{place}[{at}]", found)
