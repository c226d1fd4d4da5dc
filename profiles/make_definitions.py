"""Which extensions do the mapping definitions use, and how are they defined in FHIR?

    python profiles/make_definitions.py        writes extensions/, most of terminology/, and index.json

An extension is born in a definition file of `mappings/` (``gateway.translate.extensions``). A test runs this and
compares: nobody forgets to run it. The profiles, naming systems and other files beside these are written by hand and
only listed in the index.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway import __version__, package_data
from gateway.emessage.grammar import STANDARDS, ComplexType, structure
from gateway.fhir.canonical import BASE, component_system
from gateway.translate.extensions import Use, extension, in_definitions
from gateway.translate.notation import read_definitions
from gateway.translate.sources import TABLES

FOLDER = Path(__file__).resolve().parent
DEPENDENCIES = {"hl7.fhir.r4.core": "4.0.1", "hl7.fhir.no.basis": "2.2.2"}
"""The packages that the definitions build on."""

Json = dict[str, Any]


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
    "prefilled-from": (
        Use({"QuestionnaireResponse.item.answer"}, {"Reference"}, {"Communication", "Goal", "Observation"}),
        "The resource that an answer was taken from before anybody had answered: a message answers it.",
    ),
    "mig-version": (
        Use({"MessageHeader"}, {"string"}),
        "The version of the implementation guide that a receipt stated, where it is not the one its standard fixes.",
    ),
}
"""Extensions that no rule of the mappings names, with what they are for."""


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
    found = in_definitions(read_definitions(files))
    made = {f"extensions/{name}.json": each for name, each in found.items() if name not in BY_HAND}
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
