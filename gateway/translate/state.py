"""What does one translation hold while it runs?

The Bundle with its resources, how they are found by reference, what has been written and how, and what has been read.
A state lives for one translation of one message.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from lxml import etree

from gateway.errors import NotTranslatable
from gateway.fhir.canonical import component_system
from gateway.translate.codec import Json
from gateway.translate.loss import Counted

COMPONENTS = component_system()
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


class Mark(NamedTuple):
    """How far the reading of a Bundle has come."""

    children: int
    missing: int
    assumed: int
    read: int
    read_whole: int


class Assumption(NamedTuple):
    """A value that the e-message demands and FHIR does not say (`Element = value`)."""

    what: str
    states: bool
    """Whether it says something that nobody said; else it only completes what was said."""


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
        self.is_filler: Callable[[tuple[str, ...], Any], bool] = lambda names, value: False
        """Whether a value is one that only R4 wants (`required.py` knows)."""
        self.key = key
        """Sender HER-id and MsgId."""
        self._begun = hashlib.sha1(_NAMESPACE.bytes + "|".join((*key, "")).encode(), usedforsecurity=False)
        """Of all derived ids the part that they have in common."""
        self.born_in_fhir = born_in_fhir
        self.counted = Counted()
        self.assumed: list[Assumption] = []
        self.missing: list[str] = []
        self.first_body: Json | None = None
        """The Composition of the first document with a body: it shares patient and provenance with the message."""
        self.provenances: list[Json] = []
        self.innermost: dict[int, Json] = {}
        """By `id()` of an organisation that is being written: the innermost of those inside it; it is referred to."""
        self.singletons: dict[str, Json] = {"Bundle": bundle}
        self._counters: dict[str, int] = {}
        self._urls: dict[int, str] = {}
        self._by_url: dict[str, Json] = {}
        self._read: dict[tuple[int, str], None] = {}  # in order, so that reading can be taken back
        self._read_whole: dict[int, None] = {}
        self._originals: dict[int, Json] = {}
        self._sections: dict[int, dict[str, list[Json]]] = {}
        self._prepared: list[Json] = []
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
        digest = self._begun.copy()
        digest.update(f"{place}[{number}]".encode())
        identifier = _uuid(digest.hexdigest())
        resource: Json = {"resourceType": resource_type, "id": identifier}
        self.add(resource, f"urn:uuid:{identifier}")
        return resource

    def add(self, resource: Json, url: str) -> None:
        """Puts a resource in the Bundle under a fullUrl."""
        self.bundle.setdefault("entry", []).append({"fullUrl": url, "resource": resource})
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

    def follow(self, reference: object) -> Json | None:
        """The resource a Reference points to; None for no reference. Raises `NotTranslatable` for one that
        leads nowhere."""
        if not isinstance(reference, dict) or not isinstance(reference.get("reference"), str):
            return None
        self.used(reference, "reference")
        found = self._by_url.get(reference["reference"])
        if found is None:
            raise NotTranslatable("fhir.bad-reference")
        return found

    def resource_at(self, url: object) -> Json | None:
        """The resource of the Bundle with that fullUrl; None if there is none."""
        return self._by_url.get(url) if isinstance(url, str) else None

    def the(self, resource_type: str, create: bool) -> Json | None:
        """The one resource of that type of this message (or of the document at hand)."""
        found = self.singletons.get(resource_type)
        if found is None and create:
            found = self.singletons[resource_type] = self.create(resource_type, resource_type)
        return found

    def organisation_chain(self, innermost: Json) -> list[Json]:
        """The organisation and those it is part of, outermost first."""
        chain = [innermost]
        while (parent := self.follow(chain[0].get("partOf"))) is not None and all(
            parent is not one for one in chain
        ):
            self.used(chain[0], "partOf")
            chain.insert(0, parent)
        return chain

    def generated_id(self, holder: Json) -> str:
        """An id for a component that must have one and was given none."""
        number = self._counters["component"] = self._counters.get("component", 0) + 1
        return (
            str(holder["id"])
            if "resourceType" in holder and "id" in holder
            else derived_id(*self.key, f"component[{number}]")
        )

    # to the e-message: what has been read

    def used(self, holder: Json, key: str) -> None:
        """What stands there has been read."""
        original = self._originals.get(id(holder), holder)
        self._read[id(original), key] = None

    def used_all(self, holder: Any) -> None:
        """Everything below has been read."""
        self._read_whole[id(holder)] = None

    def stands_for(self, prepared: Json, original: Json) -> None:
        """`prepared` is `original` as the rules read it: what is read of the one is read of the other."""
        self._originals[id(prepared)] = original
        self._prepared.append(prepared)

    def demand(self, path: str) -> None:
        """The e-message demands an element that FHIR does not state; a refusal, unless what is around it
        falls away too."""
        self.missing.append(path)

    def mark(self, element: etree._Element) -> Mark:
        """Where reading stands, to come back to when an optional element turns out to say nothing, or too little."""
        return Mark(
            len(element), len(self.missing), len(self.assumed), len(self._read), len(self._read_whole)
        )

    def back_to(self, mark: Mark, element: etree._Element) -> None:
        """Takes back what was made of an element that says nothing."""
        del element[mark.children :]
        del self.missing[mark.missing :]
        del self.assumed[mark.assumed :]

    def unread_from(self, mark: Mark, element: etree._Element) -> list[str]:
        """Takes back what was made and read of an element that lacks what the grammar demands in it: nothing of it has
        a place here, and what it said counts as unread. The places that were demanded."""
        lacking = self.missing[mark.missing :]
        self.back_to(mark, element)
        for noted, length in ((self._read, mark.read), (self._read_whole, mark.read_whole)):
            for _ in range(len(noted) - length):
                noted.popitem()
        return lacking

    def refuse_what_is_missing(self) -> None:
        """Raises NotTranslatable for the first element that was demanded and is nowhere stated."""
        if self.missing:
            raise NotTranslatable("translate.missing-content", path=self.missing[0])

    def assume(self, tag: str, value: str | dict[str, str], *, states: bool = False) -> None:
        """The e-message demands an element that FHIR does not state; the mapping's default was written. `states`: it
        says something that nobody said."""
        said = value["V"] if isinstance(value, dict) else value
        self.assumed.append(Assumption(f"{tag.partition('}')[2]} = {said}", states))

    @property
    def read_count(self) -> int:
        """How many values have been read."""
        return len(self._read)

    def was_read(self, holder: Json, key: str) -> bool:
        """Whether what stands there has been read."""
        return (id(holder), key) in self._read

    def was_read_whole(self, holder: Json) -> bool:
        """Whether everything below has been read."""
        return id(holder) in self._read_whole

    def sections(self, holder: Json) -> dict[str, list[Json]]:
        """The sections inside a section or Composition, by the component they are coded with."""
        found = self._sections.get(id(holder))
        if found is None:
            found = self._sections[id(holder)] = {}
            for section in holder.get("section", ()):
                for coding in section.get("code", {}).get("coding", ()):
                    if coding.get("system") == COMPONENTS:
                        found.setdefault(str(coding.get("code")), []).append(section)
        return found
