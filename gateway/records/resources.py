"""How is a FHIR resource kept, in versions, so that it can be read and found again?

`put` keeps a new version when the content is another than before. The id of the version and its time are not part
of what is kept; they are put in when it is read. A resource of a patient is found by the patient's key, never by a
number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.calendar import end_of, start_of
from gateway.records.search_parameters import Parameter, parameters_of

Json = dict[str, Any]
Source = Literal["message", "cancelled", "rejected", "api", "pathway", "measure", "audit"]
Found = tuple[str | None, str | None, int | None, int | None]
"""value, code, low, high: a token is `system|code` and its code, a date the first and the last instant it can mean."""
Entry = tuple[str, *Found]
"""The name of a search parameter, and what stands under it."""
_MONTH: Final = re.compile(r"(\d{4})(?:-(\d\d))?$")


@dataclass(frozen=True)
class Written:
    """A resource as it is kept, with what it is found by: made beside the writer, who has no time for it."""

    resource_type: str
    id: str
    content: bytes = field(repr=False)
    digest: str
    entries: bytes = field(repr=False)
    """The rows of the index, as a JSON array of `Entry`."""


@dataclass(frozen=True)
class New:
    """A resource to keep."""

    content: Json | Written = field(repr=False)
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


def put(session: Session, new: New, at: int) -> int:
    """Keep a resource; returns its version, which is the one before when nothing is new."""
    made = new.content if isinstance(new.content, Written) else written(new.content)
    known = now(session, made.resource_type, made.id)
    party_set = party_set_of(session, known["party_set"] if known else None, new.parties)
    if known is not None and known["digest"] == made.digest and bool(known["deleted"]) == new.deleted:
        if party_set != known["party_set"]:
            session.run("resource_seen_by", resource_key=known["resource_key"], party_set=party_set)
        unchanged: int = known["version"]
        return unchanged
    values = {"updated_at": at, "deleted": int(new.deleted), "digest": made.digest, "source": new.source}
    values |= {"patient_key": new.patient_key, "party_set": party_set}
    if known is None:
        version = 1
        named = {"resource_type": made.resource_type, "id": made.id, "root": new.root}
        key = session.keep("keep_resource", version=version, **named, **values)
    else:
        version, key = known["version"] + 1, known["resource_key"]
        session.run("change_resource", resource_key=key, version=version, **values)
        session.run("remove_resource_index", resource_key=key)
    by = {"message": new.message, "input_id": new.input_id, "deleted": int(new.deleted)}
    session.run("keep_resource_version", resource_key=key, version=version, at=at, content=made.content, **by)
    if not new.deleted:
        _keep_index(session, [(key, made)])
    return version


def put_first(
    session: Session, new: Iterable[tuple[Written, str | None]], message: Row, party_set: int | None, at: int
) -> list[Written]:
    """Keep what a message said first: resources, each with its `root`. Few statements, however many they are: nobody
    else's message is committed meanwhile. Returns those that are not kept: somebody made one of that id at the API.

    `message`: its row; `party_set`: who may see them.
    """
    rows, made = [], {}
    for each, root in new:
        rows.append((each.resource_type, each.id, each.digest, root))
        made[each.resource_type, each.id] = each
    if not rows:
        return []
    kept = session.keep_all(
        "keep_resources",
        rows=_json(rows),
        updated_at=at,
        patient_key=message["patient_key"],
        source="message",
        party_set=party_set,
    )
    keyed = [(row["resource_key"], made[row["resource_type"], row["id"]]) for row in kept]
    by = {"message": message["sequence"], "input_id": None, "deleted": 0}
    for key, each in keyed:
        session.run("keep_resource_version", resource_key=key, version=1, at=at, content=each.content, **by)
    _keep_index(session, keyed)
    there = {(row["resource_type"], row["id"]) for row in kept}
    return [each for key, each in made.items() if key not in there]


def _keep_index(session: Session, keyed: Iterable[tuple[int, Written]]) -> None:
    rows = b",".join(b"[%d,%b]" % (key, each.entries) for key, each in keyed)
    session.run("keep_resource_index", rows=f"[{rows.decode()}]")


def _json(rows: list[Any]) -> str:
    return msgspec.json.encode(rows).decode()


def written(resource: Json) -> Written:
    """A resource as it is kept."""
    content = {name: value for name, value in resource.items() if name != "meta"}
    content |= _meta(resource)
    kind, id = content["resourceType"], content["id"]
    return Written(
        kind,
        id,
        fhir_json.write(content),
        _digest(content),
        msgspec.json.encode(list(entries_of(content))),
    )


def party_set_of(session: Session, known: int | None, parties: frozenset[str]) -> int | None:
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
    return hashlib.sha256(fhir_json.write({**content, "meta": meta})).hexdigest()


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
    content: Json = fhir_json.read_own(row["content"])
    updated = times.moment(row["at"]).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = {"versionId": str(row["version"]), "lastUpdated": updated, **content.pop("meta", {})}
    kind, id = content.pop("resourceType"), content.pop("id")
    return {"resourceType": kind, "id": id, "meta": meta, **content}


def forget(session: Session, sequence: int) -> None:
    """Forget what a message said: its versions, and the resources whose present version was one of them. What was said
    at the API, and what follows from stays, is not its content; but answers that messages filled in repeat it."""
    repeated = session.all("prefilled_to_forget", sequence=sequence)
    for row in (*session.all("resources_to_forget", sequence=sequence), *repeated):
        key = row["resource_key"]
        session.run("mark_measured_resource", resource_key=key)
        for query in ("remove_resource_index", "remove_resource_versions", "remove_resource"):
            session.run(query, resource_key=key)
    session.run("forget_versions_of_message", sequence=sequence)


def forget_said(session: Session, resource_type: str, id: str, input_id: int) -> None:
    """Forget what was said at the API by an input; the whole resource where that is what it says now."""
    of = {"resource_type": resource_type, "id": id, "input_id": input_id}
    rows = session.all("versions_of_input", **of)
    for row in rows:
        session.run("remove_resource_version", resource_key=row["resource_key"], version=row["version"])
    if any(row["version"] == row["present"] for row in rows):
        for query in ("remove_resource_index", "remove_resource_versions", "remove_resource"):
            session.run(query, resource_key=rows[0]["resource_key"])


# --- what a resource is found by


def entries_of(content: Json) -> Iterator[Entry]:
    """The rows of the index. What names a patient is not among them: a patient's resources are found by the key."""
    seen = set()
    for parameter in parameters_of(content["resourceType"]):
        if parameter.identity:
            continue
        for path in parameter.paths:
            for value in _at(content, path.split(".")):
                for row in _rows(parameter, value):
                    if row not in seen:
                        seen.add(row)
                        yield row


def _rows(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """The rows of a value; a reference by identifier has its own name (`recipient.identifier`)."""
    for entry in _entries(parameter, value):
        yield parameter.name, *entry
    if parameter.kind == "reference" and isinstance(value, dict):
        for entry in _tokens(value.get("identifier")):
            yield f"{parameter.name}.identifier", *entry


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


def _entries(parameter: Parameter, value: Any) -> Iterator[Found]:
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


def _tokens(value: Any) -> Iterator[Found]:
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
