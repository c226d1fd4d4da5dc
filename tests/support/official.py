"""The official schemas, which lie beside the official examples in SOMLOS_STANDARDS and are no part of the project."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from lxml import etree


@cache
def _loader(standards: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "official_schemas", standards / "standards/official_schemas.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def findings(standards: Path, standard: str, data: bytes) -> list[str]:
    """What the official schema of a standard (`plo-1.6`, `apprec-1.0`, …) says of a message; nothing: it is valid."""
    schema: etree.XMLSchema = _loader(standards).schema(standard.removeprefix("plo-"))
    schema.validate(etree.fromstring(data))
    return [f"line {error.line}: {error.message}" for error in schema.error_log]
