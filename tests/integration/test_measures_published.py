"""Reports that are written by themselves: the periods that are due, each once, whoever looks and however often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gateway.accounts.roles import RIGHTS, Viewer
from gateway.app import create_app
from gateway.console.measures import wanted_of
from gateway.errors import ConfigurationError
from gateway.ledger import times
from gateway.ledger.store import Ledger, database_at
from gateway.measures.reports import Wanted
from gateway.operations.measuring import LOOK_BACK, Measures
from gateway.operations.publishing import Publisher, due_after, next_look
from gateway.pathway.calendar import OSLO
from gateway.routing.partners import Partners
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from gateway.settings_operations import MeasureSettings
from tests.integration.test_api_measures import BEGIN, keep_stays
from tests.integration.test_pathway_projection import database as database
from tests.support.live_server import live_server

NOW = datetime(2026, 5, 20, 3, tzinfo=UTC)
NOTICE = "notice-within-24-hours"
WEEKS = [f"2026-W{week:02}" for week in range(7, 16)]
DUE = {*WEEKS, "2026-02", "2026-03"}
"""On 20 May: what ended 36 days ago (W15, on 12 April) up to two months before that."""
LIMIT_S = 60


class Clock:
    """What time it is, for every ledger of the test."""

    def __init__(self, now: datetime) -> None:
        self.now = now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock(NOW)
    monkeypatch.setattr(Ledger, "clock", lambda ledger: times.of(found.now))
    return found


@asynccontextmanager
async def opened(place: str) -> AsyncIterator[Ledger]:
    ledger = Ledger(database_at(place))
    ledger.open()
    try:
        yield ledger
    finally:
        ledger.close()


def publisher(ledger: Ledger, owner: str = "one") -> Publisher:
    measures = Measures(ledger, Partners(from_content({})))
    return Publisher(MeasureSettings(publish=True), ledger, measures, owner, 30.0)


def reports(ledger: Ledger) -> dict[str, int]:
    """The period of every report of one measure, and its version."""
    query = "SELECT id, version FROM resources WHERE resource_type = 'MeasureReport'"
    rows = ledger.reading().execute(query, {}).fetchall()
    return {row["id"].split(".")[1]: row["version"] for row in rows if row["id"].startswith(f"{NOTICE}.")}


async def test_what_is_due_is_written_once_by_whoever_looks(database: str, clock: Clock) -> None:
    async with opened(database) as one:
        await one.write(keep_stays)
        first, second = publisher(one), publisher(one, "two")
        assert (await first.look() > 0) != (await second.look() > 0)
        assert reports(one) == dict.fromkeys(DUE, 1)
        assert [await each.look() for each in (first, second)] == [0, 0]
    async with opened(database) as again:  # a restart
        clock.now += timedelta(minutes=5)  # the lease of the one before has run out
        assert await publisher(again, "three").look() == 0
        assert reports(again) == dict.fromkeys(DUE, 1)


async def test_two_nodes_that_both_believe_they_have_the_duty_write_it_once(
    database: str, clock: Clock
) -> None:
    async with opened(database) as ledger:
        await ledger.write(keep_stays)
        found = [publisher(ledger, name) for name in ("one", "two")]
        days = MeasureSettings().publish_after_days
        written = await asyncio.gather(
            *(each._measures.publish_due(due_after(days), days, each._thread) for each in found)
        )
        assert reports(ledger) == dict.fromkeys(DUE, 1) and sum(map(bool, written)) >= 1
        total = ledger.reading().execute(
            "SELECT COUNT(*) AS number FROM resources WHERE resource_type = 'MeasureReport'", {}
        )
        assert sum(written) == total.fetchone()["number"]


async def test_a_week_later_only_the_next_week_is_written_whatever_was_told_late(
    database: str, clock: Clock
) -> None:
    async with opened(database) as ledger:
        await ledger.write(keep_stays)
        await publisher(ledger).look()
        late = times.of(BEGIN + timedelta(weeks=8, hours=90))
        await ledger.write(
            lambda session: session.run(
                "keep_clock",
                clock_id="late",
                stay_id="stay-0179",
                municipality_her="2000",
                kind="notice",
                owner_her="1000",
                about=None,
                started_at=0,
                started_is_day=0,
                due_at=late,
                warn_at=None,
                state="met",
                state_after="met",
                stopped_at=1,
                stopped_by=None,
                source="",
                notes="[]",
                alarmed=0,
                settled_at=None,
            )
        )
        await ledger.write(lambda session: session.run("mark_measured_all"))
        clock.now += timedelta(days=7)
        assert await publisher(ledger).look() > 0
        assert reports(ledger) == dict.fromkeys({*DUE, "2026-W16"}, 1)


async def test_a_report_that_was_published_too_early_is_written_when_it_is_due(
    database: str, clock: Clock
) -> None:
    async with opened(database) as ledger:
        await ledger.write(keep_stays)
        clock.now = datetime(2026, 3, 2, 3, tzinfo=UTC)  # before the last stays of W09 are due
        await Measures(ledger, Partners(from_content({}))).publish()
        early = reports(ledger)
        assert early["2026-W09"] == 1
        clock.now = NOW
        await publisher(ledger).look()
        dated = {
            row["id"].split(".")[1]: row["updated_at"]
            for row in ledger.reading()
            .execute("SELECT id, updated_at FROM resources WHERE resource_type = 'MeasureReport'", {})
            .fetchall()
            if row["id"].startswith("readmission-30-days.")
        }
        assert {period for period, at in dated.items() if at == times.of(NOW)} >= {"2026-W09", "2026-W15"}


async def test_no_period_is_counted_in_part_because_one_looks_back_to_its_middle(
    database: str, clock: Clock
) -> None:
    """Its report was written anew with what was left of it, and the console's first week had less than it."""
    async with opened(database) as ledger:
        await ledger.write(keep_stays)
        measures = Measures(ledger, Partners(from_content({})))
        clock.now = NOW + timedelta(days=700)
        await measures.publish()
        before = reports(ledger)
        clock.now = (
            datetime(2026, 2, 17, 12, tzinfo=UTC) + LOOK_BACK
        )  # a Tuesday, in the middle of the stays of W08
        await measures.publish()
        after = reports(ledger)
        assert {period: after[period] for period in before} == before
        whole = measures.report(NOTICE, Wanted(measures.now())).lines[0]
        clock.now = datetime(2026, 2, 17, 12, tzinfo=UTC) + timedelta(weeks=26)
        services: Any = SimpleNamespace(measures=measures)
        wanted = wanted_of(services, Viewer(None, frozenset(RIGHTS)), "week")
        shown = measures.report(NOTICE, wanted).lines[0].periods
        assert shown[0] == next(each for each in whole.periods if each[0] == date(2026, 2, 16))


def test_which_periods_are_due_on_a_day() -> None:
    due = due_after(35)
    assert due("month", date(2026, 5, 5)) == [date(2026, 1, 1), date(2026, 2, 1)]
    assert due("month", date(2026, 5, 6))[-1] == date(2026, 3, 1)
    assert due("week", date(2026, 5, 17))[-1] == date(2026, 3, 30)
    assert due("week", date(2026, 5, 18))[-1] == date(2026, 4, 6)


def test_it_is_looked_after_at_the_same_time_on_the_wall() -> None:
    before = datetime(2026, 3, 28, 4, 30, tzinfo=OSLO).astimezone(UTC)
    night = next_look("04:30", before)
    assert night == datetime(2026, 3, 29, 2, 30, tzinfo=UTC), "the clocks went forward"
    assert next_look("04:30", night - timedelta(seconds=1)) == night


@pytest.mark.parametrize("wrong", [{"publish_at": "25:00"}, {"publish_after_days": 0}, {"publish": "maybe"}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        from_content({"measures": wrong})


def test_a_gateway_writes_them_when_it_starts_and_fhir_reads_them(tmp_path: Path, clock: Clock) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.open()
    ledger.write_now(keep_stays)
    ledger.close()
    content = {
        "gateway": {"ledger": f"sqlite:{tmp_path / 'ledger.db'}", "demo": True},
        "measures": {"publish": True},
    }
    app = create_app(from_content(content, folder=tmp_path))
    with live_server(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        services: GatewayServices = app.state.services

        async def written() -> None:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    version = services.ledger.version
                    if reports(services.ledger).keys() >= DUE:
                        return
                    await services.ledger.changed(version)

        asyncio.run_coroutine_threadsafe(written(), services.ledger._listeners[0][0]).result()
        read = client.get(f"/fhir/MeasureReport/{NOTICE}.2026-W15.municipality")
        assert read.status_code == 200 and read.json()["period"] == {
            "start": "2026-04-06",
            "end": "2026-04-12",
        }
