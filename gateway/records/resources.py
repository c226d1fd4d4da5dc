"""How is a FHIR resource kept, in versions, so that it can be read and found again?

`put` keeps a new version when the content is another than before. The id of the version and its time are not part
of what is kept; they are put in when it is read. A resource of a patient is found by the patient's key, never by a
number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.calendar import end_of, start_of
from gateway.records.search_parameters import Parameter, parameters_of

Json = dict[str, Any]
Source = Literal["message", "cancelled", "api", "pathway", "measure", "audit"]
_MONTH: Final = re.compile(r"(\d{4})(?:-(\d\d))?$")


@dataclass(frozen=True)
class New:
    """A resource to keep."""

    content: Json = field(repr=False)
    """With resourceType and id."""
    source: Source
    patient_key: str | None = None
    parties: frozenset[str] = frozenset()
    """HER-ids of those it went between, who may read it."""
    message: int | None = None
    input_id: int | None = None
    root: str | None = None
    """Of a message's resource: names the first message of its conversation."""
    deleted: bool = False


def now(session: Session, resource_type: str, id: str) -> Row | None:
    """What is known of the present version."""
    return session.one("resource_now", resource_type=resource_type, id=id)


def put(session: Session, new: New, at: int, *, fresh: bool = False) -> int:
    """Keep a resource; returns its version, which is the one before when nothing is new.

    `fresh`: the caller knows that there is none with this id.
    """
    content = {name: value for name, value in new.content.items() if name != "meta"}
    content |= _meta(new.content)
    written = msgspec.json.encode(content)
    digest = _digest(content)
    known = None if fresh else now(session, content["resourceType"], content["id"])
    parties = _merged(session, known["party_set"] if known else None, new.parties)
    if known is not None and known["digest"] == digest and bool(known["deleted"]) == new.deleted:
        if parties != known["party_set"]:
            session.run("resource_seen_by", resource_key=known["resource_key"], party_set=parties)
        unchanged: int = known["version"]
        return unchanged
    values = {"updated_at": at, "deleted": int(new.deleted), "digest": digest, "source": new.source}
    values |= {"patient_key": new.patient_key, "party_set": parties}
    if known is None:
        version = 1
        named = {"resource_type": content["resourceType"], "id": content["id"], "root": new.root}
        key = session.keep("keep_resource", version=version, **named, **values)
    else:
        version, key = known["version"] + 1, known["resource_key"]
        session.run("change_resource", resource_key=key, version=version, **values)
        session.run("remove_resource_index", resource_key=key)
    made = {"message": new.message, "input_id": new.input_id, "deleted": int(new.deleted)}
    session.run("keep_resource_version", resource_key=key, version=version, at=at, content=written, **made)
    if not new.deleted:
        for entry in entries_of(content):
            session.run("keep_resource_index", resource_key=key, **entry)
    return version


def _merged(session: Session, known: int | None, parties: frozenset[str]) -> int | None:
    """The set of those who may see it: those who might before, and these."""
    if known is not None:
        before = frozenset(row["her_id"] for row in session.all("parties_of_set", party_set=known))
        if parties <= before:
            return known
        parties |= before
    if not parties:
        return None
    named = " ".join(sorted(parties))
    row = session.one("party_set", named=named)
    if row is not None:
        found: int = row["party_set"]
        return found
    made = session.keep("keep_party_set", named=named)
    for her_id in sorted(parties):
        session.run("keep_party", party_set=made, her_id=her_id)
    return made


def _digest(content: Json) -> str:
    """Of what is said, whichever message says it."""
    meta = {name: value for name, value in content.get("meta", {}).items() if name != "source"}
    return hashlib.sha256(msgspec.json.encode({**content, "meta": meta})).hexdigest()


def _meta(content: Json) -> Json:
    """What of `meta` is the sender's: profiles, tags, security; versions and times are ours."""
    meta = content.get("meta")
    kept = (
        {name: meta[name] for name in ("profile", "tag", "security", "source") if name in meta}
        if meta
        else {}
    )
    return {"meta": kept} if kept else {}


def stored(row: Row) -> Json:
    """A version as it is told: with its meta."""
    content: Json = msgspec.json.decode(row["content"])
    updated = times.moment(row["at"]).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = {"versionId": str(row["version"]), "lastUpdated": updated, **content.pop("meta", {})}
    kind, id = content.pop("resourceType"), content.pop("id")
    return {"resourceType": kind, "id": id, "meta": meta, **content}


def forget(session: Session, sequence: int) -> None:
    """Forget what a message said: its versions, and the resources whose present version was one of them. What was said
    at the API, and what follows from stays, is not its content."""
    touched = session.all("resources_to_forget", sequence=sequence)
    for row in touched:
        key = row["resource_key"]
        for query in ("remove_resource_index", "remove_resource_versions", "remove_resource"):
            session.run(query, resource_key=key)
    session.run("forget_versions_of_message", sequence=sequence)


# --- what a resource is found by


def entries_of(content: Json) -> Iterator[dict[str, Any]]:
    """The rows of the index. What names a patient is not among them: a patient's resources are found by the key."""
    seen = set()
    for parameter in parameters_of(content["resourceType"]):
        if parameter.identity:
            continue
        for path in parameter.paths:
            for value in _at(content, path.split(".")):
                for entry in _entries(parameter, value):
                    row = (parameter.name, *entry)
                    if row not in seen:
                        seen.add(row)
                        yield dict(zip(("name", "value", "code", "low", "high"), row, strict=True))


Entry = tuple[str | None, str | None, int | None, int | None]


def _at(node: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _at(item, names)
    elif not names:
        yield node
    elif isinstance(node, dict):
        name, *rest = names
        if name.endswith("[x]"):
            for key in node:
                if key.startswith(name[:-3]) and key[len(name) - 3 : len(name) - 2].isupper():
                    yield from _at(node[key], rest)
        elif name in node:
            yield from _at(node[name], rest)


def _entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    if parameter.kind == "date":
        span = span_of(value)
        if span is not None:
            yield None, None, *span
    elif parameter.kind == "uri" and isinstance(value, str):
        yield value, value.partition("|")[0], None, None
    elif (
        parameter.kind == "reference" and isinstance(value, dict) and isinstance(value.get("reference"), str)
    ):
        reference = value["reference"]
        yield reference, reference.rpartition("/")[2], None, None
    elif parameter.kind == "token":
        yield from _tokens(value)


def _tokens(value: Any) -> Iterator[Entry]:
    if isinstance(value, str | bool):
        plain = str(value).lower() if isinstance(value, bool) else value
        yield f"|{plain}", plain, None, None
    elif isinstance(value, dict):
        for coding in value.get("coding", ()) if "coding" in value else (value,):
            code = coding.get("code", coding.get("value")) if isinstance(coding, dict) else None
            if isinstance(code, str):
                yield f"{coding.get('system', '')}|{code}", code, None, None


EARLIEST: Final = -(2**62)
LATEST: Final = 2**62


def span_of(value: Any) -> tuple[int, int] | None:
    """The first and the last instant that a date, dateTime, instant or Period can mean, in microseconds."""
    if isinstance(value, dict):
        start, end = span_of(value.get("start")), span_of(value.get("end"))
        if start is None and end is None:
            return None
        return (start[0] if start else EARLIEST), (end[1] if end else LATEST)
    if not isinstance(value, str):
        return None
    try:
        if "T" in value:
            moment = datetime.fromisoformat(value)
            at = times.of(moment if moment.tzinfo else moment.replace(tzinfo=None).astimezone())
            return at, at
        return _days(value)
    except (ValueError, OverflowError):
        return None


def _days(value: str) -> tuple[int, int]:
    found = _MONTH.match(value)
    if found is None:
        day = date.fromisoformat(value)
        return times.of(start_of(day)), times.of(end_of(day))
    year, month = int(found[1]), int(found[2] or 0)
    first = date(year, month or 1, 1)
    after = date(year + (not month or month == 12), (month % 12) + 1 if month else 1, 1)
    return times.of(start_of(first)), times.of(end_of(after - timedelta(days=1)))
