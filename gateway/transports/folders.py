"""How is a partner's folder read and written without ever leaving it and without half-written files?

A partner's folder is the one the operator configured; it must exist. Below it only the four folders named
here are used, each opened without following links and worked on by descriptor, so that nothing that happens
to the names meanwhile can lead outside. Files come into being complete: written under a temporary name in the
same folder, flushed to disk, renamed, and the folder flushed. Temporary names start with a full stop.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Place = Literal["out", "in", "done", "refused"]

FILE_MODE: Final = 0o640
"""The partner's software reads as a member of the folder's group; others read nothing."""
FOLDER_MODE: Final = 0o770
LONGEST_NAME_BYTES: Final = 180
STALE_SECONDS: Final = 3600.0
UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".writing", ".lock", "~")


class NotAPlainFile(OSError):
    """A link, device or anything else that is not an ordinary file."""


class TooLarge(OSError):
    """The file holds more than may be read."""


@dataclass(frozen=True)
class Found:
    """A file as it was at one look: the same twice means that nobody is writing it."""

    changed: int
    """Time of the last change, in nanoseconds: the order of reading."""
    name: str
    size: int
    inode: int
    plain: bool
    """An ordinary file, as opposed to a link or a device."""


@contextmanager
def opened(root: Path, place: Place) -> Iterator[int]:
    """A descriptor of one of the four folders; it is made if it is not there. Raises OSError."""
    base = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            os.mkdir(place, FOLDER_MODE, dir_fd=base)
            os.fsync(base)
        except FileExistsError:
            pass
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=base)
    finally:
        os.close(base)
    try:
        yield folder
    finally:
        os.close(folder)


def write_complete(folder: int, name: str, data: bytes) -> None:
    """Put a file into the folder, whole and durable, in place of one of the same name. Raises OSError."""
    temporary = f".{name}.{secrets.token_hex(4)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, FILE_MODE, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, FILE_MODE)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        remove(folder, temporary)
        raise
    os.fsync(folder)


def look(folder: int) -> list[Found]:
    """The files that lie ready, oldest first; unfinished ones (by their name) and folders are passed over."""
    found: list[Found] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "~")) or entry.name.lower().endswith(UNFINISHED):
                continue
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(state.st_mode):
                continue
            plain = stat.S_ISREG(state.st_mode)
            found.append(Found(state.st_mtime_ns, entry.name, state.st_size, state.st_ino, plain))
    return sorted(found, key=lambda file: (file.changed, file.name))


def read_file(folder: int, found: Found, limit: int) -> bytes:
    """The bytes of a file, at most `limit` of them. Raises NotAPlainFile, TooLarge or another OSError."""
    if not found.plain:
        raise NotAPlainFile
    descriptor = os.open(
        found.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
    )
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAPlainFile
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TooLarge
    return data


def is_as_found(folder: int, found: Found) -> bool:
    """Whether nobody has written the file since, nor put another in its place."""
    try:
        state = os.stat(found.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (state.st_mtime_ns, state.st_size, state.st_ino) == (found.changed, found.size, found.inode)


def move(folder: int, name: str, target: int) -> str:
    """Move a file into another folder under its own name, or one like it if taken; returns the name."""
    new_name = free_name(target, name)
    os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=target)
    os.fsync(target)
    os.fsync(folder)
    return new_name


def free_name(folder: int, name: str) -> str:
    """`name`, shortened if it is over-long, with a number behind it if it is taken."""
    raw = os.fsencode(name)
    base = name if len(raw) <= LONGEST_NAME_BYTES else hashlib.sha256(raw).hexdigest()
    taken = set(os.listdir(folder))
    candidate, number = base, 0
    while candidate in taken:
        number += 1
        candidate = f"{base}.{number}"
    return candidate


def remove(folder: int, name: str) -> None:
    """Take a file away if it is there."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def remove_stale(folder: int) -> None:
    """Take away temporary files of ours that a crash left behind an hour ago or earlier."""
    before = time.time() - STALE_SECONDS
    for name in os.listdir(folder):
        if name.startswith(".") and name.endswith(".tmp"):
            try:
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if state.st_mtime < before:
                remove(folder, name)


def is_writable(folder: int) -> bool:
    """Whether files can be put into the folder."""
    return os.access(".", os.W_OK | os.X_OK, dir_fd=folder)
