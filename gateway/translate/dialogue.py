"""Is a message Bundle a dialogue, and in which version of the dialogue message does it leave?"""

from __future__ import annotations

from gateway.emessage.rules import DIALOGUE_TYPES, VERSION_OF_DIALOGUE
from gateway.fhir.canonical import component_system
from gateway.translate.codec import Json
from gateway.translate.envelope import standard_of

BODY = "Dialogmelding"


def dialogue_standard(bundle: Json) -> str | None:
    """The version a dialogue came in, else the one its type is agreed in; None if the Bundle is no dialogue."""
    header: Json = {}
    bodies = set()
    for resource in [entry.get("resource") or {} for entry in reversed(bundle.get("entry", ()))]:
        kind = resource.get("resourceType")
        if kind == "Composition":
            bodies.add(_component(resource))
        elif kind == "MessageHeader":  # of several the first
            header = resource
    message_type = header.get("eventCoding", {}).get("code")
    bodies.discard(None)
    if BODY not in bodies and (bodies or message_type not in DIALOGUE_TYPES):
        return None
    stated = standard_of(bundle)
    if stated is not None and stated.startswith("dialog-"):
        return stated
    return VERSION_OF_DIALOGUE.get(str(message_type), "dialog-1.0")


def _component(composition: Json) -> str | None:
    codings = composition.get("type", {}).get("coding", ())
    return next((c.get("code") for c in codings if c.get("system") == component_system()), None)
