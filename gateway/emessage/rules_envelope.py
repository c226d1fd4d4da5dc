"""What does the envelope (MsgHead 1.2) break: ids, parties, patient, status and conversation?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from lxml import etree

from gateway import terminology
from gateway.emessage.place import finding
from gateway.emessage.read import MSGHEAD, EMessage, code_of
from gateway.errors import Issue, Severity

MAX_MESSAGE_ID = 100
"""Longest MsgId that is not remarked on, in characters (a GUID has 36)."""
_REFERRING = ("M", "A", "C")
_OLD_STATUS = ("X", "O")


def find(root: etree._Element, path: str) -> etree._Element | None:
    """The first element at a path of envelope names below the root."""
    return root.find(_qualified(path))


@cache
def _qualified(path: str) -> str:
    return "/".join(f"{{{MSGHEAD}}}{name}" for name in path.split("/"))


def text_at(root: etree._Element, path: str) -> str:
    """The stripped text at a path of envelope names; empty when there is none."""
    found = find(root, path)
    return (found.text or "").strip() if found is not None else ""


def message_type(root: etree._Element) -> str | None:
    """The message type of the envelope (8279); None when it has none."""
    found = find(root, "MsgInfo/Type")
    return (code_of(found) or None) if found is not None else None


def message_status(message: EMessage) -> str | None:
    """Forsendelsesstatus (7309) of the body; None when it states none, as dialogues and unknown bodies."""
    found = None if message.body is None else next(message.body.iter("{*}Forsendelsesstatus"), None)
    return None if found is None else code_of(found) or None


def message_id(message: EMessage) -> Iterator[Issue]:
    """Each message has an id of its own, without blanks and of reasonable length."""
    place = find(message.root, "MsgInfo/MsgId")
    value = text_at(message.root, "MsgInfo/MsgId")
    if not value:
        yield finding("rules.message-id-missing", "error", message.root if place is None else place)
    elif len(value) > MAX_MESSAGE_ID or any(c.isspace() or not c.isprintable() for c in value):
        yield finding("rules.message-id-form", "warning", message.root if place is None else place)


def known_type(message: EMessage) -> Iterator[Issue]:
    """The type is one that we know; the list here holds only part of 8279."""
    place = find(message.root, "MsgInfo/Type")
    if place is not None and not terminology.is_known("8279", code_of(place)):
        yield finding("rules.type-unknown", "information", place)


def parties(message: EMessage) -> Iterator[Issue]:
    """Sender and receiver are communication parties: a HER-id at one level at least."""
    for path, code in (
        ("MsgInfo/Sender", "rules.sender-without-her-id"),
        ("MsgInfo/Receiver", "rules.receiver-without-her-id"),
    ):
        party = find(message.root, path)
        if party is not None and not any(
            code_of(kind) == "HER" for kind in party.iter(f"{{{MSGHEAD}}}TypeId")
        ):
            yield finding(code, "warning", party)


def patient(message: EMessage) -> Iterator[Issue]:
    """A patient has an identifier or a name, and should have both."""
    place = find(message.root, "MsgInfo/Patient")
    if place is None:
        if message.standard.startswith("plo"):
            info = find(message.root, "MsgInfo")
            yield finding("rules.patient-missing", "warning", message.root if info is None else info)
        return
    named = any(text_at(place, name) for name in ("FamilyName", "GivenName"))
    identified = bool(text_at(place, "Ident/Id"))
    if not named and not identified:
        yield finding("rules.patient-unidentified", "error", place)
    elif not identified:
        yield finding("rules.patient-number-missing", "warning", place)
    elif not named:
        yield finding("rules.patient-name-missing", "warning", place)


def processing_status(message: EMessage) -> Iterator[Issue]:
    """A message for training or debugging says so; it must not enter production."""
    place = find(message.root, "MsgInfo/ProcessingStatus")
    if place is not None and code_of(place) in ("T", "D"):
        yield finding("rules.processing-not-production", "information", place)


def status(message: EMessage) -> Iterator[Issue]:
    """Forsendelsesstatus is a code of 7309; X and O occur in old messages."""
    place = None if message.body is None else next(message.body.iter("{*}Forsendelsesstatus"), None)
    if place is None:
        return
    code = code_of(place)
    if code in _OLD_STATUS:
        yield finding("rules.status-old", "warning", place)
    elif not terminology.is_known("7309", code):
        yield finding("rules.status-unknown", "error", place)


def conversation(message: EMessage) -> Iterator[Issue]:
    """Changes, additions and cancellations name another message; the first of a conversation names none."""
    own = text_at(message.root, "MsgInfo/MsgId")
    place = find(message.root, "MsgInfo/ConversationRef")
    refers = message_status(message) in _REFERRING
    if place is None:
        if refers:
            yield finding("rules.conversation-missing", "error", _info(message.root))
        return
    parent, first = text_at(place, "RefToParent"), text_at(place, "RefToConversation")
    if not parent or not first:
        yield finding("rules.conversation-incomplete", "error" if refers and not parent else "warning", place)
    if own and own in (parent, first):
        if refers:
            severity: Severity = "error" if own == parent else "warning"
            yield finding("rules.conversation-points-to-itself", severity, place)
        else:
            yield finding("rules.conversation-on-new", "warning", place)


def _info(root: etree._Element) -> etree._Element:
    found = find(root, "MsgInfo")
    return root if found is None else found
