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
from gateway.fhir.canonical import code_system, component_system, extension_url
from gateway.translate.believed import is_negation
from gateway.translate.born import naming, placing
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.sections import NOTES
from gateway.translate.born.tables import OF_THE_REST, Telling, wordlist
from gateway.translate.born.wording import Wording
from gateway.translate.codec import Json
from gateway.translate.loss import Loss
from gateway.translate.unread import Leaf

WasRead = Callable[[Json, str], bool]
_NONE_KNOWN = "INGEN KJENT"
_COMPONENTS = component_system()
"""Its codes are names of elements: they say nothing to a reader."""
_READ_FIRST = {
    "ServiceRequest": ("code", "text"),
    "Goal": ("description", "text"),
    "Observation": ("valueString",),
    "Communication": ("payload", "contentString"),
    "CommunicationRequest": ("payload", "contentString"),
}
"""Type → where the text stands in its component that a reader sees before any remark."""
MOST_LOOKS = 9
"""More looks than a text has places to be tried in."""


@dataclass
class _Text:
    """What is told of one resource, and where it was tried."""

    resource: Json
    telling: Telling
    turns: list[str]
    """What changes the meaning of the rest: said before everything else."""
    lines: list[str]
    values: list[tuple[int, str]]
    left: list[str]
    """The places that have not been tried."""
    about: str = ""
    """What the resource is about, where its component says that and the text does not."""
    denial: str = ""
    """That it is not so, or not to be done: stands before the name."""
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
        self.named: dict[tuple[int, str], list[tuple[int, str]]] | None = None
        """Names written beside references, with what they were made of; None: that was not looked at yet."""

    def look(self, leaves: Iterable[Leaf], touched: set[int], was_read: WasRead) -> bool:
        """Places and tells what was left unread; whether anything was changed, so that it must be read again."""
        if self._work.composition is None:
            return False
        leaves = list(leaves)
        if self.named is None:
            self.named = naming.name_in_references(self._work, leaves, touched)
            if self.named:
                return True
        of_resource: dict[int, tuple[Json, list[Leaf]]] = {}
        for leaf in without_copies(self._work, leaves):
            owner = leaf.owners[-1]
            if id(owner) in self._work.form or owner.get("system") == _COMPONENTS:
                continue
            speaker = self._speaker(leaf)
            of_resource.setdefault(id(speaker), (speaker, []))[1].append(leaf)
        speaking, named = {id(each) for each in self._work.spokesmen.values()}, self._work.named()
        placed = [self._place(each, touched, speaking, named) for each, _ in of_resource.values()]
        if any(placed):
            return True
        astray = [text for text in self._texts.values() if text.key and not was_read(text.holder, text.key)]
        moved = [self._move_on(text) for text in astray]
        told = [self._tell(resource, found, touched) for resource, found in of_resource.values()]
        return bool(astray or any(moved) or any(told))

    def told(self, was_read: WasRead) -> tuple[set[tuple[int, str]], list[Loss]]:
        """The values that stand in texts, and a line of the report for each."""
        values: set[tuple[int, str]] = set()
        lines: dict[Loss, None] = {}
        parts = self._parts(was_read)
        for text in self._texts.values():
            if text.key and was_read(text.holder, text.key):
                found = [part for each in text.values for part in parts.get(each, (each,))]
                values.update(text.values, found)
                lines |= {Loss(place, text.target, "rendered"): None for place in self._places(found)}
        return values, list(lines)

    def _parts(self, was_read: WasRead) -> dict[tuple[int, str], list[tuple[int, str]]]:
        """A value that was made of others (a name written beside a reference, given names in one) → these."""
        moved: dict[tuple[int, str], list[tuple[int, str]]] = {}
        for value, each in self._work.carriers.items():
            if not was_read(each.by, each.by_key):
                moved.setdefault((id(each.by), each.by_key), []).append(value)
        named = {
            name: [part for value in values for part in moved.get(value, (value,))]
            for name, values in (self.named or {}).items()
        }
        return moved | named

    def speaking(self, was_read: WasRead) -> set[int]:
        """The resources (by identity) that a text tells something of."""
        return {id(t.resource) for t in self._texts.values() if t.key and was_read(t.holder, t.key)}

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

    def _place(self, resource: Json, touched: set[int], speaking: set[int], named: set[str]) -> bool:
        """Gives a resource that nothing was read of the place that the table says. `speaking`: who speak for others;
        `named`: the addresses that something refers to."""
        if id(resource) in touched or id(resource) in self._placed or id(resource) in self._texts:
            return False
        self._placed.add(id(resource))
        known = self._work.origins is not None and self._work.origins.of(resource) is not None
        return (known or id(resource) in speaking) and placing.place(self._work, resource, named)

    def _tell(self, resource: Json, leaves: list[Leaf], touched: set[int]) -> bool:
        """Begins the text of a resource."""
        if id(resource) in self._texts or id(resource) not in self._work.urls:
            return False
        telling = wordlist().tellings.get(str(resource.get("resourceType")))
        if telling is None or not self._work.may_be_told(resource):
            return False
        told = _worded(resource, leaves)
        if not told.turns and not told.lines:
            return False
        if told.denial and id(resource) in touched:
            _deny(resource, told)
        slots = list(telling.slots) if id(resource) in touched else []
        if telling.heading is not None and self._work.allows(NOTES[0]):
            slots.append("journal")
        denial = told.denial or (_NONE_KNOWN if is_negation(resource) else "")
        about = _about(resource) if id(resource) in touched else ""
        about = "" if any(about in line for line in (*told.turns, *told.lines)) else about
        self._texts[id(resource)] = _Text(
            resource, telling, told.turns, told.lines, told.values, slots, about, denial
        )
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
        name = f"{text.denial}: {name}" if text.denial else name
        lines = [*text.turns, *text.lines]
        note: Json = {
            "resourceType": "Observation",
            "code": {"coding": [coding]},
            "valueString": "\n".join((name, *lines)) if len(lines) > 1 else f"{name} – {lines[0]}",
        }
        reference = self._work.add(note, f"{self._work.urls[id(text.resource)]}#as-text")
        entries = self._work.section(NOTES).setdefault("entry", [])
        entries.append(reference)
        text.holder, text.key, text.target = note, "valueString", "/".join((*NOTES, "Journaltekst"))
        text.undo = lambda: entries.remove(reference)


def without_copies(work: OpenBundle, leaves: list[Leaf]) -> list[Leaf]:
    """A value that was copied to where the rules look for it is told, or lost, where it stands itself."""
    own = {(id(leaf.owners[-1]), leaf.key) for leaf in leaves}
    copies = {(id(each.by), each.by_key) for value, each in work.carriers.items() if value in own}
    copies -= work.carriers.keys()
    return [leaf for leaf in leaves if (id(leaf.owners[-1]), leaf.key) not in copies]


def _deny(resource: Json, told: _Told) -> None:
    """Says before the text that is read as being so, or as a thing to do, that it is not."""
    names = _READ_FIRST.get(str(resource.get("resourceType")), ())
    holder: Any = resource
    for name in names[:-1]:
        found = holder.get(name)
        holder = found[0] if isinstance(found, list) and found else found
        if not isinstance(holder, dict):
            return
    if names and isinstance(holder.get(names[-1]), str):
        told.values.append((id(holder), names[-1]))
        holder[names[-1]] = f"{told.denial}: {holder[names[-1]]}"
    elif "coding" in holder:
        holder[names[-1]] = told.denial


def _person(names: list[Any]) -> str | None:
    parts = [[*name.get("given", ()), name.get("family")] for name in names[:1] if isinstance(name, dict)]
    return " ".join(part for each in parts for part in each if isinstance(part, str)) or None


def _about(resource: Json) -> str:
    """The words that tell a resource from others of its type."""
    for key in ("code", "codeCodeableConcept", "vaccineCode", "topic", "description", "title", "name"):
        found = resource.get(key)
        if isinstance(found, dict):
            shown = (coding.get("display") for coding in found.get("coding", ()) if isinstance(coding, dict))
            found = found.get("text") or next(filter(None, shown), None)
        if isinstance(found, list):
            found = _person(found)
        if isinstance(found, str):
            return found
    return ""


@dataclass
class _Told:
    """What unread values say."""

    turns: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    values: list[tuple[int, str]] = field(default_factory=list)
    denial: str = ""


def _worded(resource: Json, leaves: list[Leaf]) -> _Told:
    """A line for each element of the resource (or of what it speaks for) that has unread values.

    What changes the meaning of one item of a list stands first in the item's own line.
    """
    waiting = {(id(leaf.owners[-1]), leaf.key) for leaf in leaves}

    def waits(holder: Json, key: str, at: int | None) -> bool:
        return (id(holder), key if at is None else f"{key}[{at}]") in waiting

    words = wordlist()
    wording = Wording(words, waits)
    told, found = _Told(), []
    heads: dict[tuple[int, str, int | None], tuple[Json, str, int | None, str]] = {}
    for leaf in leaves:
        root = leaf.owners[0]
        key, at = str(leaf.steps[0]), leaf.steps[1] if len(leaf.steps) > 1 else None
        position = at if isinstance(at, int) else None
        heads.setdefault((id(root), key, position), (root, key, position, str(root["resourceType"])))
    for root, key, position, kind in heads.values():
        if (
            key
            in root  # else it only has the text that the e-message had, which is no value of FHIR: it is lost
            and key != "language"
            and not words.is_never(key, kind)
            and (key != "text" or "div" in root.get("text", {}))
        ):
            line = wording.sentence(root, key, kind, position)
            if line.strip():
                value, path = root[key] if position is None else root[key][position], f"{kind}.{key}"
                rank = OF_THE_REST if position is not None and root is resource else words.rank(path, value)
                found.append((rank, line))
                denial = (
                    words.denial if root is resource else words.denial_within
                )  # it speaks for what is inside
                told.denial = told.denial or denial(path, value)
    found.sort(key=lambda ranked: ranked[0])
    told.turns = [line for rank, line in found if rank < OF_THE_REST]
    told.lines = [line for rank, line in found if rank == OF_THE_REST]
    told.values = list(wording.values)
    return told


def _write_slot(text: _Text, slot: str) -> None:
    """Writes the lines into a text of the resource. What stands there stays before them, and behind what changes its
    meaning."""
    resource, words = text.resource, "; ".join((*text.turns, *text.lines))
    if slot == "note[].text":
        notes = resource.setdefault("note", [])
        made = {"text": words}
        notes.insert(0 if text.turns else len(notes), made)
        text.undo = lambda: notes.remove(made)
        text.holder, text.key = made, "text"
        return
    holder, key = _slot(resource, slot)
    before: Any = holder.get(key)
    if isinstance(before, str) and before:
        words = "; ".join((*text.turns, before, *text.lines))
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
