"""What does one translation to FHIR hold while it runs?

The Bundle with its resources, how they are found by reference, and what has been written and how. A state lives for one
translation of one message. The way back: `reading.py`.
"""

from __future__ import annotations

import hashlib
import uuid

from gateway.translate.codec import Json
from gateway.translate.loss import Counted

_NAMESPACE = uuid.UUID("2b0b5c8e-5c1e-5d0a-9d8e-7d3f0a6c41b7")
"""Name space of all derived ids; a constant of the project."""


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def derived_id(*parts: str) -> str:
    """The id derived from sender, MsgId and place (UUIDv5): the same message always gives the same ids
    (DESIGN §4.3)."""
    return _uuid(hashlib.sha1(_NAMESPACE.bytes + "|".join(parts).encode(), usedforsecurity=False).hexdigest())


def _uuid(digest: str) -> str:
    return (
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"
    )


class _Quiet:
    """Stands in for a state where a value is only tried."""

    def wrote(self, native: bool) -> None:
        """Counts nothing."""

    def wrote_natively(self, values: int) -> None:
        """Counts nothing."""


class State:
    """One translation at work. It is what generated code asks for resources, and codecs tell what they did."""

    quiet = _Quiet()

    def __init__(self, bundle: Json, key: tuple[str, str]) -> None:
        self.bundle = bundle
        self.key = key
        """Sender HER-id and MsgId."""
        self._begun = hashlib.sha1(_NAMESPACE.bytes + "|".join((*key, "")).encode(), usedforsecurity=False)
        """Of all derived ids the part that they have in common."""
        self.counted = Counted()
        self.innermost: dict[int, Json] = {}
        """By `id()` of an organisation that is being written: the innermost of those inside it; it is referred to."""
        self.singletons: dict[str, Json] = {"Bundle": bundle}
        self._counters: dict[str, int] = {}
        self._urls: dict[int, str] = {}
        self._by_url: dict[str, Json] = {}
        self._entries: list[Json] = bundle.setdefault("entry", [])

    def derived_id(self, place: str) -> str:
        """The id derived from the message's key and a place in it."""
        digest = self._begun.copy()
        digest.update(place.encode())
        return _uuid(digest.hexdigest())

    # resources

    def create(self, resource_type: str, place: str) -> Json:
        """A new resource in the Bundle, with ids derived from its place."""
        number = self._counters[place] = self._counters.get(place, 0) + 1
        identifier = self.derived_id(f"{place}[{number}]")
        resource: Json = {"resourceType": resource_type, "id": identifier}
        self.add(resource, f"urn:uuid:{identifier}")
        return resource

    def add(self, resource: Json, url: str) -> None:
        """Puts a resource in the Bundle under a fullUrl."""
        self._entries.append({"fullUrl": url, "resource": resource})
        self._urls[id(resource)] = url
        self._by_url[url] = resource

    def reference_to(self, resource: Json) -> Json:
        """A Reference to a resource of the Bundle."""
        return {"reference": self._urls[id(resource)]}

    def referred(self, holder: Json, key: str, resource_type: str) -> Json:
        """The resource that a Reference we wrote points to, made with the Reference if there is none."""
        reference = holder.get(key)
        if reference is not None:
            return self._by_url[reference["reference"]]
        made = self.create(resource_type, resource_type)
        holder[key] = self.reference_to(made)
        return made

    def first_entry(self, section: Json, resource_type: str) -> Json:
        """The resource of that type that stands first in a section we write, made when first needed."""
        entries = section.setdefault("entry", [])
        first = self._by_url[entries[0]["reference"]] if entries else None
        if first is None or first["resourceType"] != resource_type:
            first = self.create(resource_type, resource_type)
            entries.insert(0, self.reference_to(first))
        return first

    def the(self, resource_type: str, create: bool) -> Json | None:
        """The one resource of that type of this message (or of the document at hand)."""
        found = self.singletons.get(resource_type)
        if found is None and create:
            found = self.singletons[resource_type] = self.create(resource_type, resource_type)
        return found
