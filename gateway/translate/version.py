"""Is a message Bundle new, changed, added to or cancelled (7309), and which message is it a version of?

FHIR says it in several places. The surest counts first: a Composition that is amended or entered in error; the activity
of the Provenance (7309, or HL7's words for an operation on data); what the Provenance says of the parent; what the
Composition relates to; and at last, for a Bundle without Composition, what it is about: all of it entered in
error or revoked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gateway import terminology
from gateway.fhir.bundle import split_restful
from gateway.translate.codec import Json
from gateway.translate.identity import without_address

STATUS_BY_COMPOSITION = {"amended": "M", "entered-in-error": "C"}
STATUS_BY_OPERATION = {
    "CREATE": "N",
    "UPDATE": "M",
    "APPEND": "A",
    "DELETE": "C",
    "NULLIFY": "C",
    "CANCEL": "C",
    "ABORT": "C",
}
"""HL7's v3-DataOperation (and ActStatus events) → 7309."""
_BY_ROLE = {"revision": "M", "removal": "C"}
"""What the earlier message is to this one → 7309. `derivation` and `source` say nothing of it."""
_BY_RELATION = {"replaces": "M", "appends": "A"}
_REVOKED = frozenset({"entered-in-error", "revoked"})
_NEVER_BEGAN = "cancelled"
"""Of a stay: what was told of it never was (an appointment or an order that is cancelled is news of its own)."""
_MESSAGES = ("MessageHeader", "Bundle")
"""What a message is, as FHIR names it."""
Follow = Callable[[Any], Json | None]
_ABOUT = (
    "Patient",
    "Composition",
    "DocumentReference",
    "List",
    "Organization",
    "Practitioner",
    "PractitionerRole",
)
"""What may stand in focus without being what the message tells."""


def status_of(composition: Json, provenance: Json, focus: Sequence[Json]) -> str | None:
    """The code of 7309 that a Bundle states; None: it states none, so the message is new."""
    derived = STATUS_BY_COMPOSITION.get(str(composition.get("status")))
    stated = _activity(provenance)
    if stated and (derived is None or stands_beside(stated, derived)):
        return stated
    if derived:
        return derived
    roles = [_BY_ROLE.get(str(entity.get("role"))) for entity in provenance.get("entity", ())]
    relations = [_BY_RELATION.get(str(each.get("code"))) for each in composition.get("relatesTo", ())]
    for found in (*roles, *relations):
        if found:
            return found
    return _of_focus(focus)


def stands_beside(stated: str, derived: str) -> bool:
    """Whether a code of 7309 says what the status of the Composition says: an addition is an amended message too."""
    return stated == derived or (stated, derived) == ("A", "M")


def _activity(provenance: Json) -> str | None:
    codings = provenance.get("activity", {}).get("coding", ())
    return _stated(provenance) or next(
        (STATUS_BY_OPERATION[c["code"]] for c in codings if c.get("code") in STATUS_BY_OPERATION), None
    )


def _stated(provenance: Json) -> str | None:
    """The code of 7309, which only a message has; one that names no set is taken for it, as the message says it so."""
    for coding in provenance.get("activity", {}).get("coding", ()):
        code, system = coding.get("code"), coding.get("system")
        alone = system is None and code not in STATUS_BY_OPERATION
        if code and (alone or terminology.number_of(str(system)) == "7309"):
            return str(code)
    return None


def _of_focus(focus: Sequence[Json]) -> str | None:
    told = [r for r in focus if r.get("resourceType") not in _ABOUT]
    if any(r.get("resourceType") == "Composition" for r in focus) or not told:
        return None
    return "C" if all(map(is_taken_back, told)) else None


def is_of_the_message(provenance: Json, follow: Follow, focus: Sequence[Json]) -> bool:
    """Whether the only Provenance of a Bundle tells of the message, though it names neither header nor Composition:
    it names all that the message tells, or nothing that is here. Where one of several things comes from says nothing
    of the others; nor does where another resource comes from that is not here, unless its activity is one of messages
    (7309)."""
    targets = provenance.get("target", ())
    here = [found for found in map(follow, targets) if found]
    if here:
        told = [r for r in focus if r.get("resourceType") not in _ABOUT]
        return bool(told) and all(any(each is r for each in here) for r in told)
    return _stated(provenance) is not None or all(_type_named(each) in (*_MESSAGES, "") for each in targets)


def _type_named(reference: Json) -> str:
    """The type of what a Reference names, as far as it says."""
    named = split_restful(str(reference.get("reference", "")))
    return named[1] if named else str(reference.get("type") or "")


def is_taken_back(resource: Json) -> bool:
    """Whether a resource says that what was told by it is not so: an error, revoked, a stay that never began."""
    state = str(resource.get("status") or resource.get("lifecycleStatus") or _verified(resource))
    return state in _REVOKED or (resource.get("resourceType") == "Encounter" and state == _NEVER_BEGAN)


def _verified(resource: Json) -> str | None:
    """The code of verificationStatus."""
    concept = resource.get("verificationStatus")
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return next((str(c.get("code")) for c in codings if isinstance(c, dict) and "code" in c), None)


def parent_of(composition: Json, provenance: Json, follow: Follow) -> str | None:
    """The id of the message that this one is a version of, or answers. What is here itself, and an address that names
    no message, is none."""
    entity = entity_of_parent(provenance)
    related = [each for each in composition.get("relatesTo", ()) if each.get("code") in _BY_RELATION]
    target = related[0] if related else {}
    for what in (
        entity.get("what", {}),
        {"identifier": target.get("targetIdentifier"), **target.get("targetReference", {})},
    ):
        stated = without_address(what.get("identifier") or {}).strip()
        if stated or _message_named(what, follow):
            return stated or _message_named(what, follow)
    return None


def entity_of_parent(provenance: Json) -> Json:
    """What the Provenance says of an earlier message: of several things, the one that this is a version of."""
    entities: list[Json] = provenance.get("entity") or [{}]
    return next((each for each in entities if each.get("role") in _BY_ROLE), entities[0])


def _message_named(what: Json, follow: Follow) -> str | None:
    """The id of the message that a Reference names by its address."""
    address = str(what.get("reference", ""))
    named = split_restful(address)
    if not address or follow(what) or (named and named[1] not in _MESSAGES):
        return None
    return named[2] if named else address.removeprefix("urn:uuid:").strip() or None
