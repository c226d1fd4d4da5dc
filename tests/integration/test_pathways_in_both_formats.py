"""Does a pathway come out the same, whichever formats its messages came in: stays, deadlines, plans, tasks, goals,
measures, and every resource in every version?

The way in, the ledger, the translation and the projection are the real ones; nothing is delivered.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.store import Ledger
from gateway.routing.outcomes import Accepted, Duplicate, Refused
from tests.support import stores
from tests.support.pathways_at_random import Told, pathway, taken_in

SEEDS = range(4)
FORMATS: dict[str, Callable[[random.Random], bool]] = {
    "xml": lambda some: False,
    "fhir": lambda some: True,
    "mixed": lambda some: some.random() < 0.5,
}
"""Which messages come as FHIR."""
NOT_OF_THE_PATHWAY = frozenset(
    {
        *("facts_of_ledger", "bodies", "messages", "lanes", "deliveries", "receipts", "events", "losses"),
        *("refusals", "duties", "projections", "sqlite_sequence", "migrations"),
    }
)


@pytest.mark.parametrize(
    ("place", "seed"), [*(("sqlite", seed) for seed in SEEDS), ("postgres", SEEDS[-1] + 1)]
)
async def test_a_pathway_is_the_same_in_every_format(place: str, seed: int, tmp_path: Path) -> None:
    if place == "postgres" and not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    told, found = pathway(seed), {}
    for name, comes_as_fhir in FORMATS.items():
        some, chosen = random.Random(seed), dict[bytes, bool]()
        for each in told:  # what comes twice comes in the same format: another one would be another content
            chosen.setdefault(each.data, comes_as_fhir(some))
        as_fhir = [chosen[each.data] for each in told]
        folder = tmp_path / name
        folder.mkdir()
        with stores.on_postgres() if place == "postgres" else contextlib.nullcontext():
            found[name] = await outcome(folder, told, as_fhir)
    assert {kind for kind, _ in found["xml"]["answers"]} <= {"Accepted", "Duplicate"}
    assert found["xml"]["stays"] and found["xml"]["resource_versions"]
    for name in ("fhir", "mixed"):
        for table, rows_of_it in found["xml"].items():
            assert rows_of_it == found[name][table], (name, table)


async def outcome(folder: Path, told: list[Told], as_fhir: list[bool]) -> dict[str, Any]:
    """What the answers were, and every row of the pathway."""
    async with taken_in(folder, told, as_fhir) as (ledger, answers):
        ours = {each.id: each.message_id for each in answers if isinstance(each, Accepted | Duplicate)}
        said = [(type(each).__name__, each.code if isinstance(each, Refused) else "") for each in answers]
        return {"answers": said, **rows(ledger, ours)}


def rows(ledger: Ledger, ours: dict[str, str]) -> dict[str, Any]:
    """The rows of every table of the pathway; our own ids of messages as the senders' ids."""
    connection, found = ledger.reading(), {}
    for table in sorted(set(stores.tables(connection)) - NOT_OF_THE_PATHWAY):
        there = connection.execute(f"SELECT * FROM {table}").fetchall()
        columns = list(there[0].keys()) if there else []
        found[table] = sorted(_named_alike(repr([each[name] for name in columns]), ours) for each in there)
    return found


def _named_alike(row: str, ours: dict[str, str]) -> str:
    for id, message_id in ours.items():
        row = row.replace(id, message_id)
    return row
