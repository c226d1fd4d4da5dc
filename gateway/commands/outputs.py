"""Where does a converted message go?

One input: standard output, or the file of `-o`. A folder, several inputs, or `-o` naming a folder: a file of its own
in that folder, with the ending of its format. Nothing is ever written over an input.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.commands.inputs import Input, Inputs


class NeedsFolder(Exception):
    """Many inputs, and `-o` names no folder: wrong usage."""


class NameTaken(Exception):
    """Another input was written under this name."""


class OverInput(Exception):
    """The result would be written over an input. Of `-o` with a file: wrong usage."""


class Outputs:
    """The place for the results of one command."""

    def __init__(self, inputs: Inputs, target: str | None) -> None:
        """`target`: what `-o` says; raises NeedsFolder, OverInput."""
        path = None if target in (None, "-") else Path(str(target))
        is_folder = path is not None and (path.is_dir() or inputs.many or str(target).endswith("/"))
        if inputs.many and (path is None or path.is_file()):
            raise NeedsFolder
        self._folder = path if is_folder else None
        self._file = None if is_folder else path
        self._written: set[Path] = set()
        self._inputs = {_identity(each.path) for each in inputs.chosen if each.path} - {None}
        if self._file is not None and self.is_input(self._file):
            raise OverInput

    def is_input(self, path: Path) -> bool:
        """Whether what stands at `path`, by this name or another (a link), is one of the inputs."""
        return _identity(path) in self._inputs

    def write(self, source: Input, data: bytes, ending: str) -> Path | None:
        """Write one result (`ending`: "xml" or "json"); its path, None for standard output.

        :raises NameTaken: two inputs would become one file. :raises OverInput: it would replace an input.
        :raises OSError: it cannot be written.
        """
        if self._folder is None and self._file is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return None
        path = self._file or self._path_in_folder(source, ending)
        if path in self._written:
            raise NameTaken
        if self.is_input(path):
            raise OverInput
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._written.add(path)
        return path

    def _path_in_folder(self, source: Input, ending: str) -> Path:
        assert self._folder is not None
        name = "stdin" if source.path is None else source.path.stem
        return self._folder / f"{name}.{ending}"


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of the file; None: there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
