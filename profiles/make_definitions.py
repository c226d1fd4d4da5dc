"""Which extensions do the mapping definitions use, and how are they defined in FHIR?

    python profiles/make_definitions.py        writes extensions/, most of terminology/, and index.json

An extension is born in a definition file of `mappings/` (``ext(name)``): where it stands and what it holds is read
from the rule, so that what is published is what is written. A test runs this and compares: nobody forgets to run it.
The profiles, naming systems and other files beside these are written by hand and only listed in the index.
"""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway import __version__, package_data
from gateway.emessage.grammar import STANDARDS, ComplexType, structure
from gateway.fhir import tables
from gateway.fhir.canonical import BASE, component_system, extension_url
from gateway.translate.notation import Definition, Line, read_definitions
from gateway.translate.sources import TABLES

FOLDER = Path(__file__).resolve().parent
DEPENDENCIES = {"hl7.fhir.r4.core": "4.0.1", "hl7.fhir.no.basis": "2.2.2"}
"""The packages that the definitions build on."""
CORE = "http://hl7.org/fhir/StructureDefinition/"
VALUE_TYPES = {"concept": "CodeableConcept", "coding": "Coding", "quantity": "Quantity", "gender": "code"}
SEGMENT = re.compile(r"(ext\([^)]+\)|[\w\-]+)(?:\((\w+)\))?(?:\[[^\]]*\])?(?:\.|$)")

Json = dict[str, Any]


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


BY_HAND: dict[str, tuple[Use, str]] = {
    "exact": (
        Use({"Element"}, {"string", "Coding"}),
        "The text of the e-message (of a sex: the code) where the native value alone would not reproduce it (digits of "
        "a number, a time without zone, a lexical form), or where no legal native value exists. It counts only as long "
        "as it means the same as the native value: an edit of the native value always wins.",
    ),
    "present": (
        Use({"Element"}, {"boolean", "code"}),
        "The e-message had this element, but empty (true), or without this part (false); a code names a part.",
    ),
    "order": (
        Use({"Element"}, {"integer"}),
        "The place of this element among elements of other kinds in the e-message, where no array tells it.",
    ),
    "original-text": (
        Use({"Coding", "CodeableConcept"}, {"string", "nested"}),
        "The original text (OT) beside a code of the e-message; nested extensions only when it was there but empty.",
    ),
    "discharge-ready": (
        Use({"Encounter"}, {"dateTime"}),
        "Since when the patient is ready for discharge, by the hospital's decision.",
    ),
    "checklist": (
        Use({"PlanDefinition.action"}, {"code"}),
        "Number of the checklist that an action stands for when adherence to the plan is measured.",
    ),
    "proved-by": (
        Use({"PlanDefinition.action"}, {"Coding"}),
        "Type of a message (8279) whose sending proves that the action was done.",
    ),
    "mig-version": (
        Use({"MessageHeader"}, {"string"}),
        "The version of the implementation guide that a receipt stated, where it is not the one its standard fixes.",
    ),
}
"""Extensions that no rule of the mappings names, with what they are for."""


class Walker:
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
        for position, (segment, hop) in enumerate(SEGMENT.findall(path)):
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
            use.types.add(VALUE_TYPES.get(word, word))
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
        "baseDefinition": CORE + "Extension",
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
            kind["targetProfile"] = [CORE + target for target in sorted(use.targets)]
    return value | ({} if "nested" in use.types else {"min": 1}) | {"type": types}


def _context(at: str) -> Json:
    kind, _, name = at.partition(":")
    return (
        {"type": "extension", "expression": extension_url(name)}
        if name
        else {"type": "element", "expression": kind}
    )


def _bodies() -> Iterator[str]:
    for standard in STANDARDS:
        yield from (
            name.partition(":")[2] for name in structure(standard).elements if not name.startswith("ds:")
        )


def component_codes() -> Json:
    """The code system of the e-message components: every element name of the grammars."""
    kinds = [
        kind
        for standard in STANDARDS
        for kind in structure(standard).types.values()
        if isinstance(kind, ComplexType)
    ]
    uses = [use for kind in kinds if kind.content for use in kind.content.uses()]
    names = sorted(
        {use.name.partition(":")[2] for use in uses if not use.name.startswith("ds:")} | set(_bodies())
    )
    return {
        "resourceType": "CodeSystem",
        "id": "plo-component",
        "url": component_system(),
        "version": __version__,
        "name": "PloComponent",
        "title": "Components of the care messages (PLO)",
        "status": "draft",
        "publisher": "Sømløs",
        "description": "The codes are the element names of the Norwegian care messages; they say which component a "
        "section or resource holds.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(names),
        "concept": [{"code": name} for name in names],
    }


def made_files() -> dict[str, Json]:
    """All files this script makes, by their path in the folder."""
    files = {path.stem: path.read_text("utf-8") for path in sorted(package_data.mappings().glob("*.map"))}
    files = {name: text for name, text in files.items() if name not in TABLES}
    uses = Walker(read_definitions(files)).uses
    made: dict[str, Json] = {}
    for name, use in sorted(uses.items()):
        if name not in BY_HAND:
            sources = ", ".join(sorted(use.sources))
            made[f"extensions/{name}.json"] = extension(
                name, use, f"Holds {sources} of an e-message, which R4 has no element for."
            )
    for name, (use, description) in BY_HAND.items():
        made[f"extensions/{name}.json"] = extension(name, use, description)
    made["terminology/CodeSystem-plo-component.json"] = component_codes()
    return made | runpy.run_path(str(FOLDER / "make_terminology.py"))["terminology_files"]()


def main() -> None:
    """Write the files; remove extensions that are no longer used."""
    made = made_files()
    (FOLDER / "extensions").mkdir(exist_ok=True)
    (FOLDER / "terminology").mkdir(exist_ok=True)
    for old in [*FOLDER.glob("extensions/*.json"), *FOLDER.glob("terminology/*-no-*.json")]:
        old.unlink()
    for name, resource in made.items():
        (FOLDER / name).write_text(text_of(resource), "utf-8")
    (FOLDER / "index.json").write_text(text_of(index()), "utf-8")


def text_of(resource: Json) -> str:
    """JSON as it stands in the files."""
    return json.dumps(resource, ensure_ascii=False, indent=1) + "\n"


def index() -> Json:
    """The list of all artefacts of the folder, and of the examples."""
    artefacts, examples = [], []
    for path in sorted(FOLDER.glob("*/*.json")):
        resource = json.loads(path.read_text("utf-8"))
        listed = {"resourceType": resource["resourceType"], "id": resource["id"]}
        if path.parent.name == "examples":
            claimed = resource.get("meta", {}).get("profile", [])
            examples.append(listed | {"profile": claimed, "file": path.relative_to(FOLDER).as_posix()})
            continue
        for name in ("url", "version", "type", "title"):
            if name in resource and not (
                name == "type" and resource["resourceType"] != "StructureDefinition"
            ):
                listed[name] = resource[name]
        artefacts.append(listed | {"file": path.relative_to(FOLDER).as_posix()})
    return {
        "canonical": BASE,
        "version": __version__,
        "fhirVersion": "4.0.1",
        "dependencies": DEPENDENCIES,
        "artefacts": artefacts,
        "examples": examples,
    }


if __name__ == "__main__":
    main()
