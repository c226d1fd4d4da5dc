"""How is r4.json made from HL7's R4 definitions?

Run once, by hand, when the tables shall be made again (the result is committed):

    python gateway/fhir/tables/make_tables.py hl7.fhir.r4.core-4.0.1.tgz gateway/fhir/tables/r4.json

The input is the npm-style package ``hl7.fhir.r4.core`` 4.0.1 (HL7 FHIR, CC0). Only facts are taken: names,
cardinalities, types, reference targets and the codes of required bindings; no descriptions. What the file's notation
means is told in ``gateway/fhir/tables/__init__.py``.

Packages that were rebuilt by others carry later additions. R4 says itself what is its own: an element of a snapshot
whose base is itself must stand in the differential. Those that do not are dropped, and those that only the
differential has are taken from there.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]

R4_VERSION = "4.0.1"
ABSTRACT_BASES = ("Resource", "DomainResource", "Element", "BackboneElement", "Quantity")
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
FHIRPATH = "http://hl7.org/fhirpath/System."


def read_package(path: Path) -> dict[str, list[Json]]:
    """All resources of the package by resource type."""
    resources: dict[str, list[Json]] = {}
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            file = archive.extractfile(member) if member.name.endswith(".json") else None
            if file is None:
                continue
            resource = json.load(file)
            if "resourceType" in resource:
                resources.setdefault(resource["resourceType"], []).append(resource)
    return resources


def own_definitions(resources: dict[str, list[Json]]) -> list[Json]:
    """The definitions of R4's resource types and complex datatypes, by name."""
    chosen = [
        definition
        for definition in resources["StructureDefinition"]
        if definition.get("derivation") != "constraint"
        and definition["kind"] in ("resource", "complex-type")
        and definition.get("fhirVersion") == R4_VERSION
    ]
    return sorted(chosen, key=lambda definition: str(definition["id"]))


def own_elements(definition: Json) -> list[Json]:
    """The elements R4 itself declares for this type, in their order, without the inherited ones."""
    name = definition["id"]
    differential = {element["path"]: element for element in definition["differential"]["element"]}
    elements: dict[str, Json] = {}
    for element in definition["snapshot"]["element"]:
        path = element["path"]
        inherited = element["base"]["path"].split(".")[0] in ABSTRACT_BASES and name not in ABSTRACT_BASES
        if path != name and not inherited and path in differential:
            elements[path] = {**element, **differential[path]}
    for path, element in differential.items():
        if path != name and path not in elements:
            elements[path] = element
    order = list(differential)
    return sorted(elements.values(), key=lambda element: order.index(element["path"]))


def type_notation(element: Json, kind: Json) -> str:
    """One type of an element in our notation: ``string``, ``SimpleQuantity``, ``Reference(Patient|Group)``."""
    code: str = kind["code"]
    if code.startswith(FHIRPATH):
        return "id" if element["path"] == "Resource.id" else str(kind["extension"][0]["valueUrl"])
    if code in ("BackboneElement", "Element"):
        return str(element["path"])
    if code == "Quantity" and kind.get("profile") == [STRUCTURE + "SimpleQuantity"]:
        return "SimpleQuantity"
    targets = [target.removeprefix(STRUCTURE) for target in kind.get("targetProfile", ())]
    if code == "Reference" and targets and "Resource" not in targets:
        return f"Reference({'|'.join(targets)})"
    return code


def element_notation(element: Json, value_sets: dict[str, str]) -> str:
    """An element in our notation: ``0..1 code {administrative-gender}``."""
    if "contentReference" in element:
        types = element["contentReference"].removeprefix("#")
    else:
        types = " ".join(type_notation(element, kind) for kind in element["type"])
    binding = element.get("binding", {})
    name = value_sets.get(binding.get("valueSet", "")) if binding.get("strength") == "required" else None
    return f"{element['min']}..{element['max']} {types}" + (f" {{{name}}}" if name else "")


class Terminology:
    """The codes of the value sets, as far as the package holds them completely."""

    def __init__(self, resources: dict[str, list[Json]]) -> None:
        self.value_sets = {value_set["url"]: value_set for value_set in resources["ValueSet"]}
        self.code_systems = {system["url"]: system for system in resources["CodeSystem"]}

    def expansion(self, url: str) -> dict[str, list[str]] | None:
        """Codes by system; None when the set cannot be enumerated (languages, units, media types …)."""
        value_set = self.value_sets.get(url.split("|")[0])
        if value_set is None or "exclude" in value_set["compose"]:
            return None
        codes: dict[str, list[str]] = {}
        for include in value_set["compose"]["include"]:
            if "filter" in include:
                return None
            for imported in include.get("valueSet", ()):
                inner = self.expansion(imported)
                if inner is None:
                    return None
                for system, values in inner.items():
                    codes.setdefault(system, []).extend(values)
            if "system" in include and not self._include(include, codes):
                return None
        return {system: sorted(set(values)) for system, values in sorted(codes.items())}

    def _include(self, include: Json, codes: dict[str, list[str]]) -> bool:
        system = include["system"]
        if "concept" in include:
            concepts = include["concept"]
        elif self.code_systems.get(system, {}).get("content") == "complete":
            concepts = self.code_systems[system]["concept"]
        else:
            return False
        codes.setdefault(system, []).extend(_all_codes(concepts))
        return True


def _all_codes(concepts: list[Json]) -> list[str]:
    return [
        code for concept in concepts for code in (concept["code"], *_all_codes(concept.get("concept", [])))
    ]


def make(package: Path) -> Json:
    """The whole table."""
    resources = read_package(package)
    definitions = own_definitions(resources)
    terminology = Terminology(resources)
    named: dict[str, str] = {}
    sets: dict[str, dict[str, list[str]]] = {}
    types: dict[str, Json] = {}
    for definition in definitions:
        name = definition["id"]
        base = definition.get("baseDefinition", "").removeprefix(STRUCTURE)
        types[name] = {"kind": definition["kind"], "base": base, "elements": {}}
        if definition["kind"] == "resource" and definition["abstract"]:
            types[name]["kind"] = "abstract"
        for element in own_elements(definition):
            binding = element.get("binding", {})
            url = binding.get("valueSet", "")
            if binding.get("strength") == "required" and url not in named:
                codes = terminology.expansion(url)
                if codes is not None:
                    named[url] = url.split("|")[0].rsplit("/", 1)[1]
                    sets[named[url]] = codes
            parent, child = element["path"].rsplit(".", 1)
            if parent not in types:
                types[parent] = {
                    "kind": "backbone",
                    "base": _backbone_base(definition, parent),
                    "elements": {},
                }
            types[parent]["elements"][child] = element_notation(element, named)
    return {
        "source": {
            "package": f"hl7.fhir.r4.core {R4_VERSION} (HL7 FHIR R4 definitions, CC0)",
            "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
            "script": "gateway/fhir/tables/make_tables.py",
        },
        "value_sets": dict(sorted(sets.items())),
        "types": dict(sorted(types.items())),
    }


def _backbone_base(definition: Json, path: str) -> str:
    elements = {e["path"]: e for part in ("differential", "snapshot") for e in definition[part]["element"]}
    return str(elements[path]["type"][0]["code"])


def write(table: Json) -> str:
    """JSON with one line per type and value set, so that a difference can be read."""
    parts = [f' "source": {json.dumps(table["source"])}']
    for section in ("value_sets", "types"):
        lines = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
            for name, value in table[section].items()
        )
        parts.append(f' "{section}": {{\n{lines}\n }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Read the package named first, write the table named second."""
    package, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.write_text(write(make(package)), encoding="utf-8")


if __name__ == "__main__":
    main()
