"""What does a mapping definition file say?

The notation is described in `mappings/README.md`; this module only reads it. `compiler.py` binds the definitions to the
grammar of a standard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One rule as written: element or @attribute, FHIR path, how; with the rules for the element's children."""

    source: str
    path: str
    how: str
    children: tuple[Line, ...] = ()
    place: str = field(default="", compare=False)
    """File and line."""


@dataclass(frozen=True)
class Definition:
    """The rules of one component."""

    name: str
    target: str
    """A FHIR resource type, `section` or `part`."""
    types: tuple[str, ...]
    lines: tuple[Line, ...]
    with_resource: str | None = None
    """For a section: the type of its own first entry."""
    when: str | None = None
    """A path that must exist in a resource for it to be of this component."""
    fixed: tuple[tuple[str, str], ...] = ()
    """Codes the component implies (element, code): written, and looked for on the way back."""
    default: bool = False
    place: str = field(default="", compare=False)
    """File and line."""

    @property
    def is_section(self) -> bool:
        """Whether the component is a section of the Composition."""
        return self.target == "section"

    @property
    def is_resource(self) -> bool:
        """Whether the component is a resource of its own."""
        return self.target not in ("section", "part")


@dataclass(frozen=True)
class MappingError(Exception):
    """A definition file cannot be understood: where and why (for the person who wrote it)."""

    place: str
    reason: str


@dataclass
class _Raw:
    indent: int
    text: str
    place: str
    below: list[_Raw] = field(default_factory=list)


def read_definitions(files: dict[str, str]) -> dict[str, Definition]:
    """All definitions of the given files (name → text), by their names. Raises `MappingError`."""
    definitions: dict[str, Definition] = {}
    for file, text in sorted(files.items()):
        for raw in _tree(file, text):
            definition = _definition(raw)
            if definition.name in definitions:
                raise MappingError(raw.place, f"{definition.name} is defined twice")
            definitions[definition.name] = definition
    return definitions


def _tree(file: str, text: str) -> list[_Raw]:
    roots: list[_Raw] = []
    open_lines: list[_Raw] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        raw = _Raw((len(line) - len(line.lstrip())) // 4, line.strip(), f"{file}:{number}")
        del open_lines[raw.indent :]
        if len(open_lines) < raw.indent:
            raise MappingError(raw.place, "indented too far")
        (open_lines[-1].below if open_lines else roots).append(raw)
        open_lines.append(raw)
    return roots


def _definition(raw: _Raw) -> Definition:
    head, _, rest = raw.text.partition(": ")
    if not rest:
        raise MappingError(raw.place, "a definition is written NAME: TYPES")
    name, _, target = head.partition(" = ")
    target = target or name
    words = re.split(r"\s{2,}", rest)
    options = {word.split(" ", 1)[0]: word.partition(" ")[2] for word in words[1:]}
    target, _, with_resource = target.partition(" with ")
    fixed = tuple(_pair(part) for part in options["set"].split(", ")) if "set" in options else ()
    return Definition(
        name=name,
        target=target,
        types=tuple(words[0].split()),
        lines=tuple(_line(below) for below in raw.below),
        with_resource=with_resource or None,
        when=options.get("when"),
        fixed=fixed,
        default="default" in options,
        place=raw.place,
    )


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _line(raw: _Raw) -> Line:
    words = re.split(r"\s{2,}", raw.text)
    if len(words) < 2:
        raise MappingError(
            raw.place, "a rule is written ELEMENT  PATH  HOW, with two spaces between the columns"
        )
    if len(words) == 2 and not raw.below:
        raise MappingError(raw.place, "says not how the value is written (third column, after two spaces)")
    return Line(
        words[0], words[1], "  ".join(words[2:]), tuple(_line(below) for below in raw.below), raw.place
    )
