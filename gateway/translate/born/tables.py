"""What do the tables say: where does a resource stand that no section names, and how is it put into words?

`mappings/placement.map` and `mappings/rendering.map`, read once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from gateway.translate import sources
from gateway.translate.codec import Json

OF_THE_REST = 2
"""The rank of what changes nothing."""


@dataclass(frozen=True)
class Spot:
    """One line of the placement table."""

    resource_type: str
    code_set: str | None
    sections: tuple[str, ...]
    plan_list: str | None
    alone: bool
    """Each resource has a section of its own."""


@cache
def spots() -> tuple[Spot, ...]:
    """The placement table in its order."""
    found = []
    for line in _lines("placement"):
        words = line.split()
        coded = words[1] == "code"
        names = words[3:] if coded else words[2:]
        last = names.pop() if names[-1] in ("goal", "activity", "alone") else None
        alone = last == "alone"
        found.append(
            Spot(words[0], words[2] if coded else None, tuple(names), None if alone else last, alone)
        )
    return tuple(found)


@dataclass(frozen=True)
class Telling:
    """How the text of a resource is told."""

    name: str
    """What the resource is, in Norwegian."""
    heading: tuple[str, str] | None
    """Code set and code of the heading over its journal note; None: nothing of it is told in a journal note."""
    slots: tuple[str, ...]
    """Texts of the component it stands in, the first that is carried counts."""


@dataclass
class Wordlist:
    """The words of the rendering table."""

    tellings: dict[str, Telling] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    usual: dict[str, frozenset[str]] = field(default_factory=dict)
    """Element that changes the meaning of its resource → its values that do not."""
    implied: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Element → the values that the e-message says by having it at all → what the resource must have beside it (None:
    nothing). `*`: any value."""
    never: set[str] = field(default_factory=set)

    def label(self, path: str) -> str:
        """What an element is called; its own name where nobody has given it a Norwegian one."""
        parts = [part for part in path.split(".") if part]
        for start in range(len(parts)):
            found = self.labels.get(".".join(parts[start:]))
            if found is not None:
                return "" if found == "-" else found
        name = re.sub(r"(?<=[a-z])([A-Z])", r" \1", parts[-1]).lower()
        return name[:1].upper() + name[1:]

    def word(self, path: str, code: str) -> str | None:
        """The Norwegian word for a code; None: there is none."""
        elements = (path, path.rpartition(".")[2], "*")
        return next(filter(None, (self.words.get(f"{element}|{code}") for element in elements)), None)

    def is_silent(self, path: str, value: object) -> bool:
        """Whether this is how it usually is, so that saying it would only add noise."""
        said = str(value).lower()
        paths = (path, f"*.{path.partition('.')[2]}")
        return said in self.usual.get(path, ()) or any(said in self.implied.get(each, ()) for each in paths)

    def changes_meaning(self, path: str, value: object) -> bool:
        """Whether a value there changes what everything else in the resource means."""
        return path in self.usual and not self.is_silent(path, value)

    def turns(self, path: str, value: object) -> bool:
        """Whether something at an element, or below it, changes what the rest means: it is said first."""
        if path in self.usual:
            return any(not self.is_silent(path, code) for code in _codes(value))
        if isinstance(value, dict):
            return any(self.turns(f"{path}.{key}", inner) for key, inner in value.items())
        return isinstance(value, list) and any(self.turns(path, item) for item in value)

    def denial(self, path: str, value: object) -> str:
        """The words in capitals that say that it is not so, or not to be done; empty if the value says neither."""
        if path not in self.usual:
            return ""
        said = [self.label(path)] if value is True else []
        said += [
            self.word(path, str(code).lower() if code is False else str(code)) or "" for code in _codes(value)
        ]
        return next((word for word in said if word and word.isupper()), "")

    def denial_within(self, path: str, value: object) -> str:
        """The same of a value or of anything below it."""
        found = self.denial(path, value)
        if isinstance(value, dict):
            found = found or next(
                filter(None, (self.denial_within(f"{path}.{key}", inner) for key, inner in value.items())), ""
            )
        return found

    def rank(self, path: str, value: object) -> int:
        """Where an element is said: what denies the rest first, then what else changes its meaning."""
        return 0 if self.denial(path, value) else 1 if self.turns(path, value) else OF_THE_REST

    def is_implied(self, path: str, value: object, resource: Json) -> bool:
        """Whether the e-message says that value by having the element at all."""
        values = self.implied.get(path, {})
        said = str(value).lower() if "*" not in values else "*"
        return said in values and has(resource, values[said])

    def is_never(self, key: str, kind: str = "") -> bool:
        """Whether an element (of that type of resource) is of no use to a person who reads."""
        return key.startswith("_") or key in self.never or f"{kind}.{key}" in self.never


def _codes(value: object) -> list[object]:
    """The codes of a code, Coding or CodeableConcept; its words where it has none."""
    if not isinstance(value, dict):
        return [value]
    codings = value.get("coding", ())
    found = [coding.get("code") for coding in codings if isinstance(coding, dict)] or [value.get("code")]
    return [code for code in found if code is not None] or [value[key] for key in ("text",) if key in value]


def has(resource: Json, path: str | None) -> bool:
    """Whether a resource has a value at a path of names; so too where no path is given."""
    found: object = resource
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, dict) else None
    return found is not None


@cache
def wordlist() -> Wordlist:
    """The rendering table."""
    found = Wordlist()
    for line in _lines("rendering"):
        kind, *columns = re.split(r"\s{2,}", line.strip())
        if kind == "resource":
            name, told, heading, *slots = columns
            code_set, _, code = heading.partition("|")
            found.tellings[name] = Telling(told, (code_set, code) if code else None, tuple(slots))
        elif kind == "label":
            found.labels[columns[0]] = columns[1]
        elif kind == "word":
            found.words[columns[0]] = columns[1]
        elif kind == "usual":
            found.usual[columns[0]] = frozenset(columns[1].split()) if len(columns) > 1 else frozenset()
        elif kind == "implied":
            element, value, *beside = columns
            found.implied.setdefault(element, {})[value.lower()] = beside[0] if beside else None
        elif kind == "never":
            found.never.update(columns[0].split())
        else:
            raise ValueError(f"rendering.map: {line}")
    return found


def _lines(name: str) -> list[str]:
    return [line for line in sources.table(name).splitlines() if line.strip() and not line.startswith("#")]
