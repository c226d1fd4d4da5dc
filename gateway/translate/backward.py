"""How does a Bundle become an e-message, and what of it did the e-message not hold?

What the gateway made itself is read as it stands. What was born in FHIR, or edited there, is put in order first
(`born`), and what is left unread then is told as text where a rendering rule says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import NotTranslatable
from gateway.translate import born, envelope
from gateway.translate.born.copying import places_in
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.rendering import MOST_LOOKS, Rendering, without_copies
from gateway.translate.codec import Json
from gateway.translate.implied import is_implied
from gateway.translate.loss import Loss
from gateway.translate.reading import Reading
from gateway.translate.severity import of_assumption, of_leaf, of_outside
from gateway.translate.unread import Leaf, Unread, is_all_read


@dataclass(frozen=True)
class Backward:
    """An e-message that was made of a Bundle."""

    reading: Reading
    losses: tuple[Loss, ...]
    """What stands only as text, and what does not stand at all."""
    notes: tuple[str, ...]


def from_bundle(bundle: Json, target: str, *, render: bool = True) -> Backward:
    """The e-message of a message Bundle in a version of PLO or of the dialogue message.

    `render`: tell as text what the target has no element for. Raises NotTranslatable with the FHIR path of what the
    e-message demands and the Bundle lacks.
    """
    if envelope.is_translated(bundle) and born.may_be_read_at_once(bundle):
        found = _at_once(bundle, target)
        if found is not None:
            return found
    if born.is_as_the_rules_read(bundle):
        found = _as_it_stands(bundle, target, render)
        if found is not None:
            return found
    work = born.in_order(bundle, target)
    rendering = Rendering(work)
    assert work.origins is not None
    for _ in range(MOST_LOOKS):
        reading = envelope.from_bundle(work.bundle, target)
        unread = Unread(reading, work.origins.places)
        carried: set[int] = set()
        leaves, words = [], _Words(reading)
        for leaf in _once(unread):
            if _is_carried(work, reading, leaf) or words.are_carried(leaf):
                carried.add(id(leaf.resource))
            else:
                leaves.append(leaf)
        if not render or not leaves or not rendering.look(leaves, unread.touched, reading.was_read):
            break
    told, rendered = rendering.told(reading.was_read)
    for name, parts in (rendering.named or {}).items():
        told |= {name, *(parts if name in reading.seen else ())}
    told |= {value for value, each in work.carriers.items() if (id(each.by), each.by_key) in told}
    leaves = without_copies(work, leaves)
    left = [leaf for leaf in leaves if leaf.place and (id(leaf.owners[-1]), leaf.key) not in told]
    losses = (
        *work.rendered,
        *_moved_to_text(work, reading),
        *rendered,
        *_outside(work),
        *_assumed(reading),
        *_shortened(reading, work),
        *_lost(left, _standing(work, unread.touched | carried | rendering.speaking(reading.was_read))),
        *_moved_in_vain(work, reading, told, {leaf.place for leaf in left}),
    )
    return Backward(reading, losses, _notes(reading, *work.assumed))


def _at_once(bundle: Json, target: str) -> Backward | None:
    """The message, if the rules read everything where it stands: so with what the gateway made of an e-message."""
    try:
        reading = envelope.from_bundle(bundle, target)
    except NotTranslatable:
        return None
    if not is_all_read(reading):
        return None
    return Backward(reading, (*_assumed(reading), *_shortened(reading)), _notes(reading))


def _as_it_stands(bundle: Json, target: str, render: bool) -> Backward | None:
    """The message, if the rules read all of the Bundle (or nothing is to be told as text)."""
    try:
        reading = envelope.from_bundle(bundle, target)
    except NotTranslatable as error:
        if error.code != "translate.missing-content":
            raise
        return None
    unread = Unread(reading)
    leaves = list(unread.leaves())
    if leaves and render:
        return None
    losses = (*_assumed(reading), *_shortened(reading), *_lost(leaves, unread.touched))
    return Backward(reading, losses, _notes(reading))


def _standing(work: OpenBundle, found: set[int]) -> set[int]:
    """The resources (by identity) that stand in the e-message: `found`, what one of them speaks for, and plans."""
    spoken_for = {each for each, by in work.spokesmen.items() if id(by) in found}
    return work.with_plans(work.of_the_message() | found | spoken_for)


def _once(unread: Unread) -> list[Leaf]:
    """An object that two resources share is looked at once."""
    seen: dict[tuple[int, str], Leaf] = {}
    for leaf in unread.leaves():
        seen.setdefault((id(leaf.owners[-1]), leaf.key), leaf)
    return list(seen.values())


def _is_carried(work: OpenBundle, reading: Reading, leaf: Leaf) -> bool:
    carrier = work.carriers.get((id(leaf.owners[-1]), leaf.key))
    return carrier is not None and reading.was_read(carrier.by, carrier.by_key)


class _Words:
    """Which words of a CodeableConcept were read somewhere in it: they need to be carried once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._carried: dict[int, frozenset[str]] = {}

    def are_carried(self, leaf: Leaf) -> bool:
        """Whether the same words stand in the concept of a value elsewhere, and were read there."""
        if leaf.key not in ("text", "display") or not isinstance(leaf.value, str):
            return False
        concept = next((owner for owner in leaf.owners[-2:] if isinstance(owner.get("coding"), list)), None)
        if concept is None:
            return False
        if id(concept) not in self._carried:
            self._carried[id(concept)] = frozenset(self._words_of(concept))
        return _plain(leaf.value) in self._carried[id(concept)]

    def _words_of(self, concept: Json) -> Iterator[str]:
        for holder, key in ((concept, "text"), *((coding, "display") for coding in concept["coding"])):
            if isinstance(holder.get(key), str) and self._reading.was_read(holder, key):
                yield _plain(holder[key])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _moved_to_text(work: OpenBundle, reading: Reading) -> list[Loss]:
    return [
        Loss(f"{work.place_of(each.holder)}.{each.key}", each.target, "rendered")
        for each in work.carriers.values()
        if each.target and reading.was_read(each.by, each.by_key)
    ]


def _moved_in_vain(
    work: OpenBundle, reading: Reading, told: set[tuple[int, str]], known: set[str]
) -> list[Loss]:
    """What became part of a longer text (given names, lines of a street) that was neither carried nor told, and is no
    leaf now."""
    places = (
        f"{work.place_of(each.holder)}.{each.key}"
        for value, each in work.carriers.items()
        if each.target and value not in told and not reading.was_read(each.by, each.by_key)
    )
    return [Loss(place, "", "lost") for place in places if place not in known]


def _outside(work: OpenBundle) -> list[Loss]:
    places = ((reference, work.place_of(reference)) for reference, _ in work.outside.values())
    return [
        Loss(f"{place}.reference", "", "lost", of_outside(reference, place)) for reference, place in places
    ]


def _assumed(reading: Reading) -> list[Loss]:
    return [Loss("", one.what, "assumed", of_assumption(one.states)) for one in reading.assumed if one.states]


def _shortened(reading: Reading, work: OpenBundle | None = None) -> list[Loss]:
    """What the e-message has only the beginning of. `work`: what was read is a copy of the Bundle as it was given."""
    if not reading.shortened:
        return []
    places = places_in(reading.bundle) if work is None else work.origins.places if work.origins else {}
    moved = {(id(each.by), each.by_key): each for each in work.carriers.values()} if work else {}
    found = []
    for _, holder, key in reading.shortened:
        at = reading.originals.get(id(holder), id(holder))
        carrier = moved.get((at, key))
        if carrier is not None:
            at, key = id(carrier.holder), carrier.key
        if at in places:
            found.append(Loss(f"{places[at]}.{key}", "", "lost"))
    return list(dict.fromkeys(found))


def _lost(leaves: list[Leaf], standing: set[int]) -> list[Loss]:
    """What is not carried. `standing`: the resources (by identity) of which something is."""
    places = {(id(leaf.owners[-1]), leaf.key) for leaf in leaves}
    found = []
    for leaf in leaves:
        implied = id(leaf.resource) in standing and is_implied(leaf)
        severity = "information" if implied else of_leaf(leaf, standing, places)
        found.append(Loss(leaf.place.replace("._", "."), "", "implied" if implied else "lost", severity))
    return found


def _notes(reading: Reading, *more: str) -> tuple[str, ...]:
    return tuple(f"assumed: {one}" for one in (*(each.what for each in reading.assumed), *more))


def of_receipt(reading: Reading) -> Backward:
    """A receipt that was made of a Bundle: it has nothing that could be told as text."""
    unread = Unread(reading)
    leaves = list(unread.leaves())
    losses = (*_assumed(reading), *_shortened(reading), *_lost(leaves, unread.touched))
    return Backward(reading, losses, _notes(reading))
