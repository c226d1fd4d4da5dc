"""Is a message Bundle new, changed, added to or cancelled (7309), and which message is it a version of?

FHIR says it in several places. The surest counts first: a Composition that is amended or entered in error; the activity
of the Provenance (7309, or HL7's words for an operation on data); what the Provenance says of the parent; what the
Composition relates to; and at last, for a Bundle without Composition, what it is about: all of it entered in
error or revoked.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway import terminology
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
    for coding in codings:
        if terminology.number_of(str(coding.get("system", ""))) == "7309" and coding.get("code"):
            return str(coding["code"])
    return next(
        (STATUS_BY_OPERATION[c["code"]] for c in codings if c.get("code") in STATUS_BY_OPERATION), None
    )


def _of_focus(focus: Sequence[Json]) -> str | None:
    told = [r for r in focus if r.get("resourceType") not in _ABOUT]
    if any(r.get("resourceType") == "Composition" for r in focus) or not told:
        return None
    return "C" if all(map(is_taken_back, told)) else None


def is_of_the_message(targets: Sequence[Json], focus: Sequence[Json]) -> bool:
    """Whether the only Provenance of a Bundle tells of the message, though it names neither header nor Composition:
    it names nothing that is here, or all that the message tells. Where one of several things comes from says nothing
    of the others. `targets`: the resources that it names."""
    told = [r for r in focus if r.get("resourceType") not in _ABOUT]
    return not targets or (bool(told) and all(any(each is r for each in targets) for r in told))


def is_taken_back(resource: Json) -> bool:
    """Whether a resource says that what was told by it is not so: an error, revoked, a stay that never began."""
    state = str(resource.get("status") or resource.get("lifecycleStatus") or _verified(resource))
    return state in _REVOKED or (resource.get("resourceType") == "Encounter" and state == _NEVER_BEGAN)


def _verified(resource: Json) -> str | None:
    """The code of verificationStatus."""
    concept = resource.get("verificationStatus")
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return next((str(c.get("code")) for c in codings if isinstance(c, dict) and "code" in c), None)


def parent_of(composition: Json, provenance: Json) -> str | None:
    """The id of the message that this one is a version of, or answers."""
    entities = provenance.get("entity") or [{}]
    related = [each for each in composition.get("relatesTo", ()) if each.get("code") in _BY_RELATION]
    target = related[0] if related else {}
    for what in (
        entities[0].get("what", {}),
        {"identifier": target.get("targetIdentifier"), **target.get("targetReference", {})},
    ):
        value = without_address(what.get("identifier") or {})
        named = str(what.get("reference", "")).removeprefix("MessageHeader/").removeprefix("urn:uuid:")
        if (value or named).strip():
            return (value or named).strip()
    return None
