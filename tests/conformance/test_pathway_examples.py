"""Do the official example messages, read as the gateway reads them, make the stay they tell of?"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.emessage.read import read
from gateway.fhir import json as fhir_json
from gateway.pathway.events import PathwayEvent, from_facts
from gateway.pathway.stays import Stay, stays_of
from gateway.pathway.timeline import timeline_of
from gateway.translate import convert, facts_of
from tests.support.pathway import at, moment

ACCEPTED = datetime(2018, 3, 1, tzinfo=UTC)
ADMITTED = "Innlagt_pasient_v1-6_Ny"
NOT_ADMITTED = "Innlagt_pasient_v1-6_Kansellering"
READY = "Utskrivningsklar_pasient_v1-6_Ny"
WITHDRAWN = "Avmelding_av_utskrivningsklar_pasient_v1-6_Ny"
DISCHARGED = "Melding_om_utskrevet_pasient_v1-6_Ny"
DEAD = "Orientering_om_dodsfall_v1-6_Ny"
NOT_DEAD = "Orientering_om_dodsfall_v1-6_Kansellering"


def events(standards: Path, *names: str, as_fhir: bool = False) -> list[PathwayEvent]:
    found = []
    for name in names:
        message = read((standards / f"standards/examples/v1.6/Pasientlogistikk_{name}.xml").read_bytes())
        source = fhir_json.read(convert(message, "fhir-r4").data) if as_fhir else message
        found.append(from_facts(facts_of(source), ACCEPTED))
    return found


def by_the_hospital(found: list[PathwayEvent]) -> list[PathwayEvent]:
    """The examples of LOG_DOD are sent by a municipality to a GP; here the hospital sends them."""
    return [replace(event, sender_organisation="59", trust="59", counterpart="99387") for event in found]


def the_stay(found: list[PathwayEvent]) -> Stay:
    outcomes = {stays_of(order) for order in itertools.permutations(found)}
    assert len(outcomes) == 1
    outcome = outcomes.pop()
    assert len(outcome.stays) == 1
    assert (outcome.uncertain, outcome.set_aside) == ((), ())
    return outcome.stays[0]


@pytest.mark.parametrize("as_fhir", [False, True], ids=["xml", "fhir"])
@pytest.mark.parametrize(
    ("names", "state", "ready", "ended"),
    [
        ((ADMITTED,), "innlagt", None, None),
        ((ADMITTED, READY), "klar", "2018-01-31", None),
        ((ADMITTED, READY, WITHDRAWN), "innlagt", None, None),
        ((ADMITTED, READY, DISCHARGED), "ute", "2018-01-31", "2018-02-01"),
        ((ADMITTED, READY, WITHDRAWN, DISCHARGED), "ute", None, "2018-02-01"),
        ((ADMITTED, READY, DEAD), "død", "2018-01-31", "2018-02-20"),
        ((ADMITTED, READY, DEAD, NOT_DEAD), "klar", "2018-01-31", None),
        ((READY, WITHDRAWN), "innlagt", None, None),
        ((ADMITTED, NOT_ADMITTED), "cancelled", None, None),
        ((ADMITTED, NOT_ADMITTED, READY), "klar", "2018-01-31", None),
    ],
)
def test_the_examples_make_one_stay_in_any_order(
    standards: Path, names: tuple[str, ...], state: str, ready: str | None, ended: str | None, as_fhir: bool
) -> None:
    stay = the_stay(by_the_hospital(events(standards, *names, as_fhir=as_fhir)))
    assert (stay.state, stay.trust, stay.municipalities) == (state, "59", ("99387",))
    assert stay.admitted == moment("2018-01-29T10:00:00")
    assert stay.ready == (moment(ready) if ready else None)
    assert stay.ended == (moment(ended) if ended else None)


def test_their_timeline_has_the_npr_types(standards: Path) -> None:
    stay = the_stay(events(standards, ADMITTED, READY, WITHDRAWN, DISCHARGED))
    timeline = timeline_of(stay)
    assert [entry.npr for entry in timeline if entry.npr] == ["1", "2", "3", "4"]
    assert [entry.sent for entry in timeline if entry.npr == "3"] == [at("2018-01-31T10:20:11")]


def test_a_death_told_by_the_municipality_ends_no_hospital_stay_but_is_known(standards: Path) -> None:
    outcome = stays_of(events(standards, ADMITTED, READY, DEAD))
    assert [stay.state for stay in outcome.stays] == ["klar"]
    assert [(u.kind, u.reason) for u in outcome.uncertain] == [("LOG_DOD", "no-stay-fits")]
    assert outcome.died == moment("2018-02-20")
    assert stays_of(events(standards, ADMITTED, READY, DEAD, NOT_DEAD)).died is None


@pytest.mark.examples("standards/examples/v1.6/*.xml")
def test_every_example_has_a_place_or_a_reason(example: Path) -> None:
    event = from_facts(facts_of(read(example.read_bytes())), ACCEPTED)
    outcome = stays_of([event])
    assert len(outcome.stays) + len(outcome.uncertain) + len(outcome.set_aside) == 1
