"""Which mapping definitions are in use: ours, and those that an installation has put in the place of some of them?

A folder of the installation's own (`gateway.mappings_dir` in the settings, `SOMLOS_MAPPINGS` for the commands) holds
files in the same notation. A definition in them takes the place of ours of the same name, wherever that stands; a
definition of a new name is added. `required.map`, `placement.map` and `rendering.map` are tables, and replaced as a
whole. What is used is decided before the first translation and not changed while the process runs: all translations of
a process are alike.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gateway import package_data
from gateway.errors import ConfigurationError
from gateway.translate.notation import Definition, MappingError, read_definitions

VARIABLE: Final = "SOMLOS_MAPPINGS"
"""The environment variable that names the folder for commands."""
TABLES: Final = frozenset({"required", "placement", "rendering"})

_chosen: list[Path | None] = []
"""Empty: nothing was chosen, the environment decides."""


@dataclass(frozen=True)
class Definitions:
    """The definitions in use."""

    all: dict[str, Definition]
    own: frozenset[str]
    """The names of those that come from the installation."""


def use(folder: Path | None) -> None:
    """Take the installation's folder (None: none). RuntimeError: definitions are in use already."""
    if definitions.cache_info().currsize or table.cache_info().currsize:
        raise RuntimeError("mapping definitions are in use already")
    _chosen[:] = [folder]
    if folder is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = str(folder)  # for the worker processes of this one


def folder() -> Path | None:
    """The installation's folder; None when only our definitions are used."""
    if _chosen:
        return _chosen[0]
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


@cache
def definitions() -> Definitions:
    """All definitions in use.

    :raises ConfigurationError: the installation's own cannot be read; the path says where and why.
    """
    ours, own_folder = read_definitions(_texts(package_data.mappings())), folder()
    try:
        theirs = read_definitions(_texts(own_folder)) if own_folder else {}
    except MappingError as error:
        place = f"{error.place}: {error.reason}"
        raise ConfigurationError("configuration.mappings-unusable", path=place) from None
    return Definitions({**ours, **theirs}, frozenset(theirs))


@cache
def table(name: str) -> str:
    """The text of one of the tables. Raises `MappingError`."""
    try:
        return table_file(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise MappingError(f"{name}.map", "cannot be read as UTF-8") from None


def table_file(name: str) -> Path:
    """The file of a table: the installation's, where it has one."""
    own_folder = folder()
    replaced = own_folder / f"{name}.map" if own_folder else None
    return replaced if replaced and replaced.is_file() else package_data.mappings() / f"{name}.map"


@cache
def version() -> str:
    """A short digest of the text of all definitions in use."""
    digest = hashlib.sha256()
    for each in (package_data.mappings(), folder()):
        for file in sorted(each.glob("*.map")) if each else ():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _texts(folder: Path) -> dict[str, str]:
    """The definition files of a folder by name. Raises `MappingError`: it is none, or a file cannot be read."""
    if not folder.is_dir():
        raise MappingError(str(folder), "is no folder")
    try:
        return {
            file.name: file.read_text(encoding="utf-8")
            for file in folder.glob("*.map")
            if file.stem not in TABLES
        }
    except (OSError, UnicodeDecodeError):
        raise MappingError(str(folder), "has a file that cannot be read as UTF-8") from None
