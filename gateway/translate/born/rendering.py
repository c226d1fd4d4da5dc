"""What did the rules leave unread, and where can it stand as text?

After the rules have read a Bundle, what they left is looked at, resource by resource. One that no rule read at all
is placed, if the table has a place for it. What a component cannot hold stands as text in the component; what has
no component, in a journal note under its heading (`mappings/rendering.map`). Each look that changes something is
followed by another reading, until nothing changes: a text that turned out not to be carried is tried in the next
place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway import terminology
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate.born import placing
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.sections import NOTES
from gateway.translate.born.tables import Telling, wordlist
from gateway.translate.born.wording import Wording
from gateway.translate.codec import Json
from gateway.translate.loss import Loss
from gateway.translate.shape import is_refuted
from gateway.translate.unread import Leaf

WasRead = Callable[[Json, str], bool]
MOST_LOOKS = 8
"""More looks than a text has places to be tried in."""


@dataclass
class _Text:
    """What is told of one resource, and where it was tried."""

    resource: Json
    telling: Telling
    lines: list[str]
    values: list[tuple[int, str]]
    left: list[str]
    """The places that have not been tried."""
    about: str = ""
    """What the resource is about, where its component says that and the text does not."""
    holder: Json = field(default_factory=dict)
    key: str = ""
    target: str = ""
    undo: Callable[[], None] = lambda: None


class Rendering:
    """The looks at one Bundle."""

    def __init__(self, work: OpenBundle) -> None:
        self._work = work
        self._placed: set[int] = set()
        self._texts: dict[int, _Text] = {}

    def look(self, leaves: Iterable[Leaf], touched: set[int], was_read: WasRead) -> bool:
        """Places and tells what was left unread; whether anything was changed, so that it must be read again."""
        if self._work.composition is None:
            return False
        of_resource: dict[int, tuple[Json, list[Leaf]]] = {}
        for leaf in leaves:
            speaker = self._speaker(leaf)
            of_resource.setdefault(id(speaker), (speaker, []))[1].append(leaf)
        placed = [self._place(resource, touched) for resource, _ in of_resource.values()]
        if any(placed):
            return True
        astray = [text for text in self._texts.values() if text.key and not was_read(text.holder, text.key)]
        moved = [self._move_on(text) for text in astray]
        told = [self._tell(resource, found, touched) for resource, found in of_resource.values()]
        return bool(astray or any(moved) or any(told))

    def told(self, was_read: WasRead) -> tuple[set[tuple[int, str]], list[Loss]]:
        """The values that stand in texts, and a line of the report for each."""
        values: set[tuple[int, str]] = set()
        lines = []
        for text in self._texts.values():
            if text.key and was_read(text.holder, text.key):
                values.update(text.values)
                lines.append((text, text.values))
        return values, [
            Loss(place, text.target, "rendered") for text, found in lines for place in self._places(found)
        ]

    def _places(self, values: list[tuple[int, str]]) -> list[str]:
        places = self._work.origins.places if self._work.origins else {}
        return [f"{places[holder]}.{key}".replace("._", ".") for holder, key in values if holder in places]

    def _speaker(self, leaf: Leaf) -> Json:
        """The resource whose text can tell the value."""
        for owner in reversed(leaf.owners):
            found = self._work.spokesmen.get(id(owner))
            if found is not None:
                return found
        return leaf.resource

    def _place(self, resource: Json, touched: set[int]) -> bool:
        """Gives a resource that nothing was read of the place that the table says."""
        if id(resource) in touched or id(resource) in self._placed or id(resource) in self._texts:
            return False
        self._placed.add(id(resource))
        known = self._work.origins is not None and self._work.origins.of(resource) is not None
        return known and placing.place(self._work, resource)

    def _tell(self, resource: Json, leaves: list[Leaf], touched: set[int]) -> bool:
        """Begins the text of a resource."""
        if id(resource) in self._texts or id(resource) not in self._work.urls:
            return False
        telling = wordlist().tellings.get(str(resource.get("resourceType")))
        if telling is None or not self._work.may_be_told(resource):
            return False
        lines, values = _worded(leaves)
        if not lines:
            return False
        slots = list(telling.slots) if id(resource) in touched else []
        if telling.heading is not None and self._work.allows(NOTES[0]):
            slots.append("journal")
        about = _about(resource) if id(resource) in touched else ""
        self._texts[id(resource)] = _Text(resource, telling, lines, values, slots, about)
        return self._move_on(self._texts[id(resource)])

    def _move_on(self, text: _Text) -> bool:
        """Tries the text in its next place; whether there is one."""
        text.undo()
        text.holder, text.key, text.target, text.undo = {}, "", "", lambda: None
        if not text.left:
            return False
        slot = text.left.pop(0)
        text.target = f"{text.resource['resourceType']}.{slot}"
        if slot == "journal":
            self._write_note(text)
        else:
            _write_slot(text, slot)
        return True

    def _write_note(self, text: _Text) -> None:
        assert text.telling.heading is not None
        code_set, code = text.telling.heading
        coding = {
            "system": code_system(code_set),
            "code": code,
            "display": terminology.display(code_set, code),
        }
        name = f"{text.telling.name} ({text.about})" if text.about else text.telling.name
        name = f"AVKREFTET: {name}" if is_refuted(text.resource) else name
        note: Json = {
            "resourceType": "Observation",
            "code": {"coding": [coding]},
            "valueString": "\n".join((name, *text.lines))
            if len(text.lines) > 1
            else f"{name} – {text.lines[0]}",
        }
        reference = self._work.add(note, f"{self._work.urls[id(text.resource)]}#as-text")
        entries = self._work.section(NOTES).setdefault("entry", [])
        entries.append(reference)
        text.holder, text.key, text.target = note, "valueString", "/".join((*NOTES, "Journaltekst"))
        text.undo = lambda: entries.remove(reference)


def _about(resource: Json) -> str:
    """The words that tell a resource from others of its type."""
    for key in ("code", "codeCodeableConcept", "vaccineCode", "topic", "description", "title", "name"):
        found = resource.get(key)
        if isinstance(found, dict):
            shown = (coding.get("display") for coding in found.get("coding", ()) if isinstance(coding, dict))
            found = found.get("text") or next(filter(None, shown), None)
        if isinstance(found, str):
            return found
    return ""


def _worded(leaves: list[Leaf]) -> tuple[list[str], list[tuple[int, str]]]:
    """A line for each element of the resource (or of what it speaks for) that has unread values."""
    waiting = {(id(leaf.owners[-1]), leaf.key) for leaf in leaves}

    def waits(holder: Json, key: str, at: int | None) -> bool:
        return (id(holder), key if at is None else f"{key}[{at}]") in waiting

    words = wordlist()
    wording = Wording(words, waits)
    lines = []
    heads: dict[tuple[int, str, int | None], tuple[Json, str, int | None, str]] = {}
    for leaf in leaves:
        root = leaf.owners[0]
        key, at = str(leaf.steps[0]), leaf.steps[1] if len(leaf.steps) > 1 else None
        position = at if isinstance(at, int) else None
        heads.setdefault((id(root), key, position), (root, key, position, str(root["resourceType"])))
    for root, key, position, kind in heads.values():
        if not words.is_never(key) and (key != "text" or "div" in root.get("text", {})):
            line = wording.sentence(root, key, kind, position)
            if line.strip():
                lines.append(line)
    return lines, list(wording.values)


def _write_slot(text: _Text, slot: str) -> None:
    """Writes the lines into a text of the resource; what stands there stays before them."""
    resource, words = text.resource, "; ".join(text.lines)
    if slot == "note[].text":
        notes = resource.setdefault("note", [])
        made = {"text": words}
        notes.append(made)
        text.undo = lambda: notes.remove(made)
        text.holder, text.key = made, "text"
        return
    holder, key = _slot(resource, slot)
    before: Any = holder.get(key)
    if isinstance(before, str) and before:
        words = f"{before}; {words}"
        text.values.append((id(holder), key))  # it stands within a longer text now
    holder[key] = words
    text.undo = lambda: holder.update({key: before}) if before is not None else holder.pop(key)
    text.holder, text.key = holder, key


def _slot(resource: Json, slot: str) -> tuple[Json, str]:
    """The object and key of a text; the object is made where it is not there."""
    if slot.startswith("extension("):
        url = extension_url(slot[len("extension(") : -1])
        extensions = resource.setdefault("extension", [])
        found = next((e for e in extensions if e.get("url") == url), None)
        if found is None:
            found = {"url": url}
            extensions.append(found)
        return found, "valueString"
    name, _, key = slot.partition("[0].")
    if not key:
        return resource, name
    items = resource.setdefault(name, [])
    if not items:
        items.append({})
    return items[0], key
