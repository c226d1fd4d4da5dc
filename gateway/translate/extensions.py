"""Which extensions do the mapping definitions use, and how are they defined in FHIR?

An extension is born in a definition (``ext(name)``): where it stands and what it holds is read from the rule, so that
what is published is what is written. Ours are files of `profiles/`, made from here; those of an installation's own
definitions are published beside them while its definitions are in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway import __version__
from gateway.fhir import tables
from gateway.fhir.canonical import extension_url
from gateway.fhir.definitions import definitions, publish_extensions
from gateway.translate import sources
from gateway.translate.codec import Json
from gateway.translate.notation import Definition, Line

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_VALUE_TYPES: Final = {
    "concept": "CodeableConcept",
    "coding": "Coding",
    "quantity": "Quantity",
    "gender": "code",
}
_SEGMENT: Final = re.compile(r"(ext\([^)]+\)|[\w\-]+)(?:\((\w+)\))?(?:\[[^\]]*\])?(?:\.|$)")


@dataclass
class Use:
    """One extension as the mapping uses it."""

    contexts: set[str] = field(default_factory=set)
    """Types and elements in which it stands; ``Extension:name`` inside another of ours."""
    types: set[str] = field(default_factory=set)
    """Types of its value; ``nested`` when it holds extensions."""
    targets: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    """The e-message elements it holds."""


def in_definitions(found: dict[str, Definition]) -> dict[str, Json]:
    """The extensions that the rules name, by name, as StructureDefinitions."""
    made = {}
    for name, use in sorted(_Walker(found).uses.items()):
        held = ", ".join(sorted(use.sources))
        made[name] = extension(name, use, f"Holds {held} of an e-message, which R4 has no element for.")
    return made


def of_the_installation() -> list[Json]:
    """The extensions that the installation's definitions invent, or use in another way than ours."""
    if sources.folder() is None:
        return []
    ours = {each["id"]: each for each in definitions("extensions")}
    made = in_definitions(sources.definitions().all)
    return [each for name, each in made.items() if ours.get(name) != each and not _is_by_hand(ours.get(name))]


def _is_by_hand(published: Json | None) -> bool:
    return published is not None and not published["description"].startswith("Holds ")


def publish() -> None:
    """Publishes them beside ours: in the package, and to the validator. Doing it again changes nothing."""
    found = of_the_installation()
    if found:
        publish_extensions(found)


class _Walker:
    """Follows every rule from the definition where it stands to the FHIR element it means."""

    def __init__(self, definitions: dict[str, Definition]) -> None:
        self.definitions = definitions
        self.uses: dict[str, Use] = {}
        used = {_used(line) for each in definitions.values() for line in _all(each.lines)}
        for definition in definitions.values():
            if definition.is_resource:
                self.walk(definition.lines, definition.target)
            elif definition.is_section:
                self.walk(definition.lines, "Composition.section", definition.with_resource)
            elif definition.name not in used:
                self.walk(definition.lines, "Composition")

    def walk(self, lines: tuple[Line, ...], at: str, with_resource: str | None = None) -> None:
        """Record the extensions of these rules, whose paths start in the type `at`."""
        for line in lines:
            place = self._follow(line, at, with_resource)
            self.walk(line.children, place, with_resource)
            if used := _used(line):
                self.walk(self.definitions[used].lines, place, with_resource)

    def _follow(self, line: Line, at: str, with_resource: str | None) -> str:
        path = re.sub(r"^(inside|member) ", "", line.path)
        if line.path.startswith("member "):
            path = f"ext({line.path[7:]})"
        if path in (".", "entry", "section"):
            return at
        if path.startswith("with."):
            path, at = path[5:], with_resource or at
        here = at
        for position, (segment, hop) in enumerate(_SEGMENT.findall(path)):
            if position == 0 and segment in tables.resource_types():
                here = segment
            elif segment.startswith("ext("):
                here = self._extension(segment[4:-1], here, line)
            else:
                here = hop or _element_type(here, segment)
        return here

    def _extension(self, name: str, at: str, line: Line) -> str:
        if name.startswith("http"):
            return "Extension"
        use = self.uses.setdefault(name, Use())
        use.contexts.add(at)
        use.sources.add(line.source.rpartition(":")[2])
        word, _, rest = re.split(r"\s{2,}", line.how)[0].partition(" ")
        if word == "->":
            use.types.add("Reference")
            use.targets.add(self.definitions[rest].target)
        elif line.children or word == "use":
            use.types.add("nested")
        else:
            use.types.add(_VALUE_TYPES.get(word, word))
        return f"Extension:{name}"


def _used(line: Line) -> str | None:
    """The definition whose lines are used in place."""
    match = re.match(r"use (\w+)", line.how)
    return match[1] if match else None


def _all(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        yield line
        yield from _all(line.children)


def _element_type(at: str, segment: str) -> str:
    """The type of an element of a type, as a context: a datatype by its name, an inner element by its path."""
    declared = {name: kind.name for element in tables.elements(at) for name, kind in element.names().items()}
    return declared[segment]


def extension(name: str, use: Use, description: str) -> Json:
    """The StructureDefinition of one of our extensions (differential only)."""
    words = name.replace("-", " ")
    elements: list[Json] = [
        {"id": "Extension", "path": "Extension", "short": words.capitalize(), "definition": description}
    ]
    if "nested" not in use.types:
        elements.append({"id": "Extension.extension", "path": "Extension.extension", "max": "0"})
    elements.append({"id": "Extension.url", "path": "Extension.url", "fixedUri": extension_url(name)})
    elements.append(_value(use))
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": extension_url(name),
        "version": __version__,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "title": words.capitalize(),
        "status": "draft",
        "publisher": "Sømløs",
        "description": description,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [_context(at) for at in sorted(use.contexts)],
        "type": "Extension",
        "baseDefinition": _CORE + "Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _value(use: Use) -> Json:
    value: Json = {"id": "Extension.value[x]", "path": "Extension.value[x]"}
    if use.types == {"nested"}:
        return value | {"max": "0"}
    types: list[Json] = [{"code": code} for code in sorted(use.types - {"nested"})]
    for kind in types:
        if kind["code"] == "Reference":
            kind["targetProfile"] = [_CORE + target for target in sorted(use.targets)]
    return value | ({} if "nested" in use.types else {"min": 1}) | {"type": types}


def _context(at: str) -> Json:
    kind, _, name = at.partition(":")
    return (
        {"type": "extension", "expression": extension_url(name)}
        if name
        else {"type": "element", "expression": kind}
    )
