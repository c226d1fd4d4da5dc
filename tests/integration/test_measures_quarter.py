"""A small quarter goes through the public API; every measure agrees with plain SQL over the ground truth.

Twice: in the middle, when much is not due yet and patients lie in hospital, and after the end.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from gateway.app import create_app
from gateway.ledger import times
from gateway.ledger.store import Ledger
from gateway.measures.definitions import MEASURES
from gateway.measures.figures import FEW
from gateway.measures.reports import Wanted, report
from gateway.pathway.calendar import day_of
from gateway.projection.counting import counted_reader
from gateway.records.measured import Measured, MeasuredReader
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from gateway.simulator.quarter import folder as quarter_folder
from gateway.simulator.quarter.letters import Letter
from gateway.simulator.quarter.load import by_patient, follow_up, in_order, load
from gateway.simulator.quarter.truth import Quarter, stays_of
from tests.support import stores
from tests.support.quarter_truth import QUERIES, Counted, Truth

QUARTER = Quarter(seed=11, stays=100, weeks=9, municipalities=6)
MIDDLE = datetime(2026, 2, 17, 3, tzinfo=UTC)
AFTER = datetime(2026, 6, 1, 3, tzinfo=UTC)
QUIET = timedelta(hours=1)


class Shifted:
    """The ledger's clock, as if it were another time; it goes on."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        """It is this time now."""
        self._ahead = times.of(now) - times.now()

    def __call__(self, ledger: Ledger) -> int:
        return times.now() + self._ahead


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[tuple[str, GatewayServices]]:
    """A gateway on a port of this machine."""
    content = tomllib.loads((folder / "somlos.toml").read_text("utf-8"))
    content["gateway"] |= stores.gateway_settings(folder)
    app = create_app(from_content(content, folder=folder))
    config = uvicorn.Config(
        app, port=0, ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)  # uvicorn tells no other way
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", app.state.services
    finally:
        server.should_exit = True
        await serving


async def worked_out(services: GatewayServices, limit_s: float = 500) -> None:
    """Until everything that was accepted stands in `records/`."""
    async with asyncio.timeout(limit_s):
        while True:
            version, began = services.ledger.version, time.perf_counter()
            if services.pathway.state()["waiting"] == 0:
                return
            counted_s = time.perf_counter() - began
            await services.ledger.changed(version)
            await asyncio.sleep(10 * counted_s)  # counting what waits must not be most of the work


def between(lanes: Sequence[Sequence[Letter]], since: datetime | None, until: datetime) -> list[list[Letter]]:
    """The letters of a time, each lane in its order."""
    return [[x for x in lane if (since is None or x.sent > since) and x.sent <= until] for lane in lanes]


def counted(measured: Measured, measure: str, now: datetime) -> Counted:
    """How the gateway counts every occasion."""
    return Counter(
        (judged.day.isoformat(), owner.municipality or "", judged.verdict)
        for judged, owner in MEASURES[measure].judged(measured.stays, measured.loose, now)
    )


@pytest.mark.usefixtures("store")
@pytest.mark.timeout(600)
async def test_measures_agree_with_the_ground_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Shifted(MIDDLE)
    monkeypatch.setattr(Ledger, "clock", lambda ledger: clock(ledger))
    places, stays = stays_of(QUARTER)
    quarter_folder.write(tmp_path, QUARTER, places, stays, port=0)
    assert quarter_folder.read(tmp_path) == QUARTER
    lanes = in_order(stays, QUARTER.seed, 4)
    async with gateway(tmp_path) as (address, services):
        since: datetime | None = None
        for now in (MIDDLE, AFTER):
            clock.set(now)
            letters = between(lanes, since, now)
            assert not [x for lane in letters for x in lane if now - QUIET < x.sent], "choose a quieter time"
            loaded = await load(address, letters)
            assert (loaded.accepted, loaded.refused) == (sum(map(len, letters)), {})
            await worked_out(services)
            followed = await follow_up(address, by_patient(stays, 4), QUARTER.seed, since=since, until=now)
            assert followed.accepted > 50 and followed.refused == {}
            assert services.projector is not None
            await services.projector.turn_of_day()
            measured = MeasuredReader(services.ledger).measured()
            agree(measured, tmp_path, now)
            keeps(services, measured, now)
            since = now


def keeps(services: GatewayServices, measured: Measured, now: datetime) -> None:
    """What is kept of each patient counts as the rows do from scratch."""
    kept = counted_reader(services.ledger, services.settings.community)
    for measure in MEASURES:
        found = Counter(
            (judged.day.isoformat(), owner.municipality or "", judged.verdict)
            for judged, owner in kept.occasions(measure, now)
        )
        assert found == counted(measured, measure, now), measure


def agree(measured: Measured, folder: Path, now: datetime) -> None:
    """Every measure, occasion by occasion, then as reported."""
    assert not [stay for stay in measured.stays if stay.doubtful]
    with closing(Truth(folder, int(now.timestamp()), day_of(now).isoformat())) as truth:
        for measure in QUERIES:
            told, expected = counted(measured, measure, now), truth.counted(measure)
            assert told == expected, (measure, now, told - expected, expected - told)
            assert sum(expected.values()) > 10, f"{measure}: the quarter is too small to show anything"
        minutes = (
            report(MEASURES["reply-minutes"], measured.stays, measured.loose, Wanted(now)).lines[0].total
        )
        assert minutes.value == pytest.approx(statistics.median(truth.minutes()))
        for measure in QUERIES:
            figures_agree(measured, truth, measure, now)


def figures_agree(measured: Measured, truth: Truth, measure: str, now: datetime) -> None:
    """The totals by municipality, with what may not be shown."""
    verdicts: Counter[tuple[str, str]] = Counter()
    for (_, place, verdict), number in truth.counted(measure).items():
        verdicts[place, verdict] += number
    wanted = Wanted(now, by="municipality", length="month")
    for line in report(MEASURES[measure], measured.stays, measured.loose, wanted).lines:
        yes, no = (verdicts[line.stratum or "", verdict] for verdict in ("numerator", "denominator"))
        if line.total.hidden:
            continue
        if MEASURES[measure].kind == "share":
            assert (line.total.numerator, line.total.denominator) == (yes, yes + no)
            assert yes not in range(1, 5) and yes + no not in range(1, 5)
        later = verdicts[line.stratum or "", "not-yet-due"]
        assert line.total.not_yet_due == (FEW if later in range(1, 5) else later)


def test_a_quarter_is_the_same_each_time_and_valid() -> None:
    from gateway.emessage.read import read
    from gateway.emessage.validate import validate

    one, other = (in_order(stays_of(QUARTER)[1], QUARTER.seed, 1)[0] for _ in range(2))
    assert [x.body() for x in one] == [x.body() for x in other]
    found = {issue.code for x in one[:400] for issue in validate(read(x.body())) if issue.severity == "error"}
    assert found == set()
    assert len({x.id for x in one}) == len(one)
    assert {x.status for x in one} == {"N", "M", "C"}
