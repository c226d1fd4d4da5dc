"""How does a Bundle that changes or cancels an earlier message say so where the rules look?

In the Provenance of the message: its activity (7309) and the message it is a version of.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway import terminology
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import version
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.codec import Json
from gateway.translate.identity import without_address


class Version(NamedTuple):
    """What a Bundle says of the messages before it."""

    provenance: Json | None
    """Of the message."""
    status: str | None
    """The code of 7309; None: it states none."""
    parent: str | None
    """The id of the message that it is a version of, or answers."""


def stated(work: OpenBundle) -> Version:
    """What the Bundle says while all of it stands there: what is taken out of it may be what a Provenance is about."""
    composition = _composition(work)
    provenance = _provenance(work, composition)
    return Version(
        provenance,
        version.status_of(composition, provenance or {}, work.focus()),
        version.parent_of(composition, provenance or {}, work.follow),
    )


def _composition(work: OpenBundle) -> Json:
    found = next((r for r in work.focus() if r.get("resourceType") == "Composition"), {})
    return found or next(iter(work.of_type("Composition")), {})


def state(work: OpenBundle, said: Version) -> None:
    """Status and parent in the Provenance that the rules read."""
    provenance, code, parent = said
    if code is None and parent is None:
        return
    if provenance is None:
        provenance = {"resourceType": "Provenance", "target": [{"reference": work.urls[id(work.header)]}]}
        work.add(provenance, "urn:somlos:version")
    elif not any(work.follow(target) is work.header for target in provenance.get("target", ())):
        here = {"reference": work.urls[id(work.header)]}
        provenance["target"] = [*provenance.get("target", ()), here]  # where the rules look
    if code is not None and not _says(provenance, code):
        display = terminology.display("7309", code)
        coding = {"system": code_system("7309"), "code": code, "display": display}
        stated = provenance.setdefault("activity", {})
        for other in stated.get("coding", ()):
            if version.STATUS_BY_OPERATION.get(str(other.get("code"))) == code:
                work.say(other, "code", coding, "code")
                work.say(other, "system", coding, "code")
        stated["coding"] = [coding, *stated.get("coding", ())]
    if parent is not None:
        _state_parent(work, provenance, parent)
        _note_relation(work, _composition(work), provenance["entity"][0]["what"]["identifier"], parent)


def _provenance(work: OpenBundle, composition: Json) -> Json | None:
    found = work.of_type("Provenance")
    for about in (composition, work.header):
        for each in found:
            if about and any(work.follow(target) is about for target in each.get("target", ())):
                return each
    if len(found) != 1:
        return None
    return found[0] if version.is_of_the_message(found[0], work.follow, work.focus()) else None


def _says(provenance: Json, code: str) -> bool:
    codings = provenance.get("activity", {}).get("coding", ())
    return any(
        c.get("code") == code and terminology.number_of(str(c.get("system", ""))) == "7309" for c in codings
    )


def _state_parent(work: OpenBundle, provenance: Json, parent: str) -> None:
    """The parent's id, and the conversation: that of the parent where the header names none."""
    entities = provenance.setdefault("entity", [])
    if not entities:
        entities.append({"role": "revision"})
    stated = version.entity_of_parent(provenance)
    entities.sort(key=lambda each: each is not stated)  # the first is where the rules look
    what = stated.setdefault("what", {})
    if not what.get("identifier", {}).get("value"):
        what["identifier"] = {"value": parent}
        work.say(what, "reference", what["identifier"], "value", "ConversationRef/RefToParent")
    extensions = work.header.setdefault("extension", [])
    url = extension_url("conversation")
    if not any(each.get("url") == url for each in extensions):
        extensions.append({"url": url, "valueString": parent})
        work.assumed.append("RefToConversation = RefToParent")


def _note_relation(work: OpenBundle, composition: Json, stated: Json, parent: str) -> None:
    """What the Composition says of its parent is said by the parent's id, and by the status of the message."""
    for related in composition.get("relatesTo", ()):
        target = related.get("targetIdentifier", {})
        if without_address(target) == parent:
            work.say(target, "value", stated, "value", "ConversationRef/RefToParent")
            work.say(target, "system", stated, "value")
            work.say(related, "code", stated, "value")
