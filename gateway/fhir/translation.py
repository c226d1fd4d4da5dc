"""In which other words does a resource say one of its texts? By HL7's extension `translation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"


def translated(resource: Mapping[str, Any], name: str, language: str) -> str | None:
    """The text of an element in a language (BCP 47); None: it is not said in it."""
    for extension in resource.get(f"_{name}", {}).get("extension", ()):
        if extension["url"] == TRANSLATION:
            parts = {part["url"]: part for part in extension["extension"]}
            if parts["lang"]["valueCode"] == language:
                said: str = parts["content"]["valueString"]
                return said
    return None
