"""Which inputs does a command act on?

INPUT is a file, a folder or `-` (standard input). Of a folder, the files *.xml and *.json that are messages, receipts
or message Bundles count; the others are passed over and named. A file that is given by name always counts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STANDARD_INPUT = "-"
_HEAD_BYTES = 64 * 1024
_XML_MESSAGE = re.compile(r"<(?:[\w.-]+:)?(?:MsgHead|AppRec)[\s>/]")
_BUNDLE = re.compile(r'"resourceType"\s*:\s*"Bundle"')
_MESSAGE = re.compile(r'"type"\s*:\s*"message"')


@dataclass(frozen=True)
class Input:
    """One input: what the user calls it, and where its bytes are."""

    name: str
    """As given, or folder and file name: stands in every output."""
    path: Path | None
    """None: standard input."""

    def read(self) -> bytes:
        """The bytes; raises OSError."""
        return sys.stdin.buffer.read() if self.path is None else self.path.read_bytes()


@dataclass(frozen=True)
class Inputs:
    """What the user asked for."""

    chosen: tuple[Input, ...]
    passed_over: tuple[Path, ...]
    """Files of a folder that are no messages."""
    missing: tuple[str, ...]
    """Names that are neither a file nor a folder."""
    many: bool
    """A folder or more than one name was given, whatever came of it."""


def gather(names: Iterable[str]) -> Inputs:
    """Find the inputs; nothing is read but the heads of a folder's files."""
    names = list(names)
    chosen: list[Input] = []
    passed_over: list[Path] = []
    missing: list[str] = []
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT:
            chosen.append(Input("-", None))
        elif path.is_dir():
            for file in _files_of(path):
                if is_message(file):
                    chosen.append(Input(str(file), file))
                else:
                    passed_over.append(file)
        elif path.exists():
            chosen.append(Input(name, path))
        else:
            missing.append(name)
    many = len(names) > 1 or any(Path(name).is_dir() for name in names)
    return Inputs(tuple(chosen), tuple(passed_over), tuple(missing), many)


def _files_of(folder: Path) -> list[Path]:
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() in (".xml", ".json") and file.is_file()
    )


def is_message(file: Path) -> bool:
    """Whether the head of the file looks like a message; a file that cannot be read counts, to be told as an error."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
            rest = opened.read() if file.suffix.lower() == ".json" else b""
    except OSError:
        return True
    if file.suffix.lower() == ".json":
        text = (head + rest).decode("utf-8", "replace")
        return bool(_BUNDLE.search(text) and _MESSAGE.search(text))
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return bool(_XML_MESSAGE.search(head.decode(encoding, "replace")))
