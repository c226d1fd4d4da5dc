"""How are the resources of a message Bundle found, and what does it say of itself: its body, its version?"""

from __future__ import annotations

from functools import cached_property

from gateway.errors import Refusal
from gateway.fhir.bundle import BundleIndex
from gateway.translate import version
from gateway.translate.believed import is_to_be_taken_out
from gateway.translate.codec import Json
from gateway.translate.shape import references_of


class View:
    """A Bundle with its resources at hand."""

    def __init__(self, bundle: Json) -> None:
        if bundle.get("resourceType") != "Bundle":
            raise Refusal("fhir.not-a-bundle")
        if bundle.get("type") != "message":
            raise Refusal("fhir.not-a-message-bundle")
        self.resources: list[Json] = []
        self.by_url: dict[str, Json] = {}
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                self.resources.append(resource)
                self.by_url[str(entry.get("fullUrl"))] = resource
        self.bundle = bundle
        self.header = self.first("MessageHeader")
        self.message_type = str(self.header.get("eventCoding", {}).get("code") or "")
        if not self.header:
            raise Refusal("fhir.no-message-header")

    def first(self, resource_type: str) -> Json:
        """The first resource of a type; empty if there is none."""
        return next((r for r in self.resources if r.get("resourceType") == resource_type), {})

    def follow(self, reference: object, kind: str = "") -> Json:
        """The resource a Reference points to; empty if there is none, or none of a type that is wanted."""
        url = reference.get("reference") if isinstance(reference, dict) else None
        found = self.by_url.get(url) if isinstance(url, str) else {}
        found = found if found is not None else self._written_otherwise.get(id(reference), {})
        return {} if kind and found.get("resourceType") != kind else found

    @cached_property
    def _written_otherwise(self) -> dict[int, Json]:
        """Reference (by identity) → what it means, where that is a contained resource, or an address in another form
        than its fullUrl."""
        index, found = BundleIndex(self.bundle), {}
        for resource in self.resources:
            for reference in references_of([resource, *resource.get("contained", ())]):
                meant = index.resolve(reference["reference"], resource)
                if meant is not None:
                    found[id(reference)] = meant
        return found

    def focus(self) -> list[Json]:
        """What the message says it is about."""
        found = (self.follow(reference) for reference in self.header.get("focus", ()))
        return [resource for resource in found if resource]

    @cached_property
    def status(self) -> str:
        """The code of 7309; N where none is stated."""
        composition = self.body() or self.first("Composition")
        own = self.provenance_of(composition) or self.provenance()
        return version.status_of(composition, own, self.focus()) or "N"

    def is_believed(self, resource: Json) -> bool:
        """Whether a resource may be read as being so."""
        return not is_to_be_taken_out(resource, self.status == "C")

    def body(self) -> Json:
        """The first body: a Composition in focus, or in a list in focus; empty if there is none."""
        focus = [self.follow(reference) for reference in self.header.get("focus", ())]
        listed = [self.follow(e.get("item")) for r in focus for e in r.get("entry", ())]
        return next((r for r in (*focus, *listed) if r.get("resourceType") == "Composition"), {})

    def provenance(self) -> Json:
        """The Provenance of the message, not one of a single document."""
        found = [r for r in self.resources if r.get("resourceType") == "Provenance"]
        own = self.provenance_of(self.header) or self.provenance_of(self.body() or self.first("Composition"))
        if own or len(found) != 1:
            return own
        return found[0] if version.is_of_the_message(found[0], self.follow, self.focus()) else {}

    def provenance_of(self, resource: Json) -> Json:
        """The Provenance whose target the resource is; empty if there is none."""
        found = (r for r in self.resources if r.get("resourceType") == "Provenance" and resource)
        return next((p for p in found if any(self.follow(t) is resource for t in p.get("target", ()))), {})
