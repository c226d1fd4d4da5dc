"""What do the tables say: where does a resource stand that no section names, and how is it put into words?

`mappings/placement.map` and `mappings/rendering.map`, read once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from gateway.translate import sources


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
        return self.words.get(f"{path.rpartition('.')[2]}|{code}") or self.words.get(f"*|{code}")

    def is_silent(self, path: str, value: object) -> bool:
        """Whether this is how it usually is, so that saying it would only add noise."""
        return str(value).lower() in self.usual.get(path, ())

    def changes_meaning(self, path: str, value: object) -> bool:
        """Whether a value there changes what everything else in the resource means."""
        return path in self.usual and not self.is_silent(path, value)

    def is_never(self, key: str) -> bool:
        """Whether an element is of no use to a person who reads."""
        return key.startswith("_") or key in self.never


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
        elif kind == "never":
            found.never.update(columns[0].split())
        else:
            raise ValueError(f"rendering.map: {line}")
    return found


def _lines(name: str) -> list[str]:
    return [line for line in sources.table(name).splitlines() if line.strip() and not line.startswith("#")]
