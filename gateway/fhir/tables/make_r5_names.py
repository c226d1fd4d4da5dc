"""How is r5.txt made: the names that FHIR R5 has and R4 has not?

Run once, by hand, when it shall be made again (the result is committed):

    python gateway/fhir/tables/make_r5_names.py

Taken are names only, from the R5 models of the library fhir.resources (HL7 FHIR R5, CC0). They serve one purpose: to
say of what is sent to us that it is R5, and where, rather than that it is unknown.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from pathlib import Path
from typing import Any

import fhir.resources
import msgspec
from fhir.resources.resource import Resource

from gateway.fhir import tables

TARGET = Path(__file__).with_name("r5.txt")


def models() -> dict[str, Any]:
    """The R5 models by name, an inner one by the names joined (`CarePlanActivity`)."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(fhir.resources.__path__):
        if module.ispkg or module.name.startswith(("_", "fhirtypes", "graphql")):
            continue
        loaded = importlib.import_module(f"{fhir.resources.__name__}.{module.name}")
        found |= {
            name: model
            for name, model in vars(loaded).items()
            if isinstance(model, type)
            and hasattr(model, "model_fields")
            and model.__module__ == loaded.__name__
        }
    return found


def names_of(model: Any) -> set[str]:
    """The names in JSON of a model's elements."""
    aliases = {field.alias or name for name, field in model.model_fields.items()}
    return {name for name in aliases if name.isalnum() and name not in ("resourceType", "id")}


def main() -> None:
    """Write the file."""
    declared = msgspec.json.decode(tables.FILE.read_bytes())["types"]
    lines, resources = [], []
    for name, model in sorted(models().items()):
        own = next((each for each in declared if each.replace(".", "").lower() == name.lower()), None)
        if own is None:
            if issubclass(model, Resource) and not name.endswith("Resource"):
                resources.append(name)
            continue
        extra = names_of(model) - {each for element in tables.elements(own) for each in element.names()}
        if extra:
            lines.append(f"{own} {' '.join(sorted(extra))}")
    version = importlib.metadata.version(fhir.resources.__name__)
    head = f"# Names of FHIR R5 that R4 has not, by type. Made by make_r5_names.py from fhir.resources {version}."
    TARGET.write_text("\n".join([head, f"- {' '.join(resources)}", *lines]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
