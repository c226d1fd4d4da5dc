"""What do the measures read of urgency and discharge letters, once messages have been projected?"""

from __future__ import annotations

from pathlib import Path

from gateway.measures.stay import MeasuredStay
from gateway.pathway.events import PathwayEvent
from gateway.projection.interpret import interpret
from gateway.projection.resources import Named
from gateway.records.measured import MeasuredReader
from gateway.translate import convert
from tests.integration.test_pathway_projection import Desk, desk
from tests.support.pathway import at, message

NAMED = Named("a-message", "1001", "m", "1000|m", None)
NOW = "2026-06-01T12:00:00"


def two_stays(**of_the_second: str) -> list[PathwayEvent]:
    """A discharge, and an admission ten days after it."""
    return [
        message("in", "LOG_INNLAGT", "2026-03-02T10:00", admitted="2026-03-02T09:00"),
        message("out", "LOG_UTSKREVET", "2026-03-09T14:00", discharged="2026-03-09T13:00"),
        message(
            "again",
            "LOG_INNLAGT",
            "2026-03-19T10:00",
            admitted="2026-03-19T09:00",
            **of_the_second,
        ),
    ]


async def measured(found: Desk, *numbers: int) -> tuple[MeasuredStay, ...]:
    """The stays, once these messages are projected."""
    for number in numbers:
        await found.accept(number)
    await found.projector.catch_up()
    return MeasuredReader(found.ledger).measured().stays


async def test_how_urgent_a_readmission_was_is_what_its_message_says(tmp_path: Path) -> None:
    events = [*two_stays(urgency="planned")]
    events.append(message("right", "LOG_INNLAGT", "2026-03-19T11:00", status="M", parent="again",
                          admitted="2026-03-19T09:00", urgency="acute"))  # fmt: skip
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", events, NOW) as found:
        first, _ = await measured(found, 0, 1, 2)
        assert first.readmission_planned is True
        first, _ = await measured(found, 3)  # a correction
        assert first.readmission_planned is False


async def test_urgency_that_nobody_says_is_not_known(tmp_path: Path) -> None:
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", two_stays(), NOW) as found:
        first, second = await measured(found, 0, 1, 2)
        assert (first.readmitted is not None, first.readmission_planned) == (True, None)
        assert second.readmission_planned is None


async def test_a_trust_whose_letters_do_not_come_through_here_has_not_failed(tmp_path: Path) -> None:
    events = two_stays()
    events.append(message("letter", "EPIKRISE", "2026-03-25T10:00"))
    events.append(message("gone", "LOG_UTSKREVET", "2026-03-24T10:00", discharged="2026-03-24T09:00"))
    async with desk(f"sqlite:{tmp_path / 'ledger.db'}", events, NOW) as found:
        assert [stay.epikrise_seen for stay in await measured(found, 0, 1, 2)] == [False, False]
        first, second = await measured(found, 3, 4)
        assert second.epikrise is not None
        # the letters began to come here more than a week after the first discharge: of that one nothing is known
        assert [first.epikrise_seen, second.epikrise_seen] == [False, True]


def test_the_priority_of_an_encounter_says_how_urgent_the_admission_was() -> None:
    import msgspec

    from gateway.emessage.read import read
    from gateway.simulator.compose import compose, new_ids
    from gateway.simulator.steps import story
    from gateway.simulator.template import Clock

    ids = new_ids()
    step = next(each for each in story() if each.key == "innlagt")
    composed = compose(step, ids, Clock(at("2026-03-24T12:00").date()))
    bundle = convert(read(composed.body), "fhir-r4").bundle
    assert bundle is not None
    encounter = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter")
    said = {}
    for code in ("EL", "EM", "R", None):
        encounter.pop("priority", None)
        if code:
            system = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
            encounter["priority"] = {"coding": [{"system": system, "code": code}]}
        event = interpret(msgspec.json.encode(bundle), "fhir", at("2026-03-24T12:00"), NAMED).event
        assert event is not None
        said[code] = event.urgency
    assert said == {"EL": "planned", "EM": "acute", "R": None, None: None}
