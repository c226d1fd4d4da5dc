"""Which definitions does this installation publish, under its own addresses?

The files of `profiles/` are read once. They stand under the base we publish them with; where an installation has a base
of its own (`canonical.BASE`), its address is put in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec

from gateway import package_data
from gateway.fhir.canonical import BASE, PUBLISHED_BASE

Node = dict[str, Any]

EXTENSIONS: Final = "extensions"
EXAMPLES: Final = "examples"
"""The folder that shows how what is published is used; the other folders hold what is published."""


@cache
def folders() -> tuple[str, ...]:
    """The folders of what is published."""
    files = package_data.profiles().glob("*/*.json")
    return tuple(sorted({file.parent.name for file in files} - {EXAMPLES}))


@cache
def definitions(folder: str) -> tuple[Node, ...]:
    """The resources of one folder, in the order of their file names; the installation's own extensions among them."""
    files = sorted((package_data.profiles() / folder).glob("*.json"))
    found = (msgspec.json.decode(with_own_base(file.read_bytes())) for file in files)
    if folder != EXTENSIONS:
        return tuple(found)
    return tuple(({each["id"]: each for each in found} | _of_the_installation).values())


def publish_extensions(found: Iterable[Node]) -> None:
    """Publishes extensions of the installation's own beside ours, or in the place of ours of the same id."""
    _of_the_installation.update((each["id"], each) for each in found)
    definitions.cache_clear()
    by_address.cache_clear()


_of_the_installation: dict[str, Node] = {}


@cache
def by_address() -> dict[tuple[str, str], Node]:
    """Everything published that has an address: (resource type, address) → the resource."""
    found = (each for folder in folders() for each in definitions(folder))
    return {(each["resourceType"], each["url"]): each for each in found if "url" in each}


def with_own_base(text: bytes) -> bytes:
    """The text of a definition with the base of this installation."""
    return text if BASE == PUBLISHED_BASE else text.replace(PUBLISHED_BASE.encode(), BASE.encode())


@cache
def codes_of(value_set: str) -> dict[str, frozenset[str]] | None:
    """The codes of a value set of ours by code system; None when it is not ours, or a list of ours is not complete."""
    found = by_address().get(("ValueSet", value_set))
    if found is None:
        return None
    codes: dict[str, frozenset[str]] = {}
    for part in found["compose"]["include"]:
        system = by_address().get(("CodeSystem", part["system"]))
        if "concept" in part:
            codes[part["system"]] = frozenset(concept["code"] for concept in part["concept"])
        elif system is not None and system["content"] == "complete":
            codes[part["system"]] = frozenset(concept["code"] for concept in system["concept"])
        else:
            return None
    return codes
