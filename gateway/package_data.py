"""Where do the translation definitions and the FHIR profiles lie on this installation?

In a checkout they are the folders `mappings/` and `profiles/` beside the package, where people read them;
in an installed wheel they lie inside the package. Nothing else in the code may build these paths.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def mappings() -> Path:
    """The folder of the translation definitions."""
    return _folder("mappings")


def profiles() -> Path:
    """The folder of our FHIR profiles, code systems, concept maps, plan definitions and measures."""
    return _folder("profiles")


def _folder(name: str) -> Path:
    packaged = _PACKAGE / f"_{name}"
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
