"""What does one translation hold while it runs?

The Bundle with its resources, how they are found by reference, what has been written and how, and what has been read.
A state lives for one translation of one message.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from lxml import etree

from gateway.errors import NotTranslatable
from gateway.translate.loss import Counted, Loss
from gateway.translate.paths import Json, Path

_NAMESPACE = uuid.UUID("2b0b5c8e-5c1e-5d0a-9d8e-7d3f0a6c41b7")
"""Name space of all derived ids; a constant of the project."""


def derived_id(*parts: str) -> str:
    """The id derived from sender, MsgId and place (UUIDv5): the same message always gives the same ids (DESIGN §4.3)."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))


class _Quiet:
    """Stands in for a state where a value is only tried."""

    born_in_fhir = False

    def wrote(self, native: bool) -> None:
        """Counts nothing."""

    def used(self, holder: Json, key: str) -> None:
        """Notes nothing."""


class State:
    """One translation at work. It is what paths and codecs ask for resources, and tell what they did."""

    quiet = _Quiet()

    def __init__(self, bundle: Json, key: tuple[str, str], *, born_in_fhir: bool = False) -> None:
        self.bundle = bundle
        self.key = key
        """Sender HER-id and MsgId."""
        self.born_in_fhir = born_in_fhir
        self.written = 0
        self.counted = Counted()
        self.assumed: list[str] = []
        self.singletons: dict[str, Json] = {"Bundle": bundle}
        self._counters: dict[str, int] = {}
        self._urls: dict[int, str] = {}
        self._by_url: dict[str, Json] = {}
        self._read: set[tuple[int, str]] = set()
        self._read_whole: set[int] = set()
        self._at: tuple[etree._Element | None, str | None, Path | None] = (None, None, None)
        for entry in bundle.get("entry", ()):
            self._index(entry)

    # resources

    def _index(self, entry: Json) -> None:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            return
        url = str(entry.get("fullUrl") or f"{resource.get('resourceType')}/{resource.get('id')}")
        self._urls[id(resource)] = url
        self._by_url[url] = resource
        if "id" in resource:
            self._by_url.setdefault(f"{resource.get('resourceType')}/{resource['id']}", resource)

    def create(self, resource_type: str, place: str) -> Json:
        """A new resource in the Bundle, with ids derived from its place."""
        number = self._counters[place] = self._counters.get(place, 0) + 1
        identifier = derived_id(*self.key, f"{place}[{number}]")
        resource: Json = {"resourceType": resource_type, "id": identifier}
        self.add(resource, f"urn:uuid:{identifier}")
        return resource

    def add(self, resource: Json, url: str) -> None:
        """Puts a resource in the Bundle under a fullUrl."""
        entry = {"fullUrl": url, "resource": resource}
        self.bundle.setdefault("entry", []).append(entry)
        self._index(entry)

    def reference_to(self, resource: Json) -> Json:
        """A Reference to a resource of the Bundle."""
        return {"reference": self._urls[id(resource)]}

    def follow(self, reference: object) -> Json | None:
        """The resource a Reference points to; None for no reference. Raises `NotTranslatable` for one that leads nowhere."""
        if not isinstance(reference, dict) or not isinstance(reference.get("reference"), str):
            return None
        self.used(reference, "reference")
        found = self._by_url.get(reference["reference"])
        if found is None:
            raise NotTranslatable("fhir.bad-reference")
        return found

    def the(self, resource_type: str, create: bool) -> Json | None:
        """The one resource of that type of this message (or of the document at hand)."""
        found = self.singletons.get(resource_type)
        if found is None and create:
            found = self.singletons[resource_type] = self.create(resource_type, resource_type)
        return found

    def organisation_chain(self, innermost: Json) -> list[Json]:
        """The organisation and those it is part of, outermost first."""
        chain = [innermost]
        while (parent := self.follow(chain[0].get("partOf"))) is not None and all(parent is not one for one in chain):
            self.used(chain[0], "partOf")
            chain.insert(0, parent)
        return chain

    def generated_id(self, holder: Json) -> str:
        """An id for a component that must have one and was given none."""
        number = self._counters["component"] = self._counters.get("component", 0) + 1
        return str(holder["id"]) if "resourceType" in holder and "id" in holder else derived_id(*self.key, f"component[{number}]")

    # to FHIR: how each value was written

    def at(self, element: etree._Element, attribute: str | None, path: Path) -> None:
        """The rule at work, for the loss report."""
        self._at = (element, attribute, path)

    def wrote(self, native: bool) -> None:
        """One value was written: natively, in an extension, or only as `exact` or `present`."""
        self.written += 1
        element, attribute, path = self._at
        assert path is not None
        if native and not path.in_extension:
            self.counted.native += 1
        elif native:
            self.counted.extension += 1
            self.counted.note(element, attribute, path.text, "extension")
        else:
            self.counted.exact += 1
            self.counted.note(element, attribute, path.text, "exact")

    def lose(self, element: etree._Element) -> None:
        """An element that no rule carries."""
        self.counted.note(element, None, "", "lost")

    # to the e-message: what has been read

    def used(self, holder: Json, key: str) -> None:
        """What stands there has been read."""
        self._read.add((id(holder), key))

    def used_all(self, holder: Any) -> None:
        """Everything below has been read."""
        self._read_whole.add(id(holder))

    def assume(self, tag: str, value: str) -> None:
        """The e-message demands an element that FHIR does not state; the mapping's default was written."""
        self.assumed.append(f"{tag.partition('}')[2]} = {value}")

    def unread(self, resource: Json, path: str) -> Iterator[Loss]:
        """The values of a resource that nothing read, as losses."""
        yield from self._unread(resource, path)

    def _unread(self, value: Any, path: str) -> Iterator[Loss]:
        if id(value) in self._read_whole:
            return
        for key, inner in value.items():
            if key.startswith("_") or key in ("id", "meta", "text", "resourceType", "fullUrl") and path.count(".") < 4 or (id(value), key) in self._read:
                if not (key == "text" and isinstance(inner, str)):
                    continue
                if (id(value), key) in self._read:
                    continue
            for at, item in enumerate(inner) if isinstance(inner, list) else [(None, inner)]:
                here = f"{path}.{key}" + (f"[{at}]" if at is not None else "")
                if isinstance(item, dict):
                    yield from self._unread(item, here)
                elif item is not None and (id(value), key) not in self._read:
                    yield Loss(here, "", "lost")
