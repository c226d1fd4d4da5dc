"""Which messages match, newest first, however many the ledger holds?

A list is read from the index that leaves least to be looked at: ids, patient, what is overdue, a rare state, a partner,
a type, a common state, else everything. A partner has several HER-ids in several places of a message; each is a list
of its own, in order, and the lists are merged. So a page of fifty costs about the same at a thousand messages and at a
million.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.ledger import times
from gateway.ledger.rows import FINAL_STATES, MessageFilter
from gateway.ledger.session import Connection, Row

NEWEST: Final = 2**62
RARE: Final = 20_000
"""A type with fewer messages is looked through whole."""
_COMMON_STATES: Final = frozenset({"acknowledged", "delivered"})
_PLACES: Final = ("sender", "receiver", "sender_organisation", "receiver_organisation", "delivered")
assert _COMMON_STATES < FINAL_STATES

Way = tuple[str, dict[str, Any]]
"""The name of a list, and what it is asked for."""


def rows_of(
    connection: Connection, queries: Mapping[str, str], wanted: MessageFilter, before: int | None, limit: int
) -> list[Row]:
    """Rows with message and delivery, newest first, below `before`."""
    names, values = _conditions(wanted)
    written = "".join(f" AND {queries[name]}" for name in names)
    values |= {"before": NEWEST if before is None else before, "most": limit}
    found: dict[tuple[int, int], Row] = {}
    for name, more in _ways(connection, queries, wanted):
        text = queries[f"list_{name}"].replace("{conditions}", written)
        for row in connection.execute(text, values | more).fetchall():
            found[row["sequence"], row["delivery_id"]] = row
    return [found[key] for key in sorted(found, reverse=True)][:limit]


def _ways(connection: Connection, queries: Mapping[str, str], wanted: MessageFilter) -> Iterator[Way]:
    """The lists to read; together they hold everything that matches."""
    if wanted.id is not None or wanted.patient_key is not None or wanted.overdue:
        name = (
            "by_id"
            if wanted.id is not None
            else "by_patient"
            if wanted.patient_key is not None
            else "overdue"
        )
        yield name, {}
    elif wanted.state is not None and wanted.state not in _COMMON_STATES:
        yield from _by_state(wanted)
    elif wanted.parties and not (wanted.message_type and _is_rare(connection, queries, wanted.message_type)):
        for her_id in wanted.parties:
            for place in _PLACES:
                yield f"of_{place}", {"party": her_id}
    elif wanted.message_type is not None:
        yield "of_type", {}
    elif wanted.state is not None:
        yield from _by_state(wanted)
    else:
        yield "messages", {}


def _by_state(wanted: MessageFilter) -> Iterator[Way]:
    for is_receipt in (0, 1) if wanted.receipts else (0,):
        yield "of_state", {"is_receipt": is_receipt}


def _is_rare(connection: Connection, queries: Mapping[str, str], message_type: str) -> bool:
    row = connection.execute(
        queries["count_of_type"], {"message_type": message_type, "most": RARE}
    ).fetchone()
    return bool(row["number"] < RARE)


def _conditions(wanted: MessageFilter) -> tuple[list[str], dict[str, Any]]:
    """The names of the conditions asked for, and their values."""
    asked: dict[str, Any] = {
        "any_id": wanted.id,
        "her_ids": _json(wanted.her_ids or None),
        "message_type": wanted.message_type,
        "state": wanted.state,
        "patient_key": wanted.patient_key,
        "scope": _json(wanted.scope),
        "since": None if wanted.since is None else times.of(wanted.since),
        "until": None if wanted.until is None else times.of(wanted.until),
    }
    values = {name: value for name, value in asked.items() if value is not None}
    conditions = [f"where_{name}" for name in values]
    if wanted.settled is not None:
        conditions.append("where_settled" if wanted.settled else "where_unsettled")
    if wanted.overdue:
        conditions.append("where_overdue")
    if not wanted.receipts:
        conditions.append("where_no_receipts")
    return conditions, values


def _json(her_ids: Iterable[str] | None) -> str | None:
    return None if her_ids is None else json.dumps(sorted(her_ids))
