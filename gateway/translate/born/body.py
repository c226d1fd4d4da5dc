"""Which body does a message that was born in FHIR have, and is it there?

MessageHeader.eventCoding says it. A Composition is made where there is none; one that states another type (a LOINC
code) is told which body it is.
"""

from __future__ import annotations

from gateway.emessage.rules import DIALOGUE_TYPES
from gateway.errors import NotTranslatable
from gateway.translate import dialogue, envelope, logistics
from gateway.translate.born.open_bundle import OpenBundle, code_of_type, components
from gateway.translate.born.tables import spots
from gateway.translate.codec import Json
from gateway.translate.places import concept_of_component

BODY_OF_TYPE = {
    "INNLEGGELSESRAPPORT": "Innleggelsesrapport",
    "UTSKRIVNINGSRAPPORT": "TverrfagligEpikrise",
    "HELSEOPPL_SOKNAD": "HelseopplysningerVedSoknad",
    "HELSEOPPLYSNINGER_LEGE": "Konsultasjon",
    "MEDISINSKE_OPPLYSNINGER": "OverforingMedisinskeOpplysninger",
    "ORIENTERING_TJENESTETILBUD": "OrienteringOmTjenestetilbud",
    **dict.fromkeys(logistics.CHILD_OF_TYPE, logistics.BODY),
    **dict.fromkeys(DIALOGUE_TYPES, dialogue.BODY),
}
"""Code of 8279 → the body element of its messages."""
_CONTENT_TYPES = ("9137", "9138", "9139", "9140")
"""Code sets that say what kind of content a message has."""


def body_of_type(message_type: str) -> str | None:
    """The body that messages of a type have; None for a type without one of ours."""
    return BODY_OF_TYPE.get(message_type)


def ensure(work: OpenBundle) -> None:
    """The first Composition in focus; one is made where the Bundle has none.

    Raises NotTranslatable where a body is wanted, and the header states no type of message that has one of ours.
    """
    _forget_empty_lists(work)
    body = body_of_type(work.message_type)
    focus = work.focus()
    found = next((r for r in focus if r.get("resourceType") == "Composition"), None)
    attached = any(r.get("resourceType") == "DocumentReference" for r in focus)
    if found is None:
        found = next(iter(work.of_type("Composition")), None)
        if found is None and body and (not attached or _has_content_for(work, body)):
            found = {"resourceType": "Composition", "type": concept_of_component(body)}
            work.add(found, "urn:somlos:composition")
        if found is not None:
            work.header.setdefault("focus", []).insert(0, {"reference": work.urls[id(found)]})
    work.composition = found
    is_known = body is not None or (found is not None and code_of_type(found) is not None)
    if not is_known and (found is not None or not attached):
        raise NotTranslatable("translate.unknown-message-type", path="MessageHeader.eventCoding")
    if found is not None:
        if code_of_type(found) is None and body:
            found.setdefault("type", {}).setdefault("coding", []).append(
                concept_of_component(body)["coding"][0]
            )
        _state_content_type(work, found)


def _forget_empty_lists(work: OpenBundle) -> None:
    """A List in focus that is no list of documents (a medication list) says nothing of the documents."""
    if "focus" in work.header:
        lists = {work.urls[id(r)] for r in work.of_type("List") if not work.is_report(r)}
        work.header["focus"] = [each for each in work.header["focus"] if each.get("reference") not in lists]


def _has_content_for(work: OpenBundle, body: str) -> bool:
    """Whether anything waits for a place in the body, beside what is attached.

    Notices of a stay always have one, but for an e-message that came without.
    """
    kinds = {spot.resource_type for spot in spots() if spot.sections[0] in components(body)}
    named = work.named()
    return (body == logistics.BODY and not envelope.is_translated(work.bundle)) or any(
        url not in named and r.get("resourceType") in kinds for url, r in work.resources.items()
    )


def _state_content_type(work: OpenBundle, composition: Json) -> None:
    """Why the message was sent (MessageHeader.reason) is the type of its content, where the Composition says none."""
    reason = work.header.get("reason")
    codings = reason.get("coding", ()) if isinstance(reason, dict) else ()
    systems = [str(coding.get("system", "")) for coding in codings]
    if "event" not in composition and any(system.endswith(_CONTENT_TYPES) for system in systems):
        composition["event"] = [{"code": [reason]}]
