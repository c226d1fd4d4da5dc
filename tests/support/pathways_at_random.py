"""A pathway made at random of the story's messages: some left out, changed, cancelled, rejected, late, or sent twice.

The same pathway can be told in several formats; what is made of it must not show in which.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Literal
from uuid import UUID

from gateway.emessage.read import read
from gateway.formats import Formats
from gateway.ledger import times
from gateway.ledger.patient_key import PatientKeys
from gateway.ledger.store import Ledger, database_at
from gateway.projection.projector import Projector
from gateway.routing.credentials import Credential
from gateway.routing.intake import Intake
from gateway.routing.outcomes import IntakeOutcome
from gateway.routing.partners import Partners
from gateway.settings_load import from_content
from gateway.simulator.cast import SERVICES
from gateway.simulator.compose import compose
from gateway.simulator.partners import partner_of
from gateway.simulator.reading import see
from gateway.simulator.receipts import Answer, write_receipt
from gateway.simulator.steps import Step, story
from gateway.simulator.template import Clock
from gateway.translate import convert
from gateway.workers import Workers
from tests.support.pathway_house import settings

DAY_ZERO = date(2026, 3, 24)
ROLES = {
    "ward": "sykehuset",
    "hospital-intake": "innleggelse",
    "home-care": "lyngvik",
    "case-office": "lyngvik-saksbehandler",
}
"""Role in `stay.toml` → key of `cast.SERVICES`."""
WHO = {role: SERVICES[key] for role, key in ROLES.items()}
OF_A_NOTICE = ("ready_at", "discharged_at", "admitted_at", "withdrawn_at")
RECEIVED = datetime(2026, 3, 28, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A message or receipt, in XML, and the key of the service that sends it."""

    sender: str
    data: bytes


def pathway(seed: int) -> list[Told]:
    """The messages of a pathway, in the order in which they come in."""
    some = random.Random(seed)
    steps = tuple(_steps(some))
    ids = {step.key: str(UUID(int=some.getrandbits(128), version=4)) for step in steps}
    found: list[tuple[float, Told]] = []
    for place, step in enumerate(steps):
        made = compose(step, ids, Clock(DAY_ZERO), steps=steps, services=WHO)
        late = some.choice((0, 0, 0, 0, -3, 4, 9))
        found.append((place + late, Told(step.sender, made.body)))
        if some.random() < 0.1:
            found.append((place + late + 2, Told(step.sender, made.body)))
        if some.random() < 0.4:
            status: Literal["1", "2", "3"] = some.choice(("1", "2", "2", "3"))
            meant = Answer(status, None if status == "1" else "E35")
            receipt, _ = write_receipt(see(made.body), meant, "1.0", RECEIVED)
            found.append((place + late + some.choice((1, 1, 6)), Told(step.receiver, receipt)))
    return [told for _, told in sorted(found, key=lambda each: each[0])]


def _steps(some: random.Random) -> Iterator[Step]:
    """The steps of a stay, some with a correction after them."""
    there: set[str] = set()
    for step in story("stay.toml"):
        if some.random() < 0.15 or (step.parent and step.parent not in there):
            continue
        there.add(step.key)
        yield _dated(some, step)
        if step.status == "N" and step.type != "DIALOG_SVAR" and some.random() < 0.35:
            status: Literal["M", "C"] = some.choice(("M", "M", "C"))
            later = f"day+5 {some.randint(10, 23)}:15" if status == "C" else step.at[:-2] + "59"
            key = f"{step.key}-{status}"
            there.add(key)
            yield _dated(some, replace_step(step, key=key, status=status, parent=step.key, at=later))


def _dated(some: random.Random, step: Step) -> Step:
    """With other times of what happened, now and then; some days, without an hour."""
    if some.random() < 0.5:
        return step
    values = dict(step.values)
    for name in OF_A_NOTICE:
        if name in values or some.random() < 0.5:
            hour = "" if some.random() < 0.2 else f" {some.randint(10, 23)}:40"
            values[name] = f"day+{some.randint(0, 4)}{hour}"
    return replace_step(step, values=values)


def replace_step(step: Step, **changes: object) -> Step:
    """The step with other values."""
    return Step(**{**{name: getattr(step, name) for name in step.__struct_fields__}, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def taken_in(
    folder: Path, told: list[Told], as_fhir: list[bool]
) -> AsyncIterator[tuple[Ledger, list[IntakeOutcome]]]:
    """The ledger after the messages came in, each a minute after the one before, and the answers to them.

    The way in, the translation, the ledger and the projection are the real ones; nothing is delivered.
    """
    minutes = count(times.of(RECEIVED), times.seconds(60))
    now = [next(minutes)]
    whole = from_content(settings(folder), folder=folder)
    ledger, reader = Ledger(database_at(whole.gateway.ledger)), Workers(Formats(), 0)
    keys = PatientKeys(b"a secret of the tests")
    intake = Intake(whole, ledger, reader, Partners(whole), keys, clock=lambda: now[0])
    projector = Projector(whole, ledger, reader, "one", clock=lambda: now[0])
    ledger.open()
    try:
        await ledger.write(lambda session: session.run("begin_projection", name="records"))
        answers = []
        for each, is_fhir in zip(told, as_fhir, strict=True):
            now[0] = next(minutes)
            partner = partner_of(ROLES[each.sender])
            credential = Credential(partner.organisation.key, frozenset(partner.her_ids))
            data = convert(read(each.data), "fhir-r4").data if is_fhir else each.data
            answers.append(await intake.accept(data, "fhir" if is_fhir else "xml", credential))
            await projector.catch_up()
        while await projector.counting.portion():
            pass
        yield ledger, answers
    finally:
        ledger.close()
