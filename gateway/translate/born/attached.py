"""Where does a file go that stands inside a resource?

The e-message has attachments as documents of their own. A DocumentReference that holds its data itself, and an
attachment inside another resource (a picture in a Communication, a report's PDF), become such documents; what the
resource says of them stays with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway import terminology
from gateway.fhir.canonical import code_system
from gateway.translate import dialogue
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.codec import Json
from gateway.translate.loss import Loss
from gateway.translate.markup import holds_markup

_KINDS = "8114"
_ATTACHED = "A"
_SPEAKING = ("Communication", "CommunicationRequest")


def render(work: OpenBundle) -> None:
    """Every attachment with data of its own as a document of the message."""
    named = {*work.named(), *(work.urls[id(resource)] for resource in work.focus())}
    for resource in [r for r in work.resources.values() if work.belongs(r)]:
        if resource.get("resourceType") == "DocumentReference":
            _put_in_focus(work, resource, named)
        text = _text_of_dialogue(work, resource)
        for at, attachment in enumerate(list(_with_data(resource))):
            if attachment is text:
                continue
            url = f"{work.urls[id(resource)]}#file-{at}"
            is_first = resource.get("resourceType") == "DocumentReference" and any(
                each.get("attachment") is attachment for each in resource.get("content", ())[:1]
            )
            if not is_first:
                document = {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}
                work.add(document, f"{url}-document")
                _put_in_focus(work, document, named)
            if "url" in attachment:  # the data stand in the message, and not where else they are found
                work.rendered.append(Loss(f"{work.place_of(attachment)}.url", "", "lost"))
            binary = {"resourceType": "Binary", "data": attachment["data"]}
            attachment["url"] = work.add(binary, url)["reference"]
            work.say(attachment, "data", binary, "data")
    for document in work.focus():
        if document.get("resourceType") == "DocumentReference":
            _state_kind(document)


def _text_of_dialogue(work: OpenBundle, resource: Json) -> object:
    """The attachment that is the text of a note or a question: with markup in it, it is no file."""
    payloads = resource.get("payload") or [{}]
    speaks = work.body() == dialogue.BODY and resource.get("resourceType") in _SPEAKING
    attachment = payloads[0].get("contentAttachment") if speaks else None
    return attachment if isinstance(attachment, dict) and holds_markup(attachment) else None


def _with_data(value: Any) -> Iterator[Json]:
    """The attachments below a value that hold their data."""
    if isinstance(value, list):
        for item in value:
            yield from _with_data(item)
    elif isinstance(value, dict) and value.get("resourceType") != "Binary":
        if isinstance(value.get("data"), str) and "contentType" in value:
            yield value
        for inner in value.values():
            if isinstance(inner, dict | list):
                yield from _with_data(inner)


def _put_in_focus(work: OpenBundle, document: Json, named: set[str]) -> None:
    """A document that nothing names; `named` knows it then."""
    url = work.urls[id(document)]
    if url not in named:
        named.add(url)
        work.header.setdefault("focus", []).append({"reference": url})


def _state_kind(document: Json) -> None:
    """A document says that it is an attachment, where it says nothing of its kind."""
    content = document.get("content") or []
    if content and "attachment" in content[0] and "url" in content[0]["attachment"]:
        display = terminology.display(_KINDS, _ATTACHED)
        content[0].setdefault(
            "format", {"system": code_system(_KINDS), "code": _ATTACHED, "display": display}
        )
