"""How is a FHIR resource read, in this version or an earlier one, and found?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.ledger.session import Row
from gateway.ledger.store import Ledger
from gateway.records import resources

Json = dict[str, Any]
NEWEST: Final = 2**62
_PLACE: Final = re.compile(r":v(\d+)\b")
_IN_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")


@dataclass(frozen=True)
class Version:
    """One version of a resource."""

    key: int
    type: str
    id: str
    version: int
    deleted: bool
    patient_key: str | None
    source: str
    at: int
    """Microseconds."""
    content: Json = field(repr=False)


@dataclass(frozen=True)
class Condition:
    """One condition of a search: `sql` with values named :v0, :v1, … of its own, which get other names when asked."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Found:
    """A page of a search."""

    versions: tuple[Version, ...]
    total: int
    following: int | None
    """Where the next page begins; None: this is the last."""


class ResourceReader:
    """Plain synchronous reads.

    `seen_by`: HER-ids, one of which a resource must have gone to or come from; None: every resource is seen.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._queries = ledger.queries

    def read(
        self, resource_type: str, id: str, seen_by: Iterable[str] | None, version: int | None = None
    ) -> Version | None:
        """The present version, or the one asked for; None: there is none that may be seen."""
        values: dict[str, Any] = {"resource_type": resource_type, "id": id}
        query = "resource_content"
        if version is not None:
            query, values["version"] = "resource_version", version
        row = self._one(query, **values)
        return None if row is None or not self._seen(row, seen_by) else version_of(row)

    def history(
        self, resource_type: str, id: str, seen_by: Iterable[str] | None, *, before: int | None, limit: int
    ) -> Found | None:
        """The versions, newest first; None: there is no such resource that may be seen."""
        values = {"resource_type": resource_type, "id": id}
        rows = self._all("resource_history", before=before or NEWEST, most=limit + 1, **values)
        if not rows or not self._seen(rows[0], seen_by):
            return None
        total = self._one("count_versions", **values)
        shown = tuple(version_of(row) for row in rows[:limit])
        following = shown[-1].version if len(rows) > limit else None
        return Found(shown, total["number"] if total else 0, following)

    def search(
        self,
        resource_type: str,
        conditions: Iterable[Condition],
        seen_by: Iterable[str] | None,
        *,
        before: int | None,
        limit: int,
    ) -> Found:
        """The resources that meet every condition, newest first."""
        written, values = [], {"resource_type": resource_type}
        every = list(conditions)
        if seen_by is not None:
            values["her_ids"] = json.dumps(sorted(seen_by))
            every.append(Condition(self._queries["where_seen"]))
        for number, condition in enumerate(every):
            names = [f"c_{_letters(number)}_{_letters(place)}" for place in range(len(condition.values))]
            values |= dict(zip(names, condition.values, strict=True))
            written.append(f" AND {_named(condition.sql, names)}")
        where = "".join(written)
        count = self._queries["count_resources"].replace("{conditions}", where)
        total = self._ledger.reading().execute(count, values).fetchone()["number"]
        query = self._queries["search_resources"].replace("{conditions}", where)
        asked = {**values, "before": before or NEWEST, "most": limit + 1}
        rows = self._ledger.reading().execute(query, asked).fetchall() if limit else []
        shown = tuple(version_of(row) for row in rows[:limit])
        return Found(shown, total, shown[-1].key if len(rows) > limit else None)

    def condition(self, name: str, *values: Any) -> Condition:
        """A condition by the name of its statement."""
        return Condition(self._queries[name], values)

    def parties(self, version: Version) -> frozenset[str]:
        """HER-ids of those who may see a resource."""
        row = self._one("resource_now", resource_type=version.type, id=version.id)
        if row is None or row["party_set"] is None:
            return frozenset()
        return frozenset(each["her_id"] for each in self._all("parties_of_set", party_set=row["party_set"]))

    def newest_said(self) -> int:
        """The number of what was said here last."""
        row = self._one("newest_said")
        return int(row["newest"]) if row is not None else 0

    def patient_key_of(self, id: str) -> str | None:
        """The patient key of the Patient with this id."""
        row = self._one("resource_now", resource_type="Patient", id=id)
        return None if row is None else row["patient_key"]

    def _seen(self, row: Row, seen_by: Iterable[str] | None) -> bool:
        if seen_by is None:
            return True
        if row["party_set"] is None:
            return False
        parties = {each["her_id"] for each in self._all("parties_of_set", party_set=row["party_set"])}
        return not parties.isdisjoint(seen_by)

    def _all(self, query: str, **values: Any) -> list[Row]:
        return self._ledger.reading().execute(self._queries[query], values).fetchall()

    def _one(self, query: str, **values: Any) -> Row | None:
        row: Row | None = self._ledger.reading().execute(self._queries[query], values).fetchone()
        return row


def _named(sql: str, names: list[str]) -> str:
    """A condition with its values under these names."""
    return _PLACE.sub(lambda found: f":{names[int(found[1])]}", sql)


def _letters(number: int) -> str:
    """A number in letters: names of values have no digits."""
    return str(number).translate(_IN_LETTERS)


def version_of(row: Row) -> Version:
    """A row with its content."""
    return Version(
        key=row["resource_key"],
        type=row["resource_type"],
        id=row["id"],
        version=row["version"],
        deleted=bool(row["deleted"]),
        patient_key=row["patient_key"],
        source=row["source"],
        at=row["at"],
        content=resources.stored(row),
    )
