"""Do the resources tell as facts what the pathway takes for true, and as errors what it does not?

Both follow from the same messages: the pathway from documents (what was changed, cancelled, rejected), the resources
version by version, as the messages come.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir import json as fhir_json
from gateway.ledger.store import Ledger
from gateway.pathway.documents import documents_of
from gateway.pathway.events import PathwayEvent
from gateway.projection.resources import in_error
from gateway.records import stays
from gateway.records.reader import PathwayReader
from tests.support.pathways_at_random import pathway, taken_in

SEEDS = range(8)
PRESENT = """
SELECT r.resource_type, r.root, v.content FROM resources r
JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version
WHERE r.root IS NOT NULL AND r.deleted = 0
"""


@pytest.mark.parametrize("order", ["late", "any"])
async def test_what_is_no_fact_in_the_pathway_is_none_in_the_resources(order: str, tmp_path: Path) -> None:
    facts = errors = 0
    for seed in SEEDS:
        told = pathway(seed)
        if order == "any":
            random.Random(seed).shuffle(told)
            told.sort(key=lambda each: b"<AppRec" in each.data)  # a receipt of what is not here is refused
        folder = tmp_path / str(seed)
        folder.mkdir()
        async with taken_in(folder, told, [False] * len(told)) as (ledger, _):
            events = events_in(ledger)
            documents, _ = documents_of(events)
            for root, is_fact in resources_in(ledger):
                family = family_of(root.partition("|")[2], events)
                holds = any(each.live for each in documents if any(key.id in family for key in each.keys))
                assert is_fact == holds, (seed, root)
                facts, errors = facts + is_fact, errors + (not is_fact)
    assert min(facts, errors) > 100


def events_in(ledger: Ledger) -> list[PathwayEvent]:
    """What is known of the patient."""
    patients = ledger.reading().execute("SELECT DISTINCT patient_key FROM messages", {}).fetchall()
    (patient,) = {row["patient_key"] for row in patients} - {None}
    return list(stays.known(PathwayReader(ledger), patient).events.values())


def resources_in(ledger: Ledger) -> Iterator[tuple[str, bool]]:
    """The root of each resource that a message told, and whether it is told as a fact; without those whose type cannot
    be an error."""
    for row in ledger.reading().execute(PRESENT, {}).fetchall():
        content = fhir_json.read_own(bytes(row["content"]))
        is_fact = in_error(content) != content
        if is_fact or "entered-in-error" in str(content):
            yield row["root"], is_fact


def family_of(first: str, events: list[PathwayEvent]) -> set[str]:
    """The ids of a message and of all that correct it, or what corrects it."""
    family, before = {first}, 0
    while len(family) != before:
        before = len(family)
        family |= {each.key.id for each in events if each.status in ("M", "C") and each.parent in family}
    return family
