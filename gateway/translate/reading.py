"""What does one reading of a Bundle hold while the e-message is written?

The resources and how they are found, the text of the message so far, what of the Bundle has been read, and what the
e-message demands or assumes that FHIR does not say. A reading lives for one translation of one Bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, NamedTuple

from gateway.emessage.read import MAX_BYTES
from gateway.errors import NotTranslatable
from gateway.fhir.bundle import without_version
from gateway.fhir.canonical import component_system
from gateway.translate.codec import Json
from gateway.translate.state import derived_id

COMPONENTS = component_system()
MOST_CHARACTERS = MAX_BYTES
"""Of a message. What many references lead to is written as often: a Bundle of little could become a message without
end."""
_BETWEEN_LOOKS = 16
"""References that are followed before the length is looked at again."""
MOST_NESTED = 250
"""Organisations inside each other: elements in elements, and no reader of XML takes more than some 250."""
Read = tuple[int, str | None] | int
"""What has been read: the identity of an object with a key of it, or with None for all below it; of a Coding of which
system, code and display have been read, the identity alone."""

Content = Callable[[Json, "Reading"], bool]
"""A generated function: writes what an object says into the text; whether it said anything."""


class Assumption(NamedTuple):
    """A value that the e-message demands and FHIR does not say (`Element = value`)."""

    at: int
    """Length of the text when it was written."""
    what: str
    states: bool
    """Whether it says something that nobody said; else it only completes what was said."""


class Shortened(NamedTuple):
    """A value of which the e-message has only the beginning: of a time the day, of a day the year."""

    at: int
    """Length of the text when it was written."""
    holder: Json
    key: str


class Reading:
    """One Bundle on its way to an e-message."""

    def __init__(
        self, bundle: Json, key: tuple[str, str], *, born_in_fhir: bool, has_fillers: bool = False
    ) -> None:
        self.bundle = bundle
        self.has_fillers = has_fillers
        """Whether the Bundle may hold values that only R4 wants."""
        self.key = key
        """Sender HER-id (empty: the ids of a message that is read back need none) and MsgId."""
        self.born_in_fhir = born_in_fhir
        self.out: list[str] = []
        """The text of the message."""
        self.read: list[Read] = []
        """What has been read, in order."""
        self.whole: list[int] = []
        """Objects (by identity) of which everything below has been read; there may be more of them."""
        self.missing: list[tuple[int, str]] = []
        """Length of the text, and FHIR path: what the e-message demands and the Bundle does not say."""
        self.assumed: list[Assumption] = []
        self.shortened: list[Shortened] = []
        self.singletons: dict[str, Json] = {"Bundle": bundle}
        self.provenances: list[Json] = []
        self.first_body: Json | None = None
        """The Composition of the first document with a body: it shares patient and provenance with the message."""
        self.elsewhere: dict[str, Callable[[], None]] = {}
        """Element → what writes it, for the elements that no definition maps."""
        self.originals: dict[int, int] = {}
        """Identity of an object as the rules read it → of the object in the Bundle that it stands for."""
        self._prepared: list[Json] = []
        self._urls: dict[int, str] = {}
        self._by_url: dict[str, Json] = {}
        self._sections: dict[int, dict[str, list[Json]]] = {}
        self._inner: dict[int, list[Json]] = {}
        self._made_ids = 0
        self._followed = 0
        self._looked_at = 0
        """Pieces of the text whose length is counted in `_characters`."""
        self._characters = 0
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                url = self._urls[id(resource)] = str(entry.get("fullUrl") or _local_address(resource))
                self._by_url[url] = resource

    # resources

    @cached_property
    def _by_local_address(self) -> dict[str, Json]:
        """The resources by type and id; of two with the same, the first. For who refers so although there is another
        address."""
        found: dict[str, Json] = {}
        for entry in self.bundle.get("entry", ()):
            resource = entry.get("resource")
            if isinstance(resource, dict) and "id" in resource:
                found.setdefault(_local_address(resource), resource)
        return found

    def _at(self, url: str) -> Json | None:
        found = self._by_url.get(url)
        return self._by_local_address.get(url) if found is None else found

    def url_of(self, resource: Json) -> str:
        """The address of a resource of the Bundle."""
        return self._urls[id(resource)]

    def follow(self, reference: object) -> Json | None:
        """The resource a Reference points to; None for no reference. Raises `NotTranslatable` for one that
        leads nowhere, and where the message has become too long."""
        if reference.__class__ is not dict:
            return None
        self._followed += 1
        if not self._followed % _BETWEEN_LOOKS:
            self._refuse_too_long()
        url = reference.get("reference")
        if url.__class__ is not str:
            return None
        found = self._by_url.get(url) or self._at(url)
        if found is None:
            raise NotTranslatable("fhir.bad-reference")
        return found

    def resource_at(self, url: object) -> Json | None:
        """The resource of the Bundle at an address that is no Reference (it may name a version); None if there is
        none."""
        return (self._at(url) or self._at(without_version(url))) if isinstance(url, str) else None

    def _refuse_too_long(self) -> None:
        if self._looked_at > len(self.out):  # something was taken back
            self._looked_at = self._characters = 0
        self._characters += sum(map(len, self.out[self._looked_at :]))
        self._looked_at = len(self.out)
        if self._characters > MOST_CHARACTERS:
            raise NotTranslatable("translate.too-large", details={"limit": MOST_CHARACTERS})

    def outermost(self, innermost: Json) -> Json:
        """The organisation that another one is part of, however far out; `inner` knows the way back. Raises
        `NotTranslatable` for too many of them."""
        chain = [innermost]
        known = {id(innermost)}
        while "partOf" in chain[-1]:
            parent = self.follow(chain[-1]["partOf"])
            if parent is None or id(parent) in known:
                break
            if len(chain) == MOST_NESTED:
                raise NotTranslatable("translate.unsupported-content", path="Organization.partOf")
            chain.append(parent)
            known.add(id(parent))
        chain.reverse()
        for at, organisation in enumerate(chain, 1):
            self._inner[id(organisation)] = chain[at:]
        return chain[0]

    def inner(self, organisation: Json) -> list[Json]:
        """The organisations inside one that is being written, outermost first."""
        return self._inner.get(id(organisation), [])

    def first_entry(self, section: Json, resource_type: str) -> Json | None:
        """The resource that stands first in a section, if it is of that type."""
        entries = section.get("entry", ())
        found = self.follow(entries[0]) if entries else None
        return found if found is not None and found.get("resourceType") == resource_type else None

    def entries(self, sections: list[Json]) -> list[Any]:
        """The references in some sections, whose codes are read thereby."""
        for section in sections:
            self.used_component(section.get("code"))
        return [entry for section in sections for entry in section.get("entry", ())]

    def generated_id(self, holder: Json) -> str:
        """An id for a component that must have one and was given none."""
        self._made_ids += 1
        if "resourceType" in holder and "id" in holder:
            return str(holder["id"])
        return derived_id(*self.key, f"component[{self._made_ids}]")

    def sections(self, holder: Json) -> dict[str, list[Json]]:
        """The sections inside a section or Composition, by the component they are coded with."""
        found = self._sections.get(id(holder))
        if found is None:
            found = self._sections[id(holder)] = {}
            for section in holder.get("section", ()):
                coding = _component(section.get("code", {}).get("coding", ()))
                if coding is not None:
                    found.setdefault(str(coding.get("code")), []).append(section)
        return found

    # what has been read

    def used(self, holder: Json, key: str) -> None:
        """What stands there has been read."""
        self.read.append((id(holder), key))

    def used_coding(self, coding: Json) -> None:
        """A Coding that has just a system, a code and a display has been read."""
        self.read.append(id(coding))

    def used_all(self, holder: Any) -> None:
        """Everything below has been read, if it is an object."""
        if holder.__class__ is dict:
            self.read.append((id(holder), None))
            self.whole.append(id(holder))

    def used_component(self, concept: Any) -> None:
        """The code of a component (a section, a part of an Observation) has been read; nothing beside it has."""
        if concept.__class__ is dict:
            codings = concept.get("coding", ())
            found = _component(codings)
            self.used_all(found)
            if found is not None and len(concept) == len(codings) == 1:
                self.whole.append(id(concept))

    def overrule(self, concept: Any) -> None:
        """What was read of a code stands no longer in the text: something else said otherwise, and is surer."""
        if concept.__class__ is dict:
            gone = {id(concept), *(id(each) for each in concept.get("coding", ()))}
            self.read[:] = [one for one in self.read if _object_of(one) not in gone]
            self.whole[:] = [one for one in self.whole if one not in gone]

    def shorten(self, holder: Json, key: str) -> None:
        """Only the beginning of what stands there is written. Called before the element is."""
        self.shortened.append(Shortened(len(self.out), holder, key))

    def stands_for(self, prepared: Json, original: Json) -> None:
        """`prepared` is `original` as the rules read it: what is read of the one is read of the other."""
        self.originals[id(prepared)] = self.originals.get(id(original), id(original))
        self._prepared.append(prepared)

    @cached_property
    def seen(self) -> set[Read]:
        """What has been read, each once, of the objects as they stand in the Bundle. For when everything has been
        read."""
        originals = self.originals
        if not originals:
            return set(self.read)
        return {
            one if one.__class__ is int or one[0] not in originals else (originals[one[0]], one[1])  # type: ignore[index]
            for one in self.read
        }

    def was_read(self, holder: Json, key: str) -> bool:
        """Whether what stands there has been read."""
        return (id(holder), key) in self.seen or id(holder) in self.seen

    def is_standing(self, resource: Json) -> bool:
        """Whether a resource has become an element."""
        return self.was_read(resource, "resourceType")

    def was_read_whole(self, holder: Json) -> bool:
        """Whether everything below has been read."""
        return (id(holder), None) in self.seen or id(holder) in self.seen

    @property
    def read_count(self) -> int:
        """How many values have been read."""
        codings = [*map(type, self.seen)].count(int)
        resources = [entry.get("resource") for entry in self.bundle.get("entry", ())]
        standing = sum((id(resource), "resourceType") in self.seen for resource in resources)
        return len(self.seen) + 2 * codings - standing

    # what FHIR does not say

    def demand(self, path: str) -> None:
        """The e-message demands an element that FHIR does not state; a refusal, unless what is around it
        falls away too. Called before the element is written."""
        self.missing.append((len(self.out), path))

    def assume(self, element: str, value: str | dict[str, str], *, states: bool = False) -> None:
        """The e-message demands an element that FHIR does not state; the mapping's default is written. `states`: it
        says something that nobody said."""
        said = value["V"] if isinstance(value, dict) else value
        self.assumed.append(Assumption(len(self.out), f"{element} = {said}", states))

    def drop(self, at: int) -> None:
        """Takes back what was written from that length on: an element that says nothing."""
        del self.out[at:]
        self.missing[:] = [one for one in self.missing if one[0] < at]
        self.assumed = [one for one in self.assumed if one.at < at]
        self.shortened = [one for one in self.shortened if one.at < at]

    def drop_unread(self, at: int, read: int) -> list[str]:
        """Takes back what was written and read of an element that lacks what the grammar demands in it: nothing of it
        has a place here, and what it said counts as unread. The places that were demanded."""
        lacking = [path for length, path in self.missing if length >= at]
        self.drop(at)
        del self.read[read:]
        self.whole.clear()  # some of them were in it
        return lacking

    def write_demanded(self, content: Content, start: str, end: str, target: str, lacking: list[str]) -> None:
        """Writes an element that must stand although no resource of the target type can be it: empty where one lacked
        something (which is demanded then), else with what its own content demands and assumes."""
        if lacking:
            self.missing.extend((len(self.out), path) for path in lacking)
            self.out.append(start.removesuffix(">") + "/>")
            return
        begin = len(self.assumed)
        self.out.append(start)
        content({}, self)
        assumed = self.assumed[begin:]
        if assumed and not any(one.states for one in assumed):  # they would only complete what nobody said
            if self.born_in_fhir:
                self.demand(target)
            self.assumed[begin:] = [one._replace(states=True) for one in assumed]
        self.out.append(end)

    def refuse_what_is_missing(self) -> None:
        """Raises NotTranslatable for the first element that was demanded and is nowhere stated."""
        if self.missing:
            raise NotTranslatable("translate.missing-content", path=self.missing[0][1])


def _object_of(read: Read) -> int:
    return read if isinstance(read, int) else read[0]


def _component(codings: Iterable[Json]) -> Json | None:
    """The one Coding that says which component a section is: the first, if there are several."""
    return next((each for each in codings if each.get("system") == COMPONENTS), None)


def _local_address(resource: Json) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"
