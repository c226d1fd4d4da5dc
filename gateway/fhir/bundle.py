"""Which resource of a Bundle does a reference mean?

A reference is looked up as R4 says: as a fullUrl, as an address relative to the fullUrl of the referring entry, and
at last by type and id (systems that give entries ``urn:uuid:`` names often refer by type and id all the same).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Final

from gateway.fhir import tables

Resource = dict[str, Any]

_VERSION: Final = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$")
_RESTFUL: Final = re.compile(r"(?:(https?://.+)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})$")


def split_restful(address: str) -> tuple[str, str, str] | None:
    """(base, type, id) of ``[base/]Type/id[/_history/version]``, base empty for a relative one; else None."""
    match = _RESTFUL.match(without_version(address))
    if match is None or match[2] not in tables.resource_types():
        return None
    return match[1] or "", match[2], match[3]


def without_version(address: str) -> str:
    """The address of a resource, whichever version of it was named."""
    return _VERSION.sub("", address)


def entries(bundle: Resource) -> list[Resource]:
    """The entries that are objects."""
    return [entry for entry in bundle.get("entry") or () if isinstance(entry, dict)]


def resources(bundle: Resource, type_name: str | None = None) -> list[Resource]:
    """The resources of the entries in their order, of one type if named."""
    found = [entry["resource"] for entry in entries(bundle) if isinstance(entry.get("resource"), dict)]
    return found if type_name is None else [each for each in found if each.get("resourceType") == type_name]


def message_header(bundle: Resource) -> Resource | None:
    """The MessageHeader of a message Bundle: the first resource, if it is one."""
    for entry in bundle.get("entry") or ():
        if isinstance(entry, dict) and isinstance(resource := entry.get("resource"), dict):
            return resource if resource.get("resourceType") == "MessageHeader" else None
    return None


class BundleIndex:
    """The resources of one Bundle, found by reference."""

    def __init__(self, bundle: Resource) -> None:
        self._entries = [
            (entry.get("fullUrl"), resource)
            for entry in bundle.get("entry") or ()
            if isinstance(entry, dict) and isinstance(resource := entry.get("resource"), dict)
        ]
        self.by_full_url: dict[str, Resource] = {
            full_url: resource for full_url, resource in reversed(self._entries) if isinstance(full_url, str)
        }
        """The resources by the fullUrl of their entry; of two with the same, the first."""

    @cached_property
    def _by_type_and_id(self) -> dict[str, Resource | None]:
        found: dict[str, Resource | None] = {}
        for _, resource in self._entries:
            if isinstance(resource.get("id"), str):
                key = f"{resource.get('resourceType')}/{resource['id']}"
                found[key] = None if key in found else resource
        return found

    @cached_property
    def _full_urls(self) -> dict[int, str]:
        return {id(resource): full_url for full_url, resource in self._entries if isinstance(full_url, str)}

    def full_url(self, resource: Resource) -> str | None:
        """The fullUrl of a resource of this Bundle (the very object, not an equal one)."""
        return self._full_urls.get(id(resource))

    def resolve(self, reference: str | None, source: Resource | None = None) -> Resource | None:
        """The resource meant by `reference` in `source`; None when it is not in the Bundle, or ambiguous."""
        if not reference:
            return None
        if reference.startswith("#"):
            return contained(source, reference[1:]) if source else None
        found = self.by_full_url.get(reference)
        if found is not None:
            return found
        parts = split_restful(reference)
        if parts is None:
            return None
        base, type_name, identity = parts
        if base:
            return self.by_full_url.get(f"{base}/{type_name}/{identity}")
        own = split_restful(self.full_url(source) or "") if source else None
        if own is not None and own[0]:
            found = self.by_full_url.get(f"{own[0]}/{type_name}/{identity}")
        return found or self._by_type_and_id.get(f"{type_name}/{identity}")


def contained(resource: Resource, identity: str) -> Resource | None:
    """The contained resource with that id; the resource itself for an empty id (``#``)."""
    if not identity:
        return resource
    inner = (each for each in resource.get("contained") or () if isinstance(each, dict))
    return next((each for each in inner if each.get("id") == identity), None)
