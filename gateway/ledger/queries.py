"""Where is the SQL? In files, each query under its name; this reads them.

    -- name_of_query --
    -- a sentence about it, if it needs one
    SELECT … WHERE id = :id

A query may name another in braces ({message_columns}) to have its text put in.

A statement that one database must say otherwise stands in the folder of that database: in every folder, or over the
common one. The folders also hold the numbered migrations (`migrations.py`).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("sql")
RECORDS: Final = Path(__file__).parent.parent / "records" / "sql"
"""The statements of `records/`, which lies in the same database."""
_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_INSERTED = re.compile(r"\{(\w+)\}")
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """The queries of one file: name to text. ValueError: a name stands twice."""
    parts = _NAME.split(text)
    queries: dict[str, str] = {}
    for name, query in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"the query {name} stands twice")
        queries[name] = _COMMENT.sub("", query).strip()
    return queries


@cache
def load(database: str = "sqlite") -> dict[str, str]:
    """Every query of the ledger and of `records/`, as `database` says it, with inserted parts put in (except
    {conditions}, which the reader fills)."""
    found = _of_folders(FOLDER, RECORDS) | _of_folders(FOLDER / database)
    return {name: _whole(query, found) for name, query in found.items()}


def _whole(query: str, found: dict[str, str]) -> str:
    """A query with the parts that it names put in, and the parts that these name."""
    return _INSERTED.sub(lambda part: _whole(found[part[1]], found) if part[1] in found else part[0], query)


def _of_folders(*folders: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in [file for folder in folders for file in sorted(folder.glob("[a-z]*.sql"))]:
        for name, query in parse(file.read_text("utf-8")).items():
            if name in found:
                raise ValueError(f"the query {name} stands twice")
            found[name] = query
    return found
